//! Chat templates: messages to the text that the model was trained on, as transformers renders them.
//!
//! Templates are Jinja programs that come with a model. They run in minijinja with the whitespace rules,
//! the `tojson` filter, `raise_exception` and the Python string methods that transformers gives them, and
//! nothing else: no files, no environment, no clock (see [`Template::dated`]). The parts that the model
//! itself would have written come from `{% generation %}` blocks where the template has them, and from
//! rendering the conversation turn by turn where it has not.

mod date;
mod json;
mod marks;

pub use date::Date;

use crate::{Error, Result, Tokenizer};
use autodidact_core::chat::Message;
use marks::Marks;
use minijinja::value::{Kwargs, Rest, Value};
use minijinja::{AutoEscape, Environment, ErrorKind, context};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// A model's chat template; clones share it.
#[derive(Clone)]
pub struct Template(Arc<Inner>);

struct Inner {
    source: String,
    env: Environment<'static>,
    named: BTreeMap<String, String>,
    marked: bool,
}

/// What follows the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Nothing: the conversation is whole.
    Nothing,
    /// What begins the model's next turn.
    Answer,
}

/// The name of the file that holds a template by itself.
pub const TEMPLATE_FILE: &str = "chat_template.jinja";
const NAME: &str = "chat_template";

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Template").field("source", &self.0.source).finish_non_exhaustive()
    }
}

impl Template {
    /// The template of a directory: `chat_template.jinja`, else the `chat_template` of
    /// `tokenizer_config.json`; `None` when there is neither.
    pub fn open(dir: &Path, tokenizer: &Tokenizer) -> Result<Option<Template>> {
        let path = dir.join(TEMPLATE_FILE);
        match std::fs::read_to_string(&path) {
            Ok(source) => Template::new(&source, tokenizer.named()).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Template::of_tokenizer(tokenizer),
            Err(source) => Err(Error::io(&path, "reading", source)),
        }
    }

    /// The template inside a tokenizer's `tokenizer_config.json`, if there is one; of several named ones
    /// that is `default`.
    pub fn of_tokenizer(tokenizer: &Tokenizer) -> Result<Option<Template>> {
        let config = tokenizer.config();
        let source = match &config["chat_template"] {
            serde_json::Value::Array(named) => {
                named.iter().find(|one| one["name"] == "default").and_then(|one| one["template"].as_str())
            }
            other => other.as_str(),
        };
        source.map(|source| Template::new(source, tokenizer.named())).transpose()
    }

    /// A template of this source; `named` holds the special tokens that it may use (`bos_token`, ...).
    pub fn new(source: &str, named: &BTreeMap<String, String>) -> Result<Template> {
        Template::dated(source, named, Date::LLAMA)
    }

    /// A template for which today is always `today`. Templates that print the date would otherwise make
    /// a run depend on the day it is resumed; the default is the date that Llama's templates fall
    /// back on.
    pub fn dated(source: &str, named: &BTreeMap<String, String>, today: Date) -> Result<Template> {
        let (rewritten, marked) = marks::rewrite(source);
        let mut env = environment(today);
        env.add_template_owned(NAME, rewritten).map_err(|error| failed("a template that parses", &error))?;
        Ok(Template(Arc::new(Inner { source: source.to_owned(), env, named: named.clone(), marked })))
    }

    /// The source, as it was given.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// The text of a conversation.
    pub fn render(&self, messages: &[Message], then: Then) -> Result<String> {
        Ok(self.render_marked(messages, then)?.0)
    }

    /// The text of a whole conversation and the byte ranges in it that the model would have written.
    ///
    /// Fails when there is no such range, and when the template has no `{% generation %}` blocks and
    /// does not render a conversation's beginning as the beginning of its text.
    pub fn answers(&self, messages: &[Message]) -> Result<(String, Vec<Range<usize>>)> {
        let (text, spans) = self.render_marked(messages, Then::Nothing)?;
        let spans = match self.0.marked {
            true => spans,
            false => self.answers_by_prefix(messages, &text)?,
        };
        if spans.iter().all(Range::is_empty) {
            let roles: Vec<&str> = messages.iter().map(|message| message.role.as_str()).collect();
            let rule = "a conversation in which the chat template marks text of the assistant";
            return Err(Error::invalid(
                "messages",
                rule,
                format!("one of roles {roles:?} without such text"),
            ));
        }
        Ok((text, spans))
    }

    fn answers_by_prefix(&self, messages: &[Message], text: &str) -> Result<Vec<Range<usize>>> {
        let mut spans = Vec::new();
        for (index, message) in messages.iter().enumerate() {
            if message.role != "assistant" {
                continue;
            }
            let before = self.render(&messages[..index], Then::Answer)?;
            let after = self.render(&messages[..=index], Then::Nothing)?;
            if !text.starts_with(&after) || !after.starts_with(&before) {
                let rule = "one that renders the beginning of a conversation as the beginning of its text, or \
                            that has {% generation %} blocks";
                let found = format!("one that changes what it wrote before message {index}");
                return Err(Error::invalid("chat template", rule, found));
            }
            spans.push(before.len()..after.len());
        }
        Ok(spans)
    }

    fn render_marked(&self, messages: &[Message], then: Then) -> Result<(String, Vec<Range<usize>>)> {
        let marks = Marks::unused_in(messages);
        let template = self.0.env.get_template(NAME).expect("was added when the template was made");
        let named = Value::from_serialize(&self.0.named);
        let values = context! {
            messages => Value::from_serialize(messages),
            add_generation_prompt => then == Then::Answer,
            tools => (),
            documents => (),
            ..context! { __marks => marks.as_str(), ..named }
        };
        let text =
            template.render(values).map_err(|error| failed("one that renders these messages", &error))?;
        Ok(marks.take_out(&text))
    }
}

fn failed(rule: &str, error: &minijinja::Error) -> Error {
    let line = error.line().map_or(String::new(), |line| format!(" (line {line})"));
    let why = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    Error::invalid("chat template", rule, format!("one that fails: {why}{line}"))
}

/// Instructions that a template may take: it bounds loops within loops, not conversations.
const FUEL: u64 = 20_000_000;

/// What transformers gives to templates.
fn environment(today: Date) -> Environment<'static> {
    let mut env = Environment::new();
    env.set_fuel(Some(FUEL));
    env.set_trim_blocks(true);
    env.set_lstrip_blocks(true);
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    env.set_formatter(|out, state, value| match () {
        () if value.is_none() => out.write_str("None").map_err(minijinja::Error::from),
        () if value.kind() == minijinja::value::ValueKind::Bool => {
            let text = if value.is_true() { "True" } else { "False" };
            out.write_str(text).map_err(minijinja::Error::from)
        }
        () => minijinja::escape_formatter(out, state, value),
    });
    env.add_filter("tojson", |value: &Value, _: Rest<Value>, options: Kwargs| json::print(value, &options));
    env.add_function("raise_exception", |message: String| -> Result<Value, minijinja::Error> {
        Err(minijinja::Error::new(ErrorKind::InvalidOperation, message))
    });
    env.add_function("strftime_now", move |format: String| today.format(&format));
    env.add_function(marks::FUNCTION, marks::wrap);
    env
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(role: &str, content: &str) -> Message {
        Message { role: role.to_owned(), content: content.to_owned() }
    }

    fn template(source: &str) -> Template {
        let named = BTreeMap::from([("bos_token".to_owned(), "<s>".to_owned())]);
        Template::new(source, &named).expect("parses")
    }

    fn turns() -> Vec<Message> {
        vec![
            message("user", "2 + 2?"),
            message("assistant", "4"),
            message("user", "and 3?"),
            message("assistant", "7"),
        ]
    }

    const PLAIN: &str = "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m['content'] | trim }};{% endfor %}\
                         {% if add_generation_prompt %}[assistant]{% endif %}";

    #[test]
    fn messages_become_text_with_and_without_the_next_turn() {
        let template = template(PLAIN);
        let messages = [message("user", " hi ")];
        assert_eq!(template.render(&messages, Then::Nothing).expect("renders"), "<s>[user]hi;");
        assert_eq!(template.render(&messages, Then::Answer).expect("renders"), "<s>[user]hi;[assistant]");
    }

    #[test]
    fn blocks_are_trimmed_as_transformers_trims_them() {
        let source = "{% for m in messages %}\n    {% if m.role == 'user' %}\n    U {{ m.content }}\n    {% endif %}\n{% endfor %}\n";
        assert_eq!(
            template(source).render(&turns(), Then::Nothing).expect("renders"),
            "    U 2 + 2?\n    U and 3?\n"
        );
    }

    #[test]
    fn generation_blocks_and_prefixes_mark_what_the_model_would_write() {
        let marked = "{% for m in messages %}{% if m.role == 'assistant' %}A:{%- generation %}\n{{ m.content }}!{% if not loop.last %}\
                      ,{% endif %}{%- endgeneration -%} .{% else %}U:{{ m.content }} {% endif %}{% endfor %}";
        let (text, spans) = template(marked).answers(&turns()).expect("has answers");
        let parts: Vec<&str> = spans.iter().map(|span| &text[span.clone()]).collect();
        assert_eq!(text, "U:2 + 2? A:4!,.U:and 3? A:7!.");
        assert_eq!(parts, ["4!,", "7!"]);

        let (text, spans) = template(PLAIN).answers(&turns()).expect("has answers");
        let parts: Vec<&str> = spans.iter().map(|span| &text[span.clone()]).collect();
        assert_eq!(parts, ["4;", "7;"]);
    }

    #[test]
    fn an_empty_mask_and_a_template_that_rewrites_its_past_are_errors() {
        let alone = [message("user", "hi")];
        assert!(
            template(PLAIN).answers(&alone).unwrap_err().to_string().contains("marks text of the assistant")
        );
        let forgetful = "{% for m in messages %}{% if loop.last or m.role == 'user' %}{{ m.content }};{% endif %}{% endfor %}";
        let error = template(forgetful).answers(&turns()).unwrap_err().to_string();
        assert!(error.contains("changes what it wrote before message 1"), "{error}");
    }

    #[test]
    fn a_template_can_refuse_and_says_why() {
        let source = "{% for m in messages %}\n{% if m.role == 'system' %}{{ raise_exception('no system role') }}{% endif %}{% endfor %}";
        let error = template(source).render(&[message("system", "x")], Then::Answer).unwrap_err().to_string();
        assert!(error.contains("no system role") && error.contains("line 2"), "{error}");
        assert!(Template::new("{% for %}", &BTreeMap::new()).unwrap_err().to_string().contains("parses"));
    }

    #[test]
    fn values_print_and_strings_behave_as_in_python() {
        let source = "{{ none }} {{ true }} {{ nothing }}|{{ 'a,b'.split(',')[-1].upper() }}|{{ ' x'.lstrip() }}|\
                      {{ messages[0] | tojson }}|{{ strftime_now('%d %b %Y') }}|\
                      {%- for i in range(9) %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}";
        let text = template(source).render(&[message("user", "<\u{e9}>\n")], Then::Nothing).expect("renders");
        let expect = "None True |B|x|{\"role\": \"user\", \"content\": \"<\u{e9}>\\n\"}|26 Jul 2024|01";
        assert_eq!(text, expect);
    }

    proptest::proptest! {
        #[test]
        fn no_source_and_no_message_makes_it_panic(
            pieces in proptest::collection::vec("[{}%#\\-+ ]{0,3}(generation|endgeneration|raw|endraw|for m in messages|endfor|m|if|\u{f0000})?", 0..8),
            content in proptest::prelude::any::<String>(),
        ) {
            if let Ok(template) = Template::new(&pieces.concat(), &BTreeMap::new()) {
                let _ = template.answers(&[message("assistant", &content)]);
            }
        }
    }

    #[test]
    fn marks_never_collide_with_what_people_write() {
        let source = "{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %};{% endfor %}";
        let strange: String = ('\u{f0000}'..'\u{f0040}').collect();
        let (text, spans) = template(source).answers(&[message("assistant", &strange)]).expect("has answers");
        assert_eq!(text, format!("{strange};"));
        assert_eq!(spans.first(), Some(&(0..strange.len())));
    }
}
