//! Lists shown to a user whose state changes with what he clicks: cascading Markov decision processes.
//!
//! In each of H steps the user sees an ordered list of at most m of N items and reads it from the top.
//! Item a attracts him in state s with probability q(s, a); he clicks the first that does, or nothing.
//! The click pays r(s, a) and moves him to a state drawn from p(. | s, a). Items below the click are
//! never looked at, so nothing is learned of them. Du, Srikant, Chen 2024, arXiv 2401.08961.

mod agent;
mod bonus;
mod bpi;
mod items;
mod lists;
mod optimist;
pub mod oracle;
mod tally;
mod world;

pub use agent::{Agent, Player, Pupil};
pub use bonus::{Confidence, ItemBonus};
pub use bpi::{Identify, IdentifyConfig};
pub use items::StatelessItems;
pub use lists::WholeLists;
pub use optimist::{Optimist, OptimistConfig, Outlook, sweep};
pub use oracle::Oracle;
pub use tally::{Known, Tally};
pub use world::{CascadeShape, CascadeWorld, Returns};

use crate::visit::Visit;
use autodidact_core::{Answer, Domain};
use serde::{Deserialize, Serialize};

/// The domain: an episode is asked for, the episode comes back with the plan that it followed.
#[derive(Clone, Copy, Debug)]
pub struct Cascade;

impl Domain for Cascade {
    type Query = Visit;
    type Answer = Episode;
    type Knobs = ();
}

/// Items in the order of display, none twice; at least one.
pub type List = Vec<u32>;

/// `plan[h][s]`: what is shown in step h, from 0, to a user in state s.
pub type Plan = Vec<Vec<List>>;

/// What was planned, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// The whole plan: the judge knows what it is worth.
    pub plan: Plan,
    /// The user's states, one a step and the one after the last.
    pub states: Vec<u32>,
    /// The place of the click in each step's list, from 0; the list's length for no click.
    pub places: Vec<u32>,
}

impl Answer for Episode {}

impl Episode {
    /// One entry a step: state, list, place of the click, next state.
    pub fn steps(&self) -> impl Iterator<Item = (usize, &[u32], usize, usize)> + '_ {
        self.places.iter().enumerate().map(|(h, &place)| {
            let state = self.states[h] as usize;
            (state, self.plan[h][state].as_slice(), place as usize, self.states[h + 1] as usize)
        })
    }
}
