//! Samples with their prompts, as people and exports read them.

use crate::Store;
use crate::fault::{Fault, Inner};
use crate::number::{count, floats, ids};
use crate::query::SampleFilter;
use crate::recall::{self, verdict};
use autodidact_core::chat::{Body, Message, Prompt};
use autodidact_core::{Key, Result, RunId, Verdict};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

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
    /// What a judge was given beside the prompt: the reference answer, the user's other columns.
    pub fields: BTreeMap<String, serde_json::Value>,
    /// How it was to be answered, as JSON (temperature, lengths, ...).
    pub knobs: String,
    /// The answer as people read it.
    pub text: String,
    /// Whether the answer was cut off, where the domain says so.
    pub truncated: Option<bool>,
    /// Whether it is no answer, because the request for it failed.
    pub failed: bool,
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

impl Store {
    /// The samples that pass `filter`, in its order. Fails when the run is unknown.
    pub fn samples(&self, filter: &SampleFilter) -> Result<Vec<SampleView>> {
        let mut samples = Vec::new();
        self.each_sample(filter, |sample| {
            samples.push(sample);
            Ok(())
        })?;
        Ok(samples)
    }

    /// Gives each sample that passes `filter` to `see`, in order, one in memory at a time.
    pub fn each_sample(
        &self,
        filter: &SampleFilter,
        mut see: impl FnMut(SampleView) -> Result<()>,
    ) -> Result<()> {
        self.visit(filter, |sample| {
            see(sample)?;
            Ok(ControlFlow::Continue(()))
        })
    }

    /// The same, until `see` has seen enough.
    pub(crate) fn visit(
        &self,
        filter: &SampleFilter,
        mut see: impl FnMut(SampleView) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        self.read(|tx| {
            let recipe = recall::spec(tx, &filter.run)?.recipe;
            let mut views = Views::new(filter.run.clone(), recipe);
            for number in numbers(tx, filter)? {
                if see(views.view(tx, number)?)?.is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    /// How many samples pass `filter`, its limit and offset apart.
    pub fn count_samples(&self, filter: &SampleFilter) -> Result<u64> {
        let all = SampleFilter { limit: None, offset: 0, ..filter.clone() };
        self.read(|tx| {
            recall::spec(tx, &filter.run)?;
            Ok(numbers(tx, &all)?.len() as u64)
        })
    }
}

/// The numbers of the samples that pass `filter`, in its order. Sorting these few bytes a sample,
/// and reading the rest one by one, keeps long runs out of memory.
fn numbers(tx: &Connection, filter: &SampleFilter) -> Inner<Vec<i64>> {
    let (conditions, mut parameters) = filter.conditions();
    let order = filter.order.sql();
    parameters.push(filter.limit.map_or(Ok(-1), |n| count("limit", n)).map(Value::from)?);
    parameters.push(count("offset", filter.offset)?.into());
    let mut select = tx.prepare_cached(&format!(
        "SELECT samples.sample FROM phases
         JOIN samples ON samples.phase = phases.phase
         LEFT JOIN asks ON asks.phase = samples.phase AND asks.ask = samples.ask
         WHERE {conditions} ORDER BY {order} LIMIT ? OFFSET ?"
    ))?;
    let numbers = select.query_map(params_from_iter(parameters), |row| row.get(0))?;
    Ok(numbers.collect::<Result<_, _>>()?)
}

/// Makes views of samples, and parses the ask of neighbours once.
struct Views {
    run: RunId,
    recipe: String,
    ask: Option<((i64, u32), AskText)>,
}

/// What a view takes from an ask.
#[derive(Clone)]
struct AskText {
    prompt: Turns,
    fields: BTreeMap<String, serde_json::Value>,
    knobs: String,
}

impl Views {
    fn new(run: RunId, recipe: String) -> Views {
        Views { run, recipe, ask: None }
    }

    fn view(&mut self, tx: &Connection, number: i64) -> Inner<SampleView> {
        let mut select = tx.prepare_cached(
            "SELECT samples.sample, samples.phase, samples.ask, samples.attempt, samples.outcome,
                samples.score, samples.reason, samples.error_seconds, samples.detail, samples.text,
                coalesce(samples.prompt_tokens, asks.prompt_tokens) AS prompt_tokens,
                samples.tokens, samples.logprobs, samples.policy_logprobs, samples.bits,
                samples.finish, asks.json AS ask_json, asks.query_id, phases.stage, phases.round,
                phases.occurrence, phases.part, phases.evaluation, phases.policy, phases.judge
             FROM samples
             JOIN phases ON phases.phase = samples.phase
             LEFT JOIN asks ON asks.phase = samples.phase AND asks.ask = samples.ask
             WHERE samples.sample = ?",
        )?;
        select.query_row([number], |row| Ok(self.of(row))).optional()?.ok_or_else(|| {
            Fault::damaged(format!("sample {number} belongs to a phase"), "that phase is missing")
        })?
    }

    fn of(&mut self, row: &Row<'_>) -> Inner<SampleView> {
        let ask: u32 = row.get("ask")?;
        let at = (row.get("phase")?, ask);
        if self.ask.as_ref().is_none_or(|(known, _)| *known != at) {
            let json: Option<String> = row.get("ask_json")?;
            self.ask = Some((at, AskText::parse(json.as_deref().unwrap_or_default())));
        }
        let (_, text) = self.ask.as_ref().expect("it was set above");
        let finish: Option<String> = row.get("finish")?;
        let bytes = |column: &str| row.get::<_, Option<Vec<u8>>>(column).map(Option::unwrap_or_default);
        Ok(SampleView {
            sample: row.get("sample")?,
            run: self.run.clone(),
            recipe: self.recipe.clone(),
            key: Key {
                stage: row.get("stage")?,
                round: row.get("round")?,
                occurrence: row.get("occurrence")?,
                part: row.get("part")?,
            },
            evaluation: row.get("evaluation")?,
            ask,
            attempt: row.get("attempt")?,
            query_id: row.get("query_id")?,
            prompt: text.prompt.clone(),
            fields: text.fields.clone(),
            knobs: text.knobs.clone(),
            text: row.get("text")?,
            failed: finish.as_deref() == Some("failed"),
            truncated: finish.map(|finish| finish == "length"),
            verdict: verdict(row)?,
            judge: row.get::<_, Option<String>>("judge")?.unwrap_or_default(),
            policy: row.get::<_, Option<String>>("policy")?.unwrap_or_default(),
            prompt_tokens: ids("prompt_tokens", &bytes("prompt_tokens")?)?,
            tokens: ids("tokens", &bytes("tokens")?)?,
            logprobs: floats("logprobs", &bytes("logprobs")?)?,
            policy_logprobs: floats("policy_logprobs", &bytes("policy_logprobs")?)?,
        })
    }
}

impl AskText {
    /// A chat prompt as it is; any other query as its JSON.
    fn parse(json: &str) -> AskText {
        #[derive(Deserialize)]
        struct AskJson {
            query: serde_json::Value,
            #[serde(default)]
            knobs: serde_json::Value,
        }
        let plain = |text: String, knobs: String| AskText {
            prompt: Turns::Text(text),
            fields: BTreeMap::new(),
            knobs,
        };
        let Ok(ask) = serde_json::from_str::<AskJson>(json) else {
            return plain(json.to_owned(), "null".to_owned());
        };
        let knobs = ask.knobs.to_string();
        let Ok(prompt) = Prompt::deserialize(&ask.query) else {
            return plain(ask.query.to_string(), knobs);
        };
        let turns = match prompt.body {
            Body::Text(text) => Turns::Text(text),
            Body::Messages(messages) => Turns::Messages(messages),
        };
        AskText { prompt: turns, fields: prompt.fields, knobs }
    }
}
