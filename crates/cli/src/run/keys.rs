//! Keys of endpoints: the one place where a run's settings meet the environment.
//!
//! Settings name the variable that holds a key (`key_env`). The key itself is read when the run begins, is
//! handed to the recipe beside the settings, and is in no file, ledger or message.

use crate::error::{CommandError, Kind, Result};
use toml::{Table, Value};

/// The settings with the keys that they name, for nobody but the recipe.
pub fn with_keys(settings: &Table) -> Result<Table> {
    let mut settings = settings.clone();
    for (name, value) in settings.iter_mut() {
        fill(name, value, &|variable| std::env::var(variable).ok())?;
    }
    Ok(settings)
}

fn fill(path: &str, value: &mut Value, look_up: &dyn Fn(&str) -> Option<String>) -> Result<()> {
    match value {
        Value::Table(table) => {
            if let (Some(Value::String(variable)), true) =
                (table.get("key_env"), table.contains_key("base_url"))
            {
                let key = look_up(variable).map(|key| key.trim().to_owned()).filter(|key| !key.is_empty());
                let key = key.ok_or_else(|| {
                    let message = format!("{path}.key_env names the variable {variable}, which is not set");
                    CommandError::new(Kind::Usage, message)
                        .hint(format!("`export {variable}=...` with the endpoint's key"))
                })?;
                table.insert("key".to_owned(), Value::String(key));
            }
            table.iter_mut().try_for_each(|(name, value)| fill(&format!("{path}.{name}"), value, look_up))
        }
        Value::Array(items) => {
            let each = |(i, value): (usize, &mut Value)| fill(&format!("{path}[{i}]"), value, look_up);
            items.iter_mut().enumerate().try_for_each(each)
        }
        _ => Ok(()),
    }
}

/// Refuses a key among settings that a user gives: what is written there ends up in files.
pub fn refuse(given: &Table) -> Result<()> {
    given.iter().try_for_each(|(name, value)| refuse_in(name, value))
}

fn refuse_in(path: &str, value: &Value) -> Result<()> {
    match value {
        Value::Table(table) => table.iter().try_for_each(|(name, value)| {
            if name == "key" && value.is_str() {
                let message = format!("{path}.key cannot be set: settings are written to files");
                return Err(CommandError::new(Kind::Usage, message).hint(format!(
                    "put the key into an environment variable and name that in {path}.key_env"
                )));
            }
            refuse_in(&format!("{path}.{name}"), value)
        }),
        Value::Array(items) => items.iter().try_for_each(|value| refuse_in(path, value)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<Table> {
        let mut table: Table = text.parse().expect("TOML");
        let look_up = |name: &str| (name == "MY_KEY").then(|| " sk-1\n".to_owned());
        for (name, value) in table.iter_mut() {
            fill(name, value, &look_up)?;
        }
        Ok(table)
    }

    #[test]
    fn a_key_is_looked_up_wherever_an_endpoint_names_one() {
        let nested = "[[judges]]\nbase_url = \"x\"\nkey_env = \"MY_KEY\"\n[policy]\nbase_url = \"y\"";
        let found = filled(nested).expect("it is set");
        assert_eq!(found["judges"][0]["key"].as_str(), Some("sk-1"));
        assert!(found["policy"].get("key").is_none());
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let error = filled("[policy]\nbase_url = \"x\"\nkey_env = \"OTHER\"").expect_err("not set");
        assert_eq!(error.to_string(), "policy.key_env names the variable OTHER, which is not set");
        assert_eq!(error.kind, Kind::Usage);
    }

    #[test]
    fn a_key_among_the_settings_is_refused_and_not_repeated() {
        let table: Table = "[policy]\nkey = \"sk-2\"".parse().expect("TOML");
        let error = refuse(&table).expect_err("a key");
        assert!(!error.to_string().contains("sk-2") && error.hints[0].contains("policy.key_env"), "{error}");
        assert!(refuse(&"[policy]\nkey_env = \"A\"".parse().expect("TOML")).is_ok());
    }
}
