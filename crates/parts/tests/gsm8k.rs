//! GSM8K as a user's file: its own solutions pass, and its labelled samples test the number checker.
//!
//! The data set lies beside the checkout; without it these tests say so and pass.

use autodidact_core::chat::{Chat, Completion, Prompt};
use autodidact_core::{Ask, Judge, Split, Task};
use autodidact_parts::check::{Check, Find, Number};
use autodidact_parts::problems::{ProblemFile, Shares};
use serde_json::Value;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The data set's folder, if it is there.
fn data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/gsm8k");
    let there = folder.is_dir();
    if !there {
        println!("skipped: there is no data set at {}", folder.display());
    }
    there.then_some(folder)
}

#[test]
fn every_gold_solution_is_accepted() {
    let Some(folder) = data() else { return };
    let settings = ProblemFile {
        path: folder.join("train.jsonl"),
        test: folder.join("test.jsonl"),
        prompt: "question".into(),
        answer: "answer".into(),
        shares: Shares { validation: 0.05, test: 0.0 },
        ..ProblemFile::default()
    };
    let problems = settings.open().expect("GSM8K reads");
    assert_eq!(problems.of(Split::Test).len(), 1_319);
    assert_eq!(problems.of(Split::Train).len() + problems.of(Split::Validation).len(), 7_473);
    for split in [Split::Test, Split::Train, Split::Validation] {
        let accepted = problems.of(split).iter().filter(|query| {
            let gold = problems.gold(query).expect("every problem has a solution");
            let ask = Ask { query: (*query).clone(), knobs: Default::default(), tries: 1 };
            let judged = problems.judge().judge(&[ask], &[vec![gold]]).expect("judges");
            judged.verdicts[0][0].value() == Some(1.0)
        });
        assert_eq!(accepted.count(), problems.of(split).len());
    }
}

/// A sampled solution, its label, and its problem.
struct Sample {
    line: usize,
    model: String,
    solution: String,
    right: bool,
    ask: Ask<Chat>,
}

fn samples(folder: &Path) -> Vec<Sample> {
    let text = std::fs::read_to_string(folder.join("example_model_solutions.jsonl")).expect("it is there");
    let mut samples = Vec::new();
    for (idx, line) in text.lines().enumerate() {
        let row: Value = serde_json::from_str(line).expect("it is JSON");
        let gold = row["ground_truth"].as_str().expect("a solution");
        let query = Prompt::text(idx.to_string(), row["question"].as_str().expect("a question"));
        let ask = Ask { query: query.with("answer", gold), knobs: Default::default(), tries: 1 };
        for (model, sample) in row.as_object().expect("an object") {
            if let Some(solution) = sample["solution"].as_str() {
                let right = sample["is_correct"].as_bool().expect("a label");
                let (model, solution) = (model.clone(), solution.to_owned());
                samples.push(Sample { line: idx + 1, model, solution, right, ask: ask.clone() });
            }
        }
    }
    samples
}

/// The checker's verdict on each sample: its score and whether an answer could be read.
fn verdicts(samples: &[Sample], find: Find) -> Vec<(bool, bool)> {
    let check = Check::Number(Number { find, ..Number::default() });
    let checker = check.open("answer").expect("valid settings");
    let verdict = |sample: &Sample| {
        let answer = Completion { text: sample.solution.clone(), ..Completion::default() };
        let judged = checker.judge(std::slice::from_ref(&sample.ask), &[vec![answer]]).expect("judges");
        let verdict = &judged.verdicts[0][0];
        (verdict.value() == Some(1.0), verdict.part("well_formed") == Some(1.0))
    };
    samples.iter().map(verdict).collect()
}

/// The samples without their last line, on which the answer stands.
fn cut(samples: &[Sample]) -> Vec<Sample> {
    let cut = |sample: &Sample| Sample {
        line: sample.line,
        model: sample.model.clone(),
        solution: sample.solution.trim_end().rsplit_once('\n').map_or("", |parts| parts.0).to_owned(),
        right: sample.right,
        ask: sample.ask.clone(),
    };
    samples.iter().map(cut).collect()
}

#[test]
fn labelled_samples_agree_with_the_number_checker() {
    let Some(folder) = data() else { return };
    let samples = samples(&folder);
    assert_eq!(samples.len(), 5_276);
    let cut = cut(&samples);
    let mut report = String::from(
        "# Where the number checker and GSM8K's labels disagree\n\n\
         `example_model_solutions.jsonl` holds solutions sampled from four models, each with a label \
         `is_correct` and, on its last line, an answer after `A:`. The reference is the problem's own \
         solution. Written by `crates/parts/tests/gsm8k.rs`; `UPDATE_EXPECT=1` writes it anew.\n",
    );
    for (samples, find, least, title) in [
        (&samples, Find::Marked, 100.0, "As the checker reads by default"),
        (&samples, Find::Whole, 100.0, "The last number of the text; marks mean nothing"),
        (
            &cut,
            Find::Marked,
            95.0,
            "The last number of the text without its answer line, as of an answer cut short",
        ),
    ] {
        let verdicts = verdicts(samples, find);
        let of = |label: bool, judged: bool| -> Vec<&Sample> {
            let both = samples.iter().zip(&verdicts);
            both.filter(|(sample, found)| sample.right == label && found.0 == judged)
                .map(|(one, _)| one)
                .collect()
        };
        let (missed, taken) = (of(true, false), of(false, true));
        let (total, wrong) = (samples.len(), missed.len() + taken.len());
        let agreement = 100.0 * (total - wrong) as f64 / total as f64;
        let _ = write!(report, "\n## {title}\n\n{wrong} of {total} disagree: {agreement:.2} % agreement.\n");
        let unread =
            samples.iter().zip(&verdicts).filter(|(_, found)| !found.1).map(|(one, _)| one).collect();
        for (title, list) in [
            ("Labelled right, judged wrong", missed),
            ("Labelled wrong, judged right", taken),
            ("No number could be read, so judged wrong", unread),
        ] {
            let _ = write!(report, "\n{title}: {}\n", list.len());
            report.extend(list.iter().take(8).map(|sample| entry(sample)));
        }
        assert!(agreement >= least, "{title}: {agreement} %");
    }
    expect(report.trim_end());
}

fn entry(sample: &Sample) -> String {
    let end = |text: &str| -> String {
        let last = text.trim_end().lines().last().unwrap_or_default();
        let start = last.char_indices().rev().nth(69).map_or(0, |(at, _)| at);
        last[start..].to_owned()
    };
    let gold = sample.ask.query.field("answer").unwrap_or_default();
    let (gold, said) = (end(gold), end(&sample.solution));
    format!("- line {}, {}: `{gold}`, said `{said}`\n", sample.line, sample.model)
}

fn expect(report: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/check/gsm8k-disagreements.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder is writable");
        std::fs::write(&path, format!("{report}\n")).expect("the file is writable");
    }
    let known = std::fs::read_to_string(&path).expect("the golden file is committed");
    assert_eq!(known.trim_end(), report, "set UPDATE_EXPECT=1 to accept the new report");
}
