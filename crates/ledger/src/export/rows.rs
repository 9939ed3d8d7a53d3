//! From samples to rows.

use super::columns::Form;
use super::{Export, Pairs, Shape, Tokens, Written};
use crate::query::{SampleView, Turns};
use autodidact_core::chat::Message;
use autodidact_core::{Error, Key, Outcome, Result};
use serde_json::{Map, Value, json};

/// A row by column.
pub(super) type Row = Map<String, Value>;

/// Makes rows of samples that come in order.
pub(super) struct Rows {
    shape: Shape,
    tokens: Tokens,
    turns: Written,
    form: Option<Form>,
    /// The tries at one ask, for pairs.
    group: Vec<SampleView>,
}

impl Rows {
    pub fn new(export: &Export) -> Rows {
        let turns = if export.shape == Shape::Messages { Written::Conversation } else { export.turns };
        Rows { shape: export.shape, tokens: export.tokens, turns, form: None, group: Vec::new() }
    }

    /// The form of the prompts so far.
    pub fn form(&self) -> Form {
        match self.turns {
            Written::AsAsked => self.form.unwrap_or(Form::Text),
            Written::Conversation => Form::Messages,
        }
    }

    /// The rows that are complete with this sample. Fails on a prompt of another form than those
    /// before it, since a column has one type.
    pub fn sample(&mut self, mut sample: SampleView) -> Result<Vec<Row>> {
        if sample.failed {
            return Ok(Vec::new());
        }
        if let (Turns::Text(text), Written::Conversation) = (&mut sample.prompt, self.turns) {
            let content = std::mem::take(text);
            sample.prompt = Turns::Messages(vec![Message { role: "user".to_owned(), content }]);
        }
        let form = match sample.prompt {
            Turns::Text(_) => Form::Text,
            Turns::Messages(_) => Form::Messages,
        };
        if *self.form.get_or_insert(form) != form {
            return Err(Error::invalid(
                format!("the prompts of {}", sample.run.0),
                "all text or all conversations to be exported together",
                format!("mixed at sample {}; choose one stage", sample.sample),
            ));
        }
        Ok(match self.shape {
            Shape::PromptCompletion | Shape::Messages => vec![self.single(&sample, None)],
            Shape::Unpaired { threshold } => match sample.verdict.value() {
                Some(score) => vec![self.single(&sample, Some(score >= threshold))],
                None => Vec::new(),
            },
            Shape::Preference { .. } => {
                let ask = |one: &SampleView| -> (Key, u32) { (one.key.clone(), one.ask) };
                let done = match self.group.first() {
                    Some(first) if ask(first) != ask(&sample) => std::mem::take(&mut self.group),
                    _ => Vec::new(),
                };
                self.group.push(sample);
                self.pairs(&done)
            }
        })
    }

    /// The rows that were waiting for more samples.
    pub fn last(&mut self) -> Result<Vec<Row>> {
        let done = std::mem::take(&mut self.group);
        Ok(self.pairs(&done))
    }

    fn single(&self, sample: &SampleView, label: Option<bool>) -> Row {
        let mut row = Row::new();
        let mut put = |column: &str, value: Value| row.insert(column.to_owned(), value);
        match self.shape {
            Shape::Messages => {
                put("messages", conversation(sample));
            }
            _ => {
                put("prompt", prompt(sample));
                put("completion", completion(sample));
            }
        }
        if let Some(label) = label {
            put("label", label.into());
        }
        origin(sample, &[sample], &mut put);
        let (outcome, reason) = outcome(sample);
        put("attempt", sample.attempt.into());
        put("outcome", outcome.into());
        put("score", sample.verdict.value().into());
        put("reason", reason.into());
        put("detail", detail(sample).to_string().into());
        put("truncated", sample.truncated.into());
        if self.tokens == Tokens::With {
            put("prompt_ids", json!(sample.prompt_tokens));
            put("completion_ids", json!(sample.tokens));
            put("logprobs", json!(sample.logprobs));
            put("policy_logprobs", json!(sample.policy_logprobs));
        }
        row
    }

    fn pairs(&self, group: &[SampleView]) -> Vec<Row> {
        let Shape::Preference { pairs, margin } = self.shape else { return Vec::new() };
        let scored: Vec<(f64, &SampleView)> =
            group.iter().filter_map(|sample| Some((sample.verdict.value()?, sample))).collect();
        let pair = |chosen: &(f64, &SampleView), rejected: &(f64, &SampleView)| {
            let apart = chosen.0 - rejected.0 > margin && chosen.1.text != rejected.1.text;
            apart.then(|| preference(*chosen, *rejected))
        };
        match pairs {
            Pairs::BestWorst => {
                // The first of equals, so that the choice is the recorded order's.
                let first = |better: fn(f64, f64) -> bool| {
                    scored.iter().reduce(|best, one| if better(one.0, best.0) { one } else { best })
                };
                let (best, worst) = (first(|a, b| a > b), first(|a, b| a < b));
                best.zip(worst).and_then(|(best, worst)| pair(best, worst)).into_iter().collect()
            }
            Pairs::Every => {
                let against = |chosen| scored.iter().filter_map(move |rejected| pair(chosen, rejected));
                scored.iter().flat_map(against).collect()
            }
        }
    }
}

fn preference(chosen: (f64, &SampleView), rejected: (f64, &SampleView)) -> Row {
    let mut row = Row::new();
    let mut put = |column: &str, value: Value| row.insert(column.to_owned(), value);
    put("prompt", prompt(chosen.1));
    put("chosen", completion(chosen.1));
    put("rejected", completion(rejected.1));
    put("score_chosen", chosen.0.into());
    put("score_rejected", rejected.0.into());
    origin(chosen.1, &[chosen.1, rejected.1], &mut put);
    row
}

/// Where a row came from, and what was said of the answers in it.
fn origin(sample: &SampleView, answers: &[&SampleView], put: &mut impl FnMut(&str, Value) -> Option<Value>) {
    put("run", sample.run.0.clone().into());
    put("recipe", sample.recipe.clone().into());
    put("stage", sample.key.stage.clone().into());
    put("round", sample.key.round.into());
    put("occurrence", sample.key.occurrence.into());
    put("evaluation", sample.evaluation.into());
    put("query_id", sample.query_id.clone().into());
    put("fields", json!(sample.fields).to_string().into());
    // What a prompt was made from, where it was made: see the field `parents` of self-made data sets.
    let parents = sample.fields.get("parents").and_then(Value::as_array);
    let parents: Vec<&str> = parents.into_iter().flatten().filter_map(Value::as_str).collect();
    put("parents", json!(parents));
    let verdicts: Vec<Value> = answers.iter().map(|answer| verdict(answer)).collect();
    put("verdicts", Value::Array(verdicts).to_string().into());
    put("policy", sample.policy.clone().into());
    put("judge", sample.judge.clone().into());
    put("knobs", sample.knobs.clone().into());
}

fn verdict(sample: &SampleView) -> Value {
    let (outcome, reason) = outcome(sample);
    json!({
        "judge": sample.judge,
        "outcome": outcome,
        "score": sample.verdict.value(),
        "reason": reason,
        "detail": detail(sample),
    })
}

/// The kind of a verdict, and why there is no score.
fn outcome(sample: &SampleView) -> (&'static str, Option<String>) {
    match &sample.verdict.outcome {
        Outcome::Score { .. } => ("score", None),
        Outcome::Abstain { reason } => ("abstain", Some(reason.clone())),
        Outcome::Error { reason, .. } => ("error", Some(reason.clone())),
    }
}

fn detail(sample: &SampleView) -> Value {
    let parts = sample.verdict.detail.iter().map(|(name, value)| (name.clone(), json!(value)));
    Value::Object(parts.collect::<Map<String, Value>>())
}

/// The prompt's turns and the answer.
fn conversation(sample: &SampleView) -> Value {
    let mut turns = match &sample.prompt {
        Turns::Text(text) => vec![Message { role: "user".to_owned(), content: text.clone() }],
        Turns::Messages(messages) => messages.clone(),
    };
    turns.push(Message { role: "assistant".to_owned(), content: sample.text.clone() });
    json!(turns)
}

fn prompt(sample: &SampleView) -> Value {
    match &sample.prompt {
        Turns::Text(text) => text.clone().into(),
        Turns::Messages(messages) => json!(messages),
    }
}

/// The answer, in the form of its prompt.
fn completion(sample: &SampleView) -> Value {
    match &sample.prompt {
        Turns::Text(_) => sample.text.clone().into(),
        Turns::Messages(_) => json!([{ "role": "assistant", "content": sample.text }]),
    }
}
