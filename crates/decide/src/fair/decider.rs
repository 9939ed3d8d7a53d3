//! Policy and learner of one-sided decisions: ask for a batch's decisions, tell the labels of the
//! accepted and the panel's report.

use super::{Decision, Exp2, Feedback, Ftpl, Greedy, OneSided, Person};
use crate::handle::Handle;
use autodidact_core::{
    Ask, Group, Learn, Lesson, Policy, Proposals, Result, Rng, Seed, Snapshot, Spend, Version,
};
use serde::{Deserialize, Serialize};

/// How people are chosen, and everything learned so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Method {
    /// Exponential weights over a finite class.
    Exp2 {
        /// Its state.
        state: Exp2,
    },
    /// The leader of a perturbed past, by an oracle.
    Ftpl {
        /// Its state.
        state: Ftpl,
    },
    /// The best rule on the accepted.
    Greedy {
        /// Its state.
        state: Greedy,
    },
}

impl Method {
    /// Decisions for the people of a round.
    pub fn decide(&self, people: &[Person], rng: &mut Rng) -> Decision {
        match self {
            Method::Exp2 { state } => state.decide(people, rng),
            Method::Ftpl { state } => state.decide(people, rng),
            Method::Greedy { state } => state.decide(people),
        }
    }

    /// Takes note of what came back.
    pub fn learn(&mut self, people: &[Person], decision: &Decision, feedback: &Feedback, seed: Seed) {
        match self {
            Method::Exp2 { state } => state.learn(people, decision, feedback),
            Method::Ftpl { state } => state.learn(people, decision, feedback, seed),
            Method::Greedy { state } => state.learn(people, feedback),
        }
    }
}

/// A method behind a handle: its clones are one policy and one learner.
#[derive(Clone, Debug)]
pub struct Decider(Handle<Method>);

impl Decider {
    /// A decider of that method.
    pub fn of(method: Method) -> Decider {
        Decider(Handle::new(method))
    }
}

impl Policy<OneSided> for Decider {
    fn propose(&self, asks: &[Ask<OneSided>], seeds: &[Seed]) -> Result<Proposals<OneSided>> {
        let method = self.0.lock();
        let decisions = |(ask, seed): (&Ask<OneSided>, &Seed)| {
            let draw =
                |attempt| method.decide(&ask.query.people, &mut seed.at("try", u64::from(attempt)).rng());
            (0..ask.tries).map(draw).collect()
        };
        let answers = asks.iter().zip(seeds).map(decisions).collect();
        Ok(Proposals { answers, spend: Spend::default() })
    }

    fn version(&self) -> Result<Version> {
        self.0.version()
    }
}

impl Learn<OneSided> for Decider {
    fn learn(&mut self, groups: &[Group<OneSided>], seed: Seed) -> Result<Lesson> {
        let mut method = self.0.lock();
        for (index, group) in groups.iter().enumerate() {
            let people = &group.ask.query.people;
            for (attempt, one) in group.tries.iter().enumerate() {
                // Without a score no feedback came.
                if one.verdict.value().is_some() {
                    let feedback = Feedback::of(&one.verdict, people.len());
                    let seed = seed.at("group", index as u64).at("try", attempt as u64);
                    method.learn(people, &one.answer, &feedback, seed);
                }
            }
        }
        Ok(Lesson::default())
    }

    fn save(&self) -> Result<Snapshot> {
        self.0.save()
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.0.restore(snapshot)
    }
}
