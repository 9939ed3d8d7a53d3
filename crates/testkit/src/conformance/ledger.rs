//! What every ledger must do.

use crate::records::{attempt, learn, record, spec};
use crate::same::{exactly, of_phase};
use autodidact_core::{BlobId, Key, LearnRow, Ledger, Note, Phase, Record, RunEnd, RunId, RunSpec, Spend};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Checks a kind of ledger: `make` gives a fresh, empty one, `records` everything that it holds of a
/// run, by kind or in the order of recording.
pub fn ledger<L: Ledger>(make: impl Fn() -> L, records: impl Fn(&L, &RunId) -> Vec<Record>) {
    phases_read_back_bit_for_bit(&make());
    any_records_read_back_bit_for_bit(&make(), &records);
    a_key_is_written_once(&make(), &records);
    attempts_and_lessons_share_their_keys(&make());
    parts_occurrences_rounds_and_stages_are_apart(&make());
    runs_are_apart(&make());
    a_run_begins_once(&make(), &records);
    an_append_is_written_whole_or_not_at_all(&make(), &records);
    blobs_are_found_by_their_content(&make());
    threads_may_append_at_once(&make(), &records);
}

fn begun<L: Ledger>(ledger: &L, name: &str) -> RunId {
    let run = RunId(name.to_owned());
    ledger.append(&run, &[Record::Begin(RunSpec::default())]).expect("a new run begins");
    run
}

fn at(stage: &str, round: u32, occurrence: u32, part: u32) -> Key {
    Key { stage: stage.to_owned(), round, occurrence, part }
}

fn note(key: Key, value: f64) -> Record {
    Record::Note(Note { key, value })
}

fn lesson(key: Key, digest: &str) -> LearnRow {
    LearnRow {
        key,
        digest: digest.to_owned(),
        metrics: Vec::new(),
        files: Vec::new(),
        spend: Spend::default(),
    }
}

/// The same cases on every machine and at every time.
fn runner() -> TestRunner {
    let config = Config { cases: 96, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, proptest::test_runner::TestRng::deterministic_rng(Default::default()))
}

fn phases_read_back_bit_for_bit<L: Ledger>(ledger: &L) {
    let n = std::cell::Cell::new(0u32);
    let check = |record: Record| {
        n.set(n.get() + 1);
        let run = begun(ledger, &format!("phase-{}", n.get()));
        ledger.append(&run, std::slice::from_ref(&record)).expect("accepted");
        let key = match &record {
            Record::Attempt(row) => &row.key,
            Record::Learn(row) => &row.key,
            _ => unreachable!("only phases are generated here"),
        };
        let found = ledger.recall(&run, key).expect("readable").expect("there");
        prop_assert_eq!(exactly(&of_phase(found)), exactly(&record));
        Ok(())
    };
    let phases = prop_oneof![attempt().prop_map(Record::Attempt), learn().prop_map(Record::Learn)];
    runner().run(&phases, check).unwrap_or_else(|fault| panic!("phases do not read back: {fault}"));
}

fn any_records_read_back_bit_for_bit<L: Ledger>(ledger: &L, records: &impl Fn(&L, &RunId) -> Vec<Record>) {
    let n = std::cell::Cell::new(0u32);
    let check = |(spec, written): (RunSpec, Vec<Record>)| {
        n.set(n.get() + 1);
        let run = RunId(format!("any-{}", n.get()));
        ledger.append(&run, &[Record::Begin(spec.clone())]).expect("a new run begins");
        ledger.append(&run, &written).expect("accepted");
        let all = [vec![Record::Begin(spec)], written].concat();
        let expected = by_kind(first_of_each_key(all));
        let found = by_kind(records(ledger, &run));
        let exact = |records: &[Record]| records.iter().map(exactly).collect::<Vec<_>>();
        prop_assert_eq!(exact(&found), exact(&expected));
        Ok(())
    };
    let all = (spec(), vec(record(), 0..12));
    runner().run(&all, check).unwrap_or_else(|fault| panic!("records do not read back: {fault}"));
}

/// What a ledger keeps of records written one after another.
fn first_of_each_key(records: Vec<Record>) -> Vec<Record> {
    let mut seen = std::collections::BTreeSet::new();
    let mut new = |kind: &'static str, key: &Key| seen.insert((kind, key.clone()));
    let keep = |record: &Record| match record {
        Record::Attempt(row) => new("phase", &row.key),
        Record::Learn(row) => new("phase", &row.key),
        Record::Note(note) => new("note", &note.key),
        Record::Alarm { key, .. } => new("alarm", key),
        Record::Output { key, .. } => new("output", key),
        Record::Begin(_) | Record::End(_) => true,
    };
    let mut records = records;
    records.retain(keep);
    records
}

fn by_kind(mut records: Vec<Record>) -> Vec<Record> {
    records.sort_by_key(|record| match record {
        Record::Begin(_) => 0,
        Record::Attempt(_) | Record::Learn(_) => 1,
        Record::Note(_) => 2,
        Record::Alarm { .. } => 3,
        Record::Output { .. } => 4,
        Record::End(_) => 5,
    });
    records
}

fn a_key_is_written_once<L: Ledger>(ledger: &L, records: &impl Fn(&L, &RunId) -> Vec<Record>) {
    let run = begun(ledger, "once");
    let key = at("pool/reward", 1, 0, 0);
    let alarm = |message: &str| Record::Alarm { key: key.clone(), message: message.to_owned() };
    let output = |files| Record::Output { key: key.clone(), files };
    let first = [note(key.clone(), 0.25), alarm("first"), output(vec![("a".to_owned(), BlobId::of(b"a"))])];
    let second = [note(key.clone(), 0.75), alarm("second"), output(Vec::new())];
    ledger.append(&run, &first).expect("accepted");
    ledger.append(&run, &second).expect("a key that is there already is no error");
    let found = records(ledger, &run);
    assert_eq!(by_kind(found)[1..], first, "what was written first stays");

    let key = at("learn", 1, 0, 0);
    ledger.append(&run, &[Record::Learn(lesson(key.clone(), "first"))]).expect("accepted");
    ledger.append(&run, &[Record::Learn(lesson(key.clone(), "second"))]).expect("no error");
    let found = ledger.recall(&run, &key).expect("readable");
    assert_eq!(found, Some(Phase::Learn(lesson(key, "first"))), "the phase written first stays");
}

fn attempts_and_lessons_share_their_keys<L: Ledger>(ledger: &L) {
    let run = begun(ledger, "shared");
    let key = at("stage", 2, 1, 0);
    ledger.append(&run, &[Record::Learn(lesson(key.clone(), "a lesson"))]).expect("accepted");
    let attempt = autodidact_core::AttemptRow {
        key: key.clone(),
        digest: "an attempt".to_owned(),
        policy: String::new(),
        judge: String::new(),
        evaluation: false,
        asks: Vec::new(),
        samples: Vec::new(),
        spend: Spend::default(),
        judge_seconds: 0.0,
    };
    ledger.append(&run, &[Record::Attempt(attempt)]).expect("no error");
    let found = ledger.recall(&run, &key).expect("readable");
    assert_eq!(found, Some(Phase::Learn(lesson(key, "a lesson"))), "a key holds one phase of either kind");
}

fn parts_occurrences_rounds_and_stages_are_apart<L: Ledger>(ledger: &L) {
    let run = begun(ledger, "apart");
    let keys = [at("a", 0, 0, 0), at("a", 0, 0, 1), at("a", 0, 1, 0), at("a", 1, 0, 0), at("b", 0, 0, 0)];
    for (i, key) in keys.iter().enumerate() {
        assert_eq!(ledger.recall(&run, key).expect("readable"), None, "{key:?} is not there yet");
        ledger.append(&run, &[Record::Learn(lesson(key.clone(), &i.to_string()))]).expect("accepted");
    }
    for (i, key) in keys.iter().enumerate() {
        let found = ledger.recall(&run, key).expect("readable");
        assert_eq!(found, Some(Phase::Learn(lesson(key.clone(), &i.to_string()))));
    }
}

fn runs_are_apart<L: Ledger>(ledger: &L) {
    let (one, two) = (begun(ledger, "one"), begun(ledger, "two"));
    let key = at("learn", 1, 0, 0);
    ledger.append(&one, &[Record::Learn(lesson(key.clone(), "of one"))]).expect("accepted");
    assert_eq!(ledger.recall(&two, &key).expect("readable"), None);
    assert_eq!(ledger.recall(&RunId("three".to_owned()), &key).expect("an unknown run holds nothing"), None);
}

fn a_run_begins_once<L: Ledger>(ledger: &L, records: &impl Fn(&L, &RunId) -> Vec<Record>) {
    let run = begun(ledger, "begun");
    let before = records(ledger, &run);
    let again = RunSpec { recipe: "another".to_owned(), ..RunSpec::default() };
    let refused = ledger.append(&run, &[note(at("x", 0, 0, 0), 1.0), Record::Begin(again)]);
    let error = refused.expect_err("a run cannot begin twice").to_string();
    assert!(error.contains("begun"), "the error names the run: {error}");
    assert_eq!(records(ledger, &run), before, "what was refused changed nothing");
}

fn an_append_is_written_whole_or_not_at_all<L: Ledger>(
    ledger: &L,
    records: &impl Fn(&L, &RunId) -> Vec<Record>,
) {
    let run = RunId("whole".to_owned());
    let begin = || Record::Begin(RunSpec::default());
    let batch = [begin(), note(at("a", 0, 0, 0), 1.0), Record::End(RunEnd::Complete), begin()];
    ledger.append(&run, &batch).expect_err("a run cannot begin twice in one batch");
    assert_eq!(records(ledger, &run), [], "nothing of a refused batch is kept");
    ledger.append(&run, &batch[..3]).expect("so the run may still begin");
    assert_eq!(by_kind(records(ledger, &run)), batch[..3]);
}

fn blobs_are_found_by_their_content<L: Ledger>(ledger: &L) {
    for bytes in [&b""[..], b"a", &[0; 70_000], &(0..=255).collect::<Vec<u8>>()] {
        let id = ledger.put_blob(bytes).expect("stored");
        assert_eq!(id, BlobId::of(bytes));
        assert_eq!(ledger.put_blob(bytes).expect("stored again"), id);
        assert_eq!(ledger.blob(&id).expect("there"), bytes);
    }
    let missing = BlobId::of(b"never stored");
    let error = ledger.blob(&missing).expect_err("never stored").to_string();
    assert!(error.contains(&missing.0), "the error names the blob: {error}");
    for nonsense in ["", "..", "../../ledger.sqlite", "zz", "é"] {
        assert!(ledger.blob(&BlobId(nonsense.to_owned())).is_err(), "{nonsense:?} names no blob");
    }
}

fn threads_may_append_at_once<L: Ledger>(ledger: &L, records: &impl Fn(&L, &RunId) -> Vec<Record>) {
    let run = begun(ledger, "threads");
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let run = &run;
            scope.spawn(move || {
                for i in 0..8 {
                    // Every thread writes the shared keys too: one of them wins.
                    let mine = note(at("mine", thread, i, 0), f64::from(i));
                    let shared = note(at("shared", 0, i, 0), f64::from(i));
                    ledger.append(run, &[mine, shared]).expect("accepted");
                }
            });
        }
    });
    let found = records(ledger, &run);
    let count = |stage: &str| {
        let of_stage = |record: &&Record| matches!(record, Record::Note(note) if note.key.stage == stage);
        found.iter().filter(of_stage).count()
    };
    assert_eq!((count("mine"), count("shared")), (32, 8));
}
