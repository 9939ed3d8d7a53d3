//! One arm of a proof: a recipe run that is watched and then forgotten.

use super::ProofOptions;
use autodidact_core::{
    Alarms, BlobId, Caps, Event, Key, Ledger, Observer, Phase, Record, Response, Result, Run, RunId,
    RunOptions, Spend,
};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What was noted and reported in a run, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Track {
    /// Round, name and value.
    pub notes: Vec<(u32, String, f64)>,
    /// What the run spent, evaluations apart.
    pub spend: Spend,
}

impl Track {
    /// The values noted under `name`, one a note, in order.
    pub fn values(&self, name: &str) -> Vec<f64> {
        self.notes.iter().filter(|(_, known, _)| known == name).map(|(_, _, value)| *value).collect()
    }

    /// The last value noted under `name`.
    pub fn last(&self, name: &str) -> Option<f64> {
        self.notes.iter().rev().find(|(_, known, _)| known == name).map(|(_, _, value)| *value)
    }
}

/// Runs `body` as a run of its own with that seed, and returns what it returns and what it noted.
///
/// Alarms warn instead of stopping: an arm that degenerates is a finding.
pub fn arm<T>(
    name: &str,
    seed: u64,
    options: &ProofOptions<'_>,
    card: autodidact_core::Card,
    body: impl FnOnce(&mut Run<'_>) -> Result<T>,
) -> Result<(T, Track)> {
    tracing::info!(arm = name, seed, "proof");
    let recorder = Recorder { inner: options.observer, seen: Mutex::default() };
    let mut alarms = Alarms::default();
    alarms.truncated.response = Response::Warn;
    alarms.no_spread = Response::Warn;
    alarms.empty_mask = Response::Warn;
    let mut run = Run::new(RunOptions {
        ledger: &Forgetful,
        id: RunId(format!("{name}-{seed}")),
        seed,
        caps: Caps::default(),
        alarms,
        observer: &recorder,
        stop: options.stop.clone(),
        complete: false,
    })?
    .of(card);
    let out = body(&mut run)?;
    let spend = run.spend();
    run.finish(Ok(()))?;
    let notes = recorder.lock().notes.clone();
    Ok((out, Track { notes, spend }))
}

/// Passes events on and keeps the numbers.
pub struct Recorder<'a> {
    inner: &'a dyn Observer,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    round: u32,
    /// Round, name and value.
    notes: Vec<(u32, String, f64)>,
}

impl Recorder<'_> {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Recorder<'_> {
    fn see(&self, event: &Event<'_>) {
        let mut seen = self.lock();
        let Seen { round, notes } = &mut *seen;
        match event {
            Event::Round { round: now, .. } => *round = *now,
            Event::Noted { name, value } => notes.push((*round, (*name).to_owned(), *value)),
            Event::Learned { stage, metrics, .. } => {
                notes.extend(
                    metrics.0.iter().map(|(name, value)| (*round, format!("{stage}/{name}"), *value)),
                );
            }
            _ => {}
        }
        drop(seen);
        self.inner.see(event);
    }
}

/// A ledger that remembers nothing: a proof is measured and thrown away, and a hundred checkpoints
/// would fill the memory.
struct Forgetful;

impl Ledger for Forgetful {
    fn append(&self, _run: &RunId, _records: &[Record]) -> Result<()> {
        Ok(())
    }

    fn recall(&self, _run: &RunId, _key: &Key) -> Result<Option<Phase>> {
        Ok(None)
    }

    fn put_blob(&self, bytes: &[u8]) -> Result<BlobId> {
        Ok(BlobId::of(bytes))
    }

    fn blob(&self, id: &BlobId) -> Result<Vec<u8>> {
        Err(autodidact_core::Error::unknown("blob", &id.0, [""; 0]))
    }
}
