//! One policy against one opponent: descent for the policy, ascent for the problems, on the same inquiries.

use super::network::{Lane, Network};
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
        adversary: Box<Adversary>,
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
    /// How outlooks tell losses, one a step.
    outlooks: Vec<Line>,
}

/// A line fitted by running sums: weight, x, y, x^2, x y.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Line([f64; 5]);

impl Line {
    /// Forgets a tenth and takes in the points.
    fn update(&mut self, points: impl Iterator<Item = (f64, f64)>) {
        self.0.iter_mut().for_each(|sum| *sum *= 0.9);
        for (x, y) in points {
            let terms = [1.0, x, y, x * x, x * y];
            self.0.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
        }
    }

    /// The line at `x`; 0 before any point, the mean where all points lie above one another.
    fn at(&self, x: f64) -> f64 {
        let [n, sx, sy, sxx, sxy] = self.0;
        if n <= 0.0 {
            return 0.0;
        }
        let spread = sxx - sx * sx / n;
        let slope = if spread > 1e-9 * n { (sxy - sx * sy / n) / spread } else { 0.0 };
        sy / n + slope * (x - sx / n)
    }
}

impl Trainer {
    /// Begins with a policy and an opponent.
    pub fn new(network: Network, opponent: Opponent, config: &TrainConfig) -> Trainer {
        let adam = Adam::new(network.parameters.len(), AdamConfig { lr: config.lr, ..AdamConfig::default() });
        Trainer { network, opponent, config: *config, adam, mean: None, outlooks: Vec::new() }
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
        self.outlooks.resize(world.budget(), Line::default());
        let lanes = self.lanes(world, &problems, &baseline, seed);
        let mut gradient = vec![0.0; self.network.parameters.len()];
        for lane in &lanes {
            gradient.iter_mut().zip(&lane.gradient).for_each(|(sum, part)| *sum += part / m as f64);
        }
        let value = |j: usize| baseline[j].or(self.mean);
        for (step, line) in self.outlooks.iter_mut().enumerate() {
            let points = lanes.iter().enumerate().flat_map(|(lane, one)| {
                let row = &one.outlooks[step * one.played.len()..][..one.played.len()];
                let point = move |(i, (x, played)): (usize, (&f64, &Rollout))| {
                    value(lane * LANE + i).map(|value| (*x, played.loss - value))
                };
                row.iter().zip(&one.played).enumerate().filter_map(point)
            });
            line.update(points);
        }
        let played: Vec<Rollout> = lanes.into_iter().flat_map(|lane| lane.played).collect();
        self.adam.step(&mut self.network.parameters, &gradient);
        let loss = played.iter().map(|one| one.loss).sum::<f64>() / m as f64;
        let mean = self.mean.unwrap_or(loss);
        self.mean = Some(mean + 0.05 * (loss - mean));
        if let Opponent::Adversary { adversary, targets } = &mut self.opponent {
            adversary.step(world, &drawn, &played, targets, &mut seed.at("renew", 0).rng());
        }
        loss
    }

    /// Lanes of inquiries in parallel, in their order. A loss is compared with its problem's running mean
    /// and with what the outlook at the step tells beyond it.
    fn lanes(
        &self,
        world: &dyn World,
        problems: &[&Problem],
        values: &[Option<f64>],
        seed: Seed,
    ) -> Vec<Lane> {
        let lane = |(lane, problems): (usize, &[&Problem])| {
            let first = lane * LANE;
            let baseline = |j: usize, step: usize, outlook: f64| {
                let value = values[first + j].or(self.mean)?;
                Some(value + self.outlooks[step].at(outlook))
            };
            self.network.lane_gradient(world, problems, (seed, first), &baseline, self.config.entropy)
        };
        problems.par_chunks(LANE).enumerate().map(lane).collect()
    }
}
