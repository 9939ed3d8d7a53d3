//! What a strategy loses in the worst case of a level, found by looking for problems anew.
//!
//! The particles that a policy was trained against say little: it was trained against them. An attack draws
//! a pool of fresh problems, keeps those that lose most, lets them climb the loss, and estimates the loss of
//! all finalists again on fresh inquiries, so that the maximum is not the luck of one estimate.

use super::adversary::loss_gradient;
use super::{Problem, Strategy, World, rollouts};
use autodidact_core::{Error, Result, Seed};
use serde::{Deserialize, Serialize};

/// How thoroughly problems are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttackConfig {
    /// Fresh problems.
    pub pool: u32,
    /// Inquiries at each.
    pub tries: u32,
    /// How many climb.
    pub finalists: u32,
    /// Steps that each climbs, of `tries` inquiries each.
    pub steps: u32,
    /// Length of a step in units of the parameters' largest part.
    pub reach: f64,
    /// Inquiries at each finalist at the end.
    pub final_tries: u32,
}

impl Default for AttackConfig {
    fn default() -> AttackConfig {
        AttackConfig { pool: 128, tries: 128, finalists: 10, steps: 8, reach: 0.05, final_tries: 2048 }
    }
}

impl AttackConfig {
    /// Fails on settings that cannot be.
    pub fn check(&self) -> Result<()> {
        let counts = [
            ("attack.pool", self.pool),
            ("attack.tries", self.tries),
            ("attack.finalists", self.finalists),
            ("attack.final_tries", self.final_tries),
        ];
        for (field, found) in counts {
            if found == 0 {
                return Err(Error::invalid(field, "at least 1", found));
            }
        }
        Ok(())
    }
}

/// The worst that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Attack {
    /// The mean loss there.
    pub loss: f64,
    /// The problem.
    pub problem: Problem,
}

/// The worst problem of complexity at most `level`. Equal seeds set equal pools to all strategies.
pub fn attack(
    world: &dyn World,
    strategy: &dyn Strategy,
    level: f64,
    config: &AttackConfig,
    seed: Seed,
) -> Attack {
    let mut rng = seed.at("pool", 0).rng();
    let pool: Vec<Problem> = (0..config.pool).map(|_| world.draw(level, &mut rng)).collect();
    let losses = mean_losses(world, strategy, &pool, config.tries, seed.at("pool tries", 0));
    let mut order: Vec<usize> = (0..pool.len()).collect();
    order.sort_by(|&a, &b| losses[b].total_cmp(&losses[a]).then(a.cmp(&b)));
    let mut finalists: Vec<Problem> =
        order.iter().take(config.finalists as usize).map(|&i| pool[i].clone()).collect();
    let mut climbers = finalists.clone();
    for step in 0..config.steps {
        let seed = seed.at("climb", u64::from(step));
        let tries = config.tries as usize;
        let problems: Vec<&Problem> =
            climbers.iter().flat_map(|one| std::iter::repeat_n(one, tries)).collect();
        let played = rollouts(world, strategy, &problems, seed);
        let climb = |(problem, played): (&Problem, &[super::Rollout])| {
            let mean = played.iter().map(|one| one.loss).sum::<f64>() / played.len() as f64;
            let up = loss_gradient(world, problem, played.iter(), mean);
            let largest = up.iter().fold(0.0f64, |largest, up| largest.max(up.abs()));
            let mut moved = problem.clone();
            if largest > 0.0 {
                moved.theta.iter_mut().zip(&up).for_each(|(x, up)| *x += config.reach * up / largest);
            }
            world.clip(&mut moved);
            if world.complexity(&moved) <= level { moved } else { problem.clone() }
        };
        climbers = climbers.iter().zip(played.chunks_exact(tries)).map(climb).collect();
    }
    finalists.extend(climbers);
    let losses = mean_losses(world, strategy, &finalists, config.final_tries, seed.at("final", 0));
    let worst = super::choose::largest(&losses);
    Attack { loss: losses[worst], problem: finalists.swap_remove(worst) }
}

/// The mean loss of a strategy over problems, `tries` inquiries each.
pub fn mean_loss(
    world: &dyn World,
    strategy: &dyn Strategy,
    problems: &[Problem],
    tries: u32,
    seed: Seed,
) -> f64 {
    let losses = mean_losses(world, strategy, problems, tries, seed);
    losses.iter().sum::<f64>() / losses.len().max(1) as f64
}

/// The mean loss at each problem.
fn mean_losses(
    world: &dyn World,
    strategy: &dyn Strategy,
    problems: &[Problem],
    tries: u32,
    seed: Seed,
) -> Vec<f64> {
    let tries = tries as usize;
    let all: Vec<&Problem> = problems.iter().flat_map(|one| std::iter::repeat_n(one, tries)).collect();
    let played = rollouts(world, strategy, &all, seed);
    played
        .chunks_exact(tries)
        .map(|part| part.iter().map(|one| one.loss).sum::<f64>() / tries as f64)
        .collect()
}
