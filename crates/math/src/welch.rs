//! Who is better, and how often: Welch's test and the table of wins built on it.
//!
//! In EVOLvE (arXiv 2410.06238, section 5) agents meet pairwise in every environment; an agent wins a
//! comparison when its mean over runs is higher and Welch's t-test tells the two apart at p < 0.05.
//! Its win rate is the share of its comparisons that it wins.

use crate::summary::{mean, variance};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Welch's t-test of two samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Welch {
    /// The difference of the means, first less second, in standard errors.
    pub t: f64,
    /// Degrees of freedom by Welch and Satterthwaite.
    pub freedom: f64,
    /// The two-sided probability of such a difference by chance.
    pub p: f64,
}

/// Compares the means of two samples whose variances may differ. Samples without any spread are told
/// apart for certain when their means differ. `None` with fewer than two values in either.
pub fn welch(first: &[f64], second: &[f64]) -> Option<Welch> {
    let (of_first, of_second) =
        (variance(first)? / first.len() as f64, variance(second)? / second.len() as f64);
    let (difference, squared) = (mean(first)? - mean(second)?, of_first + of_second);
    if squared == 0.0 {
        let (t, p) = if difference == 0.0 { (0.0, 1.0) } else { (difference.signum() * f64::INFINITY, 0.0) };
        return Some(Welch { t, freedom: (first.len() + second.len() - 2) as f64, p });
    }
    let t = difference / squared.sqrt();
    let share = |part: f64, n: usize| part * part / (n - 1) as f64;
    let freedom = squared * squared / (share(of_first, first.len()) + share(of_second, second.len()));
    let p = 2.0 * StudentsT::new(0.0, 1.0, freedom).ok()?.cdf(-t.abs());
    Some(Welch { t, freedom, p })
}

/// Whether the first sample's mean is higher and the test tells the two apart at `p` below `level`.
pub fn wins(first: &[f64], second: &[f64], level: f64) -> bool {
    welch(first, second).is_some_and(|test| test.t > 0.0 && test.p < level)
}

/// The share of comparisons that each agent wins, in 0 to 1, over all environments and other agents.
///
/// `scores[environment][agent]` holds an agent's score in each run, higher is better. An agent is not
/// compared where it or the other has fewer than two runs. `None` in place of an agent that is never
/// compared.
pub fn win_rates(scores: &[Vec<Vec<f64>>], level: f64) -> Vec<Option<f64>> {
    let agents = scores.iter().map(Vec::len).max().unwrap_or(0);
    let rate = |agent: usize| {
        let mut comparisons = 0;
        let mut won = 0;
        for environment in scores {
            let Some(own) = environment.get(agent).filter(|own| own.len() > 1) else { continue };
            for (other, theirs) in environment.iter().enumerate() {
                if other != agent && theirs.len() > 1 {
                    comparisons += 1;
                    won += usize::from(wins(own, theirs, level));
                }
            }
        }
        (comparisons > 0).then(|| won as f64 / comparisons as f64)
    };
    (0..agents).map(rate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_has_a_known_value() {
        // scipy.stats.ttest_ind([1, 2, 3, 4], [2, 4, 6, 9, 11], equal_var=False):
        // means 2.5 and 6.4; variances 1.6667 and 13.3; t = -3.9 / sqrt(0.41667 + 2.66) = -2.22343.
        let found = welch(&[1.0, 2.0, 3.0, 4.0], &[2.0, 4.0, 6.0, 9.0, 11.0]).expect("valid");
        assert!((found.t - -2.223_434_7).abs() < 1e-6, "{found:?}");
        // (3.07667)^2 / (0.41667^2 / 3 + 2.66^2 / 4) = 9.46588 / 1.82677 = 5.18175.
        assert!((found.freedom - 5.181_75).abs() < 1e-4, "{found:?}");
        assert!((found.p - 0.074_912_7).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn nobody_beats_himself() {
        let runs = vec![3.0, 5.0, 4.0, 6.0];
        assert!(!wins(&runs, &runs, 0.05));
        assert_eq!(win_rates(&[vec![runs.clone(), runs]], 0.05), [Some(0.0), Some(0.0)]);
        let flat = vec![1.0, 1.0];
        assert_eq!(welch(&flat, &flat).expect("valid").p, 1.0);
        assert!(wins(&[2.0, 2.0], &flat, 0.05) && !wins(&flat, &[2.0, 2.0], 0.05));
    }

    #[test]
    fn wins_are_counted_over_all_others_and_all_environments() {
        let (low, middle, high) = (vec![1.0, 1.1, 0.9], vec![2.0, 2.1, 1.9], vec![3.0, 3.1, 2.9]);
        let scores = vec![
            vec![low.clone(), middle.clone(), high.clone()],
            // The second environment cannot tell the upper two apart.
            vec![low.clone(), middle.clone(), middle.clone()],
        ];
        assert_eq!(win_rates(&scores, 0.05), [Some(0.0), Some(0.5), Some(0.75)]);
        assert_eq!(win_rates(&[vec![low]], 0.05), [None]);
        assert!(win_rates(&[], 0.05).is_empty());
    }
}
