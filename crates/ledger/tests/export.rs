//! Exports read back as what was recorded, in TRL's columns.

mod made;

use autodidact_core::chat::Finish;
use autodidact_core::{Ledger, Record, RunId, Verdict};
use autodidact_ledger::{Export, Format, Order, Pairs, SampleFilter, Shape, Store, Tokens, Written};
use made::{answer, attempt, b_star, fresh, key, spec, spend, sums, talk};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::path::Path;

/// The rows of an export, as JSON lines and as Parquet: the same by assertion.
fn rows(store: &Store, directory: &Path, export: &Export) -> Vec<Value> {
    let lines_path = directory.join("rows.jsonl");
    let table_path = directory.join("rows.parquet");
    let format = |path: &Path| Format::of(path).expect("a known ending");
    let n = store.export(export, format(&lines_path), &lines_path).expect("written");
    assert_eq!(store.export(export, format(&table_path), &table_path).expect("written"), n);

    let text = fs::read_to_string(&lines_path).expect("there");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let table = read_parquet(&table_path);
    assert_eq!(lines, table, "both forms hold the same");
    assert_eq!(lines.len() as u64, n);
    let left: Vec<_> = fs::read_dir(directory)
        .expect("there")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.contains(".part"))
        .collect();
    assert!(left.is_empty(), "nothing temporary is left: {left:?}");
    lines
}

fn read_parquet(path: &Path) -> Vec<Value> {
    let file = File::open(path).expect("there");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("readable");
    let mut bytes = Vec::new();
    let mut writer = arrow_json::writer::WriterBuilder::new()
        .with_explicit_nulls(true)
        .build::<_, arrow_json::writer::LineDelimited>(&mut bytes);
    for batch in reader {
        writer.write(&batch.expect("a batch")).expect("rows");
    }
    writer.finish().expect("whole");
    drop(writer);
    let text = String::from_utf8(bytes).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn pool_of(run: &RunId, shape: Shape) -> Export {
    let mut filter = SampleFilter::of(run);
    filter.stage = Some("pool".to_owned());
    Export { filter, shape, turns: Written::AsAsked, tokens: Tokens::Without }
}

#[test]
fn prompt_and_completion_come_with_their_origin() {
    let (directory, store) = fresh();
    let run = b_star(&store);
    let found = rows(&store, directory.path(), &pool_of(&run, Shape::PromptCompletion));
    let first = json!({
        "prompt": "1+1=", "completion": "2",
        "run": "b-star-1", "recipe": "b-star", "stage": "pool", "round": 1, "occurrence": 0,
        "evaluation": false, "query_id": "sum/1", "fields": "{\"answer\":\"2\"}", "parents": [],
        "verdicts": "[{\"judge\":\"exact\",\"outcome\":\"score\",\"score\":1.0,\"reason\":null,\
            \"detail\":{\"short\":0.5}}]",
        "policy": "weights-1", "judge": "exact", "knobs": found[0]["knobs"],
        "attempt": 0, "outcome": "score", "score": 1.0, "reason": null,
        "detail": "{\"short\":0.5}", "truncated": false,
    });
    assert_eq!(found[0], first);
    assert_eq!(found.len(), 6, "answers without a score are there too");
    assert_eq!((&found[3]["outcome"], &found[3]["score"]), (&json!("error"), &json!(null)));
    assert_eq!(found[3]["reason"], "deadline of 2 s passed");
    let columns: Vec<&String> = found[0].as_object().expect("a row").keys().collect();
    assert_eq!(columns[..2], ["prompt", "completion"], "TRL's columns come first");
}

#[test]
fn token_ids_and_log_probabilities_come_when_asked_for() {
    let (directory, store) = fresh();
    let run = b_star(&store);
    let export = Export { tokens: Tokens::With, ..pool_of(&run, Shape::PromptCompletion) };
    let found = rows(&store, directory.path(), &export);
    assert_eq!(found[2]["prompt_ids"], json!([256, 0]));
    assert_eq!(found[2]["completion_ids"], json!([49, 49]));
    assert_eq!(found[2]["logprobs"], json!([-0.25, -0.25]));
    assert_eq!(found[2]["policy_logprobs"], json!([-0.5, -0.5]));
}

#[test]
fn unpaired_rows_are_labelled_by_a_threshold_and_never_by_an_error() {
    let (directory, store) = fresh();
    let run = b_star(&store);
    let found = rows(&store, directory.path(), &pool_of(&run, Shape::Unpaired { threshold: 0.25 }));
    let labels: Vec<(&str, bool)> = found
        .iter()
        .map(|row| (row["completion"].as_str().expect("text"), row["label"].as_bool().expect("a label")))
        .collect();
    assert_eq!(labels, [("2", true), ("is it 2 or", true), ("11", false), ("4", true)]);
}

#[test]
fn preference_pairs_stay_within_one_ask() {
    let (directory, store) = fresh();
    let run = b_star(&store);
    let pairs = |pairs, margin| {
        let found = rows(&store, directory.path(), &pool_of(&run, Shape::Preference { pairs, margin }));
        let text = |row: &Value, column: &str| row[column].as_str().expect("text").to_owned();
        found.iter().map(|row| (text(row, "chosen"), text(row, "rejected"))).collect::<Vec<_>>()
    };
    let pair = |chosen: &str, rejected: &str| (chosen.to_owned(), rejected.to_owned());
    // The second ask has one score only, so it makes no pair.
    assert_eq!(pairs(Pairs::BestWorst, 0.0), [pair("2", "11")]);
    let every = [pair("2", "is it 2 or"), pair("2", "11"), pair("is it 2 or", "11")];
    assert_eq!(pairs(Pairs::Every, 0.0), every);
    assert_eq!(pairs(Pairs::Every, 0.25), every[..2]);
    assert_eq!(pairs(Pairs::BestWorst, 1.0), []);
}

#[test]
fn the_last_group_makes_pairs_too_and_equal_texts_never_do() {
    let (directory, store) = fresh();
    let run = store.begin(&spec("x")).expect("begins");
    let score =
        |ask, attempt, text: &str, score| answer(ask, attempt, text, Finish::Stop, Verdict::score(score));
    let samples = vec![
        score(0, 0, "same", 1.0),
        score(0, 1, "same", 0.0),
        score(1, 0, "b", 0.0),
        score(1, 1, "g", 1.0),
    ];
    let row = attempt(key("pool", 1), &sums(), samples, spend(0, 0, 0, 0.0));
    store.append(&run, &[Record::Attempt(row)]).expect("accepted");
    let shape = Shape::Preference { pairs: Pairs::BestWorst, margin: 0.0 };
    let found = rows(&store, directory.path(), &pool_of(&run, shape));
    assert_eq!(found.len(), 1);
    let columns = ["prompt", "chosen", "rejected", "score_chosen", "score_rejected"];
    let values = columns.map(|column| found[0][column].clone());
    assert_eq!(values, [json!("2+2="), json!("g"), json!("b"), json!(1.0), json!(0.0)]);
}

#[test]
fn a_conversation_is_exported_as_messages() {
    let (directory, store) = fresh();
    let run = store.begin(&spec("x")).expect("begins");
    let samples = vec![
        answer(0, 0, "2", Finish::Stop, Verdict::right(true)),
        answer(0, 1, "3", Finish::Stop, Verdict::right(false)),
    ];
    let row = attempt(key("pool", 1), &[talk()], samples, spend(0, 0, 0, 0.0));
    store.append(&run, &[Record::Attempt(row)]).expect("accepted");

    let found = rows(&store, directory.path(), &pool_of(&run, Shape::PromptCompletion));
    let prompt = json!([{ "role": "system", "content": "Be brief." }, { "role": "user", "content": "1+1?" }]);
    assert_eq!(found[0]["prompt"], prompt);
    assert_eq!(found[0]["completion"], json!([{ "role": "assistant", "content": "2" }]));

    let shape = Shape::Preference { pairs: Pairs::Every, margin: 0.0 };
    let found = rows(&store, directory.path(), &pool_of(&run, shape));
    assert_eq!(found[0]["rejected"], json!([{ "role": "assistant", "content": "3" }]));
}

#[test]
fn bare_text_becomes_a_conversation_when_asked_for() {
    let (directory, store) = fresh();
    let run = b_star(&store);
    let turn = |role: &str, content: &str| json!({ "role": role, "content": content });
    let written = |shape| {
        let export = Export { turns: Written::Conversation, ..pool_of(&run, shape) };
        rows(&store, directory.path(), &export)
    };
    let found = written(Shape::PromptCompletion);
    assert_eq!(found[0]["prompt"], json!([turn("user", "1+1=")]));
    assert_eq!(found[0]["completion"], json!([turn("assistant", "2")]));
    let found = written(Shape::Preference { pairs: Pairs::BestWorst, margin: 0.0 });
    assert_eq!(found[0]["chosen"], json!([turn("assistant", "2")]));
    let verdicts: Value = serde_json::from_str(found[0]["verdicts"].as_str().expect("text")).expect("JSON");
    assert_eq!((&verdicts[0]["score"], &verdicts[1]["score"]), (&json!(1.0), &json!(0.0)));
    let found = rows(&store, directory.path(), &pool_of(&run, Shape::Messages));
    assert_eq!(found[0]["messages"], json!([turn("user", "1+1="), turn("assistant", "2")]));
    assert!(found[0].get("prompt").is_none());
}

#[test]
fn text_and_conversations_go_into_one_conversational_file_without_failed_requests() {
    let (directory, store) = fresh();
    let run = store.begin(&spec("x")).expect("begins");
    let parents = json!(["seed/1", "seed/2"]);
    let made = sums()[0].clone().with("parents", parents.clone());
    let samples = vec![
        answer(0, 0, "2", Finish::Stop, Verdict::right(true)),
        answer(1, 0, "3", Finish::Stop, Verdict::right(false)),
        answer(1, 1, "", Finish::Failed, Verdict::error("the deadline passed", 0.0)),
    ];
    let row = attempt(key("pool", 1), &[made, talk()], samples, spend(0, 0, 0, 0.0));
    store.append(&run, &[Record::Attempt(row)]).expect("accepted");
    let found = rows(&store, directory.path(), &pool_of(&run, Shape::Messages));
    assert_eq!(found.len(), 2, "what failed is no answer");
    assert_eq!((&found[0]["parents"], &found[1]["parents"]), (&parents, &json!([])));
    let roles = |row: &Value| -> Vec<String> {
        let turns = row["messages"].as_array().expect("a list");
        turns.iter().map(|turn| turn["role"].as_str().expect("text").to_owned()).collect()
    };
    assert_eq!(
        [roles(&found[0]), roles(&found[1])],
        [vec!["user", "assistant"], vec!["system", "user", "assistant"]]
    );
    let as_asked = pool_of(&run, Shape::PromptCompletion);
    assert!(store.export(&as_asked, Format::Jsonl, &directory.path().join("x.jsonl")).is_err());
}

#[test]
fn limits_count_rows_and_orders_hold() {
    let (directory, store) = fresh();
    let run = b_star(&store);
    let mut export = pool_of(&run, Shape::Unpaired { threshold: 1.0 });
    (export.filter.limit, export.filter.offset) = (Some(2), 1);
    let texts = |export: &Export| {
        let found = rows(&store, directory.path(), export);
        found.iter().map(|row| row["completion"].as_str().expect("text").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(texts(&export), ["is it 2 or", "11"]);
    export.filter.order = Order::Best;
    assert_eq!(texts(&export), ["4", "is it 2 or"]);
    export.filter.limit = Some(0);
    assert_eq!(texts(&export), [""; 0]);
}

#[test]
fn many_rows_make_one_whole_file() {
    let (directory, store) = fresh();
    let run = store.begin(&spec("x")).expect("begins");
    let one = |i: u32| answer(0, i, &i.to_string(), Finish::Stop, Verdict::score(f64::from(i)));
    let row = attempt(key("pool", 1), &sums(), (0..9000).map(one).collect(), spend(0, 0, 0, 0.0));
    store.append(&run, &[Record::Attempt(row)]).expect("accepted");
    let found = rows(&store, directory.path(), &pool_of(&run, Shape::PromptCompletion));
    assert_eq!(found.len(), 9000);
    assert!(found.iter().enumerate().all(|(i, row)| row["score"] == json!(i as f64)));
}

#[test]
fn an_export_of_nothing_is_an_empty_file_and_errors_leave_the_old_one() {
    let (directory, store) = fresh();
    let run = b_star(&store);
    let mut export = pool_of(&run, Shape::PromptCompletion);
    export.filter.stage = Some("nowhere".to_owned());
    assert_eq!(rows(&store, directory.path(), &export), [] as [Value; 0]);

    let talk_row = attempt(
        key("talk", 2),
        &[talk()],
        vec![answer(0, 0, "2", Finish::Stop, Verdict::right(true))],
        spend(0, 0, 0, 0.0),
    );
    store.append(&run, &[Record::Attempt(talk_row)]).expect("accepted");
    export.filter.stage = None;
    let path = directory.path().join("kept.jsonl");
    fs::write(&path, "old\n").expect("written");
    let error = store.export(&export, Format::Jsonl, &path).expect_err("text and messages").to_string();
    assert!(error.starts_with("the prompts of b-star-1 must be all text or all conversations"), "{error}");
    assert_eq!(fs::read_to_string(&path).expect("there"), "old\n");
    assert_eq!(
        fs::read_dir(directory.path())
            .expect("there")
            .filter_map(Result::ok)
            .filter(|entry| entry.file_name().to_string_lossy().ends_with(".part"))
            .count(),
        0
    );

    let error = Format::of(Path::new("rows.csv")).expect_err("unknown").to_string();
    assert_eq!(error, "the export's path must be of the ending .jsonl or .parquet, but is rows.csv");
    let margin = Shape::Preference { pairs: Pairs::Every, margin: -1.0 };
    assert!(store.export(&pool_of(&run, margin), Format::Jsonl, &path).is_err());
}
