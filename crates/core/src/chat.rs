//! The domain of language models: prompts in, completions out, token ids as the truth.

use crate::{Answer, Domain, Packed};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Language: a [`Prompt`] is asked, a [`Completion`] comes back, [`Sampling`] says how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chat;

impl Domain for Chat {
    type Query = Prompt;
    type Answer = Completion;
    type Knobs = Sampling;
}

/// A problem for a language model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prompt {
    /// The row's identity, stable across runs (`A/3/000127`, `gsm8k/test/41`).
    pub id: String,
    /// What the model reads.
    pub body: Body,
    /// Token ids that begin the answer and are not sampled: a known prefix to continue from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<u32>,
    /// Everything a judge may need: the reference answer, the family, the user's other columns.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, serde_json::Value>,
}

/// What a model reads: bare text, or messages for its chat template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Text to continue, given to the tokenizer as it is (the engine adds the model's BOS token).
    Text(String),
    /// Messages, rendered by the model's own chat template with a generation prompt.
    Messages(Vec<Message>),
}

impl Default for Body {
    fn default() -> Body {
        Body::Text(String::new())
    }
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// `system`, `user`, `assistant` or `tool`.
    pub role: String,
    /// The text of the turn.
    pub content: String,
}

impl Prompt {
    /// A prompt of bare text.
    pub fn text(id: impl Into<String>, text: impl Into<String>) -> Prompt {
        Prompt { id: id.into(), body: Body::Text(text.into()), ..Prompt::default() }
    }

    /// The same prompt with one more field for the judge.
    pub fn with(mut self, name: &str, value: impl Into<serde_json::Value>) -> Prompt {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// The field as text, if it is there and is a string.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(serde_json::Value::as_str)
    }
}

/// The exact settings under which tokens are drawn.
///
/// Truncation is applied in the order temperature, top-k, top-p, min-p, as `transformers` does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sampling {
    /// Divides the logits; 0 takes the likeliest token (the lowest id on ties).
    pub temperature: f32,
    /// Keeps the `top_k` likeliest tokens; 0 keeps all.
    pub top_k: u32,
    /// Keeps the smallest set of likeliest tokens whose probability reaches `top_p`; in (0, 1].
    pub top_p: f32,
    /// Drops tokens less likely than `min_p` times the likeliest; in [0, 1).
    pub min_p: f32,
    /// The most tokens to sample.
    pub max_tokens: u32,
    /// Texts that end the answer; the answer keeps the tokens up to and with the match.
    pub stop: Vec<String>,
    /// What makes n-grams of the answer less likely to come again; their penalties add up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub penalties: Vec<NgramPenalty>,
    /// What is added to the logits of single tokens, wherever they could stand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub biases: Vec<Bias>,
    /// Whether end-of-sequence tokens are never drawn, so that only stop texts and lengths end an answer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub endless: bool,
}

/// Lowers the logit of every token `v` that begins a word by `weight` times the number of times that
/// the answer so far holds its own last `n - 1` tokens with `v` after them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NgramPenalty {
    /// Length of the n-gram in tokens; at least 1.
    pub n: u32,
    /// Logits an occurrence, in nats; 0 changes nothing.
    pub weight: f32,
}

/// Adds to the logit of the first token of a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bias {
    /// The text, as it would stand in the answer, with its leading blank if it has one.
    pub text: String,
    /// What is added, in nats; -100 is as good as never.
    pub amount: f32,
}

impl Default for Sampling {
    fn default() -> Sampling {
        Sampling {
            temperature: 1.0,
            top_k: 0,
            top_p: 1.0,
            min_p: 0.0,
            max_tokens: 128,
            stop: Vec::new(),
            penalties: Vec::new(),
            biases: Vec::new(),
            endless: false,
        }
    }
}

impl Sampling {
    /// These settings at another temperature.
    pub fn at(&self, temperature: f32) -> Sampling {
        Sampling { temperature, ..self.clone() }
    }
}

/// What a language model answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Completion {
    /// Token ids of the rendered prompt, with BOS if the model has one.
    pub prompt: Vec<u32>,
    /// Token ids of the answer: the prompt's `given` tokens, then the sampled ones, with the
    /// end-of-sequence token when it was sampled.
    pub tokens: Vec<u32>,
    /// How many of `tokens` were given, not sampled.
    pub given: u32,
    /// Log-probability of each token under the model's raw distribution (temperature 1, nothing
    /// truncated), in nats. One entry a token, given ones included.
    pub logprobs: Vec<f32>,
    /// Log-probability of each token under the distribution it was drawn from, in nats; 0 for
    /// given tokens and under greedy decoding.
    pub policy_logprobs: Vec<f32>,
    /// The tokens as text, without special tokens.
    pub text: String,
    /// Why the answer ended.
    pub finish: Finish,
    /// What went wrong where there is no answer ([`Finish::Failed`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// How likely the answer was, where only an endpoint knows its tokens, whose ids mean nothing here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likelihood: Option<Likelihood>,
}

/// The log-probability of a whole answer under the model that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Likelihood {
    /// How many tokens the answer has there.
    pub tokens: u32,
    /// The sum of their log-probabilities, in nats; finite.
    pub logprob: f64,
}

/// Why a completion ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// The model sampled an end-of-sequence token or a stop text.
    #[default]
    Stop,
    /// `max_tokens` or the context length was reached first.
    Length,
    /// The request for it failed, so that there is no answer; never an empty one.
    Failed,
}

impl Completion {
    /// No answer, for that reason.
    pub fn failed(reason: impl Into<String>) -> Completion {
        Completion { finish: Finish::Failed, failure: Some(reason.into()), ..Completion::default() }
    }

    /// How many tokens were sampled.
    pub fn sampled(&self) -> usize {
        self.tokens.len().saturating_sub(self.given as usize)
    }

    /// The sum of the sampled tokens' log-probabilities under the raw distribution and their number, from the
    /// tokens themselves or, where they are an endpoint's, from what it said. `None` where neither is known.
    pub fn likelihood(&self) -> Option<Likelihood> {
        let own = self.logprobs.get(self.given as usize..).filter(|own| !own.is_empty());
        let sum = |own: &[f32]| Likelihood {
            tokens: own.len() as u32,
            logprob: own.iter().map(|&logprob| f64::from(logprob)).sum(),
        };
        own.map(sum).or(self.likelihood)
    }
}

/// What is left of a completion once its columns are taken out.
#[derive(Serialize, Deserialize)]
struct Rest {
    given: u32,
    finish: Finish,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    likelihood: Option<Likelihood>,
}

impl Answer for Completion {
    fn pack(&self) -> serde_json::Result<Packed> {
        Ok(Packed {
            json: serde_json::to_string(&Rest {
                given: self.given,
                finish: self.finish,
                failure: self.failure.clone(),
                likelihood: self.likelihood,
            })?,
            text: self.text.clone(),
            prompt_tokens: self.prompt.clone(),
            tokens: self.tokens.clone(),
            logprobs: self.logprobs.clone(),
            policy_logprobs: self.policy_logprobs.clone(),
        })
    }

    fn unpack(packed: &Packed) -> serde_json::Result<Completion> {
        let rest: Rest = serde_json::from_str(&packed.json)?;
        Ok(Completion {
            prompt: packed.prompt_tokens.clone(),
            tokens: packed.tokens.clone(),
            given: rest.given,
            logprobs: packed.logprobs.clone(),
            policy_logprobs: packed.policy_logprobs.clone(),
            text: packed.text.clone(),
            finish: rest.finish,
            failure: rest.failure,
            likelihood: rest.likelihood,
        })
    }

    fn truncated(&self) -> bool {
        self.finish == Finish::Length
    }

    fn failure(&self) -> Option<&str> {
        match self.finish {
            Finish::Failed => Some(self.failure.as_deref().unwrap_or("the request failed")),
            Finish::Stop | Finish::Length => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_came_later_leave_what_older_ledgers_hold_as_it_is() {
        let old = r#"{"temperature":1.0,"top_k":0,"top_p":1.0,"min_p":0.0,"max_tokens":128,"stop":[]}"#;
        assert_eq!(serde_json::to_string(&Sampling::default()).expect("prints"), old);
        assert_eq!(serde_json::from_str::<Sampling>(old).expect("reads"), Sampling::default());
        let new = Sampling {
            penalties: vec![NgramPenalty { n: 3, weight: 1.0 }],
            biases: vec![Bias { text: "Sorry".into(), amount: -100.0 }],
            endless: true,
            ..Sampling::default()
        };
        let text = serde_json::to_string(&new).expect("prints");
        assert_eq!(serde_json::from_str::<Sampling>(&text).expect("reads"), new);
    }

    #[test]
    fn a_completion_survives_packing_bit_for_bit() {
        let completion = Completion {
            prompt: vec![256, 65],
            tokens: vec![1, 2, 257],
            given: 1,
            logprobs: vec![-0.1, -1.0e-7, f32::MIN_POSITIVE],
            policy_logprobs: vec![0.0, -0.333_333_34, -2.5],
            text: "ab".into(),
            finish: Finish::Length,
            failure: None,
            likelihood: Some(Likelihood { tokens: 2, logprob: -0.25 }),
        };
        let packed = completion.pack().expect("packs");
        assert_eq!(Completion::unpack(&packed).expect("unpacks"), completion);
        assert!(completion.truncated());
        assert_eq!(completion.sampled(), 2);
    }

    #[test]
    fn the_likelihood_is_that_of_the_sampled_tokens_or_what_an_endpoint_said() {
        let own = Completion { given: 1, logprobs: vec![-9.0, -0.5, -0.25], ..Completion::default() };
        assert_eq!(own.likelihood(), Some(Likelihood { tokens: 2, logprob: -0.75 }));
        let said = Likelihood { tokens: 3, logprob: -1.5 };
        assert_eq!(Completion { likelihood: Some(said), ..Completion::default() }.likelihood(), Some(said));
        assert_eq!(Completion::default().likelihood(), None);
    }

    #[test]
    fn a_failed_request_is_no_answer_and_says_why() {
        let failed = Completion::failed("the deadline of 60 s passed");
        assert_eq!(Completion::unpack(&failed.pack().expect("packs")).expect("unpacks"), failed);
        assert_eq!(failed.failure(), Some("the deadline of 60 s passed"));
        assert_eq!(Completion::default().failure(), None);
    }
}
