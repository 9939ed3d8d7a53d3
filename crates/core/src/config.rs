//! Settings: a recipe's defaults, a run file over them, single overrides over both.

use crate::{Error, Result};
use toml::{Table, Value};

/// A table of settings to lay over others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Override {
    /// Only what differs.
    pub table: Table,
}

/// Lays `over` onto `base`: tables merge key by key, everything else is replaced.
///
/// A table that names another `kind` than the one below it replaces it whole, since the settings of
/// one kind mean nothing to another.
pub fn overlay(base: &mut Table, over: &Table) {
    for (key, value) in over {
        match (base.get_mut(key), value) {
            (Some(Value::Table(below)), Value::Table(above)) if same_kind(below, above) => {
                overlay(below, above);
            }
            _ => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Parses one `--set` argument, `dotted.key=value`, the value in TOML's notation; a bare word is
/// text.
pub fn set(argument: &str) -> Result<Override> {
    let Some((path, text)) = argument.split_once('=') else {
        return Err(Error::invalid("--set", "of the form key=value", argument));
    };
    let keys: Vec<&str> = path.trim().split('.').collect();
    if keys.iter().any(|key| key.is_empty()) {
        return Err(Error::invalid("--set", "a dotted key before the =", argument));
    }
    let mut value = parse_value(text.trim());
    for key in keys.iter().rev() {
        let mut table = Table::new();
        table.insert((*key).to_owned(), value);
        value = Value::Table(table);
    }
    match value {
        Value::Table(table) => Ok(Override { table }),
        _ => unreachable!("there is at least one key"),
    }
}

fn parse_value(text: &str) -> Value {
    let parsed = format!("v = {text}").parse::<Table>().ok();
    parsed.and_then(|mut table| table.remove("v")).unwrap_or_else(|| Value::String(text.to_owned()))
}

fn same_kind(below: &Table, above: &Table) -> bool {
    match above.get("kind") {
        Some(kind) => below.get("kind") == Some(kind),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        text.parse().expect("valid TOML")
    }

    #[test]
    fn a_partial_override_keeps_its_siblings() {
        let mut base = table("rounds = 9\n[sft]\nlr = 1e-3\nepochs = 2");
        overlay(&mut base, &set("sft.lr=1e-6").expect("parses").table);
        assert_eq!(base, table("rounds = 9\n[sft]\nlr = 1e-6\nepochs = 2"));
    }

    #[test]
    fn another_kind_replaces_the_whole_part() {
        let mut base = table("[task]\nkind = \"suite\"\ncells = [\"A2\"]");
        overlay(&mut base, &table("[task]\nkind = \"file\"\npath = \"x.jsonl\""));
        assert_eq!(base, table("[task]\nkind = \"file\"\npath = \"x.jsonl\""));
    }

    #[test]
    fn a_bare_word_is_text_and_numbers_lists_and_flags_are_not() {
        assert_eq!(set("a=b-star").expect("parses").table, table("a = \"b-star\""));
        assert_eq!(set("a.b=[1, 2]").expect("parses").table, table("a.b = [1, 2]"));
        assert_eq!(set("a=true").expect("parses").table, table("a = true"));
        assert_eq!(set("a=x=y").expect("parses").table, table("a = \"x=y\""));
    }

    #[test]
    fn an_argument_without_a_key_is_refused() {
        assert!(set("rounds").is_err());
        assert!(set("=3").is_err());
        assert!(set("a..b=3").is_err());
    }
}
