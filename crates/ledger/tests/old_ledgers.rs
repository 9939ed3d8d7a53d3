//! Ledgers of every version since the first open, and say what they said.
//!
//! `old_ledgers/<version>.sqlite` holds the hand-made run of [`made::b_star`] as that version wrote
//! it. The file of the newest version is written by running this test with the variable below set;
//! those of older versions are never touched again.

mod made;

use autodidact_core::{Record, RunId};
use autodidact_ledger::Store;
use autodidact_testkit::exactly;
use std::fs;
use std::path::{Path, PathBuf};

const WRITE: &str = "AUTODIDACT_WRITE_OLD_LEDGER";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/old_ledgers")
}

fn newest() -> i64 {
    let (_directory, store) = made::fresh();
    let sqlite = rusqlite::Connection::open(store.file()).expect("opens");
    sqlite.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("a version")
}

fn write_newest() {
    let (_directory, store) = made::fresh();
    made::b_star(&store);
    let sqlite = rusqlite::Connection::open(store.file()).expect("opens");
    let path = folder().join(format!("{}.sqlite", newest()));
    // Small pages keep the file small.
    sqlite.execute_batch("PRAGMA page_size = 512").expect("set");
    sqlite.execute("VACUUM INTO ?", [path.to_str().expect("a plain path")]).expect("written");
}

#[test]
fn ledgers_of_all_versions_open_and_say_what_they_said() {
    if std::env::var_os(WRITE).is_some() {
        write_newest();
    }
    let (_directory, store) = made::fresh();
    let run = made::b_star(&store);
    let exact = |records: Vec<Record>| records.iter().map(exactly).collect::<Vec<_>>();
    let expected = exact(store.records(&run).expect("readable"));

    for version in 1..=newest() {
        let path = folder().join(format!("{version}.sqlite"));
        let directory = tempfile::tempdir().expect("a temporary directory");
        fs::copy(&path, directory.path().join("ledger.sqlite"))
            .unwrap_or_else(|why| panic!("{}: {why}; set {WRITE} to write it", path.display()));
        let old = Store::open(directory.path()).unwrap_or_else(|why| panic!("version {version}: {why}"));
        assert_eq!(exact(old.records(&run).expect("readable")), expected, "version {version}");

        // It is not only read: the run goes on, and another begins.
        assert_eq!(old.begin(&made::spec("b-star")).expect("begins"), RunId("b-star-2".to_owned()));
        assert_eq!(old.report(&run).expect("known").line.samples, 8);
    }
}
