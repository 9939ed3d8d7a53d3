//! Learning from which of two answers is better, against a frozen reference.
//!
//! With `r(y) = log pi(y) - log pi_ref(y)` and a pair of a chosen answer `w` and a rejected one `l`, the
//! gap is `r(w) - r(l)`. [`PairLoss`] says how far apart the gap should be: the log-sigmoid of direct
//! preference optimisation (Rafailov et al. 2023), or a square around a known difference of rewards (the
//! regression form of Gao et al. 2024 and of the sharpening paper, Huang et al. 2024). [`Preference`]
//! turns it into pulls on tokens and adds two terms on single answers: the chosen one's likelihood (Pang
//! et al. 2024) and the optimism of XPO (Xie et al. 2024), which pushes the rejected one's down.

use crate::objective::{Objective, Pull, Row, Scored};
use serde::{Deserialize, Serialize};

/// What the gap between two answers costs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PairLoss {
    /// `-(1 - smoothing) ln s(beta gap) - smoothing ln s(-beta gap)` with the logistic function `s`: the
    /// chosen answer is better, wrongly with probability `smoothing`.
    LogSigmoid {
        /// Above 0: how strongly the policy is held at the reference.
        beta: f64,
        /// In [0, 0.5).
        #[serde(default)]
        smoothing: f64,
    },
    /// `(beta gap - margin)^2`: the implicit rewards differ by `margin`, a number a pair.
    Squared {
        /// Above 0: the weight of the divergence from the reference.
        beta: f64,
    },
}

impl Default for PairLoss {
    fn default() -> PairLoss {
        PairLoss::LogSigmoid { beta: 0.1, smoothing: 0.0 }
    }
}

impl PairLoss {
    /// The weight of the log-ratio in the implicit reward.
    pub fn beta(self) -> f64 {
        match self {
            PairLoss::LogSigmoid { beta, .. } | PairLoss::Squared { beta } => beta,
        }
    }

    /// Whether the numbers are in their ranges.
    pub fn is_valid(self) -> bool {
        let smoothing = match self {
            PairLoss::LogSigmoid { smoothing, .. } => smoothing,
            PairLoss::Squared { .. } => 0.0,
        };
        self.beta() > 0.0 && self.beta().is_finite() && (0.0..0.5).contains(&smoothing)
    }

    /// The loss of one pair and its derivative with respect to `gap`, in nats. `margin` is read by
    /// [`PairLoss::Squared`] alone.
    pub fn loss(self, gap: f64, margin: f64) -> (f64, f64) {
        match self {
            PairLoss::LogSigmoid { beta, smoothing } => {
                let z = beta * gap;
                let loss = (1.0 - smoothing) * softplus(-z) + smoothing * softplus(z);
                let slope = smoothing * logistic(z) - (1.0 - smoothing) * logistic(-z);
                (loss, beta * slope)
            }
            PairLoss::Squared { beta } => {
                let miss = beta * gap - margin;
                (miss * miss, 2.0 * beta * miss)
            }
        }
    }
}

/// `ln(1 + e^z)`, which is `-ln s(-z)`.
fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

fn logistic(z: f64) -> f64 {
    let small = (-z.abs()).exp();
    if z >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) }
}

/// What the log-ratio of an answer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogRatio {
    /// The sum over its tokens: that of the whole answer.
    #[default]
    Sum,
    /// The mean over its tokens, so that long answers do not count more.
    TokenMean,
}

/// Everything about a preference loss but the pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Terms {
    /// What the gap costs.
    pub loss: PairLoss,
    /// What the log-ratio is.
    pub ratio: LogRatio,
    /// Weight of the chosen answer's negative log-likelihood, a mean over its tokens; at least 0.
    pub sft: f64,
    /// Weight of the rejected answer's log-likelihood, a sum over its tokens; at least 0. Where the second
    /// answer of each pair is drawn from the base, this is XPO's optimism.
    pub optimism: f64,
}

impl Terms {
    /// Whether the numbers are in their ranges.
    pub fn is_valid(&self) -> bool {
        let weight = |weight: f64| weight >= 0.0 && weight.is_finite();
        self.loss.is_valid() && weight(self.sft) && weight(self.optimism)
    }
}

/// The log-probability of a row's targets, in nats: the sum of weight times log-probability.
pub fn logprob(row: &Row, scored: &Scored) -> f64 {
    let counted = row.weight.iter().zip(&scored.logprob).filter(|(weight, _)| **weight != 0.0);
    counted.map(|(&weight, &logprob)| f64::from(weight) * f64::from(logprob)).sum()
}

/// A batch of pairs as an objective: the mean over pairs of all [`Terms`].
///
/// Rows come in pairs, the chosen answer at `2 i` and the rejected one at `2 i + 1`. A weight of 1 marks
/// answer tokens, 0 the question.
#[derive(Clone, Debug, PartialEq)]
pub struct Preference {
    terms: Terms,
    /// What the frozen reference says of each row, in nats.
    references: Vec<f64>,
    /// The difference of rewards of each pair.
    margins: Vec<f64>,
}

impl Preference {
    /// The objective of pairs whose rows have these log-probabilities under the reference, as [`logprob`]
    /// gives them. `None` when there are not two rows a pair, or a number of `terms` is out of range.
    pub fn of(terms: Terms, references: Vec<f64>, margins: Vec<f64>) -> Option<Preference> {
        let whole = references.len() == 2 * margins.len();
        (whole && terms.is_valid()).then_some(Preference { terms, references, margins })
    }

    /// The implicit reward of each row, `beta` times its log-ratio to the reference.
    pub fn rewards<'a>(&self, rows: impl IntoIterator<Item = &'a Row>, scored: &[Scored]) -> Vec<f64> {
        let one = |((row, scored), reference): ((&Row, &Scored), &f64)| {
            self.terms.loss.beta() * (logprob(row, scored) - reference) * self.share(row)
        };
        rows.into_iter().zip(scored).zip(&self.references).map(one).collect()
    }

    /// The derivative of a row's log-ratio with respect to its summed log-probability.
    fn share(&self, row: &Row) -> f64 {
        match self.terms.ratio {
            LogRatio::Sum => 1.0,
            LogRatio::TokenMean => 1.0 / length(row),
        }
    }
}

/// The summed weights, 1 where nothing counts.
fn length(row: &Row) -> f64 {
    let sum: f64 = row.weight.iter().map(|&weight| f64::from(weight)).sum();
    if sum > 0.0 { sum } else { 1.0 }
}

impl Objective for Preference {
    fn separable(&self) -> bool {
        false
    }

    fn pull(&self, at: &[usize], rows: &[&Row], scored: &[Scored]) -> (f64, Vec<Pull>) {
        debug_assert!(at.iter().copied().eq(0..self.references.len()), "pairs come whole and in order");
        let n = self.margins.len().max(1) as f64;
        let mut total = 0.0;
        let mut pulls = Vec::with_capacity(rows.len());
        for (pair, margin) in self.margins.iter().enumerate() {
            let [chosen, rejected] = [2 * pair, 2 * pair + 1];
            let logprobs = [chosen, rejected].map(|i| logprob(rows[i], &scored[i]));
            let shares = [chosen, rejected].map(|i| self.share(rows[i]));
            let gap = (logprobs[0] - self.references[chosen]) * shares[0]
                - (logprobs[1] - self.references[rejected]) * shares[1];
            let (loss, slope) = self.terms.loss.loss(gap, *margin);
            let sft = self.terms.sft / length(rows[chosen]);
            total += loss - sft * logprobs[0] + self.terms.optimism * logprobs[1];
            let slopes = [slope * shares[0] - sft, self.terms.optimism - slope * shares[1]];
            for (i, slope) in [chosen, rejected].into_iter().zip(slopes) {
                let pull = rows[i].weight.iter().map(|&weight| (slope / n * f64::from(weight)) as f32);
                pulls.push(Pull { logprob: pull.collect(), entropy: Vec::new() });
            }
        }
        (total / n, pulls)
    }
}

#[cfg(test)]
mod tests;
