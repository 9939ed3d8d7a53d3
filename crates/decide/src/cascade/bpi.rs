//! CascadingBPI: explores until it can prove that its plan is within eps of the best.
//!
//! The same optimism as CascadingVI, with intervals that hold at any time, and beside it a bound on the
//! plan's error that runs from the last step to the first as values do. Once the bound of the first
//! state is at most eps, exploration ends.

use super::optimist::{Shares, most, sweep};
use super::{Agent, Confidence, Episode, ItemBonus, Known, Oracle, Outlook, Plan, Tally};
use autodidact_core::{Error, Metrics, Result};
use serde::{Deserialize, Serialize};

/// Settings of CascadingBPI.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdentifyConfig {
    /// How far below the best plan the answer may lie, in units of return (eps).
    pub eps: f64,
    /// Probability with which it may lie farther, between 0 and 1 (delta).
    pub delta: f64,
    /// Multiplies every bonus and every term of the error; 1 is the theory's.
    pub bonus: f64,
    /// Factor of the error's root term (c1).
    pub root: f64,
    /// Factor of the error's fast term (c2).
    pub fast: f64,
    /// Episodes between plans; the paper makes a plan in each.
    pub replan: u32,
}

impl Default for IdentifyConfig {
    fn default() -> IdentifyConfig {
        IdentifyConfig { eps: 0.5, delta: 0.005, bonus: 1.0, root: 6.0, fast: 36.0, replan: 1 }
    }
}

impl IdentifyConfig {
    /// Fails on numbers out of range.
    pub fn check(&self) -> Result<()> {
        if !(self.delta > 0.0 && self.delta < 1.0) {
            return Err(Error::invalid("delta", "between 0 and 1", self.delta));
        }
        for (field, found) in [("eps", self.eps), ("bonus", self.bonus)] {
            if !(found > 0.0 && found.is_finite()) {
                return Err(Error::invalid(field, "above 0 and finite", found));
            }
        }
        for (field, found) in [("root", self.root), ("fast", self.fast)] {
            if !(found >= 0.0 && found.is_finite()) {
                return Err(Error::invalid(field, "at least 0 and finite", found));
            }
        }
        if self.replan == 0 {
            return Err(Error::invalid("replan", "at least 1", self.replan));
        }
        Ok(())
    }
}

/// CascadingBPI as an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Identify {
    known: Known,
    config: IdentifyConfig,
    /// For values and attractions.
    sure: Confidence,
    /// For whole next-state distributions: S logarithms instead of one.
    surer: Confidence,
    tally: Tally,
    outlook: Outlook,
    error: f64,
    since_plan: u32,
}

impl Identify {
    /// An agent that has seen nothing.
    pub fn new(known: Known, config: IdentifyConfig) -> Result<Identify> {
        known.shape.check()?;
        config.check()?;
        let events = (known.horizon() * known.states() * known.items()) as f64;
        let fixed = (events * 14.0 / config.delta).ln();
        let sure = Confidence { fixed, growing: 1.0, scale: config.bonus };
        let surer = Confidence { growing: known.states() as f64, ..sure };
        let tally = Tally::of(&known.shape);
        let outlook = Outlook::default();
        let mut agent =
            Identify { known, config, sure, surer, tally, outlook, error: f64::INFINITY, since_plan: 0 };
        agent.replan();
        Ok(agent)
    }

    /// The bound on how far the plan lies below the best, in units of return (G of the first state).
    pub fn error(&self) -> f64 {
        self.error
    }

    fn replan(&mut self) {
        self.since_plan = 0;
        self.outlook = sweep(&self.known, &self.tally, &self.sure, ItemBonus::Bernstein, Oracle::BestPerm);
        self.error = self.errors()[0];
    }

    /// The errors of the states in the first step.
    fn errors(&self) -> Vec<f64> {
        let Identify { known, config, tally, surer, .. } = self;
        let (states, items, horizon) = (known.states(), known.items(), known.horizon());
        let whole = horizon as f64;
        let shares = Shares::of(tally, &self.sure, ItemBonus::Bernstein);
        let mut errors = vec![0.0; states];
        let mut of_click = vec![0.0; items + 1];
        for h in (0..horizon).rev() {
            let upper = &self.outlook.upper[h + 1];
            let left = (horizon - h) as f64;
            let step = |state: usize, of_click: &mut [f64]| {
                let list = &self.outlook.plan[h][state];
                let none = [items as u32];
                for &item in list.iter().chain(&none) {
                    let at = state * (items + 1) + item as usize;
                    let (n, chances) = (tally.clicks[at], &tally.transition[at * states..][..states]);
                    of_click[item as usize] = if n == 0.0 {
                        whole
                    } else {
                        let mean = dot(chances, upper);
                        let spread = chances.iter().zip(upper).map(|(p, v)| p * (v - mean) * (v - mean));
                        let l = surer.log(n) / n;
                        let root = config.root * (spread.sum::<f64>() * l).sqrt();
                        let fast = config.fast * whole * whole * l;
                        let later = (1.0 + 2.0 / whole) * dot(chances, &errors);
                        (config.bonus * (root + fast) + later).min(whole)
                    };
                }
                let ends = |item: u32| {
                    let at = state * items + item as usize;
                    (shares.low[at], shares.high[at])
                };
                // What not knowing the attractions can cost: a wrong share of those who get that far, of
                // whom each gains or loses no more than the steps left can pay.
                let (mut reach, mut cost) = (1.0, 0.0);
                for &item in list {
                    let (low, high) = ends(item);
                    cost += reach * (high - low) * left;
                    reach *= 1.0 - low;
                }
                (cost + most(list, ends, of_click, of_click[items])).min(whole)
            };
            errors = (0..states).map(|state| step(state, &mut of_click)).collect();
        }
        errors
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

impl Agent for Identify {
    fn plan(&self) -> &Plan {
        &self.outlook.plan
    }

    fn learn(&mut self, episode: &Episode) {
        self.tally.count(&self.known.shape, episode);
        self.since_plan += 1;
        if self.since_plan >= self.config.replan {
            self.replan();
        }
    }

    fn done(&self) -> bool {
        self.error <= self.config.eps
    }

    fn report(&self) -> Metrics {
        let mut metrics = Metrics::default();
        metrics.push("upper", self.outlook.upper[0][0]);
        metrics.push("error", self.error);
        metrics
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cascade::{CascadeShape, CascadeWorld};
    use autodidact_core::Seed;

    fn agent(n: f64) -> Identify {
        let world = CascadeWorld::random(&CascadeShape::default(), Seed::root(2)).expect("a sound shape");
        let mut agent = Identify::new(Known::of(&world), IdentifyConfig::default()).expect("sound");
        if n > 0.0 {
            agent.tally = Tally::exact(&world, n);
        }
        agent.replan();
        agent
    }

    #[test]
    fn without_data_the_error_is_the_whole_horizon_and_it_falls_to_nothing() {
        assert_eq!(agent(0.0).error(), 3.0);
        let errors = [1e5, 1e6, 1e7, 1e9, 1e11].map(|n| agent(n).error());
        assert!(errors.is_sorted_by(|a, b| a >= b), "{errors:?}");
        assert!(errors[4] < 1e-3, "{errors:?}");
        assert!(!agent(1e5).done() && agent(1e9).done());
    }

    #[test]
    fn for_small_eps_four_times_the_data_halves_the_error() {
        let ratio = agent(1e11).error() / agent(4e11).error();
        assert!((1.9..2.1).contains(&ratio), "{ratio}");
    }
}
