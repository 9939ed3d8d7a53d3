//! An agent that plans by chance and doubts, as a policy and a learner on one state.

use super::{AskWhen, Duel, DuelWorld, Duels};
use crate::handle::Handle;
use crate::mdp::{Plan, Run};
use autodidact_core::{
    Ask, Group, Learn, Lesson, Metrics, Policy, Proposals, Result, Rng, Seed, Snapshot, Spend, Version,
};
use rand::Rng as _;
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;

/// Plans by drawing from what it believes, and knows how far draws disagree.
pub trait Duelist: Serialize + DeserializeOwned + Send + 'static {
    /// A plan from one draw.
    fn plan(&self, rng: &mut Rng) -> Plan;

    /// The plan of the duel before: two episodes of one plan often coincide and teach nothing.
    fn previous(&self) -> &Plan;

    /// The expected disagreement of two draws on the difference of the episodes' returns.
    fn spread(&self, runs: &[Run; 2]) -> f64;

    /// Learns from a duel; `first_won` where it was asked.
    fn learn(&mut self, duel: &Duel, first_won: Option<bool>, rng: &mut Rng);
}

/// Fights duels: the new plan against the one before.
pub struct Opponent<A> {
    /// The agent.
    pub agent: Handle<A>,
    /// Where episodes happen.
    pub world: Arc<DuelWorld>,
    /// When it asks.
    pub ask: AskWhen,
}

impl<A: Duelist> Policy<Duels> for Opponent<A> {
    fn propose(&self, asks: &[Ask<Duels>], seeds: &[Seed]) -> Result<Proposals<Duels>> {
        let agent = self.agent.lock();
        let duel = |ask: &Ask<Duels>, seed: Seed| {
            let mut rng = seed.rng();
            let luck: f64 = rng.random();
            let plans = [agent.plan(&mut rng), agent.previous().clone()];
            let runs = self.world.play(&plans, ask.query);
            let spread = agent.spread(&runs);
            let same = runs[0] == runs[1];
            Duel { asked: self.ask.asks(spread, same, luck), plans, runs, spread }
        };
        let tries = |(ask, seed): (&Ask<Duels>, &Seed)| {
            (0..ask.tries).map(|t| duel(ask, seed.at("try", u64::from(t)))).collect()
        };
        Ok(Proposals { answers: asks.iter().zip(seeds).map(tries).collect(), spend: Spend::default() })
    }

    fn version(&self) -> Result<Version> {
        self.agent.version()
    }
}

/// Lets an agent learn. Where nothing was asked there is no preference to learn from, but the episodes
/// happened and show where actions lead.
pub struct Novice<A>(pub Handle<A>);

impl<A: Duelist> Learn<Duels> for Novice<A> {
    fn learn(&mut self, groups: &[Group<Duels>], seed: Seed) -> Result<Lesson> {
        let (mut agent, mut rng) = (self.0.lock(), seed.rng());
        let mut metrics = Metrics::default();
        let (mut asked, mut spread, mut n) = (0.0, 0.0, 0.0);
        for one in groups.iter().flat_map(|group| &group.tries) {
            if one.verdict.is_error() {
                continue;
            }
            let first_won = one.verdict.value().map(|value| value > 0.5);
            agent.learn(&one.answer, first_won, &mut rng);
            asked += f64::from(u8::from(first_won.is_some()));
            spread += one.answer.spread;
            n += 1.0;
        }
        if n > 0.0 {
            metrics.push("asked", asked / n);
            metrics.push("spread", spread / n);
        }
        Ok(Lesson { metrics, spend: Spend::default() })
    }

    fn save(&self) -> Result<Snapshot> {
        self.0.save()
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.0.restore(snapshot)
    }
}
