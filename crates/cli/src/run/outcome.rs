//! What a run brought, read from its ledger: before and after, the gain, the time.

use crate::error::Result;
use autodidact_core::{Outcome as Verdict, RunId, Spend};
use autodidact_ledger::{Report, SampleFilter, Store, Times};
use autodidact_math::interval::{self, Interval};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

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
    /// The share of right answers, where any were sampled.
    pub pass_at_1: Option<f64>,
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
    /// The 95 % interval of that share.
    #[serde(skip)]
    pub greedy_interval: Option<(f64, f64)>,
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
            before: measure(store, report, "before")?,
            after: measure(store, report, "after")?,
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
    /// pass@1 with its interval.
    pub fn sampled(&self) -> Option<Interval> {
        whole(self.pass_at_1, self.interval)
    }

    /// The share that greedy decoding solves, with its interval.
    pub fn decoded(&self) -> Option<Interval> {
        whole(self.greedy, self.greedy_interval)
    }
}

fn whole(value: Option<f64>, ends: Option<(f64, f64)>) -> Option<Interval> {
    let (value, (low, high)) = (value?, ends?);
    Some(Interval { value, low, high })
}

/// The last value that was noted under `name`.
pub fn last(report: &Report, name: &str) -> Option<f64> {
    report.series.iter().find(|series| series.name == name)?.points.last().map(|point| point.value)
}

fn measure(store: &Store, report: &Report, stage: &str) -> Result<Option<Measure>> {
    let noted = |name: &str| last(report, &format!("{stage}/{name}"));
    let ends = |name: &str| noted(&format!("{name}/low")).zip(noted(&format!("{name}/high")));
    let (pass_at_1, greedy) = (noted("pass@1"), noted("greedy"));
    if pass_at_1.is_none() && greedy.is_none() {
        return Ok(None);
    }
    let settings: serde_json::Value = serde_json::from_str(&report.spec.config).unwrap_or_default();
    let watched = &settings["watch"]["test"];
    let test = if watched.is_null() { &settings["measure"] } else { watched };
    Ok(Some(Measure {
        pass_at_1,
        pass_at_k: noted("pass@k"),
        k: test["k"].as_u64().unwrap_or(0),
        problems: problems(store, &report.line.run, stage)?,
        interval: ends("pass@1"),
        greedy,
        greedy_interval: ends("greedy"),
        maj_at_k: noted("maj@k"),
    }))
}

/// How many problems were asked in a measurement: a file may have fewer than the settings want.
fn problems(store: &Store, run: &RunId, stage: &str) -> Result<u64> {
    let mut asked = BTreeSet::new();
    for how in ["greedy", "sampled"] {
        let filter = SampleFilter { stage: Some(format!("{stage}/{how}")), ..SampleFilter::of(run) };
        store.each_sample(&filter, |sample| {
            asked.insert((sample.key.round, sample.key.occurrence, sample.key.part, sample.ask));
            Ok(())
        })?;
        if !asked.is_empty() {
            break;
        }
    }
    Ok(asked.len() as u64)
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
