//! Learners of language models and the rules by which they select.

mod gold;
mod keep;
mod replay;
mod rows;
mod sft;
mod tuner;

pub use gold::{gold_groups, gold_tries};
pub use keep::Keep;
pub use replay::Replay;
pub use rows::{Amount, Batch, Weigh, in_tokens, plan, row_of, written};
pub use sft::{Sft, SftConfig};
pub use tuner::{Restart, TuneConfig, Tuner};
