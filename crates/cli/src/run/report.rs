//! What is said of a run when it ends: on the terminal and in `report.md`.

use super::outcome::{Measure, Outcome};
use crate::table::Table;
use crate::units;
use autodidact_ledger::{Report, Status};
use autodidact_math::interval::Interval;
use std::path::Path;

/// Before, after and the gain, as a table.
pub fn gains(outcome: &Outcome) -> Table {
    let k = outcome.before.or(outcome.after).map_or(0, |measure| measure.k);
    let (at_k, majority) = (format!("pass@{k}"), format!("maj@{k}"));
    let mut table = Table::new(&["", "problems", "pass@1", &at_k, &majority, "greedy"]);
    let mut row = |name: &str, measure: &Measure| {
        let share = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), units::percent);
        table.row([
            name.to_owned(),
            measure.problems.to_string(),
            measure.sampled().map_or_else(|| share(measure.pass_at_1), |one| units::share(&one)),
            share(measure.pass_at_k),
            share(measure.maj_at_k),
            // Where nothing was sampled the greedy share is all there is, and so it shows its doubt.
            match (measure.pass_at_1, measure.decoded()) {
                (None, Some(decoded)) => units::share(&decoded),
                _ => share(measure.greedy),
            },
        ]);
    };
    if let Some(before) = &outcome.before {
        row("before", before);
    }
    if let Some(after) = &outcome.after {
        row("after", after);
    }
    table
}

/// The gain in points: `+31.2 points [+28.0, +34.4]`.
pub fn points(gain: &Interval) -> String {
    let point = |share: f64| format!("{:+.1}", share * 100.0);
    format!("{} points [{}, {}]", point(gain.value), point(gain.low), point(gain.high))
}

/// Where the time went: `sampling 41 s, judging 0.2 s, learning 80 s, evaluation 12 s`.
pub fn times(outcome: &Outcome) -> String {
    let of = outcome.times;
    let parts = [
        ("sampling", of.proposing),
        ("judging", of.judging),
        ("learning", of.learning),
        ("evaluation", of.evaluating),
    ];
    parts.map(|(name, seconds)| format!("{name} {}", units::seconds(seconds))).join(", ")
}

/// The run in Markdown; `figures` are the names of the plots beside it.
pub fn markdown(report: &Report, outcome: &Outcome, figures: &[&str], checkpoint: Option<&Path>) -> String {
    let line = &report.line;
    let mut out = format!("# {}\n\n", line.run.0);
    out.push_str(&format!(
        "Recipe `{}`, seed {}, begun {} by version {}; {}.\n\n",
        line.recipe,
        line.seed,
        line.started_at,
        line.program,
        ending(&line.status)
    ));
    if outcome.before.is_some() || outcome.after.is_some() {
        out.push_str("## Before and after\n\nOn test problems that nothing was learned from or chosen by; ");
        out.push_str("95 % intervals over problems.\n\n");
        out.push_str(&gains(outcome).markdown());
        if let Some(gain) = &outcome.gain {
            out.push_str(&format!("\nGain in pass@1, problem by problem: {}.\n", points(gain)));
        }
        out.push('\n');
    }
    out.push_str(&format!(
        "## Time and tokens\n\n{}: {}.\n\n",
        units::seconds(outcome.seconds),
        times(outcome)
    ));
    let paid = report.stages.iter().any(|stage| stage.spend.cost != 0.0);
    let mut head = vec!["stage", "purpose", "answers", "sampled", "read", "trained", "seconds"];
    head.extend(paid.then_some("cost"));
    let mut table = Table::new(&head);
    for stage in &report.stages {
        let cost = paid.then(|| units::number(stage.spend.cost));
        let cells = [
            stage.stage.clone(),
            stage.purpose.clone(),
            units::count(stage.samples),
            units::count(stage.spend.sampled_tokens),
            units::count(stage.spend.scored_tokens),
            units::count(stage.spend.trained_tokens),
            format!("{:.1}", stage.spend.seconds),
        ];
        table.row(cells.into_iter().chain(cost));
    }
    out.push_str(&table.markdown());
    if !report.alarms.is_empty() {
        out.push_str("\n## Alarms\n\n");
        for alarm in &report.alarms {
            out.push_str(&format!("* Round {}, {}: {}\n", alarm.round, alarm.name, alarm.message));
        }
    }
    if !figures.is_empty() {
        out.push_str("\n## Plots\n\n");
        for name in figures {
            out.push_str(&format!("![{}]({name})\n", name.trim_end_matches(".svg")));
        }
    }
    out.push_str(
        "\n## Files\n\n* `plan.toml`: the settings; `autodidact run plan.toml` does the same again\n",
    );
    if checkpoint.is_some() {
        out.push_str("* `checkpoint/`: the resulting model in the Hugging Face layout\n");
    }
    out
}

/// How a run ended, in words.
fn ending(status: &Status) -> String {
    match status {
        Status::Running => "still running".to_owned(),
        Status::Complete => "complete".to_owned(),
        Status::Stopped { reason } => format!("stopped: {reason}"),
        Status::Failed { reason } => format!("failed: {reason}"),
        Status::Killed => "killed before its end".to_owned(),
    }
}
