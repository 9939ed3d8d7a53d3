//! A ledger that is not what it should be gives an error that names it, never a panic or a wrong
//! answer.

mod made;

use autodidact_core::{BlobId, Ledger, RunId};
use autodidact_ledger::{SampleFilter, Store};
use made::{b_star, fresh, key};
use std::fs;
use std::path::{Path, PathBuf};

fn refused(directory: &Path) -> String {
    let error = Store::open(directory).expect_err("not a ledger").to_string();
    assert!(error.contains("ledger.sqlite"), "the error names the file: {error}");
    error
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    fs::write(directory.path().join("ledger.sqlite"), "not a database, but long enough to be read as one")
        .expect("written");
    assert!(refused(directory.path()).contains("undamaged SQLite database"));
}

#[test]
fn another_programs_database_is_left_alone() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("ledger.sqlite");
    let sqlite = rusqlite::Connection::open(&path).expect("opens");
    sqlite.execute_batch("CREATE TABLE bookmarks (url TEXT)").expect("a table");
    assert!(refused(directory.path()).contains("made by another program"));
    let tables: i64 =
        sqlite.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).expect("still there");
    assert_eq!(tables, 1, "nothing was added");
}

#[test]
fn a_newer_ledger_is_refused_with_both_versions() {
    let (directory, store) = fresh();
    let sqlite = rusqlite::Connection::open(store.file()).expect("opens");
    sqlite.execute_batch("PRAGMA user_version = 1000").expect("written");
    drop(store);
    let error = refused(directory.path());
    assert!(error.contains("up to version 3,") && error.contains("has version 1000"), "{error}");
}

#[test]
fn a_directory_without_a_ledger_is_told_from_one_with() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let error = Store::open_existing(directory.path()).expect_err("nothing there").to_string();
    assert!(error.contains("there is no such file"), "{error}");
    assert_eq!(fs::read_dir(directory.path()).expect("there").count(), 0, "and nothing was made");
    Store::open(directory.path()).expect("made");
    Store::open_existing(directory.path()).expect("there now");
}

#[test]
fn a_file_in_the_directorys_place_is_an_error() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("taken");
    fs::write(&path, "a file").expect("written");
    let error = Store::open(&path).expect_err("a file is in the way").to_string();
    assert!(error.contains("taken"), "{error}");
}

#[test]
fn an_edited_phase_does_not_recall() {
    let (_directory, store) = fresh();
    let run = b_star(&store);
    let edit = |sql: &str| {
        let sqlite = rusqlite::Connection::open(store.file()).expect("opens");
        assert!(sqlite.execute(sql, []).expect("written") > 0);
    };
    assert!(store.recall(&run, &key("pool", 1)).expect("sound").is_some());
    edit("UPDATE samples SET score = 0.75 WHERE text = 'is it 2 or'");
    let error = store.recall(&run, &key("pool", 1)).expect_err("edited").to_string();
    assert!(error.contains("ledger.sqlite") && error.contains("damaged or edited"), "{error}");
    assert!(store.recall(&run, &key("learn", 1)).expect("untouched").is_some());
    edit("UPDATE learn_metrics SET value = 0");
    assert!(store.recall(&run, &key("learn", 1)).is_err());
}

#[test]
fn wrong_values_in_columns_are_errors() {
    let damage = |sql: &str, expect: &str| {
        let (_directory, store) = fresh();
        let run = b_star(&store);
        let sqlite = rusqlite::Connection::open(store.file()).expect("opens");
        assert!(sqlite.execute(sql, []).unwrap_or_else(|why| panic!("{sql}: {why}")) > 0, "{sql}");
        let records = store.records(&run).map(|_| ());
        let samples = store.samples(&SampleFilter::of(&run)).map(|_| ());
        let report = store.report(&run).map(|_| ());
        let errors: Vec<String> = [records, samples, report]
            .into_iter()
            .filter_map(|result| Some(result.err()?.to_string()))
            .collect();
        assert!(!errors.is_empty(), "{sql} went unnoticed");
        for error in errors {
            assert!(error.contains("ledger.sqlite") && error.contains(expect), "{sql}: {error}");
        }
    };
    damage("UPDATE samples SET tokens = x'010203'", "numbers of four bytes");
    damage("UPDATE samples SET detail = 'short'", "numbers by name");
    damage("UPDATE samples SET bits = '{\"score\":\"zz\"}'", "hexadecimal");
    damage("UPDATE samples SET score = NULL WHERE outcome = 'score'", "it is NULL");
    damage("UPDATE phases SET sampled_tokens = -1", "not negative");
    damage("UPDATE phases SET round = 5000000000 WHERE stage = 'pool'", "schema");
    damage("UPDATE runs SET seed = 'seven'", "whole number");
    damage("UPDATE phases SET policy = NULL WHERE kind = 'attempt'", "has a policy");
    damage("UPDATE notes SET value = NULL", "it is NULL");
}

#[test]
fn a_ledger_cut_short_or_overwritten_never_panics() {
    let (directory, store) = fresh();
    let run = b_star(&store);
    let path = store.file().to_owned();
    drop(store);
    let sound = fs::read(&path).expect("there");
    let mut seen_errors = 0;
    let mut check = |bytes: &[u8]| {
        fs::write(&path, bytes).expect("written");
        let read = Store::open(directory.path()).and_then(|store| {
            store.runs()?;
            store.report(&run)?;
            store.samples(&SampleFilter::of(&run))?;
            store.records(&run)
        });
        if let Err(error) = read {
            seen_errors += 1;
            let error = error.to_string();
            assert!(error.contains("ledger.sqlite") || error.contains("no run is named"), "{error}");
        }
    };
    for cut in (0..sound.len()).step_by(sound.len() / 24) {
        check(&sound[..cut]);
    }
    for page in 0..sound.len() / 4096 {
        let mut bytes = sound.clone();
        bytes[page * 4096..][..512].fill(0xA5);
        check(&bytes);
    }
    assert!(seen_errors > 10, "most damage of this size is noticed: {seen_errors}");
}

fn blob_path(directory: &Path, id: &BlobId) -> PathBuf {
    directory.join("blobs").join(&id.0[..2]).join(&id.0[2..])
}

#[test]
fn a_damaged_blob_is_named_and_putting_it_again_mends_it() {
    let (directory, store) = fresh();
    let id = store.put_blob(b"weights").expect("stored");
    let path = blob_path(directory.path(), &id);
    for damage in [&b"weighty"[..], b"weigh", b""] {
        fs::write(&path, damage).expect("written");
        let error = store.blob(&id).expect_err("damaged").to_string();
        assert!(error.contains(&id.0) && error.contains("are damaged"), "{error}");
        assert_eq!(store.put_blob(b"weights").expect("stored again"), id);
        assert_eq!(store.blob(&id).expect("mended"), b"weights");
    }
    fs::remove_file(&path).expect("removed");
    let error = store.blob(&id).expect_err("missing").to_string();
    assert!(error.contains(&id.0) && error.contains("there is no such file"), "{error}");
    let left = fs::read_dir(directory.path().join("blobs/tmp")).expect("there").count();
    assert_eq!(left, 0, "no temporary file is left");
}

#[test]
fn what_a_killed_process_left_half_written_goes_after_a_day() {
    let (directory, store) = fresh();
    drop(store);
    let half = |name: &str, hours: u64| {
        let path = directory.path().join("blobs/tmp").join(name);
        let file = fs::File::create(&path).expect("created");
        let then = std::time::SystemTime::now() - std::time::Duration::from_secs(hours * 3600);
        file.set_modified(then).expect("dated back");
        path
    };
    let (old, new) = (half("1-0", 25), half("2-0", 1));
    Store::open(directory.path()).expect("opens");
    assert_eq!((old.exists(), new.exists()), (false, true));
}

#[test]
fn a_record_of_a_run_that_has_not_begun_is_refused() {
    let (_directory, store) = fresh();
    let run = RunId("nobody-1".to_owned());
    let error = store.append(&run, &[made::note("reward", 0, 1.0)]).expect_err("not begun").to_string();
    assert_eq!(error, "no run is named \"nobody-1\"; known: ");
}

#[test]
fn a_count_that_sqlite_cannot_hold_is_refused_whole() {
    let (_directory, store) = fresh();
    let run = b_star(&store);
    let before = store.records(&run).expect("readable");
    let mut row = made::lesson(2, &[]);
    row.spend.trained_tokens = u64::MAX;
    let batch = [made::note("reward", 2, 1.0), autodidact_core::Record::Learn(row)];
    let error = store.append(&run, &batch).expect_err("too large").to_string();
    assert!(error.starts_with("spend.trained_tokens must be below 2^63"), "{error}");
    assert_eq!(store.records(&run).expect("readable"), before, "nothing of the batch is kept");
}
