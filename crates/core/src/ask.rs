//! A question, the tries at it, and both together.

use crate::{Domain, Verdict};
use serde::{Deserialize, Serialize};

/// A query, how to answer it, and how often.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Ask<D: Domain> {
    /// What is asked.
    pub query: D::Query,
    /// How to answer.
    pub knobs: D::Knobs,
    /// How many independent answers are wanted.
    pub tries: u32,
}

/// One answer and what the judge said of it.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Try<D: Domain> {
    /// What the policy proposed.
    pub answer: D::Answer,
    /// What the judge said.
    pub verdict: Verdict,
}

/// An ask with its judged tries: what explorers and learners see. It cannot hold an unjudged
/// answer.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Group<D: Domain> {
    /// What was asked.
    pub ask: Ask<D>,
    /// The tries, in the order of proposal.
    pub tries: Vec<Try<D>>,
}

impl<D: Domain> Ask<D> {
    /// One ask a query, all with the same knobs and number of tries, in the queries' order.
    pub fn each(queries: &[D::Query], tries: u32, knobs: &D::Knobs) -> Vec<Ask<D>> {
        queries.iter().map(|query| Ask { query: query.clone(), knobs: knobs.clone(), tries }).collect()
    }
}

impl<D: Domain> Group<D> {
    /// The scores that exist, in the order of the tries.
    pub fn scores(&self) -> impl Iterator<Item = f64> + '_ {
        self.tries.iter().filter_map(|one| one.verdict.value())
    }

    /// The mean of the scores that exist, or `None` when none does.
    pub fn mean(&self) -> Option<f64> {
        let (sum, n) = self.scores().fold((0.0, 0u32), |(sum, n), score| (sum + score, n + 1));
        (n > 0).then(|| sum / f64::from(n))
    }

    /// Whether at least two scores exist and they are not all equal.
    pub fn has_spread(&self) -> bool {
        let mut scores = self.scores();
        match scores.next() {
            Some(first) => scores.any(|score| score != first),
            None => false,
        }
    }
}

// Written out because a derive would ask `D: Clone` and `D: Debug` of the marker type's fields.
impl<D: Domain> Clone for Ask<D> {
    fn clone(&self) -> Self {
        Ask { query: self.query.clone(), knobs: self.knobs.clone(), tries: self.tries }
    }
}

impl<D: Domain> Clone for Try<D> {
    fn clone(&self) -> Self {
        Try { answer: self.answer.clone(), verdict: self.verdict.clone() }
    }
}

impl<D: Domain> Clone for Group<D> {
    fn clone(&self) -> Self {
        Group { ask: self.ask.clone(), tries: self.tries.clone() }
    }
}

impl<D: Domain> std::fmt::Debug for Ask<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ask")
            .field("query", &self.query)
            .field("knobs", &self.knobs)
            .field("tries", &self.tries)
            .finish()
    }
}

impl<D: Domain> std::fmt::Debug for Try<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Try").field("answer", &self.answer).field("verdict", &self.verdict).finish()
    }
}

impl<D: Domain> std::fmt::Debug for Group<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Group").field("ask", &self.ask).field("tries", &self.tries).finish()
    }
}
