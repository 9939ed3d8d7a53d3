//! A part of an attempt: what it is made of, how it is read back, and what there is to say of any.

use super::cells;
use crate::digest::Digest;
use crate::ledger::AttemptRow;
use crate::{Answer, Ask, Domain, Error, Group, Judge, Metrics, Policy, Result, Seed, Try};
use std::time::Instant;

pub(super) fn digest_of_attempt(version: &str, judge: &str, asks: &[String]) -> String {
    let mut digest = Digest::new("attempt");
    digest.field(version.as_bytes());
    digest.field(judge.as_bytes());
    for ask in asks {
        digest.field(ask.as_bytes());
    }
    digest.finish()
}

/// Proposes and judges; the caller fills in where and from what.
pub(super) fn compute<D: Domain>(
    policy: &dyn Policy<D>,
    judge: &dyn Judge<D>,
    asks: &[Ask<D>],
    seeds: &[Seed],
) -> Result<AttemptRow> {
    let started = Instant::now();
    let proposals = policy.propose(asks, seeds)?;
    let proposing = started.elapsed().as_secs_f64();
    cells::check(asks, proposals.answers.iter().map(Vec::len), "the number of answers")?;

    let started = Instant::now();
    let judged = cells::judge(judge, asks, &proposals.answers)?;
    let judge_seconds = started.elapsed().as_secs_f64();

    let mut samples = Vec::new();
    cells::pack(0, &proposals.answers, &judged.verdicts, &mut samples)?;
    let mut spend = proposals.spend + judged.spend;
    let judged = proposals.answers.iter().flatten().filter(|one| one.failure().is_none()).count() as u64;
    spend.judge_calls += judge.calls() * judged;
    spend.seconds = proposing + judge_seconds;
    Ok(AttemptRow::unplaced(samples, spend, judge_seconds))
}

/// The groups of a recorded part. Fresh parts take this way too, so that a run never uses a value
/// that its ledger would not give back.
pub(super) fn unpack<D: Domain>(asks: &[Ask<D>], row: &AttemptRow) -> Result<Vec<Group<D>>> {
    let mut groups: Vec<Group<D>> =
        asks.iter().map(|ask| Group { ask: ask.clone(), tries: Vec::new() }).collect();
    for sample in &row.samples {
        let answer =
            D::Answer::unpack(&sample.answer).map_err(|source| Error::Recorded { what: "answer", source })?;
        let n = groups.len();
        let group = groups.get_mut(sample.ask as usize).ok_or_else(|| {
            Error::invalid("a sample's ask in the ledger", format!("below {n}"), sample.ask)
        })?;
        group.tries.push(Try { answer, verdict: sample.verdict.clone() });
    }
    Ok(groups)
}

/// The metrics of any attempt.
pub(super) fn about<D: Domain>(groups: &[Group<D>]) -> Metrics {
    let mut metrics = Metrics::default();
    let n = groups.iter().map(|group| group.tries.len()).sum::<usize>();
    if n == 0 {
        return metrics;
    }
    let tries = || groups.iter().flat_map(|group| &group.tries);
    let scores: Vec<f64> = groups.iter().flat_map(Group::scores).collect();
    if !scores.is_empty() {
        let mean = scores.iter().sum::<f64>() / scores.len() as f64;
        let variance = scores.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / scores.len() as f64;
        metrics.push("reward", mean);
        metrics.push("reward_std", variance.sqrt());
    }
    let several = groups.iter().filter(|group| group.tries.len() > 1).count();
    if several > 0 {
        let flat = groups.iter().filter(|group| group.tries.len() > 1 && !group.has_spread()).count();
        metrics.push("frac_reward_zero_std", flat as f64 / several as f64);
    }
    let share = |count: usize| count as f64 / n as f64;
    metrics.push("completions/clipped_ratio", share(tries().filter(|one| one.answer.truncated()).count()));
    metrics.push("verdicts/errored_ratio", share(tries().filter(|one| one.verdict.is_error()).count()));
    metrics
}
