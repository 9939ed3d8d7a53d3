//! `decide show`: how the arms of a process did.

use crate::context::Context;
use crate::decide::{Evidence, Process, Range};
use crate::error::Result;
use crate::shell::JsonShape;
use crate::table::Table;
use crate::units;
use clap::Args;

/// Show a process: what each arm was asked for, what it earned, what can be said of it.
///
/// An arm's interval holds its mean reward at all times, for all arms together with 95 % confidence,
/// however often one looks and whatever the rule chose. "always" is what always choosing the arm would have
/// earned, from the propensities; where they cannot tell, it is left out and --json says why.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  autodidact decide show button
  autodidact decide show price --range 0,40
  autodidact decide show button --json | jq '.arms[] | {arm, mean}'")]
pub struct Show {
    /// The process.
    name: String,
    /// The range in which all rewards lie; intervals rest on it.
    #[arg(long, value_name = "LOW,HIGH", default_value = "0,1", allow_hyphen_values = true, value_parser = ends)]
    range: (f64, f64),
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

fn ends(text: &str) -> Result<(f64, f64), String> {
    let number = |text: &str| text.trim().parse::<f64>().map_err(|error| format!("{text:?}: {error}"));
    let (low, high) = text.split_once(',').ok_or("two numbers with a comma between them")?;
    Ok((number(low)?, number(high)?))
}

impl Show {
    /// Prints the evidence.
    pub fn perform(&self, context: &Context) -> Result<()> {
        let ledger = context.existing_ledger()?;
        let line = ledger.process(&self.name)?;
        let process = Process::open(&ledger, &self.name)?;
        let evidence = Evidence::of(&ledger, &self.name, process.config(), self.range)?;
        if self.json {
            let value = serde_json::json!({
                "process": line.spec.name, "seed": line.spec.seed, "started_at": line.started_at,
                "config": process.config(), "asked": line.asked, "told": line.told,
                "mean": evidence.mean, "regret": evidence.regret, "range": evidence.range,
                "outside": evidence.outside, "arms": evidence.arms,
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
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let mut table = Table::new(&["arm", "asked", "share", "told", "mean", "95 % at all times", "always"]);
        for arm in &evidence.arms {
            let always = arm.always.as_ref().filter(|always| always.flaws.is_empty());
            table.row([
                arm.arm.clone(),
                units::count(arm.asked),
                units::percent(arm.share),
                units::count(arm.told),
                or_dash(arm.mean.map(units::number)),
                or_dash(arm.interval.map(shown)),
                or_dash(always.map(|always| units::number(always.value))),
            ]);
        }
        context.shell.out(&table.plain())?;
        if let Some(regret) = evidence.regret {
            context.shell.say(&format!("regret a decision, where one arm is best: {}", shown(regret)));
        }
        if evidence.outside > 0 {
            let (low, high) = self.range;
            let what = format!(
                "{} rewards lie outside {low} to {high}: --range says where they lie",
                evidence.outside
            );
            context.shell.warn("alarm", &what);
        }
        Ok(())
    }
}

fn shown(range: Range) -> String {
    format!("[{}, {}]", units::number(range.low), units::number(range.high))
}
