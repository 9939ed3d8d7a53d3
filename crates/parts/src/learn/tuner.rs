//! What all learners of a language model share: the optimiser's steps, their schedule, restarts and
//! the state that makes a run resumable.

use autodidact_core::{Error, Lesson, Metrics, Result, Seed, Snapshot, Spend};
use autodidact_lm::{AdamW, Adapter, Dtype, Lm, LoraConfig, Pulled, Trainer};
use autodidact_math::schedule::Schedule;
use autodidact_math::{Objective, Row};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How weights move.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TuneConfig {
    /// Peak learning rate.
    pub lr: f64,
    /// Its course.
    pub schedule: Schedule,
    /// Steps that the schedule spans. 0 spans each lesson by itself, which only makes sense where
    /// lessons do not inherit it.
    pub horizon: u64,
    /// The optimiser.
    pub optimizer: AdamW,
    /// Where each lesson starts from.
    pub restart: Restart,
    /// Adapters to train in the place of all weights; they are merged into the model after every step. A
    /// lesson that does not inherit the optimiser begins with fresh ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lora: Option<LoraConfig>,
}

/// Where each lesson starts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// From the last one's weights, optimiser state and place in the schedule.
    #[default]
    Inherit,
    /// From the last one's weights, with a fresh optimiser and schedule.
    Weights,
    /// From the weights the learner began with, with a fresh optimiser and schedule.
    Base,
}

impl Default for TuneConfig {
    fn default() -> TuneConfig {
        TuneConfig {
            lr: 1e-4,
            schedule: Schedule::default(),
            horizon: 0,
            optimizer: AdamW::default(),
            restart: Restart::Inherit,
            lora: None,
        }
    }
}

impl TuneConfig {
    /// Fails on settings that cannot work.
    pub fn check(&self) -> Result<()> {
        if !(self.lr > 0.0 && self.lr.is_finite()) {
            return Err(Error::invalid("lr", "above 0 and finite", self.lr));
        }
        if !(0.0..=1.0).contains(&self.schedule.floor) {
            return Err(Error::invalid("schedule.floor", "between 0 and 1", self.schedule.floor));
        }
        if self.horizon > 0 && self.schedule.warmup >= self.horizon {
            let rule = format!("below horizon = {}", self.horizon);
            return Err(Error::invalid("schedule.warmup", rule, self.schedule.warmup));
        }
        if let Some(lora) = &self.lora {
            lora.check()?;
        }
        Ok(self.optimizer.check()?)
    }
}

/// A language model under training, between lessons and within one.
pub struct Tuner {
    lm: Lm,
    config: TuneConfig,
    trainer: Trainer,
    /// The weights at the beginning, kept only where lessons restart from them.
    base: Option<Vec<f32>>,
    /// Steps taken in the current schedule.
    step: u64,
    /// Steps that the current schedule spans.
    span: u64,
    tally: Tally,
}

#[derive(Clone, Debug, Default)]
struct Tally {
    loss: f64,
    grad_norm: f64,
    entropy: f64,
    rate: f64,
    updates: u64,
    targets: u64,
    rows: u64,
    tokens: u64,
    gap_sum: f64,
    gap_max: f64,
    gap_targets: u64,
    scored_tokens: u64,
}

/// What a learner keeps besides weights and the optimiser's state.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Counters {
    step: u64,
    span: u64,
}

const COUNTERS_FILE: &str = "learner.json";
const ADAPTER_FILE: &str = "adapter_model.safetensors";
const OPTIMIZER_FILE: &str = "optimizer.safetensors";
const WEIGHTS_FILE: &str = "model.safetensors";

impl Tuner {
    /// Trains the weights that `lm` shares with everyone who holds a clone of it.
    pub fn around(lm: &Lm, config: TuneConfig) -> Result<Tuner> {
        config.check()?;
        let trainer = trainer(lm, &config)?;
        let base = (config.restart == Restart::Base).then(|| lm.model().weights().clone());
        Ok(Tuner { lm: lm.clone(), config, trainer, base, step: 0, span: 0, tally: Tally::default() })
    }

    /// The model under training.
    pub fn lm(&self) -> &Lm {
        &self.lm
    }

    /// Compares what the sampler said of these rows with what the learner says now: call it before
    /// [`Tuner::begin`], on rows that the current weights answered. `sampler[i]` has one
    /// log-probability a target of non-zero weight of `rows[i]`.
    pub fn compare(&mut self, rows: &[Row], sampler: &[Vec<f32>]) -> Result<()> {
        let scored = self.trainer.score(rows)?;
        for ((row, scored), sampler) in rows.iter().zip(scored).zip(sampler) {
            let targets = row.weight.iter().zip(&scored.logprob).filter(|(w, _)| **w != 0.0);
            for ((_, learner), sampler) in targets.zip(sampler) {
                let gap = f64::from((learner - sampler).abs());
                self.tally.gap_sum += gap;
                self.tally.gap_max = self.tally.gap_max.max(gap);
                self.tally.gap_targets += 1;
            }
            self.tally.scored_tokens += row.tokens.len() as u64;
        }
        Ok(())
    }

    /// Begins a lesson of `steps` updates where the settings say lessons start.
    pub fn begin(&mut self, steps: u64) -> Result<()> {
        if self.config.restart != Restart::Inherit {
            if let Some(base) = &self.base {
                self.lm.model().update(|weights| weights.copy_from_slice(base));
            }
            self.trainer = trainer(&self.lm, &self.config)?;
            self.step = 0;
        }
        if let Some(work) = self.lm.work() {
            work.plan_steps(steps);
        }
        self.span = match self.config.horizon {
            0 => self.step + steps,
            horizon => horizon,
        };
        Ok(())
    }

    /// One optimiser step down `objective` on `rows`, whose weights carry the normaliser.
    pub fn update(&mut self, rows: &[Row], objective: &dyn Objective) -> Result<()> {
        self.measured(rows, objective).map(drop)
    }

    /// The same, with what was measured of the rows before the step.
    pub fn measured(&mut self, rows: &[Row], objective: &dyn Objective) -> Result<Pulled> {
        let pulled = self.trainer.pull(rows, objective)?;
        if let Some(work) = self.lm.work() {
            work.add_tokens(pulled.tokens);
            work.add_step();
        }
        let tally = &mut self.tally;
        for (row, scored) in rows.iter().zip(&pulled.scored) {
            let targets = row.weight.iter().zip(&scored.entropy).filter(|(w, _)| **w != 0.0);
            tally.entropy += targets.map(|(_, &entropy)| f64::from(entropy)).sum::<f64>();
        }
        tally.loss += pulled.loss;
        tally.targets += pulled.targets as u64;
        tally.tokens += pulled.tokens;
        tally.rows += rows.len() as u64;
        if pulled.targets == 0 {
            return Ok(pulled);
        }
        let rate = self.config.schedule.rate(self.config.lr, self.step, self.span);
        let report = self.trainer.step(rate)?;
        self.step += 1;
        let tally = &mut self.tally;
        tally.updates += 1;
        tally.grad_norm += report.grad_norm;
        tally.rate = rate;
        Ok(pulled)
    }

    /// Ends the lesson: its numbers and what it spent.
    pub fn finish(&mut self) -> Lesson {
        let tally = std::mem::take(&mut self.tally);
        let mut metrics = Metrics::default();
        let updates = tally.updates.max(1) as f64;
        if tally.updates > 0 {
            metrics.push("loss", tally.loss / updates);
            metrics.push("grad_norm", tally.grad_norm / updates);
            metrics.push("learning_rate", tally.rate);
            metrics.push("entropy", tally.entropy / tally.targets.max(1) as f64);
        }
        metrics.push("num_tokens", tally.tokens as f64);
        metrics.push("num_targets", tally.targets as f64);
        metrics.push("num_rows", tally.rows as f64);
        metrics.push("optimizer_steps", tally.updates as f64);
        if tally.gap_targets > 0 {
            metrics.push("logprob_gap_mean", tally.gap_sum / tally.gap_targets as f64);
            metrics.push("logprob_gap_max", tally.gap_max);
        }
        let spend =
            Spend { trained_tokens: tally.tokens, scored_tokens: tally.scored_tokens, ..Spend::default() };
        Lesson { metrics, spend }
    }

    /// The checkpoint in the Hugging Face layout, the optimiser's state and the counters.
    pub fn save(&self) -> Result<Snapshot> {
        let mut files = self.lm.files(Dtype::F32);
        // Only a learner that goes on with its adapters needs them besides the merged weights.
        if self.config.restart == Restart::Inherit
            && let Some(adapter) = self.trainer.adapter()
        {
            files.extend(adapter.save_files(None, Dtype::F32));
        }
        files.push((OPTIMIZER_FILE.to_owned(), self.trainer.save_optimizer()));
        let counters = serde_json::to_vec(&Counters { step: self.step, span: self.span })
            .map_err(|source| Error::Recorded { what: "learner's counters", source })?;
        files.push((COUNTERS_FILE.to_owned(), counters));
        files.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Snapshot { files })
    }

    /// Puts back what [`Tuner::save`] gave, bit for bit.
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        let counters: Counters = serde_json::from_slice(file(snapshot, COUNTERS_FILE)?)
            .map_err(|source| Error::Recorded { what: "learner's counters", source })?;
        self.trainer.restore_optimizer(file(snapshot, OPTIMIZER_FILE)?)?;
        if self.config.restart == Restart::Inherit && self.trainer.adapter().is_some() {
            self.trainer.restore_adapter(file(snapshot, ADAPTER_FILE)?)?;
        }
        self.lm.model().load_weights(file(snapshot, WEIGHTS_FILE)?)?;
        self.trainer.forget();
        (self.step, self.span) = (counters.step, counters.span);
        self.tally = Tally::default();
        Ok(())
    }
}

/// A trainer of all weights, or of fresh adapters on the weights as they are. Their first factors are drawn
/// from one fixed stream, so that a resumed lesson begins as it began.
fn trainer(lm: &Lm, config: &TuneConfig) -> Result<Trainer> {
    let optimizer = config.optimizer.clone();
    Ok(match &config.lora {
        None => Trainer::new(lm.model(), optimizer)?,
        Some(lora) => {
            let adapter = Adapter::new(lm.model(), lora.clone(), Seed::root(0).at("adapters", 0))?;
            Trainer::adapted(lm.model(), adapter, optimizer)?
        }
    })
}

fn file<'a>(snapshot: &'a Snapshot, name: &str) -> Result<&'a [u8]> {
    snapshot.file(name).ok_or_else(|| Error::Data {
        path: PathBuf::from(name),
        rule: "a learner's snapshot holds this file".to_owned(),
        found: format!(
            "it has {}",
            snapshot.files.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
        ),
    })
}
