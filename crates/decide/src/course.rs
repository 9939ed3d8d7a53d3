//! What to practise next: points of a continuous task space are asked, the returns of episodes come back.
//!
//! A *teacher* proposes a point, a student practises for one episode on a task made at that point, and the
//! teacher sees the return and nothing else. [`Teaching`] is a teacher as an explorer; [`cubes`] is a world
//! with a student that runs in microseconds. Returns are expected in 0 to 1, and every coordinate of the
//! space should have about the same range, because teachers measure Euclidean distances.

mod alp_gmm;
mod covar_gmm;
pub mod cubes;
mod history;
mod mixtures;
mod oracle;
mod riac;
mod space;
mod state;
mod teacher;

pub use alp_gmm::{AlpGmm, AlpGmmConfig};
pub use covar_gmm::{CovarGmm, CovarGmmConfig, Progress};
pub use history::Alp;
pub use mixtures::{Mixing, in_proportion, shares};
pub use oracle::{Oracle, OracleConfig};
pub use riac::{Riac, RiacConfig, Rule};
pub use space::Space;
pub use teacher::{Teacher, TeacherConfig, Teaching, Uniform};

use autodidact_core::{Answer, Domain};
use serde::{Deserialize, Serialize};

/// The domain of curricula: a task is asked, an episode comes back.
#[derive(Clone, Copy, Debug)]
pub struct Course;

impl Domain for Course {
    type Query = Task;
    type Answer = Episode;
    type Knobs = ();
}

/// A task to practise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// The episode, from 0: time for what changes, and the name of the episode's random streams.
    pub episode: u64,
    /// The task's parameters, a point of the task space.
    pub point: Vec<f64>,
}

/// What a student did in one episode.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// The return, the sum of the episode's rewards, scaled to 0 to 1.
    pub gain: f64,
}

impl Answer for Episode {}

#[cfg(test)]
mod tests;
