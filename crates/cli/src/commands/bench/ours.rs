//! Our side of the comparison: one training step, one batch of answers, memory of a fresh process.

use super::shapes::{NEW_TOKENS, Shape};
use crate::error::{CommandError, Kind, Result};
use crate::machine;
use autodidact_core::Seed;
use autodidact_core::chat::Sampling;
use autodidact_lm::{AdamW, Job, Sampler, Tokenizer, Trainer};
use autodidact_math::Row;
use autodidact_math::sft::MaskedNll;
use std::process::{Command, Stdio};
use std::time::Instant;

/// The learning rate of the measured steps, ours and the peer's.
pub const RATE: f64 = 1e-4;

/// A model in training.
pub struct Trainee {
    trainer: Trainer,
    rows: Vec<Row>,
}

impl Trainee {
    /// A model of this shape at its first step, with its batch.
    pub fn new(shape: Shape) -> Result<Trainee> {
        Ok(Trainee { trainer: Trainer::new(&shape.model()?, AdamW::default())?, rows: shape.batch() })
    }

    /// The batch it trains on.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// One step; its seconds and its loss.
    pub fn step(&mut self) -> Result<(f64, f64)> {
        let started = Instant::now();
        let pulled = self.trainer.pull(&self.rows, &MaskedNll)?;
        self.trainer.step(RATE)?;
        Ok((started.elapsed().as_secs_f64(), pulled.loss))
    }
}

/// The seconds that answering `prompts` once takes, every answer at full length.
pub fn answer(sampler: &Sampler, prompts: &[Vec<u32>], seed: u64) -> Result<f64> {
    let settings = Sampling { max_tokens: NEW_TOKENS as u32, ..Sampling::default() };
    let tokenizer = Tokenizer::bytes();
    let seeds: Vec<Seed> = (0..prompts.len()).map(|i| Seed::root(seed).at("prompt", i as u64)).collect();
    let jobs: Vec<Job<'_>> = prompts
        .iter()
        .zip(&seeds)
        .map(|(prompt, &seed)| Job {
            prompt,
            given: &[],
            settings: &settings,
            limit: NEW_TOKENS,
            seed,
            tries: 1,
        })
        .collect();
    let started = Instant::now();
    let drafts = sampler.sample(&jobs, &[], &tokenizer, None)?;
    let seconds = started.elapsed().as_secs_f64();
    match drafts.iter().flatten().find(|draft| draft.tokens.len() != NEW_TOKENS) {
        None => Ok(seconds),
        Some(draft) => {
            let message = format!("an answer has {} tokens instead of {NEW_TOKENS}", draft.tokens.len());
            Err(CommandError::new(Kind::Failed, message))
        }
    }
}

/// Trains for three steps and prints the most memory this process ever held, in bytes: what the
/// fresh process of [`memory`] does.
pub fn print_memory(shape: Shape, context: &crate::context::Context) -> Result<()> {
    let mut trainee = Trainee::new(shape)?;
    for _ in 0..3 {
        trainee.step()?;
    }
    context.shell.out(&format!("{}\n", machine::peak_memory().unwrap_or(0)))
}

/// The peak memory of a fresh process that trains for three steps; `None` where the system does
/// not say.
pub fn memory(shape: Shape, threads: usize) -> Result<Option<u64>> {
    let failed =
        |message: String| CommandError::new(Kind::Failed, format_args!("measuring memory: {message}"));
    let program = std::env::current_exe().map_err(|error| failed(error.to_string()))?;
    let output = Command::new(program)
        .args(["bench", "--memory-of", shape.name(), "--threads", &threads.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| failed(error.to_string()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.trim().parse::<u64>() {
        Ok(0) => Ok(None),
        Ok(bytes) if output.status.success() => Ok(Some(bytes)),
        _ => Err(failed(format!("the fresh process ended with {}", output.status))),
    }
}
