//! The probability that each of several independent quantities is the largest: what Thompson sampling
//! chooses with, and what off-policy estimates of its choices divide by.
//!
//! `P(i is the largest) = ∫ f_i(x) prod_{j != i} F_j(x) dx`, by Gauss-Legendre quadrature between
//! breakpoints at each law's mean and a few standard deviations from it, scaled to sum to one.

use super::posterior::{Beta, Gaussian};
use statrs::function::beta::{beta_reg, ln_beta};
use statrs::function::erf::erfc;

/// Nodes and weights of Gauss-Legendre quadrature with eight points, the positive half.
const LEGENDRE: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_48),
    (0.960_289_856_497_536_2, 0.101_228_536_290_376_26),
];

/// Where the integrand may bend, in standard deviations from a mean.
const BENDS: [f64; 11] = [-8.5, -6.0, -4.0, -2.5, -1.2, 0.0, 1.2, 2.5, 4.0, 6.0, 8.5];

/// The probability of each Gaussian to be the largest, in the order given. Empty for none.
pub fn largest_gaussian(laws: &[Gaussian]) -> Vec<f64> {
    let sds: Vec<f64> = laws.iter().map(|law| law.variance.sqrt()).collect();
    // A law without spread is a point; the spread of the others decides against it.
    let floor = sds.iter().copied().fold(0.0, f64::max) * 1e-6;
    if floor <= 0.0 {
        return first_largest(laws);
    }
    let sds: Vec<f64> = sds.iter().map(|sd| sd.max(floor)).collect();
    let spots = laws.iter().zip(&sds).map(|(law, sd)| (law.mean, *sd));
    let density = |i: usize, x: f64| {
        let z = (x - laws[i].mean) / sds[i];
        (-0.5 * z * z).exp() / (sds[i] * (2.0 * std::f64::consts::PI).sqrt())
    };
    let below = |i: usize, x: f64| 0.5 * erfc(-(x - laws[i].mean) / (sds[i] * std::f64::consts::SQRT_2));
    largest(laws.len(), bends(spots, f64::NEG_INFINITY, f64::INFINITY), density, below)
}

/// The probability of each Beta law to be the largest, in the order given. Empty for none.
pub fn largest_beta(laws: &[Beta]) -> Vec<f64> {
    // x = sin^2 s, which takes the poles at 0 and 1 of laws with a or b below 1 away (down to 1/2).
    let angle = |x: f64| x.clamp(0.0, 1.0).sqrt().asin();
    let logs: Vec<f64> = laws.iter().map(|law| ln_beta(law.a, law.b)).collect();
    let spots = laws.iter().map(|law| {
        let mean = angle(law.mean());
        (mean, 0.5 / (law.a + law.b + 1.0).sqrt())
    });
    let density = |i: usize, s: f64| {
        let (sin, cos) = s.sin_cos();
        let (a, b) = (laws[i].a, laws[i].b);
        2.0 * ((2.0 * a - 1.0) * sin.ln() + (2.0 * b - 1.0) * cos.ln() - logs[i]).exp()
    };
    let below = |i: usize, s: f64| beta_reg(laws[i].a, laws[i].b, s.sin().powi(2).clamp(0.0, 1.0));
    largest(laws.len(), bends(spots, 0.0, std::f64::consts::FRAC_PI_2), density, below)
}

/// All on the first of the largest means.
fn first_largest(laws: &[Gaussian]) -> Vec<f64> {
    let top = laws.iter().map(|law| law.mean).fold(f64::NEG_INFINITY, f64::max);
    let first = laws.iter().position(|law| law.mean == top);
    (0..laws.len()).map(|i| f64::from(u8::from(Some(i) == first))).collect()
}

/// Breakpoints in rising order, within the two ends and with finite ends themselves.
fn bends(spots: impl Iterator<Item = (f64, f64)>, low: f64, high: f64) -> Vec<f64> {
    let mut points: Vec<f64> =
        spots.flat_map(|(mean, sd)| BENDS.map(|bend| (mean + bend * sd).clamp(low, high))).collect();
    points.extend([low, high].into_iter().filter(|end| end.is_finite()));
    points.sort_by(f64::total_cmp);
    points.dedup();
    points
}

fn largest(
    count: usize,
    points: Vec<f64>,
    density: impl Fn(usize, f64) -> f64,
    below: impl Fn(usize, f64) -> f64,
) -> Vec<f64> {
    let mut shares = vec![0.0; count];
    let mut cdf = vec![0.0; count];
    let mut behind = vec![1.0; count + 1];
    for ends in points.windows(2) {
        let (middle, half) = (0.5 * (ends[0] + ends[1]), 0.5 * (ends[1] - ends[0]));
        for (node, weight) in LEGENDRE {
            for x in [middle - half * node, middle + half * node] {
                for (i, cdf) in cdf.iter_mut().enumerate() {
                    *cdf = below(i, x);
                }
                // The product of all others is that of those before and of those behind.
                for i in (0..count).rev() {
                    behind[i] = behind[i + 1] * cdf[i];
                }
                let mut before = 1.0;
                for (i, share) in shares.iter_mut().enumerate() {
                    *share += half * weight * density(i, x) * (before * behind[i + 1]);
                    before *= cdf[i];
                }
            }
        }
    }
    let total: f64 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= total);
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn near(found: &[f64], expect: &[f64], within: f64) {
        assert_eq!(found.len(), expect.len());
        for (found, expect) in found.iter().zip(expect) {
            assert!((found - expect).abs() < within, "{found} is not {expect}");
        }
    }

    fn gaussian(mean: f64, sd: f64) -> Gaussian {
        Gaussian { mean, variance: sd * sd }
    }

    #[test]
    fn of_two_gaussians_the_difference_decides() {
        // X - Y is N(1, 3^2 + 4^2): P(X > Y) = Phi(1 / 5) = 0.579259709439103.
        let found = largest_gaussian(&[gaussian(1.0, 3.0), gaussian(0.0, 4.0)]);
        near(&found, &[0.579_259_709_439_103, 0.420_740_290_560_897], 1e-10);
        // Widths a thousand times apart: Phi(1 / sqrt(1 + 1e-6)) = 0.841344625153...
        let found = largest_gaussian(&[gaussian(1.0, 1e-3), gaussian(0.0, 1.0)]);
        near(&found[..1], &[0.841_344_625_084_6], 1e-9);
    }

    #[test]
    fn equal_laws_share_evenly() {
        near(&largest_gaussian(&[gaussian(2.0, 0.5); 5]), &[0.2; 5], 1e-12);
        near(&largest_beta(&[Beta { a: 3.0, b: 7.0 }; 4]), &[0.25; 4], 1e-12);
        near(&largest_beta(&[Beta { a: 0.5, b: 0.5 }; 3]), &[1.0 / 3.0; 3], 1e-9);
    }

    #[test]
    fn beta_laws_by_hand() {
        // Against the even law, P(X > U) = E[X].
        let even = Beta { a: 1.0, b: 1.0 };
        near(&largest_beta(&[Beta { a: 2.0, b: 1.0 }, even]), &[2.0 / 3.0, 1.0 / 3.0], 1e-12);
        near(&largest_beta(&[Beta { a: 300.0, b: 100.0 }, even]), &[0.75, 0.25], 1e-10);
        // Of three even laws and their kind with density 3 x^2: the third is the largest of three
        // even draws itself, so it beats two more with probability 3 / 5.
        near(&largest_beta(&[even, even, Beta { a: 3.0, b: 1.0 }]), &[0.2, 0.2, 0.6], 1e-12);
    }

    #[test]
    fn laws_without_spread_leave_the_choice_to_the_first_of_the_largest() {
        let points = [0.0, 2.0, 2.0].map(|mean| gaussian(mean, 0.0));
        assert_eq!(largest_gaussian(&points), [0.0, 1.0, 0.0]);
        assert!(largest_gaussian(&[]).is_empty());
    }
}
