//! `recipes`: the methods there are, and all settings of one.

use crate::context::Context;
use crate::error::Result;
use crate::run::{Job, Layers, presets, recipe, recipes};
use crate::shell::{JsonShape, Paint};
use crate::table::Table;
use clap::{Args, Subcommand};
use serde_json::json;

/// List the methods, or show one with its settings.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  autodidact recipes list
  autodidact recipes show b-star --preset nano > my.toml")]
pub struct Recipes {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the methods.
    #[command(after_help = "Examples:
  autodidact recipes list
  autodidact recipes list --json | jq '.[] | {id, paper}'")]
    List {
        /// Print one JSON list.
        #[arg(long)]
        json: bool,
    },
    /// Show a method: where it comes from, its presets, its settings with their defaults.
    #[command(after_help = "Examples:
  autodidact recipes show b-star
  autodidact recipes show b-star --preset nano > my.toml")]
    Show {
        /// The method.
        id: String,
        /// Show the settings with this preset laid over them.
        #[arg(long, value_name = "NAME")]
        preset: Option<String>,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
}

impl Recipes {
    /// Prints what is asked for.
    pub fn perform(&self, context: &Context) -> Result<()> {
        match &self.what {
            What::List { json } => list(*json, context),
            What::Show { id, preset, json } => show(id, preset.as_deref(), *json, context),
        }
    }
}

fn list(json: bool, context: &Context) -> Result<()> {
    if json {
        let all: Vec<_> = recipes().iter().map(|recipe| card(&recipe.card)).collect();
        return context.shell.json(&all, JsonShape::Pretty);
    }
    let mut table = Table::new(&["recipe", "paper", "what it does"]);
    for recipe in recipes() {
        let paper = match recipe.card.paper {
            "none" | "" => "-".to_owned(),
            paper => format!("arXiv {paper}"),
        };
        table.row([recipe.card.id.to_owned(), paper, recipe.card.summary.to_owned()]);
    }
    context.shell.out(&table.plain())
}

fn show(id: &str, preset: Option<&str>, json: bool, context: &Context) -> Result<()> {
    let recipe = recipe(id)?;
    let mut layers = Layers::default();
    if let Some(preset) = preset {
        layers.preset(id, preset)?;
    }
    let job = Job::of(id, &layers)?;
    let presets = presets(id);
    if json {
        let named: Vec<_> =
            presets.iter().map(|preset| json!({"name": preset.name, "about": preset.about})).collect();
        let mut value = card(&recipe.card);
        value["presets"] = named.into();
        value["settings"] = job.settings_json();
        return context.shell.json(&value, JsonShape::Pretty);
    }
    // What is said about the settings goes to stderr, so that stdout is a run file.
    let shell = context.shell;
    shell.say(&format!("{}: {}", shell.paint(Paint::Bold, recipe.card.id), recipe.card.summary));
    for (name, value) in [("paper", recipe.card.paper), ("code", recipe.card.code)] {
        if !value.is_empty() && value != "none" {
            shell.say(&format!("{name:<8} {value}"));
        }
    }
    for preset in &presets {
        shell.say(&format!("preset   {}: {}", preset.name, preset.about));
    }
    for metric in recipe.card.reports {
        shell.say(&format!("reports  {}: {}", metric.name, metric.meaning));
    }
    shell.say("");
    shell.out(&job.file()?)
}

fn card(card: &autodidact_core::Card) -> serde_json::Value {
    let metrics: Vec<_> =
        card.reports.iter().map(|metric| json!({"name": metric.name, "meaning": metric.meaning})).collect();
    json!({"id": card.id, "summary": card.summary, "paper": card.paper, "code": card.code, "metrics": metrics})
}
