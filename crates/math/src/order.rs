//! What the best of K samples is worth: order statistics and the power law of best-of-K training.

use statrs::distribution::{ContinuousCDF, Normal};

/// The expected maximum of `k` independent standard normal variables; about `sqrt(2 ln k)`.
///
/// Accurate to 1e-6 for `k` up to a million. `k = 0` counts as 1.
pub fn max_of_normals(k: u32) -> f64 {
    let normal = Normal::standard();
    let k = f64::from(k.max(1));
    // E max = int_0^inf (1 - F^k) - int_-inf^0 F^k, by Simpson's rule on [-10, 10].
    let tail = |x: f64| 1.0 - normal.cdf(x).powf(k) - normal.cdf(-x).powf(k);
    simpson(tail, 0.0, 10.0, 4_000)
}

/// The expected maximum of `k` independent uniform variables on 0 to 1: `k / (k + 1)`.
pub fn max_of_uniforms(k: u32) -> f64 {
    let k = f64::from(k.max(1));
    k / (k + 1.0)
}

/// The reward's distribution function after `rounds` of keeping the best of `k` and fitting it
/// perfectly, where it was `cdf` before: `cdf^(k^rounds)`.
pub fn cdf_after(cdf: f64, k: u32, rounds: u32) -> f64 {
    cdf.powf(f64::from(k.max(1)).powi(rounds.min(1_000) as i32))
}

/// An upper bound on the expected best of `k` rewards of mean `mean` within a range of `width`:
/// `mean + sqrt(width^2 ln k / 2)`.
pub fn max_bound(mean: f64, width: f64, k: u32) -> f64 {
    mean + (width * width * f64::from(k.max(1)).ln() / 2.0).sqrt()
}

fn simpson(f: impl Fn(f64) -> f64, from: f64, to: f64, pairs: u32) -> f64 {
    let step = (to - from) / (2.0 * f64::from(pairs));
    let at = |i: u32| f(from + step * f64::from(i));
    let mut sum = at(0) + at(2 * pairs);
    for i in 1..2 * pairs {
        sum += at(i) * if i % 2 == 1 { 4.0 } else { 2.0 };
    }
    sum * step / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_best_of_k_normals_has_the_values_of_the_card() {
        for (k, expect) in [(1, 0.0), (2, 0.5642), (4, 1.0294), (8, 1.4236), (16, 1.7660), (32, 2.0697)] {
            assert!((max_of_normals(k) - expect).abs() < 5e-5, "k = {k}: {}", max_of_normals(k));
        }
        assert!((max_of_normals(2) - 1.0 / std::f64::consts::PI.sqrt()).abs() < 1e-9);
    }

    #[test]
    fn two_rounds_of_four_equal_one_of_sixteen() {
        for cdf in [0.0, 0.1, 0.5, 0.97, 1.0] {
            assert!((cdf_after(cdf, 4, 2) - cdf_after(cdf, 16, 1)).abs() < 1e-15);
            assert_eq!(cdf_after(cdf, 1, 9), cdf);
        }
    }

    #[test]
    fn best_of_k_on_a_table_follows_the_power_law() {
        // Picking the best of K independent draws from p gives F^K exactly, so K = 2 twice is K = 4.
        let p = [0.1, 0.2, 0.3, 0.4];
        let best_of_two = |p: &[f64]| -> Vec<f64> {
            let mut below = 0.0;
            p.iter()
                .map(|&mass| {
                    let now = below + mass;
                    let chance = now * now - below * below;
                    below = now;
                    chance
                })
                .collect()
        };
        let twice = best_of_two(&best_of_two(&p));
        let (mut before, mut after) = (0.0, 0.0);
        for (old, new) in p.iter().zip(&twice) {
            before += old;
            after += new;
            assert!((cdf_after(before, 2, 2) - after).abs() < 1e-12);
        }
    }

    proptest! {
        #[test]
        fn the_bound_holds_for_uniforms_and_normals_rise_with_k(k in 1u32..5_000) {
            prop_assert!(max_of_uniforms(k) <= max_bound(0.5, 1.0, k) + 1e-12);
            prop_assert!(max_of_normals(k) < max_of_normals(k + 1));
        }
    }
}
