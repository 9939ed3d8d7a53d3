//! One policy against one opponent: descent for the policy, ascent for the problems, on the same inquiries.

use super::network::Network;
use super::rollout::LANE;
use super::{Adversary, AdversaryConfig, Problem, Rollout, World};
use autodidact_core::{Error, Result, Seed};
use autodidact_nets::{Adam, AdamConfig};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// How a policy is trained.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// Inquiries an iteration (M).
    pub rollouts: u32,
    /// Adam's rate for the policy, which falls to a tenth over a stage.
    pub lr: f64,
    /// Weight of the entropy of questions, in units of loss a nat.
    pub entropy: f64,
    /// How problems move.
    pub adversary: AdversaryConfig,
}

impl Default for TrainConfig {
    fn default() -> TrainConfig {
        TrainConfig { rollouts: 256, lr: 1e-3, entropy: 1e-4, adversary: AdversaryConfig::default() }
    }
}

impl TrainConfig {
    /// Fails on settings that cannot be.
    pub fn check(&self) -> Result<()> {
        if self.rollouts == 0 {
            return Err(Error::invalid("train.rollouts", "at least 1", 0));
        }
        for (field, found) in [("train.lr", self.lr), ("train.entropy", self.entropy)] {
            if !(found >= 0.0 && found.is_finite()) {
                return Err(Error::invalid(field, "at least 0 and finite", found));
            }
        }
        self.adversary.check()
    }
}

/// Where problems come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Opponent {
    /// The world's prior: the policy is trained for the average.
    Prior,
    /// An adversary.
    Adversary {
        /// Its particles.
        adversary: Adversary,
        /// What a specialist of each level loses; zeros train a specialist.
        targets: Vec<f64>,
    },
}

/// A policy in training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trainer {
    /// The policy.
    pub network: Network,
    /// What it is trained against.
    pub opponent: Opponent,
    config: TrainConfig,
    adam: Adam,
    /// Running mean of all losses.
    mean: Option<f64>,
}

impl Trainer {
    /// Begins with a policy and an opponent.
    pub fn new(network: Network, opponent: Opponent, config: &TrainConfig) -> Trainer {
        let adam = Adam::new(network.parameters.len(), AdamConfig { lr: config.lr, ..AdamConfig::default() });
        Trainer { network, opponent, config: *config, adam, mean: None }
    }

    /// Iterations `from..to` of `total`; returns the mean loss of the inquiries. Iteration `i` draws from
    /// `seed.at("iteration", i)`.
    pub fn iterate(&mut self, world: &dyn World, (from, to, total): (u32, u32, u32), seed: Seed) -> f64 {
        let mut sum = 0.0;
        for i in from..to {
            self.adam.config.lr = self.config.lr * (1.0 - 0.9 * f64::from(i) / f64::from(total.max(1)));
            sum += self.once(world, seed.at("iteration", u64::from(i)));
        }
        sum / f64::from((to - from).max(1))
    }

    fn once(&mut self, world: &dyn World, seed: Seed) -> f64 {
        let m = self.config.rollouts as usize;
        let mut rng = seed.at("problems", 0).rng();
        let (drawn, problems): (Vec<usize>, Vec<Problem>) = match &self.opponent {
            Opponent::Prior => (Vec::new(), (0..m).map(|_| world.prior(&mut rng)).collect()),
            Opponent::Adversary { adversary, .. } => {
                let drawn = adversary.draw(m, &mut rng);
                let problems = drawn.iter().map(|&i| adversary.particles()[i].clone()).collect();
                (drawn, problems)
            }
        };
        let baseline: Vec<Option<f64>> = match &self.opponent {
            Opponent::Prior => vec![None; m],
            Opponent::Adversary { adversary, .. } => drawn.iter().map(|&i| adversary.value(i)).collect(),
        };
        let problems: Vec<&Problem> = problems.iter().collect();
        let (played, gradient) = self.gradient(world, &problems, &baseline, seed);
        self.adam.step(&mut self.network.parameters, &gradient);
        let loss = played.iter().map(|one| one.loss).sum::<f64>() / m as f64;
        let mean = self.mean.unwrap_or(loss);
        self.mean = Some(mean + 0.05 * (loss - mean));
        if let Opponent::Adversary { adversary, targets } = &mut self.opponent {
            adversary.step(world, &drawn, &played, targets, &mut seed.at("renew", 0).rng());
        }
        loss
    }

    /// The policy gradient of the mean loss: lanes in parallel, summed in their order.
    fn gradient(
        &self,
        world: &dyn World,
        problems: &[&Problem],
        baseline: &[Option<f64>],
        seed: Seed,
    ) -> (Vec<Rollout>, Vec<f64>) {
        let lanes: Vec<(Vec<Rollout>, Vec<f64>)> = problems
            .par_chunks(LANE)
            .enumerate()
            .map(|(lane, problems)| {
                let first = lane * LANE;
                let advantage =
                    |j: usize, loss: f64| loss - baseline[first + j].or(self.mean).unwrap_or(loss);
                let at = (seed, first);
                self.network.lane_gradient(world, problems, at, &advantage, self.config.entropy)
            })
            .collect();
        let mut gradient = vec![0.0; self.network.parameters.len()];
        let mut played = Vec::with_capacity(problems.len());
        let share = 1.0 / problems.len() as f64;
        for (rollouts, lane) in lanes {
            gradient.iter_mut().zip(&lane).for_each(|(sum, part)| *sum += share * part);
            played.extend(rollouts);
        }
        (played, gradient)
    }
}
