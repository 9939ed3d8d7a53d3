//! The shape of a language model, read from and written to `config.json`.
//!
//! Keys of transformers 4 (`rope_theta`, `rope_scaling`, `torch_dtype`) and of transformers 5
//! (`rope_parameters`, `dtype`) are both understood. Whatever the engine does not compute (sliding
//! windows, other activations, other rope scalings, biases it has no place for) is an error that
//! names the key, never a silently different model.

mod keys;
mod rope;

pub use rope::RopeScaling;

use crate::{Error, Result};
use keys::Keys;
use serde_json::{Map, Value, json};
use std::path::Path;

/// The shape of a model and the constants of its forward pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Which family of blocks.
    pub architecture: Architecture,
    /// Rows of the embedding.
    pub vocab_size: usize,
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Width of the gated feed-forward layer.
    pub intermediate_size: usize,
    /// Number of blocks.
    pub num_hidden_layers: usize,
    /// Query heads.
    pub num_attention_heads: usize,
    /// Key and value heads; divides the query heads.
    pub num_key_value_heads: usize,
    /// Width of a head; even.
    pub head_dim: usize,
    /// Added to the mean square inside every RMS norm.
    pub rms_norm_eps: f64,
    /// Base of the rotary frequencies.
    pub rope_theta: f64,
    /// How the rotary frequencies are stretched.
    pub rope_scaling: RopeScaling,
    /// The longest sequence.
    pub max_position_embeddings: usize,
    /// Whether the output head is the embedding itself.
    pub tie_word_embeddings: bool,
    /// Whether the query, key and value projections have biases.
    pub attention_bias: bool,
    /// The token that begins a text, if there is one.
    pub bos_token_id: Option<u32>,
    /// The tokens that end an answer; `generation_config.json` wins over `config.json`.
    pub eos_token_ids: Vec<u32>,
    /// The padding token, kept for those who need it; the engine never pads.
    pub pad_token_id: Option<u32>,
}

/// A family of decoder blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// Llama and its likes (SmolLM).
    Llama,
    /// Mistral without a sliding window: computes what Llama computes.
    Mistral,
    /// Qwen2: biases on query, key and value.
    Qwen2,
    /// Qwen3: an RMS norm on each query and key head.
    Qwen3,
}

impl Architecture {
    const ALL: [Architecture; 4] =
        [Architecture::Llama, Architecture::Mistral, Architecture::Qwen2, Architecture::Qwen3];

    /// The name in the `architectures` key.
    pub fn name(self) -> &'static str {
        match self {
            Architecture::Llama => "LlamaForCausalLM",
            Architecture::Mistral => "MistralForCausalLM",
            Architecture::Qwen2 => "Qwen2ForCausalLM",
            Architecture::Qwen3 => "Qwen3ForCausalLM",
        }
    }

    /// The name in the `model_type` key.
    pub fn model_type(self) -> &'static str {
        match self {
            Architecture::Llama => "llama",
            Architecture::Mistral => "mistral",
            Architecture::Qwen2 => "qwen2",
            Architecture::Qwen3 => "qwen3",
        }
    }

    fn parse(keys: &Keys) -> Result<Architecture> {
        let supported = || Architecture::ALL.map(Architecture::name).join(", ");
        let named = match keys.0.get("architectures") {
            Some(Value::Array(names)) if names.len() == 1 => names[0].as_str(),
            None | Some(Value::Null) => None,
            Some(other) => return Err(Error::unsupported("architectures", other, supported())),
        };
        let model_type = keys.0.get("model_type").and_then(Value::as_str);
        let found = Architecture::ALL.into_iter().find(|known| match named {
            Some(name) => name == known.name(),
            None => model_type == Some(known.model_type()),
        });
        found.ok_or_else(|| {
            Error::unsupported("architecture", named.or(model_type).unwrap_or("(none given)"), supported())
        })
    }
}

impl Config {
    /// Reads `config.json`, and `generation_config.json` if there is one, from a directory.
    pub fn open(dir: &Path) -> Result<Config> {
        let path = dir.join("config.json");
        let text = std::fs::read_to_string(&path).map_err(|source| Error::io(&path, "reading", source))?;
        let generation_path = dir.join("generation_config.json");
        let generation = match std::fs::read_to_string(&generation_path) {
            Ok(text) => Some(text),
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => None,
            Err(source) => return Err(Error::io(&generation_path, "reading", source)),
        };
        Config::parse(&text, generation.as_deref())
    }

    /// Reads the text of `config.json` and, if given, of `generation_config.json`.
    pub fn parse(config: &str, generation: Option<&str>) -> Result<Config> {
        let keys = Keys::parse("config.json", config)?;
        let generation = generation.map(|text| Keys::parse("generation_config.json", text)).transpose()?;
        let architecture = Architecture::parse(&keys)?;
        refuse_what_is_not_computed(&keys, architecture)?;

        let hidden_size = keys.count("hidden_size")?;
        let num_attention_heads = keys.count("num_attention_heads")?;
        let max_position_embeddings = keys.count_or("max_position_embeddings", 2048)?;
        let (rope_theta, rope_scaling) = rope::rope(&keys)?;
        let eos = match &generation {
            Some(generation) if generation.0.get("eos_token_id").is_some_and(|v| !v.is_null()) => {
                generation.ids("eos_token_id")?
            }
            _ => keys.ids("eos_token_id")?,
        };
        let config = Config {
            architecture,
            vocab_size: keys.count("vocab_size")?,
            hidden_size,
            intermediate_size: keys.count("intermediate_size")?,
            num_hidden_layers: keys.count("num_hidden_layers")?,
            num_attention_heads,
            num_key_value_heads: keys.count_or("num_key_value_heads", num_attention_heads)?,
            head_dim: match architecture {
                Architecture::Qwen3 => keys.count_or("head_dim", 128)?,
                _ => keys.count_or("head_dim", hidden_size / num_attention_heads.max(1))?,
            },
            rms_norm_eps: keys.number_or("rms_norm_eps", 1e-6)?,
            rope_theta,
            rope_scaling,
            max_position_embeddings,
            tie_word_embeddings: keys.flag_or("tie_word_embeddings", false)?,
            attention_bias: architecture == Architecture::Qwen2,
            bos_token_id: keys.ids("bos_token_id")?.first().copied(),
            eos_token_ids: eos,
            pad_token_id: keys.ids("pad_token_id")?.first().copied(),
        };
        config.check()?;
        Ok(config)
    }

    /// Fails on a shape that no model can have; names the value.
    pub fn check(&self) -> Result<()> {
        let bounded = [
            ("vocab_size", self.vocab_size, 1 << 24),
            ("hidden_size", self.hidden_size, 1 << 17),
            ("intermediate_size", self.intermediate_size, 1 << 19),
            ("num_hidden_layers", self.num_hidden_layers, 1 << 10),
            ("num_attention_heads", self.num_attention_heads, 1 << 12),
            ("num_key_value_heads", self.num_key_value_heads, 1 << 12),
            ("head_dim", self.head_dim, 1 << 12),
            ("max_position_embeddings", self.max_position_embeddings, 1 << 24),
        ];
        for (field, found, limit) in bounded {
            if found == 0 || found > limit {
                return Err(Error::invalid(field, format!("between 1 and {limit}"), found));
            }
        }
        if !self.num_attention_heads.is_multiple_of(self.num_key_value_heads) {
            let rule = format!("a divisor of num_attention_heads = {}", self.num_attention_heads);
            return Err(Error::invalid("num_key_value_heads", rule, self.num_key_value_heads));
        }
        if !self.head_dim.is_multiple_of(2) {
            return Err(Error::invalid("head_dim", "even", self.head_dim));
        }
        if !(self.rms_norm_eps >= 0.0 && self.rms_norm_eps < 1.0) {
            return Err(Error::invalid("rms_norm_eps", "in [0, 1)", self.rms_norm_eps));
        }
        if !(self.rope_theta > 0.0 && self.rope_theta.is_finite()) {
            return Err(Error::invalid("rope_theta", "positive", self.rope_theta));
        }
        let specials = self.eos_token_ids.iter().chain(&self.bos_token_id);
        for &id in specials {
            if id as usize >= self.vocab_size {
                let rule = format!("below vocab_size = {}", self.vocab_size);
                return Err(Error::invalid("bos_token_id and eos_token_id", rule, id));
            }
        }
        self.rope_scaling.check()
    }

    /// Width of the stacked query, key and value projections.
    pub fn qkv_size(&self) -> usize {
        (self.num_attention_heads + 2 * self.num_key_value_heads) * self.head_dim
    }

    /// Width of the attention output before its projection.
    pub fn attention_size(&self) -> usize {
        self.num_attention_heads * self.head_dim
    }

    /// Whether each query and key head is normalised.
    pub fn has_qk_norm(&self) -> bool {
        self.architecture == Architecture::Qwen3
    }

    /// The `head_dim / 2` rotary frequencies, in radians a position.
    pub fn rope_frequencies(&self) -> Vec<f64> {
        let width = self.head_dim as f64;
        (0..self.head_dim / 2)
            .map(|i| self.rope_scaling.stretch(self.rope_theta.powf(-2.0 * i as f64 / width)))
            .collect()
    }

    /// A `config.json` that transformers 4 and 5 load; `dtype` is the type of the saved weights.
    pub fn to_json(&self, dtype: &str) -> Value {
        let rope_scaling = self.rope_scaling.to_json();
        let mut rope_parameters = match &rope_scaling {
            Value::Object(map) => map.clone(),
            _ => Map::from_iter([("rope_type".to_owned(), json!("default"))]),
        };
        rope_parameters.insert("rope_theta".to_owned(), json!(self.rope_theta));
        let mut map = json!({
            "architectures": [self.architecture.name()],
            "model_type": self.architecture.model_type(),
            "vocab_size": self.vocab_size,
            "hidden_size": self.hidden_size,
            "intermediate_size": self.intermediate_size,
            "num_hidden_layers": self.num_hidden_layers,
            "num_attention_heads": self.num_attention_heads,
            "num_key_value_heads": self.num_key_value_heads,
            "head_dim": self.head_dim,
            "hidden_act": "silu",
            "rms_norm_eps": self.rms_norm_eps,
            "rope_theta": self.rope_theta,
            "rope_scaling": rope_scaling,
            "rope_parameters": rope_parameters,
            "max_position_embeddings": self.max_position_embeddings,
            "tie_word_embeddings": self.tie_word_embeddings,
            "attention_dropout": 0.0,
            "initializer_range": 0.02,
            "use_cache": true,
            "bos_token_id": self.bos_token_id,
            "eos_token_id": ids_to_json(&self.eos_token_ids),
            "pad_token_id": self.pad_token_id,
            "dtype": dtype,
            "torch_dtype": dtype,
        });
        match self.architecture {
            Architecture::Llama => {
                map["attention_bias"] = json!(false);
                map["mlp_bias"] = json!(false);
            }
            Architecture::Mistral => map["sliding_window"] = Value::Null,
            Architecture::Qwen2 => map["use_sliding_window"] = json!(false),
            Architecture::Qwen3 => {
                map["attention_bias"] = json!(false);
                map["use_sliding_window"] = json!(false);
            }
        }
        map
    }

    /// The `generation_config.json` that goes with [`Config::to_json`].
    pub fn generation_json(&self) -> Value {
        let mut map = Map::new();
        if let Some(bos) = self.bos_token_id {
            map.insert("bos_token_id".to_owned(), json!(bos));
        }
        if !self.eos_token_ids.is_empty() {
            map.insert("eos_token_id".to_owned(), ids_to_json(&self.eos_token_ids));
        }
        if let Some(pad) = self.pad_token_id {
            map.insert("pad_token_id".to_owned(), json!(pad));
        }
        Value::Object(map)
    }
}

fn ids_to_json(ids: &[u32]) -> Value {
    match ids {
        [] => Value::Null,
        [id] => json!(id),
        ids => json!(ids),
    }
}

/// Errors on every key that would change the forward pass in a way the engine does not know.
fn refuse_what_is_not_computed(keys: &Keys, architecture: Architecture) -> Result<()> {
    match keys.0.get("hidden_act").and_then(Value::as_str) {
        None | Some("silu") => {}
        Some(other) => return Err(Error::unsupported("hidden_act", other, "silu")),
    }
    if architecture != Architecture::Qwen2 && keys.flag_or("attention_bias", false)? {
        return Err(Error::unsupported("attention_bias", true, "false; biases as in Qwen2ForCausalLM"));
    }
    if keys.flag_or("mlp_bias", false)? {
        return Err(Error::unsupported("mlp_bias", true, "false"));
    }
    if let Some(Value::Array(kinds)) = keys.0.get("layer_types")
        && let Some(other) = kinds.iter().find(|kind| kind.as_str() != Some("full_attention"))
    {
        return Err(Error::unsupported("layer_types", other, "full_attention"));
    }
    let window_on = match architecture {
        Architecture::Llama => false,
        Architecture::Mistral => true,
        Architecture::Qwen2 | Architecture::Qwen3 => keys.flag_or("use_sliding_window", false)?,
    };
    if window_on && let Some(window) = keys.0.get("sliding_window").and_then(Value::as_u64) {
        let longest = keys.count_or("max_position_embeddings", 2048)? as u64;
        if window < longest {
            return Err(Error::unsupported("sliding_window", window, format!("null, or at least {longest}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LLAMA: &str = r#"{"architectures": ["LlamaForCausalLM"], "vocab_size": 32, "hidden_size": 16,
        "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4, "eos_token_id": 2}"#;

    /// The Llama configuration with one key set to a JSON value.
    fn with(key: &str, value: &str) -> Result<Config> {
        let mut map: Map<String, Value> = serde_json::from_str(LLAMA).expect("sound JSON");
        map.insert(key.to_owned(), serde_json::from_str(value).expect("sound JSON"));
        Config::parse(&Value::Object(map).to_string(), None)
    }

    fn check_error(key: &str, value: &str, expect: &str) {
        let message = with(key, value).expect_err(key).to_string();
        assert!(message.contains(expect), "{key} = {value}: {message}");
    }

    #[test]
    fn missing_keys_take_the_defaults_of_transformers() {
        let config = Config::parse(LLAMA, None).expect("sound");
        assert_eq!((config.num_key_value_heads, config.head_dim), (4, 4));
        assert_eq!((config.rope_theta, config.rms_norm_eps), (10_000.0, 1e-6));
        assert_eq!((config.tie_word_embeddings, config.bos_token_id), (false, None));
    }

    #[test]
    fn the_generation_config_decides_what_ends_an_answer() {
        let config = Config::parse(LLAMA, Some(r#"{"eos_token_id": [3, 5]}"#)).expect("sound");
        assert_eq!(config.eos_token_ids, [3, 5]);
        assert_eq!(Config::parse(LLAMA, Some("{}")).expect("sound").eos_token_ids, [2]);
    }

    #[test]
    fn what_the_engine_does_not_compute_is_an_error_that_names_it() {
        check_error("architectures", r#"["GPT2LMHeadModel"]"#, "GPT2LMHeadModel is not supported");
        check_error("hidden_act", r#""gelu""#, "hidden_act gelu");
        check_error("attention_bias", "true", "attention_bias");
        check_error("mlp_bias", "true", "mlp_bias");
        check_error("rope_scaling", r#"{"rope_type": "yarn"}"#, "rope_scaling yarn");
        check_error("rope_parameters", r#"{"partial_rotary_factor": 0.5}"#, "partial_rotary_factor 0.5");
        check_error("layer_types", r#"["sliding_attention"]"#, "layer_types");
    }

    #[test]
    fn a_sliding_window_is_refused_only_when_it_would_bite() {
        let mistral = |window: &str| {
            let text = LLAMA.replace("Llama", "Mistral").replace("\"vocab", &format!("{window}, \"vocab"));
            Config::parse(&text, None)
        };
        assert!(mistral(r#""sliding_window": null"#).is_ok());
        assert!(mistral(r#""sliding_window": 4096"#).is_ok(), "longer than the longest sequence");
        let message = mistral(r#""sliding_window": 512"#).expect_err("it bites").to_string();
        assert!(message.contains("sliding_window 512"), "{message}");
    }

    #[test]
    fn impossible_shapes_are_errors_that_name_the_value() {
        check_error("num_key_value_heads", "3", "num_key_value_heads must be a divisor of");
        check_error("head_dim", "5", "head_dim must be even");
        check_error("vocab_size", "0", "vocab_size must be between 1");
        check_error("num_hidden_layers", "1e18", "num_hidden_layers must be");
        check_error("num_hidden_layers", "1000000000000", "num_hidden_layers must be");
        check_error("hidden_size", r#""wide""#, "hidden_size must be a whole number");
        check_error("eos_token_id", "32", "must be below vocab_size");
        check_error("eos_token_id", "-1", "eos_token_id must be a token id");
    }

    #[test]
    fn both_generations_of_rope_keys_are_read_and_written() {
        let scaling = r#"{"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 64}"#;
        let old = with("rope_scaling", scaling).expect("sound");
        assert_eq!(with("rope_parameters", scaling).expect("sound"), old);
        let again = Config::parse(&old.to_json("float32").to_string(), None).expect("sound");
        assert_eq!(again, old);
    }

    #[test]
    fn no_text_makes_the_parser_panic() {
        for end in 0..LLAMA.len() {
            assert!(Config::parse(&LLAMA[..end], None).is_err());
        }
        for text in ["", "null", "[]", "{}", r#"{"architectures": 3}"#] {
            assert!(Config::parse(text, None).is_err());
        }
    }
}
