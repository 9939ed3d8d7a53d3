//! Attention of single positions over keys and values kept in blocks.
//!
//! A block holds 64 positions of every layer. Keys lie transposed, `(head_dim, 64)`, so that scores of 16
//! positions come from one register; values lie `(64, head_dim)`. What a position attends to is a list of
//! block numbers, which sequences with a common beginning share. Each number of the result depends on
//! the position's own keys and values in order, not on where the blocks lie or who else is computed.

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
                let range = kv_head * group * shape.width..(kv_head + 1) * group * shape.width;
                let (queries, out) = (&queries[range.clone()], &mut out[range]);
                let mut pairs = out.chunks_exact_mut(2 * shape.width);
                let queries = queries.chunks(2 * shape.width);
                for query in queries {
                    match pairs.next() {
                        Some(out) if query.len() == 2 * shape.width => {
                            view.heads::<S, V, W, 2>(simd, start, query, out, [&mut *first, &mut *second]);
                        }
                        _ => break,
                    }
                }
            }
            if group % 2 == 1 {
                for kv_head in 0..shape.kv_heads {
                    let start = shape.head_start(layer, kv_head);
                    let head = (kv_head + 1) * group - 1;
                    let range = head * shape.width..(head + 1) * shape.width;
                    view.heads::<S, V, W, 1>(simd, start, &queries[range.clone()], &mut out[range], [&mut *first]);
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
            let counts = (0..self.n).step_by(BLOCK_POSITIONS).map(|first| (first, (self.n - first).min(BLOCK_POSITIONS)));
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
        assert!(keys.len() == width * per_row && queries.len() == H * width, "keys and queries are whole heads");
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
        let mut sums = [[[simd.splat_f32s(0.0); N]; 2]; H];
        for (block, first, count) in blocks {
            let values = &block[BLOCK_POSITIONS * width..];
            for slot in 0..count {
                let (registers, _) = S::as_simd_f32s(&values[slot * padded + column..]);
                let (values, _) = registers.as_chunks::<N>();
                let values = values[0];
                for h in 0..H {
                    let weight = simd.splat_f32s(scores[h][first + slot]);
                    let sums = &mut sums[h][slot % 2];
                    for n in 0..N {
                        sums[n] = simd.mul_add_f32s(weight, values[n], sums[n]);
                    }
                }
            }
        }
        for h in 0..H {
            let mut whole = [0.0; 2 * LINE];
            let scale = simd.splat_f32s(scales[h]);
            let (registers, _) = S::as_mut_simd_f32s(&mut whole);
            for n in 0..N {
                registers[n] = simd.mul_f32s(simd.add_f32s(sums[h][0][n], sums[h][1][n]), scale);
            }
            let columns = (N * S::F32_LANES).min(width - column);
            out[h * width + column..][..columns].copy_from_slice(&whole[..columns]);
        }
    }
}
