//! Optimistic indices: how good an arm may still be, given how often it was pulled and what it gave.
//!
//! `n` is the number of pulls of the arm (a weight, where old pulls count less), `t` the number of all
//! pulls so far. An arm that was never pulled has index infinity. All but [`ucb1`] and [`kl_ucb`] with a
//! Gaussian expect rewards in `[0, 1]` or take their range.

/// UCB1 with its constant inside the root: `mean + sqrt(alpha ln t / n)`.
///
/// Auer et al. 2002, figure 1, is `alpha = 2`. A constant `c` in front of Auer's root,
/// `mean + c sqrt(2 ln t / n)`, is `alpha = 2 c^2`: [`ucb1_alpha`].
pub fn ucb1(mean: f64, n: f64, t: f64, alpha: f64) -> f64 {
    if n <= 0.0 {
        return f64::INFINITY;
    }
    mean + (alpha * t.max(1.0).ln() / n).sqrt()
}

/// The `alpha` of [`ucb1`] that equals a constant `c` in front of the root of `2 ln t / n`.
pub fn ucb1_alpha(c: f64) -> f64 {
    2.0 * c * c
}

/// UCB-V: `mean + sqrt(2 variance zeta ln t / n) + 3 c range zeta ln t / n`.
///
/// `variance` is that of the `n` rewards (divided by `n`), `range` the width of the interval that they
/// lie in. Audibert, Munos & Szepesvári 2009, equation 1 with the exploration function `zeta ln t`.
pub fn ucb_v(mean: f64, variance: f64, n: f64, t: f64, zeta: f64, c: f64, range: f64) -> f64 {
    if n <= 0.0 {
        return f64::INFINITY;
    }
    let e = zeta * t.max(1.0).ln();
    mean + (2.0 * variance * e / n).sqrt() + 3.0 * c * range * e / n
}

/// MOSS: `mean + sqrt(max(ln(horizon / (arms n)), 0) / n)`.
///
/// Audibert & Bubeck 2009, section 2.
pub fn moss(mean: f64, n: f64, arms: f64, horizon: f64) -> f64 {
    if n <= 0.0 {
        return f64::INFINITY;
    }
    mean + ((horizon / (arms * n)).ln().max(0.0) / n).sqrt()
}

/// The level up to which KL-UCB's divergence may go: `ln t + c ln ln t`, at least 0.
///
/// Garivier & Cappé 2011, algorithm 1. They prove with `c = 3` and recommend `c = 0`.
pub fn kl_ucb_level(t: f64, c: f64) -> f64 {
    let log = t.max(1.0).ln();
    let twice = if c == 0.0 { 0.0 } else { c * log.max(1.0).ln() };
    (log + twice).max(0.0)
}

/// KL-UCB for rewards in `[0, 1]`: the largest `q` in `[mean, 1]` with `n kl(mean, q) <= level`.
pub fn kl_ucb(mean: f64, n: f64, level: f64) -> f64 {
    if n <= 0.0 {
        return f64::INFINITY;
    }
    kl_upper(mean, level / n)
}

/// KL-UCB for Gaussian rewards of known variance: `mean + sqrt(2 variance level / n)`.
pub fn kl_ucb_gaussian(mean: f64, n: f64, level: f64, variance: f64) -> f64 {
    if n <= 0.0 {
        return f64::INFINITY;
    }
    mean + (2.0 * variance * level / n).sqrt()
}

/// The Kullback-Leibler divergence between Bernoulli laws of means `p` and `q`, in nats.
///
/// Infinite when `q` rules out what `p` allows.
pub fn kl_bernoulli(p: f64, q: f64) -> f64 {
    let part = |p: f64, q: f64| if p <= 0.0 { 0.0 } else { p * (p / q).ln() };
    (part(p, q) + part(1.0 - p, 1.0 - q)).max(0.0)
}

/// The divergence between Gaussian laws of means `p` and `q` and one variance, in nats.
pub fn kl_gaussian(p: f64, q: f64, variance: f64) -> f64 {
    (p - q).powi(2) / (2.0 * variance)
}

/// The largest `q` in `[p, 1]` with `kl_bernoulli(p, q) <= bound`, to the last bits.
///
/// Newton's method on the convex `kl(p, .)`, started at Pinsker's upper bound, where it descends
/// monotonically; bisection takes over where a step would leave the bracket.
pub fn kl_upper(p: f64, bound: f64) -> f64 {
    let p = p.clamp(0.0, 1.0);
    if bound <= 0.0 || p >= 1.0 {
        return p;
    }
    if p == 0.0 {
        // kl(0, q) = -ln(1 - q).
        return -(-bound).exp_m1();
    }
    let (mut low, mut high) = (p, 1.0);
    let mut q = (p + (bound / 2.0).sqrt()).min(1.0 - (1.0 - p) * (-bound / (1.0 - p)).exp() * 0.5);
    for _ in 0..64 {
        let gap = kl_bernoulli(p, q) - bound;
        if gap > 0.0 {
            high = q;
        } else {
            low = q;
        }
        let slope = (q - p) / (q * (1.0 - q));
        let newton = q - gap / slope;
        let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
        if (next - q).abs() <= f64::EPSILON * q || next == low && next == high {
            return next.clamp(p, 1.0);
        }
        q = next;
    }
    q.clamp(p, 1.0)
}

/// The smallest `q` in `[0, p]` with `kl_bernoulli(p, q) <= bound`.
pub fn kl_lower(p: f64, bound: f64) -> f64 {
    1.0 - kl_upper(1.0 - p.clamp(0.0, 1.0), bound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn near(found: f64, expect: f64) {
        assert!((found - expect).abs() < 1e-10, "{found} is not {expect}");
    }

    #[test]
    fn ucb1_by_hand_in_both_writings() {
        // sqrt(0.5 ln 10 / 4) = sqrt(0.287823136624256) = 0.536491506573...
        near(ucb1(0.5, 4.0, 10.0, 0.5), 1.036_491_506_573_6);
        for c in [0.0, 0.5, 1.0, 1.25] {
            near(ucb1(0.3, 7.0, 90.0, ucb1_alpha(c)), 0.3 + c * (2.0 * 90f64.ln() / 7.0).sqrt());
        }
        assert_eq!(ucb1(0.0, 0.0, 10.0, 0.5), f64::INFINITY);
        assert_eq!(ucb1(0.25, 1.0, 1.0, 2.0), 0.25);
    }

    #[test]
    fn ucb_v_by_hand() {
        // ln t = 2, n = 8, variance 0.25, zeta = c = range = 1:
        // 0.5 + sqrt(2 * 0.25 * 2 / 8) + 3 * 2 / 8 = 0.5 + 0.353553... + 0.75.
        near(ucb_v(0.5, 0.25, 8.0, 2f64.exp(), 1.0, 1.0, 1.0), 1.25 + 0.125f64.sqrt());
        // Without spread only the last term is left.
        near(ucb_v(0.5, 0.0, 8.0, 2f64.exp(), 1.0, 1.0, 1.0), 1.25);
    }

    #[test]
    fn moss_by_hand() {
        // horizon / (arms n) = 1000 / (10 * 5) = 20: sqrt(ln 20 / 5).
        near(moss(0.5, 5.0, 10.0, 1000.0), 0.5 + (20f64.ln() / 5.0).sqrt());
        // An arm pulled more than its share has no bonus.
        assert_eq!(moss(0.5, 101.0, 10.0, 1000.0), 0.5);
    }

    #[test]
    fn divergences_by_hand() {
        // kl(1/2, 1/4) = 1/2 ln 2 + 1/2 ln(2/3) = 1/2 ln(4/3).
        near(kl_bernoulli(0.5, 0.25), 0.5 * (4.0f64 / 3.0).ln());
        near(kl_bernoulli(0.0, 0.5), 2f64.ln());
        assert_eq!(kl_bernoulli(0.3, 0.3), 0.0);
        assert_eq!(kl_bernoulli(0.5, 1.0), f64::INFINITY);
        // (1 - 3)^2 / (2 * 2).
        assert_eq!(kl_gaussian(1.0, 3.0, 2.0), 1.0);
    }

    #[test]
    fn kl_ucb_by_hand() {
        // kl(0, q) = -ln(1 - q) <= ln 2 / 1.
        near(kl_ucb(0.0, 1.0, 2f64.ln()), 0.5);
        // kl(1/2, q) = 1/2 ln(1 / (4 q (1 - q))) = 1/2 ln(4/3) at q = 3/4.
        near(kl_ucb(0.5, 2.0, (4.0f64 / 3.0).ln()), 0.75);
        assert_eq!(kl_ucb(1.0, 5.0, 3.0), 1.0);
        assert_eq!(kl_ucb(0.4, 5.0, 0.0), 0.4);
        near(kl_ucb_gaussian(1.0, 4.0, 2.0, 2.0), 1.0 + 2f64.sqrt());
        // ln t + 3 ln ln t; before t = e only ln t counts.
        near(kl_ucb_level(100.0, 3.0), 100f64.ln() + 3.0 * 100f64.ln().ln());
        near(kl_ucb_level(2.0, 3.0), 2f64.ln());
    }

    proptest! {
        #[test]
        fn the_kl_bounds_solve_their_equation(p in 0.0..=1.0f64, bound in 1e-9..30.0f64) {
            let (low, high) = (kl_lower(p, bound), kl_upper(p, bound));
            prop_assert!(0.0 <= low && low <= p && p <= high && high <= 1.0);
            // Where an end is not pressed against 0 or 1 it lies on the bound.
            if high < 1.0 - 1e-9 {
                prop_assert!((kl_bernoulli(p, high) - bound).abs() < 1e-6 * (1.0 + bound), "{p} {bound} {high}");
            }
            if low > 1e-9 {
                prop_assert!((kl_bernoulli(p, low) - bound).abs() < 1e-6 * (1.0 + bound), "{p} {bound} {low}");
            }
        }

        #[test]
        fn indices_rise_with_time_fall_with_pulls_and_never_undercut_the_mean(
            mean in 0.0..=1.0f64,
            n in 1.0..1e4f64,
            t in 2.0..1e5f64,
        ) {
            let variance = mean * (1.0 - mean);
            let all = |n: f64, t: f64| [
                ucb1(mean, n, t, 2.0),
                ucb_v(mean, variance, n, t, 1.2, 1.0, 1.0),
                moss(mean, n, 10.0, t),
                kl_ucb(mean, n, kl_ucb_level(t, 3.0)),
                kl_ucb_gaussian(mean, n, kl_ucb_level(t, 0.0), 0.25),
            ];
            let here = all(n, t);
            for ((here, later), pulled) in here.iter().zip(all(n, 2.0 * t)).zip(all(2.0 * n, t)) {
                prop_assert!(*here >= mean - 1e-12 && later >= here - 1e-12 && pulled <= here + 1e-12);
            }
            prop_assert!(here[3] <= 1.0);
            // Pinsker: with the same level, KL-UCB is at most the Gaussian index of variance 1/4.
            prop_assert!(kl_ucb(mean, n, t.ln()) <= here[4] + 1e-12);
        }
    }
}
