//! `eval`: how good a model is, with intervals.

use super::improve::usual_task;
use super::settings::{ModelArgs, TaskArgs};
use crate::context::Context;
use crate::error::Result;
use crate::run::{Job, Layers, Start, perform_with};
use crate::shell::JsonShape;
use crate::table::Table;
use crate::units;
use autodidact_core::{Card, Recipe, Run, Split};
use autodidact_math::interval::Interval;
use autodidact_parts::evaluate::{Evaluation, Scores};
use autodidact_parts::{ModelConfig, TaskConfig};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use toml::Value;

/// Measure a model: pass@1, pass@k, maj@k and greedy decoding, with 95 % intervals.
///
/// Every answer is recorded: `runs samples RUN` shows them. Equal settings ask equal problems, so
/// that models can be compared.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  autodidact eval                                        the bundled model on its usual problems
  autodidact eval --model DIR --task \"A2-4,C3\" -n 400 --k 32
  autodidact eval --model DIR --problems FILE.jsonl --checker number --all --json")]
pub struct Eval {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    task: TaskArgs,
    /// How many problems. Default: 200, or with --all as many as there are.
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    number: Option<u32>,
    /// Which split of the problems.
    #[arg(long, value_enum, default_value = "test", value_name = "SPLIT")]
    split: Part,
    /// Measure on all rows of your problems, whatever their split.
    #[arg(long, requires = "problems")]
    all: bool,
    /// The k of pass@k and maj@k.
    #[arg(long, default_value_t = 8, value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
    k: u32,
    /// Sampled answers a problem. Default: k.
    #[arg(long, value_name = "N")]
    tries: Option<u32>,
    /// Divides the logits of the sampled answers.
    #[arg(long, default_value_t = 1.0, value_name = "T")]
    temperature: f64,
    /// The most tokens of an answer.
    #[arg(long, default_value_t = 128, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_tokens: u32,
    /// Chooses the problems and the answers.
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    seed: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// A split of problems.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Part {
    /// To learn from.
    Train,
    /// To choose by.
    Validation,
    /// To report on.
    Test,
}

/// Measuring as a recipe, so that it is recorded and resumed like any other.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Measurement {
    /// The model.
    pub model: ModelConfig,
    /// The problems.
    pub task: TaskConfig,
    /// What is measured.
    pub measure: Evaluation,
}

impl Default for Measurement {
    fn default() -> Measurement {
        Measurement { model: ModelConfig::Nano, task: TaskConfig::default(), measure: Evaluation::default() }
    }
}

impl Recipe for Measurement {
    const CARD: Card = Card {
        id: "eval",
        summary: "measure a model: pass@1, pass@k, maj@k, greedy",
        paper: "none",
        code: "",
        reports: &[],
    };

    fn check(&self) -> autodidact_core::Result<()> {
        self.task.check()?;
        self.measure.check("measure")
    }

    fn run(&self, run: &mut Run<'_>) -> autodidact_core::Result<()> {
        self.scores(run).map(drop)
    }
}

impl Measurement {
    /// Measures; `None` without problems.
    fn scores(&self, run: &mut Run<'_>) -> autodidact_core::Result<Option<Scores>> {
        let lm = self.model.open(autodidact_recipes::nano::open)?;
        let task = self.task.open()?;
        let judge = task.task.judge();
        let measured = self.measure.run("after", &lm, &task, &*judge, run)?;
        Ok(measured.map(|measured| measured.scores))
    }
}

/// What `--json` prints.
#[derive(Serialize)]
struct Printed<'a> {
    run: &'a str,
    seconds: f64,
    #[serde(flatten)]
    scores: &'a Scores,
}

impl Eval {
    /// Measures and prints.
    pub fn perform(&self, context: &Context) -> Result<()> {
        let job = self.job()?;
        let measurement: Measurement =
            job.settings.clone().try_into().map_err(|error: toml::de::Error| {
                autodidact_core::Error::invalid("eval", "settings that were checked before", error)
            })?;
        let mut scores = None;
        let finished = perform_with(context, &job, Start::New, |run| {
            scores = measurement.scores(run)?;
            Ok(())
        })?;
        let Some(scores) = scores else { return Ok(()) };
        if self.json {
            let printed =
                Printed { run: &finished.run.0, seconds: finished.outcome.seconds, scores: &scores };
            return context.shell.json(&printed, JsonShape::Line);
        }
        context.shell.out(&told(&scores))?;
        let samples = context.command(&format!("runs samples {}", finished.run.0));
        context.shell.say(&format!("samples: {samples}"));
        Ok(())
    }

    fn job(&self) -> Result<Job> {
        let split = match self.split {
            Part::Train => Split::Train,
            Part::Validation => Split::Validation,
            Part::Test => Split::Test,
        };
        let split = Value::try_from(split).expect("a split is a word");
        let tries = self.tries.unwrap_or(self.k);
        let number = |n: u32| Value::Integer(i64::from(n));
        let sampling = toml::Table::from_iter([
            ("temperature".to_owned(), Value::Float(self.temperature)),
            ("max_tokens".to_owned(), number(self.max_tokens)),
        ]);
        let mut task = match self.task.setting()? {
            Some(task) => Some(task),
            None => usual_task()?,
        };
        let mut all = None;
        if let (true, Some(Value::Table(task))) = (self.all, &mut task) {
            // Every row of a file given as the test file is a test problem.
            let path = task.get("path").cloned().expect("--all requires --problems");
            task.insert("test".to_owned(), path);
            all = rows(task)?;
        }
        let measure = toml::Table::from_iter([
            ("problems".to_owned(), number(self.number.or(all).unwrap_or(200))),
            ("split".to_owned(), split),
            ("tries".to_owned(), number(tries)),
            ("k".to_owned(), number(self.k)),
            ("seed".to_owned(), Value::Integer(self.seed as i64)),
            ("sampling".to_owned(), Value::Table(sampling)),
        ]);
        let mut table = toml::Table::from_iter([
            ("seed".to_owned(), Value::Integer(self.seed as i64)),
            ("measure".to_owned(), Value::Table(measure)),
            // A test is no place to stop at: truncated and equal answers are data here.
            (
                "alarms".to_owned(),
                "truncated = { limit = 1.0 }".parse::<toml::Table>().expect("valid").into(),
            ),
        ]);
        if let Some(model) = self.model.setting()? {
            table.insert("model".to_owned(), model);
        }
        if let Some(task) = task {
            table.insert("task".to_owned(), task);
        }
        let mut layers = Layers::default();
        layers.push(table);
        Job::of("eval", &layers)
    }
}

/// How many test problems a file has.
fn rows(task: &toml::Table) -> Result<Option<u32>> {
    let task = Value::Table(task.clone()).try_into::<TaskConfig>();
    let invalid = |error| autodidact_core::Error::invalid("task", "a file of problems", error);
    Ok(match task.map_err(invalid)? {
        TaskConfig::Problems(file) => u32::try_from(file.open()?.of(Split::Test).len()).ok(),
        _ => None,
    })
}

fn told(scores: &Scores) -> String {
    let k = scores.k;
    let at_k = format!("pass@{k}");
    let majority = format!("maj@{k}");
    let mut table = Table::new(&["", "problems", "pass@1", &at_k, &majority, "greedy"]);
    let share = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), units::percent);
    let whole =
        |interval: Option<Interval>| interval.map_or_else(|| "-".to_owned(), |one| units::share(&one));
    for cell in &scores.cells {
        table.row([
            cell.name.clone(),
            cell.problems.to_string(),
            share(cell.pass_at_1),
            share(cell.pass_at_k),
            share(cell.maj_at_k),
            share(cell.greedy),
        ]);
    }
    table.row([
        "all".to_owned(),
        scores.problems.to_string(),
        whole(scores.pass_at_1),
        whole(scores.pass_at_k),
        whole(scores.maj_at_k),
        whole(scores.greedy),
    ]);
    table.plain()
}
