//! Worlds for bandits: what an arm pays, and what it would have paid on average.
//!
//! A [`World`] is opened from a [`WorldConfig`] and a seed, which decides everything that chance does in
//! it: the order of arms, who comes in which round, the luck of each reward. [`World::explore`] asks the
//! rounds in order, [`World::judge`] scores an arm. A reward depends on the round that the query carries and
//! on nothing else, so that all policies meet the same luck and a recorded verdict can be had again.
//! Every verdict of a world that knows its means carries `mean`, `regret` (the best mean of the round
//! less this one) and `best` (1 for an arm whose mean is the best); an arm that does not exist is
//! abstained from, as is a round of a log in which another arm was shown.

mod bench;
mod bernoulli;
mod config;
mod drifting;
mod gaussian;
mod logged;
mod low_rank;
mod switching;
mod table;
#[cfg(test)]
mod tests;

pub use bench::{Bench, Cell};
pub use bernoulli::Bernoulli;
pub use config::WorldConfig;
pub use drifting::Drifting;
pub use gaussian::Gaussian;
pub use logged::{Feedback, Logged, Order};
pub use low_rank::{LowRank, Users};
pub use switching::Switching;

use crate::choice::{Choice, Context, Pull};
use autodidact_core::{
    Ask, Error, Explore, Group, Judge, Judged, Result, Rng, Seed, Snapshot, Spend, Verdict,
};
use serde::{Deserialize, Serialize};
use std::fmt::Debug;
use std::sync::Arc;

/// What arms pay. Nothing here changes while a world is played.
pub trait Rewards: Debug + Send + Sync {
    /// How many arms there are, at least 1.
    fn arms(&self) -> usize;

    /// How many rounds there are.
    fn horizon(&self) -> u64;

    /// How many features a context has.
    fn features(&self) -> usize {
        0
    }

    /// The features of `round`, drawn from nothing but `seed`, which is the round's own.
    fn context(&self, _round: u64, _seed: Seed) -> Vec<f64> {
        Vec::new()
    }

    /// The expected reward of `arm` in this context, or `None` where nobody knows it.
    fn mean(&self, context: &Context, arm: usize) -> Option<f64>;

    /// What `arm` pays, or `None` where nothing is heard of it.
    fn reward(&self, context: &Context, arm: usize, rng: &mut Rng) -> Option<f64>;

    /// How hard the best arm is to find, where one number says it: the gap of the best two means of a
    /// Bernoulli bandit, their divergence in nats of a Gaussian one.
    fn hardness(&self) -> Option<f64> {
        None
    }
}

/// A world that is open. Clones are the same world.
#[derive(Clone, Debug)]
pub struct World {
    name: String,
    seed: Seed,
    rewards: Arc<dyn Rewards>,
}

impl World {
    /// A world of these rewards, whose chance comes from `seed`.
    pub fn of(name: impl Into<String>, rewards: impl Rewards + 'static, seed: Seed) -> World {
        World { name: name.into(), seed, rewards: Arc::new(rewards) }
    }

    /// What the world is called, its settings in it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many arms there are.
    pub fn arms(&self) -> usize {
        self.rewards.arms()
    }

    /// How many features a context has.
    pub fn features(&self) -> usize {
        self.rewards.features()
    }

    /// How many rounds there are.
    pub fn horizon(&self) -> u64 {
        self.rewards.horizon()
    }

    /// How hard the best arm is to find; see [`Rewards::hardness`].
    pub fn hardness(&self) -> Option<f64> {
        self.rewards.hardness()
    }

    /// What is known in `round` before an arm is chosen.
    pub fn context(&self, round: u64) -> Context {
        let features = self.rewards.context(round, self.seed.at("context", round));
        Context { round, features, allowed: None }
    }

    /// The expected reward of each arm in this context, or `None` where nobody knows them.
    pub fn means(&self, context: &Context) -> Option<Vec<f64>> {
        (0..self.arms()).map(|arm| self.rewards.mean(context, arm)).collect()
    }

    /// What `pull` pays in this context at the `attempt`-th try, from 0.
    pub fn verdict(&self, context: &Context, pull: Pull, attempt: u64) -> Verdict {
        let arm = pull.arm as usize;
        let allowed = |arm: u32| context.allowed.as_ref().is_none_or(|list| list.contains(&arm));
        if arm >= self.arms() || !allowed(pull.arm) {
            return Verdict::abstain(format!("arm {arm} is none of those that may be chosen"));
        }
        let mut rng = self.seed.at("reward", context.round).at("try", attempt).rng();
        let Some(reward) = self.rewards.reward(context, arm, &mut rng) else {
            return Verdict::abstain("another arm was shown");
        };
        let verdict = Verdict::score(reward);
        let Some(means) = self.means(context) else { return verdict };
        let offered = means.iter().enumerate().filter(|(arm, _)| allowed(*arm as u32));
        let best = offered.map(|(_, mean)| *mean).fold(f64::NEG_INFINITY, f64::max);
        let is_best = f64::from(u8::from(means[arm] == best));
        verdict.with("mean", means[arm]).with("regret", best - means[arm]).with("best", is_best)
    }

    /// Asks the rounds in order, until the horizon.
    pub fn explore(&self) -> Rounds {
        Rounds { world: self.clone(), next: 0 }
    }

    /// Scores arms.
    pub fn judge(&self) -> Payout {
        Payout { world: self.clone() }
    }
}

/// Asks the rounds of a world in order; nothing more once the horizon is reached.
#[derive(Clone, Debug)]
pub struct Rounds {
    world: World,
    next: u64,
}

/// What a snapshot of [`Rounds`] holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    next: u64,
}

/// The file of that snapshot.
const FILE: &str = "rounds.json";

impl Explore<Choice> for Rounds {
    fn ask(&mut self, n: usize, _rng: &mut Rng) -> Result<Vec<Ask<Choice>>> {
        let until = self.next.saturating_add(n as u64).min(self.world.horizon());
        let contexts: Vec<Context> = (self.next..until).map(|round| self.world.context(round)).collect();
        self.next = self.next.max(until);
        Ok(Ask::each(&contexts, 1, &()))
    }

    fn tell(&mut self, _groups: &[Group<Choice>]) -> Result<()> {
        Ok(())
    }

    fn save(&self) -> Result<Snapshot> {
        let bytes = serde_json::to_vec(&Saved { next: self.next }).map_err(Error::part)?;
        Ok(Snapshot { files: vec![(FILE.to_owned(), bytes)] })
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        let names = || snapshot.files.iter().map(|(name, _)| name);
        let bytes =
            snapshot.file(FILE).ok_or_else(|| Error::unknown("file of the snapshot", FILE, names()))?;
        let saved: Saved =
            serde_json::from_slice(bytes).map_err(|source| Error::Recorded { what: "round", source })?;
        self.next = saved.next;
        Ok(())
    }
}

/// Scores arms with what they pay.
#[derive(Clone, Debug)]
pub struct Payout {
    world: World,
}

impl Judge<Choice> for Payout {
    fn judge(&self, asks: &[Ask<Choice>], answers: &[Vec<Pull>]) -> Result<Judged> {
        let each = |(ask, tries): (&Ask<Choice>, &Vec<Pull>)| {
            let verdict = |(t, pull): (usize, &Pull)| self.world.verdict(&ask.query, *pull, t as u64);
            tries.iter().enumerate().map(verdict).collect()
        };
        Ok(Judged { verdicts: asks.iter().zip(answers).map(each).collect(), spend: Spend::default() })
    }

    fn name(&self) -> String {
        self.world.name.clone()
    }
}
