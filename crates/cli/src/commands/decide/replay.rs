//! `decide replay`: what a process's rule would have earned on a log.

use crate::context::Context;
use crate::decide::{LogRow, Process, ProcessConfig, Replay, Rule, Situation, replay};
use crate::error::{CommandError, Kind, Result};
use crate::shell::JsonShape;
use crate::table::Table;
use crate::units;
use autodidact_decide::bandit::{Algorithm, Bandit};
use autodidact_ledger::Store;
use autodidact_math::off_policy::Clip;
use autodidact_parts::rows;
use clap::Args;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// Judge a process's rule on a log of decisions, without trying it on anyone.
///
/// Each logged reward is weighed with how much more likely the rule is to take the logged action than
/// whoever wrote the log: inverse propensities (ips), the same normalised (snips), and as a correction of
/// a reward model (dr), with 95 % intervals. An alarm says when the log can not tell.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  autodidact decide replay offer --log visits.csv
  autodidact decide replay offer --log visits.parquet --action shown --reward bought --propensity p
  autodidact decide replay offer --log visits.jsonl --learn      a fresh rule, learning along it
  autodidact decide replay offer                                 on the process's own decisions

A log is .csv, .tsv, JSON Lines or Parquet with a row a decision: the action's name, its reward, the
probability with which it was taken, and a column for each feature (or one column, context, with an
object or a list).")]
pub struct ReplayLog {
    /// The process.
    name: String,
    /// The log. Default: the process's own decisions.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// The column with the action's name.
    #[arg(long, value_name = "COLUMN", default_value = "action")]
    action: String,
    /// The column with the reward.
    #[arg(long, value_name = "COLUMN", default_value = "reward")]
    reward: String,
    /// The column with the probability of the action.
    #[arg(long, value_name = "COLUMN", default_value = "propensity")]
    propensity: String,
    /// Judge a fresh rule that learns each row after it was weighed, instead of the process as it stands.
    #[arg(long)]
    learn: bool,
    /// Weights above this count as this: less variance for some bias.
    #[arg(long, value_name = "WEIGHT")]
    clip: Option<f64>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl ReplayLog {
    /// Judges and prints.
    pub fn perform(&self, context: &Context) -> Result<()> {
        let ledger = context.existing_ledger()?;
        let mut process = Process::open(&ledger, &self.name)?;
        let config = process.config().clone();
        let rows = match &self.log {
            Some(path) => self.read(path, &config)?,
            None => own(&ledger, &self.name)?,
        };
        if rows.is_empty() {
            return Err(CommandError::new(Kind::Usage, "there is no decision with a reward to judge by"));
        }
        let clip = self.clip.map_or(Clip::Never, |weight| Clip::At { weight });
        let mut found = match self.learn {
            true => replay(&Bandit::new(&config.bandit())?, &config, &rows, Rule::Learning, clip)?,
            false => replay(process.bandit()?, &config, &rows, Rule::Fixed, clip)?,
        };
        let learned_here = self.log.is_none() && !self.learn && learns(&config);
        if learned_here {
            let why = "the rule learned from these very rows, so its estimates are too high: judge it on another \
                       log, or a fresh one with --learn";
            found.flaws.push(why.to_owned());
        }
        for flaw in &found.flaws {
            context.shell.warn("alarm", flaw);
        }
        match self.json {
            true => context.shell.json(&found, JsonShape::Line),
            false => context.shell.out(&table(&found)),
        }
    }

    fn read(&self, path: &Path, config: &ProcessConfig) -> Result<Vec<LogRow>> {
        let file = rows::read(path)?;
        let place = file.place;
        let one = |(line, row): rows::Row| {
            row.and_then(|row| self.row(row, config)).map_err(|why| {
                let message = format!("{}: {place} {line}: {why}", path.display());
                CommandError::new(Kind::Usage, message)
                    .hint("--action, --reward and --propensity name the log's columns")
            })
        };
        file.rows.into_iter().map(one).collect()
    }

    fn row(&self, mut row: Map<String, Value>, config: &ProcessConfig) -> Result<LogRow, String> {
        let mut take =
            |column: &str| row.remove(column).ok_or_else(|| format!("the column {column:?} is missing"));
        let (action, reward, propensity) =
            (take(&self.action)?, take(&self.reward)?, take(&self.propensity)?);
        let number = |column: &str, value: &Value| match value {
            Value::Bool(yes) => Ok(f64::from(u8::from(*yes))),
            other => other.as_f64().ok_or_else(|| format!("{column} must be a number, but is {other}")),
        };
        let name = action.as_str().map_or_else(|| action.to_string(), str::to_owned);
        let arm = config.arm(&name).map_err(|error| error.to_string())?;
        let reward = number(&self.reward, &reward)?;
        let propensity = number(&self.propensity, &propensity)?;
        if !(propensity > 0.0 && propensity <= 1.0) {
            return Err(format!("{} must be above 0 and at most 1, but is {propensity}", self.propensity));
        }
        let features = match row.remove("context") {
            Some(context) => context,
            // Other columns are none of the rule's business.
            None => Value::Object(
                config.features.iter().filter_map(|name| Some((name.clone(), row.remove(name)?))).collect(),
            ),
        };
        let situation = Situation::parse(features, None, config).map_err(|error| error.to_string())?;
        situation.context(0, config).map_err(|error| error.to_string())?;
        Ok(LogRow { situation, arm, reward, propensity })
    }
}

/// Whether the process's rule changes with what it is told.
fn learns(config: &ProcessConfig) -> bool {
    config.algorithm != Algorithm::Random
}

/// The told decisions of a process, in the order of asking.
fn own(ledger: &Store, name: &str) -> Result<Vec<LogRow>> {
    const PAGE: u64 = 10_000;
    let mut rows = Vec::new();
    let mut from = 0;
    loop {
        let page = ledger.decisions(name, from, PAGE)?;
        let Some(last) = page.last() else { return Ok(rows) };
        from = last.number + 1;
        for decision in page {
            if let Some(feedback) = decision.feedback {
                let situation = serde_json::from_str(&decision.context)?;
                let (arm, propensity) = (decision.arm, decision.propensity);
                rows.push(LogRow { situation, arm, reward: feedback.reward, propensity });
            }
        }
    }
}

fn table(found: &Replay) -> String {
    let mut table = Table::new(&["estimate", "mean reward", "95 % interval"]);
    table.row(["logged".to_owned(), units::number(found.logged), "-".to_owned()]);
    for line in &found.estimates {
        let interval = line.interval.map_or_else(
            || "-".to_owned(),
            |(low, high)| format!("[{}, {}]", units::number(low), units::number(high)),
        );
        table.row([line.estimator.to_owned(), units::number(line.value), interval]);
    }
    format!(
        "{}rows {}, effective {}, mean weight {}\n",
        table.plain(),
        units::count(found.rows as u64),
        units::number(found.effective),
        units::number(found.mean_weight)
    )
}
