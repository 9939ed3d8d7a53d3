//! `export`: a run's model as a checkpoint, its samples as a data set, its answers to be replayed.

mod transcript;

use super::runs::Choice;
use crate::context::Context;
use crate::error::{CommandError, Kind, Result};
use crate::files::{check_directory, check_folder};
use crate::run::{result_of, write_checkpoint};
use autodidact_ledger::{Export as Samples, Format, Pairs, Shape, Tokens, Written};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Write a run's model as a checkpoint, its samples as a data set, or its answers as a transcript.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  autodidact export checkpoint b-star-1 --to my-model
  autodidact export samples b-star-1 --to pairs.parquet --layout preference --stage pool
  autodidact export samples b-star-1 --to right.jsonl --min-score 1
  autodidact export samples self-1 --to chat.jsonl --stage data --min-score 1 --layout messages
  autodidact export transcript self-1 --to answers.jsonl")]
pub struct Export {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write a model in the Hugging Face layout: transformers loads the directory.
    #[command(after_help = "Examples:
  autodidact export checkpoint b-star-1 --to my-model
  autodidact export checkpoint b-star-1 --to last --output last")]
    Checkpoint {
        /// The run, or a beginning that only it has.
        run: String,
        /// The directory.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// Which of the run's results. Default: best, or last where there is no best.
        #[arg(long, value_name = "NAME")]
        output: Option<String>,
    },
    /// Write samples in TRL's columns.
    Samples(SamplesArgs),
    /// Write all answers in the form that a policy of kind replay reads.
    #[command(after_help = "Examples:
  autodidact export transcript self-1 --to answers.jsonl
  autodidact run my.toml --set 'policy={ kind = \"replay\", path = \"answers.jsonl\" }'")]
    Transcript {
        /// The run, or a beginning that only it has.
        run: String,
        /// The file; what is there is replaced.
        #[arg(long, value_name = "FILE.jsonl")]
        to: PathBuf,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  autodidact export samples b-star-1 --to right.jsonl --min-score 1
  autodidact export samples b-star-1 --to pairs.parquet --layout preference --stage pool
  autodidact export samples b-star-1 --to /dev/stdout --format jsonl | jq .completion

A regular file is replaced once the new one is whole. A pipe or a device gets the rows as they come, as \
JSON lines only.")]
struct SamplesArgs {
    /// The run, or a beginning that only it has.
    run: String,
    /// The file.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// The form of the file. Default: what its ending says.
    #[arg(long, value_enum, value_name = "FORM")]
    format: Option<Form>,
    /// Which columns.
    #[arg(long, value_enum, default_value = "prompt-completion", value_name = "NAME")]
    layout: Layout,
    /// Write prompts and answers as lists of messages, bare text as a user's message.
    #[arg(long)]
    conversational: bool,
    /// For preference: every pair whose scores differ by more than --margin, not only best and worst.
    #[arg(long)]
    every_pair: bool,
    /// For preference: only pairs whose scores differ by more than this.
    #[arg(long, default_value_t = 0.0, value_name = "X")]
    margin: f64,
    /// For unpaired: scores of at least this are labelled true.
    #[arg(long, default_value_t = 0.5, value_name = "X", allow_negative_numbers = true)]
    threshold: f64,
    /// Add token ids and log-probabilities.
    #[arg(long)]
    tokens: bool,
    #[command(flatten)]
    choice: Choice,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// One JSON object a line.
    Jsonl,
    /// Parquet.
    Parquet,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Layout {
    /// prompt, completion.
    PromptCompletion,
    /// messages: prompt and answer as one conversation.
    Messages,
    /// prompt, chosen, rejected.
    Preference,
    /// prompt, completion, label.
    Unpaired,
}

impl Export {
    /// Writes what is asked for.
    pub fn perform(&self, context: &Context) -> Result<()> {
        match &self.what {
            What::Checkpoint { run, to, output } => checkpoint(context, run, to, output.as_deref()),
            What::Samples(samples) => samples.perform(context),
            What::Transcript { run, to } => transcript::write(context, run, to),
        }
    }
}

fn checkpoint(context: &Context, run: &str, to: &std::path::Path, output: Option<&str>) -> Result<()> {
    check_directory("--to", to)?;
    let store = context.existing_ledger()?;
    let run = store.find(run)?;
    let output = match output {
        Some(name) => store.output(&run, name)?,
        None => result_of(&store.report(&run)?).cloned().ok_or_else(|| {
            CommandError::new(Kind::NotFound, format_args!("run {} offers no model yet", run.0))
                .hint(format!("let it end: `{}`", context.command(&format!("resume {}", run.0))))
        })?,
    };
    write_checkpoint(&store, &output, to)?;
    context.shell.say(&format!("{} of {}, round {}: {}", output.name, run.0, output.round, to.display()));
    Ok(())
}

impl SamplesArgs {
    fn perform(&self, context: &Context) -> Result<()> {
        check_folder(&self.to)?;
        let store = context.existing_ledger()?;
        let run = store.find(&self.run)?;
        let shape = match self.layout {
            Layout::PromptCompletion => Shape::PromptCompletion,
            Layout::Messages => Shape::Messages,
            Layout::Preference => Shape::Preference {
                pairs: if self.every_pair { Pairs::Every } else { Pairs::BestWorst },
                margin: self.margin,
            },
            Layout::Unpaired => Shape::Unpaired { threshold: self.threshold },
        };
        let format = match self.format {
            Some(Form::Jsonl) => Format::Jsonl,
            Some(Form::Parquet) => Format::Parquet,
            None => Format::of(&self.to)?,
        };
        let tokens = if self.tokens { Tokens::With } else { Tokens::Without };
        let turns = if self.conversational { Written::Conversation } else { Written::AsAsked };
        let export = Samples { filter: self.choice.filter(&store, &run)?, shape, turns, tokens };
        let rows = store.export(&export, format, &self.to)?;
        context.shell.say(&format!("{rows} rows: {}", self.to.display()));
        Ok(())
    }
}
