//! BanditBench's instances by name: EVOLvE's full set and its contextual pair.
//!
//! A name is `bernoulli-5-videos-easy`: rewards, arms, wording, difficulty. The wording changes nothing
//! for a bandit that sees numbers; it says in which words a language model is told of the world
//! ([`crate::verbal`]).

use super::{Bernoulli, Gaussian, LowRank, WorldConfig};
use crate::verbal::Wording;
use autodidact_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// An instance, by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bench {
    /// Its name.
    pub name: String,
}

impl Default for Bench {
    fn default() -> Bench {
        Bench { name: "bernoulli-5-videos-easy".to_owned() }
    }
}

/// An instance: the world and the words for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Its name.
    pub name: String,
    /// The world.
    pub world: WorldConfig,
    /// The words.
    pub wording: Wording,
}

impl Bench {
    /// The 16 of the full set: 5 and 20 arms, videos and clothes, easy (300 rounds) and hard (1,000
    /// rounds), Bernoulli and Gaussian, in this order.
    pub fn full() -> Vec<Cell> {
        let mut cells = Vec::new();
        for arms in [5, 20] {
            for wording in [Wording::Videos, Wording::Clothes] {
                for (difficulty, easy) in [("easy", true), ("hard", false)] {
                    let coins = if easy { Bernoulli::easy(arms) } else { Bernoulli::hard(arms) };
                    let bells = if easy { Gaussian::easy(arms) } else { Gaussian::hard(arms) };
                    let name = |rewards: &str| format!("{rewards}-{arms}-{}-{difficulty}", wording.name());
                    let coins = (name("bernoulli"), WorldConfig::Bernoulli(coins));
                    let bells = (name("gaussian"), WorldConfig::Gaussian(bells));
                    cells.extend([coins, bells].map(|(name, world)| Cell { name, world, wording }));
                }
            }
        }
        cells
    }

    /// The contextual pair: 10 and 30 films, 200 rounds.
    pub fn films() -> Vec<Cell> {
        let cell = |arms| Cell {
            name: format!("films-{arms}"),
            world: WorldConfig::LowRank(LowRank { arms, ..LowRank::default() }),
            wording: Wording::Films,
        };
        vec![cell(10), cell(30)]
    }

    /// The instance of this name.
    pub fn cell(&self, field: &str) -> Result<Cell> {
        let mut cells = Bench::full();
        cells.extend(Bench::films());
        match cells.iter().position(|cell| cell.name == self.name) {
            Some(place) => Ok(cells.swap_remove(place)),
            None => {
                let known = cells.into_iter().map(|cell| cell.name);
                Err(Error::unknown(format!("instance for {field}.name"), &self.name, known))
            }
        }
    }

    pub(super) fn check(&self, field: &str) -> Result<()> {
        self.cell(field).map(|_| ())
    }
}
