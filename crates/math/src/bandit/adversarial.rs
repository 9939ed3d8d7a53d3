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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::{Rng, SeedableRng, rngs::StdRng};
    use rand_distr::{Distribution, Gumbel};

    #[test]
    fn exp3_by_hand() {
        // w = (1, 3), gamma = 0.2: 0.8 * (1/4, 3/4) + 0.1.
        let mut out = [0.0; 2];
        exp3(&[0.0, 3f64.ln()], 0.2, &mut out);
        assert!((out[0] - 0.3).abs() < 1e-15 && (out[1] - 0.7).abs() < 1e-15, "{out:?}");
        // 0.2 * (1 / 0.5) / 2.
        assert!((exp3_gain(1.0, 0.5, 0.2, 2) - 0.2).abs() < 1e-15);
    }

    #[test]
    fn huge_weights_do_not_overflow() {
        let mut out = [0.0; 3];
        exp3(&[1e6, 0.0, 1e6], 0.3, &mut out);
        assert!((out[0] - 0.45).abs() < 1e-12 && (out[1] - 0.1).abs() < 1e-12, "{out:?}");
    }

    #[test]
    fn the_perturbed_leader_by_hand() {
        // 3 - 4/2, 1 - 0/2, 2 - 1/2: 1, 1, 1.5; the first of equals.
        assert_eq!(perturbed_leader(&[3.0, 1.0, 2.0], &[4.0, 0.0, 1.0], 2.0), Some(0));
        assert_eq!(perturbed_leader(&[], &[], 1.0), None);
    }

    #[test]
    fn gumbel_noise_makes_the_perturbed_leader_draw_exponential_weights() {
        // rate 1, losses (0, ln 3): shares 3/4 and 1/4.
        let mut rng = StdRng::seed_from_u64(1);
        let gumbel = Gumbel::new(0.0, 1.0).expect("a scale above 0");
        let n = 40_000;
        let first = (0..n).filter(|_| {
            let noise = [gumbel.sample(&mut rng), gumbel.sample(&mut rng)];
            perturbed_leader(&[0.0, 3f64.ln()], &noise, 1.0) == Some(0)
        });
        let share = first.count() as f64 / f64::from(n);
        assert!((share - 0.75).abs() < 5.0 * (0.75 * 0.25 / f64::from(n)).sqrt(), "{share}");
    }

    #[test]
    fn geometric_resampling_has_the_mean_of_the_paper() {
        let mut rng = StdRng::seed_from_u64(2);
        let (p, cap, n) = (0.2f64, 10, 40_000);
        let plays = (0..n).map(|_| geometric_resampling(cap, || rng.random::<f64>() < p));
        let mean = plays.map(f64::from).sum::<f64>() / f64::from(n);
        // (1 - 0.8^10) / 0.2 = 4.4631; a play's standard deviation is about 3.
        let expect = (1.0 - (1.0 - p).powi(cap as i32)) / p;
        assert!((mean - expect).abs() < 5.0 * 3.0 / f64::from(n).sqrt(), "{mean} is not {expect}");
    }

    proptest! {
        #[test]
        fn exp3_shares_sum_to_one_keep_their_floor_and_estimate_without_bias(
            logs in prop::collection::vec(-20.0..20.0f64, 1..12),
            gamma in 0.01..=1.0f64,
        ) {
            let mut shares = vec![0.0; logs.len()];
            exp3(&logs, gamma, &mut shares);
            prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            let floor = gamma / logs.len() as f64;
            prop_assert!(shares.iter().all(|share| *share >= floor - 1e-15));
            // E[gain of arm i] = p_i * gamma (r / p_i) / k.
            for share in &shares {
                let mean = share * exp3_gain(0.7, *share, gamma, logs.len());
                prop_assert!((mean - gamma * 0.7 / logs.len() as f64).abs() < 1e-12);
            }
        }
    }
}
