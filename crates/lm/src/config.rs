//! The shape of a language model, read from and written to `config.json`.
//!
//! Keys of transformers 4 (`rope_theta`, `rope_scaling`, `torch_dtype`) and of transformers 5
//! (`rope_parameters`, `dtype`) are both understood. Whatever the engine does not compute (sliding
//! windows, other activations, other rope scalings, biases it has no place for) is an error that
//! names the key, never a silently different model.

use crate::{Error, Result};
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

/// How rotary frequencies are stretched beyond the trained length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RopeScaling {
    /// Not at all.
    None,
    /// The rule of Llama 3.1.
    Llama3 {
        /// Divides the low frequencies.
        factor: f64,
        /// Wavelengths above `original / low` are divided.
        low_freq_factor: f64,
        /// Wavelengths below `original / high` are kept.
        high_freq_factor: f64,
        /// The length trained on before stretching.
        original_max_position_embeddings: usize,
    },
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
        let (rope_theta, rope_scaling) = rope(&keys)?;
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

impl RopeScaling {
    fn check(&self) -> Result<()> {
        let RopeScaling::Llama3 { factor, low_freq_factor, high_freq_factor, .. } = *self else {
            return Ok(());
        };
        if !(factor > 0.0 && factor.is_finite()) {
            return Err(Error::invalid("rope_scaling.factor", "positive", factor));
        }
        if !(low_freq_factor > 0.0 && high_freq_factor > low_freq_factor && high_freq_factor.is_finite()) {
            let found = format!("{low_freq_factor} and {high_freq_factor}");
            let rule = "positive, the low one below the high one";
            return Err(Error::invalid("rope_scaling.low_freq_factor and high_freq_factor", rule, found));
        }
        Ok(())
    }

    fn stretch(&self, frequency: f64) -> f64 {
        let RopeScaling::Llama3 {
            factor,
            low_freq_factor,
            high_freq_factor,
            original_max_position_embeddings,
        } = *self
        else {
            return frequency;
        };
        let turns = original_max_position_embeddings as f64 * frequency / (2.0 * std::f64::consts::PI);
        let kept = ((turns - low_freq_factor) / (high_freq_factor - low_freq_factor)).clamp(0.0, 1.0);
        kept * frequency + (1.0 - kept) * frequency / factor
    }

    fn to_json(self) -> Value {
        match self {
            RopeScaling::None => Value::Null,
            RopeScaling::Llama3 {
                factor,
                low_freq_factor,
                high_freq_factor,
                original_max_position_embeddings,
            } => json!({
                "rope_type": "llama3",
                "factor": factor,
                "low_freq_factor": low_freq_factor,
                "high_freq_factor": high_freq_factor,
                "original_max_position_embeddings": original_max_position_embeddings,
            }),
        }
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

/// The rope base and scaling, from either generation of keys.
fn rope(keys: &Keys) -> Result<(f64, RopeScaling)> {
    let table = ["rope_parameters", "rope_scaling"].into_iter().find_map(|name| match keys.0.get(name) {
        Some(Value::Object(map)) => Some(Keys(map.clone())),
        _ => None,
    });
    let flat_theta = keys.number_or("rope_theta", 10_000.0)?;
    let Some(table) = table else { return Ok((flat_theta, RopeScaling::None)) };
    let theta = table.number_or("rope_theta", flat_theta)?;
    let partial = table.number_or("partial_rotary_factor", 1.0)?;
    if partial != 1.0 {
        return Err(Error::unsupported("partial_rotary_factor", partial, "1"));
    }
    let kind = table.0.get("rope_type").or(table.0.get("type")).and_then(Value::as_str).unwrap_or("default");
    let scaling = match kind {
        "default" => RopeScaling::None,
        "llama3" => RopeScaling::Llama3 {
            factor: table.number("factor")?,
            low_freq_factor: table.number("low_freq_factor")?,
            high_freq_factor: table.number("high_freq_factor")?,
            original_max_position_embeddings: table.count("original_max_position_embeddings")?,
        },
        other => return Err(Error::unsupported("rope_scaling", other, "default, llama3")),
    };
    Ok((theta, scaling))
}

/// A JSON object whose values are read by name and type.
struct Keys(Map<String, Value>);

impl Keys {
    fn parse(file: &str, text: &str) -> Result<Keys> {
        match serde_json::from_str(text) {
            Ok(Value::Object(map)) => Ok(Keys(map)),
            Ok(_) => Err(Error::data(Path::new(file), "a JSON object", "it is another kind of value")),
            Err(error) => Err(Error::data(Path::new(file), "a JSON object", error)),
        }
    }

    fn present(&self, key: &str) -> Option<&Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    fn count(&self, key: &str) -> Result<usize> {
        let value =
            self.present(key).ok_or_else(|| Error::invalid(key, "given in config.json", "missing"))?;
        value
            .as_u64()
            .and_then(|n| usize::try_from(n).ok())
            .ok_or_else(|| Error::invalid(key, "a whole number", value))
    }

    fn count_or(&self, key: &str, default: usize) -> Result<usize> {
        if self.present(key).is_some() { self.count(key) } else { Ok(default) }
    }

    fn number(&self, key: &str) -> Result<f64> {
        let value =
            self.present(key).ok_or_else(|| Error::invalid(key, "given in config.json", "missing"))?;
        value.as_f64().ok_or_else(|| Error::invalid(key, "a number", value))
    }

    fn number_or(&self, key: &str, default: f64) -> Result<f64> {
        if self.present(key).is_some() { self.number(key) } else { Ok(default) }
    }

    fn flag_or(&self, key: &str, default: bool) -> Result<bool> {
        match self.present(key) {
            None => Ok(default),
            Some(value) => value.as_bool().ok_or_else(|| Error::invalid(key, "true or false", value)),
        }
    }

    /// One id or a list of ids; missing or null is no id.
    fn ids(&self, key: &str) -> Result<Vec<u32>> {
        let Some(value) = self.present(key) else { return Ok(Vec::new()) };
        let items = match value {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        let id = |item: &Value| item.as_u64().and_then(|n| u32::try_from(n).ok());
        let ids: Option<Vec<u32>> = items.iter().map(id).collect();
        ids.ok_or_else(|| Error::invalid(key, "a token id or a list of them", value))
    }
}
