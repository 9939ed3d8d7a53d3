//! Several runs' metric on one budget axis.

use crate::Store;
use crate::query::report::{Point, Series, series};
use crate::recall;
use autodidact_core::{Error, Result, RunId, Spend};
use serde::Serialize;

/// What the horizontal axis counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Rounds.
    Round,
    /// Tokens drawn.
    SampledTokens,
    /// Tokens read.
    ScoredTokens,
    /// Tokens trained on.
    TrainedTokens,
    /// All three kinds of tokens together.
    Tokens,
    /// Answers judged.
    JudgeCalls,
    /// Seconds of work.
    Seconds,
    /// Money.
    Cost,
}

impl Axis {
    /// All axes, in the order of [`Axis::NAMES`].
    pub const ALL: [Axis; 8] = [
        Axis::Round,
        Axis::SampledTokens,
        Axis::ScoredTokens,
        Axis::TrainedTokens,
        Axis::Tokens,
        Axis::JudgeCalls,
        Axis::Seconds,
        Axis::Cost,
    ];

    /// The axis of that name. Fails, listing those there are, when it is unknown.
    pub fn named(name: &str) -> Result<Axis> {
        let at = Axis::NAMES.iter().position(|known| *known == name);
        at.map(|i| Axis::ALL[i]).ok_or_else(|| Error::unknown("axis", name, Axis::NAMES))
    }

    /// This axis as runs and scripts name it.
    pub fn name(self) -> &'static str {
        Axis::NAMES[self as usize]
    }

    /// The names of all axes, in the order of declaration.
    pub const NAMES: [&'static str; 8] = [
        "round",
        "sampled_tokens",
        "scored_tokens",
        "trained_tokens",
        "tokens",
        "judge_calls",
        "seconds",
        "cost",
    ];

    /// This count of `spend`, or the round.
    pub fn of(self, round: u32, spend: &Spend) -> f64 {
        match self {
            Axis::Round => f64::from(round),
            Axis::SampledTokens => spend.sampled_tokens as f64,
            Axis::ScoredTokens => spend.scored_tokens as f64,
            Axis::TrainedTokens => spend.trained_tokens as f64,
            Axis::Tokens => (spend.sampled_tokens + spend.scored_tokens + spend.trained_tokens) as f64,
            Axis::JudgeCalls => spend.judge_calls as f64,
            Axis::Seconds => spend.seconds,
            Axis::Cost => spend.cost,
        }
    }
}

/// Runs side by side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The metric.
    pub metric: String,
    /// What it is set against.
    pub axis: Axis,
    /// The largest budget that every run reached.
    pub common: f64,
    /// One curve a run, in the order asked for.
    pub curves: Vec<Curve>,
}

/// One run's metric over its budget.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Curve {
    /// The run.
    pub run: RunId,
    /// Its recipe.
    pub recipe: String,
    /// Its points, by budget.
    pub points: Vec<CurvePoint>,
    /// The last value within the common budget, if there is one.
    pub at_common: Option<f64>,
    /// The last value.
    pub last: f64,
}

/// A value and what had been spent when it was noted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CurvePoint {
    /// The budget, evaluations apart.
    pub budget: f64,
    /// The value.
    pub value: f64,
}

impl Store {
    /// `metric` of several runs over what they had spent on `axis`, evaluations apart. Fails when a
    /// run is unknown or never noted the metric.
    pub fn compare(&self, runs: &[RunId], metric: &str, axis: Axis) -> Result<Comparison> {
        let curves = self.read(|tx| {
            let curve = |run| Ok(curve(run, recall::spec(tx, run)?.recipe, series(tx, run)?, metric, axis)?);
            runs.iter().map(curve).collect::<Result<Vec<Curve>, crate::fault::Fault>>()
        })?;
        Ok(at_equal_budget(metric, axis, curves))
    }
}

fn curve(run: &RunId, recipe: String, all: Vec<Series>, metric: &str, axis: Axis) -> Result<Curve> {
    let names: Vec<String> = all.iter().map(|series| series.name.clone()).collect();
    let Some(series) = all.into_iter().find(|series| series.name == metric) else {
        return Err(Error::unknown(format!("metric of {}", run.0), metric, names));
    };
    let point = |point: &Point| CurvePoint { budget: axis.of(point.round, &point.spend), value: point.value };
    let points: Vec<CurvePoint> = series.points.iter().map(point).collect();
    let last = points.last().map_or(f64::NAN, |point| point.value);
    Ok(Curve { run: run.clone(), recipe, points, at_common: None, last })
}

fn at_equal_budget(metric: &str, axis: Axis, mut curves: Vec<Curve>) -> Comparison {
    let reached = |curve: &Curve| curve.points.iter().map(|point| point.budget).fold(0.0, f64::max);
    let common = curves.iter().map(reached).fold(f64::INFINITY, f64::min);
    let common = if common.is_finite() { common } else { 0.0 };
    for curve in &mut curves {
        let within = curve.points.iter().rfind(|point| point.budget <= common);
        curve.at_common = within.map(|point| point.value);
    }
    Comparison { metric: metric.to_owned(), axis, common, curves }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve_of(points: &[(f64, f64)]) -> Curve {
        let points: Vec<CurvePoint> =
            points.iter().map(|&(budget, value)| CurvePoint { budget, value }).collect();
        let last = points.last().expect("a curve").value;
        Curve { run: RunId("r".into()), recipe: "r".into(), points, at_common: None, last }
    }

    #[test]
    fn runs_are_compared_at_the_largest_budget_that_all_reached() {
        let long = curve_of(&[(0.0, 0.1), (100.0, 0.5), (300.0, 0.9)]);
        let short = curve_of(&[(0.0, 0.1), (150.0, 0.6)]);
        let found = at_equal_budget("pass@1", Axis::Tokens, vec![long, short]);
        assert_eq!(found.common, 150.0);
        let values: Vec<Option<f64>> = found.curves.iter().map(|curve| curve.at_common).collect();
        assert_eq!(values, [Some(0.5), Some(0.6)]);
    }

    #[test]
    fn every_axis_has_its_own_name() {
        for axis in Axis::ALL {
            assert_eq!(Axis::named(axis.name()).expect("known"), axis);
        }
        assert!(Axis::named("dollars").is_err());
    }
}
