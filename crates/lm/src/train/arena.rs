//! The working memory of one pass over a shard, kept and reused from shard to shard.

use super::shard::Shard;
use crate::Config;
use crate::kernels::head::Read;

/// Queries whose attention scores are held at a time.
pub const QUERY_BLOCK: usize = 64;
/// Logits held at a time.
const LOGITS: usize = 1 << 20;

/// What the forward pass must leave behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The activations of every layer, for a backward pass.
    Layers,
    /// Only what the logits need.
    Last,
}

/// Buffers for the largest shard seen so far. Which of them are meaningful when is said by the
/// passes that fill them; all are row-major with one row a token unless said otherwise.
#[derive(Default)]
pub struct Arena {
    /// The residual stream before each layer and after the last, `hidden` wide. Two buffers in
    /// turn when layers are not kept.
    pub stream: Vec<Vec<f32>>,
    /// One entry a layer, or one for all.
    pub layers: Vec<Activations>,
    /// A normalised copy of the stream, or the gradient of one.
    pub normed: Vec<f32>,
    /// The gradient of `normed` or of the attention output.
    pub grad_normed: Vec<f32>,
    /// The gradient of the stream.
    pub grad_stream: Vec<f32>,
    /// The gated feed-forward activations or their gradient, `intermediate` wide.
    pub inner: Vec<f32>,
    /// The gradient of `qkv`.
    pub grad_qkv: Vec<f32>,
    /// Attention probabilities of a block of queries, `(queries, keys)`.
    pub probs: Vec<f32>,
    /// Their gradient.
    pub grad_probs: Vec<f32>,
    /// The stream at the rows that predict a counted target, and its normalised copy.
    pub picked: Vec<f32>,
    /// The normalised rows of `picked`.
    pub picked_normed: Vec<f32>,
    /// The gradient of `picked_normed`.
    pub grad_picked: Vec<f32>,
    /// `(rows of a chunk, vocab)`.
    pub logits: Vec<f32>,
    /// One entry a counted target.
    pub reads: Vec<Read>,
    /// The token of each counted target.
    pub target_tokens: Vec<u32>,
    /// Pull on log-probability and entropy of each counted target.
    pub pulls: Vec<(f32, f32)>,
}

/// What one layer's forward pass leaves for its backward pass.
#[derive(Default)]
pub struct Activations {
    /// Queries, keys and values, after bias, head norm and rotation.
    pub qkv: Vec<f32>,
    /// Queries and keys before their norm, when the architecture has one.
    pub raw: Vec<f32>,
    /// The attention output before its projection.
    pub attended: Vec<f32>,
    /// `ln sum exp` of the attention scores, head by head within a sequence.
    pub norms: Vec<f32>,
    /// The residual stream after attention.
    pub middle: Vec<f32>,
    /// Gates and ups before the nonlinearity.
    pub gate_up: Vec<f32>,
}

impl Arena {
    /// Grows the buffers to hold `shard`. Allocates only when it is larger than any before.
    pub fn fit(&mut self, config: &Config, shard: &Shard, keep: Keep) {
        let n = shard.rows;
        let d = config.hidden_size;
        let wide = d.max(config.attention_size());
        let (n_streams, n_layers) = match keep {
            Keep::Layers => (config.num_hidden_layers + 1, config.num_hidden_layers),
            Keep::Last => (2, 1),
        };
        self.stream.resize_with(n_streams.max(self.stream.len()), Vec::new);
        self.layers.resize_with(n_layers.max(self.layers.len()), Activations::default);
        for stream in &mut self.stream[..n_streams] {
            grow(stream, n * d);
        }
        for layer in &mut self.layers[..n_layers] {
            layer.fit(config, n);
        }
        grow(&mut self.normed, n * d);
        grow(&mut self.inner, n * config.intermediate_size);
        let longest = shard.sequences.iter().map(|s| s.len).max().unwrap_or(0);
        let block = QUERY_BLOCK.min(longest) * longest;
        grow(&mut self.probs, block);
        let targets = shard.targets.len();
        grow(&mut self.picked, targets * d);
        grow(&mut self.picked_normed, targets * d);
        grow(&mut self.logits, chunk_rows(config.vocab_size).min(targets) * config.vocab_size);
        if keep == Keep::Layers {
            grow(&mut self.grad_normed, n * wide);
            grow(&mut self.grad_stream, n * d);
            grow(&mut self.grad_qkv, n * config.qkv_size());
            grow(&mut self.grad_probs, block);
            grow(&mut self.grad_picked, targets * d);
        }
    }
}

impl Activations {
    fn fit(&mut self, config: &Config, n: usize) {
        grow(&mut self.qkv, n * config.qkv_size());
        if config.has_qk_norm() {
            grow(&mut self.raw, n * (config.qkv_size() - config.num_key_value_heads * config.head_dim));
        }
        grow(&mut self.attended, n * config.attention_size());
        grow(&mut self.norms, n * config.num_attention_heads);
        grow(&mut self.middle, n * config.hidden_size);
        grow(&mut self.gate_up, n * 2 * config.intermediate_size);
    }
}

/// How many rows of logits are computed at a time.
pub fn chunk_rows(vocab: usize) -> usize {
    (LOGITS / vocab).max(1)
}

fn grow(buffer: &mut Vec<f32>, len: usize) {
    if buffer.len() < len {
        buffer.resize(len, 0.0);
    }
}
