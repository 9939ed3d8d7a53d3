//! Floats in memory that begins at a cache line, so that no register load straddles two.

/// Floats of one cache line and of one AVX-512 register.
pub const LINE: usize = 16;

/// One cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Line(pub [f32; LINE]);

/// A buffer of whole cache lines.
#[derive(Clone, Debug, Default)]
pub struct Lines(Vec<Line>);

impl Lines {
    /// At least `len` zeros.
    pub fn zeroed(len: usize) -> Lines {
        Lines(vec![Line([0.0; LINE]); len.div_ceil(LINE)])
    }

    /// The lines.
    pub fn lines(&self) -> &[Line] {
        &self.0
    }

    /// The lines, to be written.
    pub fn lines_mut(&mut self) -> &mut [Line] {
        &mut self.0
    }

    /// The floats of all lines.
    pub fn floats(&self) -> &[f32] {
        // SAFETY: a line is `repr(C)` around 16 floats and its size is 64 bytes, so lines in a row are
        // floats in a row; the pointer is aligned for floats and the lifetime is that of `self`.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), self.0.len() * LINE) }
    }

    /// The floats of all lines, to be written.
    pub fn floats_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `floats`, and the borrow is unique as `self` is.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() * LINE) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_begin_where_cache_lines_begin_and_hold_what_is_written() {
        let mut lines = Lines::zeroed(33);
        assert_eq!(lines.floats().len(), 48);
        assert_eq!(lines.floats().as_ptr() as usize % 64, 0);
        lines.floats_mut()[17] = 2.0;
        assert_eq!(lines.lines()[1].0[1], 2.0);
    }
}
