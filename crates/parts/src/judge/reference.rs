//! How far each answer is from what a frozen reference model would have said.

use autodidact_core::chat::{Chat, Completion};
use autodidact_core::{Ask, Judge, Judged, Result};
use autodidact_lm::{Lm, Model};

/// A judge whose verdicts also say, as the part `log_ratio`, the log-probability of the sampled
/// tokens under the policy less that under the reference, in nats.
///
/// The policy's share comes from the answer itself, which keeps what it was sampled with. The
/// reference is scored on the sampler's own path, so that the ratio of a model to itself is zero to
/// the bit.
pub struct Reference {
    inner: Box<dyn Judge<Chat>>,
    frozen: Lm,
}

impl Reference {
    /// Compares with `lm` as it is now; later changes of the original do not matter.
    pub fn of(inner: Box<dyn Judge<Chat>>, lm: &Lm) -> Result<Reference> {
        let weights = lm.model().weights().clone();
        let model = Model::new(lm.model().config().clone(), weights)?;
        Ok(Reference { inner, frozen: Lm::new(model, lm.tokenizer().clone()) })
    }
}

impl Judge<Chat> for Reference {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        let mut judged = self.inner.judge(asks, answers)?;
        let all = || answers.iter().flatten();
        let sequences: Vec<Vec<u32>> =
            all().map(|answer| [&answer.prompt[..], &answer.tokens[..]].concat()).collect();
        let scored = self.frozen.score(&sequences)?;
        for ((verdict, answer), scored) in judged.verdicts.iter_mut().flatten().zip(all()).zip(&scored) {
            let own = &answer.logprobs[answer.given as usize..];
            let reference = &scored[scored.len() - own.len()..];
            let ratio = own.iter().zip(reference).map(|(a, b)| f64::from(*a) - f64::from(*b)).sum();
            verdict.detail.push(("log_ratio".to_owned(), ratio));
        }
        judged.spend.scored_tokens += sequences.iter().map(|tokens| tokens.len() as u64).sum::<u64>();
        Ok(judged)
    }

    fn name(&self) -> String {
        format!("{} against {}", self.inner.name(), self.frozen.model().version())
    }
}
