//! `decide`: a decision process that any program can ask and tell.

mod ask;
mod init;
mod list;
mod replay;
mod show;
mod tell;

use crate::context::Context;
use crate::error::{CommandError, Kind, Result};
use clap::{Args, Subcommand};
use serde_json::Value;
use std::path::Path;

/// Choose among arms and learn from what comes back, one decision at a time.
///
/// A process lives in the workspace's ledger: every decision is on disk before it is printed, rewards
/// may come late, in any order, or never, and several programs may ask and tell at once.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  autodidact decide init button --arms red,blue,green --algorithm thompson-beta
  autodidact decide ask button                       prints the decision's number and the arm
  autodidact decide tell button 0 1                  decision 0 earned a reward of 1
  autodidact decide show button                      how the arms did

  autodidact decide init offer --arms none,coupon --features age,visits --algorithm lin-ucb
  autodidact decide ask offer --context '{\"age\": 40, \"visits\": 3}' --json")]
pub struct Decide {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Init(init::Init),
    Ask(ask::Ask),
    Tell(tell::Tell),
    Show(show::Show),
    Replay(replay::ReplayLog),
    List(list::List),
}

impl Decide {
    /// Does what is asked for.
    pub fn perform(&self, context: &Context) -> Result<()> {
        match &self.what {
            What::Init(init) => init.perform(context),
            What::Ask(ask) => ask.perform(context),
            What::Tell(tell) => tell.perform(context),
            What::Show(show) => show.perform(context),
            What::Replay(replay) => replay.perform(context),
            What::List(list) => list.perform(context),
        }
    }
}

/// The JSON values of a file, one a line, with the lines' numbers; `-` is stdin.
fn json_lines(path: &Path) -> Result<Vec<(usize, Value)>> {
    let text = if path.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(path)
    };
    let text = text.map_err(|source| CommandError::io(path, "reading", source))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(i, line)| {
            let value = serde_json::from_str(line).map_err(|error| {
                let message =
                    format!("{}: line {} must be JSON, but is {line}: {error}", path.display(), i + 1);
                CommandError::new(Kind::Usage, message)
            })?;
            Ok((i + 1, value))
        })
        .collect()
}
