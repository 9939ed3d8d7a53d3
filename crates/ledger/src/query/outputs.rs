//! The states that a run leaves behind: what it offers as its results, and its learners' last.

use crate::Store;
use crate::fault::Inner;
use crate::recall::{learn_files, output_files, spec};
use autodidact_core::{BlobId, Error, Result, RunId};
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

/// A state that a run offers as its result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutputLine {
    /// Its name (`best`, `last`).
    pub name: String,
    /// The round that offered it.
    pub round: u32,
    /// File name and blob.
    pub files: Vec<(String, BlobId)>,
    /// When, UTC.
    pub at: String,
}

/// A learner's state after a learning step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LessonLine {
    /// The stage (`learn`).
    pub stage: String,
    /// The round.
    pub round: u32,
    /// File name and blob.
    pub files: Vec<(String, BlobId)>,
    /// When, UTC.
    pub at: String,
}

impl Store {
    /// The states that a run offers as its results, sorted by name; of each name the latest.
    pub fn outputs(&self, run: &RunId) -> Result<Vec<OutputLine>> {
        self.read(|tx| {
            spec(tx, run)?;
            outputs(tx, run)
        })
    }

    /// The latest state that a run offers under `name`. Fails, listing those there are, when there
    /// is none.
    pub fn output(&self, run: &RunId, name: &str) -> Result<OutputLine> {
        let known = self.outputs(run)?;
        let names = || known.iter().map(|output| output.name.clone()).collect::<Vec<_>>();
        let unknown = || Error::unknown(format!("output of {}", run.0), name, names());
        known.iter().find(|output| output.name == name).cloned().ok_or_else(unknown)
    }

    /// The state after a run's last learning step, of one stage or of any; `None` before the first.
    pub fn last_lesson(&self, run: &RunId, stage: Option<&str>) -> Result<Option<LessonLine>> {
        self.read(|tx| {
            spec(tx, run)?;
            last_lesson(tx, run, stage)
        })
    }
}

/// The latest output of each name, sorted by name.
pub(crate) fn outputs(tx: &Connection, run: &RunId) -> Inner<Vec<OutputLine>> {
    let mut select = tx.prepare_cached(
        "SELECT output, name, round, recorded_at FROM outputs WHERE run = ?
         ORDER BY name, round, occurrence, part",
    )?;
    let mut rows = select.query([&run.0])?;
    let mut latest: Vec<OutputLine> = Vec::new();
    while let Some(row) = rows.next()? {
        let line = OutputLine {
            name: row.get(1)?,
            round: row.get(2)?,
            files: output_files(tx, row.get(0)?)?,
            at: row.get(3)?,
        };
        latest.pop_if(|before| before.name == line.name);
        latest.push(line);
    }
    Ok(latest)
}

fn last_lesson(tx: &Connection, run: &RunId, stage: Option<&str>) -> Inner<Option<LessonLine>> {
    let mut select = tx.prepare_cached(
        "SELECT phase, stage, round, recorded_at FROM phases
         WHERE run = ?1 AND kind = 'learn' AND (?2 IS NULL OR stage = ?2)
         ORDER BY phase DESC LIMIT 1",
    )?;
    let last = select
        .query_row(params![run.0, stage], |row| {
            let line =
                LessonLine { stage: row.get(1)?, round: row.get(2)?, files: Vec::new(), at: row.get(3)? };
            Ok((row.get(0)?, line))
        })
        .optional()?;
    let with_files = |(phase, line)| Ok(LessonLine { files: learn_files(tx, phase)?, ..line });
    last.map(with_files).transpose()
}
