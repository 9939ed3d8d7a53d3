//! The second baseline: a cascading bandit over items that does not see the user's state.

use super::oracle::best_perm;
use super::{Agent, Confidence, Episode, ItemBonus, Known, Plan};
use autodidact_core::{Metrics, Result};
use serde::{Deserialize, Serialize};

/// Upper confidence bounds of each item's attraction and of what its click pays, over all states
/// together; the same list in every state and step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatelessItems {
    known: Known,
    sure: Confidence,
    /// Looks, clicks, sum and sum of squares of what the clicks paid.
    counts: Vec<(f64, f64, f64, f64)>,
    plan: Plan,
}

impl StatelessItems {
    /// An agent that has seen nothing and will play `episodes`.
    pub fn new(known: Known, delta: f64, bonus: f64, episodes: u64) -> Result<StatelessItems> {
        known.shape.check()?;
        let events = episodes.max(1) as f64 * (known.horizon() * known.items()) as f64;
        let sure = Confidence { fixed: (events * 14.0 / delta).ln(), growing: 0.0, scale: bonus };
        let counts = vec![(0.0, 0.0, 0.0, 0.0); known.items()];
        let mut agent = StatelessItems { known, sure, counts, plan: Vec::new() };
        agent.replan();
        Ok(agent)
    }

    fn replan(&mut self) {
        let ends = self.counts.iter().map(|&(looks, clicks, sum, squares)| {
            let share = if looks > 0.0 { clicks / looks } else { 0.0 };
            let (reward, square) = if clicks > 0.0 { (sum / clicks, squares / clicks) } else { (0.0, 0.0) };
            let u = share + self.sure.of_share(ItemBonus::Bernstein, share, looks);
            let w = reward + self.sure.of_mean(square - reward * reward, clicks);
            (u.min(1.0), w.min(1.0))
        });
        let (u, w): (Vec<f64>, Vec<f64>) = ends.unzip();
        let best = best_perm(&u, &w, 0.0, self.known.shape.longest as usize);
        let list = best.expect("a checked shape has an item and a place").list;
        self.plan = vec![vec![list; self.known.states()]; self.known.horizon()];
    }
}

impl Agent for StatelessItems {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn learn(&mut self, episode: &Episode) {
        let items = self.known.items();
        for (state, list, place, _) in episode.steps() {
            for (i, &item) in list.iter().enumerate().take(place + 1) {
                let (looks, clicks, sum, squares) = &mut self.counts[item as usize];
                *looks += 1.0;
                if i == place {
                    let paid = self.known.reward[state * items + item as usize];
                    (*clicks, *sum, *squares) = (*clicks + 1.0, *sum + paid, *squares + paid * paid);
                }
            }
        }
        self.replan();
    }

    fn report(&self) -> Metrics {
        Metrics::default()
    }
}
