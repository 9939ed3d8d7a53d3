//! Checksums of recorded phases, so that damage is an error and never a wrong resume.

use crate::number::{floats_to_bytes, ids_to_bytes};
use autodidact_core::{AttemptRow, Key, LearnRow, Outcome, Spend};

/// The checksum of everything in an attempt: 16 bytes of blake3 in hexadecimal.
pub(crate) fn of_attempt(row: &AttemptRow) -> String {
    let mut sum = Sum::new("attempt");
    sum.key(&row.key);
    sum.texts([&row.digest, &row.policy, &row.judge]);
    sum.word(u64::from(row.evaluation));
    sum.spend(&row.spend);
    sum.number(row.judge_seconds);
    sum.word(row.asks.len() as u64);
    sum.texts(&row.asks);
    sum.word(row.samples.len() as u64);
    for sample in &row.samples {
        sum.word(u64::from(sample.ask));
        sum.word(u64::from(sample.attempt));
        let answer = &sample.answer;
        sum.texts([&answer.json, &answer.text]);
        sum.bytes(&ids_to_bytes(&answer.prompt_tokens));
        sum.bytes(&ids_to_bytes(&answer.tokens));
        sum.bytes(&floats_to_bytes(&answer.logprobs));
        sum.bytes(&floats_to_bytes(&answer.policy_logprobs));
        match &sample.verdict.outcome {
            Outcome::Score { score } => sum.number(*score),
            Outcome::Abstain { reason } => sum.texts([reason]),
            Outcome::Error { reason, seconds } => {
                sum.texts([reason]);
                sum.number(*seconds);
            }
        }
        sum.numbers(&sample.verdict.detail);
    }
    sum.finish()
}

/// The checksum of everything in a learning step.
pub(crate) fn of_learn(row: &LearnRow) -> String {
    let mut sum = Sum::new("learn");
    sum.key(&row.key);
    sum.texts([&row.digest]);
    sum.spend(&row.spend);
    sum.numbers(&row.metrics);
    sum.word(row.files.len() as u64);
    for (name, blob) in &row.files {
        sum.texts([name, &blob.0]);
    }
    sum.finish()
}

/// A hash over length-prefixed fields.
struct Sum(blake3::Hasher);

impl Sum {
    fn new(label: &str) -> Sum {
        let mut sum = Sum(blake3::Hasher::new());
        sum.bytes(label.as_bytes());
        sum
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        self.0.update(bytes);
    }

    fn word(&mut self, word: u64) {
        self.0.update(&word.to_le_bytes());
    }

    fn number(&mut self, x: f64) {
        self.word(x.to_bits());
    }

    fn texts<'a>(&mut self, texts: impl IntoIterator<Item = &'a String>) {
        for text in texts {
            self.bytes(text.as_bytes());
        }
    }

    fn numbers(&mut self, named: &[(String, f64)]) {
        self.word(named.len() as u64);
        for (name, value) in named {
            self.bytes(name.as_bytes());
            self.number(*value);
        }
    }

    fn key(&mut self, key: &Key) {
        self.texts([&key.stage]);
        for n in [key.round, key.occurrence, key.part] {
            self.word(u64::from(n));
        }
    }

    fn spend(&mut self, spend: &Spend) {
        for n in [spend.sampled_tokens, spend.scored_tokens, spend.trained_tokens, spend.judge_calls] {
            self.word(n);
        }
        self.number(spend.seconds);
        // Phases that cost no money keep the checksum that they had before money was counted.
        if spend.cost.to_bits() != 0 {
            self.number(spend.cost);
        }
    }

    fn finish(&self) -> String {
        self.0.finalize().to_hex()[..32].to_owned()
    }
}
