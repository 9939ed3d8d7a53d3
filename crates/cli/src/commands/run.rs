//! `run`: a recipe with settings from a file.

use super::settings::Settings;
use crate::context::Context;
use crate::error::Result;
use crate::run::{Job, Layers, Start, perform};
use clap::Args;
use std::path::PathBuf;

/// Run a recipe with the settings of a file.
///
/// The file is TOML. Its key `recipe` names what to run, `preset` a preset to begin from; `seed`,
/// `caps` and `alarms` belong to the run; everything else is laid over the recipe's own defaults, and
/// each --set over that. `recipes show ID` prints all settings of a recipe.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  autodidact run my.toml
  autodidact run my.toml --set rounds=3 --set sft.lr=1e-4 --dry-run
  autodidact run my.toml --set caps.sampled_tokens=5000000

A small file:
  recipe = \"b-star\"
  preset = \"nano\"
  task = { kind = \"suite\", cells = [\"C3-4\"] }")]
pub struct RunFile {
    /// The file of settings.
    #[arg(value_name = "FILE.toml")]
    file: PathBuf,
    #[command(flatten)]
    settings: Settings,
}

impl RunFile {
    /// Runs and reports.
    pub fn perform(&self, context: &Context) -> Result<()> {
        let mut layers = Layers::default();
        let recipe = layers.file(&self.file)?;
        self.settings.lay(&mut layers)?;
        let job = Job::of(&recipe, &layers)?;
        if self.settings.dry_run {
            return self.settings.show(context, &job);
        }
        let finished = perform(context, &job, Start::New)?;
        self.settings.report(context, &finished)
    }
}
