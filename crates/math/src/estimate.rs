//! How good a policy is, from samples: pass@k, maj@k and their relatives.
//!
//! All of them answer "of many problems with many tries each, what share ...?". The unbiased
//! estimators use every sample that was drawn, not only the first k.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How many tries at one problem there were and how many were right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// All tries that have a verdict.
    pub tries: usize,
    /// Those that were right; at most `tries`.
    pub right: usize,
}

impl Tally {
    /// Counts the right ones.
    pub fn of(right: &[bool]) -> Tally {
        Tally { tries: right.len(), right: right.iter().filter(|&&one| one).count() }
    }

    /// The share of right tries, or `None` without tries.
    pub fn share(&self) -> Option<f64> {
        (self.tries > 0).then(|| self.right as f64 / self.tries as f64)
    }
}

/// The chance that at least one of `k` tries drawn without replacement from the tallied ones is
/// right: `1 - C(n - c, k) / C(n, k)`, the unbiased estimator of pass@k.
///
/// `None` when `k` is 0 or larger than the number of tries, or more are right than were tried.
pub fn pass_at_k(tally: Tally, k: usize) -> Option<f64> {
    let Tally { tries: n, right: c } = tally;
    if k == 0 || k > n || c > n {
        return None;
    }
    if n - c < k {
        return Some(1.0);
    }
    // C(n-c, k) / C(n, k) = prod over i in n-c+1..=n of (1 - k/i): no factorial, no overflow.
    let all_wrong: f64 = (n - c + 1..=n).map(|i| 1.0 - k as f64 / i as f64).product();
    Some(1.0 - all_wrong)
}

/// The mean of [`pass_at_k`] over problems, or `None` when there is no problem or one of them has
/// too few tries.
pub fn mean_pass_at_k(tallies: &[Tally], k: usize) -> Option<f64> {
    let mut sum = 0.0;
    for &tally in tallies {
        sum += pass_at_k(tally, k)?;
    }
    (!tallies.is_empty()).then(|| sum / tallies.len() as f64)
}

/// Where the most frequent answer stands first; answers that are `None` do not vote.
///
/// Ties go to the answer seen first. `None` when nobody votes.
pub fn majority<T: Ord>(answers: &[Option<T>]) -> Option<usize> {
    let mut votes: BTreeMap<&T, (usize, usize)> = BTreeMap::new();
    for (idx, answer) in answers.iter().enumerate() {
        if let Some(answer) = answer {
            votes.entry(answer).or_insert((0, idx)).0 += 1;
        }
    }
    // The earlier first index wins among equal counts.
    votes
        .into_values()
        .max_by_key(|&(count, first)| (count, std::cmp::Reverse(first)))
        .map(|(_, first)| first)
}

/// The share of disjoint blocks of `k` consecutive tries whose majority answer is right.
///
/// `right[i]` says whether `answers[i]` is right. A block in which nobody votes is wrong. Tries
/// that do not fill a block are left out. `None` when `k` is 0, there are fewer than `k` tries or
/// the two slices differ in length.
pub fn maj_at_k<T: Ord>(answers: &[Option<T>], right: &[bool], k: usize) -> Option<f64> {
    if k == 0 || answers.len() < k || answers.len() != right.len() {
        return None;
    }
    let blocks = answers.len() / k;
    let won = answers
        .chunks_exact(k)
        .zip(right.chunks_exact(k))
        .filter(|(block, right)| majority(block).is_some_and(|idx| right[idx]))
        .count();
    Some(won as f64 / blocks as f64)
}

/// How many distinct right answers there are; texts are the same when they are equal once trimmed.
pub fn unique_right<'a>(tries: impl IntoIterator<Item = (&'a str, bool)>) -> usize {
    tries.into_iter().filter(|(_, right)| *right).map(|(text, _)| text.trim()).collect::<BTreeSet<_>>().len()
}

/// Pass@K-S: the share of problems with at least `s` unique right answers among their tries.
///
/// `unique[i]` is [`unique_right`] of problem `i`. With `s = 1` this is pass@K. `None` without
/// problems.
pub fn pass_at_k_s(unique: &[usize], s: usize) -> Option<f64> {
    share(unique.iter().map(|&n| n >= s))
}

/// Whether the `s` tries of highest reward are all right; ties in reward go to the earlier try.
///
/// With `s = 1` this is best-of-K. Fewer than `s` tries, or no `s` at all, are not enough.
pub fn top_all_right(rewards: &[f64], right: &[bool], s: usize) -> bool {
    if s == 0 || rewards.len() < s || rewards.len() != right.len() {
        return false;
    }
    crate::select::ranking(rewards).into_iter().take(s).all(|idx| right[idx])
}

/// Reward@K-S: the share of problems whose `s` tries of highest reward are all right.
///
/// Each problem is its rewards and which of its tries are right. `None` without problems.
pub fn reward_at_k_s(problems: &[(&[f64], &[bool])], s: usize) -> Option<f64> {
    share(problems.iter().map(|(rewards, right)| top_all_right(rewards, right, s)))
}

/// The share of `true`, or `None` when there is nothing: greedy accuracy over one answer a problem.
pub fn share(right: impl IntoIterator<Item = bool>) -> Option<f64> {
    let (mut n, mut yes) = (0usize, 0usize);
    for one in right {
        n += 1;
        yes += usize::from(one);
    }
    (n > 0).then(|| yes as f64 / n as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check_pass(n: usize, c: usize, k: usize, expect: f64) {
        let found = pass_at_k(Tally { tries: n, right: c }, k).expect("enough tries");
        assert!((found - expect).abs() < 5e-7, "pass@{k} of {c}/{n}: {found} != {expect}");
    }

    #[test]
    fn pass_at_k_has_the_values_of_the_card() {
        check_pass(10, 3, 1, 0.3);
        check_pass(10, 3, 5, 0.916667); // 1 - C(7,5)/C(10,5) = 1 - 21/252
        check_pass(4, 2, 3, 1.0);
        check_pass(5, 0, 3, 0.0);
    }

    #[test]
    fn pass_at_k_needs_k_tries() {
        assert_eq!(pass_at_k(Tally { tries: 3, right: 1 }, 4), None);
        assert_eq!(pass_at_k(Tally { tries: 3, right: 1 }, 0), None);
        assert_eq!(pass_at_k(Tally { tries: 3, right: 4 }, 1), None);
        assert_eq!(mean_pass_at_k(&[], 1), None);
        assert_eq!(mean_pass_at_k(&[Tally { tries: 8, right: 1 }, Tally { tries: 2, right: 1 }], 4), None);
    }

    #[test]
    fn large_counts_do_not_overflow() {
        let tally = Tally { tries: 1_000_000, right: 1 };
        assert!((pass_at_k(tally, 1_000).expect("enough tries") - 1e-3).abs() < 1e-12);
    }

    #[test]
    fn a_tie_goes_to_the_answer_seen_first() {
        assert_eq!(majority(&[Some("b"), Some("a"), Some("a"), Some("b")]), Some(0));
        assert_eq!(majority(&[None, Some(7), Some(5), Some(5)]), Some(2));
        assert_eq!(majority::<u32>(&[None, None]), None);
    }

    #[test]
    fn maj_at_k_averages_disjoint_blocks() {
        let answers = [Some(1), Some(1), Some(2), Some(2), Some(2), Some(1), Some(1)];
        let right: Vec<bool> = answers.iter().map(|one| *one == Some(1)).collect();
        assert_eq!(maj_at_k(&answers, &right, 3), Some(0.5)); // 1,1,2 right; 2,2,1 wrong; 1 left over
        assert_eq!(maj_at_k(&answers, &right, 8), None);
        assert_eq!(maj_at_k(&[None::<u8>], &[false], 1), Some(0.0));
    }

    #[test]
    fn unique_right_answers_are_counted_after_trimming() {
        assert_eq!(unique_right([("a", true), (" a\n", true), ("b", true), ("c", false)]), 2);
    }

    #[test]
    fn reward_at_k_1_is_best_of_k() {
        let problems: [(&[f64], &[bool]); 2] =
            [(&[0.1, 0.9, 0.5], &[true, false, true]), (&[0.2, 0.7], &[false, true])];
        assert_eq!(reward_at_k_s(&problems, 1), Some(0.5));
        assert_eq!(reward_at_k_s(&problems, 3), Some(0.0)); // one wrong; the other has two tries only
    }

    proptest! {
        #[test]
        fn pass_at_k_rises_with_k_and_stays_a_probability(n in 1usize..60, c in 0usize..60) {
            let tally = Tally { tries: n, right: c.min(n) };
            let all: Vec<f64> = (1..=n).map(|k| pass_at_k(tally, k).expect("enough tries")).collect();
            prop_assert!((all[0] - tally.share().expect("tries")).abs() < 1e-12);
            prop_assert!(all.windows(2).all(|pair| pair[0] <= pair[1] + 1e-12));
            prop_assert!(all.iter().all(|p| (0.0..=1.0).contains(p)));
        }

        #[test]
        fn pass_at_k_is_the_mean_over_all_subsets(bits in 0u32..256, k in 1usize..=8) {
            let subsets: Vec<u32> = (0u32..256).filter(|set| set.count_ones() as usize == k).collect();
            let hit = subsets.iter().filter(|&&set| set & bits != 0).count();
            let tally = Tally { tries: 8, right: bits.count_ones() as usize };
            let found = pass_at_k(tally, k).expect("enough tries");
            prop_assert!((found - hit as f64 / subsets.len() as f64).abs() < 1e-12);
        }

        #[test]
        fn pass_at_k_s_falls_with_s_and_equals_reward_at_k_s_for_a_perfect_reward(
            problems in prop::collection::vec(prop::collection::vec(any::<bool>(), 1..9), 1..9),
        ) {
            let unique: Vec<usize> = problems.iter().map(|one| Tally::of(one).right).collect();
            let rewards: Vec<Vec<f64>> =
                problems.iter().map(|one| one.iter().map(|&r| f64::from(u8::from(r))).collect()).collect();
            let both: Vec<(&[f64], &[bool])> =
                rewards.iter().zip(&problems).map(|(r, p)| (r.as_slice(), p.as_slice())).collect();
            let mut last = 1.0;
            for s in 1..9 {
                let now = pass_at_k_s(&unique, s).expect("problems");
                prop_assert!(now <= last);
                prop_assert_eq!(Some(now), reward_at_k_s(&both, s));
                last = now;
            }
        }
    }
}
