//! CascadingVI: optimistic values from bonuses on items, never on lists.
//!
//! Every plan comes from one sweep from the last step to the first. It raises each item's attraction and
//! the value of each click by its width, asks the oracle for the best list, and carries beside the
//! optimistic value a pessimistic one of the same plan; their distance enters the next step's widths.

use super::{Agent, Confidence, Episode, ItemBonus, Known, Oracle, Plan, Tally};
use autodidact_core::{Error, Metrics, Result};
use serde::{Deserialize, Serialize};

/// Settings of CascadingVI.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OptimistConfig {
    /// Probability with which the intervals may fail, between 0 and 1 (delta).
    pub delta: f64,
    /// Multiplies every bonus; 1 is the theory's.
    pub bonus: f64,
    /// The form of an item's bonus.
    pub item_bonus: ItemBonus,
    /// How the best list is found.
    pub oracle: Oracle,
}

impl Default for OptimistConfig {
    fn default() -> OptimistConfig {
        OptimistConfig {
            delta: 0.005,
            bonus: 1.0,
            item_bonus: ItemBonus::Bernstein,
            oracle: Oracle::BestPerm,
        }
    }
}

impl OptimistConfig {
    /// Fails on numbers out of range.
    pub fn check(&self) -> Result<()> {
        if !(self.delta > 0.0 && self.delta < 1.0) {
            return Err(Error::invalid("delta", "between 0 and 1", self.delta));
        }
        if !(self.bonus >= 0.0 && self.bonus.is_finite()) {
            return Err(Error::invalid("bonus", "at least 0 and finite", self.bonus));
        }
        Ok(())
    }
}

/// What one sweep found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outlook {
    /// The plan.
    pub plan: Plan,
    /// Its optimistic values `[h][s]`, and a row of zeros after the last step.
    pub upper: Vec<Vec<f64>>,
    /// Its pessimistic values, in the same form.
    pub lower: Vec<Vec<f64>>,
}

/// Attractions at both ends of their intervals, `s * N + a`.
pub(super) struct Shares {
    pub high: Vec<f64>,
    pub low: Vec<f64>,
}

impl Shares {
    pub fn of(tally: &Tally, sure: &Confidence, form: ItemBonus) -> Shares {
        let ends = tally.attraction.iter().zip(&tally.looks).map(|(&share, &n)| {
            let width = sure.of_share(form, share, n);
            ((share + width).min(1.0), (share - width).max(0.0))
        });
        let (high, low) = ends.unzip();
        Shares { high, low }
    }
}

/// Plans by optimism: one sweep over steps and states.
pub fn sweep(known: &Known, tally: &Tally, sure: &Confidence, form: ItemBonus, oracle: Oracle) -> Outlook {
    let (states, items, horizon) = (known.states(), known.items(), known.horizon());
    let shares = Shares::of(tally, sure, form);
    let mut outlook = Outlook {
        plan: vec![Vec::with_capacity(states); horizon],
        upper: vec![vec![0.0; states]; horizon + 1],
        lower: vec![vec![0.0; states]; horizon + 1],
    };
    let (mut high, mut low) = (vec![0.0; items + 1], vec![0.0; items + 1]);
    for h in (0..horizon).rev() {
        let left = (horizon - h) as f64;
        for state in 0..states {
            for item in 0..=items {
                let at = state * (items + 1) + item;
                let chances = &tally.transition[at * states..][..states];
                let next = Next::of(chances, &outlook.upper[h + 1], &outlook.lower[h + 1]);
                let width = sure.of_value(next.variance, next.gap, tally.clicks[at], horizon as f64);
                let reward = if item < items { known.reward[state * items + item] } else { 0.0 };
                high[item] = (reward + next.upper + width).min(left);
                low[item] = (reward + next.lower - width).max(0.0);
            }
            let attractions = &shares.high[state * items..][..items];
            let best = oracle.best(attractions, &high[..items], high[items], known.shape.longest as usize);
            let best = best.expect("a checked shape has an item and a place");
            let ends = |item: u32| {
                let at = state * items + item as usize;
                (shares.low[at], shares.high[at])
            };
            outlook.lower[h][state] = least(&best.list, ends, &low, low[items]);
            outlook.upper[h][state] = best.value.min(left);
            outlook.plan[h].push(best.list);
        }
    }
    outlook
}

/// Means over the next states.
struct Next {
    upper: f64,
    lower: f64,
    /// Of the upper value.
    variance: f64,
    /// Mean square of upper less lower value.
    gap: f64,
}

impl Next {
    fn of(chances: &[f64], upper: &[f64], lower: &[f64]) -> Next {
        let (mut mean, mut square, mut low, mut gap) = (0.0, 0.0, 0.0, 0.0);
        for ((p, high), below) in chances.iter().zip(upper).zip(lower) {
            mean += p * high;
            square += p * high * high;
            low += p * below;
            gap += p * (high - below) * (high - below);
        }
        Next { upper: mean, lower: low, variance: (square - mean * mean).max(0.0), gap }
    }
}

/// The least a list can be worth while each attraction stays in its interval `ends(item)`.
pub(super) fn least(list: &[u32], ends: impl Fn(u32) -> (f64, f64), w: &[f64], nothing: f64) -> f64 {
    list.iter().rev().fold(nothing, |rest, &item| {
        let w = w[item as usize];
        let (low, high) = ends(item);
        let u = if w >= rest { low } else { high };
        u * w + (1.0 - u) * rest
    })
}

/// The most a list can be worth while each attraction stays in its interval.
pub(super) fn most(list: &[u32], ends: impl Fn(u32) -> (f64, f64), w: &[f64], nothing: f64) -> f64 {
    list.iter().rev().fold(nothing, |rest, &item| {
        let w = w[item as usize];
        let (low, high) = ends(item);
        let u = if w >= rest { high } else { low };
        u * w + (1.0 - u) * rest
    })
}

/// CascadingVI as an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Optimist {
    known: Known,
    config: OptimistConfig,
    sure: Confidence,
    tally: Tally,
    outlook: Outlook,
}

impl Optimist {
    /// An agent that has seen nothing and will play `episodes` (K).
    pub fn new(known: Known, config: OptimistConfig, episodes: u64) -> Result<Optimist> {
        known.shape.check()?;
        config.check()?;
        let events = episodes.max(1) as f64 * (known.horizon() * known.states() * known.items()) as f64;
        let sure =
            Confidence { fixed: (events * 14.0 / config.delta).ln(), growing: 0.0, scale: config.bonus };
        let tally = Tally::of(&known.shape);
        let mut agent = Optimist { known, config, sure, tally, outlook: Outlook::default() };
        agent.replan();
        Ok(agent)
    }

    /// What the last sweep found.
    pub fn outlook(&self) -> &Outlook {
        &self.outlook
    }

    /// Makes the plan anew from what was seen.
    pub fn replan(&mut self) {
        let Optimist { known, config, sure, tally, .. } = self;
        self.outlook = sweep(known, tally, sure, config.item_bonus, config.oracle);
    }
}

impl Agent for Optimist {
    fn plan(&self) -> &Plan {
        &self.outlook.plan
    }

    fn learn(&mut self, episode: &Episode) {
        self.tally.count(&self.known.shape, episode);
        self.replan();
    }

    fn report(&self) -> Metrics {
        let mut metrics = Metrics::default();
        metrics.push("upper", self.outlook.upper[0][0]);
        metrics.push("lower", self.outlook.lower[0][0]);
        metrics
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cascade::{CascadeShape, CascadeWorld};
    use crate::visit::Visit;
    use autodidact_core::Seed;

    fn world(seed: u64) -> CascadeWorld {
        CascadeWorld::random(&CascadeShape::default(), Seed::root(seed)).expect("a sound shape")
    }

    #[test]
    fn a_sweep_with_the_truth_and_no_bonus_is_dynamic_programming() {
        for seed in 0..10 {
            let world = world(seed);
            let none = Confidence { fixed: 10.0, growing: 0.0, scale: 0.0 };
            let tally = Tally::exact(&world, 10.0);
            for oracle in [Oracle::BestPerm, Oracle::Enumerate] {
                let found = sweep(&Known::of(&world), &tally, &none, ItemBonus::Bernstein, oracle);
                let (_, values) = world.optimum(Oracle::Enumerate);
                for (h, row) in values.iter().enumerate() {
                    for (s, value) in row.iter().enumerate() {
                        assert!((found.upper[h][s] - value).abs() < 1e-12);
                        assert!((found.lower[h][s] - value).abs() < 1e-12);
                    }
                }
            }
        }
    }

    #[test]
    fn the_lowest_worth_of_a_list_is_that_of_the_worst_corner() {
        // All eight corners of the intervals, by hand of a loop.
        let (list, w, nothing) = ([0, 1, 2], [0.3, 0.9, 0.5], 0.4);
        let ends = |item: u32| [(0.1, 0.7), (0.2, 0.4), (0.0, 1.0)][item as usize];
        let corner = |bits: u32| {
            let pick = |item: u32| if bits >> item & 1 == 1 { ends(item).1 } else { ends(item).0 };
            crate::cascade::oracle::value(&list, &[pick(0), pick(1), pick(2)], &w, nothing)
        };
        let corners: Vec<f64> = (0..8).map(corner).collect();
        let low = corners.iter().copied().fold(f64::INFINITY, f64::min);
        let high = corners.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        assert!((least(&list, ends, &w, nothing) - low).abs() < 1e-15);
        assert!((most(&list, ends, &w, nothing) - high).abs() < 1e-15);
    }

    #[test]
    fn at_the_theorys_scale_the_bounds_hold_everywhere() {
        let mut checked = 0;
        for seed in 0..4 {
            let world = world(seed);
            let (_, best) = world.optimum(Oracle::BestPerm);
            let mut agent =
                Optimist::new(Known::of(&world), OptimistConfig::default(), 1_000).expect("sound");
            for round in 0..1_000 {
                let episode = world.play(agent.plan(), Visit { round });
                agent.learn(&episode);
                if round % 50 != 0 {
                    continue;
                }
                let (found, values) = (agent.outlook(), world.values(agent.plan()));
                for h in 0..3 {
                    for s in 0..5 {
                        let order =
                            [found.lower[h][s], values[h][s], best[h][s] + 1e-12, found.upper[h][s] + 2e-12];
                        assert!(order.is_sorted(), "seed {seed}, episode {round}: {order:?}");
                        checked += 1;
                    }
                }
            }
        }
        assert_eq!(checked, 4 * 20 * 15);
    }
}
