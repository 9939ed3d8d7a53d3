//! The plots of a run, from its ledger.

use super::answers::Answers;
use crate::error::Result;
use crate::plot::{Bar, Chart, Line, bars};
use autodidact_ledger::{Point, Report, Series, Store};
use std::collections::BTreeMap;

/// A plot: its file name and its SVG.
pub type Figure = (String, String);

/// What goes on one plot.
struct Wanted {
    file: &'static str,
    title: &'static str,
    up: &'static str,
    /// Endings of metric names: `reward` takes `pool/reward` as well.
    metrics: &'static [&'static str],
    bounds: Option<(f64, f64)>,
}

const WANTED: [Wanted; 4] = [
    Wanted {
        file: "reward.svg",
        title: "mean score of the sampled answers",
        up: "score",
        metrics: &["reward", "kept_reward"],
        bounds: None,
    },
    Wanted {
        file: "passes.svg",
        title: "problems solved",
        up: "share",
        metrics: &["pass@1", "pass@k", "maj@k", "greedy"],
        bounds: Some((0.0, 1.0)),
    },
    Wanted { file: "entropy.svg", title: "entropy", up: "nats a token", metrics: &["entropy"], bounds: None },
    Wanted {
        file: "loss.svg",
        title: "training loss",
        up: "nats a target",
        metrics: &["loss"],
        bounds: None,
    },
];

/// Plots of what is counted from the samples and the phases, beside those of metrics.
const DIVERSITY: &str = "diversity.svg";
const LENGTH: &str = "length.svg";
const TIME: &str = "time.svg";

/// Every plot that the run has numbers for; `declared` are the metrics of the recipe's own, which get one
/// each where no other plot has them.
pub fn figures(store: &Store, report: &Report, declared: &[&str]) -> Result<Vec<Figure>> {
    let answers = Answers::of(store, &report.line.run)?;
    let noted = WANTED.iter().map(|wanted| {
        let taken = report.series.iter().filter(|series| wanted.takes(series) && !measures(series, report));
        let lines = joined(taken.map(|series| line(series, report)).collect());
        (wanted.file, wanted.title, wanted.up, lines, wanted.bounds)
    });
    let counted = [
        (
            DIVERSITY,
            "different answers to one problem",
            "share of distinct texts",
            answers.distinct,
            Some((0.0, 1.0)),
        ),
        (LENGTH, "mean length of the answers", "tokens", answers.lengths, None),
    ];
    let mut figures = Vec::new();
    for (file, title, up, lines, bounds) in noted.chain(counted) {
        let title = format!("{}: {title}", report.line.run.0);
        let chart = Chart { title, across: "round".to_owned(), up: up.to_owned(), lines, bounds };
        if let Some(svg) = chart.svg()? {
            figures.push((file.to_owned(), svg));
        }
    }
    for name in declared {
        let known = |series: &&Series| !WANTED.iter().any(|wanted| wanted.takes(series));
        // One point is no curve.
        let curve = |series: &&Series| of_metric(series, name) && series.points.len() > 1;
        let lines =
            report.series.iter().filter(curve).filter(known).map(|series| line(series, report)).collect();
        let title = format!("{}: {name}", report.line.run.0);
        let chart = Chart { title, across: "round".to_owned(), up: (*name).to_owned(), lines, bounds: None };
        if let Some(svg) = chart.svg()? {
            figures.push((file_of(name, &report.line.recipe), svg));
        }
    }
    if let Some(svg) = time(report)? {
        figures.push((TIME.to_owned(), svg));
    }
    Ok(figures)
}

/// The file of a recipe's own metric. Where every run has a plot of that name, the recipe's name comes first.
fn file_of(metric: &str, recipe: &str) -> String {
    let file = format!("{}.svg", metric.replace(['/', '@'], "-"));
    let mut others = WANTED.iter().map(|wanted| wanted.file).chain([DIVERSITY, LENGTH, TIME]);
    if others.any(|other| other == file) { format!("{recipe}-{file}") } else { file }
}

impl Wanted {
    /// Whether a series belongs here.
    fn takes(&self, series: &Series) -> bool {
        self.metrics.iter().any(|metric| of_metric(series, metric))
    }
}

/// Whether a series is of that metric, bare or after a stage (`ucb1/regret`).
pub fn of_metric(series: &Series, metric: &str) -> bool {
    series.name.strip_suffix(metric).is_some_and(|stage| stage.is_empty() || stage.ends_with('/'))
}

/// Whether a series is about the answers of a measurement, which its own figures describe better.
fn measures(series: &Series, report: &Report) -> bool {
    report.stages.iter().any(|stage| {
        let of_stage =
            series.name.strip_prefix(stage.stage.as_str()).is_some_and(|rest| rest.starts_with('/'));
        stage.purpose == "evaluation" && of_stage
    })
}

/// One value a round: the mean over what was noted in it. Measurements have a band.
fn line(series: &Series, report: &Report) -> Line {
    let by_round = rounds(&series.points);
    let end = |side: &str| {
        let name = format!("{}/{side}", series.name);
        report.series.iter().find(|one| one.name == name).map(|one| rounds(&one.points))
    };
    let band = match (end("low"), end("high")) {
        (Some(low), Some(high)) => by_round
            .keys()
            .filter_map(|round| Some((f64::from(*round), *low.get(round)?, *high.get(round)?)))
            .collect(),
        _ => Vec::new(),
    };
    let points = by_round.into_iter().map(|(round, value)| (f64::from(round), value)).collect();
    Line { name: series.name.clone(), points, band }
}

/// The measurements before and after as one line each, under the name `test`.
fn joined(mut lines: Vec<Line>) -> Vec<Line> {
    let (after, mut rest): (Vec<Line>, Vec<Line>) =
        lines.drain(..).partition(|line| line.name.starts_with("after/"));
    for late in after {
        let metric = late.name.trim_start_matches("after/");
        let early = format!("before/{metric}");
        match rest.iter_mut().find(|line| line.name == early) {
            Some(line) => {
                line.name = format!("test/{metric}");
                line.points.extend(late.points);
                line.band.extend(late.band);
            }
            None => rest.push(late),
        }
    }
    rest
}

fn rounds(points: &[Point]) -> BTreeMap<u32, f64> {
    let mut sums: BTreeMap<u32, (f64, u32)> = BTreeMap::new();
    for point in points {
        let sum = sums.entry(point.round).or_insert((0.0, 0));
        *sum = (sum.0 + point.value, sum.1 + 1);
    }
    sums.into_iter().map(|(round, (sum, n))| (round, sum / f64::from(n))).collect()
}

/// Seconds by what they were spent on, one bar a purpose.
fn time(report: &Report) -> Result<Option<String>> {
    let times = report.times;
    let spent = [
        ("answering", times.proposing),
        ("judging", times.judging),
        ("learning", times.learning),
        ("evaluating", times.evaluating),
    ];
    if report.stages.is_empty() {
        return Ok(None);
    }
    let bar = |at: usize, (name, seconds): (&str, f64)| {
        let mut parts = vec![0.0; spent.len()];
        parts[at] = seconds;
        Bar { name: name.to_owned(), parts }
    };
    let bars_of: Vec<Bar> = spent.iter().enumerate().map(|(at, &one)| bar(at, one)).collect();
    bars(&format!("{}: where the time went", report.line.run.0), "seconds", &spent.map(|one| one.0), &bars_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipes_own_plot_takes_no_file_that_every_run_has() {
        assert_eq!(file_of("diversity", "b-star"), "b-star-diversity.svg");
        assert_eq!(file_of("time", "eval"), "eval-time.svg");
        assert_eq!(file_of("regret@10/arm", "evolve"), "regret-10-arm.svg");
    }
}
