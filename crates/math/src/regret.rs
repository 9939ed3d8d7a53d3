//! What a sequence of choices cost: regret, and how the pulls were shared out.
//!
//! Regret here is pseudo-regret: the mean of the best arm less the mean of the arm that was chosen, so
//! that the luck of a reward does not enter. Means are those of the round, so the same sums measure
//! contextual and changing worlds. The two shares are those of Krishnamurthy et al. 2024, as in EVOLvE
//! (arXiv 2410.06238, section 6).

/// The running sum of what each round cost: `out[t]` is the regret of rounds 0 to t.
pub fn cumulative(regrets: &[f64]) -> Vec<f64> {
    let mut sum = 0.0;
    regrets
        .iter()
        .map(|regret| {
            sum += regret;
            sum
        })
        .collect()
}

/// K times the share of pulls of the arm that was pulled least, in 0 to 1: 1 when all arms are pulled
/// alike. An agent that still explores has a large one. `None` without arms or pulls.
pub fn min_frac(pulls: &[u64]) -> Option<f64> {
    let total: u64 = pulls.iter().sum();
    let least = *pulls.iter().min()?;
    (total > 0).then(|| pulls.len() as f64 * least as f64 / total as f64)
}

/// The share of pulls of the best arm, in 0 to 1. `None` without pulls or such an arm.
pub fn opt_frac(pulls: &[u64], best: usize) -> Option<f64> {
    let total: u64 = pulls.iter().sum();
    let of_best = *pulls.get(best)?;
    (total > 0).then(|| of_best as f64 / total as f64)
}

/// How often each of `arms` arms is named in `chosen`; names outside are not counted.
pub fn pulls(chosen: &[u32], arms: usize) -> Vec<u64> {
    let mut counts = vec![0; arms];
    for &arm in chosen {
        if let Some(count) = counts.get_mut(arm as usize) {
            *count += 1;
        }
    }
    counts
}

/// The expected regret of choosing evenly for `rounds` rounds: the number of rounds times the best mean
/// less the average mean. `None` without arms.
pub fn of_even_choice(means: &[f64], rounds: u64) -> Option<f64> {
    let best = means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Some(rounds as f64 * (best - crate::summary::mean(means)?))
}

/// The divergence of two normal distributions with the same standard deviation, in nats: what makes
/// the best two arms of a Gaussian bandit hard to tell apart (EVOLvE's instance hardness).
pub fn gaussian_kl(mean: f64, other: f64, deviation: f64) -> f64 {
    (mean - other) * (mean - other) / (2.0 * deviation * deviation)
}

/// Element by element the mean of curves of the same length; empty without curves.
pub fn mean_curve(curves: &[Vec<f64>]) -> Vec<f64> {
    let length = curves.iter().map(Vec::len).min().unwrap_or(0);
    (0..length).map(|t| curves.iter().map(|curve| curve[t]).sum::<f64>() / curves.len() as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regret_adds_up() {
        assert_eq!(cumulative(&[0.5, 0.0, 0.25]), [0.5, 0.5, 0.75]);
        assert!(cumulative(&[]).is_empty());
        assert_eq!(mean_curve(&[vec![1.0, 2.0], vec![3.0, 6.0]]), [2.0, 4.0]);
        assert!(mean_curve(&[]).is_empty());
    }

    #[test]
    fn even_choice_on_five_arms_with_gap_a_half_costs_120_in_300_rounds() {
        // T D (K - 1) / K = 300 * 0.5 * 4 / 5 = 120.
        let means = [0.25, 0.25, 0.75, 0.25, 0.25];
        assert!((of_even_choice(&means, 300).expect("arms") - 120.0).abs() < 1e-12);
        assert_eq!(of_even_choice(&[], 300), None);
    }

    #[test]
    fn shares_of_pulls() {
        let counts = pulls(&[0, 2, 2, 1, 2, 9], 3);
        assert_eq!(counts, [1, 1, 3]);
        assert_eq!(min_frac(&counts), Some(3.0 / 5.0));
        assert_eq!(opt_frac(&counts, 2), Some(3.0 / 5.0));
        assert_eq!(opt_frac(&counts, 3), None);
        assert_eq!(min_frac(&[0, 0]), None);
        // All alike: MinFrac 1 and OptFrac 1 / K.
        assert_eq!((min_frac(&[7, 7, 7, 7]), opt_frac(&[7, 7, 7, 7], 1)), (Some(1.0), Some(0.25)));
    }

    #[test]
    fn the_divergence_of_two_gaussians_of_equal_width() {
        // (1 - 0)^2 / (2 * 9) = 0.0556; the general formula ln(s/s) + (s^2 + d^2) / (2 s^2) - 1/2 agrees.
        let (near, far, s) = (1.0, 0.0, 3.0_f64);
        let general = (s * s + (near - far) * (near - far)) / (2.0 * s * s) - 0.5;
        assert!((gaussian_kl(near, far, s) - general).abs() < 1e-15);
        assert!((gaussian_kl(near, far, s) - 1.0 / 18.0).abs() < 1e-15);
    }
}
