//! Best-of-N by own likelihood and the tempered policy, in closed form.
//!
//! The self-reward is `log base(y)`. Best-of-N draws N responses and keeps the likeliest; the tempered
//! policy maximises `J(pi) = E_pi[r] - beta KL(pi || base)`. Adding a constant to the rewards of a prompt
//! changes neither.

use rand::Rng;
use rand_distr::{Distribution, Gamma};

/// The law of the likeliest of `n` draws from `base`, response by response in the order of `base`.
///
/// With `G_k` the mass of the responses that are no likelier than the k-th, the k-th is kept with
/// probability `G_k^n - G_{k+1}^n`; equally likely responses share theirs. No draws count as one.
pub fn best_of(base: &[f64], n: u32) -> Vec<f64> {
    let mut order: Vec<usize> = (0..base.len()).collect();
    order.sort_by(|&a, &b| base[a].total_cmp(&base[b]));
    let power = |mass: f64| mass.clamp(0.0, 1.0).powf(f64::from(n.max(1)));
    let mut law = vec![0.0; base.len()];
    let (mut below, mut first) = (0.0, 0);
    while first < order.len() {
        let mut end = first;
        while end < order.len() && base[order[end]] == base[order[first]] {
            end += 1;
        }
        let upto = match end == order.len() {
            true => 1.0,
            false => below + base[order[first]] * (end - first) as f64,
        };
        let share = (power(upto) - power(below)) / (end - first) as f64;
        order[first..end].iter().for_each(|&idx| law[idx] = share);
        (below, first) = (upto, end);
    }
    law
}

/// The probability that none of `n` draws hits a set of that mass: `(1 - mass)^n`.
pub fn miss(mass: f64, n: u32) -> f64 {
    (1.0 - mass.clamp(0.0, 1.0)).powf(f64::from(n))
}

/// The draws after which a set of that mass is missed with probability at most `rho`:
/// `ln(1 / rho) / mass`, rounded up. At least 1; the largest number for a set without mass.
pub fn tries_for(mass: f64, rho: f64) -> u32 {
    ((1.0 / rho).ln() / mass.max(0.0)).ceil().max(1.0) as u32
}

/// The policy that maximises `E[r] - beta KL`: `base * exp(r / beta)`, normalised. For `r = ln base`
/// this is `base^(1 + 1/beta)`. `beta = 0` is the limit: `base` on the responses of the highest reward.
pub fn tilted(base: &[f64], rewards: &[f64], beta: f64) -> Vec<f64> {
    let highest = base.iter().zip(rewards).filter(|(base, _)| **base > 0.0);
    let highest = highest.fold(f64::NEG_INFINITY, |high, (_, &reward)| high.max(reward));
    let weight = |(&base, &reward): (&f64, &f64)| match base > 0.0 {
        false => 0.0,
        true if reward == highest => base,
        true if beta > 0.0 => base * ((reward - highest) / beta).exp(),
        true => 0.0,
    };
    let weights: Vec<f64> = base.iter().zip(rewards).map(weight).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// [`tilted`] by the base's own log-probability.
pub fn tempered(base: &[f64], beta: f64) -> Vec<f64> {
    tilted(base, &logs(base), beta)
}

/// `J(policy) = E_policy[r] - beta KL(policy || base)`. Minus infinity for mass where the base has none.
pub fn objective(policy: &[f64], base: &[f64], rewards: &[f64], beta: f64) -> f64 {
    let one = |((&policy, &base), &reward): ((&f64, &f64), &f64)| match policy > 0.0 {
        true => policy * (reward - beta * (policy / base).ln()),
        false => 0.0,
    };
    policy.iter().zip(base).zip(rewards).map(one).sum()
}

/// The largest value of [`objective`]: `beta ln E_base[exp(r / beta)]`.
pub fn highest_objective(base: &[f64], rewards: &[f64], beta: f64) -> f64 {
    let highest = rewards.iter().fold(f64::NEG_INFINITY, |high, &reward| high.max(reward));
    let mean: f64 = base.iter().zip(rewards).map(|(base, r)| base * ((r - highest) / beta).exp()).sum();
    highest + beta * mean.ln()
}

/// A law drawn from the symmetric Dirichlet distribution, from the likeliest response to the least likely.
/// `concentration` is above 0: small ones put most of the mass on few responses.
pub fn dirichlet(responses: usize, concentration: f64, rng: &mut impl Rng) -> Vec<f64> {
    let gamma = Gamma::new(concentration, 1.0).expect("the concentration is above 0");
    let mut law: Vec<f64> = (0..responses).map(|_| gamma.sample(rng).max(f64::MIN_POSITIVE)).collect();
    law.sort_by(|a, b| b.total_cmp(a));
    let sum: f64 = law.iter().sum();
    law.iter_mut().for_each(|mass| *mass /= sum);
    law
}

/// The natural logarithms.
pub fn logs(base: &[f64]) -> Vec<f64> {
    base.iter().map(|mass| mass.ln()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const P: [f64; 4] = [0.4, 0.3, 0.2, 0.1];

    #[track_caller]
    fn check(found: &[f64], expect: [f64; 4], digits: i32) {
        for (found, expect) in found.iter().zip(expect) {
            assert!((found - expect).abs() <= 0.5 * 10f64.powi(-digits) + 1e-12, "{found} != {expect}");
        }
    }

    #[test]
    fn best_of_n_has_the_values_of_the_card() {
        // N = 2: 1 - .6^2 = .64, .6^2 - .3^2 = .27, .3^2 - .1^2 = .08, .1^2 = .01.
        check(&best_of(&P, 2), [0.64, 0.27, 0.08, 0.01], 9);
        check(&best_of(&P, 4), [0.8704, 0.1215, 0.008, 0.0001], 9);
        check(&best_of(&P, 8), [0.9832, 0.0167, 0.0001, 0.0000], 4);
        check(&best_of(&P, 1), P, 12);
    }

    #[test]
    fn the_tempered_law_has_the_values_of_the_card() {
        check(&tempered(&P, 10.0), [0.4144, 0.3020, 0.1933, 0.0902], 4);
        // beta = 1: p^2 / .3 = .16/.3, .09/.3, .04/.3, .01/.3.
        check(&tempered(&P, 1.0), [0.5333, 0.3, 0.1333, 0.0333], 4);
        // beta = .5: p^3 / .1 = .064, .027, .008, .001 over .1; by coincidence best-of-2.
        check(&tempered(&P, 0.5), [0.64, 0.27, 0.08, 0.01], 9);
        check(&tempered(&P, 0.1), [0.959, 0.0405, 0.0005, 0.0000], 4);
    }

    #[test]
    fn the_limits_of_beta_are_the_base_and_its_maximisers() {
        check(&tempered(&P, 1e12), P, 9);
        assert_eq!(tempered(&[0.4, 0.1, 0.4, 0.1], 0.0), [0.5, 0.0, 0.5, 0.0]);
    }

    #[test]
    fn the_optimum_leaves_no_residual_and_has_the_value_of_the_card() {
        let (beta, rewards) = (0.5, logs(&P));
        let best = tempered(&P, beta);
        let ratio = |idx: usize| beta * (best[idx] / P[idx]).ln();
        // Ranks 1 and 3: beta (ln 1.6 - ln .4) = .5 ln 4 = ln 2 = ln .4 - ln .2.
        assert!((ratio(0) - ratio(2) - std::f64::consts::LN_2).abs() < 5e-7);
        assert!((rewards[0] - rewards[2] - std::f64::consts::LN_2).abs() < 5e-7);
        for (a, b) in (0..4).flat_map(|a| (0..4).map(move |b| (a, b))) {
            assert!((ratio(a) - ratio(b) - (rewards[a] - rewards[b])).abs() < 1e-12);
        }
        // .5 ln E[p^2] = .5 ln(.064 + .027 + .008 + .001) = .5 ln .1.
        assert!((objective(&best, &P, &rewards, beta) + 1.151293).abs() < 5e-7);
        assert!((highest_objective(&P, &rewards, beta) + 1.151293).abs() < 5e-7);
    }

    #[test]
    fn a_drawn_law_is_sorted_and_peaked_where_the_concentration_is_small() {
        let mut rng = rand_pcg::Pcg64::new(1, 2);
        let mut top = |concentration| {
            let laws: Vec<Vec<f64>> = (0..50).map(|_| dirichlet(20, concentration, &mut rng)).collect();
            assert!(laws.iter().all(|law| law.is_sorted_by(|a, b| a >= b)));
            assert!(laws.iter().all(|law| (law.iter().sum::<f64>() - 1.0).abs() < 1e-9));
            laws.iter().map(|law| law[0]).sum::<f64>() / 50.0
        };
        assert!(top(0.02) > 0.7 && top(100.0) < 0.1);
    }

    #[test]
    fn enough_draws_for_a_mass() {
        // ln 20 / .1 = 29.96; .9^30 = .0424.
        assert_eq!(tries_for(0.1, 0.05), 30);
        assert!((miss(0.1, 30) - 0.0424).abs() < 5e-5);
        assert_eq!(tries_for(0.0, 0.05), u32::MAX);
        assert_eq!(tries_for(1.0, 1.0), 1);
    }

    fn law() -> impl Strategy<Value = Vec<f64>> {
        // Small whole numbers, so that ties are common.
        prop::collection::vec(1u32..6, 1..9).prop_map(|weights| {
            let sum: u32 = weights.iter().sum();
            weights.iter().map(|&weight| f64::from(weight) / f64::from(sum)).collect()
        })
    }

    proptest! {
        #[test]
        fn enough_draws_miss_rarely(mass in 0.001f64..1.0, rho in 0.001f64..1.0) {
            prop_assert!(miss(mass, tries_for(mass, rho)) <= rho + 1e-12);
        }

        #[test]
        fn best_of_n_is_a_law_that_ignores_order_and_sharpens(base in law(), n in 1u32..40) {
            let found = best_of(&base, n);
            prop_assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            let mut reversed = base.clone();
            reversed.reverse();
            let mut back = best_of(&reversed, n);
            back.reverse();
            for (a, b) in found.iter().zip(&back) {
                prop_assert!((a - b).abs() < 1e-9);
            }
            // The maximisers are kept unless all draws miss them.
            let top = base.iter().fold(0.0f64, |high, &mass| high.max(mass));
            let pick = |law: &[f64]| -> f64 {
                base.iter().zip(law).filter(|(base, _)| **base == top).map(|(_, mass)| mass).sum()
            };
            prop_assert!((pick(&found) - (1.0 - miss(pick(&base), n))).abs() < 1e-9);
        }

        #[test]
        fn no_policy_beats_the_tilted_one_and_a_constant_changes_nothing(
            base in law(),
            seed in prop::collection::vec(0.01f64..1.0, 8),
            beta in 0.05f64..3.0,
            shift in -5.0f64..5.0,
        ) {
            let rewards = logs(&base);
            let best = tilted(&base, &rewards, beta);
            let highest = highest_objective(&base, &rewards, beta);
            prop_assert!((objective(&best, &base, &rewards, beta) - highest).abs() < 1e-9);
            let other = &seed[..base.len()];
            let sum: f64 = other.iter().sum();
            let other: Vec<f64> = other.iter().map(|x| x / sum).collect();
            prop_assert!(objective(&other, &base, &rewards, beta) <= highest + 1e-12);
            let moved: Vec<f64> = rewards.iter().map(|reward| reward + shift).collect();
            for (a, b) in best.iter().zip(tilted(&base, &moved, beta)) {
                prop_assert!((a - b).abs() < 1e-9);
            }
        }
    }
}
