//! `runs list`: every run in one line.

use crate::context::Context;
use crate::error::Result;
use crate::shell::JsonShape;
use crate::table::Table;
use crate::units;
use autodidact_ledger::Status;
use clap::Args;

/// List the runs of this workspace, the newest first.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  autodidact runs list
  autodidact runs list --recipe b-star --json | jq '.[].run'")]
pub struct List {
    /// Only runs of this recipe.
    #[arg(long, value_name = "ID")]
    recipe: Option<String>,
    /// Print one JSON list.
    #[arg(long)]
    json: bool,
}

impl List {
    /// Prints the list.
    pub fn perform(&self, context: &Context) -> Result<()> {
        let mut lines = match context.has_ledger() {
            true => context.existing_ledger()?.runs()?,
            false => Vec::new(),
        };
        lines.retain(|line| self.recipe.as_ref().is_none_or(|id| line.recipe == *id));
        if self.json {
            return context.shell.json(&lines, JsonShape::Pretty);
        }
        if lines.is_empty() {
            context.shell.say(&format!("no runs in {}", context.dir.display()));
            return Ok(());
        }
        let mut table = Table::new(&["run", "status", "round", "samples", "tokens", "time", "began"]);
        for line in &lines {
            let spend = line.spend + line.evaluation_spend;
            let tokens = spend.sampled_tokens + spend.scored_tokens + spend.trained_tokens;
            table.row([
                line.run.0.clone(),
                status(&line.status).to_owned(),
                line.round.to_string(),
                units::count(line.samples),
                units::short(tokens as f64),
                units::seconds(spend.seconds),
                line.started_at.clone(),
            ]);
        }
        context.shell.out(&table.plain())
    }
}

/// A status in one word.
pub fn status(status: &Status) -> &'static str {
    match status {
        Status::Running => "running",
        Status::Complete => "complete",
        Status::Stopped { .. } => "stopped",
        Status::Failed { .. } => "failed",
        Status::Killed => "killed",
    }
}
