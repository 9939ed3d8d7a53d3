//! What is known when a decision is asked for, as people and the ledger write it.

use super::ProcessConfig;
use autodidact_core::{Error, Result};
use autodidact_decide::choice::Context;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Features by name and the arms that may be chosen, by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Situation {
    /// One number a feature.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub features: Map<String, Value>,
    /// The arms that may be chosen; all of them when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<String>>,
}

impl Situation {
    /// Features from JSON: an object by name, or a list in the order of the schema.
    pub fn parse(features: Value, allowed: Option<Vec<String>>, config: &ProcessConfig) -> Result<Situation> {
        let features = match features {
            Value::Null => Map::new(),
            Value::Object(features) => features,
            Value::Array(values) if values.len() == config.features.len() => {
                config.features.iter().cloned().zip(values).collect()
            }
            Value::Array(values) => {
                let rule =
                    format!("a list of {} numbers ({})", config.features.len(), config.features.join(", "));
                return Err(Error::invalid("the context", rule, format!("a list of {}", values.len())));
            }
            other => {
                return Err(Error::invalid("the context", "a JSON object by feature, or a list", other));
            }
        };
        Ok(Situation { features, allowed })
    }

    /// The same by number, for decision `round`. Fails, naming the feature or the arm, on what does not
    /// fit the schema.
    pub fn context(&self, round: u64, config: &ProcessConfig) -> Result<Context> {
        if let Some(name) = self.features.keys().find(|name| !config.features.contains(name)) {
            return Err(Error::unknown("feature", name, &config.features));
        }
        let feature = |name: &String| match self.features.get(name) {
            Some(Value::Number(x)) => {
                x.as_f64().ok_or_else(|| Error::invalid(format!("feature {name}"), "a finite number", x))
            }
            Some(Value::Bool(yes)) => Ok(f64::from(u8::from(*yes))),
            Some(other) => Err(Error::invalid(format!("feature {name}"), "a number", other)),
            None => Err(Error::invalid(format!("feature {name}"), "given", "missing from the context")),
        };
        let features = config.features.iter().map(feature).collect::<Result<Vec<f64>>>()?;
        let allowed = match &self.allowed {
            None => None,
            Some(names) => {
                let mut arms = names.iter().map(|name| config.arm(name)).collect::<Result<Vec<u32>>>()?;
                arms.sort_unstable();
                arms.dedup();
                Some(arms)
            }
        };
        Ok(Context { round, features, allowed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_decide::bandit::{Algorithm, Memory};
    use serde_json::json;

    fn schema() -> ProcessConfig {
        let names = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect();
        ProcessConfig {
            arms: names(&["red", "blue"]),
            features: names(&["age", "member"]),
            algorithm: Algorithm::LinUcb { alpha: 1.0, ridge: 1.0 },
            memory: Memory::All,
        }
    }

    #[test]
    fn features_come_by_name_or_in_order() {
        let by_name = Situation::parse(json!({"member": true, "age": 40}), None, &schema()).expect("fits");
        let in_order = Situation::parse(json!([40, 1]), None, &schema()).expect("fits");
        let context = |one: &Situation| one.context(3, &schema()).expect("fits");
        assert_eq!(context(&by_name), context(&in_order));
        assert_eq!(context(&by_name).features, [40.0, 1.0]);
    }

    #[test]
    fn allowed_arms_are_names() {
        let allowed = Some(vec!["blue".to_owned(), "red".to_owned(), "blue".to_owned()]);
        let found = Situation::parse(json!([1, 2]), allowed, &schema()).expect("fits");
        assert_eq!(found.context(0, &schema()).expect("fits").allowed, Some(vec![0, 1]));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let error = |value: Value, allowed: Option<Vec<String>>| {
            let found = Situation::parse(value, allowed, &schema());
            found.and_then(|one| one.context(0, &schema())).expect_err("wrong").to_string()
        };
        assert_eq!(
            error(json!({"age": 40}), None),
            "feature member must be given, but is missing from the context"
        );
        assert_eq!(
            error(json!({"age": "old", "member": 0}), None),
            "feature age must be a number, but is \"old\""
        );
        assert_eq!(error(json!({"agee": 1}), None), "no feature is named \"agee\"; known: age, member");
        assert_eq!(
            error(json!([1]), None),
            "the context must be a list of 2 numbers (age, member), but is a list of 1"
        );
        assert_eq!(
            error(json!(7), None),
            "the context must be a JSON object by feature, or a list, but is 7"
        );
        let green = Some(vec!["green".to_owned()]);
        assert_eq!(error(json!([1, 2]), green), "no arm is named \"green\"; known: red, blue");
    }
}
