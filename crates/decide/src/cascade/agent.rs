//! An agent that plans and counts, as a policy and a learner on one state.

use super::{Cascade, CascadeWorld, Episode, Plan};
use crate::handle::Handle;
use autodidact_core::{
    Ask, Group, Learn, Lesson, Metrics, Policy, Proposals, Result, Seed, Snapshot, Spend, Version,
};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;

/// Makes plans and learns from the episodes that follow them.
pub trait Agent: Serialize + DeserializeOwned + Send + 'static {
    /// The plan for the next episode.
    fn plan(&self) -> &Plan;

    /// Learns from an episode and makes the next plan.
    fn learn(&mut self, episode: &Episode);

    /// Whether it needs no more episodes.
    fn done(&self) -> bool {
        false
    }

    /// Numbers about its plan.
    fn report(&self) -> Metrics;
}

/// Follows an agent's plan in a world; of the world it knows what happens, nothing else.
pub struct Player<A> {
    /// The agent.
    pub agent: Handle<A>,
    /// Where episodes happen.
    pub world: Arc<CascadeWorld>,
}

impl<A: Agent> Policy<Cascade> for Player<A> {
    fn propose(&self, asks: &[Ask<Cascade>], _seeds: &[Seed]) -> Result<Proposals<Cascade>> {
        let agent = self.agent.lock();
        let episode = |ask: &Ask<Cascade>| self.world.play(agent.plan(), ask.query);
        let answers = asks.iter().map(|ask| vec![episode(ask); ask.tries as usize]).collect();
        Ok(Proposals { answers, spend: Spend::default() })
    }

    fn version(&self) -> Result<Version> {
        self.agent.version()
    }
}

/// Lets an agent learn. Rewards are known, so it learns from what was seen, not from the score; an
/// episode that the judge could not score is left out.
pub struct Pupil<A>(pub Handle<A>);

impl<A: Agent> Learn<Cascade> for Pupil<A> {
    fn learn(&mut self, groups: &[Group<Cascade>], _seed: Seed) -> Result<Lesson> {
        let mut agent = self.0.lock();
        for one in groups.iter().flat_map(|group| &group.tries) {
            if one.verdict.value().is_some() {
                agent.learn(&one.answer);
            }
        }
        Ok(Lesson { metrics: agent.report(), spend: Spend::default() })
    }

    fn save(&self) -> Result<Snapshot> {
        self.0.save()
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.0.restore(snapshot)
    }
}
