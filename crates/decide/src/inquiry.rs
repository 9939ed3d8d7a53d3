//! Inquiries: ask a budget of questions whose answers are noisy, then decide.
//!
//! A [`World`] says what can be asked and decided, how a [`Problem`] answers, what a decision loses and how
//! hard a problem is. A [`Strategy`] asks and decides: a trained [`Network`] or one of the [`Baseline`]s.
//! [`rollouts`] plays many inquiries at once; [`Trainer`] trains a network against an adversary of problems
//! ([`Adversary`]); [`attack`] finds what a strategy loses in the worst case of a level of difficulty.

mod adversary;
mod arms;
mod attack;
mod baseline;
mod choose;
mod mapo;
mod network;
mod rollout;
mod table;
mod tables;
mod train;
mod world;

pub use adversary::{Adversary, AdversaryConfig};
pub use arms::{Answers, Arms};
pub use attack::{Attack, AttackConfig, attack, mean_loss};
pub use baseline::Baseline;
pub use mapo::{Hunter, Mapo, MapoConfig, Player, Regret};
pub use network::{Network, NetworkConfig};
pub use rollout::{Rollout, Scene, Strategy, rollouts};
pub use table::Table;
pub use tables::{jokes, thresholds, twenty_questions};
pub use train::{Opponent, TrainConfig, Trainer};
pub use world::{Inquiry, Memory, Problem, Views, World};

#[cfg(test)]
mod tests;
