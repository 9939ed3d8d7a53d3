//! `runs`: what was run in this workspace, how it went, what was answered.

mod list;
mod samples;
mod show;

pub use samples::Choice;

use crate::context::Context;
use crate::error::Result;
use clap::{Args, Subcommand};

/// List runs, show one, look at its samples.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  autodidact runs list
  autodidact runs show b-star-1
  autodidact runs samples b-star-1 --round 2 --max-score 0 --limit 5

A run may be named by any beginning that only it has.")]
pub struct Runs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    List(list::List),
    Show(show::Show),
    Samples(samples::Samples),
}

impl Runs {
    /// Prints what is asked for.
    pub fn perform(&self, context: &Context) -> Result<()> {
        match &self.what {
            What::List(list) => list.perform(context),
            What::Show(show) => show.perform(context),
            What::Samples(samples) => samples.perform(context),
        }
    }
}
