//! The balance between exploring and exploiting of B-STaR, and the selection that it judges.
//!
//! A query is well served when it has enough distinct right answers (exploration) and few wrong
//! ones among those kept (exploitation). [`select`] keeps what scores above a threshold, with as
//! few answers a query as reach the wanted total; [`best`] picks the temperature and threshold whose
//! selection is balanced best.

use crate::select::ranking;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How many right answers a query needs: the wanted total over the number of queries, rounded up.
pub fn enough(wanted: usize, queries: usize) -> usize {
    wanted.div_ceil(queries.max(1)).max(1)
}

/// The balance of one query: `min(right / enough, 1) * right / kept`, and 0 when nothing is kept.
///
/// In 0 to 1; 1 exactly when everything kept is right and there is enough of it. `right` counts
/// distinct right answers among those kept, so it is at most `kept`.
pub fn balance(kept: usize, right: usize, enough: usize) -> f64 {
    if kept == 0 {
        return 0.0;
    }
    let (kept, right, enough) = (kept as f64, right.min(kept) as f64, enough.max(1) as f64);
    (right / enough).min(1.0) * right / kept
}

/// One answer that may be kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate<'a> {
    /// Equal texts of one query are duplicates.
    pub text: &'a str,
    /// What answers are ranked and cut by; NaN is never kept.
    pub reward: f64,
    /// Whether the final answer is right.
    pub right: bool,
}

/// What a selection keeps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// Indices into each query's candidates, from the highest reward down.
    pub kept: Vec<Vec<usize>>,
    /// The cap that was needed: at most so many were taken of a query, duplicates among them dropped.
    pub cap: usize,
    /// The mean balance over all queries, those without kept answers included; 0 without queries.
    pub score: f64,
}

impl Selection {
    /// How many answers are kept altogether.
    pub fn total(&self) -> usize {
        self.kept.iter().map(Vec::len).sum()
    }
}

/// Keeps answers with a reward above `threshold`: of each query the best `cap`, with the smallest
/// cap (1, 2, ... at most `most`) that keeps `wanted` in total; then drops duplicates.
///
/// Duplicates do not count towards the total. Where even `most` a query are too few, that is kept.
pub fn select(
    queries: &[Vec<Candidate<'_>>],
    threshold: f64,
    wanted: usize,
    enough: usize,
    most: usize,
) -> Selection {
    let ranked: Vec<Vec<Ranked>> = queries.iter().map(|query| above(query, threshold)).collect();
    let longest = ranked.iter().map(Vec::len).max().unwrap_or(0);
    // fresh[s]: how many answers become part of the selection when the cap rises from s to s + 1.
    let mut fresh = vec![0usize; longest];
    for (rank, one) in ranked.iter().flat_map(|query| query.iter().enumerate()) {
        fresh[rank] += usize::from(one.new);
    }
    let most = most.max(1);
    let (mut cap, mut total) = (1, fresh.first().copied().unwrap_or(0));
    while total < wanted && cap < most {
        total += fresh.get(cap).copied().unwrap_or(0);
        cap += 1;
    }

    let kept: Vec<Vec<usize>> = ranked
        .iter()
        .map(|query| query.iter().take(cap).filter(|one| one.new).map(|one| one.idx).collect())
        .collect();
    let sum: f64 = kept
        .iter()
        .zip(queries)
        .map(|(kept, query)| {
            balance(kept.len(), kept.iter().filter(|&&idx| query[idx].right).count(), enough)
        })
        .sum();
    Selection { kept, cap, score: if queries.is_empty() { 0.0 } else { sum / queries.len() as f64 } }
}

/// A point of the grid and how balanced its selection is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The sampling temperature.
    pub temperature: f64,
    /// Answers with a reward above it are kept.
    pub threshold: f64,
    /// The mean balance there.
    pub score: f64,
}

/// The point of the highest score; ties go to the lowest temperature, then to the highest threshold,
/// whatever the order of the points. `None` without a score that is a number.
pub fn best(points: &[Point]) -> Option<Point> {
    points.iter().copied().filter(|point| !point.score.is_nan()).reduce(|known, other| {
        let better = other
            .score
            .total_cmp(&known.score)
            .then(known.temperature.total_cmp(&other.temperature))
            .then(other.threshold.total_cmp(&known.threshold));
        if better.is_gt() { other } else { known }
    })
}

struct Ranked {
    idx: usize,
    /// Whether no better-ranked answer of the query has the same text.
    new: bool,
}

fn above(query: &[Candidate<'_>], threshold: f64) -> Vec<Ranked> {
    let rewards: Vec<f64> = query.iter().map(|one| one.reward).collect();
    let mut seen = BTreeSet::new();
    ranking(&rewards)
        .into_iter()
        .filter(|&idx| rewards[idx] > threshold)
        .map(|idx| Ranked { idx, new: seen.insert(query[idx].text) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check_balance(kept: usize, right: usize, expect: f64) {
        let found = balance(kept, right, 6);
        assert!((found - expect).abs() < 5e-7, "({kept}, {right}): {found} != {expect}");
    }

    #[test]
    fn the_balance_has_the_values_of_the_card() {
        check_balance(2, 2, 0.333333);
        check_balance(64, 16, 0.25);
        check_balance(8, 6, 0.75);
        check_balance(6, 6, 1.0);
        check_balance(4, 0, 0.0);
        check_balance(0, 0, 0.0);
        assert_eq!(enough(67_500, 11_500), 6);
        assert_eq!(enough(1_200, 300), 4);
    }

    fn named<'a>(rewards: &[f64], texts: &'a [String]) -> Vec<Candidate<'a>> {
        rewards
            .iter()
            .zip(texts)
            .map(|(&reward, text)| Candidate { text, reward, right: reward > 1.0 })
            .collect()
    }

    fn texts() -> Vec<String> {
        (0..64).map(|i| i.to_string()).collect()
    }

    #[test]
    fn the_cap_rises_until_the_total_is_reached() {
        let texts = texts();
        let queries = [named(&[1.5, 1.2, 0.9], &texts), named(&[1.1], &texts), named(&[-0.5], &texts)];
        let chosen = select(&queries, 0.0, 3, 6, 64);
        assert_eq!((chosen.cap, chosen.total()), (2, 3)); // a cap of 1 keeps 2
        assert_eq!(chosen.kept, [vec![0, 1], vec![0], vec![]]);
        // (2, 2) -> 1/3, (1, 1) -> 1/6, (0, 0) -> 0: the mean is 1/6.
        assert!((chosen.score - 1.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn too_few_answers_stop_at_the_largest_cap() {
        let texts = texts();
        let chosen = select(&[named(&[1.5, 1.4, 1.3], &texts)], 0.0, 100, 6, 2);
        assert_eq!((chosen.cap, chosen.total()), (2, 2));
        assert_eq!(select(&[], 0.0, 1, 1, 4).score, 0.0);
    }

    #[test]
    fn duplicates_do_not_count_towards_the_total() {
        let query = ["x", "x", "y"].map(|text| Candidate { text, reward: 1.0, right: true }).to_vec();
        let chosen = select(&[query], 0.0, 2, 2, 64);
        assert_eq!((chosen.cap, chosen.kept), (3, vec![vec![0, 2]]));
    }

    #[test]
    fn a_threshold_is_strict() {
        let query = vec![Candidate { text: "a", reward: 0.5, right: true }];
        assert_eq!(select(std::slice::from_ref(&query), 0.5, 1, 1, 1).total(), 0);
        assert_eq!(select(&[query], 0.4999, 1, 1, 1).total(), 1);
    }

    #[test]
    fn ties_take_the_lowest_temperature_then_the_highest_threshold() {
        let point = |temperature, threshold, score| Point { temperature, threshold, score };
        let mut points = vec![
            point(0.8, 0.1, 0.5),
            point(0.6, -0.2, 0.7),
            point(0.6, 0.3, 0.7),
            point(0.9, 0.9, 0.7),
            point(0.1, 0.9, f64::NAN),
        ];
        assert_eq!(best(&points), Some(point(0.6, 0.3, 0.7)));
        points.reverse();
        assert_eq!(best(&points), Some(point(0.6, 0.3, 0.7)));
        assert_eq!(best(&[]), None);
    }

    fn pool() -> impl Strategy<Value = Vec<Vec<(u8, i8, bool)>>> {
        prop::collection::vec(prop::collection::vec((0u8..6, -4i8..8, any::<bool>()), 0..12), 1..8)
    }

    proptest! {
        #[test]
        fn a_balance_is_between_0_and_1_and_1_only_when_all_is_right_and_enough(
            kept in 0usize..70, right in 0usize..70, enough in 1usize..10,
        ) {
            let right = right.min(kept);
            let found = balance(kept, right, enough);
            prop_assert!((0.0..=1.0).contains(&found));
            prop_assert_eq!(found == 1.0, kept > 0 && right == kept && right >= enough);
        }

        #[test]
        fn raising_the_threshold_never_keeps_more_nor_more_right(pool in pool(), wanted in 1usize..30) {
            let texts = texts();
            let queries: Vec<Vec<Candidate>> = pool
                .iter()
                .map(|query| {
                    let one = |&(text, reward, right): &(u8, i8, bool)| Candidate {
                        text: &texts[usize::from(text)],
                        reward: f64::from(reward) / 4.0,
                        right,
                    };
                    query.iter().map(one).collect()
                })
                .collect();
            // A fixed cap, as in the statement: the cap itself may rise to reach the total.
            let mut last = (usize::MAX, usize::MAX);
            for step in -4..8 {
                let chosen = select(&queries, f64::from(step) / 4.0, usize::MAX, 3, 64);
                let right = chosen
                    .kept
                    .iter()
                    .zip(&queries)
                    .flat_map(|(kept, query)| kept.iter().map(|&idx| query[idx].right))
                    .filter(|&right| right)
                    .count();
                prop_assert!(chosen.total() <= last.0 && right <= last.1);
                last = (chosen.total(), right);

                let small = select(&queries, f64::from(step) / 4.0, wanted, 3, 64);
                prop_assert!((0.0..=1.0).contains(&small.score));
                if small.total() >= wanted && small.cap > 1 {
                    let tighter = select(&queries, f64::from(step) / 4.0, wanted, 3, small.cap - 1);
                    prop_assert!(tighter.total() < wanted);
                }
            }
        }

        #[test]
        fn with_a_right_or_wrong_reward_the_threshold_is_irrelevant(
            right in prop::collection::vec(prop::collection::vec(any::<bool>(), 0..12), 1..8),
        ) {
            let texts = texts();
            let queries: Vec<Vec<Candidate>> = right
                .iter()
                .map(|query| {
                    let one = |(idx, &right): (usize, &bool)| Candidate {
                        text: &texts[idx],
                        reward: f64::from(u8::from(right)),
                        right,
                    };
                    query.iter().enumerate().map(one).collect()
                })
                .collect();
            let low = select(&queries, 0.0, 20, 3, 64);
            prop_assert_eq!(&low, &select(&queries, 0.99, 20, 3, 64));
            for (kept, query) in low.kept.iter().zip(&queries) {
                prop_assert!(kept.iter().all(|&idx| query[idx].right));
            }
        }
    }
}
