//! `prove`: do recipes do here, on a small scale, what their papers claim?

use crate::context::Context;
use crate::error::{CommandError, Kind, Result};
use crate::files::write_file;
use crate::interrupt::on_interrupt;
use crate::plot;
use crate::progress::Progress;
use crate::shell::JsonShape;
use crate::table::Table;
use crate::units;
use autodidact_core::{Error, Stop};
use autodidact_recipes::proof::{Chart, Claim, Proof, ProofOptions, ProofReport, Scale};
use autodidact_recipes::{Family, PROOFS};
use clap::Args;
use serde::Serialize;
use std::path::Path;
use std::time::Instant;

/// Run recipes' small-scale proofs and report which of their claims hold.
///
/// Writes table.md, plot.svg and result.json into the workspace's folder proofs/ID, or proofs/ID-quick
/// with --quick. Exits with 3 when a claim is not met. Several proofs run one after the other.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  autodidact prove raft
  autodidact prove b-star --seeds 3 --json
  autodidact prove --family self-training

--json ends with one object a recipe on stdout, a line each: {recipe, seeds, seconds, claims, \
quick}; each claim holds {name, value, interval, required, met}.")]
pub struct Prove {
    /// The recipes.
    #[arg(value_name = "RECIPE", required_unless_present = "family")]
    recipes: Vec<String>,
    /// All recipes of a family: self-training.
    #[arg(long, value_name = "NAME", conflicts_with = "recipes")]
    family: Option<String>,
    /// How many seeds; every arm runs once with each.
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000))]
    seeds: u64,
    /// A much smaller experiment, to see that it works; its claims mean little. It is written apart, into
    /// proofs/ID-quick.
    #[arg(long)]
    quick: bool,
    /// Print one JSON object a recipe when it is done.
    #[arg(long)]
    json: bool,
}

/// What `--json` prints; result.json has all of it and more.
#[derive(Serialize)]
struct Printed<'a> {
    recipe: &'a str,
    seeds: &'a [u64],
    seconds: f64,
    claims: &'a [Claim],
    quick: bool,
}

impl Prove {
    /// Runs the proofs, writes their folders and prints their claims. A proof that fails does not keep
    /// the others from running.
    pub fn perform(&self, context: &Context) -> Result<()> {
        let proofs = self.proofs()?;
        let ids: Vec<&str> = proofs.iter().map(|proof| proof.id).collect();
        let quick = if self.quick { " --quick" } else { "" };
        let again = format!("prove {} --seeds {}{quick}", ids.join(" "), self.seeds);
        let stop = on_interrupt(context.command(&again))?;
        let (mut open, mut claimed, mut failed) = (0, 0, None);
        for proof in &proofs {
            match self.prove(context, proof, proofs.len() > 1, &stop) {
                Ok(claims) => {
                    open += claims.iter().filter(|claim| !claim.met).count();
                    claimed += claims.len();
                }
                Err(error) if proofs.len() == 1 || stop.requested() || error.kind == Kind::Closed => {
                    return Err(error);
                }
                Err(error) => {
                    context.shell.warn(&format!("proof of {}", proof.id), &error.to_string());
                    failed.get_or_insert(error);
                }
            }
        }
        match (failed, open) {
            (Some(error), _) => Err(error),
            (None, 0) => Ok(()),
            (None, _) => {
                Err(CommandError::new(Kind::Claim, format!("{open} of {claimed} claims are not met")))
            }
        }
    }

    /// The proofs asked for, each once.
    fn proofs(&self) -> Result<Vec<&'static Proof>> {
        if let Some(name) = &self.family {
            return Ok(Family::named(name)?.proofs().collect());
        }
        let mut proofs: Vec<&Proof> = Vec::new();
        for id in &self.recipes {
            let known = PROOFS.iter().find(|proof| proof.id == id);
            let proof =
                known.ok_or_else(|| Error::unknown("proof", id, PROOFS.iter().map(|proof| proof.id)))?;
            if proofs.iter().all(|other| other.id != proof.id) {
                proofs.push(proof);
            }
        }
        Ok(proofs)
    }

    /// Runs one proof; its claims.
    fn prove(&self, context: &Context, proof: &Proof, several: bool, stop: &Stop) -> Result<Vec<Claim>> {
        context.shell.say(&format!("{} of {}: {}", self.kind(), proof.id, proof.about));
        let started = Instant::now();
        let progress = Progress::new(context.shell);
        let options = ProofOptions {
            seeds: (0..self.seeds).collect(),
            scale: if self.quick { Scale::Quick } else { Scale::Full },
            observer: &progress,
            stop: stop.clone(),
        };
        let report = (proof.run)(&options);
        drop(progress);
        let report = report?;
        let seconds = started.elapsed().as_secs_f64();

        let folder = context.proof_folder(proof.id, self.quick);
        self.write(&report, seconds, &folder)?;
        context.shell.say(&format!("files: {}", folder.display()));
        let printed = Printed {
            recipe: &report.recipe,
            seeds: &report.seeds,
            seconds,
            claims: &report.claims,
            quick: self.quick,
        };
        let table = claims(&report.claims).plain();
        match (self.json, several) {
            (true, _) => context.shell.json(&printed, JsonShape::Line)?,
            (false, true) => {
                let mark = if self.quick { " (quick proof)" } else { "" };
                context.shell.out(&format!("{}{mark}\n{table}\n", report.recipe))?;
            }
            (false, false) => context.shell.out(&table)?,
        }
        Ok(report.claims)
    }

    fn kind(&self) -> &'static str {
        if self.quick { "quick proof" } else { "proof" }
    }

    fn write(&self, report: &ProofReport, seconds: f64, folder: &Path) -> Result<()> {
        let mut value = serde_json::to_value(report)?;
        value["seconds"] = seconds.into();
        value["quick"] = self.quick.into();
        let json = serde_json::to_string_pretty(&value)? + "\n";
        write_file(&folder.join("result.json"), json.as_bytes())?;
        write_file(&folder.join("table.md"), self.markdown(report, seconds).as_bytes())?;
        for (i, chart) in report.charts.iter().enumerate() {
            let name = if i == 0 { "plot.svg".to_owned() } else { format!("plot-{}.svg", i + 1) };
            if let Some(svg) = self.drawn(chart).svg()? {
                write_file(&folder.join(name), svg.as_bytes())?;
            }
        }
        Ok(())
    }

    fn markdown(&self, report: &ProofReport, seconds: f64) -> String {
        let title = if self.quick { "Quick proof" } else { "Proof" };
        let mut out = format!("# {title} of {}\n\n", report.recipe);
        if self.quick {
            out.push_str("A much smaller experiment, to see that it works; its claims mean little.\n\n");
        }
        let seeds: Vec<String> = report.seeds.iter().map(u64::to_string).collect();
        out.push_str(&format!(
            "Seeds {}; {}.\n\n{}",
            seeds.join(", "),
            units::seconds(seconds),
            claims(&report.claims).markdown()
        ));
        for table in &report.tables {
            let mut rows = Table::with_head(table.columns.clone());
            for row in &table.rows {
                rows.row(row.iter().cloned());
            }
            out.push_str(&format!("\n## {}\n\n{}", table.title, rows.markdown()));
        }
        if !report.notes.is_empty() {
            out.push_str("\n## Notes\n\n");
            for note in &report.notes {
                out.push_str(&format!("* {note}\n"));
            }
        }
        out
    }

    fn drawn(&self, chart: &Chart) -> plot::Chart {
        let line = |line: &autodidact_recipes::proof::Line| plot::Line {
            name: line.name.clone(),
            points: line.points.clone(),
            band: Vec::new(),
        };
        plot::Chart {
            title: if self.quick { format!("{} (quick proof)", chart.title) } else { chart.title.clone() },
            across: chart.x.clone(),
            up: chart.y.clone(),
            lines: chart.lines.iter().map(line).collect(),
            bounds: None,
        }
    }
}

fn claims(claims: &[Claim]) -> Table {
    let mut table = Table::new(&["claim", "value", "95 % interval", "required", "met"]);
    for claim in claims {
        let interval = claim.interval.map_or_else(
            || "-".to_owned(),
            |(low, high)| format!("[{}, {}]", units::number(low), units::number(high)),
        );
        table.row([
            claim.name.clone(),
            units::number(claim.value),
            interval,
            claim.required.clone(),
            if claim.met { "yes" } else { "no" }.to_owned(),
        ]);
    }
    table
}
