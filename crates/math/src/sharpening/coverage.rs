//! How well a policy covers its own best responses, and how many samples that asks for.
//!
//! Sizes are those of the paper up to constants, which are taken as 1: they say how a cost grows, not
//! what it is. The exact statement behind them is tested beside the closed forms: with
//! `N = coverage * ln(2 / delta) / epsilon`, best-of-N misses with probability above `delta / 2` on at
//! most a share `epsilon` of the prompts.

/// The indices of the responses whose probability is at least `(1 - slack)` of the highest.
pub fn maximisers(base: &[f64], slack: f64) -> Vec<usize> {
    let least = (1.0 - slack) * base.iter().fold(0.0f64, |high, &mass| high.max(mass));
    (0..base.len()).filter(|&idx| base[idx] >= least).collect()
}

/// The mass of `policy` on the maximisers of `base`.
pub fn sharp_mass(policy: &[f64], base: &[f64], slack: f64) -> f64 {
    maximisers(base, slack).into_iter().map(|idx| policy[idx]).sum()
}

/// The share of prompts on which the policy puts at least `1 - delta` on the base's maximisers; a policy
/// is (epsilon, delta, slack)-sharpened when it is at least `1 - epsilon`. `prompts` holds policy and base.
pub fn sharpened_share(prompts: &[(Vec<f64>, Vec<f64>)], delta: f64, slack: f64) -> f64 {
    let sharp = prompts.iter().filter(|(policy, base)| sharp_mass(policy, base, slack) >= 1.0 - delta);
    sharp.count() as f64 / prompts.len() as f64
}

/// `C_cov`: the mean over prompts of 1 / base(maximisers).
pub fn coverage(prompts: &[Vec<f64>]) -> f64 {
    prompts.iter().map(|base| 1.0 / sharp_mass(base, base, 0.0)).sum::<f64>() / prompts.len() as f64
}

/// The stronger `C̄_cov`: the mean over prompts of 1 / max base, which one response must have.
pub fn coverage_of_one(prompts: &[Vec<f64>]) -> f64 {
    let one = |base: &Vec<f64>| 1.0 / base.iter().fold(0.0f64, |high, &mass| high.max(mass));
    prompts.iter().map(one).sum::<f64>() / prompts.len() as f64
}

/// The margin: the largest `m` with `max base >= (1 + m) base(y)` for every `y` that is no maximiser;
/// infinite where all are.
pub fn margin(base: &[f64]) -> f64 {
    let highest = base.iter().fold(0.0f64, |high, &mass| high.max(mass));
    let second = base.iter().filter(|&&mass| mass < highest).fold(0.0f64, |high, &mass| high.max(mass));
    highest / second - 1.0
}

/// How many prompts, and responses to each, suffice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizes {
    /// Prompts.
    pub prompts: f64,
    /// Responses a prompt, the mean of them where the number adapts.
    pub tries: f64,
}

impl Sizes {
    /// Samples in all.
    pub fn total(&self) -> f64 {
        self.prompts * self.tries
    }
}

/// What is asked of a sharpened policy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    /// The share of prompts that may fail.
    pub epsilon: f64,
    /// The mass that may lie elsewhere on the others.
    pub delta: f64,
    /// The chance that the whole procedure fails.
    pub rho: f64,
    /// The logarithm of the number of policies that are told apart.
    pub ln_class: f64,
}

impl Goal {
    /// SFT on the best of N: `n = (ln |Pi| + ln 1/rho) / (delta epsilon)`, `N = C_cov ln(2/delta) / epsilon`.
    pub fn sft(&self, coverage: f64) -> Sizes {
        Sizes { prompts: self.prompts(), tries: coverage * (2.0 / self.delta).ln() / self.epsilon }
    }

    /// SFT on as many as it takes: the same prompts, `C̄_cov ln(1/delta)` responses on average.
    pub fn adaptive(&self, coverage_of_one: f64) -> Sizes {
        Sizes { prompts: self.prompts(), tries: coverage_of_one * (1.0 / self.delta).ln() }
    }

    /// Samples without which no sample-and-evaluate method puts more than one half on the maximisers of a
    /// share `1 - epsilon` of the prompts: `C ln |Pi| / (epsilon^2 (1 + ln(C / epsilon)))`.
    pub fn least_samples(&self, coverage: f64) -> f64 {
        self.adaptive_least_samples(coverage) / self.epsilon
    }

    /// The same for methods that choose how often to sample each prompt: one `epsilon` less.
    pub fn adaptive_least_samples(&self, coverage: f64) -> f64 {
        coverage * self.ln_class / (self.epsilon * (1.0 + (coverage / self.epsilon).ln()))
    }

    /// Pairs for the offline form: `C_conc ln^3 / (margin delta epsilon)^2`, the logarithm being that of
    /// `|Pi| / rho`.
    pub fn offline_pairs(&self, concentrability: f64, margin: f64) -> f64 {
        concentrability * self.confidence().powi(3) / (margin * self.delta * self.epsilon).powi(2)
    }

    /// The largest `beta` of the offline form: `margin delta epsilon`.
    pub fn offline_beta(&self, margin: f64) -> f64 {
        margin * self.delta * self.epsilon
    }

    /// Rounds of XPO: `SEC ln / (margin delta epsilon)^2`, without a term for coverage.
    pub fn xpo_rounds(&self, sec: f64, margin: f64) -> f64 {
        sec * self.confidence() / (margin * self.delta * self.epsilon).powi(2)
    }

    fn prompts(&self) -> f64 {
        self.confidence() / (self.delta * self.epsilon)
    }

    /// `ln(|Pi| / rho)`.
    fn confidence(&self) -> f64 {
        self.ln_class - self.rho.ln()
    }
}

/// The sequential extrapolation coefficient of a linear softmax in `dims` dimensions, up to its constant:
/// `dims ln(rounds + 1)`.
pub fn linear_sec(dims: u32, rounds: u32) -> f64 {
    f64::from(dims) * f64::from(rounds + 1).ln()
}

/// The theory's regularisation: `margin / (2 ln(2 |Y| / delta))`.
pub fn theory_beta(margin: f64, responses: f64, delta: f64) -> f64 {
    margin / (2.0 * (2.0 * responses / delta).ln())
}

/// The theory's weight of optimism: `beta / (R_max + V_max) * sqrt(log(2 N_cov T / rho) / (SEC T))`, where
/// `range` is `R_max + V_max` and `ln_cover` the logarithm of the covering number.
pub fn theory_alpha(beta: f64, range: f64, ln_cover: f64, rounds: u32, rho: f64, sec: f64) -> f64 {
    let rounds = f64::from(rounds);
    let confidence = ln_cover + (2.0 * rounds / rho).ln();
    beta / range * (confidence / (sec * rounds)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::law::{best_of, miss, tempered};
    use super::*;
    use proptest::prelude::*;

    const P: [f64; 4] = [0.4, 0.3, 0.2, 0.1];

    #[test]
    fn coverage_margin_and_sharpness_of_small_laws() {
        assert_eq!(maximisers(&[0.4, 0.1, 0.4, 0.1], 0.0), [0, 2]);
        assert_eq!(maximisers(&P, 0.3), [0, 1]);
        // Two maximisers of .4 together: 1/.8; alone 1/.4.
        let tied = vec![0.4, 0.1, 0.4, 0.1];
        assert!((coverage(&[P.to_vec(), tied.clone()]) - (2.5 + 1.25) / 2.0).abs() < 1e-12);
        assert!((coverage_of_one(&[P.to_vec(), tied.clone()]) - 2.5).abs() < 1e-12);
        assert!((margin(&P) - 1.0 / 3.0).abs() < 1e-12);
        assert!((margin(&tied) - 3.0).abs() < 1e-12);
        assert_eq!(margin(&[0.5, 0.5]), f64::INFINITY);
        // Best-of-4 puts .8704 on the maximiser, best-of-2 .64.
        let prompts = [(best_of(&P, 4), P.to_vec()), (best_of(&P, 2), P.to_vec())];
        assert_eq!(sharpened_share(&prompts, 0.2, 0.0), 0.5);
        assert_eq!(sharpened_share(&prompts, 0.4, 0.0), 1.0);
    }

    #[test]
    fn sizes_grow_as_the_theory_says() {
        let goal = Goal { epsilon: 0.1, delta: 0.2, rho: 0.05, ln_class: 8.0 };
        let half = Goal { epsilon: 0.05, ..goal };
        let ratio = |size: fn(&Goal) -> f64| size(&half) / size(&goal);
        assert!((ratio(|goal| goal.sft(10.0).total()) - 4.0).abs() < 1e-9);
        assert!((ratio(|goal| goal.adaptive(10.0).total()) - 2.0).abs() < 1e-9);
        assert!((ratio(|goal| goal.xpo_rounds(5.0, 1.0)) - 4.0).abs() < 1e-9);
        // One half the epsilon: four times, less the logarithm's growth from ln 100 to ln 200.
        let log = (1.0 + 100f64.ln()) / (1.0 + 200f64.ln());
        assert!((ratio(|goal| goal.least_samples(10.0)) - 4.0 * log).abs() < 1e-9);
        assert!((ratio(|goal| goal.adaptive_least_samples(10.0)) - 2.0 * log).abs() < 1e-9);
        // The upper bounds are above the lower ones.
        assert!(goal.sft(10.0).total() > goal.least_samples(10.0));
        assert!(goal.adaptive(10.0).total() > goal.adaptive_least_samples(10.0));
        assert!((goal.offline_beta(0.5) - 0.01).abs() < 1e-12);
        assert!(
            (goal.offline_pairs(2.0, 1.0) / goal.xpo_rounds(2.0, 1.0) - goal.confidence().powi(2)).abs()
                < 1e-9
        );
    }

    #[test]
    fn the_theorys_beta_makes_the_tempered_policy_sharp() {
        // margin 1/3, four responses, delta .1: beta = .3333 / (2 ln 80) = .03803.
        let beta = theory_beta(margin(&P), 4.0, 0.1);
        assert!((beta - 0.03803).abs() < 5e-6);
        assert!(tempered(&P, beta)[0] >= 0.9);
        // 8 ln 61 = 32.887; .05 / 20 sqrt((3 + ln 2400) / (32.887 * 60)) = .000185.
        let sec = linear_sec(8, 60);
        assert!((sec - 32.887).abs() < 5e-4);
        assert!((theory_alpha(0.05, 20.0, 3.0, 60, 0.05, sec) - 0.000185).abs() < 5e-7);
    }

    proptest! {
        #[test]
        fn enough_tries_by_coverage_leave_few_prompts_unsharp(
            weights in prop::collection::vec(prop::collection::vec(1u32..200, 2..30), 1..40),
            epsilon in 0.01f64..0.5,
            delta in 0.01f64..0.5,
        ) {
            let prompts: Vec<Vec<f64>> = weights
                .iter()
                .map(|row| {
                    let sum: u32 = row.iter().sum();
                    row.iter().map(|&weight| f64::from(weight) / f64::from(sum)).collect()
                })
                .collect();
            let goal = Goal { epsilon, delta, rho: 0.1, ln_class: 1.0 };
            let tries = goal.sft(coverage(&prompts)).tries.ceil() as u32;
            // By Markov's inequality, 1 / base(maximisers) is above coverage / epsilon on a share of at
            // most epsilon; elsewhere (1 - p)^N <= exp(-N p) <= delta / 2.
            let bad = prompts.iter().filter(|base| miss(sharp_mass(base, base, 0.0), tries) > delta / 2.0 + 1e-12);
            prop_assert!(bad.count() as f64 <= epsilon * prompts.len() as f64 + 1e-9);
        }

        #[test]
        fn the_theorys_beta_is_small_enough(weights in prop::collection::vec(1u32..40, 2..20), delta in 0.02f64..0.5) {
            let sum: u32 = weights.iter().sum();
            let base: Vec<f64> = weights.iter().map(|&weight| f64::from(weight) / f64::from(sum)).collect();
            let margin = margin(&base);
            prop_assume!(margin.is_finite() && margin <= 1.0);
            let beta = theory_beta(margin, base.len() as f64, delta);
            prop_assert!(sharp_mass(&tempered(&base, beta), &base, 0.0) >= 1.0 - delta);
        }
    }
}
