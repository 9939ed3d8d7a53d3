//! Reinforcement learning from preferences: two episodes are played, and perhaps it is asked which is better.
//!
//! Rewards are never seen. An answer is a duel: two plans, the episodes that followed them, and whether
//! the judge is to be asked; the judge then prefers the first with a probability that rises with the
//! difference of their returns. Wu, Sun 2024, arXiv 2310.14554.

mod agent;
mod ensemble;
mod lsvi;
mod question;
mod thompson;
mod world;

pub use agent::{Duelist, Novice, Opponent};
pub use ensemble::Ensemble;
pub use lsvi::{Backup, Cut, Lsvi, LsviConfig, Sampler};
pub use question::{AskWhen, disagreement, gaussian_disagreement, weighted_disagreement};
pub use thompson::{Dynamics, Thompson, ThompsonConfig};
pub use world::{DuelWorld, Taste};

use crate::mdp::{Plan, Run};
use crate::visit::Visit;
use autodidact_core::{Answer, Domain};
use serde::{Deserialize, Serialize};

/// The domain: a duel is asked for, and comes back with the wish to know its winner, or without.
#[derive(Clone, Copy, Debug)]
pub struct Duels;

impl Domain for Duels {
    type Query = Visit;
    type Answer = Duel;
    type Knobs = ();
}

/// Two plans and the episodes that followed them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Duel {
    /// The new plan and the one before.
    pub plans: [Plan; 2],
    /// What happened under each.
    pub runs: [Run; 2],
    /// How much samples of the posterior disagree on their difference, in units of return.
    pub spread: f64,
    /// Whether the judge is asked which is better.
    pub asked: bool,
}

impl Answer for Duel {}
