//! What a policy would have earned, from the log of another one.
//!
//! A log holds, of each decision, the reward of the action that was taken and the probability with which
//! it was taken. Another policy is judged by weighing each reward with how much more, or less, likely that
//! policy is to take the same action: inverse propensities ([`ips`]), the same with weights that sum to
//! one ([`snips`]), or as the correction of a reward model ([`doubly_robust`]).
//!
//! Every estimate is the mean of one term a decision, which is what its intervals are built from, and
//! carries the [`Health`] of its weights: an estimate that rests on a few decisions is a number like any
//! other, and nothing but its weights tells.
//!
//! Sources: Horvitz and Thompson 1952; Swaminathan and Joachims 2015 (SNIPS); Dudík, Langford and Li 2011
//! (doubly robust); Kish 1965 (effective size); Maurer and Pontil 2009 (empirical Bernstein bound).

mod health;

pub use health::{Flaw, Health, Limits};

use crate::interval::{Interval, normal_mean};
use crate::summary::{mean, variance};
use serde::{Deserialize, Serialize};

/// One decision of the log.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Logged {
    /// What the action earned.
    pub reward: f64,
    /// The probability with which the logging policy took it, in (0, 1]; `None` when nobody wrote it down.
    pub propensity: Option<f64>,
    /// The probability with which the policy in question takes the same action there, in 0 to 1.
    pub target: f64,
}

/// What a reward model says of one decision.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Modelled {
    /// The reward that it expects of the action in the log.
    pub logged: f64,
    /// The reward that it expects of the policy in question there, over all actions; see [`expected`].
    pub target: f64,
}

/// How large a weight may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Clip {
    /// As large as it is: no bias.
    #[default]
    Never,
    /// Larger weights become this one. Less variance for a bias towards zero (of [`ips`]) or towards the
    /// model ([`doubly_robust`]).
    At {
        /// The largest weight, above 0.
        weight: f64,
    },
}

/// An estimated mean reward.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// The estimate: the mean of the terms.
    pub value: f64,
    /// One term a decision, in the order of the log. Those of [`ips`] and [`doubly_robust`] are independent
    /// where decisions are; those of [`snips`] are its linearisation.
    pub terms: Vec<f64>,
    /// What the weights are like.
    pub health: Health,
}

impl Estimate {
    /// The interval at confidence `level` from the normal distribution, for many decisions and a healthy
    /// effective size. `None` with fewer than two terms or for a level that is not between 0 and 1.
    pub fn normal(&self, level: f64) -> Option<Interval> {
        let found = normal_mean(&self.terms, level)?;
        Some(Interval { value: self.value, low: found.low.min(self.value), high: found.high.max(self.value) })
    }
}

/// The mean reward by inverse propensities: the mean of `weight * reward`. Unbiased without clipping where
/// the logging policy takes every action that the policy in question takes.
pub fn ips(log: &[Logged], clip: Clip) -> Result<Estimate, Flaw> {
    let (weights, health) = weigh(log, clip)?;
    let terms = weights.iter().zip(log).map(|(weight, one)| weight * one.reward).collect();
    estimate(terms, health)
}

/// The mean reward by weights that sum to one: `sum(weight * reward) / sum(weight)`. Slightly biased, always
/// within the range of the rewards, and a constant added to all rewards is added to it.
///
/// Fails with [`Flaw::NoOverlap`] when every weight is 0.
pub fn snips(log: &[Logged], clip: Clip) -> Result<Estimate, Flaw> {
    let (weights, health) = weigh(log, clip)?;
    let total: f64 = weights.iter().sum();
    if total <= 0.0 {
        return Err(Flaw::NoOverlap);
    }
    let value = weights.iter().zip(log).map(|(weight, one)| weight / total * one.reward).sum::<f64>();
    let average = total / log.len() as f64;
    let term = |(weight, one): (&f64, &Logged)| value + weight / average * (one.reward - value);
    let terms = weights.iter().zip(log).map(term).collect();
    Ok(Estimate { value, ..estimate(terms, health)? })
}

/// The mean reward of a reward model, corrected by the weighted errors that it made in the log: the mean of
/// `model of the policy + weight * (reward - model of the action)`. Unbiased when the propensities are
/// right, whatever the model, and when the model is right, whatever the propensities.
///
/// The model must not have been fitted to the rewards of the same decisions. Fails with [`Flaw::Lengths`]
/// when the slices differ in length.
pub fn doubly_robust(log: &[Logged], model: &[Modelled], clip: Clip) -> Result<Estimate, Flaw> {
    if log.len() != model.len() {
        return Err(Flaw::Lengths { log: log.len(), model: model.len() });
    }
    if let Some(row) = model.iter().position(|one| !(one.logged.is_finite() && one.target.is_finite())) {
        return Err(Flaw::Value { row, what: "a modelled reward", rule: "finite" });
    }
    let (weights, health) = weigh(log, clip)?;
    let term = |((weight, one), model): ((&f64, &Logged), &Modelled)| {
        model.target + weight * (one.reward - model.logged)
    };
    estimate(weights.iter().zip(log).zip(model).map(term).collect(), health)
}

/// The mean reward of the model alone, the direct method: as good as the model is.
pub fn direct(model: &[Modelled]) -> Option<f64> {
    mean(&model.iter().map(|one| one.target).collect::<Vec<f64>>())
}

/// The reward that a model expects of a policy: the mean of `rewards[a]` with probabilities
/// `policy[a]`. `None` when the lengths differ, there is no action, the probabilities are not ones that sum
/// to 1 within 1e-6, or a reward is not finite.
pub fn expected(policy: &[f64], rewards: &[f64]) -> Option<f64> {
    let sound = policy.len() == rewards.len()
        && policy.iter().all(|p| (0.0..=1.0).contains(p))
        && (policy.iter().sum::<f64>() - 1.0).abs() < 1e-6
        && rewards.iter().all(|reward| reward.is_finite());
    sound.then(|| policy.iter().zip(rewards).map(|(p, reward)| p * reward).sum())
}

/// The interval of a mean that holds for any number of independent values within `low..=high` (empirical
/// Bernstein, Maurer and Pontil 2009, theorem 4, on both sides): a reach of
/// `sqrt(2 V ln(4/d) / n) + 7 (high - low) ln(4/d) / (3 (n - 1))` with the sample variance V and
/// d = 1 - `level`.
///
/// The range must be known beforehand, not read off the values: with rewards in 0 to 1 and weights
/// clipped at W it is 0 to W for the terms of [`ips`]. `None` with fewer than two values, a value outside
/// the range, a range that is empty or not finite, or a level that is not between 0 and 1.
pub fn bernstein(values: &[f64], low: f64, high: f64, level: f64) -> Option<Interval> {
    let range = high - low;
    let sound = level > 0.0 && level < 1.0 && range > 0.0 && range.is_finite();
    if !sound || values.len() < 2 || values.iter().any(|x| !(low..=high).contains(x)) {
        return None;
    }
    let n = values.len() as f64;
    let (value, log) = (mean(values)?, (4.0 / (1.0 - level)).ln());
    let reach = (2.0 * variance(values)? * log / n).sqrt() + 7.0 * range * log / (3.0 * (n - 1.0));
    // What lies outside the range cannot be the mean.
    Some(Interval { value, low: (value - reach).max(low), high: (value + reach).min(high) })
}

/// The weights `target / propensity`, clipped, and their health.
fn weigh(log: &[Logged], clip: Clip) -> Result<(Vec<f64>, Health), Flaw> {
    let limit = match clip {
        Clip::Never => f64::INFINITY,
        Clip::At { weight } if weight > 0.0 => weight,
        Clip::At { .. } => return Err(Flaw::Clip),
    };
    let raw =
        log.iter().enumerate().map(|(row, one)| weight(row, one)).collect::<Result<Vec<f64>, Flaw>>()?;
    let health = Health::of(&raw, limit).ok_or(Flaw::Empty)?;
    Ok((raw.into_iter().map(|weight| weight.min(limit)).collect(), health))
}

fn weight(row: usize, one: &Logged) -> Result<f64, Flaw> {
    let wrong = |what, rule| Err(Flaw::Value { row, what, rule });
    let Some(propensity) = one.propensity else { return Err(Flaw::Missing { row }) };
    if propensity == 0.0 {
        return Err(Flaw::Impossible { row });
    }
    if !(propensity > 0.0 && propensity <= 1.0) {
        return wrong("a propensity", "above 0 and at most 1");
    }
    if !(0.0..=1.0).contains(&one.target) {
        return wrong("a target probability", "between 0 and 1");
    }
    if !one.reward.is_finite() {
        return wrong("a reward", "finite");
    }
    let weight = one.target / propensity;
    if weight.is_finite() { Ok(weight) } else { wrong("a weight", "finite") }
}

fn estimate(terms: Vec<f64>, health: Health) -> Result<Estimate, Flaw> {
    let value = mean(&terms).ok_or(Flaw::Empty)?;
    if !value.is_finite() {
        return Err(Flaw::Overflow);
    }
    Ok(Estimate { value, terms, health })
}

#[cfg(test)]
mod tests;
