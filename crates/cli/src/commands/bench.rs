//! `bench`: how fast this engine is here, beside PyTorch, transformers and MABWiser on the same work.

mod decisions;
mod measuring;
mod ours;
mod peer;
mod shapes;

use crate::context::Context;
use crate::error::{CommandError, Kind, Result};
use crate::shell::JsonShape;
use clap::Args;
use measuring::Measuring;
use serde::Serialize;
use shapes::Shape;
use std::path::PathBuf;

/// Measure training, sampling, memory and decisions, beside PyTorch and MABWiser.
///
/// Both sides get the same weights, batches, prompts, contexts and rewards, take turns, and are compared
/// by the medians of their times. Memory is the peak of a fresh process. Takes about a minute, and
/// two with a peer.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  autodidact bench
  autodidact bench --python .venv/bin/python      with PyTorch, transformers and MABWiser as peers
  autodidact bench --only decisions               only bandits; --only language leaves them out
  autodidact bench --only train/6.5M --json

A line's ratio is ours / peer: above 1 is faster for a rate, below 1 is less for memory.")]
pub struct Bench {
    /// A Python with torch and transformers, or with mabwiser for the decisions, to measure the same
    /// work there.
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// Measure only lines whose name contains this text, or all of `language` or `decisions`.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// How often the two sides take turns.
    #[arg(long, default_value_t = 3, value_name = "N")]
    turns: usize,
    /// Print one JSON list of {name, unit, ours, peer, ratio}.
    #[arg(long)]
    json: bool,
    /// Print the peak memory of training on one shape, and nothing else.
    #[arg(long, hide = true, value_name = "SHAPE")]
    memory_of: Option<String>,
}

/// One measured line.
#[derive(Clone, Debug, Serialize)]
struct Line {
    /// What was measured on which shape.
    name: String,
    /// The unit of `ours` and `peer`.
    unit: &'static str,
    /// This engine.
    ours: Option<f64>,
    /// The peer, where one was given and the line has one.
    peer: Option<f64>,
    /// `ours / peer`.
    ratio: Option<f64>,
}

impl Bench {
    /// Measures and prints.
    pub fn perform(&self, context: &Context) -> Result<()> {
        if let Some(name) = &self.memory_of {
            let shape = Shape::named(name).ok_or_else(|| {
                CommandError::new(Kind::Usage, format_args!("no shape is named {name:?}; known: nano, 6.5M"))
            })?;
            return ours::print_memory(shape, context);
        }
        if self.turns == 0 {
            return Err(CommandError::new(Kind::Usage, "--turns must be at least 1, but is 0"));
        }
        let mut bench = Measuring::start(self, context)?;
        if bench.wants_language() {
            bench.products()?;
            for shape in Shape::ALL {
                bench.training(shape)?;
                bench.memory(shape)?;
                bench.sampling(shape)?;
            }
        }
        bench.decisions()?;
        if bench.lines.is_empty() {
            let only = self.only.as_deref().unwrap_or_default();
            return Err(CommandError::new(Kind::NotFound, format_args!("no line's name contains {only:?}")));
        }
        if self.json {
            return context.shell.json(&bench.lines, JsonShape::Pretty);
        }
        context.shell.out(&bench.table().plain())
    }
}
