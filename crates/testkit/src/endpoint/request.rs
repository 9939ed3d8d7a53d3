//! Requests as a script reads them, and what it replies.

use super::http::Incoming;
use autodidact_core::chat::Message;
use serde_json::{Value, json};

/// A request for answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    chat: bool,
    headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Value,
}

/// What a script replies.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// One answer an asked-for choice; fewer are repeated.
    Answers(Vec<Answer>),
    /// Anything else.
    Raw {
        /// The status code.
        status: u16,
        /// Headers beyond the length and the type.
        headers: Vec<(String, String)>,
        /// The body, sent as it is.
        body: Vec<u8>,
    },
    /// A fault.
    Fault(super::Fault),
}

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Its text. For the counts in `usage`, a token is a word.
    pub text: String,
    /// Why it ended: `stop`, `length`, ...
    pub finish: String,
    /// Log-probabilities of its tokens, sent when they are asked for.
    pub logprobs: Vec<f64>,
}

impl Answer {
    /// An answer that ended by itself.
    pub fn of(text: impl Into<String>) -> Answer {
        Answer { text: text.into(), finish: "stop".to_owned(), logprobs: Vec::new() }
    }
}

impl Reply {
    /// One answer.
    pub fn text(text: impl Into<String>) -> Reply {
        Reply::Answers(vec![Answer::of(text)])
    }

    /// An error in the form that OpenAI's servers use.
    pub fn error(status: u16, message: &str) -> Reply {
        let body = json!({ "error": { "message": message } }).to_string().into_bytes();
        Reply::Raw { status, headers: Vec::new(), body }
    }
}

impl Request {
    /// Parses what came; `Err` holds the status to refuse it with, and why.
    pub(super) fn parse(incoming: &Incoming) -> Result<Request, (u16, String)> {
        let chat = match incoming.path.as_str() {
            "/v1/chat/completions" => true,
            "/v1/completions" => false,
            other => return Err((404, format!("nothing is at {other:?}"))),
        };
        let body: Value =
            serde_json::from_slice(&incoming.body).map_err(|error| (400, format!("not JSON: {error}")))?;
        let prompt = if chat { "messages" } else { "prompt" };
        if body["model"].as_str().is_none() || body[prompt].is_null() {
            return Err((400, format!("a model and {prompt} are needed")));
        }
        Ok(Request { chat, headers: incoming.headers.clone(), body })
    }

    /// Whether it came to `/v1/chat/completions`.
    pub fn is_chat(&self) -> bool {
        self.chat
    }

    /// The header of that name, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The messages of a chat; none otherwise.
    pub fn messages(&self) -> Vec<Message> {
        let turn = |turn: &Value| {
            let text = |key: &str| turn[key].as_str().unwrap_or_default().to_owned();
            Message { role: text("role"), content: text("content") }
        };
        self.body["messages"].as_array().map(|turns| turns.iter().map(turn).collect()).unwrap_or_default()
    }

    /// The last turn's text, or the bare prompt.
    pub fn prompt(&self) -> String {
        match self.chat {
            true => self.messages().pop().map(|turn| turn.content).unwrap_or_default(),
            false => self.body["prompt"].as_str().unwrap_or_default().to_owned(),
        }
    }

    /// Everything that the model is to read, one turn a paragraph.
    pub fn text(&self) -> String {
        match self.chat {
            true => self.messages().into_iter().map(|turn| turn.content).collect::<Vec<_>>().join("\n\n"),
            false => self.prompt(),
        }
    }

    /// How many answers are wanted.
    pub fn n(&self) -> usize {
        self.body["n"].as_u64().unwrap_or(1) as usize
    }

    /// The seed, where one is sent.
    pub fn seed(&self) -> Option<u64> {
        self.body["seed"].as_u64()
    }

    /// The temperature; 1 where none is sent.
    pub fn temperature(&self) -> f64 {
        self.body["temperature"].as_f64().unwrap_or(1.0)
    }

    /// Whether log-probabilities are asked for.
    pub fn logprobs(&self) -> bool {
        !matches!(self.body["logprobs"], Value::Null | Value::Bool(false))
    }

    /// The body of a reply with these answers, in OpenAI's form.
    pub(super) fn answer(&self, answers: &[Answer]) -> Value {
        let words = |text: &str| text.split_whitespace().count();
        let n = self.n().max(answers.len());
        let choices: Vec<Value> = answers
            .iter()
            .cycle()
            .take(if answers.is_empty() { 0 } else { n })
            .enumerate()
            .map(|(i, answer)| self.choice(i, answer))
            .collect();
        let drawn: usize = answers.iter().cycle().take(choices.len()).map(|answer| words(&answer.text)).sum();
        let read = words(&self.text());
        json!({
            "id": "scripted",
            "object": if self.chat { "chat.completion" } else { "text_completion" },
            "model": self.body["model"],
            "choices": choices,
            "usage": { "prompt_tokens": read, "completion_tokens": drawn, "total_tokens": read + drawn },
        })
    }

    fn choice(&self, index: usize, answer: &Answer) -> Value {
        let logprobs = match (self.logprobs() && !answer.logprobs.is_empty(), self.chat) {
            (false, _) => Value::Null,
            (true, true) => {
                let one = |logprob: &f64| json!({ "token": "?", "logprob": logprob, "top_logprobs": [] });
                json!({ "content": answer.logprobs.iter().map(one).collect::<Vec<_>>() })
            }
            (true, false) => json!({ "token_logprobs": answer.logprobs }),
        };
        let mut choice = json!({ "index": index, "finish_reason": answer.finish, "logprobs": logprobs });
        match self.chat {
            true => choice["message"] = json!({ "role": "assistant", "content": answer.text }),
            false => choice["text"] = answer.text.clone().into(),
        }
        choice
    }
}
