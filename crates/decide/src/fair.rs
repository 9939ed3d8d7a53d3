//! Accepting and rejecting people in batches, where labels of the rejected stay hidden and a panel of
//! auditors points at pairs that were treated too differently.
//!
//! The domain is [`OneSided`]: a batch of people is asked, and the answer is whom to accept together with
//! the chance that each had, which is what auditors see. [`Stream`] is the world, [`Panel`] its auditors;
//! [`Decider`] is policy and learner; [`comparator`] finds afterwards the best fair policy.

pub mod comparator;
mod decider;
mod exp2;
mod ftpl;
mod greedy;
mod panel;
mod rules;
mod stream;

pub use decider::{Decider, Method};
pub use exp2::Exp2;
pub use ftpl::{Ftpl, Perturbation};
pub use greedy::Greedy;
pub use panel::{Auditor, Panel, Slope};
pub use rules::{Rule, RuleGrid, chances};
pub use stream::{Labels, Stream, StreamJudge};

use autodidact_core::{Answer, Domain, Verdict};
use serde::{Deserialize, Serialize};

/// The domain of one-sided decisions.
#[derive(Clone, Copy, Debug)]
pub struct OneSided;

impl Domain for OneSided {
    type Query = Batch;
    type Answer = Decision;
    type Knobs = ();
}

/// The people of one round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// The round, from 0, and the name of the round's random streams.
    pub round: u64,
    /// Each person's features.
    pub people: Vec<Person>,
}

/// What is known of a person.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// Merit, in 0..1.
    pub x: f64,
    /// Group, -1/2 or 1/2.
    pub g: f64,
}

/// Who was accepted; one entry a person in both lists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The decisions of the one rule that was drawn.
    pub accept: Vec<bool>,
    /// The chance of acceptance over that draw, in 0..=1: the policy as auditors see it.
    pub chance: Vec<f64>,
}

impl Answer for Decision {}

/// What comes back from a round, as learners may know it.
#[derive(Clone, Debug, PartialEq)]
pub struct Feedback {
    /// The labels that were seen, one entry a person.
    pub labels: Vec<Option<bool>>,
    /// The pair that the panel reported: the first was favoured over the second.
    pub report: Option<(usize, usize)>,
}

impl Feedback {
    /// Reads the parts of a verdict that are for learners: `label/i`, `favoured` and `slighted`. Its score
    /// and its other parts say what only the world knows.
    pub fn of(verdict: &Verdict, people: usize) -> Feedback {
        let label = |i: usize| verdict.part(&format!("label/{i}")).map(|y| y > 0.5);
        let place = |name: &str| verdict.part(name).map(|i| i as usize).filter(|i| *i < people);
        Feedback {
            labels: (0..people).map(label).collect(),
            report: place("favoured").zip(place("slighted")),
        }
    }
}
