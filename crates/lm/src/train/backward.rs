//! The backward pass over a shard: from pulls on targets to gradients of the weights.
//!
//! Cheap activations (normalised streams, gated activations) are computed again rather than kept.

use super::arena::{Arena, chunk_rows};
use super::attention::{self, Heads, Saved};
use super::forward::{self, Net};
use super::shard::Shard;
use crate::LayerLayout;
use crate::kernels::matmul::{self, Mat, MatMut};
use crate::kernels::rope::Turn;
use crate::kernels::{head, norm, swiglu, vector, vectorised};
use autodidact_math::Row;

/// Adds the gradient of every weight to `gradient`, given `arena.pulls` and what the forward pass
/// over the same shard left in the arena.
pub fn run(net: Net<'_>, shard: &Shard, rows: &[Row], arena: &mut Arena, gradient: &mut [f32]) {
    pull_targets(net, shard, arena, gradient);
    for layer in (0..net.config.num_hidden_layers).rev() {
        feed_forward(net, shard, arena, layer, gradient);
        attend(net, shard, arena, layer, gradient);
    }
    let d = net.config.hidden_size;
    for s in &shard.sequences {
        let grads = arena.grad_stream[s.start * d..][..s.len * d].chunks_exact(d);
        for (grad, &token) in grads.zip(&rows[s.at].tokens) {
            vector::add(&mut gradient[net.layout.embed + token as usize * d..][..d], grad);
        }
    }
}

/// From the pulls to the gradient of the stream after the last layer.
fn pull_targets(net: Net<'_>, shard: &Shard, arena: &mut Arena, gradient: &mut [f32]) {
    let (d, vocab, n) = (net.config.hidden_size, net.config.vocab_size, shard.targets.len());
    let in_chunks = n > chunk_rows(vocab);
    for first in (0..n).step_by(chunk_rows(vocab)) {
        let end = (first + chunk_rows(vocab)).min(n);
        let m = end - first;
        if in_chunks {
            forward::logits(net, arena, first, end);
        }
        let (reads, pulls) = (&arena.reads[first..end], &arena.pulls[first..end]);
        let logits = &mut arena.logits[..m * vocab];
        head::pull(logits, vocab, &arena.target_tokens[first..end], reads, pulls);
        let grad_logits = Mat::new(&arena.logits, m, vocab);
        let normed = Mat::new(&arena.picked_normed[first * d..], m, d);
        let grad_head = &mut gradient[net.layout.head..];
        matmul::add(MatMut::new(grad_head, vocab, d), grad_logits.t(), normed, 1.0);
        let grad_picked = MatMut::new(&mut arena.grad_picked[first * d..], m, d);
        matmul::set(grad_picked, grad_logits, net.matrix(net.layout.head, vocab, d), 1.0);
    }
    let grad_stream = &mut arena.grad_stream[..shard.rows * d];
    grad_stream.fill(0.0);
    let gain = net.at(net.layout.norm, d);
    let grad_gain = &mut gradient[net.layout.norm..][..d];
    let picked = arena.picked.chunks_exact(d).zip(arena.grad_picked.chunks_exact(d));
    vectorised!(for (&target, (x, dy)) in shard.targets.iter().zip(picked) {
        let dx = &mut grad_stream[shard.row(target) * d..][..d];
        norm::row_backward(x, gain, net.eps(), dy, dx, grad_gain);
    });
}

/// Through the feed-forward half of a layer; the gradient of the stream is updated in place.
fn feed_forward(net: Net<'_>, shard: &Shard, arena: &mut Arena, layer: usize, gradient: &mut [f32]) {
    let (n, c) = (shard.rows, net.config);
    let (d, inner) = (c.hidden_size, c.intermediate_size);
    let at = &net.layout.layers[layer];
    let kept = &mut arena.layers[layer];
    let grad = Mat::new(&arena.grad_stream, n, d);

    matmul::set(MatMut::new(&mut arena.inner, n, inner), grad, net.matrix(at.down, d, inner), 1.0);
    let gate_up = &mut kept.gate_up[..n * 2 * inner];
    swiglu::backward(gate_up, inner, &mut arena.inner);
    let gated = Mat::new(&arena.inner, n, inner);
    matmul::add(MatMut::new(&mut gradient[at.down..], d, inner), grad.t(), gated, 1.0);

    let middle = &kept.middle[..n * d];
    norm::forward(middle, net.at(at.norm2, d), net.eps(), &mut arena.normed);
    let (grad_gate_up, normed) = (Mat::new(gate_up, n, 2 * inner), Mat::new(&arena.normed, n, d));
    let out = MatMut::new(&mut gradient[at.gate_up..], 2 * inner, d);
    matmul::add(out, grad_gate_up.t(), normed, 1.0);
    let out = MatMut::new(&mut arena.grad_normed, n, d);
    matmul::set(out, grad_gate_up, net.matrix(at.gate_up, 2 * inner, d), 1.0);
    let grad_gain = &mut gradient[at.norm2..][..d];
    let gain = net.at(at.norm2, d);
    norm::backward(middle, gain, net.eps(), &arena.grad_normed, &mut arena.grad_stream, grad_gain);
}

/// Through the attention half of a layer; the gradient of the stream is updated in place.
fn attend(net: Net<'_>, shard: &Shard, arena: &mut Arena, layer: usize, gradient: &mut [f32]) {
    let (n, c) = (shard.rows, net.config);
    let (d, wide, qkv_size, n_heads) =
        (c.hidden_size, c.attention_size(), c.qkv_size(), c.num_attention_heads);
    let at = &net.layout.layers[layer];
    let kept = &arena.layers[layer];

    let grad = Mat::new(&arena.grad_stream, n, d);
    let attended = Mat::new(&kept.attended, n, wide);
    matmul::add(MatMut::new(&mut gradient[at.o..], d, wide), grad.t(), attended, 1.0);
    matmul::set(MatMut::new(&mut arena.grad_normed, n, wide), grad, net.matrix(at.o, d, wide), 1.0);

    let heads = Heads::of(c);
    for s in &shard.sequences {
        let saved = Saved {
            qkv: &kept.qkv[s.start * qkv_size..],
            attended: &kept.attended[s.start * wide..],
            norms: &kept.norms[s.start * n_heads..],
            grad_attended: &arena.grad_normed[s.start * wide..],
        };
        let grad_qkv = &mut arena.grad_qkv[s.start * qkv_size..][..s.len * qkv_size];
        attention::backward(heads, s.len, &saved, grad_qkv, &mut arena.probs, &mut arena.grad_probs);
        net.rope.rotate(grad_qkv, qkv_size, n_heads + c.num_key_value_heads, Turn::Back);
    }
    let grad_qkv = &mut arena.grad_qkv[..n * qkv_size];
    unfinish_qkv(net, at, &kept.raw, grad_qkv, gradient);

    let before = &arena.stream[layer][..n * d];
    norm::forward(before, net.at(at.norm1, d), net.eps(), &mut arena.normed);
    let (grad_qkv, normed) = (Mat::new(grad_qkv, n, qkv_size), Mat::new(&arena.normed, n, d));
    matmul::add(MatMut::new(&mut gradient[at.qkv..], qkv_size, d), grad_qkv.t(), normed, 1.0);
    let out = MatMut::new(&mut arena.grad_normed, n, d);
    matmul::set(out, grad_qkv, net.matrix(at.qkv, qkv_size, d), 1.0);
    let grad_gain = &mut gradient[at.norm1..][..d];
    let gain = net.at(at.norm1, d);
    norm::backward(before, gain, net.eps(), &arena.grad_normed, &mut arena.grad_stream, grad_gain);
}

/// Through head norm and bias: `grad_qkv` becomes the gradient of the plain projection.
fn unfinish_qkv(net: Net<'_>, at: &LayerLayout, raw: &[f32], grad_qkv: &mut [f32], gradient: &mut [f32]) {
    let c = net.config;
    let (wide, width) = (c.qkv_size(), c.head_dim);
    if let (Some(q_norm), Some(k_norm)) = (at.q_norm, at.k_norm) {
        let queries = c.attention_size();
        let both = queries + c.num_key_value_heads * width;
        let mut dx = vec![0.0; width];
        vectorised!(for (row, raw) in grad_qkv.chunks_exact_mut(wide).zip(raw.chunks_exact(both)) {
            let heads = row[..both].chunks_exact_mut(width).zip(raw.chunks_exact(width));
            for (i, (dy, x)) in heads.enumerate() {
                let offset = if i * width < queries { q_norm } else { k_norm };
                dx.fill(0.0);
                let grad_gain = &mut gradient[offset..][..width];
                norm::row_backward(x, net.at(offset, width), net.eps(), dy, &mut dx, grad_gain);
                dy.copy_from_slice(&dx);
            }
        });
    }
    if let Some(bias) = at.qkv_bias {
        let grad_bias = &mut gradient[bias..][..wide];
        vectorised!(for row in grad_qkv.chunks_exact(wide) {
            vector::add(grad_bias, row);
        });
    }
}
