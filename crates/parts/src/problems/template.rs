//! Prompt templates: text with `{column}` holes.

use crate::check::lookup;
use serde_json::Value;
use std::collections::BTreeMap;

/// A template, parsed. `{{` and `}}` stand for braces.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    Hole(String),
}

impl Template {
    /// Parses a template; `Err` says what is wrong with it.
    pub fn parse(template: &str) -> Result<Template, String> {
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut rest = template;
        while let Some(at) = rest.find(['{', '}']) {
            text.push_str(&rest[..at]);
            rest = &rest[at..];
            if rest.starts_with("{{") || rest.starts_with("}}") {
                text.push_str(&rest[..1]);
                rest = &rest[2..];
                continue;
            }
            let hole = rest.strip_prefix('{').and_then(|inside| inside.split_once('}'));
            let Some((name, after)) = hole.filter(|(name, _)| !name.is_empty() && !name.contains('{')) else {
                let from: String = rest.chars().take(20).collect();
                return Err(format!("a lone brace at {from:?}; write {{{{ or }}}} for a brace"));
            };
            pieces.push(Piece::Text(std::mem::take(&mut text)));
            pieces.push(Piece::Hole(name.to_owned()));
            rest = after;
        }
        text.push_str(rest);
        pieces.push(Piece::Text(text));
        Ok(Template { pieces })
    }

    /// The columns that it shows, in order.
    pub fn holes(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Hole(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// The text with its holes filled. A list of texts becomes lettered lines, `A. first`; `Err` names
    /// a column that is missing or cannot be shown.
    pub fn render(&self, columns: &BTreeMap<String, Value>) -> Result<String, String> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(part) => text.push_str(part),
                Piece::Hole(name) => match lookup(columns, name) {
                    Some(value) => text.push_str(&shown(value).ok_or_else(|| {
                        format!(
                            "column {name} must be text, a number or a list of texts to fill the template"
                        )
                    })?),
                    None => {
                        let known: Vec<&str> = columns.keys().map(String::as_str).collect();
                        return Err(format!(
                            "it has no column {name} for the template; it has {}",
                            known.join(", ")
                        ));
                    }
                },
            }
        }
        Ok(text)
    }
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Array(items) if !items.is_empty() && items.len() <= 26 => {
            let line = |(place, item): (usize, &Value)| {
                let text =
                    item.as_str().map(str::to_owned).or_else(|| item.is_number().then(|| item.to_string()));
                text.map(|text| format!("{}. {text}", char::from(b'A' + place as u8)))
            };
            Some(items.iter().enumerate().map(line).collect::<Option<Vec<_>>>()?.join("\n"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn columns() -> BTreeMap<String, Value> {
        BTreeMap::from([
            ("question".to_owned(), json!("1 + 1?")),
            ("choices".to_owned(), json!(["one", 2])),
            ("meta".to_owned(), json!({"n": 3})),
        ])
    }

    #[test]
    fn holes_are_filled_and_doubled_braces_are_braces() {
        let template = Template::parse("Q: {question}\n{choices}\n\\boxed{{}} {meta.n}").expect("valid");
        assert_eq!(template.holes().collect::<Vec<_>>(), ["question", "choices", "meta.n"]);
        assert_eq!(template.render(&columns()).expect("fits"), "Q: 1 + 1?\nA. one\nB. 2\n\\boxed{} 3");
    }

    #[test]
    fn a_template_that_does_not_fit_is_refused() {
        for template in ["{", "}", "a {b", "{}", "{a{b}"] {
            assert!(Template::parse(template).is_err(), "{template}");
        }
        let error = Template::parse("{quest}").expect("valid").render(&columns()).expect_err("unknown");
        assert!(error.contains("quest") && error.contains("question"), "{error}");
        assert!(Template::parse("{meta}").expect("valid").render(&columns()).is_err());
    }

    proptest! {
        #[test]
        fn any_template_parses_or_is_refused(text in "[{}a\u{e9} ]{0,12}", plain in "[^{}]*") {
            if let Ok(template) = Template::parse(&text) {
                let _ = template.render(&columns());
            }
            prop_assert_eq!(Template::parse(&plain).expect("no braces").render(&columns()).expect("no holes"), plain);
        }
    }
}
