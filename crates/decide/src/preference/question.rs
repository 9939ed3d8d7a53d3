//! When to ask: only if samples of what is believed disagree on the answer by more than a threshold.
//!
//! The rule knows nothing of episodes. It takes, of a pair of anything (episodes, two answers of a
//! language model), the differences of worth that draws from a posterior give it, however those are
//! made: in closed form, by the members of an ensemble, by a weighted class of hypotheses.

use autodidact_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// When the judge is asked about a pair.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum AskWhen {
    /// If the expected disagreement is more than `above`, in units of worth; below 0, always.
    Disagreement {
        /// The threshold (eps).
        above: f64,
    },
    /// With this chance, whatever is believed: what the rule is to be compared with.
    Chance {
        /// Between 0 and 1.
        chance: f64,
    },
}

impl AskWhen {
    /// Fails on numbers out of range.
    pub fn check(&self) -> Result<()> {
        match *self {
            AskWhen::Disagreement { above } if above.is_nan() => {
                Err(Error::invalid("ask.above", "a number", above))
            }
            AskWhen::Chance { chance } if !(0.0..=1.0).contains(&chance) => {
                Err(Error::invalid("ask.chance", "between 0 and 1", chance))
            }
            _ => Ok(()),
        }
    }

    /// Whether to ask about a pair on which the posterior disagrees by `spread`. Nothing is asked of two
    /// that are the same. `luck` is uniform in [0, 1).
    pub fn asks(&self, spread: f64, same: bool, luck: f64) -> bool {
        !same
            && match *self {
                AskWhen::Disagreement { above } => spread > above,
                AskWhen::Chance { chance } => luck < chance,
            }
    }
}

/// The mean of `|x - y|` over all pairs of different draws: what two independent draws from the posterior
/// are expected to disagree by. `differences[i]` is the worth of the first less that of the second under
/// draw i. `None` for fewer than two draws.
pub fn disagreement(differences: &[f64]) -> Option<f64> {
    let n = differences.len();
    if n < 2 {
        return None;
    }
    let mut sorted = differences.to_vec();
    sorted.sort_by(f64::total_cmp);
    // sum over pairs of x_(j) - x_(i), where x_(k) is the larger in k pairs and the smaller in n - 1 - k.
    let sum: f64 = sorted.iter().enumerate().map(|(k, x)| (2.0 * k as f64 - (n as f64 - 1.0)) * x).sum();
    Some(2.0 * sum / (n as f64 * (n as f64 - 1.0)))
}

/// The expected `|x - y|` of two independent draws from a finite distribution; `weights` sum to 1.
pub fn weighted_disagreement(differences: &[f64], weights: &[f64]) -> f64 {
    let mut sorted: Vec<(f64, f64)> = differences.iter().copied().zip(weights.iter().copied()).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    // E|x - y| = 2 int F (1 - F).
    let (mut below, mut sum) = (0.0, 0.0);
    for pair in sorted.windows(2) {
        below += pair[0].1;
        sum += below * (1.0 - below) * (pair[1].0 - pair[0].0);
    }
    (2.0 * sum).max(0.0)
}

/// The expected `|x - y|` of two independent normal numbers with that standard deviation:
/// `2 / sqrt(pi)` times it.
pub fn gaussian_disagreement(deviation: f64) -> f64 {
    2.0 / std::f64::consts::PI.sqrt() * deviation
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Seed;
    use autodidact_math::linear_gaussian::LinearGaussian;
    use proptest::prelude::*;

    #[test]
    fn the_cards_statistic_comes_out_and_draws_agree() {
        let posterior = LinearGaussian::of_precision(&[&[3.0, -1.0], &[-1.0, 3.0]]).expect("sound");
        let difference = [1.0, -1.0];
        // D^T Sigma^-1 D = 0.5; (2 / sqrt(pi)) * 0.5 * 0.70711 = 0.398942.
        let exact = gaussian_disagreement(0.5 * posterior.variance(&difference).sqrt());
        assert!((exact - 0.398_942).abs() < 1e-6, "{exact}");
        let mut rng = Seed::root(4).rng();
        let mut draw = || {
            let theta = posterior.sample(&[0.3, 0.2], 0.5, &mut rng);
            theta[0] - theta[1]
        };
        let mean = (0..100_000).map(|_| (draw() - draw()).abs()).sum::<f64>() / 1e5;
        assert!((mean / exact - 1.0).abs() < 0.01, "{mean}");
        let draws: Vec<f64> = (0..20_000).map(|_| draw()).collect();
        assert!((disagreement(&draws).expect("two or more") / exact - 1.0).abs() < 0.02);
    }

    #[test]
    fn the_same_pair_is_never_asked_about_and_thresholds_do_what_they_say() {
        let never = AskWhen::Disagreement { above: f64::INFINITY };
        let always = AskWhen::Disagreement { above: -1.0 };
        let sometimes = AskWhen::Disagreement { above: 0.2 };
        for luck in [0.0, 0.5, 0.999] {
            assert!(!never.asks(1e9, false, luck) && always.asks(0.0, false, luck));
            assert!(!always.asks(0.0, true, luck) && !sometimes.asks(5.0, true, luck));
            assert!(sometimes.asks(0.21, false, luck) && !sometimes.asks(0.2, false, luck));
        }
        let chance = AskWhen::Chance { chance: 0.5 };
        assert!(chance.asks(0.0, false, 0.4) && !chance.asks(9.0, false, 0.5));
        assert!(AskWhen::Chance { chance: 1.1 }.check().is_err());
        assert!(AskWhen::Disagreement { above: f64::NAN }.check().is_err());
    }

    #[test]
    fn questions_on_one_pair_are_bounded_by_the_threshold() {
        // The variance falls as q / (1 + n q) < 1 / n, so the statistic is below 2 sigma / sqrt(pi n):
        // at most (4 sigma^2 / pi) / eps^2 questions (rounded up).
        let (sigma, eps) = (1.0f64, 0.1f64);
        let rule = AskWhen::Disagreement { above: eps };
        let mut posterior = LinearGaussian::new(2, 1.0).expect("sound");
        let mut asked = 0;
        while rule.asks(gaussian_disagreement(sigma * posterior.variance(&[3.0, -1.0]).sqrt()), false, 0.0) {
            posterior.observe_features(&[3.0, -1.0]);
            asked += 1;
        }
        let bound = 4.0 * sigma * sigma / std::f64::consts::PI / (eps * eps);
        assert!(f64::from(asked) <= bound.ceil() && f64::from(asked) > 0.9 * bound, "{asked} {bound}");
    }

    proptest! {
        #[test]
        fn both_forms_are_the_double_sum(draws in prop::collection::vec((-5.0..5.0, 0.01..1.0), 2..20)) {
            let (x, raw): (Vec<f64>, Vec<f64>) = draws.into_iter().unzip();
            let total: f64 = raw.iter().sum();
            let weights: Vec<f64> = raw.iter().map(|w| w / total).collect();
            let n = x.len() as f64;
            let (mut pairs, mut weighted) = (0.0, 0.0);
            for i in 0..x.len() {
                for j in 0..x.len() {
                    pairs += (x[i] - x[j]).abs() / (n * (n - 1.0));
                    weighted += weights[i] * weights[j] * (x[i] - x[j]).abs();
                }
            }
            prop_assert!((disagreement(&x).expect("two or more") - pairs).abs() < 1e-10);
            prop_assert!((weighted_disagreement(&x, &weights) - weighted).abs() < 1e-10);
        }
    }
}
