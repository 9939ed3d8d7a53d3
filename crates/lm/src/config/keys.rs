//! Reading the values of a JSON configuration by name and type.

use crate::{Error, Result};
use serde_json::{Map, Value};
use std::path::Path;

/// A JSON object whose values are read by name and type.
pub struct Keys(pub Map<String, Value>);

impl Keys {
    /// The object in a file's text; `file` is only named in errors.
    pub fn parse(file: &str, text: &str) -> Result<Keys> {
        match serde_json::from_str(text) {
            Ok(Value::Object(map)) => Ok(Keys(map)),
            Ok(_) => Err(Error::data(Path::new(file), "a JSON object", "it is another kind of value")),
            Err(error) => Err(Error::data(Path::new(file), "a JSON object", error)),
        }
    }

    fn present(&self, key: &str) -> Option<&Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    /// A whole number that must be there.
    pub fn count(&self, key: &str) -> Result<usize> {
        let value =
            self.present(key).ok_or_else(|| Error::invalid(key, "given in config.json", "missing"))?;
        value
            .as_u64()
            .and_then(|n| usize::try_from(n).ok())
            .ok_or_else(|| Error::invalid(key, "a whole number", value))
    }

    /// A whole number; missing or null is the default.
    pub fn count_or(&self, key: &str, default: usize) -> Result<usize> {
        if self.present(key).is_some() { self.count(key) } else { Ok(default) }
    }

    /// A number that must be there.
    pub fn number(&self, key: &str) -> Result<f64> {
        let value =
            self.present(key).ok_or_else(|| Error::invalid(key, "given in config.json", "missing"))?;
        value.as_f64().ok_or_else(|| Error::invalid(key, "a number", value))
    }

    /// A number; missing or null is the default.
    pub fn number_or(&self, key: &str, default: f64) -> Result<f64> {
        if self.present(key).is_some() { self.number(key) } else { Ok(default) }
    }

    /// True or false; missing or null is the default.
    pub fn flag_or(&self, key: &str, default: bool) -> Result<bool> {
        match self.present(key) {
            None => Ok(default),
            Some(value) => value.as_bool().ok_or_else(|| Error::invalid(key, "true or false", value)),
        }
    }

    /// One id or a list of ids; missing or null is no id.
    pub fn ids(&self, key: &str) -> Result<Vec<u32>> {
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
