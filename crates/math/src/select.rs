//! Which of several answers to keep: best of K, the top share of a batch, KL in the ranking.
//!
//! Scores that are NaN or minus infinity mark discarded answers: they rank last and are never
//! chosen. Ties go to the first index, so that a constant score keeps the first answer.

use std::cmp::Ordering;

/// Indices from the highest score to the lowest; equal scores keep their order, NaN ranks last.
pub fn ranking(scores: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| descending(scores[a], scores[b]));
    order
}

/// The first index of the highest score, or `None` when every answer is discarded.
pub fn best(scores: &[f64]) -> Option<usize> {
    let mut best: Option<usize> = None;
    for (idx, &score) in scores.iter().enumerate() {
        if kept(score) && best.is_none_or(|known| score > scores[known]) {
            best = Some(idx);
        }
    }
    best
}

/// Indices of the `n` highest scores of the batch, ascending; fewer when answers are discarded.
pub fn top(scores: &[f64], n: usize) -> Vec<usize> {
    let mut chosen: Vec<usize> =
        ranking(scores).into_iter().filter(|&idx| kept(scores[idx])).take(n).collect();
    chosen.sort_unstable();
    chosen
}

/// How many answers a share of `n` keeps: rounded down, but at least one of a batch that is not
/// empty. A share outside 0 to 1 is drawn to the nearer end.
pub fn share_of(n: usize, share: f64) -> usize {
    // The small lift keeps 0.1 * 30 = 2.9999... at three.
    ((n as f64 * share.clamp(0.0, 1.0) + 1e-9).floor() as usize).clamp(n.min(1), n)
}

/// Scores for ranking: `reward - weight * log_ratio`, where the log-ratio is that of the policy to
/// its reference, and minus infinity where the answer is not `clean`.
///
/// The penalty enters the ranking alone, never a loss. Without log-ratios (an empty slice) the
/// rewards rank as they are, and so they do with a weight of 0, even where a log-ratio is infinite.
pub fn rank_scores(rewards: &[f64], log_ratios: &[f64], weight: f64, clean: &[bool]) -> Vec<f64> {
    rewards
        .iter()
        .enumerate()
        .map(|(idx, &reward)| match (clean.get(idx), log_ratios.get(idx)) {
            (Some(false), _) => f64::NEG_INFINITY,
            (_, Some(&log_ratio)) if weight != 0.0 => reward - weight * log_ratio,
            _ => reward,
        })
        .collect()
}

fn kept(score: f64) -> bool {
    !score.is_nan() && score != f64::NEG_INFINITY
}

fn descending(a: f64, b: f64) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (false, false) => b.partial_cmp(&a).expect("neither is NaN"),
        (a, b) => a.cmp(&b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NONE: f64 = f64::NEG_INFINITY;

    #[test]
    fn kl_in_the_ranking_switches_at_a_twentieth() {
        let chosen = |weight| best(&rank_scores(&[1.0, 0.9], &[2.0, 0.0], weight, &[]));
        assert_eq!(chosen(0.0), Some(0));
        assert_eq!(chosen(0.1), Some(1)); // 0.8 against 0.9
        assert_eq!(chosen(0.049), Some(0));
        assert_eq!(chosen(0.051), Some(1));
    }

    #[test]
    fn with_equal_policies_every_weight_keeps_the_same() {
        for weight in [0.0, 0.1, 10.0] {
            assert_eq!(best(&rank_scores(&[0.3, 0.7, 0.5], &[0.0; 3], weight, &[])), Some(1));
        }
    }

    #[test]
    fn a_discarded_answer_is_never_chosen() {
        assert_eq!(best(&rank_scores(&[5.0, -3.0], &[], 0.0, &[false, true])), Some(1));
        assert_eq!(best(&rank_scores(&[5.0, 9.0], &[], 0.0, &[false, false])), None);
        assert_eq!(best(&[f64::NAN, NONE]), None);
        assert_eq!(best(&[f64::NAN, -1.0]), Some(1));
        assert_eq!(top(&[NONE, 2.0, f64::NAN], 3), [1]);
        assert_eq!(best(&[]), None);
    }

    #[test]
    fn ties_go_to_the_first() {
        assert_eq!(best(&[1.0, 1.0, 1.0]), Some(0));
        assert_eq!(top(&[0.0, 1.0, 1.0, 1.0], 2), [1, 2]);
        assert_eq!(ranking(&[0.5, f64::NAN, 0.9, 0.5]), [2, 0, 3, 1]);
    }

    #[test]
    fn the_global_ranking_keeps_one_in_k() {
        assert_eq!(share_of(32, 1.0 / 8.0), 4);
        assert_eq!(share_of(30, 0.1), 3);
        assert_eq!(share_of(5, 0.1), 1);
        assert_eq!(share_of(0, 0.5), 0);
        assert_eq!(share_of(4, 7.0), 4);
    }

    #[test]
    fn the_local_ranking_ignores_a_shift_by_prompt_and_the_global_one_does_not() {
        let (first, second) = ([0.1, 0.4], [0.3, 0.2]);
        let moved: Vec<f64> = second.iter().map(|r| 2.0 * r + 5.0).collect();
        assert_eq!(best(&second), best(&moved));
        assert_eq!(top(&[first, second].concat(), 2), [1, 2]);
        assert_eq!(top(&[first.to_vec(), moved].concat(), 2), [2, 3]);
    }

    proptest! {
        #[test]
        fn the_best_heads_the_ranking(scores in prop::collection::vec(-3i8..4, 1..20)) {
            let scores: Vec<f64> = scores.into_iter().map(f64::from).collect();
            prop_assert_eq!(best(&scores), ranking(&scores).first().copied());
            let picked = top(&scores, 3);
            prop_assert!(picked.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert_eq!(picked.len(), scores.len().min(3));
        }
    }
}
