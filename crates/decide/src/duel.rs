//! Duels: which two candidates of a pool to compare, when only comparisons can be had.
//!
//! Candidates (prompts, answers, pictures) are known by a fixed embedding each. [`Dueller`] says which two
//! to show, is told which was preferred, and names the best of those shown; its state is the list of answers.
//! [`Pool`] is a world of candidates with a hidden worth, [`Human`] answers as its worth has it.

mod dueller;
mod ensemble;
mod fit;
mod width;
mod world;

pub use dueller::{Dueller, DuellerConfig, Learner, Rounds, Rule, Shared, Shower};
pub use ensemble::Ensemble;
pub use fit::{FitConfig, Fitted, fit};
pub use width::{Width, widths};
pub use world::{Human, Pool, PoolConfig, Worth};

use autodidact_core::{Answer, Domain};
use serde::{Deserialize, Serialize};

/// The domain of duels: a round is asked, a pair comes back, and its score is 1 where the first was preferred.
#[derive(Clone, Copy, Debug)]
pub struct Duel;

impl Domain for Duel {
    type Query = Round;
    type Answer = Pair;
    type Knobs = ();
}

/// What is known when a pair must be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// The round, from 0, which names its random streams.
    pub round: u64,
    /// The candidates that may be shown, in rising order; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<u32>>,
}

/// Two candidates, by their numbers in the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pair {
    /// The one shown first.
    pub first: u32,
    /// The other.
    pub second: u32,
}

impl Answer for Pair {}

/// A pair and who was preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// What was shown.
    pub pair: Pair,
    /// Whether the first was preferred.
    pub first_won: bool,
}

impl Answered {
    /// The preferred candidate.
    pub fn winner(&self) -> u32 {
        if self.first_won { self.pair.first } else { self.pair.second }
    }
}
