//! A ledger that dies at a chosen write, as a killed process would leave it.

use autodidact_core::{BlobId, Error, Key, Ledger, Phase, Record, Result, RunId};
use std::sync::atomic::{AtomicU64, Ordering};

/// On which side of the fatal write the process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before anything of it was written.
    Before,
    /// After it was written, before the caller heard so.
    After,
}

/// Passes everything on to another ledger, until the fatal write; from then on everything fails.
pub struct Faulty<'a, L> {
    inner: &'a L,
    writes: AtomicU64,
    fatal: u64,
    moment: Moment,
}

impl<'a, L: Ledger> Faulty<'a, L> {
    /// Dies at write number `fatal`, counted from 0; a blob is a write like an append.
    pub fn new(inner: &'a L, fatal: u64, moment: Moment) -> Faulty<'a, L> {
        Faulty { inner, writes: AtomicU64::new(0), fatal, moment }
    }

    /// How many writes were asked for.
    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    fn write<T>(&self, write: impl FnOnce() -> Result<T>) -> Result<T> {
        let n = self.writes.fetch_add(1, Ordering::Relaxed);
        if n < self.fatal {
            return write();
        }
        if n == self.fatal && self.moment == Moment::After {
            write()?;
        }
        Err(dead())
    }
}

impl<L: Ledger> Ledger for Faulty<'_, L> {
    fn append(&self, run: &RunId, records: &[Record]) -> Result<()> {
        self.write(|| self.inner.append(run, records))
    }

    fn recall(&self, run: &RunId, key: &Key) -> Result<Option<Phase>> {
        if self.writes() > self.fatal { Err(dead()) } else { self.inner.recall(run, key) }
    }

    fn put_blob(&self, bytes: &[u8]) -> Result<BlobId> {
        self.write(|| self.inner.put_blob(bytes))
    }

    fn blob(&self, id: &BlobId) -> Result<Vec<u8>> {
        if self.writes() > self.fatal { Err(dead()) } else { self.inner.blob(id) }
    }
}

fn dead() -> Error {
    Error::Ledger { doing: "being tested".to_owned(), source: "killed here on purpose".into() }
}
