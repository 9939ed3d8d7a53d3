//! Who plays: a rule and what it is called.

use autodidact_core::{Error, Result};
use autodidact_decide::bandit::{Algorithm, Bandit, BanditConfig, Memory};
use autodidact_decide::world::{World, WorldConfig};
use serde::{Deserialize, Serialize};

/// A bandit without its sizes, which the world gives.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Player {
    /// What it is called; the rule's name where this is empty. Without a slash.
    pub name: String,
    /// The rule.
    pub algorithm: Algorithm,
    /// How long rewards count.
    pub memory: Memory,
}

impl Player {
    /// A player of that name that remembers everything.
    pub fn of(name: &str, algorithm: Algorithm) -> Player {
        Player { name: name.to_owned(), algorithm, memory: Memory::All }
    }

    /// The references of the paper: UCB with 0.5 inside the root, Thompson sampling from Beta(1, 1), and
    /// a greedy and a random player beside them.
    pub fn references() -> Vec<Player> {
        vec![
            Player::of("ucb", Algorithm::Ucb1 { alpha: 0.5 }),
            Player::of("thompson", Algorithm::ThompsonBeta { successes: 1.0, failures: 1.0 }),
            Player::of("greedy", Algorithm::Greedy),
            Player::of("random", Algorithm::Random),
        ]
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        if self.name.is_empty() { self.algorithm.name() } else { &self.name }
    }

    pub(super) fn check(&self, field: &str, worlds: &[WorldConfig]) -> Result<()> {
        if self.name().contains('/') {
            return Err(Error::invalid(format!("{field}.name"), "without a slash", self.name()));
        }
        // Sizes are the world's; two arms and a feature stand for them.
        let config = BanditConfig { arms: 2, features: 1, ..self.config() };
        config.check()?;
        for world in worlds {
            if self.algorithm.bounded() && world.bounded() == Some(false) {
                let rule = format!("a rule for any reward, to play {}", world.name());
                return Err(Error::invalid(format!("{field}.algorithm"), rule, self.algorithm.name()));
            }
        }
        Ok(())
    }

    /// A fresh bandit for this world. Fails where the rule needs features and the world has none.
    pub(super) fn open(&self, world: &World) -> Result<Bandit> {
        let (arms, features) = (world.arms() as u32, world.features() as u32);
        Bandit::new(&BanditConfig { arms, features, ..self.config() })
    }

    fn config(&self) -> BanditConfig {
        BanditConfig { algorithm: self.algorithm.clone(), memory: self.memory, ..BanditConfig::default() }
    }
}
