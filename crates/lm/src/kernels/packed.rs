//! Matrices packed for decoding: a few rows against a large matrix, each row as if it were alone.
//!
//! The outputs are split into panels of 32 columns, each stored input by input, so that one pass over a
//! panel feeds whole registers. Every number of the result is a single chain of fused multiply-adds
//! over the inputs in order, whatever the number of rows and whichever instruction set runs it: what a
//! row becomes never depends on its company. Speed for few rows comes from taking more panels at once.

#![expect(clippy::needless_range_loop, reason = "tiles of registers are indexed alike")]

use super::packed_lines::{LINE, Line, Lines};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

/// A matrix of `outputs` by `inputs`, packed.
#[derive(Clone, Debug)]
pub struct Packed {
    outputs: usize,
    inputs: usize,
    panels: Lines,
}

/// What happens to the place where a product goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// The product replaces what is there.
    Set,
    /// The product is added to what is there.
    Add,
}

/// Columns of a panel.
pub const PANEL: usize = 2 * LINE;

impl Packed {
    /// Packs a matrix given row by row, `(outputs, inputs)`; panels are packed in parallel.
    pub fn new(matrix: &[f32], outputs: usize, inputs: usize) -> Packed {
        assert_eq!(matrix.len(), outputs * inputs, "a matrix has outputs times inputs numbers");
        let mut panels = Lines::zeroed(outputs.div_ceil(PANEL) * inputs * PANEL);
        panels.lines_mut().par_chunks_mut(inputs * 2).enumerate().for_each(|(panel, lines)| {
            let rows = matrix[panel * PANEL * inputs..].chunks_exact(inputs).take(PANEL);
            for (column, row) in rows.enumerate() {
                let (half, lane) = (column / LINE, column % LINE);
                for (pair, &weight) in lines.chunks_exact_mut(2).zip(row) {
                    pair[half].0[lane] = weight;
                }
            }
        });
        Packed { outputs, inputs, panels }
    }

    /// The lines of a panel; none behind the last.
    fn panel(&self, panel: usize) -> &[Line] {
        self.panels.lines().get(panel * self.inputs * 2..(panel + 1) * self.inputs * 2).unwrap_or_default()
    }

    /// Multiplies each row of `x` with the matrix: `y[r] (+)= W x[r]`. Rows of `x` are `inputs` wide and
    /// rows of `y` are `outputs` wide, one after the other.
    pub fn apply(&self, x: &[f32], y: &mut [f32], put: Put) {
        let rows = x.len() / self.inputs;
        assert_eq!(x.len(), rows * self.inputs, "x holds whole rows");
        assert_eq!(y.len(), rows * self.outputs, "y holds a row for each of x");
        pulp::Arch::new().dispatch(Apply { matrix: self, rows, x, y, put });
    }
}

/// Asks for a line to be brought into the second cache; changes nothing else.
#[inline(always)]
fn fetch(line: &Line) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        // SAFETY: a hint about a place that is borrowed.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(std::ptr::from_ref(line).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = line;
}

struct Apply<'a> {
    matrix: &'a Packed,
    rows: usize,
    x: &'a [f32],
    y: &'a mut [f32],
    put: Put,
}

impl WithSimd for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // Registers that one panel takes, and rows at a time so that all sums stay in registers.
        match S::F32_LANES {
            16 => self.run::<S, 2, 8, 4>(simd),
            8 => self.run::<S, 4, 2, 2>(simd),
            4 => self.run::<S, 8, 1, 1>(simd),
            _ => self.run::<S, 32, 1, 1>(simd),
        }
    }
}

impl Apply<'_> {
    /// `W` registers a panel, `R` rows at a time while there are that many; a single row takes `P` panels at
    /// a time.
    #[inline(always)]
    fn run<S: Simd, const W: usize, const R: usize, const P: usize>(mut self, simd: S) {
        let n_panels = self.matrix.outputs.div_ceil(PANEL);
        if self.rows < R {
            let mut row = 0;
            if R > 4 && row + 4 <= self.rows {
                self.panels::<S, W, 4, 2>(simd, row, n_panels);
                row += 4;
            }
            if R > 2 && row + 2 <= self.rows {
                self.panels::<S, W, 2, 4>(simd, row, n_panels);
                row += 2;
            }
            if row < self.rows {
                self.panels::<S, W, 1, P>(simd, row, n_panels);
            }
            return;
        }
        // A panel stays in the nearest cache while all rows pass by, and the first of them fetch the next one.
        for panel in 0..n_panels {
            let mut row = 0;
            while row + R <= self.rows {
                match row / R {
                    half @ 0..2 => self.multiply::<S, W, R, 1, true>(simd, row, panel, half),
                    _ => self.tile::<S, W, R, 1>(simd, row, panel),
                }
                row += R;
            }
            if R > 4 && row + 4 <= self.rows {
                self.tile::<S, W, 4, 1>(simd, row, panel);
                row += 4;
            }
            if R > 2 && row + 2 <= self.rows {
                self.tile::<S, W, 2, 1>(simd, row, panel);
                row += 2;
            }
            if row < self.rows {
                self.tile::<S, W, 1, 1>(simd, row, panel);
            }
        }
    }

    /// `R` rows against all panels, `P` panels at a time while there are that many.
    #[inline(always)]
    fn panels<S: Simd, const W: usize, const R: usize, const P: usize>(
        &mut self,
        simd: S,
        row: usize,
        end: usize,
    ) {
        let mut panel = 0;
        while panel + P <= end {
            self.tile::<S, W, R, P>(simd, row, panel);
            panel += P;
        }
        while panel < end {
            self.tile::<S, W, R, 1>(simd, row, panel);
            panel += 1;
        }
    }

    /// `R` rows against `P` panels.
    #[inline(always)]
    fn tile<S: Simd, const W: usize, const R: usize, const P: usize>(
        &mut self,
        simd: S,
        row: usize,
        panel: usize,
    ) {
        self.multiply::<S, W, R, P, false>(simd, row, panel, 0);
    }

    /// `R` rows against `P` panels; `AHEAD`, that half of the panel after them is fetched into the second
    /// cache meanwhile.
    #[inline(always)]
    fn multiply<S: Simd, const W: usize, const R: usize, const P: usize, const AHEAD: bool>(
        &mut self,
        simd: S,
        row: usize,
        panel: usize,
        half: usize,
    ) {
        let inputs = self.matrix.inputs;
        let next = if AHEAD { self.matrix.panel(panel + 1) } else { &[] };
        let next = next.get(half * inputs..(half + 1) * inputs).unwrap_or_default();
        let x = &self.x[row * inputs..][..R * inputs];
        let lines = &self.matrix.panels.floats()[panel * inputs * PANEL..][..P * inputs * PANEL];
        let (registers, _) = S::as_simd_f32s(lines);
        let (weights, _) = registers.as_chunks::<W>();
        assert_eq!(weights.len(), P * inputs, "a panel has W registers an input");

        let mut sums = [[[simd.splat_f32s(0.0); W]; P]; R];
        for i in 0..inputs {
            if AHEAD && let Some(line) = next.get(i) {
                fetch(line);
            }
            for p in 0..P {
                // SAFETY: i < inputs and p < P, and `weights` has P * inputs entries.
                let weight = unsafe { *weights.get_unchecked(p * inputs + i) };
                for r in 0..R {
                    // SAFETY: i < inputs and r < R, and `x` has R * inputs entries.
                    let input = simd.splat_f32s(unsafe { *x.get_unchecked(r * inputs + i) });
                    for w in 0..W {
                        sums[r][p][w] = simd.mul_add_f32s(input, weight[w], sums[r][p][w]);
                    }
                }
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            for (p, sums) in sums.iter().enumerate() {
                self.put::<S, W>(simd, row + r, panel + p, sums);
            }
        }
    }

    #[inline(always)]
    fn put<S: Simd, const W: usize>(&mut self, simd: S, row: usize, panel: usize, sums: &[S::f32s; W]) {
        let (outputs, start) = (self.matrix.outputs, panel * PANEL);
        let width = PANEL.min(outputs - start);
        let y = &mut self.y[row * outputs + start..][..width];
        if width == PANEL {
            let (y, _) = S::as_mut_simd_f32s(y);
            for (y, &sum) in y.iter_mut().zip(sums) {
                *y = match self.put {
                    Put::Set => sum,
                    Put::Add => simd.add_f32s(*y, sum),
                };
            }
            return;
        }
        let mut whole = [0.0; PANEL];
        for (out, &sum) in S::as_mut_simd_f32s(&mut whole).0.iter_mut().zip(sums) {
            *out = sum;
        }
        for (y, sum) in y.iter_mut().zip(whole) {
            *y = match self.put {
                Put::Set => sum,
                Put::Add => *y + sum,
            };
        }
    }
}

/// A weight where the packing put it.
#[cfg(test)]
fn entry(matrix: &Packed, output: usize, input: usize) -> f32 {
    let lines = matrix.panels.lines();
    lines[(output / PANEL * matrix.inputs + input) * 2 + output % PANEL / LINE].0[output % LINE]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::check::noise;

    fn chain(matrix: &[f32], x: &[f32]) -> Vec<f32> {
        let one = |row: &[f32]| row.iter().zip(x).fold(0.0f32, |sum, (w, x)| x.mul_add(*w, sum));
        matrix.chunks_exact(x.len()).map(one).collect()
    }

    #[test]
    fn every_weight_is_packed_once() {
        let (outputs, inputs) = (75, 7);
        let matrix: Vec<f32> = (0..outputs * inputs).map(|i| i as f32).collect();
        let packed = Packed::new(&matrix, outputs, inputs);
        for o in 0..outputs {
            for i in 0..inputs {
                assert_eq!(entry(&packed, o, i), matrix[o * inputs + i]);
            }
        }
    }

    #[test]
    fn every_row_is_one_chain_of_fused_products_whatever_its_company() {
        for (outputs, inputs) in [(32, 16), (272, 128), (75, 7), (1, 1), (160, 33), (31, 64)] {
            let matrix = noise(outputs * inputs, 1);
            let packed = Packed::new(&matrix, outputs, inputs);
            for rows in [1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 23] {
                let x = noise(rows * inputs, rows as u64);
                let mut set = vec![f32::NAN; rows * outputs];
                packed.apply(&x, &mut set, Put::Set);
                let before = noise(rows * outputs, 99);
                let mut add = before.clone();
                packed.apply(&x, &mut add, Put::Add);
                for r in 0..rows {
                    let expect = chain(&matrix, &x[r * inputs..][..inputs]);
                    assert_eq!(
                        set[r * outputs..][..outputs],
                        expect,
                        "{outputs} x {inputs}, row {r} of {rows}"
                    );
                    for o in 0..outputs {
                        assert_eq!(add[r * outputs + o], before[r * outputs + o] + expect[o]);
                    }
                }
            }
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let (outputs, inputs, rows) = (75, 50, 11);
        let (matrix, x) = (noise(outputs * inputs, 3), noise(rows * inputs, 4));
        let packed = Packed::new(&matrix, outputs, inputs);
        let mut best = vec![0.0; rows * outputs];
        packed.apply(&x, &mut best, Put::Set);
        let mut plain = vec![0.0; rows * outputs];
        Apply { matrix: &packed, rows, x: &x, y: &mut plain, put: Put::Set }.with_simd(pulp::Scalar::new());
        assert_eq!(best, plain);
        #[cfg(target_arch = "x86_64")]
        if let Some(v3) = pulp::x86::V3::try_new() {
            let mut middle = vec![0.0; rows * outputs];
            let apply = Apply { matrix: &packed, rows, x: &x, y: &mut middle, put: Put::Set };
            pulp::Simd::vectorize(v3, apply);
            assert_eq!(best, middle);
        }
    }
}
