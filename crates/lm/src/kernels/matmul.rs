//! Matrix products on strided views of slices, through the `gemm` crate on the calling thread.

/// A matrix inside a slice; entry `(i, j)` is `data[i * row_step + j * col_step]`.
#[derive(Clone, Copy)]
pub struct Mat<'a> {
    data: &'a [f32],
    rows: usize,
    cols: usize,
    row_step: usize,
    col_step: usize,
}

/// A matrix to be written, rows contiguous; entry `(i, j)` is `data[i * row_step + j]`.
pub struct MatMut<'a> {
    data: &'a mut [f32],
    rows: usize,
    cols: usize,
    row_step: usize,
}

impl<'a> Mat<'a> {
    /// `rows` by `cols`, one row after the other.
    pub fn new(data: &'a [f32], rows: usize, cols: usize) -> Mat<'a> {
        Mat::strided(data, rows, cols, cols)
    }

    /// `rows` by `cols`, rows `row_step` apart.
    pub fn strided(data: &'a [f32], rows: usize, cols: usize, row_step: usize) -> Mat<'a> {
        assert!(fits(data.len(), rows, cols, row_step), "a view lies inside its slice");
        Mat { data, rows, cols, row_step, col_step: 1 }
    }

    /// The transpose, without moving anything.
    pub fn t(self) -> Mat<'a> {
        Mat { rows: self.cols, cols: self.rows, row_step: self.col_step, col_step: self.row_step, ..self }
    }
}

impl<'a> MatMut<'a> {
    /// `rows` by `cols`, one row after the other.
    pub fn new(data: &'a mut [f32], rows: usize, cols: usize) -> MatMut<'a> {
        MatMut::strided(data, rows, cols, cols)
    }

    /// `rows` by `cols`, rows `row_step` apart.
    pub fn strided(data: &'a mut [f32], rows: usize, cols: usize, row_step: usize) -> MatMut<'a> {
        assert!(fits(data.len(), rows, cols, row_step), "a view lies inside its slice");
        MatMut { data, rows, cols, row_step }
    }
}

fn fits(len: usize, rows: usize, cols: usize, row_step: usize) -> bool {
    rows == 0 || cols == 0 || (rows - 1) * row_step + cols <= len && (row_step >= cols || rows == 1)
}

/// `out = scale * a b`.
pub fn set(out: MatMut<'_>, a: Mat<'_>, b: Mat<'_>, scale: f32) {
    product(out, false, a, b, scale);
}

/// `out += scale * a b`.
pub fn add(out: MatMut<'_>, a: Mat<'_>, b: Mat<'_>, scale: f32) {
    product(out, true, a, b, scale);
}

fn product(out: MatMut<'_>, keep: bool, a: Mat<'_>, b: Mat<'_>, scale: f32) {
    let agree = a.cols == b.rows && out.rows == a.rows && out.cols == b.cols;
    assert!(agree, "the shapes of a product agree");
    // SAFETY: each view was checked to lie inside its slice, `out` is borrowed mutably and so
    // overlaps neither input, and its rows do not overlap each other.
    unsafe {
        gemm::gemm(
            out.rows,
            out.cols,
            a.cols,
            out.data.as_mut_ptr(),
            1,
            out.row_step as isize,
            keep,
            a.data.as_ptr(),
            a.col_step as isize,
            a.row_step as isize,
            b.data.as_ptr(),
            b.col_step as isize,
            b.row_step as isize,
            1.0,
            scale,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_strided_and_transposed_views_are_the_schoolbook_sums() {
        let a: Vec<f32> = (0..40).map(|i| (i % 7) as f32 - 3.0).collect();
        let b: Vec<f32> = (0..60).map(|i| (i % 5) as f32 - 2.0).collect();
        let (m, n, k) = (3, 4, 5);
        let mut out = vec![1.0; m * 6];
        add(
            MatMut::strided(&mut out, m, n, 6),
            Mat::strided(&a, m, k, 8),
            Mat::strided(&b, n, k, 9).t(),
            2.0,
        );
        for i in 0..m {
            for j in 0..6 {
                let sum: f32 = (0..k).map(|l| a[i * 8 + l] * b[(j % n) * 9 + l]).sum();
                let expect = if j < n { 1.0 + 2.0 * sum } else { 1.0 };
                assert_eq!(out[i * 6 + j], expect);
            }
        }
    }

    #[test]
    #[should_panic(expected = "a view lies inside its slice")]
    fn a_view_beyond_its_slice_is_refused() {
        Mat::strided(&[0.0; 10], 3, 4, 4);
    }
}
