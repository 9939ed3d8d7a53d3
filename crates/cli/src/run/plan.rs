//! What a run will spend, before it begins.
//!
//! Every figure is an upper estimate: answers are taken to be as long as they may be, and every round
//! to keep as much as it may. The time is what the engine's usual share of this machine's product
//! rate makes of the tokens. Only of recipes whose rounds ask and learn once, as their settings say, can this be
//! told beforehand; of the others what measuring takes is told, and how to limit the rest.

use super::job::Job;
use crate::error::Result;
use crate::units;
use autodidact_lm::{Config, Layout, Tokenizer};
use autodidact_parts::{ModelConfig, Shape};
use serde::Serialize;
use toml::{Table, Value};

/// Tokens of a prompt, where nothing better is known.
const PROMPT: u64 = 40;
/// The share of the product rate that sampling reaches.
const SAMPLING_SHARE: f64 = 0.25;
/// The share of the product rate that training reaches.
const TRAINING_SHARE: f64 = 0.5;

/// Recipes whose settings say what they ask and learn.
const FORESEEN: [&str; 3] = ["b-star", "raft", "eval"];

/// An estimate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// The recipe's id.
    pub recipe: String,
    /// Weights of the model, where it could be looked at.
    pub parameters: Option<u64>,
    /// Rounds at most.
    pub rounds: u64,
    /// Answers sampled to learn from, at most; `None` where the settings do not say.
    pub answers: Option<u64>,
    /// Answers sampled to measure.
    pub measured_answers: u64,
    /// Tokens sampled to measure, at most.
    pub measured_tokens: u64,
    /// Tokens sampled in all, at most; `None` where the settings do not say.
    pub sampled_tokens: Option<u64>,
    /// Tokens read, about; `None` where the settings do not say.
    pub scored_tokens: Option<u64>,
    /// Tokens trained on, at most; `None` where the settings do not say.
    pub trained_tokens: Option<u64>,
    /// Peak memory in bytes.
    pub memory: Option<u64>,
    /// Threads.
    pub threads: usize,
    /// Seconds, at most; `None` when the tokens are not known or the model could not be looked at.
    pub seconds: Option<f64>,
}

impl Plan {
    /// The estimate for a job on so many threads of a machine with this product rate in GFLOP/s.
    pub fn of(job: &Job, threads: usize, gflops: f64) -> Plan {
        let settings = Settings(&job.settings);
        let rounds = settings.count("rounds").unwrap_or(1);
        let max_tokens = settings.count("sampling.max_tokens").unwrap_or(128);
        let (prompts, answers) = settings.attempts();
        let (measured_prompts, measured_answers) = settings.measurements(rounds);
        let pretrained = settings.count("tokens").unwrap_or(0);

        let answers = rounds * answers;
        let prompts = rounds * prompts;
        let test_tokens = settings.count("watch.test.sampling.max_tokens").unwrap_or(max_tokens);
        let measured_tokens = measured_answers * test_tokens;
        let sampled_tokens = answers * max_tokens + measured_tokens;
        let trained_tokens = pretrained + rounds * settings.lesson(max_tokens + PROMPT);
        let foreseen = FORESEEN.contains(&job.recipe.card.id);
        let known = |n: u64| foreseen.then_some(n);
        let parameters = parameters(&job.settings).ok();
        let scored_tokens = (prompts + measured_prompts) * PROMPT;
        let seconds = parameters.filter(|_| foreseen).map(|n| {
            let flops = n as f64 * 2.0;
            let sampling = sampled_tokens as f64 * flops / (SAMPLING_SHARE * gflops * 1e9);
            sampling + trained_tokens as f64 * 3.0 * flops / (TRAINING_SHARE * gflops * 1e9)
        });
        Plan {
            recipe: job.recipe.card.id.to_owned(),
            parameters,
            rounds,
            answers: known(answers),
            measured_answers,
            measured_tokens,
            sampled_tokens: known(sampled_tokens),
            scored_tokens: known(scored_tokens),
            trained_tokens: known(trained_tokens).or((pretrained > 0).then_some(pretrained)),
            memory: parameters.map(memory),
            threads,
            seconds,
        }
    }

    /// The estimate in a few lines.
    pub fn told(&self) -> String {
        let nothing = self.measured_answers == 0
            && [self.answers, self.trained_tokens].iter().all(|n| n.is_none_or(|n| n == 0));
        if self.parameters.is_none() && nothing {
            return format!("plan: {}, without a language model, {} threads", self.recipe, self.threads);
        }
        let tokens = |n: u64| units::short(n as f64);
        let known = |n: Option<String>| n.unwrap_or_else(|| "unknown".to_owned());
        let model = self.parameters.map(|n| format!("{} parameters", units::short(n as f64)));
        let machine =
            format!("about {} of memory, {} threads", known(self.memory.map(units::bytes)), self.threads);
        let head = format!("plan: {}, {}, {} rounds", self.recipe, known(model), self.rounds);
        let measured = units::count(self.measured_answers);
        let (Some(answers), Some(sampled)) = (self.answers, self.sampled_tokens) else {
            let trained = self.trained_tokens.map(|n| format!("about {} trained on, ", tokens(n)));
            return format!(
                "{head}\n  answers   {measured} to measure; how many to learn from, the settings alone do not \
                 say\n  tokens    {}at most {} sampled to measure; caps.sampled_tokens, caps.seconds or \
                 caps.cost stops the run there\n  machine   {machine}",
                trained.unwrap_or_default(),
                tokens(self.measured_tokens),
            );
        };
        format!(
            "{head}\n  answers   at most {} to learn from, {measured} to measure\n  tokens    at most {} sampled, \
             about {} read, at most {} trained on\n  machine   {machine}, at most {}",
            units::count(answers),
            tokens(sampled),
            tokens(self.scored_tokens.unwrap_or_default()),
            tokens(self.trained_tokens.unwrap_or_default()),
            known(self.seconds.map(units::seconds)),
        )
    }
}

/// Weights, their packed copy, four lanes of gradients and two moments, beside working memory.
fn memory(parameters: u64) -> u64 {
    60_000_000 + 32 * parameters
}

/// How many weights the job's model has.
fn parameters(settings: &Table) -> Result<u64> {
    let invalid = |error: toml::de::Error| autodidact_core::Error::invalid("model", "a model", error);
    let config = if let Some(shape) = settings.get("shape") {
        shape.clone().try_into::<Shape>().map_err(invalid)?.config(&Tokenizer::bytes())?
    } else {
        let model = settings.get("model").cloned().unwrap_or_else(|| Value::Table(Table::new()));
        match model.try_into::<ModelConfig>().map_err(invalid)? {
            ModelConfig::Path { path } => Config::open(&path)?,
            ModelConfig::Random { shape, .. } => shape.config(&Tokenizer::bytes())?,
            ModelConfig::Nano => autodidact_recipes::nano::open()?.model().config().clone(),
        }
    };
    Ok(Layout::of(&config).len as u64)
}

/// Settings by dotted names.
struct Settings<'a>(&'a Table);

impl Settings<'_> {
    fn value(&self, name: &str) -> Option<&Value> {
        let mut keys = name.split('.');
        let first = self.0.get(keys.next()?)?;
        keys.try_fold(first, |value, key| value.get(key))
    }

    fn count(&self, name: &str) -> Option<u64> {
        self.value(name)?.as_integer()?.try_into().ok()
    }

    fn number(&self, name: &str) -> Option<f64> {
        let value = self.value(name)?;
        value.as_float().or_else(|| value.as_integer().map(|n| n as f64))
    }

    fn word(&self, name: &str) -> Option<&str> {
        self.value(name)?.as_str()
    }

    /// Prompts and answers of a round.
    fn attempts(&self) -> (u64, u64) {
        let tries = self.count("tries").unwrap_or(1);
        let prompts = ["prompts", "queries"].iter().find_map(|key| self.count(key)).unwrap_or(0);
        let probes = self.count("probe").unwrap_or(0) * self.points("temperatures");
        (prompts + probes, (prompts + probes) * tries)
    }

    /// How many values a grid has, if it has more than one.
    fn points(&self, grid: &str) -> u64 {
        let end = |name: &str| self.number(&format!("{grid}.{name}"));
        match (end("from"), end("to"), end("step")) {
            (Some(from), Some(to), Some(step)) if step > 0.0 && to > from => {
                ((to - from) / step + 1e-9) as u64 + 1
            }
            _ => 0,
        }
    }

    /// Prompts and answers of all measurements.
    fn measurements(&self, rounds: u64) -> (u64, u64) {
        let one = |name: &str| {
            let of = |key: &str| self.value(&format!("{name}.{key}"));
            let problems = of("problems").and_then(Value::as_integer).unwrap_or(0).max(0) as u64;
            let tries = of("tries").and_then(Value::as_integer).unwrap_or(0).max(0) as u64;
            let greedy = u64::from(of("greedy").and_then(Value::as_bool).unwrap_or(false));
            (problems * (u64::from(tries > 0) + greedy), problems * (tries + greedy))
        };
        let (test, validation, whole) = (one("watch.test"), one("watch.validation"), one("measure"));
        (
            2 * test.0 + (rounds + 1) * validation.0 + whole.0,
            2 * test.1 + (rounds + 1) * validation.1 + whole.1,
        )
    }

    /// Tokens of one lesson when rows have `length` tokens.
    fn lesson(&self, length: u64) -> u64 {
        let tries = self.count("tries").unwrap_or(1);
        let prompts = ["prompts", "queries"].iter().find_map(|key| self.count(key)).unwrap_or(0);
        let kept = self.count("wanted").unwrap_or_else(|| match self.word("ranking") {
            Some(_) => prompts,
            None => prompts * tries,
        });
        let own = match self.word("sft.amount.kind") {
            Some("steps") => {
                let steps = self.count("sft.amount.steps").unwrap_or(0);
                let tokens = self.count("sft.batch.tokens");
                steps * tokens.unwrap_or_else(|| self.count("sft.batch.rows").unwrap_or(0) * length)
            }
            Some(_) => self.count("sft.amount.epochs").unwrap_or(1) * kept * length,
            None => 0,
        };
        let replayed = self.number("sft.replay.share").unwrap_or(0.0).clamp(0.0, 0.99);
        (own as f64 / (1.0 - replayed)) as u64
    }
}
