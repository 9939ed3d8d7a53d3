//! The commands, one file each: arguments, help and body together.

mod bench;
mod compare;
mod completions;
mod doctor;
mod runs;

use crate::context::Context;
use crate::error::Result;
use clap::Subcommand;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    Bench(bench::Bench),
    Runs(runs::Runs),
    Compare(compare::Compare),
    Doctor(doctor::Doctor),
    Completions(completions::Completions),
}

/// Performs a command.
pub fn perform(command: &Command, context: &Context) -> Result<()> {
    match command {
        Command::Bench(command) => command.perform(context),
        Command::Runs(command) => command.perform(context),
        Command::Compare(command) => command.perform(context),
        Command::Doctor(command) => command.perform(context),
        Command::Completions(command) => command.perform(context),
    }
}
