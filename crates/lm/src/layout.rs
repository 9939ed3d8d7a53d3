//! Where each weight of a model lies in one flat vector, and what Hugging Face calls it.
//!
//! Weights that are multiplied with the same input lie one after the other (query, key and value;
//! gate and up), so that one matrix product does them all. All matrices are stored as
//! `(outputs, inputs)`, rows first, as in the checkpoint.

use crate::Config;
use std::ops::Range;

/// Offsets of every weight in the flat vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// `(vocab, hidden)`.
    pub embed: usize,
    /// `(vocab, hidden)`; equal to `embed` when the embedding is tied.
    pub head: usize,
    /// The norm before the head, `(hidden)`.
    pub norm: usize,
    /// One entry a block.
    pub layers: Vec<LayerLayout>,
    /// The length of the flat vector.
    pub len: usize,
    /// Every tensor of the checkpoint, in the order of their offsets.
    pub tensors: Vec<Tensor>,
}

/// Offsets of one block's weights.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerLayout {
    /// The norm before attention, `(hidden)`.
    pub norm1: usize,
    /// Query rows, then key rows, then value rows: `((heads + 2 kv) * head_dim, hidden)`.
    pub qkv: usize,
    /// The biases of those rows, if the architecture has them.
    pub qkv_bias: Option<usize>,
    /// The norm of each query head, `(head_dim)`, if the architecture has it.
    pub q_norm: Option<usize>,
    /// The norm of each key head, `(head_dim)`, if the architecture has it.
    pub k_norm: Option<usize>,
    /// `(hidden, heads * head_dim)`.
    pub o: usize,
    /// The norm before the feed-forward layer, `(hidden)`.
    pub norm2: usize,
    /// Gate rows, then up rows: `(2 * intermediate, hidden)`.
    pub gate_up: usize,
    /// `(hidden, intermediate)`.
    pub down: usize,
}

/// One tensor of the checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// The Hugging Face name.
    pub name: String,
    /// Where it begins in the flat vector.
    pub offset: usize,
    /// `(outputs, inputs)` for matrices, `(width)` for norms and biases.
    pub shape: Vec<usize>,
    /// What it does.
    pub role: Role,
}

/// What a tensor does; decides its initial values and whether weight decay applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The embedding or the output head.
    Embedding,
    /// A projection inside a block.
    Matrix,
    /// A projection that writes to the residual stream: attention output and feed-forward down.
    Output,
    /// The scale of an RMS norm.
    Norm,
    /// A bias.
    Bias,
}

impl Layout {
    /// The layout of a model of this shape.
    pub fn of(config: &Config) -> Layout {
        let mut build = Builder { tensors: Vec::new(), len: 0 };
        let (d, vocab) = (config.hidden_size, config.vocab_size);
        let embed = build.add("model.embed_tokens.weight", &[vocab, d], Role::Embedding);
        let head = match config.tie_word_embeddings {
            true => embed,
            false => build.add("lm_head.weight", &[vocab, d], Role::Embedding),
        };
        let norm = build.add("model.norm.weight", &[d], Role::Norm);
        let layers = (0..config.num_hidden_layers).map(|i| build.layer(config, i)).collect();
        Layout { embed, head, norm, layers, len: build.len, tensors: build.tensors }
    }

    /// The tensor of that Hugging Face name.
    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.tensors.iter().find(|tensor| tensor.name == name)
    }
}

impl Tensor {
    /// How many numbers it holds.
    pub fn size(&self) -> usize {
        self.shape.iter().product()
    }

    /// Where it lies in the flat vector.
    pub fn range(&self) -> Range<usize> {
        self.offset..self.offset + self.size()
    }
}

impl Role {
    /// Whether it is a matrix, so that weight decay applies by default.
    pub fn is_matrix(self) -> bool {
        matches!(self, Role::Embedding | Role::Matrix | Role::Output)
    }
}

struct Builder {
    tensors: Vec<Tensor>,
    len: usize,
}

impl Builder {
    fn add(&mut self, name: &str, shape: &[usize], role: Role) -> usize {
        let offset = self.len;
        self.len += shape.iter().product::<usize>();
        self.tensors.push(Tensor { name: name.to_owned(), offset, shape: shape.to_vec(), role });
        offset
    }

    fn layer(&mut self, config: &Config, index: usize) -> LayerLayout {
        let (d, inner, width) = (config.hidden_size, config.intermediate_size, config.head_dim);
        let queries = config.num_attention_heads * width;
        let keys = config.num_key_value_heads * width;
        let at = |rest: &str| format!("model.layers.{index}.{rest}");

        let norm1 = self.add(&at("input_layernorm.weight"), &[d], Role::Norm);
        let qkv = self.add(&at("self_attn.q_proj.weight"), &[queries, d], Role::Matrix);
        self.add(&at("self_attn.k_proj.weight"), &[keys, d], Role::Matrix);
        self.add(&at("self_attn.v_proj.weight"), &[keys, d], Role::Matrix);
        let qkv_bias = config.attention_bias.then(|| {
            let start = self.add(&at("self_attn.q_proj.bias"), &[queries], Role::Bias);
            self.add(&at("self_attn.k_proj.bias"), &[keys], Role::Bias);
            self.add(&at("self_attn.v_proj.bias"), &[keys], Role::Bias);
            start
        });
        let head_norm = config.has_qk_norm();
        let q_norm = head_norm.then(|| self.add(&at("self_attn.q_norm.weight"), &[width], Role::Norm));
        let k_norm = head_norm.then(|| self.add(&at("self_attn.k_norm.weight"), &[width], Role::Norm));
        let o = self.add(&at("self_attn.o_proj.weight"), &[d, queries], Role::Output);
        let norm2 = self.add(&at("post_attention_layernorm.weight"), &[d], Role::Norm);
        let gate_up = self.add(&at("mlp.gate_proj.weight"), &[inner, d], Role::Matrix);
        self.add(&at("mlp.up_proj.weight"), &[inner, d], Role::Matrix);
        let down = self.add(&at("mlp.down_proj.weight"), &[d, inner], Role::Output);
        LayerLayout { norm1, qkv, qkv_bias, q_norm, k_norm, o, norm2, gate_up, down }
    }
}
