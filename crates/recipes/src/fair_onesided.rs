//! Fair one-sided: whom to accept, when labels are seen for the accepted only and a panel of auditors points
//! at pairs that were treated too differently.
//!
//! Each round a batch of people arrives. A policy, which is a distribution over rules, gives each of them a
//! chance of acceptance; one rule is drawn for all. Labels of the accepted come back, and at most one pair of
//! people in whose chances a quorum of auditors sees too large a difference. Errors and weighted reports make
//! one Lagrangian loss, linear in the policy, for an adversarial bandit: exponential weights over a finite
//! class, or the leader of a perturbed past by way of an oracle.
//!
//! * Paper: Bechavod and Roth 2023 (ICML), arXiv 2206.04475.
//! * Code: none; the paper has no experiments.
//! * Differs: the weight of a report enters the loss directly, as a real number, instead of by copies of
//!   the pair; exploration accepts everyone; the constants of rates are ours, since the paper gives orders.
//! * Reports: `error` and `realised_error`, the shares of wrong decisions under the policy and of the rule
//!   drawn; `reported`, the share of rounds with a report; `reports_total`; `spread` of chances in a batch.

use autodidact_core::{Card, Error, Group, Loop, Metric, Recipe, Result, Run};
use autodidact_decide::fair::{
    Decider, Exp2, Ftpl, Greedy, Labels, Method, OneSided, Perturbation, RuleGrid, Stream, StreamJudge,
};
use autodidact_math::summary::mean;
use serde::{Deserialize, Serialize};

/// Settings of fair one-sided; the defaults are those of the proof, as the paper has none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FairOnesided {
    /// Who arrives and who watches.
    pub world: Stream,
    /// How people are chosen.
    pub method: MethodConfig,
    /// What a reported pair costs, in wrong decisions (C); 0 ignores the panel.
    pub weight: f64,
    /// Rounds in all (T).
    pub rounds: u32,
    /// Rounds between two reports of the run.
    pub stretch: u32,
}

/// How people are chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum MethodConfig {
    /// Exponential weights over a grid of rules.
    Exp2 {
        /// The rate.
        eta: f64,
        /// The chance of accepting everyone (xi).
        explore: f64,
        /// The class of rules.
        rules: RuleGrid,
    },
    /// The leader of a perturbed past over thresholds on the line of `x + direction g`.
    Ftpl {
        /// The weight of the group in the score.
        direction: f64,
        /// How many separators cut the line into cells.
        cells: u32,
        /// The random cost of each separator.
        perturbation: Perturbation,
        /// Draws of the policy that the panel sees (R).
        redraws: u32,
        /// Draws at most in estimating a chance (M).
        cap: u32,
    },
    /// The best rule on the accepted so far, without exploration: a baseline.
    Greedy {
        /// The class of rules.
        rules: RuleGrid,
    },
}

impl MethodConfig {
    /// Exponential weights as in the proof.
    pub fn exp2() -> MethodConfig {
        MethodConfig::Exp2 { eta: 0.02, explore: 0.05, rules: RuleGrid::default() }
    }

    /// The perturbed leader as in the proof.
    pub fn ftpl() -> MethodConfig {
        let perturbation = Perturbation::Laplace { scale: 20.0 };
        MethodConfig::Ftpl { direction: 0.5, cells: 30, perturbation, redraws: 50, cap: 100 }
    }

    fn check(&self) -> Result<()> {
        match self {
            MethodConfig::Exp2 { eta, explore, rules } => {
                if !(*eta > 0.0 && eta.is_finite()) {
                    return Err(Error::invalid("method.eta", "above 0 and finite", eta));
                }
                if !(0.0..1.0).contains(explore) {
                    return Err(Error::invalid("method.explore", "at least 0 and below 1", explore));
                }
                rules.check()
            }
            MethodConfig::Ftpl { direction, cells, perturbation, redraws, cap } => {
                if !direction.is_finite() {
                    return Err(Error::invalid("method.direction", "finite", direction));
                }
                for (field, found) in [("cells", cells), ("redraws", redraws), ("cap", cap)] {
                    if !(1..=100_000).contains(found) {
                        return Err(Error::invalid(format!("method.{field}"), "between 1 and 100000", found));
                    }
                }
                let (Perturbation::Laplace { scale } | Perturbation::Uniform { scale }) = perturbation;
                if !(*scale > 0.0 && scale.is_finite()) {
                    return Err(Error::invalid("method.perturbation.scale", "above 0 and finite", scale));
                }
                Ok(())
            }
            MethodConfig::Greedy { rules } => rules.check(),
        }
    }

    fn open(&self, weight: f64, labels: Labels) -> Method {
        match self {
            MethodConfig::Exp2 { eta, explore, rules } => {
                Method::Exp2 { state: Exp2::new(rules.rules(), *eta, *explore, weight, labels) }
            }
            MethodConfig::Ftpl { direction, cells, perturbation, redraws, cap } => Method::Ftpl {
                state: Ftpl::new(*direction, *cells, *perturbation, weight, labels, (*redraws, *cap)),
            },
            MethodConfig::Greedy { rules } => Method::Greedy { state: Greedy::new(rules.rules()) },
        }
    }
}

impl Default for FairOnesided {
    fn default() -> FairOnesided {
        FairOnesided {
            world: Stream::default(),
            method: MethodConfig::exp2(),
            weight: 5.0,
            rounds: 4000,
            stretch: 200,
        }
    }
}

/// What one round was like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Played {
    /// The expected share of wrong decisions under the policy.
    pub error: f64,
    /// The share of wrong decisions.
    pub realised: f64,
    /// 1 where the panel reported a pair, else 0.
    pub reported: f64,
    /// The largest chance less the least.
    pub spread: f64,
}

impl Played {
    fn of(group: &Group<OneSided>) -> Option<Played> {
        let one = group.tries.first()?;
        let chances = &one.answer.chance;
        let most = chances.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let least = chances.iter().copied().fold(f64::INFINITY, f64::min);
        Some(Played {
            error: one.verdict.part("error")?,
            realised: -one.verdict.value()?,
            reported: f64::from(u8::from(one.verdict.part("favoured").is_some())),
            spread: most - least,
        })
    }
}

impl Recipe for FairOnesided {
    const CARD: Card = Card {
        id: "fair-onesided",
        summary: "accept people fairly when only the accepted show whether they should have been",
        paper: "2206.04475",
        code: "",
        reports: &[
            Metric { name: "error", meaning: "expected share of wrong decisions under the policy" },
            Metric {
                name: "realised_error",
                meaning: "share of wrong decisions by the rules that were drawn",
            },
            Metric { name: "reported", meaning: "share of rounds in which the panel reported a pair" },
            Metric { name: "reports_total", meaning: "rounds so far in which the panel reported a pair" },
            Metric {
                name: "spread",
                meaning: "mean of a batch's largest chance of acceptance less its least",
            },
        ],
    };

    fn check(&self) -> Result<()> {
        for (field, found) in [("rounds", self.rounds), ("stretch", self.stretch)] {
            if found == 0 {
                return Err(Error::invalid(field, "at least 1", found));
            }
        }
        if !(self.weight >= 0.0 && self.weight.is_finite()) {
            return Err(Error::invalid("weight", "at least 0 and finite", self.weight));
        }
        self.world.check()?;
        self.method.check()
    }

    fn run(&self, run: &mut Run<'_>) -> Result<()> {
        self.play(run).map(|_| ())
    }
}

impl FairOnesided {
    /// Runs it and returns what each round was like.
    pub(crate) fn play(&self, run: &mut Run<'_>) -> Result<Vec<Played>> {
        let seed = run.seed("world");
        let decider = Decider::of(self.method.open(self.weight, self.world.labels));
        let mut parts = Loop::<OneSided> {
            explore: Box::new(self.world.explorer(seed)),
            policy: Box::new(decider.clone()),
            judge: Box::new(StreamJudge::of(&self.world, seed)),
            learn: Box::new(decider),
        };
        let mut all: Vec<Played> = Vec::with_capacity(self.rounds as usize);
        while run.next_round(self.rounds.div_ceil(self.stretch)) {
            let left = self.rounds as usize - all.len();
            let groups = run.play("decide", &mut parts, left.min(self.stretch as usize) as u64, 1)?;
            let from = all.len();
            all.extend(groups.iter().filter_map(Played::of));
            let level = |of: fn(&Played) -> f64| {
                mean(&all[from..].iter().map(of).collect::<Vec<_>>()).unwrap_or(f64::NAN)
            };
            run.note("error", level(|round| round.error))?;
            run.note("realised_error", level(|round| round.realised))?;
            run.note("reported", level(|round| round.reported))?;
            run.note("reports_total", all.iter().map(|round| round.reported).sum())?;
            run.note("spread", level(|round| round.spread))?;
        }
        run.output("last", &parts.learn.save()?)?;
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::resumes_exactly;

    #[test]
    fn a_killed_run_goes_on_as_if_nothing_had_happened() {
        let greedy = MethodConfig::Greedy { rules: RuleGrid::default() };
        for method in [MethodConfig::exp2(), MethodConfig::ftpl(), greedy] {
            let recipe = FairOnesided { method, rounds: 60, stretch: 25, ..FairOnesided::default() };
            resumes_exactly(FairOnesided::CARD, |run| recipe.run(run));
        }
    }

    #[test]
    fn settings_that_cannot_be_are_named() {
        let with = |method| FairOnesided { method, ..FairOnesided::default() };
        let cases = [
            (FairOnesided { rounds: 0, ..FairOnesided::default() }, "rounds"),
            (FairOnesided { weight: -1.0, ..FairOnesided::default() }, "weight"),
            (
                FairOnesided {
                    world: Stream { quorum: 0.0, ..Stream::default() },
                    ..FairOnesided::default()
                },
                "world.quorum",
            ),
            (
                with(MethodConfig::Exp2 { eta: 0.02, explore: 1.0, rules: RuleGrid::default() }),
                "method.explore",
            ),
            (
                with(MethodConfig::Greedy { rules: RuleGrid { weights: 0, ..RuleGrid::default() } }),
                "rules.weights",
            ),
        ];
        for (recipe, field) in cases {
            let error = recipe.check().expect_err("refused").to_string();
            assert!(error.starts_with(field), "{error}");
        }
        assert!(FairOnesided::default().check().is_ok());
        assert!(with(MethodConfig::ftpl()).check().is_ok());
    }
}
