//! How rotary frequencies are stretched, and the keys that say so.

use super::keys::Keys;
use crate::{Error, Result};
use serde_json::{Value, json};

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

impl RopeScaling {
    /// Fails on a factor outside its range; names it.
    pub(super) fn check(&self) -> Result<()> {
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

    /// The frequency that takes the place of an unstretched one.
    pub(super) fn stretch(&self, frequency: f64) -> f64 {
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

    /// The value of the `rope_scaling` key.
    pub(super) fn to_json(self) -> Value {
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

/// The rope base and scaling, from either generation of keys.
pub(super) fn rope(keys: &Keys) -> Result<(f64, RopeScaling)> {
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
