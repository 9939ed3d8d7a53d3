//! What the rules against an adversary know: weights of EXP3, estimated losses of Tsallis-INF.

use super::pick::Allowed;
use autodidact_math::bandit::adversarial::{exp3, exp3_gain};
use autodidact_math::bandit::tsallis;
use serde::{Deserialize, Serialize};

/// EXP3: the logarithm of each arm's weight.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Exponential {
    gamma: f64,
    log_weights: Vec<f64>,
}

impl Exponential {
    pub fn new(arms: usize, gamma: f64) -> Exponential {
        Exponential { gamma, log_weights: vec![0.0; arms] }
    }

    pub fn fits(&self, arms: usize) -> bool {
        self.log_weights.len() == arms
    }

    /// The probability of each allowed arm, in their order.
    pub fn probabilities(&self, allowed: Allowed<'_>) -> Vec<f64> {
        let logs = allowed.of(&self.log_weights);
        let mut shares = vec![0.0; logs.len()];
        exp3(&logs, self.gamma, &mut shares);
        shares
    }

    pub fn tell(&mut self, arm: usize, reward: f64, propensity: f64) {
        self.log_weights[arm] += exp3_gain(reward, propensity, self.gamma, self.log_weights.len());
    }
}

/// Tsallis-INF: the estimated sum of each arm's losses, where a loss is one minus the reward.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Losses {
    losses: Vec<f64>,
}

impl Losses {
    pub fn new(arms: usize) -> Losses {
        Losses { losses: vec![0.0; arms] }
    }

    pub fn fits(&self, arms: usize) -> bool {
        self.losses.len() == arms
    }

    /// The probability of each allowed arm, in their order, after `told` rewards.
    pub fn probabilities(&self, allowed: Allowed<'_>, told: u64) -> Vec<f64> {
        tsallis::probabilities(&allowed.of(&self.losses), 2.0 / ((told + 1) as f64).sqrt())
    }

    pub fn tell(&mut self, arm: usize, reward: f64, propensity: f64) {
        self.losses[arm] += (1.0 - reward) / propensity;
    }
}
