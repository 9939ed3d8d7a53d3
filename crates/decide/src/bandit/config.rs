//! Which bandit: its arms, its rule, what it remembers.

use autodidact_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// A bandit's settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BanditConfig {
    /// How many arms there are, at least 1.
    pub arms: u32,
    /// How many features a context has; 0 for none. Rules without context take no notice of them.
    pub features: u32,
    /// The rule.
    pub algorithm: Algorithm,
    /// How long rewards count.
    pub memory: Memory,
}

impl Default for BanditConfig {
    fn default() -> BanditConfig {
        BanditConfig { arms: 2, features: 0, algorithm: Algorithm::default(), memory: Memory::All }
    }
}

/// How long rewards count, in rewards told: a reward that comes late begins to age when it comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Memory {
    /// For ever.
    #[default]
    All,
    /// Each reward counts `gamma` times as much after every further one (Garivier & Moulines 2011,
    /// D-UCB).
    Discount {
        /// Between 0 and 1, both excluded.
        gamma: f64,
    },
    /// Only the last rewards count (Garivier & Moulines 2011, SW-UCB).
    Window {
        /// How many, at least 1.
        rounds: u32,
    },
}

/// The rule that chooses the arm. Where several arms are equally good the lowest is chosen.
///
/// Rules that need a reward of each arm first (greedy, epsilon-greedy, the UCBs without context) pull
/// arms without one before all others, in rising order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Algorithm {
    /// Any allowed arm with the same probability.
    Random,
    /// The arm with the largest mean.
    Greedy,
    /// With probability `epsilon` any arm, otherwise the arm with the largest mean (Sutton & Barto
    /// 2018, section 2.4).
    EpsilonGreedy {
        /// Between 0 and 1.
        #[serde(default = "epsilon")]
        epsilon: f64,
    },
    /// `mean + sqrt(alpha ln t / n)`: Auer et al. 2002 with `alpha = 2`; EVOLvE with `alpha = 0.5`; a
    /// constant `c` in front of the root of `2 ln t / n`, as in MABWiser, is `alpha = 2 c^2`
    /// ([`Algorithm::ucb1_outside`]).
    Ucb1 {
        /// Inside the root, at least 0.
        #[serde(default = "ucb1_alpha")]
        alpha: f64,
    },
    /// UCB with the empirical variance (Audibert et al. 2009), for rewards in `[0, 1]`.
    UcbV {
        /// Multiplies `ln t`, above 0.
        #[serde(default = "zeta")]
        zeta: f64,
        /// Multiplies the last term, at least 0.
        #[serde(default = "one")]
        c: f64,
    },
    /// UCB by Kullback-Leibler divergence (Garivier & Cappé 2011), for rewards in `[0, 1]`.
    KlUcb {
        /// Multiplies `ln ln t`, at least 0; the paper proves with 3 and advises 0.
        #[serde(default)]
        c: f64,
    },
    /// MOSS (Audibert & Bubeck 2009), for rewards in `[0, 1]` and a known number of rounds.
    Moss {
        /// The number of rounds, at least 1.
        #[serde(default = "horizon")]
        horizon: u64,
    },
    /// Thompson sampling with Beta posteriors (Thompson 1933; Agrawal & Goyal 2012), for rewards in
    /// `[0, 1]`; what lies between counts as a share of a success.
    ThompsonBeta {
        /// Prior successes, at least 0.5.
        #[serde(default = "one")]
        successes: f64,
        /// Prior failures, at least 0.5.
        #[serde(default = "one")]
        failures: f64,
    },
    /// Thompson sampling with Gaussian posteriors and known noise.
    ThompsonGaussian {
        /// The prior mean of every arm.
        #[serde(default)]
        mean: f64,
        /// The prior variance of every arm, above 0.
        #[serde(default = "one")]
        variance: f64,
        /// The variance of a reward around its arm's mean, above 0.
        #[serde(default = "one")]
        noise: f64,
    },
    /// LinUCB with one model an arm: `theta' x + alpha sqrt(x' A^-1 x)` (Li et al. 2010, algorithm 1).
    LinUcb {
        /// Outside the root, at least 0.
        #[serde(default = "one")]
        alpha: f64,
        /// What `A` starts with on its diagonal, above 0.
        #[serde(default = "one")]
        ridge: f64,
    },
    /// Linear Thompson sampling with one model an arm (Agrawal & Goyal 2013): `theta` is drawn from
    /// `N(A^-1 b, scale^2 A^-1)`. What is drawn is `theta' x` itself, which has the same law and costs
    /// `d^2` instead of `d^3`.
    LinThompson {
        /// The posterior's scale `v`, at least 0.
        #[serde(default = "one")]
        scale: f64,
        /// What `A` starts with on its diagonal, above 0.
        #[serde(default = "one")]
        ridge: f64,
    },
    /// UCB-GLM with a logistic link and one model an arm (Li, Lu & Zhou 2017, algorithm 1), for rewards
    /// in `[0, 1]`: `theta' x + alpha sqrt(x' V^-1 x)`. `theta` follows the likelihood by one Newton
    /// step a reward instead of being fitted anew.
    GlmUcb {
        /// Outside the root, at least 0.
        #[serde(default = "one")]
        alpha: f64,
        /// What `V` starts with on its diagonal, above 0.
        #[serde(default = "one")]
        ridge: f64,
    },
    /// EXP3 (Auer et al. 2002, SIAM J. Comput.), for rewards in `[0, 1]` that an adversary may choose.
    Exp3 {
        /// The share of even draws, above 0 and at most 1.
        #[serde(default = "epsilon")]
        gamma: f64,
    },
    /// Tsallis-INF with importance weighting and `eta_t = 2 / sqrt(t)` (Zimmert & Seldin 2021,
    /// algorithm 1), for rewards in `[0, 1]`, stochastic or adversarial.
    TsallisInf,
}

impl Default for Algorithm {
    fn default() -> Algorithm {
        Algorithm::Ucb1 { alpha: ucb1_alpha() }
    }
}

fn one() -> f64 {
    1.0
}

fn epsilon() -> f64 {
    0.1
}

fn ucb1_alpha() -> f64 {
    2.0
}

fn zeta() -> f64 {
    1.2
}

fn horizon() -> u64 {
    1000
}

impl Algorithm {
    /// UCB1 with its constant outside the root, `mean + c sqrt(2 ln t / n)`.
    pub fn ucb1_outside(c: f64) -> Algorithm {
        Algorithm::Ucb1 { alpha: autodidact_math::bandit::index::ucb1_alpha(c) }
    }

    /// The name in run files.
    pub fn name(&self) -> &'static str {
        match self {
            Algorithm::Random => "random",
            Algorithm::Greedy => "greedy",
            Algorithm::EpsilonGreedy { .. } => "epsilon-greedy",
            Algorithm::Ucb1 { .. } => "ucb1",
            Algorithm::UcbV { .. } => "ucb-v",
            Algorithm::KlUcb { .. } => "kl-ucb",
            Algorithm::Moss { .. } => "moss",
            Algorithm::ThompsonBeta { .. } => "thompson-beta",
            Algorithm::ThompsonGaussian { .. } => "thompson-gaussian",
            Algorithm::LinUcb { .. } => "lin-ucb",
            Algorithm::LinThompson { .. } => "lin-thompson",
            Algorithm::GlmUcb { .. } => "glm-ucb",
            Algorithm::Exp3 { .. } => "exp3",
            Algorithm::TsallisInf => "tsallis-inf",
        }
    }

    /// Whether choosing needs chance.
    pub fn draws(&self) -> bool {
        matches!(
            self,
            Algorithm::Random
                | Algorithm::EpsilonGreedy { .. }
                | Algorithm::ThompsonBeta { .. }
                | Algorithm::ThompsonGaussian { .. }
                | Algorithm::LinThompson { .. }
                | Algorithm::Exp3 { .. }
                | Algorithm::TsallisInf
        )
    }

    /// Whether it learns from features.
    pub fn contextual(&self) -> bool {
        use Algorithm::{GlmUcb, LinThompson, LinUcb};
        matches!(self, LinUcb { .. } | LinThompson { .. } | GlmUcb { .. })
    }

    /// Whether its rewards must lie in `[0, 1]`.
    pub fn bounded(&self) -> bool {
        use Algorithm::{GlmUcb, KlUcb, Moss, ThompsonBeta, UcbV};
        matches!(self, UcbV { .. } | KlUcb { .. } | Moss { .. } | ThompsonBeta { .. } | GlmUcb { .. })
            || self.weighs()
    }

    /// Whether it divides rewards by the probability of the pull.
    pub fn weighs(&self) -> bool {
        matches!(self, Algorithm::Exp3 { .. } | Algorithm::TsallisInf)
    }

    /// Whether it has a variant that forgets.
    pub fn forgets(&self) -> bool {
        use Algorithm::{EpsilonGreedy, Greedy, ThompsonBeta, ThompsonGaussian, Ucb1};
        matches!(self, Greedy | EpsilonGreedy { .. } | Ucb1 { .. })
            || matches!(self, ThompsonBeta { .. } | ThompsonGaussian { .. })
    }

    fn check(&self) -> Result<()> {
        let at_least_0 = |field: &str, value: f64| {
            let fine = value >= 0.0 && value.is_finite();
            if fine { Ok(()) } else { invalid(field, "a finite number of at least 0", value) }
        };
        let above_0 = |field: &str, value: f64| {
            let fine = value > 0.0 && value.is_finite();
            if fine { Ok(()) } else { invalid(field, "a finite number above 0", value) }
        };
        match *self {
            Algorithm::Random | Algorithm::Greedy | Algorithm::TsallisInf => Ok(()),
            Algorithm::EpsilonGreedy { epsilon } if (0.0..=1.0).contains(&epsilon) => Ok(()),
            Algorithm::EpsilonGreedy { epsilon } => invalid("epsilon", "between 0 and 1", epsilon),
            Algorithm::Ucb1 { alpha } => at_least_0("alpha", alpha),
            Algorithm::UcbV { zeta, c } => above_0("zeta", zeta).and(at_least_0("c", c)),
            Algorithm::KlUcb { c } => at_least_0("c", c),
            Algorithm::Moss { horizon: 0 } => Err(Error::invalid("algorithm.horizon", "at least 1", 0)),
            Algorithm::Moss { .. } => Ok(()),
            Algorithm::ThompsonBeta { successes, failures } => {
                // Below, the law has poles that the probabilities of its arms cannot be computed from.
                let prior = |field: &str, value: f64| {
                    let fine = value >= 0.5 && value.is_finite();
                    if fine { Ok(()) } else { invalid(field, "a finite number of at least 0.5", value) }
                };
                prior("successes", successes).and(prior("failures", failures))
            }
            Algorithm::ThompsonGaussian { mean, .. } if !mean.is_finite() => {
                invalid("mean", "a finite number", mean)
            }
            Algorithm::ThompsonGaussian { variance, noise, .. } => {
                above_0("variance", variance).and(above_0("noise", noise))
            }
            Algorithm::LinUcb { alpha, ridge } | Algorithm::GlmUcb { alpha, ridge } => {
                at_least_0("alpha", alpha).and(above_0("ridge", ridge))
            }
            Algorithm::LinThompson { scale, ridge } => {
                at_least_0("scale", scale).and(above_0("ridge", ridge))
            }
            Algorithm::Exp3 { gamma } if gamma > 0.0 && gamma <= 1.0 => Ok(()),
            Algorithm::Exp3 { gamma } => invalid("gamma", "above 0 and at most 1", gamma),
        }
    }
}

fn invalid(field: &str, rule: &str, found: f64) -> Result<()> {
    Err(Error::invalid(format!("algorithm.{field}"), rule, found))
}

impl BanditConfig {
    /// Names the first field that breaks a rule.
    pub fn check(&self) -> Result<()> {
        if self.arms == 0 {
            return Err(Error::invalid("arms", "at least 1", 0));
        }
        self.algorithm.check()?;
        if self.algorithm.contextual() && self.features == 0 {
            let rule = format!("at least 1 for {}", self.algorithm.name());
            return Err(Error::invalid("features", rule, 0));
        }
        match self.memory {
            Memory::All => return Ok(()),
            Memory::Discount { gamma } if !(gamma > 0.0 && gamma < 1.0) => {
                return Err(Error::invalid("memory.gamma", "between 0 and 1, both excluded", gamma));
            }
            Memory::Window { rounds: 0 } => return Err(Error::invalid("memory.rounds", "at least 1", 0)),
            Memory::Discount { .. } | Memory::Window { .. } => {}
        }
        if self.algorithm.forgets() {
            return Ok(());
        }
        let rule = format!("all for {}, which has no variant that forgets", self.algorithm.name());
        let found = if matches!(self.memory, Memory::Discount { .. }) { "discount" } else { "window" };
        Err(Error::invalid("memory", rule, found))
    }
}
