//! RAFT on a table: a few answers with fixed rewards, and fine-tuning that fits perfectly.
//!
//! Without ties one round turns the reward's distribution function F into F^K, so that `t` rounds give
//! F^(K^t). With infinitely many prompts that is exact; with b prompts the kept answers' frequencies
//! are the next policy, which follows it within sampling error.

use autodidact_core::{Rng, Seed};
use autodidact_math::select::{best, ranking};
use rand::Rng as _;
use rand::seq::SliceRandom;

/// Answers with distinct rewards and a policy over them.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The reward of each answer; no two are equal.
    pub rewards: Vec<f64>,
    /// The probability of each answer.
    pub policy: Vec<f64>,
}

impl Table {
    /// `n` answers with the rewards 0 to n - 1 in random order and random probabilities.
    pub fn random(n: usize, seed: Seed) -> Table {
        let mut rng = seed.rng();
        let mut rewards: Vec<f64> = (0..n).map(|i| i as f64).collect();
        rewards.shuffle(&mut rng);
        let raw: Vec<f64> = (0..n).map(|_| -rng.random_range(f64::EPSILON..1.0).ln()).collect();
        let sum: f64 = raw.iter().sum();
        Table { rewards, policy: raw.iter().map(|p| p / sum).collect() }
    }

    /// The policy after one round of best-of-`k` with infinitely many prompts: the chance that the
    /// answer is the best of `k` independent draws.
    pub fn after(&self, k: u32) -> Table {
        let mut policy = vec![0.0; self.policy.len()];
        let mut below = 0.0f64;
        for idx in ranking(&self.rewards).into_iter().rev() {
            let now = below + self.policy[idx];
            policy[idx] = now.powi(k as i32) - below.powi(k as i32);
            below = now;
        }
        Table { rewards: self.rewards.clone(), policy }
    }

    /// The policy after one round with `b` prompts.
    pub fn sampled_after(&self, k: u32, b: usize, rng: &mut Rng) -> Table {
        let mut policy = vec![0.0; self.policy.len()];
        for _ in 0..b {
            let tries: Vec<usize> = (0..k).map(|_| self.draw(rng)).collect();
            let rewards: Vec<f64> = tries.iter().map(|&idx| self.rewards[idx]).collect();
            let chosen = tries[best(&rewards).expect("k is at least 1 and rewards are finite")];
            policy[chosen] += 1.0 / b as f64;
        }
        Table { rewards: self.rewards.clone(), policy }
    }

    /// The chance of a reward of at most each answer's, from the lowest reward up.
    pub fn distribution(&self) -> Vec<f64> {
        let mut below = 0.0;
        ranking(&self.rewards)
            .into_iter()
            .rev()
            .map(|idx| {
                below += self.policy[idx];
                below
            })
            .collect()
    }

    fn draw(&self, rng: &mut Rng) -> usize {
        let mut left: f64 = rng.random::<f64>();
        for (idx, p) in self.policy.iter().enumerate() {
            left -= p;
            if left < 0.0 {
                return idx;
            }
        }
        // Rounding may leave a sliver above the last answer.
        self.policy.iter().rposition(|&p| p > 0.0).unwrap_or(0)
    }
}

/// The largest distance between two distribution functions over the same answers.
pub fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_math::order::cdf_after;

    #[test]
    fn rounds_raise_the_distribution_to_the_power_of_k_to_the_rounds() {
        let first = Table::random(64, Seed::root(3));
        let before = first.distribution();
        let mut now = first.clone();
        for round in 1..=3 {
            now = now.after(4);
            let expect: Vec<f64> = before.iter().map(|&cdf| cdf_after(cdf, 4, round)).collect();
            assert!(distance(&now.distribution(), &expect) < 1e-12);
        }
    }

    #[test]
    fn one_try_changes_nothing_and_two_rounds_of_four_equal_one_of_sixteen() {
        let table = Table::random(64, Seed::root(5));
        assert!(distance(&table.after(1).distribution(), &table.distribution()) < 1e-12);
        let twice = table.after(4).after(4);
        assert!(distance(&twice.distribution(), &table.after(16).distribution()) < 1e-12);
    }

    #[test]
    fn a_sampled_round_follows_within_sampling_error() {
        let first = Table::random(64, Seed::root(9));
        let mut rng = Seed::root(9).at("draws", 0).rng();
        let (mut exact, mut sampled) = (first.clone(), first);
        for _ in 0..3 {
            exact = exact.after(4);
            sampled = sampled.sampled_after(4, 2048, &mut rng);
        }
        // Kolmogorov's bound at 1e-6 for 2048 draws is 0.06; each round's error is passed on with
        // slope at most 4, so three rounds stay below 0.06 * (1 + 4 + 16).
        assert!(distance(&sampled.distribution(), &exact.distribution()) < 0.06 * 21.0 / 4.0);
    }
}
