//! Supervised fine-tuning on a model's own kept answers.
//!
//! The learner selects ([`Keep`]), turns what it keeps into rows of token ids with a mask on the
//! sampled tokens, and takes optimiser steps on shuffled batches. Before a lesson it compares the
//! log-probabilities that the sampler recorded with its own, so that a disagreement between the two
//! is seen before it is learned from.

use super::keep::Keep;
use super::replay::Replay;
use super::rows::{Amount, Batch, Weigh, in_tokens, plan, row_of};
use super::tuner::{Restart, TuneConfig, Tuner};
use crate::segments::{Mask, Segments};
use autodidact_core::chat::Chat;
use autodidact_core::{Error, Group, Learn, Lesson, Result, Seed, Snapshot};
use autodidact_lm::{AdamW, Lm, LoraConfig};
use autodidact_math::Row;
use autodidact_math::schedule::Schedule;
use autodidact_math::sft::{MaskedNll, normalise};
use serde::{Deserialize, Serialize};

/// How many kept answers are compared with the sampler before a lesson.
const COMPARED: usize = 64;

/// Settings of [`Sft`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SftConfig {
    /// Peak learning rate.
    pub lr: f64,
    /// Its course.
    pub schedule: Schedule,
    /// Steps that an inherited schedule spans; 0 spans each lesson by itself.
    pub horizon: u64,
    /// How much a lesson trains.
    pub amount: Amount,
    /// How large an update is.
    pub batch: Batch,
    /// What the loss is a mean of.
    pub weigh: Weigh,
    /// The optimiser.
    pub optimizer: AdamW,
    /// Where each lesson starts from.
    pub restart: Restart,
    /// Weight of given tokens, which were not sampled; sampled ones count 1.
    pub given_weight: f32,
    /// Other rows that are mixed into every update.
    pub replay: Replay,
    /// Adapters to train in the place of all weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lora: Option<LoraConfig>,
}

impl Default for SftConfig {
    fn default() -> SftConfig {
        SftConfig {
            lr: 2e-5,
            schedule: Schedule::default(),
            horizon: 0,
            amount: Amount::Epochs { epochs: 2 },
            batch: Batch::Rows { rows: 128 },
            weigh: Weigh::Tokens,
            optimizer: AdamW::default(),
            restart: Restart::Inherit,
            given_weight: 0.0,
            replay: Replay::None,
            lora: None,
        }
    }
}

impl SftConfig {
    /// Fails on settings that cannot work, naming the field below `sft`.
    pub fn check(&self) -> Result<()> {
        self.tune().check().map_err(|error| match error {
            Error::Invalid { field, rule, found } => {
                Error::Invalid { field: format!("sft.{field}"), rule, found }
            }
            other => other,
        })?;
        self.amount.check()?;
        self.batch.check()?;
        self.replay.check()?;
        if !(self.given_weight >= 0.0 && self.given_weight.is_finite()) {
            return Err(Error::invalid("sft.given_weight", "at least 0 and finite", self.given_weight));
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
            lora: self.lora.clone(),
        }
    }
}

/// Fine-tunes a language model on the answers that its rule keeps; an answer whose verdict has a part `weight`
/// counts that much, others 1.
pub struct Sft {
    tuner: Tuner,
    config: SftConfig,
    keep: Keep,
    /// How much the parts of a segmented answer count; without it all of an answer counts the same.
    mask: Option<(Segments, Mask)>,
}

impl Sft {
    /// A learner of the weights that `lm` shares with its clones.
    pub fn around(lm: &Lm, config: &SftConfig, keep: Keep) -> Result<Sft> {
        config.check()?;
        keep.check()?;
        config.replay.fits(lm)?;
        let tuner = Tuner::around(lm, config.tune())?;
        Ok(Sft { tuner, config: config.clone(), keep, mask: None })
    }

    /// The same learner, for which the parts of an answer count as `mask` says. An answer that does not
    /// split counts as it did.
    pub fn masked(self, segments: Segments, mask: Mask) -> Sft {
        Sft { mask: Some((segments, mask)), ..self }
    }

    /// Another rule of selection from now on.
    pub fn keep(&mut self, keep: Keep) -> Result<()> {
        keep.check()?;
        self.keep = keep;
        Ok(())
    }
}

impl Learn<Chat> for Sft {
    fn learn(&mut self, groups: &[Group<Chat>], seed: Seed) -> Result<Lesson> {
        let kept = self.keep.of(groups);
        let lm = self.tuner.lm();
        let answer = |&(g, t): &(usize, usize)| {
            let group: &Group<Chat> = &groups[g];
            in_tokens(lm, &group.ask.query, &group.tries[t].answer)
        };
        let answers: Vec<_> = kept.iter().map(answer).collect::<Result<_>>()?;
        let mut rows: Vec<Row> =
            answers.iter().map(|answer| row_of(answer, self.config.given_weight)).collect();
        if let Some((segments, mask)) = &self.mask {
            for (row, answer) in rows.iter_mut().zip(&answers) {
                mask.apply(segments, lm.tokenizer(), answer, row);
            }
        }

        let own: Vec<usize> = (0..answers.len()).filter(|&i| is_own(&answers[i])).take(COMPARED).collect();
        let compared: Vec<Row> = own.iter().map(|&i| row_of(&answers[i], 0.0)).collect();
        let sampler: Vec<Vec<f32>> =
            own.iter().map(|&i| answers[i].logprobs[answers[i].given as usize..].to_vec()).collect();
        self.tuner.compare(&compared, &sampler)?;

        let weight =
            |&(g, t): &(usize, usize)| groups[g].tries[t].verdict.part("weight").unwrap_or(1.0) as f32;
        let weights: Vec<f32> = kept.iter().map(weight).collect();
        let lengths: Vec<usize> = rows.iter().map(|row| row.tokens.len()).collect();
        let updates = plan(&lengths, self.config.amount, self.config.batch, seed);
        self.tuner.begin(updates.len() as u64)?;
        for (step, update) in updates.iter().enumerate() {
            let mut batch: Vec<Row> = update.iter().map(|&i| rows[i].clone()).collect();
            batch.extend(self.config.replay.rows(batch.len(), seed.at("replay", step as u64))?);
            self.config.weigh.apply(&mut batch);
            scale(&mut batch, update.iter().map(|&i| weights[i]));
            self.tuner.update(&batch, &MaskedNll)?;
        }
        let mut lesson = self.tuner.finish();
        let tries: usize = groups.iter().map(|group| group.tries.len()).sum();
        if tries > 0 {
            lesson.metrics.push("kept_ratio", kept.len() as f64 / tries as f64);
        }
        Ok(lesson)
    }

    fn save(&self) -> Result<Snapshot> {
        self.tuner.save()
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.tuner.restore(snapshot)
    }
}

/// Counts each row as much as its own weight says; the sum over all stays one.
fn scale(batch: &mut [Row], weights: impl Iterator<Item = f32> + Clone) {
    if weights.clone().all(|weight| weight == 1.0) {
        return;
    }
    for (row, by) in batch.iter_mut().zip(weights) {
        row.weight.iter_mut().for_each(|weight| *weight *= by);
    }
    normalise(batch);
}

/// Whether the answer was sampled by a model, so that its log-probabilities mean something; those of
/// reference solutions are left empty.
fn is_own(answer: &autodidact_core::chat::Completion) -> bool {
    answer.sampled() > 0 && answer.logprobs.len() == answer.tokens.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_counts_as_much_as_its_weight_says() {
        let row = |n: usize| Row { tokens: vec![0; n + 1], weight: vec![1.0; n] };
        let weighed = |weigh: Weigh, weights: &[f32]| {
            let mut batch = vec![row(1), row(3)];
            weigh.apply(&mut batch);
            scale(&mut batch, weights.iter().copied());
            batch.iter().map(|row| row.weight.iter().sum::<f32>()).collect::<Vec<f32>>()
        };
        assert_eq!(weighed(Weigh::Tokens, &[1.0, 1.0]), [0.25, 0.75]);
        assert_eq!(weighed(Weigh::Tokens, &[3.0, 1.0]), [0.5, 0.5]); // 3/6 and 3/6
        assert_eq!(weighed(Weigh::Rows, &[3.0, 1.0]), [0.75, 0.25]);
        assert_eq!(weighed(Weigh::Rows, &[0.0, 1.0]), [0.0, 1.0]);
    }
}
