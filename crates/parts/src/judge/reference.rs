//! How far each answer is from what a frozen reference model would have said.

use crate::learn::row_of;
use autodidact_core::chat::{Chat, Completion};
use autodidact_core::{Ask, Judge, Judged, Result};
use autodidact_lm::{Model, Scorer};
use std::sync::{Mutex, PoisonError};

/// A judge whose verdicts also say, as the part `log_ratio`, the log-probability of the sampled
/// tokens under the policy less that under the reference, in nats.
///
/// The policy's share comes from the answer itself, which keeps what it was sampled with.
pub struct Reference {
    inner: Box<dyn Judge<Chat>>,
    model: Model,
    scorer: Mutex<Scorer>,
}

impl Reference {
    /// Compares with `model` as it is now; later changes of the original do not matter.
    pub fn of(inner: Box<dyn Judge<Chat>>, model: &Model) -> Result<Reference> {
        let frozen = Model::new(model.config().clone(), model.weights().clone())?;
        let scorer = Mutex::new(Scorer::new(&frozen));
        Ok(Reference { inner, model: frozen, scorer })
    }
}

impl Judge<Chat> for Reference {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        let mut judged = self.inner.judge(asks, answers)?;
        let rows: Vec<_> = answers.iter().flatten().map(|answer| row_of(answer, 0.0)).collect();
        let scored = {
            let mut scorer = self.scorer.lock().unwrap_or_else(PoisonError::into_inner);
            scorer.score(&rows)?
        };
        let mut own = answers.iter().flatten().zip(&rows).zip(scored);
        for verdict in judged.verdicts.iter_mut().flatten() {
            let Some(((answer, row), scored)) = own.next() else { break };
            let policy: f64 = answer.logprobs[answer.given as usize..].iter().map(|&lp| f64::from(lp)).sum();
            let weighted = row.weight.iter().zip(&scored.logprob);
            let reference: f64 = weighted.filter(|(w, _)| **w != 0.0).map(|(_, &lp)| f64::from(lp)).sum();
            verdict.detail.push(("log_ratio".to_owned(), policy - reference));
        }
        judged.spend.scored_tokens += rows.iter().map(|row| row.tokens.len() as u64).sum::<u64>();
        Ok(judged)
    }

    fn name(&self) -> String {
        format!("{} against {}", self.inner.name(), self.model.version())
    }
}
