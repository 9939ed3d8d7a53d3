//! Choosing one of several numbered arms: the domain of bandits.

use autodidact_core::{Answer, Domain};
use serde::{Deserialize, Serialize};

/// The domain of bandits: a context is asked, an arm comes back.
#[derive(Clone, Copy, Debug)]
pub struct Choice;

impl Domain for Choice {
    type Query = Context;
    type Answer = Pull;
    type Knobs = ();
}

/// What is known when an arm must be chosen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// The round, from 0. Time for non-stationary worlds, and the name of the round's random streams.
    pub round: u64,
    /// Features of the round; empty for bandits without context.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<f64>,
    /// The arms that may be chosen, in rising order; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<u32>>,
}

/// A chosen arm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pull {
    /// The arm, from 0.
    pub arm: u32,
    /// The probability with which the policy chose it in this context, in (0, 1]; 1 for a rule
    /// without chance; 0 where the policy did not work it out (Thompson sampling, whose
    /// [`Bandit::probabilities`](crate::bandit::Bandit::probabilities) does). What off-policy
    /// estimates divide by.
    pub propensity: f64,
}

impl Answer for Pull {}
