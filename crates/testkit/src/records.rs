//! Arbitrary records, as far from the ordinary as a ledger must bear: any text, any float.

use autodidact_core::{
    AttemptRow, BlobId, Caps, Key, LearnRow, Note, Outcome, Packed, Record, RunEnd, RunSpec, SampleRow,
    Spend, Verdict,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// Any record but a beginning.
pub fn record() -> impl Strategy<Value = Record> {
    prop_oneof![
        3 => attempt().prop_map(Record::Attempt),
        2 => learn().prop_map(Record::Learn),
        2 => (key(), number()).prop_map(|(key, value)| Record::Note(Note { key, value })),
        1 => (key(), text()).prop_map(|(key, message)| Record::Alarm { key, message }),
        1 => (key(), files()).prop_map(|(key, files)| Record::Output { key, files }),
        1 => end().prop_map(Record::End),
    ]
}

/// Any specification of a run.
pub fn spec() -> impl Strategy<Value = RunSpec> {
    let caps = (option::of(count()), option::of(count()), option::of(count()), option::of(count()));
    let amounts = (option::of(number()), option::of(number()));
    (text(), text(), any::<u64>(), caps, amounts, text()).prop_map(
        |(recipe, config, seed, caps, (seconds, cost), program)| {
            let (sampled_tokens, scored_tokens, trained_tokens, judge_calls) = caps;
            let caps = Caps { sampled_tokens, scored_tokens, trained_tokens, judge_calls, seconds, cost };
            RunSpec { recipe, config, seed, caps, program }
        },
    )
}

/// Any part of an attempt.
pub fn attempt() -> impl Strategy<Value = AttemptRow> {
    let texts = (text(), text(), text(), any::<bool>());
    let lists = (vec(ask(), 0..4), vec(sample(), 0..6));
    (key(), texts, lists, spend(), number()).prop_map(|(key, texts, lists, spend, judge_seconds)| {
        let (digest, policy, judge, evaluation) = texts;
        let (asks, samples) = lists;
        AttemptRow { key, digest, policy, judge, evaluation, asks, samples, spend, judge_seconds }
    })
}

/// Any learning step.
pub fn learn() -> impl Strategy<Value = LearnRow> {
    (key(), text(), vec((text(), number()), 0..4), files(), spend())
        .prop_map(|(key, digest, metrics, files, spend)| LearnRow { key, digest, metrics, files, spend })
}

/// A key out of so few that some are met twice.
pub fn key() -> impl Strategy<Value = Key> {
    let stage = prop_oneof![Just("pool".to_owned()), Just("learn".to_owned()), text()];
    (stage, 0u32..3, prop_oneof![0u32..2, any::<u32>()], 0u32..2)
        .prop_map(|(stage, round, occurrence, part)| Key { stage, round, occurrence, part })
}

fn sample() -> impl Strategy<Value = SampleRow> {
    let numbers = (vec(any::<u32>(), 0..5), vec(any::<u32>(), 0..5), vec(float(), 0..5), vec(float(), 0..5));
    (0u32..5, any::<u32>(), answer_json(), text(), numbers, verdict()).prop_map(
        |(ask, attempt, json, text, numbers, verdict)| {
            let (prompt_tokens, tokens, logprobs, policy_logprobs) = numbers;
            let answer = Packed { json, text, prompt_tokens, tokens, logprobs, policy_logprobs };
            SampleRow { ask, attempt, answer, verdict }
        },
    )
}

fn verdict() -> impl Strategy<Value = Verdict> {
    let outcome = prop_oneof![
        number().prop_map(|score| Outcome::Score { score }),
        text().prop_map(|reason| Outcome::Abstain { reason }),
        (text(), number()).prop_map(|(reason, seconds)| Outcome::Error { reason, seconds }),
    ];
    (outcome, vec((text(), number()), 0..3)).prop_map(|(outcome, detail)| Verdict { outcome, detail })
}

fn ask() -> impl Strategy<Value = String> {
    prop_oneof![
        text(),
        text().prop_map(|id| serde_json::json!({"query": {"id": id}, "knobs": null, "tries": 1}).to_string()),
        any::<u64>().prop_map(|n| format!("{{\"query\":{{\"id\":{n}}},\"tries\":{n}0000}}")),
    ]
}

fn answer_json() -> impl Strategy<Value = String> {
    prop_oneof![
        text(),
        Just("{\"given\":0,\"finish\":\"length\"}".to_owned()),
        Just("{\"finish\":[1,2]}".to_owned()),
        Just("3".to_owned()),
    ]
}

fn end() -> impl Strategy<Value = RunEnd> {
    prop_oneof![
        Just(RunEnd::Complete),
        text().prop_map(|reason| RunEnd::Stopped { reason }),
        text().prop_map(|reason| RunEnd::Failed { reason }),
    ]
}

fn files() -> impl Strategy<Value = Vec<(String, BlobId)>> {
    vec((text(), any::<[u8; 8]>().prop_map(|bytes| BlobId::of(&bytes))), 0..3)
}

fn spend() -> impl Strategy<Value = Spend> {
    (count(), count(), count(), count(), number(), number()).prop_map(
        |(sampled_tokens, scored_tokens, trained_tokens, judge_calls, seconds, cost)| Spend {
            sampled_tokens,
            scored_tokens,
            trained_tokens,
            judge_calls,
            seconds,
            cost,
        },
    )
}

/// A count that any store can hold: below 2^63.
fn count() -> impl Strategy<Value = u64> {
    prop_oneof![0u64..1000, 0..=i64::MAX as u64]
}

/// Any text, quotes, controls and NUL included.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,6}",
        "\\PC{0,8}",
        vec(any::<char>(), 0..6).prop_map(String::from_iter),
        Just("it's \"quoted\"\0 and \\ cut\n".to_owned()),
    ]
}

/// Any number, NaN with its bits, infinities and both zeros included.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        -10.0..10.0,
        any::<u64>().prop_map(f64::from_bits),
        prop_oneof![Just(-0.0), Just(0.0), Just(f64::NAN), Just(-f64::NAN), Just(f64::INFINITY)],
    ]
}

fn float() -> impl Strategy<Value = f32> {
    prop_oneof![-10.0f32..0.0, any::<u32>().prop_map(f32::from_bits)]
}
