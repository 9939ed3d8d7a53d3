//! Policy and learner of one-sided decisions: ask for a batch's decisions, tell the labels of the
//! accepted and the panel's report.

use super::{Decision, Exp2, Feedback, Ftpl, Greedy, OneSided, Person};
use autodidact_core::{
    Ask, BlobId, Error, Group, Learn, Lesson, Policy, Proposals, Result, Rng, Seed, Snapshot, Spend, Version,
};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The file of a decider's snapshot.
const FILE: &str = "decider.json";

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
pub struct Decider(Arc<Mutex<Method>>);

impl Decider {
    /// A decider of that method.
    pub fn of(method: Method) -> Decider {
        Decider(Arc::new(Mutex::new(method)))
    }

    fn lock(&self) -> MutexGuard<'_, Method> {
        // No method is left half-changed by a panic that another thread could then see.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(&*self.lock()).map_err(|source| Error::Recorded { what: "decider", source })
    }
}

impl Policy<OneSided> for Decider {
    fn propose(&self, asks: &[Ask<OneSided>], seeds: &[Seed]) -> Result<Proposals<OneSided>> {
        let method = self.lock();
        let decisions = |(ask, seed): (&Ask<OneSided>, &Seed)| {
            let draw =
                |attempt| method.decide(&ask.query.people, &mut seed.at("try", u64::from(attempt)).rng());
            (0..ask.tries).map(draw).collect()
        };
        let answers = asks.iter().zip(seeds).map(decisions).collect();
        Ok(Proposals { answers, spend: Spend::default() })
    }

    fn version(&self) -> Result<Version> {
        Ok(Version(BlobId::of(&self.bytes()?).0))
    }
}

impl Learn<OneSided> for Decider {
    fn learn(&mut self, groups: &[Group<OneSided>], seed: Seed) -> Result<Lesson> {
        let mut method = self.lock();
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
        Ok(Snapshot { files: vec![(FILE.to_owned(), self.bytes()?)] })
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        let bytes = snapshot.file(FILE).unwrap_or_default();
        let method =
            serde_json::from_slice(bytes).map_err(|source| Error::Recorded { what: "decider", source })?;
        *self.lock() = method;
        Ok(())
    }
}
