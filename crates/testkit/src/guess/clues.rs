//! An explorer with a memory: it asks most often for the clue that went worst.

use super::{Eagerness, Guess, NUMBERS};
use autodidact_core::{Ask, Error, Explore, Group, Result, Rng, Snapshot};
use rand::Rng as _;
use serde::{Deserialize, Serialize};

/// Draws clues in proportion to how badly they went so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clues {
    /// One weight a clue; a good answer halves it.
    weights: Vec<f64>,
}

impl Default for Clues {
    fn default() -> Clues {
        Clues { weights: vec![1.0; NUMBERS] }
    }
}

impl Explore<Guess> for Clues {
    fn ask(&mut self, n: usize, rng: &mut Rng) -> Result<Vec<Ask<Guess>>> {
        let total: f64 = self.weights.iter().sum();
        let one = |_| {
            let mut left = rng.random::<f64>() * total;
            let query = self.weights.iter().position(|weight| {
                left -= weight;
                left < 0.0
            });
            Ask { query: query.unwrap_or(NUMBERS - 1) as u32, knobs: Eagerness::default(), tries: 1 }
        };
        Ok((0..n).map(one).collect())
    }

    fn tell(&mut self, groups: &[Group<Guess>]) -> Result<()> {
        for group in groups {
            if group.mean().is_some_and(|mean| mean > 0.9) {
                self.weights[group.ask.query as usize] /= 2.0;
            }
        }
        Ok(())
    }

    fn save(&self) -> Result<Snapshot> {
        let bytes = serde_json::to_vec(self).map_err(|source| Error::Recorded { what: "clues", source })?;
        Ok(Snapshot { files: vec![("clues.json".to_owned(), bytes)] })
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        let bytes = snapshot.file("clues.json").unwrap_or_default();
        *self = serde_json::from_slice(bytes).map_err(|source| Error::Recorded { what: "clues", source })?;
        Ok(())
    }
}
