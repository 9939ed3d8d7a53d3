//! From samples to rows.

use super::columns::Form;
use super::{Pairs, Shape, Tokens};
use crate::query::{SampleView, Turns};
use autodidact_core::{Error, Key, Outcome, Result};
use serde_json::{Map, Value, json};

/// A row by column.
pub(super) type Row = Map<String, Value>;

/// Makes rows of samples that come in order.
pub(super) struct Rows {
    shape: Shape,
    tokens: Tokens,
    form: Option<Form>,
    /// The tries at one ask, for pairs.
    group: Vec<SampleView>,
}

impl Rows {
    pub fn new(shape: Shape, tokens: Tokens) -> Rows {
        Rows { shape, tokens, form: None, group: Vec::new() }
    }

    /// The form of the prompts so far.
    pub fn form(&self) -> Form {
        self.form.unwrap_or(Form::Text)
    }

    /// The rows that are complete with this sample. Fails on a prompt of another form than those
    /// before it, since a column has one type.
    pub fn sample(&mut self, sample: SampleView) -> Result<Vec<Row>> {
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
            Shape::PromptCompletion => vec![self.single(&sample, None)],
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
        put("prompt", prompt(sample));
        put("completion", completion(sample));
        if let Some(label) = label {
            put("label", label.into());
        }
        origin(sample, &mut put);
        let (outcome, reason) = match &sample.verdict.outcome {
            Outcome::Score { .. } => ("score", None),
            Outcome::Abstain { reason } => ("abstain", Some(reason)),
            Outcome::Error { reason, .. } => ("error", Some(reason)),
        };
        put("attempt", sample.attempt.into());
        put("outcome", outcome.into());
        put("score", sample.verdict.value().into());
        put("reason", reason.cloned().into());
        let detail: Map<String, Value> =
            sample.verdict.detail.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        put("detail", Value::Object(detail).to_string().into());
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
    origin(chosen.1, &mut put);
    row
}

/// Where a row came from.
fn origin(sample: &SampleView, put: &mut impl FnMut(&str, Value) -> Option<Value>) {
    put("run", sample.run.0.clone().into());
    put("recipe", sample.recipe.clone().into());
    put("stage", sample.key.stage.clone().into());
    put("round", sample.key.round.into());
    put("occurrence", sample.key.occurrence.into());
    put("evaluation", sample.evaluation.into());
    put("query_id", sample.query_id.clone().into());
    put("fields", json!(sample.fields).to_string().into());
    put("policy", sample.policy.clone().into());
    put("judge", sample.judge.clone().into());
    put("knobs", sample.knobs.clone().into());
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
