//! Samples with their prompts, as people and exports read them.

use autodidact_core::chat::Message;
use autodidact_core::{Key, RunId, Verdict};
use serde::Serialize;

/// One answer, what it answers, and what was said of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SampleView {
    /// Its number in this ledger.
    pub sample: i64,
    /// Its run.
    pub run: RunId,
    /// The run's recipe.
    pub recipe: String,
    /// The phase it belongs to.
    pub key: Key,
    /// Whether it was drawn to measure only.
    pub evaluation: bool,
    /// Index of its ask in the phase.
    pub ask: u32,
    /// Index among the tries at that ask.
    pub attempt: u32,
    /// The query's own id, where the domain has one.
    pub query_id: Option<String>,
    /// What was asked.
    pub prompt: Turns,
    /// How it was to be answered, as JSON (temperature, lengths, ...).
    pub knobs: String,
    /// The answer as people read it.
    pub text: String,
    /// Whether the answer was cut off, where the domain says so.
    pub truncated: Option<bool>,
    /// What the judge said.
    pub verdict: Verdict,
    /// The judge's name.
    pub judge: String,
    /// The policy's version.
    pub policy: String,
    /// Token ids of the prompt.
    pub prompt_tokens: Vec<u32>,
    /// Token ids of the answer.
    pub tokens: Vec<u32>,
    /// Log-probability of each token under the raw distribution, in nats.
    pub logprobs: Vec<f32>,
    /// Log-probability of each token under the distribution it was drawn from, in nats.
    pub policy_logprobs: Vec<f32>,
}

/// A prompt: bare text, or a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Turns {
    /// Bare text; for domains other than language, the query as JSON.
    Text(String),
    /// Messages for a chat template.
    Messages(Vec<Message>),
}

impl Turns {
    /// The prompt as one text; messages as `role: content`, one a paragraph.
    pub fn text(&self) -> String {
        match self {
            Turns::Text(text) => text.clone(),
            Turns::Messages(messages) => {
                let turns = messages.iter().map(|turn| format!("{}: {}", turn.role, turn.content));
                turns.collect::<Vec<_>>().join("\n\n")
            }
        }
    }
}
