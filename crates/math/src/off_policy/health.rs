//! Whether an off-policy estimate is worth anything: what its weights are like, and when to say so.

use crate::summary::{mean, standard_error};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the weights of an estimate are like.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// How many decisions there are.
    pub decisions: usize,
    /// How many equally weighted decisions are worth as much (Kish): `sum(w)^2 / sum(w^2)` of the clipped
    /// weights; 0 when all weights are.
    pub effective: f64,
    /// The largest clipped weight's share in their sum; 0 when all weights are.
    pub largest_share: f64,
    /// The share of decisions whose weight was clipped.
    pub clipped: f64,
    /// The mean of the weights before clipping. Its expectation is 1 when the propensities are right and
    /// the logging policy takes every action that the other takes.
    pub mean_weight: f64,
    /// The standard error of that mean; 0 with one decision.
    pub mean_weight_error: f64,
}

/// When an estimate is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The least effective size as a share of the decisions.
    pub effective_share: f64,
    /// The least effective size itself.
    pub effective: f64,
    /// The largest share of one weight in all of them.
    pub largest_share: f64,
    /// How many standard errors the mean weight may lie from 1.
    pub mean_weight_errors: f64,
}

impl Default for Limits {
    /// Ours: an effective size of at least 1 % of the decisions and of 30 of them, at most a tenth of all
    /// weight on one, and a mean weight within five standard errors of 1.
    fn default() -> Limits {
        Limits { effective_share: 0.01, effective: 30.0, largest_share: 0.1, mean_weight_errors: 5.0 }
    }
}

/// Why an estimate cannot be made, or is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Flaw {
    /// The log holds no decision.
    Empty,
    /// The propensity of this decision was not written down.
    Missing {
        /// The first such decision.
        row: usize,
    },
    /// The log says that this action was taken although it never could be.
    Impossible {
        /// The first such decision.
        row: usize,
    },
    /// A number that breaks a rule.
    Value {
        /// The first such decision.
        row: usize,
        /// Which number.
        what: &'static str,
        /// What it must be.
        rule: &'static str,
    },
    /// The log and the model are of different lengths.
    Lengths {
        /// Decisions in the log.
        log: usize,
        /// Decisions that the model speaks of.
        model: usize,
    },
    /// Weights are clipped at a weight that is not above 0.
    Clip,
    /// The policy in question takes none of the actions in the log.
    NoOverlap,
    /// Rewards and weights are too large for a number.
    Overflow,
    /// The estimate rests on few decisions.
    FewEffective {
        /// The effective size.
        effective: f64,
        /// What it must reach.
        limit: f64,
    },
    /// One decision has too much of all weight.
    OneRules {
        /// Its share.
        share: f64,
        /// The largest share allowed.
        limit: f64,
    },
    /// The weights do not average to 1: the propensities are wrong, or the logging policy never takes some
    /// action that the other takes.
    Unbalanced {
        /// The mean weight.
        mean: f64,
        /// Its standard error.
        error: f64,
    },
}

impl Health {
    /// Of weights before clipping at `limit`; `None` without weights.
    pub(super) fn of(raw: &[f64], limit: f64) -> Option<Health> {
        let mean_weight = mean(raw)?;
        let n = raw.len();
        let largest = raw.iter().fold(0.0, |largest: f64, weight| largest.max(weight.min(limit)));
        // Weights relative to the largest, so that no square overflows.
        let relative = || raw.iter().map(|weight| weight.min(limit) / largest);
        let (sum, squares) = (relative().sum::<f64>(), relative().map(|w| w * w).sum::<f64>());
        let some = largest > 0.0;
        Some(Health {
            decisions: n,
            effective: if some { sum * sum / squares } else { 0.0 },
            largest_share: if some { 1.0 / sum } else { 0.0 },
            clipped: raw.iter().filter(|&&weight| weight > limit).count() as f64 / n as f64,
            mean_weight,
            mean_weight_error: standard_error(raw).unwrap_or(0.0),
        })
    }

    /// Every reason why an estimate with these weights is worth nothing; none when it is fine.
    pub fn flaws(&self, limits: &Limits) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        let least = limits.effective.max(limits.effective_share * self.decisions as f64);
        // Negations, so that a number that is none counts as bad.
        let reached = self.effective >= least;
        if !reached {
            flaws.push(Flaw::FewEffective { effective: self.effective, limit: least });
        }
        let spread = self.largest_share <= limits.largest_share;
        if !spread {
            flaws.push(Flaw::OneRules { share: self.largest_share, limit: limits.largest_share });
        }
        // Rounding alone moves a mean of equal weights.
        let reach = limits.mean_weight_errors * self.mean_weight_error + 1e-9;
        let balanced = (self.mean_weight - 1.0).abs() <= reach;
        if !balanced {
            flaws.push(Flaw::Unbalanced { mean: self.mean_weight, error: self.mean_weight_error });
        }
        flaws
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flaw::Empty => write!(f, "the log holds no decision"),
            Flaw::Missing { row } => write!(f, "decision {row} has no propensity"),
            Flaw::Impossible { row } => write!(f, "decision {row} was taken with propensity 0"),
            Flaw::Value { row, what, rule } => {
                write!(f, "{what} must be {rule}, but is not in decision {row}")
            }
            Flaw::Lengths { log, model } => write!(f, "{log} decisions in the log, {model} in the model"),
            Flaw::Clip => write!(f, "weights must be clipped at a weight above 0"),
            Flaw::NoOverlap => write!(f, "the policy takes none of the actions in the log"),
            Flaw::Overflow => write!(f, "rewards and weights are too large for a number"),
            Flaw::FewEffective { effective, limit } => {
                write!(f, "the estimate rests on {effective:.1} effective decisions, fewer than {limit:.1}")
            }
            Flaw::OneRules { share, limit } => {
                write!(f, "one decision has {share:.3} of all weight, more than {limit}")
            }
            Flaw::Unbalanced { mean, error } => write!(
                f,
                "the weights average to {mean:.4} (standard error {error:.4}) instead of 1: propensities are \
                 wrong or actions are missing from the log"
            ),
        }
    }
}

impl std::error::Error for Flaw {}
