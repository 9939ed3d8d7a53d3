//! Where queries come from.

use crate::{Domain, Judge, Result, Rng};
use serde::{Deserialize, Serialize};

/// A source of queries with a judge that checks their answers.
pub trait Task<D: Domain>: Send + Sync {
    /// `n` queries of one split; distinct where the task has that many. A split to measure on that has fewer
    /// gives what it has. Splits are disjoint by construction.
    fn draw(&self, split: Split, n: usize, rng: &mut Rng) -> Result<Vec<D::Query>>;

    /// The judge that knows this task's right answers.
    fn judge(&self) -> Box<dyn Judge<D>>;

    /// A right answer in the form a policy would give it, if the task knows one; it passes the
    /// task's own judge.
    fn gold(&self, query: &D::Query) -> Option<D::Answer>;

    /// The task's name and settings, as recorded with a run.
    fn name(&self) -> String;
}

/// Which part of a task's queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// To learn from.
    Train,
    /// To choose by.
    Validation,
    /// To report on; nothing learns from it or chooses by it.
    Test,
}
