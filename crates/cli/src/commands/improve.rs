//! `improve`: make a model better, with the method and settings that serve most people best.

use super::settings::{ModelArgs, Settings, TaskArgs};
use crate::context::Context;
use crate::error::Result;
use crate::run::{Job, Layers, Start, perform};
use clap::Args;
use toml::{Table, Value};

/// The recipe and preset that serve a newcomer best.
pub const BEST: (&str, &str) = ("b-star", "nano");

/// What changes for a model that is not the bundled one: it never saw the bundled model's training
/// stream, it takes smaller steps, and its answers may be longer.
const OWN_MODEL: &str = r#"
[sft]
lr = 2e-5
replay = { kind = "none" }

[sampling]
max_tokens = 256

[watch.test.sampling]
max_tokens = 256

[watch.validation.sampling]
max_tokens = 256
"#;

/// Make a model better on problems whose answers can be checked.
///
/// Without arguments it takes the bundled model and generated problems, a few minutes on two cores.
/// It measures the model on test problems that it never learns from or chooses by, improves it
/// without a single labelled solution, measures again, and leaves a checkpoint that Hugging Face
/// transformers loads.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  autodidact improve
  autodidact improve --dry-run
  autodidact improve --model DIR --problems FILE.jsonl --checker number
  autodidact improve --task C3-4 --set rounds=6 --set caps.seconds=600

--json ends with one object on stdout: {before, after, gain, seconds, tokens, checkpoint, metrics, \
run}; before and after hold {pass_at_1, pass_at_k, k, problems, interval, greedy, maj_at_k}.")]
pub struct Improve {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    task: TaskArgs,
    /// Another method that has a preset of that name; `recipes list` shows them.
    #[arg(long, value_name = "ID")]
    recipe: Option<String>,
    /// Another preset of the method; `recipes show ID` lists them.
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

impl Improve {
    /// Improves and reports.
    pub fn perform(&self, context: &Context) -> Result<()> {
        let job = self.job()?;
        if self.settings.dry_run {
            return self.settings.show(context, &job);
        }
        let finished = perform(context, &job, Start::New)?;
        self.settings.report(context, &finished)
    }

    fn job(&self) -> Result<Job> {
        let recipe = self.recipe.as_deref().unwrap_or(BEST.0);
        let preset = self.preset.as_deref().unwrap_or(BEST.1);
        let mut layers = Layers::default();
        layers.preset(recipe, preset)?;
        if !self.model.is_bundled() {
            let own: Table = OWN_MODEL.parse().expect("the text above is a TOML table");
            let known = Job::of(recipe, &layers)?.settings;
            layers.push(for_own_model(own, &known));
        }
        for (key, value) in [("model", self.model.setting()?), ("task", self.task.setting()?)] {
            if let Some(value) = value {
                layers.push(Table::from_iter([(key.to_owned(), value)]));
            }
        }
        self.settings.lay(&mut layers)?;
        Job::of(recipe, &layers)
    }
}

/// Of the settings for a model of one's own those that the recipe has; a limit on tokens is never lowered.
fn for_own_model(own: Table, known: &Table) -> Table {
    let mut laid = Table::new();
    for (key, value) in own {
        match (value, known.get(&key)) {
            (_, None) => {}
            (Value::Integer(new), Some(Value::Integer(old))) if key == "max_tokens" && new < *old => {}
            (Value::Table(inner), Some(Value::Table(known))) if key != "replay" => {
                laid.insert(key, Value::Table(for_own_model(inner, known)));
            }
            (value, Some(_)) => {
                laid.insert(key, value);
            }
        }
    }
    laid
}

/// The task of the best preset: what the bundled model is measured on.
pub fn usual_task() -> Result<Option<Value>> {
    let preset = autodidact_recipes::preset::Preset::of(BEST.0, BEST.1)?;
    Ok(preset.settings()?.table.remove("task"))
}
