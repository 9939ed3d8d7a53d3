//! The command `autodidact`: makes a language model better on problems whose answers can be checked.
//!
//! One file a command, under `commands`. A command gets a [`context::Context`], writes data to
//! stdout and talk to stderr, and fails with an [`error::CommandError`] whose kind sets the exit
//! code. Nothing else in the workspace prints, reads the environment or ends the process.

mod args;
mod commands;
mod context;
mod decide;
mod error;
mod files;
mod interrupt;
mod machine;
mod plot;
mod progress;
mod run;
mod shell;
mod table;
mod units;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    let shell = cli.global.shell();
    match cli.global.context(shell).and_then(|context| commands::perform(&cli.command, &context)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if error.kind != error::Kind::Closed {
                shell.complain(&error);
            }
            ExitCode::from(error.kind.code())
        }
    }
}
