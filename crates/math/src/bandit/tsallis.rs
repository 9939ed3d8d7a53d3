//! Tsallis-INF: the mirror-descent bandit whose regulariser is the square root.
//!
//! Given the cumulative estimated losses `k` of all arms, an arm is drawn with
//! `p = argmin over the simplex of <k, p> - (4 / eta) sum_i sqrt(p_i)`, that is
//! `p_i = 4 / (eta (k_i - x))^2` with `x < min k` fixed by `sum p = 1` (Zimmert and Seldin 2021,
//! arXiv 1807.07623; Khodak et al. 2024, arXiv 2310.02246, algorithm 2).
//!
//! With `w = eta (min k - x) / 2` and gaps `g_i = eta (k_i - min k) / 2` the condition reads
//! `sum_i (g_i + w)^-2 = 1`. The left side falls and is convex in `w`, is at least 1 at `w = 1` and at
//! most 1 at `w = sqrt(d)`: Newton's method from 1 climbs to the root and never passes it. A start
//! elsewhere can overflow, as that of the released code of the second paper does.

/// The probabilities of `losses`, cumulative and already divided by whatever scale; they are positive,
/// sum to 1 and fall as the loss grows. Adding a constant to all losses changes nothing.
///
/// `eta` is positive, the losses are finite; there is at least one.
pub fn probabilities(losses: &[f64], eta: f64) -> Vec<f64> {
    let least = least(losses);
    let root = root(losses, least, eta);
    let mut p: Vec<f64> = losses.iter().map(|k| (0.5 * eta * (k - least) + root).powi(-2)).collect();
    // The root is exact to rounding; so are the shares after this.
    let sum: f64 = p.iter().sum();
    p.iter_mut().for_each(|p| *p /= sum);
    p
}

/// The `x` of the formula above, below every loss.
pub fn normaliser(losses: &[f64], eta: f64) -> f64 {
    let least = least(losses);
    least - 2.0 / eta * root(losses, least, eta)
}

fn least(losses: &[f64]) -> f64 {
    losses.iter().copied().fold(f64::INFINITY, f64::min)
}

/// The `w` of the formula above, in `1..=sqrt(d)`.
fn root(losses: &[f64], least: f64, eta: f64) -> f64 {
    let highest = (losses.len() as f64).sqrt();
    let mut w = 1.0;
    // A dozen steps for equal losses, fewer otherwise; the limit only guards against rounding.
    for _ in 0..64 {
        let (mut sum, mut slope) = (0.0, 0.0);
        for k in losses {
            let inverse = 1.0 / (0.5 * eta * (k - least) + w);
            let square = inverse * inverse;
            sum += square;
            slope += 2.0 * square * inverse;
        }
        let step = (sum - 1.0) / slope;
        w = (w + step).clamp(1.0, highest);
        if step.abs() <= 1e-15 * w {
            break;
        }
    }
    w
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(losses: &[f64], eta: f64, expect: &[f64]) {
        let found = probabilities(losses, eta);
        for (found, expect) in found.iter().zip(expect) {
            assert!((found - expect).abs() < 1e-6, "{losses:?}, {eta}: {found} is not {expect}");
        }
    }

    #[test]
    fn the_papers_small_cases_come_out() {
        // Equal losses of two arms: 4 / x^2 = 1/2, so x = -sqrt(8).
        check(&[0.0, 0.0], 1.0, &[0.5, 0.5]);
        assert!((normaliser(&[0.0, 0.0], 1.0) + 8f64.sqrt()).abs() < 1e-12);
        check(&[0.0, 1.0], 1.0, &[0.664583, 0.335417]);
        assert!((normaliser(&[0.0, 1.0], 1.0) + 2.453326).abs() < 1e-6);
        check(&[0.0, 1.0], 2.0, &[0.780048, 0.219952]);
        check(&[0.0, 4.0, 9.0], 0.5, &[0.706853, 0.208613, 0.084534]);
    }

    #[test]
    fn huge_gaps_neither_overflow_nor_starve_an_arm() {
        let p = probabilities(&[0.0, 1e12, 3e15], 2.0);
        assert!((p[0] - 1.0).abs() < 1e-12 && p.iter().all(|p| *p > 0.0), "{p:?}");
        assert_eq!(probabilities(&[7.0], 0.3), [1.0]);
    }

    proptest! {
        #[test]
        fn shares_sum_to_one_fall_with_the_loss_and_ignore_a_common_offset(
            losses in prop::collection::vec(-50.0..50.0f64, 1..24),
            eta in 0.02..4.0f64,
            offset in -100.0..100.0f64,
        ) {
            let p = probabilities(&losses, eta);
            prop_assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            let x = normaliser(&losses, eta);
            for (i, k) in losses.iter().enumerate() {
                prop_assert!((p[i] - (2.0 / (eta * (k - x))).powi(2)).abs() < 1e-9);
                for (j, other) in losses.iter().enumerate() {
                    prop_assert!(k > other || p[i] >= p[j]);
                }
            }
            let moved: Vec<f64> = losses.iter().map(|k| k + offset).collect();
            for (a, b) in p.iter().zip(probabilities(&moved, eta)) {
                prop_assert!((a - b).abs() < 1e-9);
            }
        }

        #[test]
        fn the_importance_weighted_increment_is_right_on_average(
            losses in prop::collection::vec(0.0..50.0f64, 2..8),
            costs in prop::collection::vec(1.0..90.0f64, 8),
        ) {
            // E[1(i drawn) cost_i / p_i] = p_i cost_i / p_i, summed over what may be drawn.
            let p = probabilities(&losses, 0.5);
            for i in 0..p.len() {
                let mean: f64 = (0..p.len()).map(|drawn| if drawn == i { p[i] * (costs[i] / p[i]) } else { 0.0 }).sum();
                prop_assert!((mean - costs[i]).abs() < 1e-9);
            }
        }
    }
}
