//! `completions`: what a shell needs to complete this program's arguments.

use crate::args::Cli;
use crate::context::Context;
use crate::error::Result;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// Print a completion script for a shell.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  autodidact completions bash > ~/.local/share/bash-completion/completions/autodidact"
)]
pub struct Completions {
    /// Which shell.
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    /// Prints the script to stdout.
    pub fn perform(&self, context: &Context) -> Result<()> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "autodidact", &mut script);
        context.shell.out(&String::from_utf8_lossy(&script))
    }
}
