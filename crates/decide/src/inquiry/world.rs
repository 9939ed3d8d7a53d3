//! What can be asked and decided, how problems answer and how hard they are.

use autodidact_core::{Answer, Domain, Rng};
use serde::{Deserialize, Serialize};
use std::fmt::Debug;

/// The domain of inquiries: a problem is set, questions, answers and a decision come back.
#[derive(Clone, Copy, Debug)]
pub struct Inquiry;

impl Domain for Inquiry {
    type Query = Problem;
    type Answer = super::Rollout;
    type Knobs = ();
}

impl Answer for super::Rollout {}

/// One problem; strategies see its answers only.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// Its parameters, as the world reads them.
    pub theta: Vec<f64>,
    /// Which of a world's finitely many kinds it is; 0 where there are none.
    pub kind: u32,
}

/// What was asked and answered so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Questions and answers in order.
    pub history: Vec<(u32, f64)>,
    /// How often each question was asked.
    pub counts: Vec<f64>,
    /// The sum of the answers to each.
    pub sums: Vec<f64>,
}

impl Memory {
    /// Nothing was asked yet of `queries` questions.
    pub fn new(queries: usize) -> Memory {
        Memory { history: Vec::new(), counts: vec![0.0; queries], sums: vec![0.0; queries] }
    }

    /// Takes note of an answer.
    pub fn note(&mut self, query: u32, answer: f64) {
        self.history.push((query, answer));
        self.counts[query as usize] += 1.0;
        self.sums[query as usize] += answer;
    }

    /// The mean answer to a question, `None` before it was asked.
    pub fn mean(&self, query: usize) -> Option<f64> {
        (self.counts[query] > 0.0).then(|| self.sums[query] / self.counts[query])
    }
}

/// Memories as a strategy reads them, one row a memory.
#[derive(Clone, Debug, Default)]
pub struct Views {
    /// What a network is given, `(rows, world.features())`.
    pub inputs: Vec<f64>,
    /// How promising the world's own estimate finds each question, `(rows, queries)`: expected
    /// information where there is a table, an upper confidence bound for arms.
    pub hints: Vec<f64>,
    /// How good the world's own estimate finds each decision, higher is better, `(rows, decisions)`.
    pub scores: Vec<f64>,
}

/// A world of inquiries.
pub trait World: Send + Sync + Debug {
    /// How many different questions there are (|X|).
    fn queries(&self) -> usize;

    /// How many decisions there are (|Z|).
    fn decisions(&self) -> usize;

    /// How many questions may be asked (T).
    fn budget(&self) -> usize;

    /// Whether a question may be asked again.
    fn repeats(&self) -> bool;

    /// Whether questions are the decisions and interchangeable: each inquiry then meets them in a random
    /// order, so that no adversary can exploit their order.
    fn interchangeable(&self) -> bool {
        false
    }

    /// Numbers in a row of [`Views::inputs`].
    fn features(&self) -> usize;

    /// What strategies see of these memories, which all hold the same number of answers.
    fn views(&self, memories: &[Memory]) -> Views;

    /// A problem no harder than `level`, from a broad distribution over such problems.
    fn draw(&self, level: f64, rng: &mut Rng) -> Problem;

    /// A problem under the prior that a trainer without an adversary would take.
    fn prior(&self, rng: &mut Rng) -> Problem;

    /// Moves a problem's parameters back into their range.
    fn clip(&self, problem: &mut Problem);

    /// How hard a problem is (C): a proxy for the number of questions that telling its best decision
    /// takes. Positive, infinite where no number does.
    fn complexity(&self, problem: &Problem) -> f64;

    /// The derivative of `ln C` with respect to the parameters.
    fn log_complexity_gradient(&self, problem: &Problem) -> Vec<f64>;

    /// One answer.
    fn answer(&self, problem: &Problem, query: usize, rng: &mut Rng) -> f64;

    /// Adds `scale` times the derivative of that answer's log-likelihood with respect to the parameters.
    fn add_answer_gradient(&self, problem: &Problem, query: usize, answer: f64, scale: f64, out: &mut [f64]);

    /// What a decision loses, at least 0; 0 for a best one.
    fn loss(&self, problem: &Problem, decision: usize) -> f64;

    /// Adds `scale` times the derivative of [`World::loss`] with respect to the parameters, where there
    /// is one.
    fn add_loss_gradient(&self, problem: &Problem, decision: usize, scale: f64, out: &mut [f64]);
}
