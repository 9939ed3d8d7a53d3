//! From what policies and judges return to the ledger's cells.

use crate::ledger::SampleRow;
use crate::{Answer, Ask, Domain, Error, Judge, Judged, Result, Verdict};

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

/// The judge's verdicts. Answers that are none are errors for their own reason; the judge never sees them,
/// so that they cast no vote and lose no comparison.
pub(super) fn judge<D: Domain>(
    judge: &dyn Judge<D>,
    asks: &[Ask<D>],
    answers: &[Vec<D::Answer>],
) -> Result<Judged> {
    let failed = answers.iter().flatten().any(|answer| answer.failure().is_some());
    if !failed {
        let judged = judge.judge(asks, answers)?;
        check(asks, judged.verdicts.iter().map(Vec::len), "the number of verdicts")?;
        return Ok(judged);
    }
    let given: Vec<Vec<D::Answer>> = answers
        .iter()
        .map(|tries| tries.iter().filter(|answer| answer.failure().is_none()).cloned().collect())
        .collect();
    let asked: Vec<Ask<D>> = asks
        .iter()
        .zip(&given)
        .map(|(ask, given)| Ask { tries: given.len() as u32, ..ask.clone() })
        .collect();
    let Judged { verdicts, spend } = judge.judge(&asked, &given)?;
    check(&asked, verdicts.iter().map(Vec::len), "the number of verdicts")?;
    let mut verdicts = verdicts.into_iter();
    let whole = answers.iter().map(|tries| {
        let mut judged = verdicts.next().unwrap_or_default().into_iter();
        let verdict = |answer: &D::Answer| match answer.failure() {
            Some(reason) => Some(Verdict::error(reason, 0.0)),
            None => judged.next(),
        };
        tries.iter().filter_map(verdict).collect()
    });
    Ok(Judged { verdicts: whole.collect(), spend })
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
