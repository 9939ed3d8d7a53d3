//! `runs show`: everything about one run, short of its samples.

use super::list::status;
use crate::context::Context;
use crate::error::Result;
use crate::shell::{JsonShape, Paint};
use crate::table::Table;
use crate::units;
use autodidact_ledger::{Report, Status};
use clap::Args;

/// Show a run: its settings, what it spent, its metrics, alarms and results.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  autodidact runs show b-star-1
  autodidact runs show b-star-1 --json | jq '.series[].name'")]
pub struct Show {
    /// The run, or a beginning that only it has.
    run: String,
    /// Print one JSON object with every value of every metric.
    #[arg(long)]
    json: bool,
}

impl Show {
    /// Prints the report.
    pub fn perform(&self, context: &Context) -> Result<()> {
        let store = context.existing_ledger()?;
        let report = store.report(&store.find(&self.run)?)?;
        if self.json {
            return context.shell.json(&report, JsonShape::Pretty);
        }
        context.shell.out(&told(&report, context))
    }
}

fn told(report: &Report, context: &Context) -> String {
    let line = &report.line;
    let mut out = String::new();
    let head = [
        ("run", line.run.0.clone()),
        ("recipe", format!("{}, seed {}", line.recipe, line.seed)),
        ("status", reasoned(&line.status)),
        ("began", format!("{} by version {}", line.started_at, line.program)),
        ("round", line.round.to_string()),
        ("samples", units::count(line.samples)),
        ("folder", context.run_folder(&line.run).display().to_string()),
    ];
    for (name, value) in head {
        out.push_str(&format!("{name:<9} {value}\n"));
    }
    let heading = |title: &str| format!("\n{}\n", context.shell.paint(Paint::Bold, title));

    out.push_str(&heading("stages"));
    let paid = report.stages.iter().any(|stage| stage.spend.cost != 0.0);
    let mut head = vec!["stage", "purpose", "samples", "sampled", "scored", "trained", "time"];
    head.extend(paid.then_some("cost"));
    let mut table = Table::new(&head);
    for stage in &report.stages {
        let cost = paid.then(|| units::number(stage.spend.cost));
        let cells = [
            stage.stage.clone(),
            stage.purpose.clone(),
            units::count(stage.samples),
            units::short(stage.spend.sampled_tokens as f64),
            units::short(stage.spend.scored_tokens as f64),
            units::short(stage.spend.trained_tokens as f64),
            units::seconds(stage.spend.seconds),
        ];
        table.row(cells.into_iter().chain(cost));
    }
    out.push_str(&table.plain());

    if !report.series.is_empty() {
        out.push_str(&heading("metrics"));
        let mut table = Table::new(&["name", "first", "last", "values"]);
        for series in &report.series {
            let value = |at: usize| series.points.get(at).map_or(String::new(), |p| units::number(p.value));
            let last = series.points.len().saturating_sub(1);
            table.row([series.name.clone(), value(0), value(last), series.points.len().to_string()]);
        }
        out.push_str(&table.plain());
    }
    if !report.alarms.is_empty() {
        out.push_str(&heading("alarms"));
        for alarm in &report.alarms {
            out.push_str(&format!("round {}  {}: {}\n", alarm.round, alarm.name, alarm.message));
        }
    }
    if !report.outputs.is_empty() {
        out.push_str(&heading("results"));
        for output in &report.outputs {
            out.push_str(&format!(
                "{}  of round {}, {} files\n",
                output.name,
                output.round,
                output.files.len()
            ));
        }
    }
    out.push_str(&heading("settings"));
    out.push_str(&settings(&report.spec.config));
    out
}

fn reasoned(of: &Status) -> String {
    match of {
        Status::Stopped { reason } | Status::Failed { reason } => format!("{}: {reason}", status(of)),
        _ => status(of).to_owned(),
    }
}

/// The settings as TOML where they can be written so, as recorded otherwise.
fn settings(config: &str) -> String {
    let table = serde_json::from_str::<toml::Table>(config).ok();
    table.and_then(|table| toml::to_string(&table).ok()).unwrap_or_else(|| format!("{config}\n"))
}
