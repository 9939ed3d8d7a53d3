//! From what policies and judges return to the ledger's cells.

use crate::ledger::SampleRow;
use crate::{Answer, Ask, Domain, Error, Result, Verdict};

/// Fails unless there is one list an ask with one entry a try.
pub(super) fn check<D: Domain>(
    asks: &[Ask<D>],
    found: impl ExactSizeIterator<Item = usize> + Clone,
    who: &str,
) -> Result<()> {
    let wanted = asks.iter().map(|ask| ask.tries as usize);
    if found.clone().eq(wanted.clone()) {
        return Ok(());
    }
    let (wanted, found): (Vec<_>, Vec<_>) = (wanted.collect(), found.collect());
    Err(Error::invalid(who, format!("one list an ask, of {wanted:?}"), format!("{found:?}")))
}

/// Appends one row an answer; the first list belongs to the ask numbered `first`.
pub(super) fn pack<A: Answer>(
    first: usize,
    answers: &[Vec<A>],
    verdicts: &[Vec<Verdict>],
    samples: &mut Vec<SampleRow>,
) -> Result<()> {
    for (ask, (answers, verdicts)) in answers.iter().zip(verdicts).enumerate() {
        for (attempt, (answer, verdict)) in answers.iter().zip(verdicts).enumerate() {
            let answer = answer.pack().map_err(|source| Error::Recorded { what: "answer", source })?;
            let ask = (first + ask) as u32;
            samples.push(SampleRow { ask, attempt: attempt as u32, answer, verdict: verdict.clone() });
        }
    }
    Ok(())
}
