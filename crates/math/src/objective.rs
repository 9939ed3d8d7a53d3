//! The narrow waist between what is learned and what computes it.
//!
//! An objective never sees a tensor. The engine hands it, for every target token, the
//! log-probability and the entropy under the current weights; it answers with the loss and its
//! derivative with respect to each of those numbers, and the engine back-propagates that pull.

/// One token sequence and how much each of its targets counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Token ids, prompt included. Target `t` is `tokens[t + 1]`, predicted from `tokens[..=t]`.
    pub tokens: Vec<u32>,
    /// One weight a target (`tokens.len() - 1` of them); 0 leaves the target out of the loss.
    pub weight: Vec<f32>,
}

/// What the engine measured on one row, one entry a target.
///
/// Entries whose weight in the [`Row`] is 0 may be left at 0 by the engine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scored {
    /// Log-probability of each target under the raw distribution, in nats.
    pub logprob: Vec<f32>,
    /// Entropy of the distribution that each target is drawn from, in nats.
    pub entropy: Vec<f32>,
}

/// The derivative of the loss with respect to each number in [`Scored`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pull {
    /// d loss / d logprob, one entry a target.
    pub logprob: Vec<f32>,
    /// d loss / d entropy, one entry a target, or empty when the loss ignores entropy.
    pub entropy: Vec<f32>,
}

/// A loss as a function on numbers.
///
/// The loss of a batch is the sum of what [`Objective::pull`] returns over its parts, so any
/// normaliser (number of target tokens, of sequences) belongs into the row weights or the
/// objective before the batch is split: then every split gives the same gradient.
pub trait Objective: Sync {
    /// Whether the pull on a row depends on that row alone. If so the engine runs one forward and
    /// one backward pass; if not it scores the whole batch first and runs the forward pass again.
    fn separable(&self) -> bool;

    /// The loss of these rows and the pull on each, in order. `at[i]` is the place of `rows[i]` in
    /// the whole batch; an objective that is not separable always receives the whole batch.
    fn pull(&self, at: &[usize], rows: &[&Row], scored: &[Scored]) -> (f64, Vec<Pull>);
}
