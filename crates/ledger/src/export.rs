//! Samples as files that training tools read: TRL's columns, in JSON lines or Parquet.
//!
//! A prompt of bare text gives columns of text; a conversation gives lists of `role` and `content`,
//! and the answer is then a list with the assistant's turn. Everything can be written as conversations,
//! bare text then being a user's turn. Columns that say where each row came from follow TRL's. What is no
//! answer, because its request failed, is left out. A file is written under a temporary name and renamed
//! once it is whole.

mod columns;
mod rows;
mod write;

use crate::Store;
use crate::query::{Order, SampleFilter};
use autodidact_core::{Error, Result};
use columns::columns;
use rows::Rows;
use std::ops::ControlFlow;
use std::path::Path;
use write::Writer;

/// What to export.
#[derive(Clone, Debug, PartialEq)]
pub struct Export {
    /// Which samples. Its limit and offset count rows written, not samples read; preference pairs
    /// ignore its order.
    pub filter: SampleFilter,
    /// Into which columns.
    pub shape: Shape,
    /// Whether bare text becomes a conversation.
    pub turns: Written,
    /// Whether token ids and log-probabilities come along.
    pub tokens: Tokens,
}

/// The columns of an export, as TRL names them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// `prompt`, `completion`: one row a sample, whatever its verdict.
    PromptCompletion,
    /// `messages`: the whole conversation, answer included, one row a sample, whatever its verdict.
    /// Bare text is written as a conversation in any case.
    Messages,
    /// `prompt`, `chosen`, `rejected`: pairs of answers to one ask.
    Preference {
        /// Which pairs of a group.
        pairs: Pairs,
        /// Only pairs whose scores differ by more than this; not negative.
        margin: f64,
    },
    /// `prompt`, `completion`, `label`: one row a scored sample.
    Unpaired {
        /// The label is true for scores of at least this.
        threshold: f64,
    },
}

/// The form of prompts and answers in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Written {
    /// As they were: text as text, conversations as conversations; not both in one file.
    #[default]
    AsAsked,
    /// As conversations, TRL's conversational formats.
    Conversation,
}

/// Which answers to one ask make preference pairs. Answers of equal text never do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairs {
    /// The best and the worst; the first of each where several are.
    BestWorst,
    /// Every two whose scores differ.
    Every,
}

/// Whether an export has columns of numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tokens {
    /// Text only.
    #[default]
    Without,
    /// Also `prompt_ids`, `completion_ids`, `logprobs` and `policy_logprobs`. Pairs have none.
    With,
}

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    Jsonl,
    /// Parquet, compressed with zstd.
    Parquet,
}

impl Format {
    /// The form that a path's ending names: `.jsonl` or `.parquet`.
    pub fn of(path: &Path) -> Result<Format> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("jsonl") => Ok(Format::Jsonl),
            Some("parquet") => Ok(Format::Parquet),
            _ => Err(Error::invalid("the export's path", "of the ending .jsonl or .parquet", path.display())),
        }
    }
}

impl Store {
    /// Writes samples to `path` and returns how many rows it has. What was at `path` is replaced
    /// once the new file is whole.
    pub fn export(&self, export: &Export, format: Format, path: &Path) -> Result<u64> {
        if let Shape::Preference { margin, .. } = export.shape
            && (margin.is_nan() || margin < 0.0)
        {
            return Err(Error::invalid("margin", "a number of at least 0", margin));
        }
        let mut rows = Rows::new(export);
        let order = match export.shape {
            // The tries at one ask must come together.
            Shape::Preference { .. } => Order::Recorded,
            Shape::PromptCompletion | Shape::Messages | Shape::Unpaired { .. } => export.filter.order,
        };
        let filter = SampleFilter { limit: None, offset: 0, order, ..export.filter.clone() };
        let mut window = Window { skip: export.filter.offset, left: export.filter.limit };
        let mut writer = Writer::create(format, path)?;
        self.visit(&filter, |sample| {
            let made = rows.sample(sample)?;
            writer.rows(window.of(made), || columns(export.shape, export.tokens, rows.form()))?;
            Ok(if window.full() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        writer.rows(window.of(rows.last()?), || columns(export.shape, export.tokens, rows.form()))?;
        writer.finish(|| columns(export.shape, export.tokens, rows.form()))
    }
}

/// The rows that a limit and an offset let through.
struct Window {
    skip: u64,
    left: Option<u64>,
}

impl Window {
    fn of(&mut self, mut rows: Vec<rows::Row>) -> Vec<rows::Row> {
        let skipped = self.skip.min(rows.len() as u64);
        self.skip -= skipped;
        rows.drain(..skipped as usize);
        if let Some(left) = &mut self.left {
            rows.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= rows.len() as u64;
        }
        rows
    }

    fn full(&self) -> bool {
        self.left == Some(0)
    }
}
