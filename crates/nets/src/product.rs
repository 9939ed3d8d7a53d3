//! Matrix products of a few dozen columns, whose every element is summed in one fixed order.
//!
//! An element of the result is `start + a[0] b[0] + a[1] b[1] + ...`, fused multiply-adds from left to
//! right, whatever the number of rows, the vector width of the machine or the number of threads. So a row
//! computed alone has the bits that it has in a batch, and a network fitted twice is the same network.
//! The vector unit is chosen when the program runs; the loops are plain and the compiler vectorises them.

use pulp::{Arch, WithSimd};

/// Rows of a tile, and its columns: eight vectors of AVX-512 hold one.
const ROWS: usize = 4;
const COLUMNS: usize = 16;

/// A matrix seen through strides: element `(i, j)` is `data[i * row + j * column]`.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub data: &'a [f64],
    pub row: usize,
    pub column: usize,
}

impl<'a> View<'a> {
    /// A matrix stored row after row.
    pub fn rows(data: &'a [f64], columns: usize) -> View<'a> {
        View { data, row: columns, column: 1 }
    }

    /// Its transpose.
    pub fn transposed(self) -> View<'a> {
        View { row: self.column, column: self.row, ..self }
    }
}

/// Adds `left * right` to `out`: `(m, k)` times `(k, n)` into `(m, n)`, which is stored row after row.
///
/// `panel` is scratch space, kept by the caller so that it is allocated once.
pub(crate) fn add_product(
    left: View<'_>,
    right: View<'_>,
    (m, k, n): (usize, usize, usize),
    out: &mut [f64],
    panel: &mut Vec<f64>,
) {
    assert_eq!(out.len(), m * n, "the result has m rows of n");
    Arch::new().dispatch(AddProduct { left, right, m, k, n, out, panel });
}

struct AddProduct<'a> {
    left: View<'a>,
    right: View<'a>,
    m: usize,
    k: usize,
    n: usize,
    out: &'a mut [f64],
    panel: &'a mut Vec<f64>,
}

impl WithSimd for AddProduct<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let AddProduct { left, right, m, k, n, out, panel } = self;
        panel.clear();
        panel.resize(k * COLUMNS, 0.0);
        for first in (0..n).step_by(COLUMNS) {
            let width = COLUMNS.min(n - first);
            for (p, row) in panel.chunks_exact_mut(COLUMNS).enumerate() {
                for (j, to) in row.iter_mut().enumerate() {
                    *to =
                        if j < width { right.data[p * right.row + (first + j) * right.column] } else { 0.0 };
                }
            }
            let mut i = 0;
            while i + ROWS <= m {
                tile::<ROWS>(left, i, panel, &mut out[i * n..], n, first, width);
                i += ROWS;
            }
            while i < m {
                tile::<1>(left, i, panel, &mut out[i * n..], n, first, width);
                i += 1;
            }
        }
    }
}

/// `R` rows from row `i` of the left matrix times one panel.
#[inline(always)]
fn tile<const R: usize>(
    left: View<'_>,
    i: usize,
    panel: &[f64],
    out: &mut [f64],
    n: usize,
    first: usize,
    width: usize,
) {
    let mut sums = [[0.0; COLUMNS]; R];
    for (r, sums) in sums.iter_mut().enumerate() {
        sums[..width].copy_from_slice(&out[r * n + first..][..width]);
    }
    for (p, row) in panel.as_chunks::<COLUMNS>().0.iter().enumerate() {
        for (r, sums) in sums.iter_mut().enumerate() {
            let factor = left.data[(i + r) * left.row + p * left.column];
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum = factor.mul_add(*value, *sum);
            }
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        out[r * n + first..][..width].copy_from_slice(&sums[..width]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};

    fn numbers(n: usize, seed: u64) -> Vec<f64> {
        let mut rng = rand_pcg::Pcg64::seed_from_u64(seed);
        (0..n).map(|_| rng.random_range(-1.0..1.0)).collect()
    }

    #[test]
    fn a_product_is_the_sum_in_order_for_every_shape_and_stride() {
        for (m, k, n) in [(1, 1, 1), (5, 3, 2), (4, 16, 16), (9, 7, 33), (3, 0, 4), (0, 3, 4), (13, 20, 15)] {
            let (left, right) = (numbers(m * k, 1), numbers(k * n, 2));
            let start = numbers(m * n, 3);
            let plain = |left: View<'_>, right: View<'_>| {
                let mut out = start.clone();
                for i in 0..m {
                    for j in 0..n {
                        for p in 0..k {
                            let factor = left.data[i * left.row + p * left.column];
                            let value = right.data[p * right.row + j * right.column];
                            out[i * n + j] = factor.mul_add(value, out[i * n + j]);
                        }
                    }
                }
                out
            };
            for left in [View::rows(&left, k), View::rows(&left, m).transposed()] {
                for right in [View::rows(&right, n), View::rows(&right, k).transposed()] {
                    let mut out = start.clone();
                    add_product(left, right, (m, k, n), &mut out, &mut Vec::new());
                    assert_eq!(out, plain(left, right), "({m}, {k}, {n})");
                }
            }
        }
    }
}
