//! `pretrain`: make a small base model from generated problems.

use super::settings::Settings;
use crate::context::Context;
use crate::error::Result;
use crate::files::{check_directory, copy_files};
use crate::run::{Job, Layers, Start, perform};
use clap::Args;
use std::path::PathBuf;
use toml::{Table, Value};

/// Make a small base model from problems that this program generates.
///
/// This made the bundled model: about a million weights and fifty million tokens take around an
/// hour on two cores. `recipes show pretrain` prints all settings.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  autodidact pretrain --to models/mine
  autodidact pretrain --tokens 2000000 --set shape.layers=2 --to models/small")]
pub struct Pretrain {
    /// Where to write the checkpoint; it is always in the run's folder too.
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// How many tokens to train on.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=i64::MAX as u64))]
    tokens: Option<u64>,
    #[command(flatten)]
    settings: Settings,
}

impl Pretrain {
    /// Trains and reports.
    pub fn perform(&self, context: &Context) -> Result<()> {
        if let Some(to) = &self.to {
            // Not only when an hour of training is over.
            check_directory("--to", to)?;
        }
        let mut layers = Layers::default();
        if let Some(tokens) = self.tokens {
            layers.push(Table::from_iter([("tokens".to_owned(), Value::Integer(tokens as i64))]));
        }
        self.settings.lay(&mut layers)?;
        let job = Job::of("pretrain", &layers)?;
        if self.settings.dry_run {
            return self.settings.show(context, &job);
        }
        let finished = perform(context, &job, Start::New)?;
        if let (Some(to), Some(from)) = (&self.to, &finished.checkpoint) {
            copy_files(from, to)?;
            context.shell.say(&format!("checkpoint: {}", to.display()));
        }
        self.settings.report(context, &finished)
    }
}
