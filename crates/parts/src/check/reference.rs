//! Reference answers: where they stand among a problem's columns and what they may look like.

use serde_json::Value;
use std::collections::BTreeMap;

/// The column of that name, or the member that a dotted path leads to (`reward_model.ground_truth`).
pub fn lookup<'a>(columns: &'a BTreeMap<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = columns.get(path) {
        return Some(value);
    }
    let (first, rest) = path.split_once('.')?;
    rest.split('.').try_fold(columns.get(first)?, |value, key| match value {
        Value::Object(members) => members.get(key),
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        _ => None,
    })
}

/// The answers that count as right: one, or each item of a list, as text. Objects and nulls are none.
pub fn alternatives(reference: &Value) -> Vec<String> {
    match reference {
        Value::String(text) => vec![text.clone()],
        Value::Number(number) => vec![number.to_string()],
        Value::Bool(flag) => vec![flag.to_string()],
        Value::Array(items) => items.iter().filter(|item| !item.is_array()).flat_map(alternatives).collect(),
        Value::Object(_) | Value::Null => Vec::new(),
    }
}

/// The value in a message: its JSON, cut after 60 characters.
pub fn excerpt(value: &str) -> String {
    match value.char_indices().nth(60) {
        Some((end, _)) => format!("{:?}...", &value[..end]),
        None => format!("{value:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_dotted_path_leads_into_columns_and_a_column_of_that_name_goes_first() {
        let columns = BTreeMap::from([
            ("reward_model".to_owned(), json!({"style": "rule", "ground_truth": "72"})),
            ("a.b".to_owned(), json!(1)),
            ("list".to_owned(), json!([{"x": 5}])),
        ]);
        assert_eq!(lookup(&columns, "reward_model.ground_truth"), Some(&json!("72")));
        assert_eq!(lookup(&columns, "a.b"), Some(&json!(1)));
        assert_eq!(lookup(&columns, "list.0.x"), Some(&json!(5)));
        assert_eq!(lookup(&columns, "reward_model.x.y"), None);
        assert_eq!(lookup(&columns, "nothing"), None);
    }

    #[test]
    fn a_list_holds_alternatives() {
        assert_eq!(alternatives(&json!(["a", 1, true, null, {"b": 2}])), ["a", "1", "true"]);
        assert_eq!(alternatives(&json!(2.5)), ["2.5"]);
        assert!(alternatives(&json!({})).is_empty());
    }
}
