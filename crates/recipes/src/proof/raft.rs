//! The proof of RAFT: the power law on a table, more tries for more reward on a language model, what the
//! discard rule is for, and what a noisy proxy does.
//!
//! The world is made of synthetic sentences; the reward counts distinct colour words and punishes
//! lengths other than twelve words. One small transformer is trained on the sentences for each seed and
//! every arm starts from a copy of it.

mod faults;
mod reinforce;
mod sweep;
mod table;
mod tabular;

use super::{Proof, ProofOptions, ProofReport, Scale, lab};
use crate::raft::Raft;
use crate::watch::WatchConfig;
use autodidact_core::chat::Sampling;
use autodidact_core::{Result, Seed, Split};
use autodidact_lm::Lm;
use autodidact_math::Row;
use autodidact_math::schedule::{Schedule, Shape as Course};
use autodidact_parts::evaluate::Evaluation;
use autodidact_parts::learn::{Amount, Batch, Restart, SftConfig};
use autodidact_parts::task::colours::{Colours, Sentence};
use autodidact_parts::{OpenTask, Shape, TaskConfig};

/// The proof.
pub const PROOF: Proof = Proof {
    id: "raft",
    about: "best-of-K fine-tuning: the power law, K, KL in the ranking, the discard rule, a noisy proxy",
    run,
};

/// The sizes of the experiment.
struct Size {
    shape: Shape,
    warm_steps: u64,
    rounds: u32,
    prompts: u32,
    tries: Vec<u32>,
    held_out: (usize, u32),
}

impl Size {
    fn of(scale: Scale) -> Size {
        let shape =
            Shape { hidden_size: 64, layers: 2, heads: 4, kv_heads: 2, intermediate_size: 192, context: 192 };
        match scale {
            Scale::Full => {
                let tries = vec![2, 4, 8, 16];
                Size { shape, warm_steps: 500, rounds: 8, prompts: 192, tries, held_out: (128, 4) }
            }
            Scale::Quick => {
                let shape = Shape { hidden_size: 32, layers: 1, intermediate_size: 64, ..shape };
                let tries = vec![2, 4];
                Size { shape, warm_steps: 40, rounds: 2, prompts: 16, tries, held_out: (8, 2) }
            }
        }
    }
}

fn run(options: &ProofOptions<'_>) -> Result<ProofReport> {
    let size = Size::of(options.scale);
    let mut report = ProofReport::of("raft", options);
    table::show(options, &mut report);
    let mut sweep = sweep::Sweep::default();
    let mut faults = faults::Faults::default();
    for &seed in &options.seeds {
        let base = warm(&size, seed, options)?;
        sweep.run(&size, &base, seed, options)?;
        faults.run(&size, &base, seed, options)?;
    }
    sweep.report(&size, &mut report);
    faults.report(&mut report);
    report.notes.push(format!(
        "the model has {} weights instead of half a million, and b = {} instead of 256",
        autodidact_lm::Layout::of(&size.shape.config(&autodidact_lm::Tokenizer::bytes())?).len,
        size.prompts
    ));
    report.notes.push(
        "REINFORCE learns at 1e-4, the only one of 1e-4, 3e-4 and 1e-3 at which it does not collapse; RAFT at 1e-3"
            .to_owned(),
    );
    report.notes.push("the colours are ten, the sentences of one to three things".to_owned());
    Ok(report)
}

/// A model of the world's sentences.
fn warm(size: &Size, seed: u64, options: &ProofOptions<'_>) -> Result<Lm> {
    let lm = lab::fresh(size.shape, seed)?;
    let stream = Seed::root(seed).at("sentences", 0);
    lab::train(&lm, 3e-3, size.warm_steps, options, |step| {
        Ok(sentences(Split::Train, stream, step * 64, 64))
    })?;
    Ok(lm)
}

/// Rows `from..from + n` of the stream of sentences.
fn sentences(split: Split, stream: Seed, from: u64, n: u64) -> Vec<Row> {
    (from..from + n).map(|index| Sentence::row(split, stream, index).tokens()).collect()
}

/// The recipe as every arm of the proof begins with it.
fn recipe(size: &Size) -> Raft {
    let silent = Evaluation { problems: 0, ..Evaluation::default() };
    Raft {
        rounds: size.rounds,
        prompts: size.prompts,
        tries: 8,
        sampling: Sampling { max_tokens: 120, ..Sampling::default() },
        sft: SftConfig {
            lr: 1e-3,
            schedule: Schedule { shape: Course::Linear, warmup: 0, floor: 0.0 },
            amount: Amount::Epochs { epochs: 2 },
            batch: Batch::Rows { rows: 32 },
            restart: Restart::Weights,
            ..SftConfig::default()
        },
        watch: WatchConfig { test: silent, ..WatchConfig::default() },
        ..Raft::default()
    }
}

/// The world with these faults.
fn world(colours: Colours) -> Result<OpenTask> {
    TaskConfig::Colours(colours).open()
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::{Silent, Stop};

    #[test]
    fn the_quick_proof_runs_and_its_exact_claims_hold() {
        let options =
            ProofOptions { seeds: vec![0], scale: Scale::Quick, observer: &Silent, stop: Stop::default() };
        let report = run(&options).expect("runs");
        assert!(report.claims[0].met && report.claims[1].met, "{:?}", &report.claims[..2]);
        assert!(report.claims.iter().all(|claim| claim.value.is_finite()), "{:?}", report.claims);
        assert_eq!((report.tables.len(), report.charts.len()), (2, 3));
        let wide =
            |table: &crate::proof::Table| table.rows.iter().all(|row| row.len() == table.columns.len());
        assert!(report.tables.iter().all(wide));
    }
}
