//! The forward pass over a shard: tokens in, the residual stream and what targets read out.

use super::alter::{Alter, Site};
use super::arena::{Arena, Keep, chunk_rows};
use super::attention::{self, Heads};
use super::shard::Shard;
use crate::kernels::matmul::{self, Mat, MatMut};
use crate::kernels::rope::{Rope, Turn};
use crate::kernels::{head, norm, swiglu, vector, vectorised};
use crate::{Config, LayerLayout, Layout};
use autodidact_math::{Row, Scored};

/// Everything a pass reads and does not change.
#[derive(Clone, Copy)]
pub struct Net<'a> {
    /// The shape.
    pub config: &'a Config,
    /// Where each weight lies.
    pub layout: &'a Layout,
    /// The flat vector.
    pub weights: &'a [f32],
    /// Rotary tables that reach the longest sequence.
    pub rope: &'a Rope,
    /// What the pass changes on its way.
    pub alter: &'a Alter,
}

impl<'a> Net<'a> {
    /// `len` weights from `offset`.
    pub fn at(&self, offset: usize, len: usize) -> &'a [f32] {
        &self.weights[offset..][..len]
    }

    /// A weight matrix of `(outputs, inputs)`.
    pub fn matrix(&self, offset: usize, outputs: usize, inputs: usize) -> Mat<'a> {
        Mat::new(self.at(offset, outputs * inputs), outputs, inputs)
    }

    /// What the norms add inside their root.
    pub fn eps(&self) -> f32 {
        self.config.rms_norm_eps as f32
    }
}

/// Where the stream before a layer is kept.
pub fn stream_slot(layer: usize, keep: Keep) -> usize {
    match keep {
        Keep::Layers => layer,
        Keep::Last => layer % 2,
    }
}

/// Runs all layers and reads every counted target of the shard into `arena.reads`. The arena must
/// fit the shard. Logits of the last chunk stay in the arena.
pub fn run(net: Net<'_>, shard: &Shard, rows: &[Row], arena: &mut Arena, keep: Keep) {
    run_layers(net, shard, rows, arena, keep, net.config.num_hidden_layers);
    read_targets(net, shard, rows, arena, keep);
}

/// Runs the first `layers` layers; the stream after them is at [`stream_slot`].
pub fn run_layers(net: Net<'_>, shard: &Shard, rows: &[Row], arena: &mut Arena, keep: Keep, layers: usize) {
    let len = shard.rows * net.config.hidden_size;
    embed(net, shard, rows, &mut arena.stream[0]);
    net.alter.steer(0, &mut arena.stream[0][..len]);
    for layer in 0..layers {
        block(net, shard, arena, layer, keep);
        net.alter.steer(layer + 1, &mut arena.stream[stream_slot(layer + 1, keep)][..len]);
    }
}

fn embed(net: Net<'_>, shard: &Shard, rows: &[Row], stream: &mut [f32]) {
    let d = net.config.hidden_size;
    for sequence in &shard.sequences {
        let out = &mut stream[sequence.start * d..][..sequence.len * d];
        for (out, &token) in out.chunks_exact_mut(d).zip(&rows[sequence.at].tokens) {
            out.copy_from_slice(net.at(net.layout.embed + token as usize * d, d));
        }
    }
}

fn block(net: Net<'_>, shard: &Shard, arena: &mut Arena, layer: usize, keep: Keep) {
    let (n, c) = (shard.rows, net.config);
    let (d, inner, wide) = (c.hidden_size, c.intermediate_size, c.attention_size());
    let at = &net.layout.layers[layer];
    let slots = [stream_slot(layer, keep), stream_slot(layer + 1, keep)];
    let [before, after] =
        arena.stream.get_disjoint_mut(slots).expect("a layer reads one stream and writes another");
    let kept = &mut arena.layers[if keep == Keep::Layers { layer } else { 0 }];

    norm::forward(&before[..n * d], net.at(at.norm1, d), net.eps(), &mut arena.normed);
    let normed = Mat::new(&arena.normed, n, d);
    let qkv = &mut kept.qkv[..n * c.qkv_size()];
    matmul::set(MatMut::new(qkv, n, c.qkv_size()), normed, net.matrix(at.qkv, c.qkv_size(), d).t(), 1.0);
    finish_qkv(net, at, shard, qkv, &mut kept.raw);

    let heads = Heads::of(c);
    for s in &shard.sequences {
        attention::forward(
            heads,
            s.len,
            &qkv[s.start * c.qkv_size()..][..s.len * c.qkv_size()],
            &mut kept.attended[s.start * wide..][..s.len * wide],
            &mut kept.norms[s.start * c.num_attention_heads..][..s.len * c.num_attention_heads],
            &mut arena.probs,
        );
    }
    net.alter.drop(shard, layer, Site::Attended, &mut kept.attended[..n * wide], wide);
    kept.middle[..n * d].copy_from_slice(&before[..n * d]);
    let attended = Mat::new(&kept.attended, n, wide);
    matmul::add(MatMut::new(&mut kept.middle, n, d), attended, net.matrix(at.o, d, wide).t(), 1.0);

    norm::forward(&kept.middle[..n * d], net.at(at.norm2, d), net.eps(), &mut arena.normed);
    let normed = Mat::new(&arena.normed, n, d);
    let gate_up = MatMut::new(&mut kept.gate_up, n, 2 * inner);
    matmul::set(gate_up, normed, net.matrix(at.gate_up, 2 * inner, d).t(), 1.0);
    swiglu::forward(&kept.gate_up[..n * 2 * inner], inner, &mut arena.inner);
    net.alter.drop(shard, layer, Site::Gated, &mut arena.inner[..n * inner], inner);

    after[..n * d].copy_from_slice(&kept.middle[..n * d]);
    let gated = Mat::new(&arena.inner, n, inner);
    matmul::add(MatMut::new(after, n, d), gated, net.matrix(at.down, d, inner).t(), 1.0);
}

/// Bias, head norm and rotation, in place; the queries and keys before the norm go to `raw`.
fn finish_qkv(net: Net<'_>, at: &LayerLayout, shard: &Shard, qkv: &mut [f32], raw: &mut [f32]) {
    let c = net.config;
    let (wide, width) = (c.qkv_size(), c.head_dim);
    if let Some(bias) = at.qkv_bias {
        let bias = net.at(bias, wide);
        vectorised!(for row in qkv.chunks_exact_mut(wide) {
            vector::add(row, bias);
        });
    }
    if let (Some(q_norm), Some(k_norm)) = (at.q_norm, at.k_norm) {
        let queries = c.attention_size();
        let both = queries + c.num_key_value_heads * width;
        let (q_norm, k_norm) = (net.at(q_norm, width), net.at(k_norm, width));
        vectorised!(for (row, raw) in qkv.chunks_exact_mut(wide).zip(raw.chunks_exact_mut(both)) {
            raw.copy_from_slice(&row[..both]);
            let heads = row[..both].chunks_exact_mut(width).zip(raw.chunks_exact(width));
            for (i, (out, x)) in heads.enumerate() {
                norm::row(x, if i * width < queries { q_norm } else { k_norm }, net.eps(), out);
            }
        });
    }
    for s in &shard.sequences {
        let rows = &mut qkv[s.start * wide..][..s.len * wide];
        net.rope.rotate(rows, wide, c.num_attention_heads + c.num_key_value_heads, Turn::Forward);
    }
}

/// Gathers the rows that predict counted targets, normalises them and reads their logits.
fn read_targets(net: Net<'_>, shard: &Shard, rows: &[Row], arena: &mut Arena, keep: Keep) {
    let (d, vocab, n) = (net.config.hidden_size, net.config.vocab_size, shard.targets.len());
    let last = &arena.stream[stream_slot(net.config.num_hidden_layers, keep)];
    arena.target_tokens.clear();
    for (target, out) in shard.targets.iter().zip(arena.picked.chunks_exact_mut(d)) {
        out.copy_from_slice(&last[shard.row(*target) * d..][..d]);
        let tokens = &rows[shard.sequences[target.sequence].at].tokens;
        arena.target_tokens.push(tokens[target.position + 1]);
    }
    let gain = net.at(net.layout.norm, d);
    norm::forward(&arena.picked[..n * d], gain, net.eps(), &mut arena.picked_normed);
    arena.reads.clear();
    arena.reads.resize(n, head::Read::default());
    for first in (0..n).step_by(chunk_rows(vocab)) {
        let end = (first + chunk_rows(vocab)).min(n);
        logits(net, arena, first, end);
        let logits = &arena.logits[..(end - first) * vocab];
        head::read(logits, vocab, &arena.target_tokens[first..end], &mut arena.reads[first..end]);
    }
}

/// Computes the logits of counted targets `first..end` into the arena.
pub fn logits(net: Net<'_>, arena: &mut Arena, first: usize, end: usize) {
    let (d, vocab) = (net.config.hidden_size, net.config.vocab_size);
    let normed = Mat::new(&arena.picked_normed[first * d..], end - first, d);
    let head = net.matrix(net.layout.head, vocab, d);
    matmul::set(MatMut::new(&mut arena.logits, end - first, vocab), normed, head.t(), 1.0);
}

/// What the arena holds about each sequence's targets, in the order of the shard's sequences.
pub fn scored(shard: &Shard, rows: &[Row], arena: &Arena) -> Vec<Scored> {
    let blank = |at: usize| vec![0.0; rows[at].weight.len()];
    let empty = |s: &super::shard::Sequence| Scored { logprob: blank(s.at), entropy: blank(s.at) };
    let mut out: Vec<Scored> = shard.sequences.iter().map(empty).collect();
    for (target, read) in shard.targets.iter().zip(&arena.reads) {
        out[target.sequence].logprob[target.position] = read.logprob;
        out[target.sequence].entropy[target.position] = read.entropy;
    }
    out
}
