//! REINFORCE with a leave-one-out baseline: what RAFT is compared with.

use autodidact_core::chat::Chat;
use autodidact_core::{Group, Learn, Lesson, Result, Seed, Snapshot};
use autodidact_lm::Lm;
use autodidact_math::Row;
use autodidact_math::sft::MaskedNll;
use autodidact_parts::learn::{Amount, Batch, TuneConfig, Tuner, plan, row_of};

/// Learns from every answer in proportion to its score less the mean score of the other answers to the
/// same prompt. Each round's answers are used once, in updates of `rows` answers.
pub struct Reinforce {
    tuner: Tuner,
    rows: u32,
}

impl Reinforce {
    /// A learner of the weights that `lm` shares with its clones.
    pub fn around(lm: &Lm, tune: TuneConfig, rows: u32) -> Result<Reinforce> {
        Ok(Reinforce { tuner: Tuner::around(lm, tune)?, rows })
    }
}

impl Learn<Chat> for Reinforce {
    fn learn(&mut self, groups: &[Group<Chat>], seed: Seed) -> Result<Lesson> {
        let rows: Vec<(Row, f64)> = groups.iter().flat_map(weighted).collect();
        let lengths: Vec<usize> = rows.iter().map(|(row, _)| row.tokens.len()).collect();
        let updates = plan(&lengths, Amount::Epochs { epochs: 1 }, Batch::Rows { rows: self.rows }, seed);
        self.tuner.begin(updates.len() as u64)?;
        for update in updates {
            let share = 1.0 / update.len() as f64;
            let batch: Vec<Row> = update
                .iter()
                .map(|&i| {
                    let (row, advantage) = &rows[i];
                    let scale = (advantage * share) as f32;
                    Row { tokens: row.tokens.clone(), weight: row.weight.iter().map(|w| w * scale).collect() }
                })
                .collect();
            self.tuner.update(&batch, &MaskedNll)?;
        }
        Ok(self.tuner.finish())
    }

    fn save(&self) -> Result<Snapshot> {
        self.tuner.save()
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.tuner.restore(snapshot)
    }
}

/// Each scored answer as a row with its advantage; the log-probability of a whole answer counts, as the
/// estimator asks.
fn weighted(group: &Group<Chat>) -> Vec<(Row, f64)> {
    let scored: Vec<(&autodidact_core::Try<Chat>, f64)> =
        group.tries.iter().filter_map(|one| Some((one, one.verdict.value()?))).collect();
    let n = scored.len() as f64;
    let sum: f64 = scored.iter().map(|(_, score)| score).sum();
    if scored.len() < 2 {
        return Vec::new();
    }
    let advantage = |score: f64| score - (sum - score) / (n - 1.0);
    scored.into_iter().map(|(one, score)| (row_of(&one.answer, 0.0), advantage(score))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::chat::{Completion, Prompt, Sampling};
    use autodidact_core::{Ask, Try, Verdict};

    #[test]
    fn advantages_are_scores_less_the_others_mean_and_sum_to_zero() {
        let one = |score| Try {
            answer: Completion { prompt: vec![1], tokens: vec![2], ..Completion::default() },
            verdict: Verdict::score(score),
        };
        let tries = vec![one(1.0), one(2.0), one(6.0)];
        let ask = Ask { query: Prompt::text("q", "?"), knobs: Sampling::default(), tries: 3 };
        let advantages: Vec<f64> = weighted(&Group { ask, tries }).into_iter().map(|(_, a)| a).collect();
        assert_eq!(advantages, [-3.0, -1.5, 4.5]); // 1 - 4, 2 - 3.5, 6 - 1.5
    }
}
