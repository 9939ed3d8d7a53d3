//! Asking a policy for its opinion: prompts from a wording, replies read into verdicts.
//!
//! Opinions are asked for through [`autodidact_core::Run::attempt`], so that every prompt, reply and verdict
//! is in the ledger and a resumed run asks nothing twice.

mod pairwise;

pub use pairwise::{Contest, Opinion, Pairwise};
