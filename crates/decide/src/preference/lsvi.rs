//! PR-LSVI: least-squares value iteration on randomly perturbed estimates.
//!
//! The reward's weights are the most likely ones under the preferences heard so far, plus noise of the
//! inverse query covariance; the values of the next states are regressed on the features of where they
//! were reached from, plus noise of the inverse covariance of those. The plan is greedy in the result.

use super::question::gaussian_disagreement;
use super::{Duel, Duelist, Ensemble};
use crate::mdp::{Plan, Run, Space};
use autodidact_core::{Error, Result, Rng};
use autodidact_math::bradley_terry::{Comparison, Likelihood};
use autodidact_math::linear_gaussian::LinearGaussian;
use serde::{Deserialize, Serialize};

/// Settings of PR-LSVI.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LsviConfig {
    /// Scale of the noise on the reward's weights (sigma_r).
    pub reward_noise: f64,
    /// Scale of the noise on the regressed values (sigma_P).
    pub value_noise: f64,
    /// Prior precision of both (lambda).
    pub lambda: f64,
    /// Weight of the penalty on the reward's weights in their likelihood.
    pub ridge: f64,
    /// Where the values of what was hardly ever seen are cut off; nowhere for tables.
    pub cut: Option<Cut>,
    /// How the reward's weights are drawn.
    pub sampler: Sampler,
}

/// How the reward's weights are drawn from what is believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Sampler {
    /// The most likely ones plus noise of the inverse query covariance, as in the paper.
    #[default]
    Gaussian,
    /// One of an ensemble of fits, each to the answers under weights of its own.
    Ensemble {
        /// How many fits, at least 2.
        members: u32,
    },
}

impl Default for LsviConfig {
    fn default() -> LsviConfig {
        LsviConfig {
            reward_noise: 1.0,
            value_noise: 1.0,
            lambda: 1.0,
            ridge: 0.5,
            cut: None,
            sampler: Sampler::Gaussian,
        }
    }
}

/// The truncation of uncertain values: their weight falls in a line from 1 to 0 while the norm
/// `||phi||` in the inverse covariance rises from `low` to `high` (alpha_L, alpha_U).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// Up to this norm a value counts in full.
    pub low: f64,
    /// From this norm on it does not count.
    pub high: f64,
}

impl Cut {
    /// The weight of a value at that norm, in 0 to 1.
    pub fn weight(&self, norm: f64) -> f64 {
        if norm <= self.low {
            1.0
        } else if norm >= self.high {
            0.0
        } else {
            (self.high - norm) / (self.high - self.low)
        }
    }
}

impl LsviConfig {
    /// Fails on numbers out of range.
    pub fn check(&self) -> Result<()> {
        for (field, found) in [("reward_noise", self.reward_noise), ("value_noise", self.value_noise)] {
            if !(found >= 0.0 && found.is_finite()) {
                return Err(Error::invalid(field, "at least 0 and finite", found));
            }
        }
        for (field, found) in [("lambda", self.lambda), ("ridge", self.ridge)] {
            if !(1e-8..=1e8).contains(&found) {
                return Err(Error::invalid(field, "between 1e-8 and 1e8", found));
            }
        }
        if let Sampler::Ensemble { members } = self.sampler
            && !(2..=1_000).contains(&members)
        {
            return Err(Error::invalid("sampler.members", "between 2 and 1000", members));
        }
        match self.cut {
            Some(cut) if !(0.0 <= cut.low && cut.low <= cut.high) => {
                let found = format!("{} and {}", cut.low, cut.high);
                Err(Error::invalid("cut.low and cut.high", "0 or more and in order", found))
            }
            _ => Ok(()),
        }
    }
}

/// What was seen of where actions lead in one step of the episode: the covariance of the features, and
/// their sums by next state, from which any next values can be regressed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Backup {
    known: LinearGaussian,
    /// `arrivals[t * d + i]`: the sum of feature i over the moves to state t.
    arrivals: Vec<f64>,
}

impl Backup {
    /// Nothing was seen.
    pub fn of(space: &Space, lambda: f64) -> Option<Backup> {
        let known = LinearGaussian::new(space.dim(), lambda)?;
        Some(Backup { known, arrivals: vec![0.0; space.dim() * space.states] })
    }

    /// Learns that features led to state `next`.
    pub fn observe(&mut self, x: &[f64], next: usize) {
        self.known.observe_features(x);
        for (sum, x) in self.arrivals[next * x.len()..].iter_mut().zip(x) {
            *sum += x;
        }
    }

    /// Weights whose product with features is the expected next value: ridge regression plus noise.
    pub fn regress(&self, values: &[f64], noise: f64, rng: &mut Rng) -> Vec<f64> {
        let mut moment = vec![0.0; self.known.dim()];
        for (row, value) in self.arrivals.chunks_exact(self.known.dim()).zip(values) {
            for (sum, x) in moment.iter_mut().zip(row) {
                *sum += x * value;
            }
        }
        self.known.sample(&self.known.solve(&moment), noise, rng)
    }

    /// `||x||` in the inverse covariance.
    pub fn norm(&self, x: &[f64]) -> f64 {
        self.known.variance(x).sqrt()
    }
}

/// PR-LSVI as an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lsvi {
    space: Space,
    config: LsviConfig,
    likelihood: Likelihood,
    /// Of the reward's weights; its mean is `theta`.
    reward: LinearGaussian,
    theta: Vec<f64>,
    comparisons: Vec<Comparison>,
    /// Where the sampler is one.
    ensemble: Option<Ensemble>,
    backups: Vec<Backup>,
    previous: Plan,
}

impl Lsvi {
    /// An agent that has seen nothing and knows how steep preferences are.
    pub fn new(space: Space, config: LsviConfig, slope: f64) -> Result<Lsvi> {
        config.check()?;
        if !(slope > 0.0 && slope.is_finite()) {
            return Err(Error::invalid("slope", "above 0 and finite", slope));
        }
        let none = || Error::invalid("the features", "at least one", space.dim());
        let reward = LinearGaussian::new(space.dim(), config.lambda).ok_or_else(none)?;
        let backup = Backup::of(&space, config.lambda).ok_or_else(none)?;
        let ensemble = match config.sampler {
            Sampler::Gaussian => None,
            Sampler::Ensemble { members } => Some(Ensemble::new(members as usize, space.dim())),
        };
        Ok(Lsvi {
            likelihood: Likelihood { slope, ridge: config.ridge, ..Likelihood::default() },
            ensemble,
            reward,
            theta: vec![0.0; space.dim()],
            comparisons: Vec::new(),
            backups: vec![backup; space.horizon],
            previous: space.first_plan(),
            space,
            config,
        })
    }

    /// The most likely weights of the reward.
    pub fn theta(&self) -> &[f64] {
        &self.theta
    }

    /// The greedy plan for these weights of the reward, with noise on the values.
    fn greedy(&self, reward: &[f64], rng: &mut Rng) -> Plan {
        let Lsvi { space, config, backups, .. } = self;
        let mut plan = Vec::with_capacity(space.horizon);
        let mut values = vec![0.0; space.states];
        for backup in backups.iter().rev() {
            let later = backup.regress(&values, config.value_noise, rng);
            let q = |state: usize, action: usize| {
                let x = space.features(state, action);
                let weight = config.cut.map_or(1.0, |cut| cut.weight(backup.norm(x)));
                dot(x, reward) + weight * dot(x, &later)
            };
            let best = |state: usize| {
                (1..space.actions).fold((0, q(state, 0)), |best, action| match q(state, action) {
                    value if value > best.1 => (action as u32, value),
                    _ => best,
                })
            };
            let row: Vec<(u32, f64)> = (0..space.states).map(best).collect();
            plan.push(row.iter().map(|(action, _)| *action).collect());
            values = row.iter().map(|(_, value)| *value).collect();
        }
        plan.reverse();
        plan
    }
}

impl Duelist for Lsvi {
    fn plan(&self, rng: &mut Rng) -> Plan {
        let scale = self.config.reward_noise;
        match &self.ensemble {
            None => self.greedy(&self.reward.sample(&self.theta, scale, rng), rng),
            Some(ensemble) => self.greedy(&ensemble.draw(&self.theta, scale, rng), rng),
        }
    }

    fn previous(&self) -> &Plan {
        &self.previous
    }

    fn spread(&self, runs: &[Run; 2]) -> f64 {
        let (difference, scale) = (self.space.difference(runs), self.config.reward_noise);
        match &self.ensemble {
            None => gaussian_disagreement(scale * self.reward.variance(&difference).sqrt()),
            Some(ensemble) => scale * ensemble.spread(&difference),
        }
    }

    fn learn(&mut self, duel: &Duel, first_won: Option<bool>, rng: &mut Rng) {
        if let Some(first_won) = first_won {
            let difference = self.space.difference(&duel.runs);
            self.reward.observe_features(&difference);
            self.comparisons.push(Comparison { difference, first_won });
            // Only numbers that overflow make a fit impossible; then the last one stays.
            if let Some(fit) = self.likelihood.fit(&self.comparisons, &[], &self.theta) {
                self.theta = fit.theta;
            }
        }
        if let Some(ensemble) = &mut self.ensemble {
            ensemble.follow(&self.likelihood, &self.comparisons, rng);
        }
        for run in &duel.runs {
            for (backup, (state, action, next)) in self.backups.iter_mut().zip(run.steps()) {
                backup.observe(self.space.features(state, action), next);
            }
        }
        self.previous.clone_from(&duel.plans[0]);
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests;
