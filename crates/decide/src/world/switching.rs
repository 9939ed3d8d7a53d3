//! A Bernoulli bandit whose best arm changes all at once, every so many rounds.

use super::{Rewards, World};
use crate::choice::Context;
use autodidact_core::{Error, Result, Rng, Seed};
use rand::Rng as _;
use serde::{Deserialize, Serialize};

/// The abrupt changes of Garivier & Moulines 2011: what was best until now is as bad as the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switching {
    /// How many arms, at least 2.
    pub arms: u32,
    /// How much more often the best arm pays, above 0 and at most 1.
    pub gap: f64,
    /// After how many rounds another arm becomes the best one.
    pub every: u64,
    /// How many rounds.
    pub horizon: u64,
}

impl Default for Switching {
    fn default() -> Switching {
        Switching { arms: 5, gap: 0.5, every: 250, horizon: 1000 }
    }
}

impl Switching {
    pub(super) fn check(&self, field: &str) -> Result<()> {
        super::config::sizes(field, self.arms, self.horizon)?;
        if self.every == 0 {
            return Err(Error::invalid(format!("{field}.every"), "at least 1", 0));
        }
        if self.gap > 0.0 && self.gap <= 1.0 {
            return Ok(());
        }
        Err(Error::invalid(format!("{field}.gap"), "above 0 and at most 1", self.gap))
    }

    pub(super) fn name(&self) -> String {
        format!("switching-{}-{}-{}", self.arms, self.gap, self.every)
    }

    pub(super) fn open(&self, seed: Seed) -> World {
        let stretches = self.horizon.div_ceil(self.every);
        let mut best: Vec<usize> = Vec::new();
        for stretch in 0..stretches {
            let mut rng = seed.at("switch", stretch).rng();
            let next = match best.last() {
                None => rng.random_range(0..self.arms) as usize,
                // Any arm but the one that was best.
                Some(last) => (last + rng.random_range(1..self.arms) as usize) % self.arms as usize,
            };
            best.push(next);
        }
        World::of(self.name(), Switches { config: self.clone(), best }, seed)
    }
}

#[derive(Debug)]
struct Switches {
    config: Switching,
    /// The best arm of each stretch between changes.
    best: Vec<usize>,
}

impl Rewards for Switches {
    fn arms(&self) -> usize {
        self.config.arms as usize
    }

    fn horizon(&self) -> u64 {
        self.config.horizon
    }

    fn mean(&self, context: &Context, arm: usize) -> Option<f64> {
        let best = *self.best.get((context.round / self.config.every) as usize)?;
        let half = self.config.gap / 2.0;
        Some(if arm == best { 0.5 + half } else { 0.5 - half })
    }

    fn reward(&self, context: &Context, arm: usize, rng: &mut Rng) -> Option<f64> {
        let mean = self.mean(context, arm)?;
        Some(f64::from(u8::from(rng.random::<f64>() < mean)))
    }

    fn hardness(&self) -> Option<f64> {
        Some(self.config.gap)
    }
}
