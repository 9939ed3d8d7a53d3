//! Problems that grow into what a strategy does worst on, within their levels of difficulty.
//!
//! Each particle is a problem with a level. Those that lose more than their level's target are drawn more
//! often, and their parameters climb the loss by the score function; a barrier pushes back a particle that
//! left its level. A share of all draws is even, so that no particle is forgotten, and now and then the
//! least drawn give way to fresh problems.

use super::choose::{draw, softmax};
use super::{Problem, Rollout, World};
use autodidact_core::{Error, Result, Rng};
use autodidact_nets::{Adam, AdamConfig};
use serde::{Deserialize, Serialize};

/// How an adversary moves.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdversaryConfig {
    /// Problems (N).
    pub particles: u32,
    /// Adam's rate for the weights of the problems.
    pub weight_lr: f64,
    /// Adam's rate for their parameters; 0 leaves them where they were drawn.
    pub theta_lr: f64,
    /// Strength of the barrier (lambda bar).
    pub barrier: f64,
    /// Share of draws that are even, in [0, 1].
    pub floor: f64,
    /// After how many steps a quarter of the problems is drawn afresh; 0 never.
    pub renew: u32,
}

impl Default for AdversaryConfig {
    fn default() -> AdversaryConfig {
        AdversaryConfig {
            particles: 64,
            weight_lr: 0.02,
            theta_lr: 0.01,
            barrier: 1.0,
            floor: 0.5,
            renew: 20,
        }
    }
}

impl AdversaryConfig {
    /// Fails on settings that cannot be.
    pub fn check(&self) -> Result<()> {
        if self.particles == 0 {
            return Err(Error::invalid("adversary.particles", "at least 1", 0));
        }
        let rates = [
            ("adversary.weight_lr", self.weight_lr),
            ("adversary.theta_lr", self.theta_lr),
            ("adversary.barrier", self.barrier),
        ];
        for (field, found) in rates {
            if !(found >= 0.0 && found.is_finite()) {
                return Err(Error::invalid(field, "at least 0 and finite", found));
            }
        }
        if !(0.0..=1.0).contains(&self.floor) {
            return Err(Error::invalid("adversary.floor", "between 0 and 1", self.floor));
        }
        Ok(())
    }
}

/// The particles and what is known of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adversary {
    config: AdversaryConfig,
    /// The levels' bounds on complexity.
    levels: Vec<f64>,
    particles: Vec<Problem>,
    /// The level of each particle.
    level: Vec<usize>,
    weights: Vec<f64>,
    /// Running mean loss of each particle; what its next loss is compared with.
    value: Vec<Option<f64>>,
    weight_adam: Adam,
    theta_adam: Vec<Adam>,
    steps: u32,
}

impl Adversary {
    /// Fresh particles, spread evenly over the levels.
    pub fn new(world: &dyn World, levels: &[f64], config: &AdversaryConfig, rng: &mut Rng) -> Adversary {
        let n = config.particles as usize;
        let level: Vec<usize> = (0..n).map(|i| i % levels.len()).collect();
        let particles: Vec<Problem> = level.iter().map(|&k| world.draw(levels[k], rng)).collect();
        let adam = |lr| AdamConfig { lr, ..AdamConfig::default() };
        let dim = particles[0].theta.len();
        Adversary {
            config: *config,
            levels: levels.to_vec(),
            particles,
            level,
            weights: vec![0.0; n],
            value: vec![None; n],
            weight_adam: Adam::new(n, adam(config.weight_lr)),
            theta_adam: vec![Adam::new(dim, adam(config.theta_lr)); n],
            steps: 0,
        }
    }

    /// The particles.
    pub fn particles(&self) -> &[Problem] {
        &self.particles
    }

    /// The level of particle `i`.
    pub fn level(&self, i: usize) -> usize {
        self.level[i]
    }

    /// The running mean loss of particle `i`, once it was drawn.
    pub fn value(&self, i: usize) -> Option<f64> {
        self.value[i]
    }

    /// `n` particles drawn by their weights.
    pub fn draw(&self, n: usize, rng: &mut Rng) -> Vec<usize> {
        let mut p = self.weights.clone();
        softmax(&mut p);
        let even = self.config.floor / p.len() as f64;
        p.iter_mut().for_each(|p| *p = *p * (1.0 - self.config.floor) + even);
        (0..n).map(|_| draw(&p, rng)).collect()
    }

    /// Learns from the inquiries at the drawn particles; `targets[k]` is what a specialist of level `k` loses.
    pub fn step(
        &mut self,
        world: &dyn World,
        drawn: &[usize],
        played: &[Rollout],
        targets: &[f64],
        rng: &mut Rng,
    ) {
        let excess: Vec<f64> =
            drawn.iter().zip(played).map(|(&i, one)| one.loss - targets[self.level[i]]).collect();
        let inside: Vec<bool> = (0..self.particles.len())
            .map(|i| world.complexity(&self.particles[i]) <= self.levels[self.level[i]])
            .collect();
        let weight_gradient = self.weight_gradient(drawn, &excess, &inside);
        self.weight_adam.step(&mut self.weights, &weight_gradient);
        if self.config.theta_lr > 0.0 {
            self.climb(world, drawn, played, &inside);
        }
        for (&i, one) in drawn.iter().zip(played) {
            let value = self.value[i].unwrap_or(one.loss);
            self.value[i] = Some(value + 0.1 * (one.loss - value));
        }
        self.steps += 1;
        if self.config.renew > 0 && self.steps.is_multiple_of(self.config.renew) {
            self.renew(world, rng);
        }
    }

    /// Descent direction of the weights. Excess is taken against its mean, which changes nothing on
    /// average; what lies outside its level counts as average.
    pub(super) fn weight_gradient(&self, drawn: &[usize], excess: &[f64], inside: &[bool]) -> Vec<f64> {
        let mut p = self.weights.clone();
        softmax(&mut p);
        let n = drawn.len() as f64;
        let mean = excess.iter().sum::<f64>() / n;
        let mut gradient = vec![0.0; p.len()];
        for (&i, &excess) in drawn.iter().zip(excess).filter(|(i, _)| inside[**i]) {
            let push = (excess - mean) / n;
            gradient[i] -= push;
            gradient.iter_mut().zip(&p).for_each(|(gradient, p)| *gradient += push * p);
        }
        gradient
    }

    fn climb(&mut self, world: &dyn World, drawn: &[usize], played: &[Rollout], inside: &[bool]) {
        for (i, &inside) in inside.iter().enumerate() {
            let mine = drawn.iter().zip(played).filter(|(drawn, _)| **drawn == i).map(|(_, one)| one);
            let mine: Vec<&Rollout> = mine.collect();
            if mine.is_empty() && inside {
                continue;
            }
            let problem = &self.particles[i];
            let level = self.levels[self.level[i]];
            let value = self.value[i].or_else(|| mine.first().map(|one| one.loss)).unwrap_or(0.0);
            let mut up = loss_gradient(world, problem, mine.iter().copied(), value);
            if !inside {
                let complexity = world.complexity(problem);
                // grad ln(C - r) = C / (C - r) grad ln C, bounded where C is hardly outside.
                let slope = self.config.barrier * complexity / (complexity - 0.9 * level);
                let away = world.log_complexity_gradient(problem);
                up.iter_mut().zip(away).for_each(|(up, away)| *up -= slope * away);
            }
            up.iter_mut().for_each(|up| *up = -*up);
            self.theta_adam[i].step(&mut self.particles[i].theta, &up);
            world.clip(&mut self.particles[i]);
        }
    }

    /// Draws the quarter of lowest weight afresh.
    fn renew(&mut self, world: &dyn World, rng: &mut Rng) {
        let mut order: Vec<usize> = (0..self.particles.len()).collect();
        order.sort_by(|&a, &b| self.weights[a].total_cmp(&self.weights[b]).then(a.cmp(&b)));
        let mean = self.weights.iter().sum::<f64>() / self.weights.len() as f64;
        for &i in &order[..order.len() / 4] {
            self.particles[i] = world.draw(self.levels[self.level[i]], rng);
            self.weights[i] = mean;
            self.value[i] = None;
            let config = self.theta_adam[i].config;
            self.theta_adam[i] = Adam::new(self.particles[i].theta.len(), config);
        }
    }
}

/// The mean over `played` of `grad loss + (loss - value) sum_t grad log f(answer)`.
pub(super) fn loss_gradient<'a>(
    world: &dyn World,
    problem: &Problem,
    played: impl ExactSizeIterator<Item = &'a Rollout>,
    value: f64,
) -> Vec<f64> {
    let mut up = vec![0.0; problem.theta.len()];
    let share = 1.0 / played.len().max(1) as f64;
    for one in played {
        for (z, &p) in one.decision.iter().enumerate().filter(|(_, p)| **p > 0.0) {
            world.add_loss_gradient(problem, z, share * p, &mut up);
        }
        for &(query, answer) in &one.history {
            let weight = share * (one.loss - value);
            world.add_answer_gradient(problem, query as usize, answer, weight, &mut up);
        }
    }
    up
}
