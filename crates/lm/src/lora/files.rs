//! Adapters as PEFT's files: `adapter_config.json` and `adapter_model.safetensors`.

use super::{Adapter, LoraConfig};
use crate::checkpoint::{self, Dtype};
use crate::{Error, Model, Result};
use serde_json::{Value, json};
use std::path::Path;

/// The name of the settings file.
const CONFIG_FILE: &str = "adapter_config.json";
/// The name of the weights file.
const WEIGHTS_FILE: &str = "adapter_model.safetensors";

impl Adapter {
    /// Reads an adapter's directory, for the model's current weights.
    pub fn open(model: &Model, dir: &Path) -> Result<Adapter> {
        let path = dir.join(CONFIG_FILE);
        let text = std::fs::read_to_string(&path).map_err(|source| Error::io(&path, "reading", source))?;
        let config = parse(&path, &text)?;
        let path = dir.join(WEIGHTS_FILE);
        let bytes = std::fs::read(&path).map_err(|source| Error::io(&path, "reading", source))?;
        let mut adapter = Adapter::zero(model, config)?;
        adapter.weights = adapter.read(&path, &bytes)?;
        Ok(adapter)
    }

    /// The adapter as named files, sorted by name; `base` names the model that it adapts.
    pub fn save_files(&self, base: Option<&str>, dtype: Dtype) -> Vec<(String, Vec<u8>)> {
        let config = json!({
            "base_model_name_or_path": base,
            "bias": "none",
            "fan_in_fan_out": false,
            "inference_mode": true,
            "init_lora_weights": true,
            "lora_alpha": self.config.alpha,
            "lora_dropout": 0.0,
            "modules_to_save": null,
            "peft_type": "LORA",
            "r": self.config.rank,
            "target_modules": self.config.targets,
            "task_type": "CAUSAL_LM",
            "use_dora": false,
            "use_rslora": false,
        });
        let mut text = serde_json::to_string_pretty(&config).expect("a JSON value prints");
        text.push('\n');
        let weights = checkpoint::to_bytes(&self.weights, &self.tensors, dtype);
        vec![(CONFIG_FILE.to_owned(), text.into_bytes()), (WEIGHTS_FILE.to_owned(), weights)]
    }

    /// Replaces the factors by those of a safetensors file's bytes.
    pub(crate) fn load(&mut self, bytes: &[u8]) -> Result<()> {
        self.weights = self.read(Path::new(WEIGHTS_FILE), bytes)?;
        Ok(())
    }

    fn read(&self, path: &Path, bytes: &[u8]) -> Result<Vec<f32>> {
        checkpoint::read_tensors(path, bytes, &self.tensors, self.weights.len())
    }
}

/// The settings in an `adapter_config.json`. What would change the computation in a way that this
/// engine does not know is an error that names it.
fn parse(path: &Path, text: &str) -> Result<LoraConfig> {
    let wrong = |rule: &str, found: &dyn std::fmt::Display| Error::data(path, rule, found);
    let json: Value =
        serde_json::from_str(text).map_err(|error| wrong("a JSON object is expected", &error))?;
    let plain: [(&str, &[Value]); 15] = [
        ("peft_type", &[json!("LORA")]),
        ("bias", &[json!("none")]),
        ("fan_in_fan_out", &[json!(false)]),
        ("use_dora", &[json!(false)]),
        ("use_rslora", &[json!(false)]),
        ("lora_bias", &[json!(false)]),
        ("modules_to_save", &[json!([])]),
        ("layers_to_transform", &[json!([])]),
        ("target_parameters", &[json!([])]),
        ("rank_pattern", &[json!({})]),
        ("alpha_pattern", &[json!({})]),
        // Others change the weights that the adapter is added to.
        (
            "init_lora_weights",
            &[json!(true), json!(false), json!("gaussian"), json!("eva"), json!("orthogonal")],
        ),
        ("use_qalora", &[json!(false)]),
        ("layer_replication", &[json!([])]),
        ("alora_invocation_tokens", &[json!([])]),
    ];
    for (key, known) in plain {
        match json.get(key) {
            None | Some(Value::Null) => {}
            Some(found) if known.contains(found) => {}
            Some(found) => return Err(Error::unsupported(key, found, known[0].to_string())),
        }
    }
    let rank = json.get("r").and_then(Value::as_u64).and_then(|r| usize::try_from(r).ok());
    let targets = json.get("target_modules").and_then(Value::as_array);
    let targets: Option<Vec<String>> =
        targets.and_then(|names| names.iter().map(|name| name.as_str().map(str::to_owned)).collect());
    let mut targets =
        targets.ok_or_else(|| wrong("a list of target_modules is expected", &"there is none"))?;
    targets.sort();
    let config = LoraConfig {
        rank: rank.ok_or_else(|| wrong("a whole number r is expected", &"there is none"))?,
        alpha: json
            .get("lora_alpha")
            .and_then(Value::as_f64)
            .ok_or_else(|| wrong("a number lora_alpha is expected", &"there is none"))?,
        targets,
    };
    config.check()?;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = r#"{"peft_type": "LORA", "r": 4, "lora_alpha": 8,
        "target_modules": ["up_proj", "q_proj"], "rank_pattern": {}, "modules_to_save": null}"#;

    #[test]
    fn settings_read_with_their_targets_sorted() {
        let config = parse(Path::new(CONFIG_FILE), SOUND).expect("sound");
        assert_eq!(
            config,
            LoraConfig { rank: 4, alpha: 8.0, targets: vec!["q_proj".into(), "up_proj".into()] }
        );
    }

    #[test]
    fn what_the_engine_does_not_compute_is_an_error_that_names_it() {
        let check = |from: &str, to: &str, expect: &str| {
            let text = SOUND.replace(from, to);
            let message = parse(Path::new(CONFIG_FILE), &text).expect_err(to).to_string();
            assert!(message.contains(expect), "{message}");
        };
        check("LORA", "IA3", "peft_type \"IA3\" is not supported");
        check("\"rank_pattern\": {}", "\"rank_pattern\": {\"q\": 2}", "rank_pattern");
        check("\"modules_to_save\": null", "\"modules_to_save\": [\"lm_head\"]", "modules_to_save");
        check("\"modules_to_save\": null", "\"use_dora\": true", "use_dora");
        check("\"r\": 4", "\"r\": -4", "a whole number r is expected");
        check("[\"up_proj\", \"q_proj\"]", "\"all-linear\"", "a list of target_modules");
        check("up_proj", "fc1", "but is fc1");
    }
}
