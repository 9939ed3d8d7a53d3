//! A run from its settings to its report: what to run, what it will cost, doing it, what came out.

mod answers;
mod catalogue;
mod figures;
mod job;
mod keys;
mod outcome;
mod perform;
mod plan;
mod report;

pub use catalogue::{presets, recipe, recipes};
pub use job::{Job, Layers};
pub use perform::{Finished, Start, perform, perform_with, plan, result_of, write_checkpoint};
