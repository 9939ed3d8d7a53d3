//! Reference solutions as if a model had given them.

use super::rows::written;
use autodidact_core::chat::{Chat, Prompt, Sampling};
use autodidact_core::{Ask, Group, Result, Task, Try, Verdict};
use autodidact_lm::Lm;

/// One group a query, with its reference solution as the only try; queries without one are left out.
pub fn gold_groups(lm: &Lm, task: &dyn Task<Chat>, queries: &[Prompt]) -> Result<Vec<Group<Chat>>> {
    let tries = gold_tries(lm, task, queries)?;
    let group = |(query, one): (&Prompt, Option<Try<Chat>>)| {
        let ask = Ask { query: query.clone(), knobs: Sampling::default(), tries: 1 };
        one.map(|one| Group { ask, tries: vec![one] })
    };
    Ok(queries.iter().zip(tries).filter_map(group).collect())
}

/// The reference solution of each query as a right try, or `None` where the task knows none.
///
/// Its tokens are the encoded text and the end-of-sequence token. Log-probabilities are left empty:
/// no model sampled it.
pub fn gold_tries(lm: &Lm, task: &dyn Task<Chat>, queries: &[Prompt]) -> Result<Vec<Option<Try<Chat>>>> {
    let one = |query: &Prompt| -> Result<Option<Try<Chat>>> {
        let Some(gold) = task.gold(query) else { return Ok(None) };
        let answer = written(lm, query, &gold.text)?;
        Ok(Some(Try { answer, verdict: Verdict::right(true).with("right", 1.0) }))
    };
    queries.iter().map(one).collect()
}
