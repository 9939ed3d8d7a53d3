//! Weights against an adversary: what EXP3 knows.

use super::Allowed;
use autodidact_math::bandit::adversarial::{exp3, exp3_gain};
use serde::{Deserialize, Serialize};

/// The logarithm of each arm's weight.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Exponential {
    log_weights: Vec<f64>,
}

impl Exponential {
    pub fn new(arms: usize) -> Exponential {
        Exponential { log_weights: vec![0.0; arms] }
    }

    pub fn fits(&self, arms: usize) -> bool {
        self.log_weights.len() == arms
    }

    /// The probability of each allowed arm, in their order.
    pub fn probabilities(&self, allowed: Allowed<'_>, gamma: f64) -> Vec<f64> {
        let mut logs = Vec::with_capacity(allowed.len());
        allowed.each(|arm| logs.push(self.log_weights[arm]));
        let mut shares = vec![0.0; logs.len()];
        exp3(&logs, gamma, &mut shares);
        shares
    }

    pub fn tell(&mut self, arm: usize, reward: f64, propensity: f64, gamma: f64) {
        self.log_weights[arm] += exp3_gain(reward, propensity, gamma, self.log_weights.len());
    }
}
