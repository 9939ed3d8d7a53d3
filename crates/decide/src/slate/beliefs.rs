//! The policy: fills a list from what is believed about items, greedily or by posterior sampling.

use super::{Shown, Slate, Visit};
use autodidact_core::{Ask, BlobId, Error, Policy, Proposals, Result, Rng, Seed, Spend, Version};
use autodidact_math::select::ranking;
use autodidact_math::slate::{Merge, in_slate};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, PoisonError, RwLock};

/// A posterior over items from which a visitor's scores can be drawn.
pub trait Beliefs: Send + Sync {
    /// How many items there are.
    fn items(&self) -> usize;

    /// The score of every item for this visitor, higher is better, under one set of parameters. Fails
    /// on a visit that names items or a taste of another world.
    fn scores(&self, visit: &Visit, draw: Draw<'_>) -> Result<Vec<f64>>;

    /// The posterior standard deviation of an item's vector, as the root of the mean variance of its
    /// numbers. `item` is below [`Beliefs::items`].
    fn sd(&self, item: u32) -> f64;

    /// Everything that the scores depend on, bit for bit.
    fn bytes(&self) -> Result<Vec<u8>>;
}

/// Which set of parameters.
pub enum Draw<'a> {
    /// The posterior means.
    Mean,
    /// One draw from the posterior.
    Posterior(&'a mut Rng),
}

/// Beliefs that a policy reads and a learner changes.
#[derive(Debug)]
pub struct Shared<B>(Arc<RwLock<B>>);

impl<B> Clone for Shared<B> {
    fn clone(&self) -> Shared<B> {
        Shared(Arc::clone(&self.0))
    }
}

impl<B> Shared<B> {
    /// A handle to these beliefs.
    pub fn of(beliefs: B) -> Shared<B> {
        Shared(Arc::new(RwLock::new(beliefs)))
    }

    /// What `f` makes of the beliefs as they are.
    pub fn read<T>(&self, f: impl FnOnce(&B) -> T) -> T {
        f(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Lets `f` change them.
    pub fn write<T>(&self, f: impl FnOnce(&mut B) -> T) -> T {
        f(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How a list is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Rule {
    /// Any items, each equally often.
    Random,
    /// The best items at the posterior means.
    Greedy,
    /// The best items under one draw from the posterior.
    Thompson,
    /// One draw from the posterior for each place.
    InSlate {
        /// How the draws become one list.
        #[serde(default)]
        merge: Merge,
    },
}

impl Default for Rule {
    fn default() -> Rule {
        Rule::InSlate { merge: Merge::ByRank }
    }
}

/// Fills lists of a fixed length by a rule. Equal scores go to the lower item number.
#[derive(Debug)]
pub struct Recommender<B> {
    beliefs: Shared<B>,
    rule: Rule,
    size: usize,
}

impl<B: Beliefs> Recommender<B> {
    /// Lists of `size` items from `beliefs`, shorter only where fewer items may be shown.
    pub fn of(beliefs: &Shared<B>, rule: Rule, size: usize) -> Recommender<B> {
        Recommender { beliefs: beliefs.clone(), rule, size }
    }

    /// A list for this visit; all chance comes from `rng`.
    pub fn recommend(&self, visit: &Visit, rng: &mut Rng) -> Result<Shown> {
        self.beliefs.read(|beliefs| recommend(beliefs, visit, self.rule, self.size, rng))
    }
}

fn recommend<B: Beliefs>(
    beliefs: &B,
    visit: &Visit,
    rule: Rule,
    size: usize,
    rng: &mut Rng,
) -> Result<Shown> {
    let n = beliefs.items();
    let allowed: Vec<u32> = match &visit.allowed {
        None => (0..n as u32).collect(),
        Some(allowed) => allowed.clone(),
    };
    let repeats = allowed.windows(2).any(|pair| pair[0] >= pair[1]);
    if repeats || allowed.last().is_some_and(|last| *last as usize >= n) {
        let rule = format!("rising numbers below {n}");
        return Err(Error::invalid("allowed", rule, format!("{allowed:?}")));
    }
    let size = size.min(allowed.len());
    // Places among the allowed items, best first.
    let best = |scores: Vec<f64>| -> Vec<usize> {
        let open: Vec<f64> = allowed.iter().map(|&item| scores[item as usize]).collect();
        ranking(&open).into_iter().take(size).collect()
    };
    let places = match rule {
        Rule::Random => {
            let mut places: Vec<usize> = (0..allowed.len()).collect();
            places.partial_shuffle(rng, size).0.to_vec()
        }
        Rule::Greedy => best(beliefs.scores(visit, Draw::Mean)?),
        Rule::Thompson => best(beliefs.scores(visit, Draw::Posterior(rng))?),
        Rule::InSlate { merge } => {
            let draw = |_| Ok(best(beliefs.scores(visit, Draw::Posterior(rng))?));
            let rankings = (0..size).map(draw).collect::<Result<Vec<_>>>()?;
            in_slate(&rankings, size, merge)
        }
    };
    Ok(Shown { items: places.into_iter().map(|place| allowed[place]).collect() })
}

impl<B: Beliefs> Policy<Slate> for Recommender<B> {
    fn propose(&self, asks: &[Ask<Slate>], seeds: &[Seed]) -> Result<Proposals<Slate>> {
        let mut answers = Vec::with_capacity(asks.len());
        for (ask, seed) in asks.iter().zip(seeds) {
            let one = |t| self.recommend(&ask.query, &mut seed.at("try", u64::from(t)).rng());
            answers.push((0..ask.tries).map(one).collect::<Result<Vec<_>>>()?);
        }
        Ok(Proposals { answers, spend: Spend::default() })
    }

    fn version(&self) -> Result<Version> {
        let settings = format!("{:?} {}", self.rule, self.size);
        let mut bytes = self.beliefs.read(B::bytes)?;
        bytes.extend_from_slice(settings.as_bytes());
        Ok(Version(BlobId::of(&bytes).0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng as _;

    /// Independent uniform doubt around known scores.
    struct Doubtful {
        scores: Vec<f64>,
        doubt: f64,
    }

    impl Beliefs for Doubtful {
        fn items(&self) -> usize {
            self.scores.len()
        }

        fn scores(&self, _visit: &Visit, draw: Draw<'_>) -> Result<Vec<f64>> {
            let Draw::Posterior(rng) = draw else { return Ok(self.scores.clone()) };
            Ok(self.scores.iter().map(|score| score + self.doubt * rng.random_range(-1.0..1.0)).collect())
        }

        fn sd(&self, _item: u32) -> f64 {
            self.doubt / 3f64.sqrt()
        }

        fn bytes(&self) -> Result<Vec<u8>> {
            Ok(Vec::new())
        }
    }

    const RULES: [Rule; 4] = [
        Rule::Greedy,
        Rule::Thompson,
        Rule::InSlate { merge: Merge::ByRank },
        Rule::InSlate { merge: Merge::BySlot },
    ];

    fn list(doubt: f64, rule: Rule, visit: &Visit, size: usize, seed: u64) -> Vec<u32> {
        let shared = Shared::of(Doubtful { scores: vec![0.1, 0.9, -0.4, 0.5, 0.8], doubt });
        let shown = Recommender::of(&shared, rule, size).recommend(visit, &mut Seed::root(seed).rng());
        shown.expect("recommends").items
    }

    #[test]
    fn without_doubt_all_rules_show_the_same_list_in_the_same_order() {
        for rule in RULES {
            assert_eq!(list(0.0, rule, &Visit::default(), 3, 1), [1, 4, 3], "{rule:?}");
        }
    }

    #[test]
    fn lists_are_full_distinct_and_of_allowed_items() {
        let visit = Visit { allowed: Some(vec![0, 2, 3, 4]), ..Visit::default() };
        for seed in 0..50 {
            for rule in RULES.into_iter().chain([Rule::Random]) {
                for size in 1..6 {
                    let mut items = list(2.0, rule, &visit, size, seed);
                    assert_eq!(items.len(), size.min(4));
                    assert!(!items.contains(&1));
                    items.sort_unstable();
                    items.dedup();
                    assert_eq!(items.len(), size.min(4), "{rule:?}");
                }
            }
        }
    }

    #[test]
    fn in_slate_first_choices_come_from_draws_of_their_own() {
        // Under one draw the two best of two far-apart pairs are always the same pair.
        let lists = |rule| {
            let mut lists: Vec<_> = (0..40).map(|seed| list(0.5, rule, &Visit::default(), 2, seed)).collect();
            lists.sort();
            lists.dedup();
            lists.len()
        };
        assert!(lists(Rule::Thompson) > lists(Rule::Greedy));
        assert_eq!(lists(Rule::Greedy), 1);
    }
}
