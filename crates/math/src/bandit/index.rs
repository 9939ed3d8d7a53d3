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
