//! `decide show`: how the arms of a process did.

use crate::context::Context;
use crate::decide::{Evidence, Process};
use crate::error::Result;
use crate::shell::JsonShape;
use crate::table::Table;
use crate::units;
use clap::Args;

/// Show a process: what each arm was asked for, what it earned, what can be said of it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  autodidact decide show button
  autodidact decide show button --json | jq '.arms[] | {arm, mean}'")]
pub struct Show {
    /// The process.
    name: String,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Show {
    /// Prints the evidence.
    pub fn perform(&self, context: &Context) -> Result<()> {
        let ledger = context.existing_ledger()?;
        let line = ledger.process(&self.name)?;
        let process = Process::open(&ledger, &self.name)?;
        let evidence = Evidence::of(&ledger, &self.name, process.config())?;
        if self.json {
            let value = serde_json::json!({
                "process": line.spec.name, "seed": line.spec.seed, "started_at": line.started_at,
                "config": process.config(), "asked": line.asked, "told": line.told, "arms": evidence.arms,
            });
            return context.shell.json(&value, JsonShape::Pretty);
        }
        context.shell.say(&format!(
            "{}: {}, asked {}, told {}, since {}",
            self.name,
            process.config().algorithm.name(),
            units::count(line.asked),
            units::count(line.told),
            line.started_at
        ));
        let mut table = Table::new(&["arm", "asked", "share", "told", "mean reward"]);
        for arm in &evidence.arms {
            table.row([
                arm.arm.clone(),
                units::count(arm.asked),
                units::percent(arm.share),
                units::count(arm.told),
                arm.mean.map_or_else(|| "-".to_owned(), units::number),
            ]);
        }
        context.shell.out(&table.plain())
    }
}
