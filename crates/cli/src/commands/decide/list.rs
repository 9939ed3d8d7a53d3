//! `decide list`: every process in one line.

use crate::context::Context;
use crate::error::Result;
use crate::shell::JsonShape;
use crate::table::Table;
use crate::units;
use clap::Args;

/// List the processes of this workspace.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  autodidact decide list
  autodidact decide list --json | jq '.[] | {process, asked, told}'")]
pub struct List {
    /// Print one JSON list.
    #[arg(long)]
    json: bool,
}

impl List {
    /// Prints the list.
    pub fn perform(&self, context: &Context) -> Result<()> {
        let lines = match context.has_ledger() {
            true => context.existing_ledger()?.processes()?,
            false => Vec::new(),
        };
        if self.json {
            let value = |line: &autodidact_ledger::ProcessLine| {
                // What does not parse is shown as the text that it is.
                let config = serde_json::from_str(&line.spec.config)
                    .unwrap_or_else(|_| serde_json::Value::String(line.spec.config.clone()));
                serde_json::json!({
                    "process": line.spec.name, "seed": line.spec.seed, "asked": line.asked,
                    "told": line.told, "started_at": line.started_at, "config": config,
                })
            };
            return context.shell.json(&lines.iter().map(value).collect::<Vec<_>>(), JsonShape::Pretty);
        }
        if lines.is_empty() {
            context.shell.say(&format!("no decision processes in {}", context.dir.display()));
            return Ok(());
        }
        let mut table = Table::new(&["process", "asked", "told", "began"]);
        for line in &lines {
            table.row([
                line.spec.name.clone(),
                units::count(line.asked),
                units::count(line.told),
                line.started_at.clone(),
            ]);
        }
        context.shell.out(&table.plain())
    }
}
