//! A small ledger made by hand, so that every number a query gives can be checked in the head.
#![allow(dead_code)] // Each test file uses its own part of it.

use autodidact_core::chat::{Body, Chat, Completion, Finish, Message, Prompt, Sampling};
use autodidact_core::{
    Answer, Ask, AttemptRow, BlobId, Caps, Key, LearnRow, Ledger, Note, Record, RunId, RunSpec, SampleRow,
    Spend, Verdict,
};
use autodidact_ledger::Store;
use tempfile::TempDir;

pub fn fresh() -> (TempDir, Store) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let store = Store::open(directory.path()).expect("a fresh ledger opens");
    (directory, store)
}

pub fn key(stage: &str, round: u32) -> Key {
    Key { stage: stage.to_owned(), round, occurrence: 0, part: 0 }
}

pub fn spec(recipe: &str) -> RunSpec {
    RunSpec {
        recipe: recipe.to_owned(),
        config: "{\"rounds\":2}".to_owned(),
        seed: u64::MAX,
        caps: Caps { sampled_tokens: Some(1000), ..Caps::default() },
        program: "0.1.0".to_owned(),
    }
}

pub fn spend(sampled: u64, trained: u64, judged: u64, seconds: f64) -> Spend {
    Spend {
        sampled_tokens: sampled,
        scored_tokens: 0,
        trained_tokens: trained,
        judge_calls: judged,
        seconds,
        cost: 0.0,
    }
}

/// An answer of that text to ask `ask`, with as many tokens as bytes.
pub fn answer(ask: u32, attempt: u32, text: &str, finish: Finish, verdict: Verdict) -> SampleRow {
    let tokens: Vec<u32> = text.bytes().map(u32::from).collect();
    let completion = Completion {
        prompt: vec![256, ask],
        given: 0,
        logprobs: vec![-0.25; tokens.len()],
        policy_logprobs: vec![-0.5; tokens.len()],
        tokens,
        text: text.to_owned(),
        finish,
        ..Completion::default()
    };
    SampleRow { ask, attempt, answer: completion.pack().expect("packs"), verdict }
}

pub fn attempt(key: Key, prompts: &[Prompt], samples: Vec<SampleRow>, spend: Spend) -> AttemptRow {
    let asks = Ask::<Chat>::each(prompts, 3, &Sampling::default().at(0.7));
    AttemptRow {
        key,
        digest: "d".to_owned(),
        policy: "weights-1".to_owned(),
        judge: "exact".to_owned(),
        evaluation: false,
        asks: asks.iter().map(|ask| serde_json::to_string(ask).expect("serialises")).collect(),
        samples,
        spend,
        judge_seconds: 0.5,
    }
}

pub fn sums() -> Vec<Prompt> {
    vec![Prompt::text("sum/1", "1+1=").with("answer", "2"), Prompt::text("sum/2", "2+2=").with("answer", "4")]
}

pub fn talk() -> Prompt {
    let message = |role: &str, content: &str| Message { role: role.to_owned(), content: content.to_owned() };
    let messages = vec![message("system", "Be brief."), message("user", "1+1?")];
    Prompt { id: "talk/1".to_owned(), body: Body::Messages(messages), ..Prompt::default() }
}

/// Six answers in round 1: to `1+1=` a right, a cut and a wrong one, to `2+2=` an errored, an
/// abstained and a right one.
pub fn pool() -> AttemptRow {
    let samples = vec![
        answer(0, 0, "2", Finish::Stop, Verdict::score(1.0).with("short", 0.5)),
        answer(0, 1, "is it 2 or", Finish::Length, Verdict::score(0.25)),
        answer(0, 2, "11", Finish::Stop, Verdict::score(0.0)),
        answer(1, 0, "4!", Finish::Stop, Verdict::error("deadline of 2 s passed", 2.0)),
        answer(1, 1, "I pass", Finish::Stop, Verdict::abstain("no number")),
        answer(1, 2, "4", Finish::Stop, Verdict::score(1.0)),
    ];
    attempt(key("pool", 1), &sums(), samples, spend(22, 0, 6, 2.0))
}

pub fn evaluation(round: u32) -> AttemptRow {
    let samples = vec![answer(0, 0, "3", Finish::Stop, Verdict::right(false))];
    let mut row = attempt(key("eval", round), &sums()[..1], samples, spend(1, 0, 1, 1.0));
    row.evaluation = true;
    row
}

pub fn lesson(round: u32, files: &[(&str, BlobId)]) -> LearnRow {
    LearnRow {
        key: key("learn", round),
        digest: "l".to_owned(),
        metrics: vec![("loss".to_owned(), 0.75)],
        files: files.iter().map(|(name, blob)| ((*name).to_owned(), blob.clone())).collect(),
        spend: spend(0, 40, 0, 4.0),
    }
}

pub fn note(name: &str, round: u32, value: f64) -> Record {
    Record::Note(Note { key: key(name, round), value })
}

/// A run `b-star-1` of one round, as a recipe would record it.
pub fn b_star(store: &Store) -> RunId {
    let run = store.begin(&spec("b-star")).expect("a new run begins");
    let weights = store.put_blob(b"weights after round 1").expect("stored");
    let first = store.put_blob(b"weights before").expect("stored");
    let append = |records: &[Record]| store.append(&run, records).expect("accepted");
    append(&[Record::Output { key: key("last", 0), files: vec![("model".to_owned(), first)] }]);
    append(&[Record::Attempt(evaluation(0)), note("eval/pass@1", 0, 0.0)]);
    append(&[Record::Attempt(pool()), note("pool/reward", 1, 0.5625)]);
    append(&[Record::Alarm { key: key("pool/errored", 1), message: "17 % of 6 verdicts".to_owned() }]);
    append(&[Record::Learn(lesson(1, &[("model", weights.clone())]))]);
    append(&[Record::Attempt(evaluation(1)), note("eval/pass@1", 1, 0.5)]);
    append(&[Record::Output { key: key("last", 1), files: vec![("model".to_owned(), weights)] }]);
    run
}
