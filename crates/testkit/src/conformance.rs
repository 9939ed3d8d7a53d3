//! What every ledger must do, and what every run on it must survive.
//!
//! A suite is a function that is given a way to make fresh ledgers, and panics, saying what is wrong,
//! when one does not conform.

mod faulty;
mod ledger;
mod run;

pub use faulty::{Faulty, Moment};
pub use ledger::ledger;
pub use run::{Finished, resumes_exactly, resumes_exactly_again_and_again, run_guessing};
