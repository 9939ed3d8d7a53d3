//! Our side of the comparison: one training step, one batch of answers, memory of a fresh process.

use super::shapes::Shape;
use crate::error::{CommandError, Kind, Result};
use crate::machine;
use autodidact_lm::{AdamW, Trainer};
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
