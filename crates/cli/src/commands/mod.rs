//! The commands, one file each: arguments, help and body together.

mod bench;
mod compare;
mod completions;
mod decide;
mod doctor;
pub mod eval;
mod export;
mod improve;
mod pretrain;
mod prove;
mod recipes;
mod resume;
mod run;
mod runs;
mod settings;
mod tasks;

use crate::context::Context;
use crate::error::Result;
use clap::Subcommand;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    Improve(improve::Improve),
    Run(run::RunFile),
    Resume(resume::Resume),
    Eval(eval::Eval),
    Recipes(recipes::Recipes),
    Tasks(tasks::Tasks),
    Runs(runs::Runs),
    Compare(compare::Compare),
    Decide(decide::Decide),
    Export(export::Export),
    Pretrain(pretrain::Pretrain),
    Prove(prove::Prove),
    Bench(bench::Bench),
    Doctor(doctor::Doctor),
    Completions(completions::Completions),
}

/// Performs a command.
pub fn perform(command: &Command, context: &Context) -> Result<()> {
    match command {
        Command::Improve(command) => command.perform(context),
        Command::Run(command) => command.perform(context),
        Command::Resume(command) => command.perform(context),
        Command::Eval(command) => command.perform(context),
        Command::Recipes(command) => command.perform(context),
        Command::Tasks(command) => command.perform(context),
        Command::Runs(command) => command.perform(context),
        Command::Compare(command) => command.perform(context),
        Command::Decide(command) => command.perform(context),
        Command::Export(command) => command.perform(context),
        Command::Pretrain(command) => command.perform(context),
        Command::Prove(command) => command.perform(context),
        Command::Bench(command) => command.perform(context),
        Command::Doctor(command) => command.perform(context),
        Command::Completions(command) => command.perform(context),
    }
}
