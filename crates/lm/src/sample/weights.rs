//! A model's weights, packed for sampling.

use crate::kernels::packed::Packed;
use crate::{Config, Layout, Model};
use std::ops::Range;

/// A snapshot of a model's weights in the form that decoding reads fastest.
#[derive(Debug)]
pub struct Weights {
    /// The shape of the model.
    pub config: Config,
    /// The generation of the model's weights that this is a snapshot of.
    pub generation: u64,
    /// `(vocab, hidden)`, one row a token.
    pub embed: Vec<f32>,
    /// One entry a block.
    pub layers: Vec<Layer>,
    /// The scale of the last norm.
    pub norm: Vec<f32>,
    /// The output head.
    pub head: Packed,
}

/// One block's weights.
#[derive(Debug)]
pub struct Layer {
    /// The scale of the norm before attention.
    pub norm1: Vec<f32>,
    /// Query, key and value projections, stacked.
    pub qkv: Packed,
    /// Their biases, if the architecture has them.
    pub qkv_bias: Option<Vec<f32>>,
    /// The scales of the query and key norms, if the architecture has them.
    pub head_norms: Option<[Vec<f32>; 2]>,
    /// The projection of the attention's output.
    pub o: Packed,
    /// The scale of the norm before the feed-forward layer.
    pub norm2: Vec<f32>,
    /// Gate and up projections, stacked.
    pub gate_up: Packed,
    /// The projection back to the residual stream.
    pub down: Packed,
}

impl Weights {
    /// Packs the model's present weights, in parallel.
    pub fn of(model: &Model) -> Weights {
        let weights = model.weights();
        let generation = model.generation();
        let (config, layout) = (model.config(), model.layout());
        let (d, vocab) = (config.hidden_size, config.vocab_size);
        Weights {
            config: config.clone(),
            generation,
            embed: weights[layout.embed..][..vocab * d].to_vec(),
            layers: (0..config.num_hidden_layers).map(|i| Layer::of(config, layout, &weights, i)).collect(),
            norm: weights[layout.norm..][..d].to_vec(),
            head: Packed::new(&weights[layout.head..][..vocab * d], vocab, d),
        }
    }
}

impl Layer {
    fn of(config: &Config, layout: &Layout, weights: &[f32], index: usize) -> Layer {
        let at = &layout.layers[index];
        let (d, inner, width) = (config.hidden_size, config.intermediate_size, config.head_dim);
        let vector = |start: usize, len: usize| weights[start..][..len].to_vec();
        let matrix = |start: usize, outputs: usize, inputs: usize| {
            let range: Range<usize> = start..start + outputs * inputs;
            Packed::new(&weights[range], outputs, inputs)
        };
        Layer {
            norm1: vector(at.norm1, d),
            qkv: matrix(at.qkv, config.qkv_size(), d),
            qkv_bias: at.qkv_bias.map(|start| vector(start, config.qkv_size())),
            head_norms: at.q_norm.zip(at.k_norm).map(|(q, k)| [vector(q, width), vector(k, width)]),
            o: matrix(at.o, d, config.attention_size()),
            norm2: vector(at.norm2, d),
            gate_up: matrix(at.gate_up, 2 * inner, d),
            down: matrix(at.down, d, inner),
        }
    }
}
