//! What a store of runs must do, and the records it keeps.
//!
//! A run is a list of phases. Each is found again by its [`Key`]; its digest says from which inputs
//! it was made. Notes and alarms hang on the same keys, so that a recipe which is executed again
//! after a crash writes each of them once.

use crate::{Caps, Packed, Result, Seed, Spend, Verdict};
use serde::{Deserialize, Serialize};

/// A store of runs. Whatever [`Ledger::append`] and [`Ledger::put_blob`] accept is durable when
/// they return.
pub trait Ledger: Send + Sync {
    /// Writes `records` of one run, all or none. A note, alarm, output or phase whose key is already
    /// there is left as it was. A run begins once, with its first record; a stored ledger refuses
    /// records of a run that has not begun.
    fn append(&self, run: &RunId, records: &[Record]) -> Result<()>;

    /// The phase recorded under `key`, whole.
    fn recall(&self, run: &RunId, key: &Key) -> Result<Option<Phase>>;

    /// Stores bytes under the digest of their content.
    fn put_blob(&self, bytes: &[u8]) -> Result<BlobId>;

    /// The bytes stored under `id`, checked against it.
    fn blob(&self, id: &BlobId) -> Result<Vec<u8>>;
}

/// The name of a run, unique in its ledger.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunId(pub String);

/// The blake3 digest of a blob's content, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BlobId(pub String);

impl BlobId {
    /// The name that `bytes` are stored under.
    pub fn of(bytes: &[u8]) -> BlobId {
        BlobId(blake3::hash(bytes).to_hex().to_string())
    }
}

/// Where in a run something happened.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// The recipe's label for the stage (`pool`, `learn`), or the name of a note.
    pub stage: String,
    /// The round, 0 before the first.
    pub round: u32,
    /// How many phases of this stage came before in this round.
    pub occurrence: u32,
    /// Which part of a long attempt.
    pub part: u32,
}

impl Key {
    /// The seed of this phase in a run whose root is `root`. Ask `i` of an attempt, counted over its parts, has
    /// the seed `at("ask", i)`, and its try `t` from there `at("try", t)`.
    pub fn seed(&self, root: u64) -> Seed {
        let stage = Seed::root(root).at(&self.stage, u64::from(self.round));
        stage.at("occurrence", u64::from(self.occurrence))
    }
}

/// One thing to remember.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// A run begins.
    Begin(RunSpec),
    /// A policy answered and a judge judged.
    Attempt(AttemptRow),
    /// A learner learned.
    Learn(LearnRow),
    /// A number about the run.
    Note(Note),
    /// An alarm went off.
    Alarm {
        /// Where; the stage is the alarm's name.
        key: Key,
        /// What was measured, against which limit.
        message: String,
    },
    /// A state that the run offers as its result (`best`, `last`). Of several under one name the
    /// one of the latest round counts.
    Output {
        /// Where; the stage is the output's name.
        key: Key,
        /// File name and blob.
        files: Vec<(String, BlobId)>,
    },
    /// The run ended, for now or for good.
    End(RunEnd),
}

/// What a run is, as fixed when it began.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunSpec {
    /// The recipe's id.
    pub recipe: String,
    /// The recipe's settings after every override, as JSON.
    pub config: String,
    /// The root of the run's random streams.
    pub seed: u64,
    /// Hard limits on what it may spend.
    pub caps: Caps,
    /// The version of the program that began it.
    pub program: String,
}

/// A part of an attempt: asks, answers, verdicts.
#[derive(Clone, Debug, PartialEq)]
pub struct AttemptRow {
    /// Where in the run.
    pub key: Key,
    /// Digest of the policy's version, the judge's name and the asks.
    pub digest: String,
    /// The policy's version.
    pub policy: String,
    /// The judge's name.
    pub judge: String,
    /// Whether this was only to measure; nothing learns from it.
    pub evaluation: bool,
    /// Each ask as JSON: query, knobs, tries.
    pub asks: Vec<String>,
    /// The tries, by ask and then by try.
    pub samples: Vec<SampleRow>,
    /// What it cost.
    pub spend: Spend,
    /// How many of the spent seconds the judge took.
    pub judge_seconds: f64,
}

impl AttemptRow {
    /// What came of an attempt, its place in the run and what was asked still to be filled in.
    pub(crate) fn unplaced(samples: Vec<SampleRow>, spend: Spend, judge_seconds: f64) -> AttemptRow {
        AttemptRow {
            key: Key { stage: String::new(), round: 0, occurrence: 0, part: 0 },
            digest: String::new(),
            policy: String::new(),
            judge: String::new(),
            evaluation: false,
            asks: Vec::new(),
            samples,
            spend,
            judge_seconds,
        }
    }
}

/// One answer with its verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleRow {
    /// Index into the attempt's asks.
    pub ask: u32,
    /// Index among the tries at that ask.
    pub attempt: u32,
    /// The answer.
    pub answer: Packed,
    /// The verdict.
    pub verdict: Verdict,
}

/// A learning step.
#[derive(Clone, Debug, PartialEq)]
pub struct LearnRow {
    /// Where in the run.
    pub key: Key,
    /// Digest of the groups learned from.
    pub digest: String,
    /// What the learner reported.
    pub metrics: Vec<(String, f64)>,
    /// The learner's state afterwards: file name and blob.
    pub files: Vec<(String, BlobId)>,
    /// What it cost.
    pub spend: Spend,
}

/// A number about the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// Where; the stage is the metric's name.
    pub key: Key,
    /// The value.
    pub value: f64,
}

/// A recorded phase.
#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    /// A part of an attempt.
    Attempt(AttemptRow),
    /// A learning step.
    Learn(LearnRow),
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RunEnd {
    /// The recipe ran to its end.
    Complete,
    /// A cap, an alarm or the user stopped it; it can be resumed.
    Stopped {
        /// What stopped it.
        reason: String,
    },
    /// It failed.
    Failed {
        /// The error.
        reason: String,
    },
}
