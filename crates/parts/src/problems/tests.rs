//! Whole files: splits, bad rows, the column conventions of other tools.

use super::*;
use crate::check::{Choice, Exact};
use autodidact_core::{Ask, Seed};
use proptest::prelude::*;
use serde_json::{Value, json};

fn file(folder: &tempfile::TempDir, name: &str, rows: &[Value]) -> PathBuf {
    let path = folder.path().join(name);
    let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
    std::fs::write(&path, text).expect("the folder is writable");
    path
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn sums(n: u32) -> Vec<Value> {
    (0..n).map(|i| json!({"question": format!("{i} + 1?"), "answer": i + 1})).collect()
}

fn gold_passes(problems: &Problems, split: Split) -> bool {
    problems.of(split).iter().all(|query| {
        let ask = Ask { query: query.clone(), knobs: Default::default(), tries: 1 };
        let gold = problems.gold(query).expect("there is a gold answer");
        let judged = problems.judge().judge(&[ask], &[vec![gold]]).expect("judges");
        judged.verdicts[0][0].value() == Some(1.0)
    })
}

#[test]
fn splits_share_no_prompt_and_do_not_move_when_rows_are_added() {
    let folder = folder();
    let settings = ProblemFile { path: file(&folder, "few.jsonl", &sums(300)), ..ProblemFile::default() };
    let few = settings.open().expect("good rows");
    let twice: Vec<Value> = sums(600).into_iter().rev().chain(sums(50)).collect();
    let many =
        ProblemFile { path: file(&folder, "many.jsonl", &twice), ..settings }.open().expect("good rows");
    let texts = |problems: &Problems, split| problems.of(split).iter().map(text).collect::<BTreeSet<_>>();
    let all = [Split::Train, Split::Validation, Split::Test];
    for split in all {
        assert!(texts(&few, split).is_subset(&texts(&many, split)));
        assert!(gold_passes(&few, split));
    }
    assert_eq!(all.iter().map(|&split| many.of(split).len()).sum::<usize>(), 600);
    assert!((40..80).contains(&many.of(Split::Test).len()), "{}", many.of(Split::Test).len());
}

#[test]
fn a_test_file_of_its_own_is_kept_out_of_training() {
    let folder = folder();
    let settings = ProblemFile {
        path: file(&folder, "train.jsonl", &sums(100)),
        test: file(&folder, "test.jsonl", &sums(10)),
        shares: Shares { validation: 0.0, test: 0.5 },
        ..ProblemFile::default()
    };
    let problems = settings.open().expect("good rows");
    assert_eq!((problems.of(Split::Train).len(), problems.of(Split::Test).len()), (90, 10));
    assert!(problems.of(Split::Test)[3].id.ends_with("/test/4"), "{}", problems.of(Split::Test)[3].id);
    assert!(problems.draw(Split::Validation, 1, &mut Seed::root(0).rng()).is_err());
}

#[test]
fn drawing_is_distinct_and_follows_its_seed() {
    let folder = folder();
    let path = file(&folder, "x.jsonl", &sums(100));
    let problems = ProblemFile { path, ..ProblemFile::default() }.open().expect("good rows");
    let n = problems.of(Split::Train).len();
    let draw = |n| problems.draw(Split::Train, n, &mut Seed::root(3).rng()).expect("enough");
    assert_eq!(draw(n).iter().map(text).collect::<BTreeSet<_>>().len(), n);
    assert_eq!(draw(20), draw(20));
    assert_eq!(draw(2 * n + 1).len(), 2 * n + 1);
}

#[test]
fn bad_rows_are_named_by_file_and_line_the_first_few() {
    let folder = folder();
    let mut rows = sums(3);
    rows.extend((0..7).map(|i| json!({"question": format!("{i}?"), "answer": "many"})));
    let error = ProblemFile { path: file(&folder, "x.jsonl", &rows), ..ProblemFile::default() }.open();
    let error = error.expect_err("bad rows").to_string();
    for part in ["x.jsonl", "line 4: answer must be a number, but is", "many", "line 8", "and 2 more"] {
        assert!(error.contains(part), "{error}");
    }
    assert!(!error.contains("line 9"), "{error}");
}

#[test]
fn unknown_columns_are_an_error_that_lists_those_there_are() {
    let folder = folder();
    let path = file(&folder, "x.jsonl", &[json!({"ask": "1?", "key": "1"})]);
    let settings = ProblemFile { path, ..ProblemFile::default() };
    let error = settings.open().expect_err("no prompt column").to_string();
    assert!(error.contains("task.prompt") && error.contains("ask, key"), "{error}");
    let named = ProblemFile { prompt: "ask".into(), answer: "key".into(), ..settings };
    assert!(named.open().is_ok());
}

#[test]
fn the_parquet_files_of_verl_are_read() {
    let folder = folder();
    let path = folder.path().join("train.parquet");
    rows::tests::write_verl(&path);
    let settings =
        ProblemFile { path, shares: Shares { validation: 0.0, test: 0.0 }, ..ProblemFile::default() };
    let problems = settings.open().expect("good rows");
    assert_eq!(problems.of(Split::Train).len(), 3);
    assert!(gold_passes(&problems, Split::Train));
    let first = &problems.of(Split::Train)[0];
    assert!(matches!(&first.body, Body::Messages(messages) if messages[0].content == "What is 2 + 2?"));
    assert_eq!(first.field("data_source"), Some("sums"));
}

#[test]
fn prompt_and_completion_columns_are_read() {
    let folder = folder();
    let path = file(&folder, "x.jsonl", &[json!({"prompt": "Capital of France?", "completion": " Paris"})]);
    let shares = Shares { validation: 0.0, test: 0.0 };
    let check = Check::Exact(Exact::default());
    let problems = ProblemFile { path, shares, check, ..ProblemFile::default() }.open().expect("good rows");
    assert!(gold_passes(&problems, Split::Train));
}

#[test]
fn a_template_shows_options_and_never_the_answer() {
    let folder = folder();
    let row = json!({"question": "Which?", "choices": ["red", "green"], "answer": 1});
    let settings = ProblemFile {
        path: file(&folder, "x.jsonl", &[row]),
        template: "{question}\n{choices}\nAnswer:".into(),
        check: Check::Choice(Choice { column: "choices".into(), ..Choice::default() }),
        shares: Shares { validation: 0.0, test: 0.0 },
        ..ProblemFile::default()
    };
    let problems = settings.open().expect("good rows");
    let first = &problems.of(Split::Train)[0];
    assert_eq!(first.body, Body::Text("Which?\nA. red\nB. green\nAnswer:".into()));
    assert_eq!(problems.gold(first).map(|gold| gold.text), Some("B".into()));
    assert!(gold_passes(&problems, Split::Train));
    let leak = ProblemFile { template: "{question} {answer}".into(), ..settings };
    assert!(leak.open().expect_err("refused").to_string().contains("show it to the model"));
}

#[test]
fn settings_that_cannot_work_are_refused() {
    assert!(ProblemFile::default().open().expect_err("no path").to_string().contains("task.path"));
    let shares = Shares { validation: 0.6, test: 0.5 };
    let all = ProblemFile { path: "x".into(), shares, ..ProblemFile::default() };
    assert!(all.open().expect_err("nothing left").to_string().contains("task.shares"));
    let braces = ProblemFile { path: "x".into(), template: "{".into(), ..ProblemFile::default() };
    assert!(braces.open().expect_err("a lone brace").to_string().contains("task.template"));
}

#[test]
fn ids_come_from_a_column_or_from_the_place_and_are_unique() {
    let folder = folder();
    let rows =
        [json!({"prompt": "a", "answer": 1, "key": "k1"}), json!({"prompt": "b", "answer": 2, "key": "k1"})];
    let settings = ProblemFile {
        path: file(&folder, "x.jsonl", &rows),
        shares: Shares { validation: 0.0, test: 0.0 },
        ..ProblemFile::default()
    };
    let ids: Vec<String> = settings
        .open()
        .expect("good rows")
        .of(Split::Train)
        .iter()
        .map(|problem| problem.id.clone())
        .collect();
    assert!(ids[0].ends_with("/x/1") && ids[1].ends_with("/x/2"), "{ids:?}");
    let error = ProblemFile { id: "key".into(), ..settings }.open().expect_err("twice").to_string();
    assert!(error.contains("line 2") && error.contains("line 1"), "{error}");
}

#[test]
fn settings_survive_writing_and_reading() {
    let settings: ProblemFile = serde_json::from_value(json!({
        "path": "x.jsonl",
        "check": {"kind": "choice", "first": 1},
        "form": "user",
    }))
    .expect("known settings");
    let again: ProblemFile = serde_json::from_value(json!(settings)).expect("its own settings");
    assert_eq!(settings, again);
    assert!(serde_json::from_value::<ProblemFile>(json!({"paths": "x"})).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_file_makes_opening_panic(text in r#"(\{"prompt": ?|"[a-z]*"|, ?"answer": ?|[0-9]|\}|\n|\[|\]|null){0,30}"#) {
        let folder = folder();
        let path = folder.path().join("x.jsonl");
        std::fs::write(&path, text).expect("the folder is writable");
        let _ = ProblemFile { path, ..ProblemFile::default() }.open();
    }
}
