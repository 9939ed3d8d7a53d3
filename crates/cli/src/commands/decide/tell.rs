//! `decide tell`: says what a decision earned.

use crate::context::Context;
use crate::decide::Process;
use crate::error::{CommandError, Kind, Result};
use crate::shell::JsonShape;
use clap::Args;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Say what a decision earned; the process learns from it.
///
/// Rewards may come late and in any order. Telling the same reward twice counts once; telling another
/// one for the same decision is an error. A decision whose reward is never told is never learned from.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  autodidact decide tell button 17 1
  autodidact decide tell button 18 -- -0.5
  autodidact decide tell button --rewards rewards.jsonl

A file of rewards holds one object a line, {\"decision\": 17, \"reward\": 1}; `-` reads stdin. All rewards \
of one call are learned, or, when one of them is wrong, none.")]
pub struct Tell {
    /// The process.
    name: String,
    /// The decision's number, as `decide ask` printed it.
    #[arg(required_unless_present = "rewards", requires = "reward")]
    decision: Option<u64>,
    /// What it earned; higher is better.
    #[arg(allow_negative_numbers = true)]
    reward: Option<f64>,
    /// A file with many rewards.
    #[arg(long, value_name = "FILE", conflicts_with = "decision")]
    rewards: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Tell {
    /// Records the rewards and learns from them.
    pub fn perform(&self, context: &Context) -> Result<()> {
        let (places, rewards): (Vec<usize>, Vec<(u64, f64)>) =
            match (&self.rewards, self.decision, self.reward) {
                (Some(path), ..) => read(path)?.into_iter().unzip(),
                (None, Some(decision), Some(reward)) => (Vec::new(), vec![(decision, reward)]),
                _ => {
                    return Err(CommandError::new(
                        Kind::Usage,
                        "a decision needs its reward: decide tell NAME DECISION REWARD",
                    ));
                }
            };
        let ledger = context.existing_ledger()?;
        let told = Process::open(&ledger, &self.name)?.tell(&rewards).map_err(|untold| {
            let error = CommandError::from(untold.error);
            match (&self.rewards, untold.at.and_then(|at| places.get(at))) {
                (Some(path), Some(line)) => error.hint(format!("line {line} of {}", path.display())),
                _ => error,
            }
        })?;
        let again = rewards.len() as u64 - told;
        if self.json {
            return context
                .shell
                .json(&serde_json::json!({"told": told, "told_before": again}), JsonShape::Line);
        }
        if again > 0 {
            context.shell.say(&format!("{told} told, {again} had been told before"));
        }
        Ok(())
    }
}

/// The rewards of a file, each with its line and its decision.
fn read(path: &Path) -> Result<Vec<(usize, (u64, f64))>> {
    let one = |(place, value): (usize, Value)| {
        let pair =
            value.get("decision").and_then(Value::as_u64).zip(value.get("reward").and_then(Value::as_f64));
        pair.map(|pair| (place, pair)).ok_or_else(|| {
            let message = format!(
                "{}: line {place} must hold {{\"decision\": N, \"reward\": X}}, but holds {value}",
                path.display()
            );
            CommandError::new(Kind::Usage, message)
        })
    };
    super::json_lines(path)?.into_iter().map(one).collect()
}
