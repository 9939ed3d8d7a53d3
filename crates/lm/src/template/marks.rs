//! `{% generation %}` blocks: rewritten to call blocks that put marks around what they render, so that
//! the marks' places say which text the model would have written.

use autodidact_core::chat::Message;
use minijinja::value::{Kwargs, Value};
use minijinja::{Error, ErrorKind, State};
use std::ops::Range;

/// The name of the function that generation blocks call.
pub const FUNCTION: &str = "__generation";

/// Two characters that no message holds.
pub struct Marks(String);

impl Marks {
    /// The first two private-use characters that occur in no message.
    pub fn unused_in(messages: &[Message]) -> Marks {
        let taken = |c: char| messages.iter().any(|message| message.content.contains(c));
        Marks(('\u{f0000}'..'\u{ffffd}').filter(|&c| !taken(c)).take(2).collect())
    }

    /// The opening mark, then the closing one.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text without marks, and the byte ranges that were between them.
    pub fn take_out(&self, marked: &str) -> (String, Vec<Range<usize>>) {
        let mut marks = self.0.chars();
        let (open, close) = (marks.next(), marks.next());
        let (mut text, mut spans, mut start) = (String::with_capacity(marked.len()), Vec::new(), 0);
        for c in marked.chars() {
            match Some(c) {
                c if c == open => start = text.len(),
                c if c == close => spans.push(start..text.len()),
                _ => text.push(c),
            }
        }
        (text, spans)
    }
}

/// What a generation block calls: its own body between the marks.
pub fn wrap(state: &State<'_, '_>, options: Kwargs) -> Result<Value, Error> {
    let body = options.get::<Value>("caller")?.call(state, &[])?;
    let marks = state.lookup("__marks");
    let mut marks = marks.as_ref().and_then(Value::as_str).unwrap_or_default().chars();
    match (marks.next(), marks.next()) {
        (Some(open), Some(close)) => Ok(Value::from_safe_string(format!("{open}{body}{close}"))),
        _ => Err(Error::new(ErrorKind::InvalidOperation, "a generation block outside of a chat template")),
    }
}

/// The source with generation blocks as call blocks, and whether there was one. Comments and raw
/// blocks stay as they are.
pub fn rewrite(source: &str) -> (String, bool) {
    let (mut out, mut rest, mut marked, mut raw) =
        (String::with_capacity(source.len()), source, false, false);
    while let Some(start) = rest.find("{%").into_iter().chain(rest.find("{#").filter(|_| !raw)).min() {
        let (before, tag) = rest.split_at(start);
        let end = if tag.starts_with("{#") { "#}" } else { "%}" };
        let Some(length) = tag[2..].find(end).map(|at| at + 4) else { break };
        let (tag, after) = tag.split_at(length);
        out.push_str(before);
        rest = after;
        let inner = &tag[2..length - 2];
        let word = inner.trim_matches(['-', '+']).trim();
        let replaced = match word {
            _ if tag.starts_with("{#") => None,
            "endraw" => {
                raw = false;
                None
            }
            "raw" => {
                raw = true;
                None
            }
            "generation" if !raw => Some(format!("call {FUNCTION}()")),
            "endgeneration" if !raw => Some("endcall".to_owned()),
            _ => None,
        };
        match replaced {
            None => out.push_str(tag),
            Some(word) => {
                marked = true;
                let sign =
                    |c: Option<char>| c.filter(|c| "-+".contains(*c)).map_or(String::new(), String::from);
                let (left, right) = (sign(inner.chars().next()), sign(inner.chars().next_back()));
                out.push_str(&format!("{{%{left} {word} {right}%}}"));
            }
        }
    }
    out.push_str(rest);
    (out, marked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_stays_as_it_is() {
        for source in ["{#}", "{%}", "{% generation", "{#", "{%%}{##}{%-%}"] {
            assert_eq!(rewrite(source), (source.to_owned(), false));
        }
    }

    #[test]
    fn only_generation_tags_are_rewritten_and_keep_their_trimming() {
        let source = "{# {% generation %} #}{%- generation -%}x{% endgeneration %}{% raw %}{% generation %}{# {% endraw %}{%if a%}";
        let expect = "{# {% generation %} #}{%- call __generation() -%}x{% endcall %}{% raw %}{% generation %}{# {% endraw %}{%if a%}";
        assert_eq!(rewrite(source), (expect.to_owned(), true));
        assert_eq!(
            rewrite("a {% if generation %} {% generation"),
            ("a {% if generation %} {% generation".to_owned(), false)
        );
    }
}
