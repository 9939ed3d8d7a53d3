//! Which world: one setting for all of them.

use super::{Bench, Bernoulli, Drifting, Gaussian, Logged, LowRank, Switching, World};
use autodidact_core::{Error, Result, Seed};
use serde::{Deserialize, Serialize};

/// A world for bandits, as a run file names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum WorldConfig {
    /// One of BanditBench's instances, by name.
    Bench(Bench),
    /// Arms that pay 1 or 0.
    Bernoulli(Bernoulli),
    /// Arms that pay a number around their mean.
    Gaussian(Gaussian),
    /// A contextual world made of ratings.
    LowRank(LowRank),
    /// A contextual world made of a file.
    Logged(Logged),
    /// The best arm changes all at once.
    Switching(Switching),
    /// The arms change a little in every round.
    Drifting(Drifting),
}

impl Default for WorldConfig {
    fn default() -> WorldConfig {
        WorldConfig::Bernoulli(Bernoulli::default())
    }
}

impl WorldConfig {
    /// Fails on settings that cannot be; `field` is the dotted name of this value.
    pub fn check(&self, field: &str) -> Result<()> {
        match self {
            WorldConfig::Bench(bench) => bench.check(field),
            WorldConfig::Bernoulli(world) => world.check(field),
            WorldConfig::Gaussian(world) => world.check(field),
            WorldConfig::LowRank(world) => world.check(field),
            WorldConfig::Logged(world) => world.check(field),
            WorldConfig::Switching(world) => world.check(field),
            WorldConfig::Drifting(world) => world.check(field),
        }
    }

    /// The world's name, with the settings that tell it from others of its kind.
    pub fn name(&self) -> String {
        match self {
            WorldConfig::Bench(bench) => bench.name.clone(),
            WorldConfig::Bernoulli(world) => world.name(),
            WorldConfig::Gaussian(world) => world.name(),
            WorldConfig::LowRank(world) => world.name(),
            WorldConfig::Logged(world) => world.name(),
            WorldConfig::Switching(world) => world.name(),
            WorldConfig::Drifting(world) => world.name(),
        }
    }

    /// Whether rewards lie in 0 to 1, or `None` where only a file knows.
    pub fn bounded(&self) -> Option<bool> {
        match self {
            WorldConfig::Bench(bench) => bench.cell("world").ok()?.world.bounded(),
            WorldConfig::Bernoulli(_) | WorldConfig::Switching(_) | WorldConfig::Drifting(_) => Some(true),
            WorldConfig::Gaussian(_) | WorldConfig::LowRank(_) => Some(false),
            WorldConfig::Logged(_) => None,
        }
    }

    /// Opens the world; what chance does in it follows from `seed`. Fails on settings that cannot be
    /// and on a file that cannot be read.
    pub fn open(&self, seed: Seed) -> Result<World> {
        self.check("world")?;
        Ok(match self {
            WorldConfig::Bench(bench) => return bench.cell("world")?.world.open(seed),
            WorldConfig::Bernoulli(world) => world.open(seed),
            WorldConfig::Gaussian(world) => world.open(seed),
            WorldConfig::LowRank(world) => world.open(seed),
            WorldConfig::Logged(world) => return world.open(seed),
            WorldConfig::Switching(world) => world.open(seed),
            WorldConfig::Drifting(world) => world.open(seed),
        })
    }
}

/// Most arms of a world made here.
const MOST_ARMS: u32 = 100_000;

pub(super) fn sizes(field: &str, arms: u32, horizon: u64) -> Result<()> {
    if !(2..=MOST_ARMS).contains(&arms) {
        return Err(Error::invalid(format!("{field}.arms"), format!("between 2 and {MOST_ARMS}"), arms));
    }
    if horizon == 0 {
        return Err(Error::invalid(format!("{field}.horizon"), "at least 1", horizon));
    }
    Ok(())
}
