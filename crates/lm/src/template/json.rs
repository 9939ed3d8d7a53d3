//! JSON as Python's `json.dumps` prints it, for the `tojson` filter of chat templates.

use minijinja::value::{Kwargs, Value};
use minijinja::{Error, ErrorKind};
use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};
use std::io::{Result as IoResult, Write};

/// The widest indent.
const WIDEST: usize = 64;

/// The value as JSON; the options `indent`, `ensure_ascii` and `sort_keys` are those of `json.dumps`.
pub fn print(value: &Value, options: &Kwargs) -> Result<Value, Error> {
    let failed = |error: serde_json::Error| Error::new(ErrorKind::BadSerialization, error.to_string());
    let mut json = serde_json::to_value(value).map_err(failed)?;
    if options.get::<Option<bool>>("sort_keys")?.unwrap_or(false) {
        json.sort_all_objects();
    }
    let mut bytes = Vec::new();
    match options.get::<Option<usize>>("indent")? {
        None => json.serialize(&mut Serializer::with_formatter(&mut bytes, Spaced)).map_err(failed)?,
        Some(width) if width > WIDEST => {
            let message = format!("indent must be at most {WIDEST}, but is {width}");
            return Err(Error::new(ErrorKind::InvalidOperation, message));
        }
        Some(width) => {
            let indent = " ".repeat(width);
            let formatter = PrettyFormatter::with_indent(indent.as_bytes());
            json.serialize(&mut Serializer::with_formatter(&mut bytes, formatter)).map_err(failed)?;
        }
    }
    let mut text = String::from_utf8(bytes).expect("JSON is UTF-8");
    if options.get::<Option<bool>>("ensure_ascii")?.unwrap_or(false) {
        text = ascii(&text);
    }
    Ok(Value::from_safe_string(text))
}

/// One line, a space after each comma and colon.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> IoResult<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> IoResult<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> IoResult<()> {
        out.write_all(b": ")
    }
}

/// Everything beyond ASCII as `\uXXXX`.
fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_ascii() {
            true => out.push(c),
            false => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_spaced_sorted_indented_and_escaped_on_demand() {
        let value =
            Value::from_serialize(serde_json::json!({"b": [1, 2.5, null], "a": {"\u{e9}<": true}, "c": []}));
        let check = |options: &[(&str, Value)], expect: &str| {
            let options: Kwargs = options.iter().cloned().collect();
            assert_eq!(print(&value, &options).expect("prints").to_string(), expect);
        };
        check(&[], "{\"b\": [1, 2.5, null], \"a\": {\"\u{e9}<\": true}, \"c\": []}");
        check(
            &[("sort_keys", true.into()), ("ensure_ascii", true.into())],
            "{\"a\": {\"\\u00e9<\": true}, \"b\": [1, 2.5, null], \"c\": []}",
        );
        check(
            &[("indent", 2.into())],
            "{\n  \"b\": [\n    1,\n    2.5,\n    null\n  ],\n  \"a\": {\n    \"\u{e9}<\": true\n  },\n  \"c\": []\n}",
        );
    }
}
