//! AdaptVI, the baseline: every list is an action of its own, and what one list teaches, no other learns.

use super::oracle::every_list;
use super::{Agent, Confidence, Episode, Known, List, Plan};
use autodidact_core::{Error, Metrics, Result};
use serde::{Deserialize, Serialize};

/// Most pairs of states and lists that are held.
const MOST_PAIRS: usize = 2_000_000;

/// Optimistic tabular reinforcement learning (EULER) with lists as actions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WholeLists {
    known: Known,
    sure: Confidence,
    lists: Vec<List>,
    /// `s * lists + l`: how often, sum and sum of squares of what the click paid.
    counts: Vec<(f64, f64, f64)>,
    /// `(s * lists + l) * S + t`.
    arrivals: Vec<f64>,
    plan: Plan,
    upper: f64,
}

impl WholeLists {
    /// An agent that has seen nothing and will play `episodes`. Fails where there are too many lists.
    pub fn new(known: Known, delta: f64, bonus: f64, episodes: u64) -> Result<WholeLists> {
        known.shape.check()?;
        let number = |n: u32| (0..n).map(|i| f64::from(known.shape.items.saturating_sub(i))).product::<f64>();
        let number: f64 = (1..=known.shape.longest).map(number).sum();
        if number * known.states() as f64 > MOST_PAIRS as f64 {
            let rule = format!("few enough for {MOST_PAIRS} pairs of states and lists");
            return Err(Error::invalid("the number of lists", rule, number));
        }
        let mut lists = Vec::new();
        every_list(known.items(), known.shape.longest as usize, |list| lists.push(list.to_vec()));
        let pairs = known.states() * lists.len();
        let events = episodes.max(1) as f64 * (known.horizon() * pairs) as f64;
        let sure = Confidence { fixed: (events * 14.0 / delta).ln(), growing: 0.0, scale: bonus };
        let arrivals = vec![0.0; pairs * known.states()];
        let counts = vec![(0.0, 0.0, 0.0); pairs];
        let mut agent =
            WholeLists { known, sure, lists, counts, arrivals, plan: Vec::new(), upper: f64::INFINITY };
        agent.replan();
        Ok(agent)
    }

    /// Makes the plan anew from what was seen.
    pub fn replan(&mut self) {
        let (states, horizon) = (self.known.states(), self.known.horizon());
        let (mut upper, mut lower) = (vec![0.0; states], vec![0.0; states]);
        let mut plan = Vec::with_capacity(horizon);
        for h in (0..horizon).rev() {
            let left = (horizon - h) as f64;
            let best = |state: usize| {
                let value = |list: usize| self.ends(state, list, &upper, &lower, left);
                let first = (0, value(0));
                (1..self.lists.len()).fold(first, |best, list| {
                    let ends = value(list);
                    if ends.0 > best.1.0 { (list, ends) } else { best }
                })
            };
            let row: Vec<(usize, (f64, f64))> = (0..states).map(best).collect();
            plan.push(row.iter().map(|(list, _)| self.lists[*list].clone()).collect());
            (upper, lower) = row.into_iter().map(|(_, ends)| ends).unzip();
        }
        plan.reverse();
        self.plan = plan;
        self.upper = upper[0];
    }

    /// The optimistic and the pessimistic value of a list.
    fn ends(&self, state: usize, list: usize, upper: &[f64], lower: &[f64], left: f64) -> (f64, f64) {
        let at = state * self.lists.len() + list;
        let (n, sum, squares) = self.counts[at];
        if n == 0.0 {
            return (left, 0.0);
        }
        let (mut mean, mut square, mut low, mut gap) = (0.0, 0.0, 0.0, 0.0);
        let arrivals = &self.arrivals[at * upper.len()..][..upper.len()];
        for ((p, high), below) in arrivals.iter().zip(upper).zip(lower) {
            mean += p * high;
            square += p * high * high;
            low += p * below;
            gap += p * (high - below) * (high - below);
        }
        let (mean, reward) = (mean / n, sum / n);
        let variance = (square / n - mean * mean).max(0.0);
        let width = self.sure.of_mean(squares / n - reward * reward, n)
            + self.sure.of_value(variance, gap / n, n, self.known.horizon() as f64);
        ((reward + mean + width).min(left), (reward + low / n - width).max(0.0))
    }

    fn index(&self, list: &[u32]) -> Option<usize> {
        // In the order of enumeration, which is that of the lists as sequences.
        self.lists.binary_search_by(|known| known.as_slice().cmp(list)).ok()
    }
}

impl Agent for WholeLists {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn learn(&mut self, episode: &Episode) {
        let (states, items) = (self.known.states(), self.known.items());
        for (state, list, place, next) in episode.steps() {
            let Some(index) = self.index(list) else { continue };
            let at = state * self.lists.len() + index;
            let paid = list.get(place).map_or(0.0, |&item| self.known.reward[state * items + item as usize]);
            let (n, sum, squares) = &mut self.counts[at];
            (*n, *sum, *squares) = (*n + 1.0, *sum + paid, *squares + paid * paid);
            self.arrivals[at * states + next] += 1.0;
        }
        self.replan();
    }

    fn report(&self) -> Metrics {
        let mut metrics = Metrics::default();
        metrics.push("upper", self.upper);
        metrics
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cascade::{CascadeShape, CascadeWorld, Oracle};
    use crate::visit::Visit;
    use autodidact_core::Seed;

    #[test]
    fn every_list_is_found_again_and_counted_once() {
        let shape = CascadeShape { items: 5, ..CascadeShape::default() };
        let world = CascadeWorld::random(&shape, Seed::root(1)).expect("a sound shape");
        let mut agent = WholeLists::new(Known::of(&world), 0.005, 1.0, 100).expect("few lists");
        assert_eq!(agent.lists.len(), 5 + 20 + 60);
        for (i, list) in agent.lists.iter().enumerate() {
            assert_eq!(agent.index(list), Some(i));
        }
        let (plan, _) = world.optimum(Oracle::BestPerm);
        agent.learn(&world.play(&plan, Visit { round: 0 }));
        assert_eq!(agent.counts.iter().map(|count| count.0).sum::<f64>(), 3.0);
        assert_eq!(agent.arrivals.iter().sum::<f64>(), 3.0);
    }

    #[test]
    fn too_many_lists_are_refused() {
        let shape = CascadeShape { items: 200, longest: 4, ..CascadeShape::default() };
        let world = CascadeWorld::random(&shape, Seed::root(1)).expect("a sound shape");
        assert!(WholeLists::new(Known::of(&world), 0.005, 1.0, 100).is_err());
    }
}
