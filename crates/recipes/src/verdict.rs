//! How far a base model's own verdict on its answers can be trusted.

use autodidact_core::chat::Chat;
use autodidact_core::{Error, Group, Result, Run};
use autodidact_lm::Lm;
use autodidact_math::calibration::{auroc, ece};
use autodidact_parts::judge::right;
use autodidact_parts::task::{bytes::BOS, probe};

/// Bins of the calibration error.
const BINS: usize = 10;

/// P(True) of every scored try: `p(y) / (p(y) + p(n))` after the answer and `~`, with whether the
/// try is right, in the order of the tries. The model reads bytes.
pub fn trust(lm: &Lm, groups: &[Group<Chat>]) -> Result<Vec<(f64, bool)>> {
    let mut replies = Vec::new();
    let mut truth = Vec::new();
    for group in groups {
        let problem = group.ask.query.field("text").unwrap_or_default();
        for one in group.tries.iter().filter(|one| one.verdict.value().is_some()) {
            let asked = probe::verdict(problem, &one.answer.text);
            for reply in [b'y', b'n'] {
                let text = asked.bytes().chain([reply]).map(u32::from);
                replies.push([BOS].into_iter().chain(text).collect::<Vec<u32>>());
            }
            truth.push(right(&one.verdict));
        }
    }
    // Answers that ran into the length limit may leave no room for the reply.
    replies.iter_mut().for_each(|tokens| {
        let surplus = tokens.len().saturating_sub(lm.context());
        tokens.drain(..surplus);
    });
    let scored = lm.score(&replies).map_err(Error::part)?;
    let last = |scores: &Vec<f32>| scores.last().map_or(0.0, |logprob| f64::from(*logprob));
    let trust = scored.chunks_exact(2).map(|pair| {
        let (yes, no) = (last(&pair[0]), last(&pair[1]));
        1.0 / (1.0 + (no - yes).exp())
    });
    Ok(trust.zip(truth).collect())
}

/// Notes how well the verdict tells right from wrong and how well it is calibrated.
pub fn note(stage: &str, lm: &Lm, groups: &[Group<Chat>], run: &mut Run<'_>) -> Result<()> {
    let (trust, truth): (Vec<f64>, Vec<bool>) = trust(lm, groups)?.into_iter().unzip();
    if let Some(auroc) = auroc(&trust, &truth) {
        run.note(&format!("{stage}/verdict_auroc"), auroc)?;
    }
    if let Some(ece) = ece(&trust, &truth, BINS) {
        run.note(&format!("{stage}/verdict_ece"), ece)?;
    }
    Ok(())
}
