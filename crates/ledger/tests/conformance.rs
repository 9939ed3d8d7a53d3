//! The stored ledger does what every ledger must, and a run on it survives being stopped anywhere.

use autodidact_core::{BlobId, Key, Ledger, Phase, Record, Result, RunId};
use autodidact_ledger::Store;
use autodidact_testkit::conformance;
use std::sync::Arc;
use tempfile::TempDir;

/// A ledger that lives as long as the test; its clones are the same one.
#[derive(Clone)]
struct Kept {
    store: Arc<Store>,
    _directory: Arc<TempDir>,
}

fn make() -> Kept {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let store = Store::open(directory.path()).expect("a fresh ledger opens");
    Kept { store: Arc::new(store), _directory: Arc::new(directory) }
}

fn records(ledger: &Kept, run: &RunId) -> Vec<Record> {
    ledger.store.records(run).expect("what was recorded reads back")
}

impl Ledger for Kept {
    fn append(&self, run: &RunId, records: &[Record]) -> Result<()> {
        self.store.append(run, records)
    }

    fn recall(&self, run: &RunId, key: &Key) -> Result<Option<Phase>> {
        self.store.recall(run, key)
    }

    fn put_blob(&self, bytes: &[u8]) -> Result<BlobId> {
        self.store.put_blob(bytes)
    }

    fn blob(&self, id: &BlobId) -> Result<Vec<u8>> {
        self.store.blob(id)
    }
}

#[test]
fn the_stored_ledger_conforms() {
    conformance::ledger(make, records);
}

#[test]
fn a_run_killed_at_any_write_resumes_exactly() {
    // One ledger for all of these runs, since making a hundred takes longer than all they do.
    let kept = make();
    conformance::resumes_exactly(|| kept.clone(), records);
}

#[test]
fn a_run_killed_again_and_again_resumes_exactly() {
    conformance::resumes_exactly_again_and_again(make, records);
}
