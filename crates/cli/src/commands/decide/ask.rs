//! `decide ask`: chooses an arm and records the decision.

use crate::context::Context;
use crate::decide::{Asked, Process, ProcessConfig, Situation};
use crate::error::{CommandError, Kind, Result};
use crate::shell::JsonShape;
use clap::Args;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Choose an arm; print the decision's number and the arm, with a tab between them.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  autodidact decide ask button
  autodidact decide ask button --count 100 --json
  autodidact decide ask offer --context '{\"age\": 40, \"visits\": 3}'
  autodidact decide ask offer --context '[40, 3]' --allowed none,coupon
  autodidact decide ask offer --contexts visitors.jsonl > decisions.tsv

A file of contexts holds one JSON object or list a line; `-` reads stdin. All decisions of one call are \
recorded together, from the same state. --json prints {decision, arm, propensity}, one object a line.")]
pub struct Ask {
    /// The process.
    name: String,
    /// What is known now: a JSON object by feature, or a list in the order of the features.
    #[arg(long, value_name = "JSON", conflicts_with = "contexts")]
    context: Option<String>,
    /// A file with one context a line; one decision each.
    #[arg(long, value_name = "FILE")]
    contexts: Option<PathBuf>,
    /// The arms that may be chosen, with commas between them. Default: all.
    #[arg(long, value_name = "ARMS", value_delimiter = ',')]
    allowed: Option<Vec<String>>,
    /// How many decisions in this context.
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "contexts",
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    count: u32,
    /// Print one JSON object a decision.
    #[arg(long)]
    json: bool,
}

impl Ask {
    /// Chooses, records and prints.
    pub fn perform(&self, context: &Context) -> Result<()> {
        let ledger = context.existing_ledger()?;
        let mut process = Process::open(&ledger, &self.name)?;
        let situations = self.situations(process.config())?;
        let asked = process.ask(&situations)?;
        match self.json {
            true => asked.iter().try_for_each(|one| context.shell.json(one, JsonShape::Line)),
            false => context.shell.out(&lines(&asked)),
        }
    }

    fn situations(&self, config: &ProcessConfig) -> Result<Vec<Situation>> {
        let allowed =
            self.allowed.as_ref().map(|names| names.iter().map(|one| one.trim().to_owned()).collect());
        let Some(path) = &self.contexts else {
            let value = match &self.context {
                None => Value::Null,
                Some(text) => serde_json::from_str(text).map_err(|error| {
                    CommandError::new(
                        Kind::Usage,
                        format_args!("--context must be JSON, but is {text}: {error}"),
                    )
                    .hint("an object by feature, '{\"age\": 40}', or a list, '[40]'")
                })?,
            };
            let situation = Situation::parse(value, allowed, config)?;
            return Ok(vec![situation; self.count as usize]);
        };
        let mut situations = Vec::new();
        for (place, value) in super::json_lines(path)? {
            let at = |error: autodidact_core::Error| {
                CommandError::from(error).hint(format!("line {place} of {}", path.display()))
            };
            let situation = Situation::parse(value, allowed.clone(), config).map_err(at)?;
            situation.context(0, config).map_err(at)?;
            situations.push(situation);
        }
        Ok(situations)
    }
}

fn lines(asked: &[Asked]) -> String {
    let mut out = String::new();
    for one in asked {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}\t{}", one.decision, one.arm);
    }
    out
}
