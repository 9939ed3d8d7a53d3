//! Attention of single positions over keys and values kept in blocks.
//!
//! A block holds 64 positions of every layer. Keys lie transposed, `(head_dim, 64)`, so that scores of 16
//! positions come from one register; values lie `(64, head_dim)`. What a position attends to is a list of
//! block numbers, which sequences with a common beginning share. Each number of the result depends on
//! the position's own keys and values in order, not on where the blocks lie or who else is computed.

#![expect(clippy::needless_range_loop, reason = "tiles of registers are indexed alike")]

use super::packed_lines::{LINE, Lines};
use super::vector::{exp_sum, max};
use crate::Config;
use pulp::{Simd, WithSimd};

/// Positions of a block.
pub const BLOCK_POSITIONS: usize = 64;

/// How the numbers of a block are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockShape {
    layers: usize,
    heads: usize,
    kv_heads: usize,
    width: usize,
    padded: usize,
}

impl BlockShape {
    /// The blocks of a model.
    pub fn of(config: &Config) -> BlockShape {
        BlockShape {
            layers: config.num_hidden_layers,
            heads: config.num_attention_heads,
            kv_heads: config.num_key_value_heads,
            width: config.head_dim,
            padded: config.head_dim.next_multiple_of(LINE),
        }
    }

    /// Numbers of a block.
    pub fn size(&self) -> usize {
        self.layers * self.kv_heads * self.head_size()
    }

    fn head_size(&self) -> usize {
        BLOCK_POSITIONS * (self.width + self.padded)
    }

    fn head_start(&self, layer: usize, head: usize) -> usize {
        (layer * self.kv_heads + head) * self.head_size()
    }

    /// Writes one position's keys and values of one layer, each `kv_heads * head_dim` wide.
    pub fn write(&self, block: &mut Lines, layer: usize, slot: usize, keys: &[f32], values: &[f32]) {
        let heads = keys.chunks_exact(self.width).zip(values.chunks_exact(self.width));
        for (head, (key, value)) in heads.enumerate() {
            let start = self.head_start(layer, head);
            let block = &mut block.floats_mut()[start..][..self.head_size()];
            let (keys, values) = block.split_at_mut(BLOCK_POSITIONS * self.width);
            for (row, &x) in keys.chunks_exact_mut(BLOCK_POSITIONS).zip(key) {
                row[slot] = x;
            }
            values[slot * self.padded..][..self.width].copy_from_slice(value);
        }
    }
}

/// Attention of some rows in one layer.
pub struct Attend<'a, F> {
    /// How blocks are laid out.
    pub shape: BlockShape,
    /// Which layer.
    pub layer: usize,
    /// All blocks, by number.
    pub blocks: &'a [Lines],
    /// The blocks that a row attends to, and its position: it sees positions `0..=position`.
    pub row: F,
    /// Rotated queries first in each row of `queries`, rows `query_step` apart.
    pub queries: &'a [f32],
    /// Distance between rows of `queries`.
    pub query_step: usize,
    /// Receives `heads * head_dim` numbers a row.
    pub out: &'a mut [f32],
    /// Room for two rows of scores, each as long as the longest chain of blocks.
    pub scores: &'a mut [f32],
}

impl<'a, F: Fn(usize) -> (&'a [u32], usize)> Attend<'a, F> {
    /// Fills `out`.
    pub fn run(self) {
        pulp::Arch::new().dispatch(self);
    }
}

impl<'a, F: Fn(usize) -> (&'a [u32], usize)> WithSimd for Attend<'a, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F32_LANES {
            16 => self.rows::<S, 1, 2>(simd),
            8 => self.rows::<S, 2, 4>(simd),
            4 => self.rows::<S, 4, 8>(simd),
            _ => self.rows::<S, 16, 32>(simd),
        }
    }
}

impl<'a, F: Fn(usize) -> (&'a [u32], usize)> Attend<'a, F> {
    /// `V` registers hold 16 numbers and `W` hold 32.
    #[inline(always)]
    fn rows<S: Simd, const V: usize, const W: usize>(self, simd: S) {
        let Attend { shape, layer, blocks, row, queries, query_step, out, scores } = self;
        let group = shape.heads / shape.kv_heads;
        let (first, second) = scores.split_at_mut(scores.len() / 2);
        for (r, out) in out.chunks_exact_mut(shape.heads * shape.width).enumerate() {
            let (chain, position) = row(r);
            let view = View { shape, blocks, chain, n: position + 1 };
            let queries = &queries[r * query_step..][..shape.heads * shape.width];
            for kv_head in 0..shape.kv_heads {
                let start = shape.head_start(layer, kv_head);
                let (mut head, end) = (kv_head * group, (kv_head + 1) * group);
                while head < end {
                    let n_heads = (end - head).min(2);
                    let range = head * shape.width..(head + n_heads) * shape.width;
                    let (queries, out) = (&queries[range.clone()], &mut out[range]);
                    match n_heads {
                        2 => view.heads::<S, V, W, 2>(simd, start, queries, out, [&mut *first, &mut *second]),
                        _ => view.heads::<S, V, W, 1>(simd, start, queries, out, [&mut *first]),
                    }
                    head += n_heads;
                }
            }
        }
    }
}

/// What one row sees.
struct View<'a> {
    shape: BlockShape,
    blocks: &'a [Lines],
    chain: &'a [u32],
    n: usize,
}

impl View<'_> {
    /// `H` query heads that share the keys and values at `start` of each block.
    #[inline(always)]
    fn heads<S: Simd, const V: usize, const W: usize, const H: usize>(
        &self,
        simd: S,
        start: usize,
        queries: &[f32],
        out: &mut [f32],
        mut scores: [&mut [f32]; H],
    ) {
        let size = self.shape.head_size();
        let blocks = || {
            let counts = (0..self.n)
                .step_by(BLOCK_POSITIONS)
                .map(|first| (first, (self.n - first).min(BLOCK_POSITIONS)));
            self.chain.iter().zip(counts).map(|(&block, (first, count))| {
                (&self.blocks[block as usize].floats()[start..][..size], first, count)
            })
        };
        for (block, first, count) in blocks() {
            let keys = &block[..BLOCK_POSITIONS * self.shape.width];
            match count.div_ceil(LINE) {
                1 => self.scores::<S, V, H, 1>(simd, keys, queries, &mut scores, first),
                2 => self.scores::<S, V, H, 2>(simd, keys, queries, &mut scores, first),
                3 => self.scores::<S, V, H, 3>(simd, keys, queries, &mut scores, first),
                _ => self.scores::<S, V, H, 4>(simd, keys, queries, &mut scores, first),
            }
        }
        let mut scales = [0.0; H];
        for (scores, scale) in scores.iter_mut().zip(&mut scales) {
            let seen = &mut scores[..self.n];
            let top = max(seen);
            *scale = 1.0 / exp_sum(seen, top);
        }
        let mut column = 0;
        while column + 2 * LINE <= self.shape.padded {
            self.mix::<S, W, H>(simd, blocks(), column, &scores, &scales, out);
            column += 2 * LINE;
        }
        if column < self.shape.padded {
            self.mix::<S, V, H>(simd, blocks(), column, &scores, &scales, out);
        }
    }

    /// Scores of the first `16 Q` positions of one block.
    #[inline(always)]
    fn scores<S: Simd, const V: usize, const H: usize, const Q: usize>(
        &self,
        simd: S,
        keys: &[f32],
        queries: &[f32],
        scores: &mut [&mut [f32]; H],
        first: usize,
    ) {
        let width = self.shape.width;
        let (registers, _) = S::as_simd_f32s(keys);
        let (keys, _) = registers.as_chunks::<V>();
        let per_row = BLOCK_POSITIONS / LINE;
        assert!(
            keys.len() == width * per_row && queries.len() == H * width,
            "keys and queries are whole heads"
        );
        let mut sums = [[[simd.splat_f32s(0.0); V]; Q]; H];
        for i in 0..width {
            let mut key = [[simd.splat_f32s(0.0); V]; Q];
            for (q, key) in key.iter_mut().enumerate() {
                // SAFETY: i < width and q < Q <= per_row, and `keys` has width * per_row entries.
                *key = unsafe { *keys.get_unchecked(i * per_row + q) };
            }
            for h in 0..H {
                // SAFETY: i < width and h < H, and `queries` has H * width entries.
                let query = simd.splat_f32s(unsafe { *queries.get_unchecked(h * width + i) });
                for q in 0..Q {
                    for v in 0..V {
                        sums[h][q][v] = simd.mul_add_f32s(query, key[q][v], sums[h][q][v]);
                    }
                }
            }
        }
        let scale = simd.splat_f32s(1.0 / (width as f32).sqrt());
        for h in 0..H {
            let (out, _) = S::as_mut_simd_f32s(&mut scores[h][first..][..Q * LINE]);
            for (out, sum) in out.iter_mut().zip(sums[h].as_flattened()) {
                *out = simd.mul_f32s(*sum, scale);
            }
        }
    }

    /// The mean of `16 N` columns of the values, weighted by the scores; even and odd positions are
    /// summed apart, which halves the wait for each sum.
    #[inline(always)]
    fn mix<'b, S: Simd, const N: usize, const H: usize>(
        &self,
        simd: S,
        blocks: impl Iterator<Item = (&'b [f32], usize, usize)>,
        column: usize,
        scores: &[&mut [f32]; H],
        scales: &[f32; H],
        out: &mut [f32],
    ) {
        let BlockShape { width, padded, .. } = self.shape;
        let (step, offset) = (padded / S::F32_LANES, column / S::F32_LANES);
        let mut even = [[simd.splat_f32s(0.0); N]; H];
        let mut odd = even;
        for (block, first, count) in blocks {
            let (values, _) = S::as_simd_f32s(&block[BLOCK_POSITIONS * width..]);
            let weights: [&[f32]; H] = std::array::from_fn(|h| &scores[h][first..][..count]);
            assert!(values.len() >= count * step && offset + N <= step, "a block holds 64 rows of values");
            let add = |sums: &mut [[S::f32s; N]; H], slot: usize| {
                for n in 0..N {
                    // SAFETY: slot < count and offset + n < step, and `values` has count * step entries.
                    let value = unsafe { *values.get_unchecked(slot * step + offset + n) };
                    for h in 0..H {
                        // SAFETY: slot < count, the length of each of the weights.
                        let weight = simd.splat_f32s(unsafe { *weights[h].get_unchecked(slot) });
                        sums[h][n] = simd.mul_add_f32s(weight, value, sums[h][n]);
                    }
                }
            };
            for pair in 0..count / 2 {
                add(&mut even, 2 * pair);
                add(&mut odd, 2 * pair + 1);
            }
            if count % 2 == 1 {
                add(&mut even, count - 1);
            }
        }
        for h in 0..H {
            let scale = simd.splat_f32s(scales[h]);
            let mean = |n: usize| simd.mul_f32s(simd.add_f32s(even[h][n], odd[h][n]), scale);
            let columns = (N * S::F32_LANES).min(width - column);
            let out = &mut out[h * width + column..][..columns];
            if columns == N * S::F32_LANES {
                let (registers, _) = S::as_mut_simd_f32s(out);
                for (n, register) in registers[..N].iter_mut().enumerate() {
                    *register = mean(n);
                }
            } else {
                let mut whole = [0.0; 2 * LINE];
                let (registers, _) = S::as_mut_simd_f32s(&mut whole);
                for (n, register) in registers[..N].iter_mut().enumerate() {
                    *register = mean(n);
                }
                out.copy_from_slice(&whole[..columns]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::check::noise;

    const SHAPES: [(usize, usize, usize); 6] =
        [(4, 2, 32), (4, 4, 16), (7, 1, 64), (3, 1, 48), (2, 1, 6), (6, 2, 80)];

    fn shape(heads: usize, kv_heads: usize, width: usize) -> BlockShape {
        BlockShape { layers: 2, heads, kv_heads, width, padded: width.next_multiple_of(LINE) }
    }

    struct Filled {
        blocks: Vec<Lines>,
        keys: Vec<f32>,
        values: Vec<f32>,
    }

    /// `n` positions of layer 1 written into the blocks of `chain`, everything else not a number.
    fn filled(shape: BlockShape, chain: &[u32], n: usize) -> Filled {
        let row = shape.kv_heads * shape.width;
        let (keys, values) = (noise(n * row, 1), noise(n * row, 2));
        let mut blocks = vec![Lines::zeroed(shape.size()); 1 + *chain.iter().max().expect("some") as usize];
        blocks.iter_mut().for_each(|block| block.floats_mut().fill(f32::NAN));
        for t in 0..n {
            let block = &mut blocks[chain[t / BLOCK_POSITIONS] as usize];
            shape.write(block, 1, t % BLOCK_POSITIONS, &keys[t * row..][..row], &values[t * row..][..row]);
        }
        Filled { blocks, keys, values }
    }

    fn attend(
        shape: BlockShape,
        filled: &Filled,
        chain: &[u32],
        positions: &[usize],
        queries: &[f32],
    ) -> Vec<f32> {
        let mut out = vec![0.0; positions.len() * shape.heads * shape.width];
        let mut scores = vec![0.0; 2 * chain.len() * BLOCK_POSITIONS];
        Attend {
            shape,
            layer: 1,
            blocks: &filled.blocks,
            row: |r: usize| (chain, positions[r]),
            queries,
            query_step: shape.heads * shape.width,
            out: &mut out,
            scores: &mut scores,
        }
        .run();
        out
    }

    #[test]
    fn a_row_is_the_softmax_mean_of_what_it_sees() {
        for (heads, kv_heads, width) in SHAPES {
            let shape = shape(heads, kv_heads, width);
            let (chain, n) = ([2, 0, 3], 150);
            let filled = filled(shape, &chain, n);
            let queries = noise(heads * width, 3);
            for position in [0, 1, 14, 15, 16, 47, 63, 64, 65, 100, 127, 128, 149] {
                let ours = attend(shape, &filled, &chain, &[position], &queries);
                for head in 0..heads {
                    let at = |t: usize| (t * kv_heads + head / (heads / kv_heads)) * width;
                    let query = &queries[head * width..][..width];
                    let score = |t: usize| -> f64 {
                        let key = &filled.keys[at(t)..][..width];
                        let dot: f64 =
                            query.iter().zip(key).map(|(&q, &k)| f64::from(q) * f64::from(k)).sum();
                        (dot / (width as f64).sqrt()).exp()
                    };
                    let total: f64 = (0..=position).map(score).sum();
                    for i in 0..width {
                        let mean: f64 =
                            (0..=position).map(|t| score(t) * f64::from(filled.values[at(t) + i])).sum();
                        let gap = (f64::from(ours[head * width + i]) - mean / total).abs();
                        assert!(gap < 2e-6, "{shape:?}, position {position}, head {head}: off by {gap}");
                    }
                }
            }
        }
    }

    #[test]
    fn neither_the_place_of_blocks_nor_other_rows_change_a_bit() {
        for (heads, kv_heads, width) in SHAPES {
            let shape = shape(heads, kv_heads, width);
            let (one, other, n) = ([0, 1, 2], [4, 1, 3], 140);
            let (a, b) = (filled(shape, &one, n), filled(shape, &other, n));
            let positions = [139, 3, 64, 80];
            let row = heads * width;
            let queries = noise(positions.len() * row, 5);
            let together = attend(shape, &a, &one, &positions, &queries);
            for (r, &position) in positions.iter().enumerate() {
                let alone = attend(shape, &b, &other, &[position], &queries[r * row..][..row]);
                assert_eq!(together[r * row..][..row], alone);
            }
        }
    }
}
