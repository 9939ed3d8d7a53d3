//! What is asked, what is answered, and how an answer is written down.

use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// A value that can be recorded, compared by its text and read back.
pub trait Item: Clone + Debug + Send + Sync + Serialize + DeserializeOwned + 'static {}

impl<T: Clone + Debug + Send + Sync + Serialize + DeserializeOwned + 'static> Item for T {}

/// A world of questions and answers: language, bandit arms, slates, genomes, courses, images.
pub trait Domain: Copy + Debug + Send + Sync + 'static {
    /// What is asked: a prompt, a context vector, a point of a task space.
    type Query: Item;
    /// What comes back: a completion, an arm, a slate, an episode.
    type Answer: Answer;
    /// How to answer: temperature and length, or `()`.
    type Knobs: Item + Default;
}

/// An answer, and how it fills the ledger's columns.
///
/// The defaults store the whole answer as JSON. A domain with long numeric parts overrides
/// [`Answer::pack`] and [`Answer::unpack`] so that those are stored as numbers.
pub trait Answer: Item {
    /// The answer as the ledger stores it.
    fn pack(&self) -> serde_json::Result<Packed> {
        Ok(Packed { json: serde_json::to_string(self)?, ..Packed::default() })
    }

    /// The answer that was packed; `unpack(pack(a)) == a`, bit for bit.
    fn unpack(packed: &Packed) -> serde_json::Result<Self> {
        serde_json::from_str(&packed.json)
    }

    /// Whether the answer was cut off before it ended by itself.
    fn truncated(&self) -> bool {
        false
    }

    /// Why there is no answer, where the policy failed to get one: a deadline, a refused request.
    ///
    /// Such an answer is recorded with this as its verdict's error; no judge sees it.
    fn failure(&self) -> Option<&str> {
        None
    }
}

/// An answer in the columns of the ledger's `samples` table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Packed {
    /// Everything that the other columns do not hold, as JSON.
    pub json: String,
    /// The answer as people read it; derived from the tokens, never the other way round.
    pub text: String,
    /// Token ids of the prompt.
    pub prompt_tokens: Vec<u32>,
    /// Token ids of the answer.
    pub tokens: Vec<u32>,
    /// Log-probability of each token under the raw distribution, in nats.
    pub logprobs: Vec<f32>,
    /// Log-probability of each token under the distribution it was drawn from, in nats.
    pub policy_logprobs: Vec<f32>,
}

impl Answer for f64 {}
impl Answer for u32 {}
impl Answer for usize {}
impl Answer for Vec<f64> {}
impl Answer for Vec<u32> {}
impl Answer for String {}
