//! Matrix products of a few dozen columns, whose every element is summed in one fixed order.
//!
//! An element of the result is `start + a[0] b[0] + a[1] b[1] + ...`, fused multiply-adds from left to
//! right, whatever the number of rows, the vector width of the machine or the number of threads. So a row
//! computed alone has the bits that it has in a batch, and a network fitted twice is the same network.
//! The vector unit is chosen when the program runs.

use pulp::{Arch, Simd, WithSimd};

/// Rows of a tile; it is two vectors wide.
const ROWS: usize = 4;
/// The widest two vectors there are, AVX-512's.
const WIDEST: usize = 16;
/// Rows, and terms of a sum, that are worked on together so that their copies stay in the cache.
const BLOCK: usize = 256;

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

    /// What lies from row `i` and column `j` on.
    fn from(self, i: usize, j: usize) -> View<'a> {
        View { data: &self.data[i * self.row + j * self.column..], ..self }
    }

    /// Its transpose.
    pub fn transposed(self) -> View<'a> {
        View { row: self.column, column: self.row, ..self }
    }
}

/// Copies of the factors in the order in which they are read; kept by the caller to be allocated once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    /// Tiles of [`ROWS`] rows of the left factor, column after column.
    left: Vec<f64>,
    /// Two vectors' width of columns of the right factor, row after row.
    panel: Vec<f64>,
}

/// Adds `left * right` to `out`: `(m, k)` times `(k, n)` into `(m, n)`, which is stored row after row.
pub(crate) fn add_product(
    left: View<'_>,
    right: View<'_>,
    (m, k, n): (usize, usize, usize),
    out: &mut [f64],
    scratch: &mut Scratch,
) {
    assert_eq!(out.len(), m * n, "the result has m rows of n");
    for (i, out) in out.chunks_mut(BLOCK * n).enumerate() {
        for p in (0..k).step_by(BLOCK) {
            let left = left.from(i * BLOCK, p);
            let (m, k) = (out.len() / n, BLOCK.min(k - p));
            Arch::new().dispatch(AddProduct { left, right: right.from(p, 0), m, k, n, out, scratch });
        }
    }
}

struct AddProduct<'a> {
    left: View<'a>,
    right: View<'a>,
    m: usize,
    k: usize,
    n: usize,
    out: &'a mut [f64],
    scratch: &'a mut Scratch,
}

impl WithSimd for AddProduct<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let AddProduct { left, right, m, k, n, out, scratch: Scratch { left: tiles, panel } } = self;
        let width = 2 * S::F64_LANES;
        tiles.clear();
        tiles.resize(m.div_ceil(ROWS) * ROWS * k, 0.0);
        for i in 0..m {
            let tile = &mut tiles[i / ROWS * ROWS * k + i % ROWS..];
            let row = left.data[i * left.row..].iter().step_by(left.column);
            tile.iter_mut().step_by(ROWS).zip(row).take(k).for_each(|(to, from)| *to = *from);
        }
        panel.clear();
        panel.resize(k * width, 0.0);
        for first in (0..n).step_by(width) {
            let columns = width.min(n - first);
            for (p, row) in panel.chunks_exact_mut(width).enumerate() {
                let from = right.data[p * right.row + first * right.column..].iter().step_by(right.column);
                row.iter_mut().zip(from).take(columns).for_each(|(to, from)| *to = *from);
                row[columns..].fill(0.0);
            }
            for (tile, out) in tiles.chunks_exact(ROWS * k).zip(out.chunks_mut(ROWS * n)) {
                add_tile(simd, tile, panel, out, n, first..first + columns);
            }
        }
    }
}

/// Adds the product of one tile and one panel to these columns of up to [`ROWS`] rows of `n`.
#[inline(always)]
fn add_tile<S: Simd>(
    simd: S,
    tile: &[f64],
    panel: &[f64],
    out: &mut [f64],
    n: usize,
    columns: std::ops::Range<usize>,
) {
    let width = 2 * S::F64_LANES;
    let mut edge = [[0.0; WIDEST]; ROWS];
    for (row, edge) in out.chunks_exact(n).zip(&mut edge) {
        edge[..columns.len()].copy_from_slice(&row[columns.clone()]);
    }
    let load = |edge: &[f64; WIDEST]| {
        let (pair, _) = S::as_simd_f64s(&edge[..width]);
        [pair[0], pair[1]]
    };
    let [mut a, mut b, mut c, mut d] = [load(&edge[0]), load(&edge[1]), load(&edge[2]), load(&edge[3])];
    let (panel, _) = S::as_simd_f64s(panel);
    for (factors, values) in tile.as_chunks::<ROWS>().0.iter().zip(panel.as_chunks::<2>().0) {
        let step = |sums: [S::f64s; 2], factor: f64| {
            let factor = simd.splat_f64s(factor);
            [simd.mul_add_f64s(factor, values[0], sums[0]), simd.mul_add_f64s(factor, values[1], sums[1])]
        };
        (a, b) = (step(a, factors[0]), step(b, factors[1]));
        (c, d) = (step(c, factors[2]), step(d, factors[3]));
    }
    for (sums, edge) in [a, b, c, d].into_iter().zip(&mut edge) {
        let (pair, _) = S::as_mut_simd_f64s(&mut edge[..width]);
        pair.copy_from_slice(&sums);
    }
    for (row, edge) in out.chunks_exact_mut(n).zip(&edge) {
        row[columns.clone()].copy_from_slice(&edge[..columns.len()]);
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
        for (m, k, n) in
            [(1, 1, 1), (5, 3, 2), (4, 16, 16), (9, 7, 33), (3, 0, 4), (0, 3, 4), (13, 20, 15), (259, 515, 3)]
        {
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
                    add_product(left, right, (m, k, n), &mut out, &mut Scratch::default());
                    assert_eq!(out, plain(left, right), "({m}, {k}, {n})");
                }
            }
        }
    }
}
