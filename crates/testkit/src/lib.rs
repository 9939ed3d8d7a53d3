//! Toy domains, scripted policies and conformance suites for tests.
//!
//! [`guess`] is a whole self-improving system that runs in a millisecond: a domain, a policy that
//! draws, a judge, a learner with hidden state, a recipe. [`script`] makes policies, judges and
//! learners from closures. [`conformance`] holds what every ledger must do, and what every run on it
//! must survive. [`same_but_times`] compares what two runs recorded. [`endpoint`] is a scripted model
//! behind HTTP on loopback.

pub mod conformance;
pub mod endpoint;
pub mod guess;
pub mod records;
mod same;
pub mod script;

pub use same::{exactly, same_but_times};
