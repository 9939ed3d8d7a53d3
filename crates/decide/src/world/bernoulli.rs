//! Arms that pay 1 or 0: one of them a little more often than the others.

use super::{Rewards, World};
use crate::choice::Context;
use autodidact_core::{Error, Result, Rng, Seed};
use rand::Rng as _;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

/// One arm pays with probability `0.5 + gap / 2`, all others with `0.5 - gap / 2`; the seed decides which.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bernoulli {
    /// How many arms.
    pub arms: u32,
    /// How much more often the best arm pays, above 0 and at most 1.
    pub gap: f64,
    /// How many rounds.
    pub horizon: u64,
}

impl Default for Bernoulli {
    fn default() -> Bernoulli {
        Bernoulli::easy(5)
    }
}

impl Bernoulli {
    /// BanditBench's easy instance: gap 0.5, 300 rounds.
    pub fn easy(arms: u32) -> Bernoulli {
        Bernoulli { arms, gap: 0.5, horizon: 300 }
    }

    /// BanditBench's hard instance: gap 0.2, 1,000 rounds.
    pub fn hard(arms: u32) -> Bernoulli {
        Bernoulli { arms, gap: 0.2, horizon: 1000 }
    }

    pub(super) fn check(&self, field: &str) -> Result<()> {
        super::config::sizes(field, self.arms, self.horizon)?;
        if self.gap > 0.0 && self.gap <= 1.0 {
            return Ok(());
        }
        Err(Error::invalid(format!("{field}.gap"), "above 0 and at most 1", self.gap))
    }

    pub(super) fn name(&self) -> String {
        format!("bernoulli-{}-{}", self.arms, self.gap)
    }

    pub(super) fn open(&self, seed: Seed) -> World {
        let mut means = vec![0.5 - self.gap / 2.0; self.arms as usize];
        means[0] = 0.5 + self.gap / 2.0;
        means.shuffle(&mut seed.at("arms", 0).rng());
        World::of(self.name(), Coins { means, gap: self.gap, horizon: self.horizon }, seed)
    }
}

#[derive(Debug)]
struct Coins {
    means: Vec<f64>,
    gap: f64,
    horizon: u64,
}

impl Rewards for Coins {
    fn arms(&self) -> usize {
        self.means.len()
    }

    fn horizon(&self) -> u64 {
        self.horizon
    }

    fn mean(&self, _context: &Context, arm: usize) -> Option<f64> {
        Some(self.means[arm])
    }

    fn reward(&self, _context: &Context, arm: usize, rng: &mut Rng) -> Option<f64> {
        Some(f64::from(u8::from(rng.random::<f64>() < self.means[arm])))
    }

    fn hardness(&self) -> Option<f64> {
        Some(self.gap)
    }
}
