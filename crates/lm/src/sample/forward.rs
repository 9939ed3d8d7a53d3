//! The forward pass of sampling and scoring: some rows, each a token at a position of a chain.
//!
//! Rows of many sequences go through the layers together, prompts and single next tokens alike, yet what
//! a row becomes depends only on its own chain: every kernel used here treats rows one by one. That is why
//! sampling and scoring agree to the bit, and why an answer does not depend on the batch it was drawn in.

use super::cache::{Cache, Chain};
use super::weights::{Layer, Weights};
use crate::kernels::packed::Put;
use crate::kernels::packed_attend::{Attend, BLOCK_POSITIONS};
use crate::kernels::rope::{Rope, rotate_head};
use crate::kernels::{norm, swiglu, vector, vectorised};

/// A token at a position of a chain.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Index of its chain.
    pub chain: usize,
    /// A position that the chain has promised; earlier ones are written or among the rows before.
    pub position: usize,
    /// The token there.
    pub token: u32,
    /// Whether the logits after it are wanted.
    pub reads: bool,
}

/// Buffers of the forward pass; they grow to the largest pass and are used again.
#[derive(Debug, Default)]
pub struct Forward {
    stream: Vec<f32>,
    normed: Vec<f32>,
    qkv: Vec<f32>,
    attended: Vec<f32>,
    gate_up: Vec<f32>,
    gated: Vec<f32>,
    scores: Vec<f32>,
    logits: Vec<f32>,
    seen: Vec<Row>,
}

impl Forward {
    /// Runs the rows through the model and writes their keys and values; returns the logits of the rows
    /// that read, `vocab` numbers each, in their order.
    pub fn run(
        &mut self,
        weights: &Weights,
        rope: &Rope,
        cache: &mut Cache,
        chains: &[Chain],
        rows: &[Row],
    ) -> &mut [f32] {
        let (c, n) = (&weights.config, rows.len());
        let (d, inner) = (c.hidden_size, c.intermediate_size);
        let n_reads = rows.iter().filter(|row| row.reads).count();
        self.fit(weights, chains, rows, n_reads);
        self.seen.clear();
        self.seen.extend_from_slice(rows);
        for (out, row) in self.stream.chunks_exact_mut(d).zip(rows) {
            out.copy_from_slice(&weights.embed[row.token as usize * d..][..d]);
        }

        let eps = c.rms_norm_eps as f32;
        for (index, layer) in weights.layers.iter().enumerate() {
            norm::forward(&self.stream[..n * d], &layer.norm1, eps, &mut self.normed);
            let qkv = &mut self.qkv[..n * c.qkv_size()];
            layer.qkv.apply(&self.normed[..n * d], qkv, Put::Set);
            self.place(weights, layer, index, rope, cache, chains);
            if index + 1 == weights.layers.len() {
                self.keep_reading_rows(d, c.qkv_size());
            }
            let n = self.seen.len();
            let attended = &mut self.attended[..n * c.attention_size()];
            let seen = &self.seen;
            Attend {
                shape: cache.shape(),
                layer: index,
                blocks: cache.blocks(),
                row: |r: usize| (chains[seen[r].chain].blocks(), seen[r].position),
                queries: &self.qkv,
                query_step: c.qkv_size(),
                out: attended,
                scores: &mut self.scores,
            }
            .run();
            let stream = &mut self.stream[..n * d];
            layer.o.apply(attended, stream, Put::Add);

            norm::forward(stream, &layer.norm2, eps, &mut self.normed);
            let gate_up = &mut self.gate_up[..n * 2 * inner];
            layer.gate_up.apply(&self.normed[..n * d], gate_up, Put::Set);
            swiglu::forward(gate_up, inner, &mut self.gated);
            layer.down.apply(&self.gated[..n * inner], stream, Put::Add);
        }
        norm::forward(&self.stream[..n_reads * d], &weights.norm, eps, &mut self.normed);
        let logits = &mut self.logits[..n_reads * c.vocab_size];
        weights.head.apply(&self.normed[..n_reads * d], logits, Put::Set);
        logits
    }

    /// Makes room; allocates only when a pass is larger than all before.
    fn fit(&mut self, weights: &Weights, chains: &[Chain], rows: &[Row], n_reads: usize) {
        let (c, n) = (&weights.config, rows.len());
        let longest = rows.iter().map(|row| chains[row.chain].blocks().len()).max().unwrap_or(0);
        let grow = |buffer: &mut Vec<f32>, len: usize| {
            if buffer.len() < len {
                buffer.resize(len, 0.0);
            }
        };
        grow(&mut self.stream, n * c.hidden_size);
        grow(&mut self.normed, n * c.hidden_size);
        grow(&mut self.qkv, n * c.qkv_size());
        grow(&mut self.attended, n * c.attention_size());
        grow(&mut self.gate_up, n * 2 * c.intermediate_size);
        grow(&mut self.gated, n * c.intermediate_size);
        grow(&mut self.scores, 2 * longest * BLOCK_POSITIONS);
        grow(&mut self.logits, n_reads * c.vocab_size);
    }

    /// Biases, head norms and rotation, then keys and values into the cache.
    fn place(
        &mut self,
        weights: &Weights,
        layer: &Layer,
        index: usize,
        rope: &Rope,
        cache: &mut Cache,
        chains: &[Chain],
    ) {
        let c = &weights.config;
        let (wide, width) = (c.qkv_size(), c.head_dim);
        let (queries, keys) = (c.attention_size(), c.num_key_value_heads * width);
        let qkv = &mut self.qkv[..self.seen.len() * wide];
        if let Some(bias) = &layer.qkv_bias {
            vectorised!(for row in qkv.chunks_exact_mut(wide) {
                vector::add(row, bias);
            });
        }
        if let Some([query_norm, key_norm]) = &layer.head_norms {
            let eps = c.rms_norm_eps as f32;
            let raw = &mut self.attended;
            for row in qkv.chunks_exact_mut(wide) {
                raw[..queries].copy_from_slice(&row[..queries]);
                norm::forward(&raw[..queries], query_norm, eps, &mut row[..queries]);
                raw[..keys].copy_from_slice(&row[queries..queries + keys]);
                norm::forward(&raw[..keys], key_norm, eps, &mut row[queries..queries + keys]);
            }
        }
        let seen = &self.seen;
        vectorised!(for (row, at) in qkv.chunks_exact_mut(wide).zip(seen) {
            let (cos, sin) = rope.at(at.position);
            for head in row[..queries + keys].chunks_exact_mut(width) {
                rotate_head(head, cos, sin, 1.0);
            }
        });
        for (row, at) in qkv.chunks_exact(wide).zip(seen) {
            let (keys, values) = row[queries..].split_at(keys);
            cache.write(&chains[at.chain], at.position, index, keys, values);
        }
    }

    /// Drops the rows whose logits nobody reads: after the last layer's keys and values they are done.
    fn keep_reading_rows(&mut self, d: usize, wide: usize) {
        let mut kept = 0;
        for r in 0..self.seen.len() {
            if self.seen[r].reads {
                self.seen[kept] = self.seen[r];
                self.stream.copy_within(r * d..(r + 1) * d, kept * d);
                self.qkv.copy_within(r * wide..(r + 1) * wide, kept * wide);
                kept += 1;
            }
        }
        self.seen.truncate(kept);
    }
}
