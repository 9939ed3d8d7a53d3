//! How fast the ledger takes samples and gives them back: `cargo run --release --example throughput`.
//!
//! Samples are shaped like those of a small model: 30 prompt tokens, 60 answer tokens with both
//! log-probabilities, a line of text. Every append is durable when it returns.

use autodidact_core::chat::{Chat, Completion, Finish, Prompt, Sampling};
use autodidact_core::{
    Answer, Ask, AttemptRow, Key, Ledger, Record, Result, RunSpec, SampleRow, Spend, Verdict,
};
use autodidact_ledger::{Export, Format, SampleFilter, Shape, Store, Tokens, Written};
use std::time::Instant;

const TRIES: u32 = 64;

fn main() -> Result<()> {
    let directory = tempfile::tempdir().map_err(|source| autodidact_core::Error::Io {
        path: "temporary".into(),
        doing: "creating",
        source,
    })?;
    let store = Store::open(directory.path())?;
    let run = store.begin(&RunSpec { recipe: "throughput".to_owned(), ..RunSpec::default() })?;
    let time = |what: &str, n: u64, work: &mut dyn FnMut() -> Result<()>| {
        let started = Instant::now();
        work()?;
        let seconds = started.elapsed().as_secs_f64();
        println!("{what}: {n} in {seconds:.2} s, {:.0} a second", n as f64 / seconds);
        Ok::<(), autodidact_core::Error>(())
    };

    let parts = 50;
    let records: Vec<Record> = (0..parts).map(|part| Record::Attempt(attempt(part))).collect();
    let n = u64::from(parts) * 2048;
    time("samples appended, 2,048 a transaction", n, &mut || {
        records.iter().try_for_each(|record| store.append(&run, std::slice::from_ref(record)))
    })?;
    time("samples recalled", n, &mut || {
        (0..parts).try_for_each(|part| store.recall(&run, &key(part)).map(|_| ()))
    })?;
    time("notes appended, one a transaction", 200, &mut || {
        (0..200).try_for_each(|i| {
            let note = autodidact_core::Note { key: Key { occurrence: i, ..key(0) }, value: 0.5 };
            store.append(&run, &[Record::Note(note)])
        })
    })?;
    let blob: Vec<u8> = (0..4_000_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    time("megabytes of blobs stored, 4 at a time", 40, &mut || {
        (0..10u8).try_for_each(|i| {
            let mut bytes = blob.clone();
            bytes[0] = i;
            store.put_blob(&bytes).map(|_| ())
        })
    })?;
    let mut best = SampleFilter::of(&run);
    best.min_score = Some(1.0);
    time("samples searched for the right ones, counted", n, &mut || store.count_samples(&best).map(|_| ()))?;
    let export = |shape| Export {
        filter: SampleFilter::of(&run),
        shape,
        turns: Written::AsAsked,
        tokens: Tokens::Without,
    };
    for (format, name) in [(Format::Jsonl, "rows.jsonl"), (Format::Parquet, "rows.parquet")] {
        let path = directory.path().join(name);
        time(&format!("samples exported as {name}"), n, &mut || {
            store.export(&export(Shape::PromptCompletion), format, &path).map(|_| ())
        })?;
    }
    let size = std::fs::metadata(store.file()).map_or(0, |file| file.len());
    println!("bytes a sample: {:.0}", size as f64 / n as f64);
    Ok(())
}

fn key(part: u32) -> Key {
    Key { stage: "pool".to_owned(), round: 1, occurrence: 0, part }
}

fn attempt(part: u32) -> AttemptRow {
    let prompts: Vec<Prompt> = (0..2048 / TRIES)
        .map(|i| {
            Prompt::text(format!("A/3/{part}/{i}"), format!("{part} + {i} * 3 - 17 = ?")).with("answer", "42")
        })
        .collect();
    let asks = Ask::<Chat>::each(&prompts, TRIES, &Sampling::default());
    let samples = (0..2048)
        .map(|i| {
            let tokens: Vec<u32> = (0..60).map(|t| (i * 31 + t * 7 + part) % 300).collect();
            let logprobs: Vec<f32> = tokens.iter().map(|t| -(*t as f32) / 300.0).collect();
            let completion = Completion {
                prompt: (0..30).map(|t| (i / TRIES * 13 + t) % 300).collect(),
                given: 0,
                policy_logprobs: logprobs.iter().map(|x| x * 0.9).collect(),
                logprobs,
                tokens,
                text: format!("first {i} then {part}, so the answer is {}", i * part),
                finish: Finish::Stop,
                ..Completion::default()
            };
            let answer = completion.pack().expect("a completion packs");
            SampleRow { ask: i / TRIES, attempt: i % TRIES, answer, verdict: Verdict::right(i % 3 == 0) }
        })
        .collect();
    AttemptRow {
        key: key(part),
        digest: format!("{part}"),
        policy: "weights".to_owned(),
        judge: "exact".to_owned(),
        evaluation: false,
        asks: asks.iter().map(|ask| serde_json::to_string(ask).expect("an ask serialises")).collect(),
        samples,
        spend: Spend::default(),
        judge_seconds: 0.0,
    }
}
