//! Preference learning: of two answers to one question the better one becomes likelier than it was
//! under a frozen reference.
//!
//! The learner makes pairs of judged tries ([`Pairs`]), scores both answers of each once under the
//! reference, and takes optimiser steps down [`Preference`] on shuffled batches of pairs.

use super::pairs::Pairs;
use super::rows::{Amount, Batch, in_tokens, plan, row_of};
use super::tuner::{Restart, TuneConfig, Tuner};
use autodidact_core::chat::Chat;
use autodidact_core::{Error, Group, Learn, Lesson, Result, Seed, Snapshot};
use autodidact_lm::{AdamW, Lm, Scorer};
use autodidact_math::Row;
use autodidact_math::preference::{LogRatio, PairLoss, Preference, Terms, logprob};
use autodidact_math::schedule::Schedule;
use serde::{Deserialize, Serialize};

/// Settings of [`Prefer`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PreferConfig {
    /// Which tries make a pair.
    pub pairs: Pairs,
    /// What the gap between the two costs.
    pub loss: PairLoss,
    /// What the log-ratio of an answer is.
    pub ratio: LogRatio,
    /// Weight of the chosen answer's likelihood beside it.
    pub sft: f64,
    /// Weight of XPO's optimism: the rejected answer's log-likelihood is pushed down.
    pub optimism: f64,
    /// Which weights are the reference.
    pub reference: Reference,
    /// Peak learning rate.
    pub lr: f64,
    /// Its course.
    pub schedule: Schedule,
    /// Steps that an inherited schedule spans; 0 spans each lesson by itself.
    pub horizon: u64,
    /// How much a lesson trains.
    pub amount: Amount,
    /// How large an update is; its rows are pairs.
    pub batch: Batch,
    /// The optimiser.
    pub optimizer: AdamW,
    /// Where each lesson starts from.
    pub restart: Restart,
}

/// Which weights the log-ratios are taken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reference {
    /// Those that each lesson starts from.
    #[default]
    Lesson,
    /// Those that the learner was made around.
    Base,
}

impl Default for PreferConfig {
    fn default() -> PreferConfig {
        PreferConfig {
            pairs: Pairs::default(),
            loss: PairLoss::default(),
            ratio: LogRatio::default(),
            sft: 0.0,
            optimism: 0.0,
            reference: Reference::default(),
            lr: 1e-6,
            schedule: Schedule::default(),
            horizon: 0,
            amount: Amount::Epochs { epochs: 1 },
            batch: Batch::Rows { rows: 64 },
            optimizer: AdamW::default(),
            restart: Restart::Weights,
        }
    }
}

impl PreferConfig {
    /// Fails on settings that cannot work, naming the field below `prefer`.
    pub fn check(&self) -> Result<()> {
        let named = |error| match error {
            Error::Invalid { field, rule, found } => {
                let field = field.strip_prefix("sft.").map_or(field.clone(), str::to_owned);
                Error::Invalid { field: format!("prefer.{field}"), rule, found }
            }
            other => other,
        };
        self.tune().check().map_err(named)?;
        self.amount.check().map_err(named)?;
        self.batch.check().map_err(named)?;
        self.pairs.check().map_err(named)?;
        if !self.loss.is_valid() {
            let rule = "a beta above 0 and a smoothing in [0, 0.5)";
            return Err(Error::invalid("prefer.loss", rule, format!("{:?}", self.loss)));
        }
        for (field, weight) in [("prefer.sft", self.sft), ("prefer.optimism", self.optimism)] {
            if !(weight >= 0.0 && weight.is_finite()) {
                return Err(Error::invalid(field, "at least 0 and finite", weight));
            }
        }
        Ok(())
    }

    /// The part that says how weights move.
    pub fn tune(&self) -> TuneConfig {
        TuneConfig {
            lr: self.lr,
            schedule: self.schedule,
            horizon: self.horizon,
            optimizer: self.optimizer.clone(),
            restart: self.restart,
            lora: None,
        }
    }

    /// The loss without its pairs.
    pub fn terms(&self) -> Terms {
        Terms { loss: self.loss, ratio: self.ratio, sft: self.sft, optimism: self.optimism }
    }
}

/// Fine-tunes a language model on which of two answers is better.
///
/// A pair of equal answers, or with one that has no tokens, teaches nothing and is left out. Reports, beside what every learner does, the
/// implicit rewards under TRL's names, averaged over the pairs of the lesson as they were trained on.
pub struct Prefer {
    tuner: Tuner,
    config: PreferConfig,
    /// The model of [`Reference::Base`].
    base: Option<Lm>,
}

/// The pairs of a lesson: rows and reference log-probabilities two a pair, the chosen one first.
struct Lessons {
    rows: Vec<Row>,
    references: Vec<f64>,
    margins: Vec<f64>,
}

/// Sums over the pairs that were trained on.
#[derive(Default)]
struct Rewards {
    pairs: usize,
    chosen: f64,
    rejected: f64,
    right: usize,
    logps: [f64; 2],
}

impl Prefer {
    /// A learner of the weights that `lm` shares with its clones.
    pub fn around(lm: &Lm, config: &PreferConfig) -> Result<Prefer> {
        config.check()?;
        let tuner = Tuner::around(lm, config.tune())?;
        let base = match config.reference {
            Reference::Lesson => None,
            Reference::Base => Some(lm.detached()?),
        };
        Ok(Prefer { tuner, config: config.clone(), base })
    }

    /// The rows of all pairs and their margins, before the reference has seen them.
    fn lessons(&self, groups: &[Group<Chat>]) -> Result<Lessons> {
        let (mut rows, mut margins) = (Vec::new(), Vec::new());
        for pair in self.config.pairs.of(groups) {
            let group = &groups[pair.group];
            let row = |place: usize| -> Result<Row> {
                let answer = in_tokens(self.tuner.lm(), &group.ask.query, &group.tries[place].answer)?;
                Ok(row_of(&answer, 0.0))
            };
            let (chosen, rejected) = (row(pair.chosen)?, row(pair.rejected)?);
            let empty = [&chosen, &rejected].iter().any(|row| row.weight.iter().all(|&weight| weight == 0.0));
            if chosen != rejected && !empty {
                rows.extend([chosen, rejected]);
                margins.push(pair.margin);
            }
        }
        Ok(Lessons { rows, references: Vec::new(), margins })
    }
}

impl Learn<Chat> for Prefer {
    fn learn(&mut self, groups: &[Group<Chat>], seed: Seed) -> Result<Lesson> {
        let mut lessons = self.lessons(groups)?;
        let lengths: Vec<usize> =
            lessons.rows.chunks(2).map(|pair| pair.iter().map(|row| row.tokens.len()).sum()).collect();
        let updates = plan(&lengths, self.config.amount, self.config.batch, seed);
        self.tuner.begin(updates.len() as u64)?;

        let reference = self.base.as_ref().unwrap_or(self.tuner.lm());
        let scored = Scorer::new(reference.model()).score(&lessons.rows)?;
        lessons.references = lessons.rows.iter().zip(&scored).map(|(row, one)| logprob(row, one)).collect();

        let mut rewards = Rewards::default();
        for update in &updates {
            let places = || update.iter().flat_map(|pair| [2 * pair, 2 * pair + 1]);
            let batch: Vec<Row> = places().map(|i| lessons.rows[i].clone()).collect();
            let references = places().map(|i| lessons.references[i]).collect();
            let margins = update.iter().map(|&pair| lessons.margins[pair]).collect();
            let objective = Preference::of(self.config.terms(), references, margins)
                .expect("the settings were checked and every pair has two rows");
            let pulled = self.tuner.measured(&batch, &objective)?;
            rewards.add(&batch, &pulled.scored, &objective);
        }
        let mut lesson = self.tuner.finish();
        lesson.spend.scored_tokens += lengths.iter().sum::<usize>() as u64;
        let metrics = &mut lesson.metrics;
        metrics.push("num_pairs", lengths.len() as f64);
        rewards.report(metrics);
        Ok(lesson)
    }

    fn save(&self) -> Result<Snapshot> {
        self.tuner.save()
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.tuner.restore(snapshot)
    }
}

impl Rewards {
    fn add(&mut self, rows: &[Row], scored: &[autodidact_math::Scored], objective: &Preference) {
        for (pair, rewards) in objective.rewards(rows, scored).chunks(2).enumerate() {
            self.pairs += 1;
            self.chosen += rewards[0];
            self.rejected += rewards[1];
            self.right += usize::from(rewards[0] > rewards[1]);
            for (side, logps) in self.logps.iter_mut().enumerate() {
                *logps += logprob(&rows[2 * pair + side], &scored[2 * pair + side]);
            }
        }
    }

    fn report(&self, metrics: &mut autodidact_core::Metrics) {
        if self.pairs == 0 {
            return;
        }
        let mean = |sum: f64| sum / self.pairs as f64;
        metrics.push("rewards/chosen", mean(self.chosen));
        metrics.push("rewards/rejected", mean(self.rejected));
        metrics.push("rewards/margins", mean(self.chosen - self.rejected));
        metrics.push("rewards/accuracies", mean(self.right as f64));
        metrics.push("logps/chosen", mean(self.logps[0]));
        metrics.push("logps/rejected", mean(self.logps[1]));
    }
}

#[cfg(test)]
mod tests;
