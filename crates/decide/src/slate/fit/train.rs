//! The two phases of a fit: first items, then the recurrent user model with the items held.

use super::elbo::{Batch, loss};
use super::guide::Guide;
use super::history::{History, Part, parts};
use super::posterior::Posterior;
use super::{FitConfig, UserModel};
use autodidact_core::{Result, Seed};
use autodidact_nets::{Adam, AdamConfig};
use rand::seq::SliceRandom;

/// A pass through the log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pass {
    /// The phase, 1 or 2.
    pub phase: u32,
    /// Minus the evidence bound, averaged over the updates of the pass.
    pub loss: f64,
    /// The mean log-likelihood of a validation step after the pass, in nats, where there are any.
    pub validation: Option<f64>,
}

/// What a fit came to.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// The posterior of the best pass.
    pub posterior: Posterior,
    /// All passes.
    pub passes: Vec<Pass>,
    /// The mean log-likelihood of a test step, in nats, where there are any.
    pub test: Option<f64>,
}

/// Fits a posterior to a log, starting from `from`. Which users are held out depends on `split` alone,
/// chance in the updates on `seed`. A pass is the best when its validation loss is lowest, or when it is
/// the last where nothing is held out. Fails on a log that `from` does not know.
pub fn fit(from: &Posterior, history: &History, split: Seed, seed: Seed) -> Result<Fitted> {
    from.check(history)?;
    let config = from.config();
    let mut fitting =
        Fitting { config, history, parts: parts(config, history, split), seed, passes: Vec::new() };
    let two = config.user == UserModel::Gru;
    let first = if two { UserModel::Linear } else { config.user };
    let first_passes = if two { config.passes / 2 } else { config.passes };
    let mut posterior = fitting.phase(1, from.with(from.guide().clone(), first), first_passes);
    if two {
        let left = config.passes - fitting.passes.len() as u32;
        posterior = fitting.phase(2, posterior.with(posterior.guide().clone(), UserModel::Gru), left);
    }
    let test = posterior.mean_of(history, &fitting.parts, Part::Test);
    Ok(Fitted { posterior, passes: fitting.passes, test })
}

struct Fitting<'a> {
    config: &'a FitConfig,
    history: &'a History,
    parts: Vec<Vec<Part>>,
    seed: Seed,
    passes: Vec<Pass>,
}

impl Fitting<'_> {
    /// Runs at most `most` passes from `start` on and returns the best posterior.
    fn phase(&mut self, phase: u32, start: Posterior, most: u32) -> Posterior {
        let FitConfig { lr, betas, patience, .. } = *self.config;
        let user = start.user();
        let mut guide = start.guide().clone();
        let mut adam = Adam::new(guide.raw.len(), AdamConfig { lr, betas, ..AdamConfig::default() });
        let (mut best, mut best_value, mut waited) = (start.clone(), f64::NEG_INFINITY, 0);
        for _ in 0..most {
            let loss = self.pass(phase, user, &start, &mut guide, &mut adam);
            let now = start.with(guide.clone(), user);
            let validation = now.mean_of(self.history, &self.parts, Part::Validation);
            self.passes.push(Pass { phase, loss, validation });
            match validation {
                Some(value) if value <= best_value => waited += 1,
                found => {
                    (best, best_value, waited) = (now, found.unwrap_or(best_value), 0);
                }
            }
            if waited > patience {
                break;
            }
        }
        best
    }

    /// One pass; returns the mean loss of its updates.
    fn pass(&self, phase: u32, user: UserModel, like: &Posterior, guide: &mut Guide, adam: &mut Adam) -> f64 {
        let seed = self.seed.at("pass", self.passes.len() as u64);
        let mut order: Vec<usize> = (0..self.history.sequences.len()).collect();
        order.shuffle(&mut seed.at("order", 0).rng());
        let (mut sum, mut n) = (0.0, 0.0);
        for (update, chosen) in order.chunks(self.config.batch as usize).enumerate() {
            let batch = Batch { history: self.history, parts: &self.parts, chosen };
            let seed = seed.at("update", update as u64);
            let (value, mut gradient) = loss(self.config, &like.layout, user, guide, batch, seed);
            if phase == 2 {
                hold_items(like, &mut gradient);
            }
            clip(&mut gradient, self.config.clip);
            adam.step(&mut guide.raw, &gradient);
            sum += value;
            n += 1.0;
        }
        sum / n
    }
}

/// Items, groups and the factor of first states stay as they are.
fn hold_items(like: &Posterior, gradient: &mut [f64]) {
    let (n, end) = (like.layout.len(), like.layout.spreads.end);
    gradient[..end].fill(0.0);
    gradient[n..n + end].fill(0.0);
    gradient[2 * n] = 0.0;
}

/// Shortens a gradient to at most this length.
fn clip(gradient: &mut [f64], most: f64) {
    let norm = gradient.iter().map(|x| x * x).sum::<f64>().sqrt();
    if norm > most {
        gradient.iter_mut().for_each(|x| *x *= most / norm);
    }
}
