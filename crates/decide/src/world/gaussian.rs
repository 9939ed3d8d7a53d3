//! Arms that pay a number around their mean, the means themselves drawn by the seed.

use super::{Rewards, World};
use crate::choice::Context;
use autodidact_core::{Error, Result, Rng, Seed};
use autodidact_math::regret::gaussian_kl;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

/// Each arm's mean is drawn from `N(0, spread^2)`, each reward from `N(mean, spread^2)`.
///
/// The paper writes the number as a variance, its code uses it as the standard deviation; so do we.
/// Averages over instances are ruled by those with large gaps: divide by the gap before averaging.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Gaussian {
    /// How many arms.
    pub arms: u32,
    /// The standard deviation of means and of rewards, above 0.
    pub spread: f64,
    /// How many rounds.
    pub horizon: u64,
}

impl Default for Gaussian {
    fn default() -> Gaussian {
        Gaussian::easy(5)
    }
}

impl Gaussian {
    /// BanditBench's easy instance: deviation 1, 300 rounds.
    pub fn easy(arms: u32) -> Gaussian {
        Gaussian { arms, spread: 1.0, horizon: 300 }
    }

    /// BanditBench's hard instance: deviation 3, 1,000 rounds.
    pub fn hard(arms: u32) -> Gaussian {
        Gaussian { arms, spread: 3.0, horizon: 1000 }
    }

    pub(super) fn check(&self, field: &str) -> Result<()> {
        super::config::sizes(field, self.arms, self.horizon)?;
        if self.spread > 0.0 && self.spread.is_finite() {
            return Ok(());
        }
        Err(Error::invalid(format!("{field}.spread"), "a finite number above 0", self.spread))
    }

    pub(super) fn name(&self) -> String {
        format!("gaussian-{}-{}", self.arms, self.spread)
    }

    pub(super) fn open(&self, seed: Seed) -> World {
        let mut rng = seed.at("arms", 0).rng();
        let mean = |_| self.spread * Distribution::<f64>::sample(&StandardNormal, &mut rng);
        let means: Vec<f64> = (0..self.arms).map(mean).collect();
        World::of(self.name(), Bells { means, spread: self.spread, horizon: self.horizon }, seed)
    }
}

#[derive(Debug)]
struct Bells {
    means: Vec<f64>,
    spread: f64,
    horizon: u64,
}

impl Rewards for Bells {
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
        Some(self.means[arm] + self.spread * Distribution::<f64>::sample(&StandardNormal, rng))
    }

    fn hardness(&self) -> Option<f64> {
        let mut sorted = self.means.clone();
        sorted.sort_by(|a, b| b.total_cmp(a));
        Some(gaussian_kl(sorted[0], *sorted.get(1)?, self.spread))
    }
}
