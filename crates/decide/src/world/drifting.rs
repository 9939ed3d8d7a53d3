//! A Bernoulli bandit whose arms change a little in every round.

use super::{Rewards, World};
use crate::choice::Context;
use autodidact_core::{Error, Result, Rng, Seed};
use rand::Rng as _;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

/// Each arm's chance to pay walks by `N(0, step^2)` a round and is thrown back at 0.05 and 0.95. All
/// arms start somewhere between.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Drifting {
    /// How many arms.
    pub arms: u32,
    /// The standard deviation of a round's change, in 0 to 0.2.
    pub step: f64,
    /// How many rounds, at most ten million values over all arms.
    pub horizon: u64,
}

const LOW: f64 = 0.05;
const HIGH: f64 = 0.95;
const MOST_VALUES: u64 = 10_000_000;

impl Default for Drifting {
    fn default() -> Drifting {
        Drifting { arms: 5, step: 0.02, horizon: 1000 }
    }
}

impl Drifting {
    pub(super) fn check(&self, field: &str) -> Result<()> {
        super::config::sizes(field, self.arms, self.horizon)?;
        if !(0.0..=0.2).contains(&self.step) {
            return Err(Error::invalid(format!("{field}.step"), "between 0 and 0.2", self.step));
        }
        let most = MOST_VALUES / u64::from(self.arms);
        if self.horizon > most {
            let rule = format!("at most {most} with {} arms", self.arms);
            return Err(Error::invalid(format!("{field}.horizon"), rule, self.horizon));
        }
        Ok(())
    }

    pub(super) fn name(&self) -> String {
        format!("drifting-{}-{}", self.arms, self.step)
    }

    pub(super) fn open(&self, seed: Seed) -> World {
        let mut rng = seed.at("drift", 0).rng();
        let mut now: Vec<f64> = (0..self.arms).map(|_| rng.random_range(LOW..HIGH)).collect();
        let mut means = Vec::with_capacity(now.len() * self.horizon as usize);
        for _ in 0..self.horizon {
            means.extend_from_slice(&now);
            for mean in &mut now {
                *mean =
                    thrown_back(*mean + self.step * Distribution::<f64>::sample(&StandardNormal, &mut rng));
            }
        }
        World::of(self.name(), Walks { config: self.clone(), means }, seed)
    }
}

/// The place that a walk off the ends is mirrored to.
fn thrown_back(place: f64) -> f64 {
    let inside = if place < LOW {
        2.0 * LOW - place
    } else if place > HIGH {
        2.0 * HIGH - place
    } else {
        place
    };
    inside.clamp(LOW, HIGH)
}

#[derive(Debug)]
struct Walks {
    config: Drifting,
    /// (round, arm)
    means: Vec<f64>,
}

impl Rewards for Walks {
    fn arms(&self) -> usize {
        self.config.arms as usize
    }

    fn horizon(&self) -> u64 {
        self.config.horizon
    }

    fn mean(&self, context: &Context, arm: usize) -> Option<f64> {
        self.means.get(context.round as usize * self.arms() + arm).copied()
    }

    fn reward(&self, context: &Context, arm: usize, rng: &mut Rng) -> Option<f64> {
        let mean = self.mean(context, arm)?;
        Some(f64::from(u8::from(rng.random::<f64>() < mean)))
    }
}
