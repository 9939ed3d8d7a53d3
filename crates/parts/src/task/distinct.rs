//! Draws prompts until enough different ones of a split are found.

use autodidact_core::chat::Prompt;
use autodidact_core::{Error, Result, Rng, Split};
use std::collections::BTreeSet;

/// How many draws may bring nothing new before repetitions are taken.
const PATIENCE: u32 = 2_000;
/// How many draws in a row may miss the split before it counts as empty.
const SEARCH: u32 = 200_000;

/// `n` prompts with ids that `seen` does not hold yet, as far as they turn up; afterwards repetitions in the
/// training split, and no more in the others, where a repetition would look like another problem. `draw` gives `None` for a prompt of another split. Fails when a split named
/// `field` holds nothing.
pub(crate) fn distinct(
    field: &str,
    n: usize,
    split: Split,
    rng: &mut Rng,
    seen: &mut BTreeSet<String>,
    mut draw: impl FnMut(&mut Rng) -> Result<Option<Prompt>>,
) -> Result<Vec<Prompt>> {
    let mut prompts = Vec::with_capacity(n);
    let (mut in_vain, mut missed) = (0, 0);
    while prompts.len() < n {
        let Some(prompt) = draw(rng)? else {
            missed += 1;
            if missed < SEARCH {
                continue;
            }
            return Err(Error::invalid(
                field,
                "a source of problems of every split",
                "no problem of this split",
            ));
        };
        missed = 0;
        if seen.insert(prompt.id.clone()) || in_vain >= PATIENCE {
            if in_vain >= PATIENCE && split != Split::Train {
                tracing::warn!(field, distinct = prompts.len(), wanted = n, "fewer problems than wanted");
                return Ok(prompts);
            }
            if in_vain == PATIENCE {
                tracing::warn!(field, distinct = prompts.len(), wanted = n, "used up: problems come again");
            }
            prompts.push(prompt);
        } else {
            in_vain += 1;
        }
    }
    Ok(prompts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Seed;
    use rand::Rng as _;

    #[test]
    fn a_source_that_runs_dry_repeats_and_an_empty_one_fails() {
        let mut rng = Seed::root(1).rng();
        let few = |rng: &mut Rng| Ok(Some(Prompt::text(rng.random_range(0..10u32).to_string(), "")));
        let prompts =
            distinct("few", 15, Split::Train, &mut rng, &mut BTreeSet::new(), few).expect("prompts");
        let ids: BTreeSet<&String> = prompts.iter().map(|prompt| &prompt.id).collect();
        assert_eq!((prompts.len(), ids.len()), (15, 10));
        let few_held = |rng: &mut Rng| Ok(Some(Prompt::text(rng.random_range(0..10u32).to_string(), "")));
        let held =
            distinct("few", 15, Split::Test, &mut rng, &mut BTreeSet::new(), few_held).expect("prompts");
        assert_eq!(held.len(), 10, "no held-out problem comes twice");
        let said = distinct("none", 1, Split::Train, &mut rng, &mut BTreeSet::new(), |_| Ok(None))
            .expect_err("empty");
        assert!(said.to_string().starts_with("none must be a source"));
    }
}
