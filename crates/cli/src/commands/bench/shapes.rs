//! The two model shapes that speed is measured on, and the work done on them.

use autodidact_core::Seed;
use autodidact_lm::{Architecture, Config, Layout, Model, RopeScaling};
use autodidact_math::Row;
use rand::Rng;

/// Sequences in a training batch.
pub const TRAIN_ROWS: usize = 32;
/// Input tokens in each of them.
pub const TRAIN_TOKENS: usize = 256;
/// Tokens of a prompt to continue.
pub const PROMPT_TOKENS: usize = 64;
/// Tokens sampled after it.
pub const NEW_TOKENS: usize = 128;

/// A model shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The bundled model's.
    Nano,
    /// 6.5 million parameters.
    Medium,
}

impl Shape {
    /// Both, the smaller first.
    pub const ALL: [Shape; 2] = [Shape::Nano, Shape::Medium];

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Shape::Nano => "nano",
            Shape::Medium => "6.5M",
        }
    }

    /// The shape of that name.
    pub fn named(name: &str) -> Option<Shape> {
        Shape::ALL.into_iter().find(|shape| shape.name() == name)
    }

    /// The model's configuration. No token ends an answer, so that every answer has full length.
    pub fn config(self) -> Config {
        let (vocab_size, hidden_size, intermediate_size, num_hidden_layers, num_attention_heads) = match self
        {
            Shape::Nano => (272, 128, 512, 4, 4),
            Shape::Medium => (512, 256, 688, 8, 8),
        };
        Config {
            architecture: Architecture::Llama,
            vocab_size,
            hidden_size,
            intermediate_size,
            num_hidden_layers,
            num_attention_heads,
            num_key_value_heads: num_attention_heads / 2,
            head_dim: hidden_size / num_attention_heads,
            rms_norm_eps: 1e-5,
            rope_theta: 10_000.0,
            rope_scaling: RopeScaling::None,
            max_position_embeddings: 512,
            tie_word_embeddings: true,
            attention_bias: false,
            bos_token_id: None,
            eos_token_ids: Vec::new(),
            pad_token_id: None,
        }
    }

    /// A model of this shape with random weights.
    pub fn model(self) -> autodidact_lm::Result<Model> {
        Model::random(self.config(), Seed::root(0).at(self.name(), 0))
    }

    /// Random rows of [`TRAIN_TOKENS`] inputs, every position a target.
    pub fn batch(self) -> Vec<Row> {
        let vocab = self.config().vocab_size as u32;
        let weight = 1.0 / (TRAIN_ROWS * TRAIN_TOKENS) as f32;
        let row = |i: usize| Row {
            tokens: tokens(vocab, TRAIN_TOKENS + 1, "batch", i),
            weight: vec![weight; TRAIN_TOKENS],
        };
        (0..TRAIN_ROWS).map(row).collect()
    }

    /// `n` different random prompts of [`PROMPT_TOKENS`] printable bytes.
    pub fn prompts(self, n: usize) -> Vec<Vec<u32>> {
        let printable = |id: u32| 32 + id % 95;
        (0..n).map(|i| tokens(95, PROMPT_TOKENS, "prompt", i).into_iter().map(printable).collect()).collect()
    }

    /// Floating-point operations of the matrix products of one training step, forward and backward;
    /// attention is counted for the positions that a causal mask leaves.
    pub fn training_flops(self) -> f64 {
        let config = self.config();
        let layout = Layout::of(&config);
        // The embedding is counted once: looking up costs nothing, the tied head is a product.
        let weights: usize =
            layout.tensors.iter().filter(|tensor| tensor.shape.len() == 2).map(|tensor| tensor.size()).sum();
        let attention_width = config.num_attention_heads * config.head_dim * config.num_hidden_layers;
        let mean_context = (TRAIN_TOKENS + 1) as f64 / 2.0;
        let forward = 2.0 * weights as f64 + 4.0 * attention_width as f64 * mean_context;
        3.0 * forward * (TRAIN_ROWS * TRAIN_TOKENS) as f64
    }
}

fn tokens(vocab: u32, n: usize, label: &str, index: usize) -> Vec<u32> {
    let mut rng = Seed::root(1).at(label, index as u64).rng();
    (0..n).map(|_| rng.random_range(0..vocab)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shapes_have_the_sizes_they_are_named_after() {
        let size = |shape: Shape| Layout::of(&shape.config()).len;
        assert!((900_000..1_200_000).contains(&size(Shape::Nano)), "{}", size(Shape::Nano));
        assert!((5_500_000..6_700_000).contains(&size(Shape::Medium)), "{}", size(Shape::Medium));
    }
}
