//! How a regret curve grows: the exploration-efficiency fit of EVOLvE.
//!
//! `f(t) = lambda_1 (ln t)^alpha / gap + beta t + lambda_2` is fitted to a mean cumulative-regret curve
//! (arXiv 2410.06238, section 6.2). A small alpha and a beta near 0 mean that regret grows slower than
//! time; a beta above 0 means that a constant share of the rounds is lost for good. For fixed alpha
//! the rest is nonnegative least squares, so only alpha is searched. The paper gives neither bounds
//! nor optimiser: alpha in 0 to 2 is ours. Alpha and beta compete on short horizons (20 arms within
//! 1,000 rounds look linear under every rule), so the residual is part of the answer.

use crate::nnls::nnls;
use serde::{Deserialize, Serialize};

/// The largest alpha that is tried.
pub const MOST_ALPHA: f64 = 2.0;

/// Alphas on the grid that is searched before the best of them is refined.
const GRID: usize = 41;

/// Steps of refinement; each narrows the range by 0.618, so the last is about 1e-10 wide.
const STEPS: usize = 45;

/// A fitted curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegretFit {
    /// The power of the logarithm, in 0 to 2; 0 where `lambda_1` is 0 and nothing tells its value.
    pub alpha: f64,
    /// Regret a round that never ends, at least 0.
    pub beta: f64,
    /// The weight of the logarithm, at least 0.
    pub lambda_1: f64,
    /// The offset, at least 0.
    pub lambda_2: f64,
    /// The root of the mean squared difference to the curve, in units of regret.
    pub residual: f64,
}

impl RegretFit {
    /// Fits `curve`, whose entry `t - 1` is the regret of rounds 1 to t. `gap` is the difference of the
    /// best two means. `None` for fewer than four points, numbers that are not finite or a gap that
    /// is not above 0.
    pub fn of(curve: &[f64], gap: f64) -> Option<RegretFit> {
        let finite = curve.iter().all(|regret| regret.is_finite());
        if curve.len() < 4 || !finite || !(gap > 0.0 && gap.is_finite()) {
            return None;
        }
        let rounds: Vec<f64> = (1..=curve.len()).map(|t| t as f64).collect();
        let at = |alpha: f64| at_alpha(&rounds, curve, gap, alpha);
        let grid: Vec<RegretFit> =
            (0..GRID).map(|i| at(MOST_ALPHA * i as f64 / (GRID - 1) as f64)).collect::<Option<_>>()?;
        let best = (0..GRID).min_by(|&a, &b| grid[a].residual.total_cmp(&grid[b].residual))?;
        let place = |i: usize| MOST_ALPHA * i as f64 / (GRID - 1) as f64;
        let refined = golden(place(best.saturating_sub(1)), place((best + 1).min(GRID - 1)), at)?;
        let found = if refined.residual < grid[best].residual { refined } else { grid[best] };
        Some(if found.lambda_1 == 0.0 { RegretFit { alpha: 0.0, ..found } } else { found })
    }

    /// The fitted regret of rounds 1 to `t`.
    pub fn at(&self, t: f64, gap: f64) -> f64 {
        self.lambda_1 * t.ln().powf(self.alpha) / gap + self.beta * t + self.lambda_2
    }
}

fn at_alpha(rounds: &[f64], curve: &[f64], gap: f64, alpha: f64) -> Option<RegretFit> {
    let logs: Vec<f64> = rounds.iter().map(|t| t.ln().powf(alpha) / gap).collect();
    let ones = vec![1.0; rounds.len()];
    // The line first: of equally good answers the one without a logarithm is taken.
    let found = nnls(&[rounds, &ones, &logs], curve)?;
    let residual = (found.squares / curve.len() as f64).sqrt();
    let [beta, lambda_2, lambda_1] = found.weights[..] else { return None };
    Some(RegretFit { alpha, beta, lambda_1, lambda_2, residual })
}

/// Golden-section search for the alpha with the least residual.
fn golden(low: f64, high: f64, at: impl Fn(f64) -> Option<RegretFit>) -> Option<RegretFit> {
    let share = (5f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (low, high);
    let mut left = at(high - share * (high - low))?;
    let mut right = at(low + share * (high - low))?;
    for _ in 0..STEPS {
        if left.residual <= right.residual {
            high = right.alpha;
            right = left;
            left = at(high - share * (high - low))?;
        } else {
            low = left.alpha;
            left = right;
            right = at(low + share * (high - low))?;
        }
    }
    Some(if left.residual <= right.residual { left } else { right })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(f: impl Fn(f64) -> f64) -> Vec<f64> {
        (1..=300).map(|t| f(f64::from(t))).collect()
    }

    #[test]
    fn a_line_has_its_slope_and_no_logarithm() {
        let found = RegretFit::of(&curve(|t| 0.3 * t), 0.5).expect("valid");
        assert!((found.beta - 0.3).abs() < 1e-12, "{found:?}");
        assert_eq!((found.lambda_1, found.alpha), (0.0, 0.0));
        assert!(found.residual < 1e-12 && found.lambda_2 < 1e-9);
        // For any alpha, not only the best.
        let rounds: Vec<f64> = (1..=300).map(f64::from).collect();
        for alpha in [0.0, 0.3, 1.0, 1.7, 2.0] {
            let fixed = at_alpha(&rounds, &curve(|t| 0.3 * t), 0.5, alpha).expect("valid");
            assert!((fixed.beta - 0.3).abs() < 1e-12 && fixed.lambda_1 == 0.0, "{fixed:?}");
        }
    }

    #[test]
    fn a_logarithm_has_its_weight_alpha_1_and_no_slope() {
        let found = RegretFit::of(&curve(|t| 2.0 * t.ln() / 0.2), 0.2).expect("valid");
        assert!((found.alpha - 1.0).abs() < 1e-6, "{found:?}");
        assert!((found.lambda_1 - 2.0).abs() < 1e-5 && found.beta < 1e-7);
    }

    #[test]
    fn a_mixture_is_taken_apart() {
        let mixed = RegretFit { alpha: 1.3, beta: 0.05, lambda_1: 0.7, lambda_2: 1.0, residual: 0.0 };
        let found = RegretFit::of(&curve(|t| mixed.at(t, 0.5)), 0.5).expect("valid");
        for (found, expect) in [
            (found.alpha, mixed.alpha),
            (found.beta, mixed.beta),
            (found.lambda_1, mixed.lambda_1),
            (found.lambda_2, mixed.lambda_2),
        ] {
            assert!((found - expect).abs() < 1e-4, "{found} != {expect}");
        }
    }

    #[test]
    fn what_cannot_be_fitted_gives_none() {
        assert_eq!(RegretFit::of(&[1.0, 2.0, 3.0], 0.5), None);
        assert_eq!(RegretFit::of(&[1.0, 2.0, 3.0, f64::NAN], 0.5), None);
        assert_eq!(RegretFit::of(&[1.0, 2.0, 3.0, 4.0], 0.0), None);
        let nothing = RegretFit::of(&[0.0; 10], 0.5).expect("valid");
        assert_eq!((nothing.beta, nothing.lambda_1, nothing.residual), (0.0, 0.0, 0.0));
    }
}
