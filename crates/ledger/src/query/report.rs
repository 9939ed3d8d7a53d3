//! A run at a glance, and everything about one run.

use autodidact_core::{BlobId, RunId, RunSpec, Spend};
use serde::Serialize;

/// A run in one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunLine {
    /// Its name.
    pub run: RunId,
    /// The recipe's id.
    pub recipe: String,
    /// The root of its random streams.
    pub seed: u64,
    /// The version of the program that began it.
    pub program: String,
    /// When it began: UTC, `2026-01-31T09:30:00.000Z`.
    pub started_at: String,
    /// When it last recorded a phase or an end, in the same form.
    pub last_at: String,
    /// Where it stands.
    pub status: Status,
    /// The latest round with a recorded phase; 0 before the first.
    pub round: u32,
    /// How many phases are recorded.
    pub phases: u64,
    /// How many learning steps are among them.
    pub lessons: u64,
    /// How many answers are recorded, those of evaluations included.
    pub samples: u64,
    /// How often an alarm went off.
    pub alarms: u64,
    /// What was spent, evaluations apart.
    pub spend: Spend,
    /// What evaluations spent.
    pub evaluation_spend: Spend,
}

/// Where a run stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Status {
    /// A process is working on it.
    Running,
    /// The recipe ran to its end.
    Complete,
    /// A cap, an alarm or the user stopped it; it can be resumed.
    Stopped {
        /// What stopped it.
        reason: String,
    },
    /// It failed; it can be resumed once the cause is mended.
    Failed {
        /// The error.
        reason: String,
    },
    /// No process works on it and it recorded no end: it was killed, and can be resumed.
    Killed,
}

/// Everything about a run, short of its samples.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The run in one line.
    pub line: RunLine,
    /// What it is, as fixed when it began.
    pub spec: RunSpec,
    /// What each stage spent, in the order in which they first appeared.
    pub stages: Vec<StageLine>,
    /// Where the time went.
    pub times: Times,
    /// Every noted number as a series, by name.
    pub series: Vec<Series>,
    /// The alarms, in the order in which they went off.
    pub alarms: Vec<AlarmLine>,
    /// The states offered as results, by name; of each name the latest.
    pub outputs: Vec<OutputLine>,
    /// How it ended, each time it did.
    pub ends: Vec<EndLine>,
}

/// What one stage of a run spent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StageLine {
    /// The stage.
    pub stage: String,
    /// `attempt`, `evaluation` or `learn`.
    pub purpose: String,
    /// How many phases it has.
    pub phases: u64,
    /// How many answers.
    pub samples: u64,
    /// What it cost.
    pub spend: Spend,
}

/// Seconds by what they were spent on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Times {
    /// Policies answering, to learn from.
    pub proposing: f64,
    /// Judges judging those answers.
    pub judging: f64,
    /// Learners learning.
    pub learning: f64,
    /// Evaluations, answering and judging together.
    pub evaluating: f64,
}

/// A noted number over the run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    /// The metric's name (`pool/reward`).
    pub name: String,
    /// Its values, in the order of recording.
    pub points: Vec<Point>,
}

/// One value of a series, with what had been spent when it was noted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// The round.
    pub round: u32,
    /// How many values of this name came before in the round.
    pub occurrence: u32,
    /// The value.
    pub value: f64,
    /// What the run had spent by then, evaluations apart.
    pub spend: Spend,
}

/// An alarm that went off.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlarmLine {
    /// The stage and the alarm (`pool/truncated`).
    pub name: String,
    /// The round.
    pub round: u32,
    /// What was measured, against which limit.
    pub message: String,
    /// When, UTC.
    pub at: String,
}

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

/// One end of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EndLine {
    /// How.
    pub status: Status,
    /// When, UTC.
    pub at: String,
}
