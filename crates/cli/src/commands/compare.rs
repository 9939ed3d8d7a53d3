//! `compare`: several runs' metric at the same budget.

use crate::context::Context;
use crate::error::{CommandError, Kind, Result};
use crate::files::{check_folder, write_file};
use crate::plot::{Chart, Line};
use crate::shell::JsonShape;
use crate::table::Table;
use crate::units;
use autodidact_ledger::{Axis, Comparison};
use clap::Args;
use std::path::PathBuf;

/// Set runs side by side at the same budget, as a table and a plot.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  autodidact compare b-star-1 raft-1
  autodidact compare b-star-1 b-star-2 --metric pool/reward --axis sampled_tokens --json")]
pub struct Compare {
    /// Two runs or more.
    #[arg(required = true, num_args = 2.., value_name = "RUN")]
    runs: Vec<String>,
    /// Which metric; `runs show` lists a run's.
    #[arg(long, default_value = "validation/pass@1", value_name = "NAME")]
    metric: String,
    /// What the runs spent: round, sampled_tokens, scored_tokens, trained_tokens, tokens,
    /// judge_calls, seconds or cost. Evaluations are left out.
    #[arg(long, default_value = "tokens", value_name = "COUNT")]
    axis: String,
    /// Where to write the plot. Default: in the workspace.
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Compare {
    /// Prints the table and writes the plot.
    pub fn perform(&self, context: &Context) -> Result<()> {
        if let Some(plot) = &self.plot {
            check_folder(plot)?;
        }
        let store = context.existing_ledger()?;
        let runs = self.runs.iter().map(|name| store.find(name)).collect::<Result<Vec<_>, _>>()?;
        let axis =
            Axis::named(&self.axis).map_err(|error| CommandError { kind: Kind::Usage, ..error.into() })?;
        let comparison = store.compare(&runs, &self.metric, axis)?;

        let names: Vec<&str> = runs.iter().map(|run| run.0.as_str()).collect();
        let default = || context.dir.join("comparisons").join(format!("{}.svg", names.join("-vs-")));
        let path = self.plot.clone().unwrap_or_else(default);
        if let Some(svg) = chart(&comparison).svg()? {
            write_file(&path, svg.as_bytes())?;
        }
        if self.json {
            return context.shell.json(&comparison, JsonShape::Pretty);
        }
        context.shell.out(&table(&comparison))?;
        context.shell.say(&format!("plot: {}", path.display()));
        Ok(())
    }
}

fn table(comparison: &Comparison) -> String {
    let head = vec![
        "run".to_owned(),
        "recipe".to_owned(),
        "points".to_owned(),
        format!("at {} {}", units::short(comparison.common), comparison.axis.name()),
        "last".to_owned(),
    ];
    let mut table = Table::with_head(head);
    for curve in &comparison.curves {
        table.row([
            curve.run.0.clone(),
            curve.recipe.clone(),
            curve.points.len().to_string(),
            curve.at_common.map_or_else(|| "-".to_owned(), units::number),
            units::number(curve.last),
        ]);
    }
    format!("{}\n{}", comparison.metric, table.plain())
}

fn chart(comparison: &Comparison) -> Chart {
    let line = |curve: &autodidact_ledger::Curve| Line {
        name: curve.run.0.clone(),
        points: curve.points.iter().map(|point| (point.budget, point.value)).collect(),
        band: Vec::new(),
    };
    Chart {
        title: format!("{} at equal budget", comparison.metric),
        across: comparison.axis.name().to_owned(),
        up: comparison.metric.clone(),
        lines: comparison.curves.iter().map(line).collect(),
        bounds: None,
    }
}
