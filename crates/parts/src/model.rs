//! Which model a run begins with.

use autodidact_core::{Error, Result, Seed};
use autodidact_lm::{Architecture, Config, Lm, Model, RopeScaling, Tokenizer};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A model by where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ModelConfig {
    /// The model that is built into the program.
    Nano,
    /// A checkpoint directory in the Hugging Face layout.
    Path {
        /// The directory.
        path: PathBuf,
    },
    /// Fresh weights over the byte tokenizer.
    Random {
        /// The shape.
        shape: Shape,
        /// The seed of the weights.
        seed: u64,
    },
}

/// The shape of a model with fresh weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shape {
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Blocks.
    pub layers: usize,
    /// Query heads; divides the width.
    pub heads: usize,
    /// Key and value heads; divides the query heads.
    pub kv_heads: usize,
    /// Width of the gated feed-forward layer.
    pub intermediate_size: usize,
    /// The longest sequence.
    pub context: usize,
}

impl Default for Shape {
    fn default() -> Shape {
        Shape { hidden_size: 96, layers: 3, heads: 4, kv_heads: 2, intermediate_size: 256, context: 512 }
    }
}

impl Shape {
    /// The Llama configuration of this shape over the byte tokenizer, with words or without
    /// ([`Tokenizer::bytes`], [`Tokenizer::words`]).
    pub fn config(&self, tokenizer: &Tokenizer) -> Result<Config> {
        let divides = |field: &str, part: usize, whole: usize| match part > 0 && whole.is_multiple_of(part) {
            true => Ok(()),
            false => {
                Err(Error::invalid(format!("model.shape.{field}"), format!("a divisor of {whole}"), part))
            }
        };
        divides("heads", self.heads, self.hidden_size)?;
        divides("kv_heads", self.kv_heads, self.heads)?;
        let id = |token: &str| tokenizer.id(token).expect("the byte tokenizer has it");
        let config = Config {
            architecture: Architecture::Llama,
            vocab_size: tokenizer.n_tokens(),
            hidden_size: self.hidden_size,
            intermediate_size: self.intermediate_size,
            num_hidden_layers: self.layers,
            num_attention_heads: self.heads,
            num_key_value_heads: self.kv_heads,
            head_dim: self.hidden_size / self.heads,
            rms_norm_eps: 1e-5,
            rope_theta: 10_000.0,
            rope_scaling: RopeScaling::None,
            max_position_embeddings: self.context,
            tie_word_embeddings: true,
            attention_bias: false,
            bos_token_id: Some(id("<|bos|>")),
            eos_token_ids: vec![id("<|eos|>")],
            pad_token_id: Some(id("<|pad|>")),
        };
        config.check()?;
        Ok(config)
    }
}

impl ModelConfig {
    /// Opens the model; `bundled` opens the one that is built into the program. The handle shares its
    /// weights with its clones and with nobody else.
    pub fn open(&self, bundled: impl FnOnce() -> Result<Lm>) -> Result<Lm> {
        match self {
            ModelConfig::Nano => bundled(),
            ModelConfig::Path { path } => Ok(Lm::open(path)?),
            ModelConfig::Random { shape, seed } => {
                let tokenizer = Tokenizer::bytes();
                let model = Model::random(shape.config(&tokenizer)?, Seed::root(*seed).at("weights", 0))?;
                Ok(Lm::new(model, tokenizer))
            }
        }
    }
}
