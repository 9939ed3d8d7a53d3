//! What a run brought, read from its ledger: before and after, the gain, the time.

use crate::error::Result;
use autodidact_core::{Outcome as Verdict, RunId, Spend};
use autodidact_ledger::{Report, SampleFilter, Store, Times};
use autodidact_math::interval::{self, Interval};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a run brought.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// On the untouched test split, before the first round.
    pub before: Option<Measure>,
    /// On the same problems, for the resulting model.
    pub after: Option<Measure>,
    /// The gain in pass@1, problem by problem.
    pub gain: Option<Interval>,
    /// Wall-clock seconds of all phases, evaluations included.
    pub seconds: f64,
    /// Tokens by kind, evaluations included.
    pub tokens: Tokens,
    /// Money, evaluations included, where any was spent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// Where the seconds went.
    #[serde(skip)]
    pub times: Times,
}

/// How good a model was.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Measure {
    /// The share of right answers.
    pub pass_at_1: f64,
    /// The chance that one of k answers is right.
    pub pass_at_k: Option<f64>,
    /// The k of pass@k.
    pub k: u64,
    /// How many problems.
    pub problems: u64,
    /// The 95 % interval of pass@1.
    pub interval: Option<(f64, f64)>,
    /// The share that greedy decoding solves.
    pub greedy: Option<f64>,
    /// The share of problems whose most frequent answer is right.
    pub maj_at_k: Option<f64>,
}

/// Tokens by what was done with them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Tokens {
    /// Drawn from a policy.
    pub sampled: u64,
    /// Read without being drawn.
    pub scored: u64,
    /// Learned from.
    pub trained: u64,
}

impl Outcome {
    /// What `run` brought so far.
    pub fn of(store: &Store, report: &Report) -> Result<Outcome> {
        let spend: Spend = report.line.spend + report.line.evaluation_spend;
        Ok(Outcome {
            before: measure(report, "before"),
            after: measure(report, "after"),
            gain: gain(store, &report.line.run)?,
            seconds: spend.seconds,
            cost: (spend.cost != 0.0).then_some(spend.cost),
            tokens: Tokens {
                sampled: spend.sampled_tokens,
                scored: spend.scored_tokens,
                trained: spend.trained_tokens,
            },
            times: report.times,
        })
    }
}

impl Measure {
    /// pass@1 with its interval, where there is one.
    pub fn interval(&self) -> Interval {
        let (low, high) = self.interval.unwrap_or((self.pass_at_1, self.pass_at_1));
        Interval { value: self.pass_at_1, low, high }
    }
}

/// The last value that was noted under `name`.
pub fn last(report: &Report, name: &str) -> Option<f64> {
    report.series.iter().find(|series| series.name == name)?.points.last().map(|point| point.value)
}

fn measure(report: &Report, stage: &str) -> Option<Measure> {
    let noted = |name: &str| last(report, &format!("{stage}/{name}"));
    let settings: serde_json::Value = serde_json::from_str(&report.spec.config).ok()?;
    let watched = &settings["watch"]["test"];
    let test = if watched.is_null() { &settings["measure"] } else { watched };
    let pass_at_1 = noted("pass@1").or_else(|| noted("greedy"))?;
    Some(Measure {
        pass_at_1,
        pass_at_k: noted("pass@k"),
        k: test["k"].as_u64().unwrap_or(0),
        problems: test["problems"].as_u64().unwrap_or(0),
        interval: noted("pass@1/low").zip(noted("pass@1/high")),
        greedy: noted("greedy"),
        maj_at_k: noted("maj@k"),
    })
}

/// The mean difference after - before over the problems that were measured both times.
fn gain(store: &Store, run: &RunId) -> Result<Option<Interval>> {
    let before = means(store, run, "before/sampled")?;
    let after = means(store, run, "after/sampled")?;
    let both: Vec<(f64, f64)> =
        before.iter().filter_map(|(id, mean)| Some((*mean, *after.get(id)?))).collect();
    let (before, after): (Vec<f64>, Vec<f64>) = both.into_iter().unzip();
    Ok(interval::paired(&before, &after, 0.95))
}

/// The mean score of each problem of a stage.
fn means(store: &Store, run: &RunId, stage: &str) -> Result<BTreeMap<String, f64>> {
    let filter = SampleFilter { stage: Some(stage.to_owned()), ..SampleFilter::of(run) };
    let mut sums: BTreeMap<String, (f64, u32)> = BTreeMap::new();
    store.each_sample(&filter, |sample| {
        if let Verdict::Score { score } = sample.verdict.outcome {
            // Two problems may share an id; their place in the phase tells them apart.
            let id = format!("{}/{}/{}", sample.key.part, sample.ask, sample.query_id.unwrap_or_default());
            let sum = sums.entry(id).or_insert((0.0, 0));
            *sum = (sum.0 + score, sum.1 + 1);
        }
        Ok(())
    })?;
    Ok(sums.into_iter().map(|(id, (sum, n))| (id, sum / f64::from(n))).collect())
}
