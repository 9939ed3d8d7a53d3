//! A ledger that lives and dies with the process: for tests and for throw-away runs.

use crate::{BlobId, Error, Key, Ledger, Phase, Record, Result, RunId};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

/// The in-memory twin of the stored ledger; the same conformance suite holds for both.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    records: BTreeMap<RunId, Vec<Record>>,
    phases: BTreeMap<(RunId, Key), Phase>,
    marks: BTreeMap<(RunId, &'static str, Key), ()>,
    blobs: BTreeMap<BlobId, Vec<u8>>,
}

impl MemoryLedger {
    /// Everything recorded of a run, in order.
    pub fn records(&self, run: &RunId) -> Vec<Record> {
        self.lock().records.get(run).cloned().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic between two inserts leaves nothing half-written that a reader could misread.
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Ledger for MemoryLedger {
    fn append(&self, run: &RunId, records: &[Record]) -> Result<()> {
        let mut inner = self.lock();
        // Refused before anything is written: all records or none.
        let known = inner.records.contains_key(run);
        let begins = |(i, record): (usize, &Record)| matches!(record, Record::Begin(_)) && (known || i > 0);
        if records.iter().enumerate().any(begins) {
            return Err(Error::invalid("run", "a name not used before", &run.0));
        }
        for record in records {
            let new = match record {
                Record::Attempt(row) => {
                    inner.phases.insert_new((run.clone(), row.key.clone()), Phase::Attempt(row.clone()))
                }
                Record::Learn(row) => {
                    inner.phases.insert_new((run.clone(), row.key.clone()), Phase::Learn(row.clone()))
                }
                Record::Note(note) => inner.marks.insert_new((run.clone(), "note", note.key.clone()), ()),
                Record::Alarm { key, .. } => inner.marks.insert_new((run.clone(), "alarm", key.clone()), ()),
                Record::Output { key, .. } => {
                    inner.marks.insert_new((run.clone(), "output", key.clone()), ())
                }
                Record::Begin(_) | Record::End(_) => true,
            };
            if new {
                inner.records.entry(run.clone()).or_default().push(record.clone());
            }
        }
        Ok(())
    }

    fn recall(&self, run: &RunId, key: &Key) -> Result<Option<Phase>> {
        Ok(self.lock().phases.get(&(run.clone(), key.clone())).cloned())
    }

    fn put_blob(&self, bytes: &[u8]) -> Result<BlobId> {
        let id = BlobId::of(bytes);
        self.lock().blobs.entry(id.clone()).or_insert_with(|| bytes.to_vec());
        Ok(id)
    }

    fn blob(&self, id: &BlobId) -> Result<Vec<u8>> {
        let blobs = &self.lock().blobs;
        blobs.get(id).cloned().ok_or_else(|| Error::unknown("blob", &id.0, blobs.keys().map(|id| &id.0)))
    }
}

trait InsertNew<K, V> {
    fn insert_new(&mut self, key: K, value: V) -> bool;
}

impl<K: Ord, V> InsertNew<K, V> for BTreeMap<K, V> {
    /// Inserts unless the key is there; says whether it did.
    fn insert_new(&mut self, key: K, value: V) -> bool {
        match self.entry(key) {
            std::collections::btree_map::Entry::Vacant(slot) => {
                slot.insert(value);
                true
            }
            std::collections::btree_map::Entry::Occupied(_) => false,
        }
    }
}
