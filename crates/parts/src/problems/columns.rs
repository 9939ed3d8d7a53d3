//! From a row's columns to a problem: the prompt's form, the reference, the user's other columns.

use super::template::Template;
use crate::check::lookup;
use autodidact_core::chat::{Body, Message, Prompt};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// How a prompt that is bare text is put to the model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// As it is: text to continue.
    #[default]
    AsFound,
    /// As a user's message, through the model's chat template.
    User,
}

/// Which columns mean what; settled once a file.
#[derive(Clone, Debug)]
pub struct Columns {
    /// The prompt: text or messages.
    pub prompt: String,
    /// The reference answer; a dotted path leads into nested columns.
    pub answer: String,
    /// The row's identity, if a column holds one.
    pub id: Option<String>,
    /// Makes the prompt in place of the prompt column.
    pub template: Option<Template>,
    /// A system message to put first, unless the row has one.
    pub system: Option<String>,
    /// How bare text is put.
    pub form: Form,
}

/// Names under which public data sets keep their prompts, in the order in which they are looked for.
pub const PROMPTS: [&str; 4] = ["prompt", "question", "problem", "messages"];
/// The same for reference answers.
pub const ANSWERS: [&str; 5] =
    ["answer", "ground_truth", "reward_model.ground_truth", "completion", "solution"];

/// The first of `known` that the row has.
pub fn detect(row: &Map<String, Value>, known: &[&str]) -> Option<String> {
    let columns: BTreeMap<String, Value> =
        row.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    known.iter().find(|name| lookup(&columns, name).is_some()).map(|name| (*name).to_owned())
}

impl Columns {
    /// The problem in a row; `id` is used where no column has one. `Err` says what is wrong.
    pub fn problem(&self, row: Map<String, Value>, id: String) -> Result<Prompt, String> {
        let mut columns: BTreeMap<String, Value> = row.into_iter().collect();
        let id = match &self.id {
            Some(name) => match lookup(&columns, name) {
                Some(Value::String(text)) if !text.is_empty() => text.clone(),
                Some(Value::Number(number)) => number.to_string(),
                other => return Err(format!("column {name} must be an id, but is {}", found(other))),
            },
            None => id,
        };
        let body = match &self.template {
            Some(template) => Body::Text(template.render(&columns)?),
            None => {
                let value = lookup(&columns, &self.prompt);
                let body = value.and_then(|value| body(value).transpose()).transpose();
                body.map_err(|what| format!("column {}: {what}", self.prompt))?.ok_or_else(|| {
                    format!("column {} must be text or messages, but is {}", self.prompt, found(value))
                })?
            }
        };
        if self.template.is_none() {
            columns.remove(&self.prompt);
        }
        // A completion in messages is an answer in its last one.
        if let Some(Some(Body::Messages(mut said))) = columns.get(&self.answer).map(body_of_messages) {
            let last = said.pop().map(|message| message.content).unwrap_or_default();
            columns.insert(self.answer.clone(), Value::String(last));
        }
        Ok(Prompt { id, body: self.dressed(body)?, fields: columns, ..Prompt::default() })
    }

    fn dressed(&self, body: Body) -> Result<Body, String> {
        let mut messages = match body {
            Body::Text(text) if text.trim().is_empty() => return Err("the prompt is empty".to_owned()),
            Body::Text(text) if self.form == Form::AsFound && self.system.is_none() => {
                return Ok(Body::Text(text));
            }
            Body::Text(text) => vec![Message { role: "user".to_owned(), content: text }],
            Body::Messages(messages) => messages,
        };
        if let Some(system) = &self.system
            && messages.first().is_none_or(|first| first.role != "system")
        {
            messages.insert(0, Message { role: "system".to_owned(), content: system.clone() });
        }
        match messages.last() {
            Some(last) if last.role == "assistant" => Err(
                "the prompt must end before the assistant's turn, but its last message is the assistant's"
                    .to_owned(),
            ),
            _ => Ok(Body::Messages(messages)),
        }
    }
}

fn body_of_messages(value: &Value) -> Option<Body> {
    body(value).ok().flatten().filter(|body| matches!(body, Body::Messages(_)))
}

/// Text or messages, told apart by content; `None` for anything else.
fn body(value: &Value) -> Result<Option<Body>, String> {
    match value {
        Value::String(text) => Ok(Some(Body::Text(text.clone()))),
        Value::Array(items) if !items.is_empty() && items.iter().all(|item| item.get("role").is_some()) => {
            let messages: Result<Vec<Message>, String> = items
                .iter()
                .enumerate()
                .map(|(idx, item)| message(item).map_err(|what| format!("message {}: {what}", idx + 1)))
                .collect();
            Ok(Some(Body::Messages(messages?)))
        }
        _ => Ok(None),
    }
}

const ROLES: [&str; 5] = ["system", "developer", "user", "assistant", "tool"];

fn message(item: &Value) -> Result<Message, String> {
    let role = item.get("role").and_then(Value::as_str).unwrap_or_default();
    if !ROLES.contains(&role) {
        return Err(format!("role must be one of {}, but is {}", ROLES.join(", "), found(item.get("role"))));
    }
    if ["tool_calls", "function_call"].iter().any(|name| item.get(name).is_some()) {
        return Err("messages with tool calls are not read".to_owned());
    }
    let content = match item.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts
            .iter()
            .map(|part| part.get("text").and_then(Value::as_str))
            .collect::<Option<String>>()
            .ok_or_else(|| "content must be text, but has other parts".to_owned())?,
        other => return Err(format!("content must be text, but is {}", found(other))),
    };
    Ok(Message { role: role.to_owned(), content })
}

fn found(value: Option<&Value>) -> String {
    value.map_or_else(|| "missing".to_owned(), |value| crate::check::excerpt(&value.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn columns() -> Columns {
        Columns {
            prompt: "prompt".into(),
            answer: "answer".into(),
            id: None,
            template: None,
            system: None,
            form: Form::AsFound,
        }
    }

    fn problem(columns: &Columns, row: Value) -> Result<Prompt, String> {
        let Value::Object(row) = row else { panic!("a row is an object") };
        columns.problem(row, "x/1".into())
    }

    #[track_caller]
    fn refused(columns: &Columns, row: Value, part: &str) {
        let what = problem(columns, row).expect_err("refused");
        assert!(what.contains(part), "{what}");
    }

    #[test]
    fn text_and_messages_are_told_apart_by_content() {
        let text = problem(&columns(), json!({"prompt": "1 + 1?", "answer": 2, "level": 1})).expect("good");
        assert_eq!((text.id.as_str(), &text.body), ("x/1", &Body::Text("1 + 1?".into())));
        assert_eq!(text.fields.keys().collect::<Vec<_>>(), ["answer", "level"]);
        let messages = json!([{"role": "user", "content": [{"type": "text", "text": "1 + 1?"}]}]);
        let chat = problem(&columns(), json!({"prompt": messages, "answer": "2"})).expect("good");
        let said = vec![Message { role: "user".into(), content: "1 + 1?".into() }];
        assert_eq!(chat.body, Body::Messages(said));
    }

    #[test]
    fn bare_text_may_become_a_users_message_below_a_system_message() {
        let dressed = Columns { system: Some("Be brief.".into()), ..columns() };
        let Body::Messages(messages) = problem(&dressed, json!({"prompt": "Hi"})).expect("good").body else {
            panic!("messages")
        };
        let roles: Vec<&str> = messages.iter().map(|message| message.role.as_str()).collect();
        assert_eq!(roles, ["system", "user"]);
        let own = json!([{"role": "system", "content": "Shout."}, {"role": "user", "content": "Hi"}]);
        let Body::Messages(messages) = problem(&dressed, json!({"prompt": own})).expect("good").body else {
            panic!("messages")
        };
        assert_eq!((messages.len(), messages[0].content.as_str()), (2, "Shout."));
    }

    #[test]
    fn a_completion_in_messages_is_the_answer() {
        let columns = Columns { answer: "completion".into(), ..columns() };
        let row = json!({"prompt": "2?", "completion": [{"role": "assistant", "content": "#### 2"}]});
        assert_eq!(problem(&columns, row).expect("good").field("completion"), Some("#### 2"));
    }

    #[test]
    fn what_is_wrong_with_a_row_is_said() {
        refused(&columns(), json!({"answer": 2}), "column prompt must be text or messages, but is missing");
        refused(&columns(), json!({"prompt": 7}), "but is \"7\"");
        refused(&columns(), json!({"prompt": "  "}), "empty");
        refused(
            &columns(),
            json!({"prompt": [{"role": "human", "content": "x"}]}),
            "message 1: role must be one of",
        );
        refused(&columns(), json!({"prompt": [{"role": "user"}]}), "content must be text, but is missing");
        refused(
            &columns(),
            json!({"prompt": [{"role": "user", "content": [{"type": "image"}]}]}),
            "other parts",
        );
        let ended = json!([{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]);
        refused(&columns(), json!({"prompt": ended}), "assistant's turn");
        refused(
            &Columns { id: Some("key".into()), ..columns() },
            json!({"prompt": "x", "key": []}),
            "must be an id",
        );
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-z ]{0,8}".prop_map(Value::from),
            prop_oneof![Just("user"), Just("assistant")].prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("role|content|text|prompt|answer|[a-z]", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_row_is_a_problem_or_is_refused(prompt in value(), answer in value()) {
            let _ = problem(&columns(), json!({"prompt": prompt, "answer": answer}));
        }
    }
}
