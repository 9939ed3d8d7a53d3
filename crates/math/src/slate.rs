//! Clicks on a shown list: the softmax over what was shown, and how the next list is filled from draws.
//!
//! An entry of the list is an item or the pseudo-item of clicking nothing; exactly one of them is
//! chosen. Padding fills lists to a common length and is never chosen. Source: Eide, Leslie, Frigessi
//! 2021, arXiv 2104.15046; their code bounds logits to [`LEAST`] and [`MOST`] and pads with the former.

use serde::{Deserialize, Serialize};

/// The smallest logit; padding has it too.
pub const LEAST: f64 = -100.0;

/// The largest logit.
pub const MOST: f64 = 20.0;

/// The probability of each entry; 0 for those that `shown` leaves out. Logits are bounded first.
/// All are 0 when nothing is shown.
pub fn probabilities(logits: &[f64], shown: &[bool]) -> Vec<f64> {
    let bounded = || logits.iter().zip(shown).map(|(x, shown)| shown.then(|| x.clamp(LEAST, MOST)));
    let top = bounded().flatten().fold(f64::NEG_INFINITY, f64::max);
    let mut masses: Vec<f64> = bounded().map(|x| x.map_or(0.0, |x| (x - top).exp())).collect();
    let total: f64 = masses.iter().sum();
    if total > 0.0 {
        masses.iter_mut().for_each(|mass| *mass /= total);
    }
    masses
}

/// The log-probability of choosing `chosen`, and its derivative with respect to each logit: 0 for
/// entries that are left out and for logits outside their bounds.
///
/// `chosen` is an entry that is shown.
pub fn log_likelihood(logits: &[f64], shown: &[bool], chosen: usize) -> (f64, Vec<f64>) {
    let top = (0..logits.len()).filter(|&i| shown[i]).map(|i| logits[i].clamp(LEAST, MOST));
    let top = top.fold(f64::NEG_INFINITY, f64::max);
    let mut pull = probabilities(logits, shown);
    let rest: f64 =
        (0..logits.len()).filter(|&i| shown[i]).map(|i| (logits[i].clamp(LEAST, MOST) - top).exp()).sum();
    let value = logits[chosen].clamp(LEAST, MOST) - top - rest.ln();
    for (i, p) in pull.iter_mut().enumerate() {
        let inside = shown[i] && (LEAST..=MOST).contains(&logits[i]);
        *p = if inside { f64::from(u8::from(i == chosen)) - *p } else { 0.0 };
    }
    (value, pull)
}

/// How the rankings of several draws become one list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Merge {
    /// All first choices in the order of the draws, then all second choices, and so on; the first
    /// distinct ones are kept. What the paper's code does.
    #[default]
    ByRank,
    /// Place k gets what draw k ranks highest among the items not placed yet. What the paper says.
    BySlot,
}

/// A list of `size` distinct items from `size` rankings, one a draw, best first.
///
/// Every ranking names at least `size` distinct items, or all that there are; then the list is as
/// long as that. The rules differ only where first choices collide.
pub fn in_slate(rankings: &[Vec<usize>], size: usize, merge: Merge) -> Vec<usize> {
    let mut slate: Vec<usize> = Vec::with_capacity(size);
    match merge {
        Merge::ByRank => {
            let ranks = rankings.iter().map(Vec::len).max().unwrap_or(0);
            for rank in 0..ranks {
                for item in rankings.iter().filter_map(|ranking| ranking.get(rank)) {
                    if slate.len() < size && !slate.contains(item) {
                        slate.push(*item);
                    }
                }
            }
        }
        Merge::BySlot => {
            for ranking in rankings.iter().take(size) {
                slate.extend(ranking.iter().find(|item| !slate.contains(item)));
            }
        }
    }
    slate
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(a: &[f64], b: &[f64], within: f64) {
        assert_eq!(a.len(), b.len());
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() <= within), "{a:?} against {b:?}");
    }

    #[test]
    fn three_entries_have_the_probabilities_of_the_card() {
        // e^0.5 = 1.648721, e^-1 = 0.367879, e^-0.2 = 0.818731; their sum is 2.835331.
        near(&probabilities(&[0.5, -1.0, -0.2], &[true; 3]), &[0.5815, 0.1297, 0.2888], 5e-5);
    }

    #[test]
    fn a_list_of_nothing_but_no_click_is_certain_and_teaches_nothing() {
        let (value, pull) = log_likelihood(&[0.7, 3.0], &[true, false], 0);
        assert_eq!((value, pull), (0.0, vec![0.0, 0.0]));
        assert_eq!(probabilities(&[0.7], &[false]), [0.0]);
    }

    #[test]
    fn leaving_padding_out_is_giving_it_the_least_logit() {
        let logits = [0.5, -1.0, -0.2, LEAST, LEAST];
        let (kept, kept_pull) = log_likelihood(&logits[..3], &[true; 3], 2);
        let (left_out, _) = log_likelihood(&logits, &[true, true, true, false, false], 2);
        let (padded, padded_pull) = log_likelihood(&logits, &[true; 5], 2);
        assert!((kept - left_out).abs() < 1e-12 && (kept - padded).abs() < 1e-12);
        near(&kept_pull, &padded_pull[..3], 1e-12);
        near(&padded_pull[3..], &[0.0, 0.0], 1e-12);
    }

    #[test]
    fn the_pull_is_the_derivative() {
        let logits = [0.5, -1.0, -0.2, 2.0];
        let shown = [true, true, false, true];
        let (_, pull) = log_likelihood(&logits, &shown, 1);
        for i in 0..4 {
            let at = |by: f64| {
                let mut moved = logits;
                moved[i] += by;
                log_likelihood(&moved, &shown, 1).0
            };
            assert!((pull[i] - (at(1e-6) - at(-1e-6)) / 2e-6).abs() < 1e-8, "entry {i}");
        }
        assert_eq!(log_likelihood(&[25.0, 0.0], &[true; 2], 1).1[0], 0.0, "outside its bounds");
    }

    #[test]
    fn the_two_rules_give_what_the_card_says() {
        // a = 0, b = 1, c = 2, d = 3, e = 4.
        let rankings = [vec![0, 1, 2], vec![0, 3, 1], vec![4, 0, 1]];
        assert_eq!(in_slate(&rankings, 3, Merge::ByRank), [0, 4, 1]);
        assert_eq!(in_slate(&rankings, 3, Merge::BySlot), [0, 3, 4]);
    }

    proptest! {
        #[test]
        fn a_list_is_full_and_without_repeats(
            scores in proptest::collection::vec(proptest::collection::vec(-1.0..1.0f64, 9), 1..7),
        ) {
            let size = scores.len();
            let rankings: Vec<Vec<usize>> = scores.iter().map(|one| crate::select::top(one, size)).collect();
            for merge in [Merge::ByRank, Merge::BySlot] {
                let mut slate = in_slate(&rankings, size, merge);
                prop_assert_eq!(slate.len(), size);
                slate.sort_unstable();
                slate.dedup();
                prop_assert_eq!(slate.len(), size);
            }
        }

        #[test]
        fn rules_agree_where_no_first_choices_collide(order in Just((0..6usize).collect::<Vec<_>>()).prop_shuffle()) {
            let rankings: Vec<Vec<usize>> =
                (0..3).map(|draw| order.iter().cycle().skip(draw).take(3).copied().collect()).collect();
            prop_assert_eq!(in_slate(&rankings, 3, Merge::ByRank), in_slate(&rankings, 3, Merge::BySlot));
        }
    }
}
