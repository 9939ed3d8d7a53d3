//! `tasks`: the problems that this program generates, and examples of them.

use crate::context::Context;
use crate::error::Result;
use crate::shell::{JsonShape, Paint};
use crate::table::Table;
use autodidact_core::chat::{Body, Prompt};
use autodidact_core::{Seed, Split, Task};
use autodidact_parts::task::{Family, Suite};
use clap::{Args, Subcommand};
use serde_json::json;

/// List the generated problems, or show examples of some.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  autodidact tasks list
  autodidact tasks show A2-4,C3 -n 2")]
pub struct Tasks {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the families of generated problems with their levels.
    #[command(after_help = "Examples:
  autodidact tasks list
  autodidact tasks list --json | jq '.[] | {family, levels}'")]
    List {
        /// Print one JSON list.
        #[arg(long)]
        json: bool,
    },
    /// Show examples with worked solutions.
    #[command(after_help = "Examples:
  autodidact tasks show A2-4,C3 -n 2
  autodidact tasks show D1 --seed 7 --json")]
    Show {
        /// Families and levels: A4, A2-4, or several with commas between.
        #[arg(value_name = "CELLS")]
        cells: String,
        /// Examples a level.
        #[arg(long, short = 'n', default_value_t = 3, value_name = "N")]
        number: usize,
        /// Chooses the examples.
        #[arg(long, default_value_t = 0, value_name = "N")]
        seed: u64,
        /// Print one JSON object a line.
        #[arg(long)]
        json: bool,
    },
}

impl Tasks {
    /// Prints what is asked for.
    pub fn perform(&self, context: &Context) -> Result<()> {
        match &self.what {
            What::List { json } => list(*json, context),
            What::Show { cells, number, seed, json } => show(cells, *number, *seed, *json, context),
        }
    }
}

fn list(json: bool, context: &Context) -> Result<()> {
    let range = |levels: std::ops::RangeInclusive<u32>| match (levels.start(), levels.end()) {
        (low, high) if low == high => low.to_string(),
        (low, high) => format!("{low}-{high}"),
    };
    if json {
        let one = |family: Family| {
            json!({
                "family": family.tag().to_string(),
                "about": family.about(),
                "levels": [family.levels().start(), family.levels().end()],
                "trained": [family.trained().start(), family.trained().end()],
            })
        };
        return context.shell.json(&Family::ALL.map(one), JsonShape::Pretty);
    }
    let mut table = Table::new(&["family", "levels", "bundled model saw", "what it is"]);
    for family in Family::ALL {
        table.row([
            family.tag().to_string(),
            range(family.levels()),
            range(family.trained()),
            family.about().to_owned(),
        ]);
    }
    context.shell.out(&table.plain())
}

fn show(cells: &str, number: usize, seed: u64, json: bool, context: &Context) -> Result<()> {
    let suite = Suite::parse(cells)?;
    let each = number * suite.cells().len();
    let prompts = suite.draw(Split::Train, each, &mut Seed::root(seed).at("show", 0).rng())?;
    for prompt in &prompts {
        let gold = suite.gold(prompt).map(|gold| gold.text).unwrap_or_default();
        if json {
            let value =
                json!({"id": prompt.id, "prompt": text(prompt), "solution": gold, "fields": prompt.fields});
            context.shell.json(&value, JsonShape::Line)?;
        } else {
            let id = context.shell.paint(Paint::Cyan, &prompt.id);
            context.shell.out(&format!("{id}\n  {}\n  {gold}\n", text(prompt)))?;
        }
    }
    Ok(())
}

fn text(prompt: &Prompt) -> String {
    match &prompt.body {
        Body::Text(text) => text.clone(),
        Body::Messages(messages) => {
            messages.iter().map(|message| message.content.as_str()).collect::<Vec<_>>().join("\n")
        }
    }
}
