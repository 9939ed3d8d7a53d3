//! Rules for rewards that an adversary may choose: EXP3 and follow the perturbed leader.

/// EXP3's probabilities, into `out`: `(1 - gamma) w_i / sum w + gamma / k`, with `log_weights = ln w`.
///
/// Auer et al. 2002 (SIAM J. Comput. 32), figure 1. Arms are those of the slice; it must not be empty.
pub fn exp3(log_weights: &[f64], gamma: f64, out: &mut [f64]) {
    let top = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut total = 0.0;
    for (out, log) in out.iter_mut().zip(log_weights) {
        *out = (log - top).exp();
        total += *out;
    }
    let floor = gamma / log_weights.len() as f64;
    for out in out.iter_mut() {
        *out = (1.0 - gamma) * *out / total + floor;
    }
}

/// What the pulled arm's log-weight gains: `gamma (reward / propensity) / arms`, for a reward in
/// `[0, 1]`. The estimate `reward / propensity` is unbiased over the draw of the arm.
pub fn exp3_gain(reward: f64, propensity: f64, gamma: f64, arms: usize) -> f64 {
    gamma * (reward / propensity) / arms as f64
}

/// Follow the perturbed leader: the arm with the smallest `losses[i] - noise[i] / rate`, the first of
/// equals; `None` of no arm.
///
/// With `noise` from the standard exponential law this is Kalai & Vempala 2005; from the standard
/// Gumbel law it draws from EXP3's exponential weights exactly.
pub fn perturbed_leader(losses: &[f64], noise: &[f64], rate: f64) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (arm, (loss, noise)) in losses.iter().zip(noise).enumerate() {
        let value = loss - noise / rate;
        if best.is_none_or(|(_, least)| value < least) {
            best = Some((arm, value));
        }
    }
    best.map(|(arm, _)| arm)
}

/// Geometric resampling: an estimate of `1 / probability` of the arm that was played, by playing again
/// in thought until `again` gives it, at most `cap` times. Returns the number of plays.
///
/// Neu & Bartók 2013, section 2; its mean is `(1 - (1 - p)^cap) / p`.
pub fn geometric_resampling(cap: u32, mut again: impl FnMut() -> bool) -> u32 {
    (1..=cap).find(|_| again()).unwrap_or(cap)
}
