//! The judge of duels: prefers the better of two episodes, more surely the more it is better.

use super::{Duel, Duels};
use crate::mdp::{Mdp, Plan, Run};
use crate::visit::Visit;
use autodidact_core::{Ask, Error, Judge, Judged, Result, Seed, Verdict};
use autodidact_math::bradley_terry::chance;
use rand::Rng;
use std::sync::Arc;

/// A world in which duels are fought.
#[derive(Clone, Debug, PartialEq)]
pub struct DuelWorld {
    /// States, actions, rewards.
    pub mdp: Mdp,
    /// Log-odds of a preference a unit of return.
    pub slope: f64,
    seed: Seed,
}

impl DuelWorld {
    /// A world whose chance comes from `seed`.
    pub fn new(mdp: Mdp, slope: f64, seed: Seed) -> Result<DuelWorld> {
        if !(slope > 0.0 && slope.is_finite()) {
            return Err(Error::invalid("slope", "above 0 and finite", slope));
        }
        Ok(DuelWorld { mdp, slope, seed })
    }

    /// Plays two plans in the duel of that number, each with luck of its own.
    pub fn play(&self, plans: &[Plan; 2], visit: Visit) -> [Run; 2] {
        let luck = self.seed.at("episode", visit.round);
        [0, 1].map(|side| self.mdp.play(&plans[side], &mut luck.at("side", side as u64).rng()))
    }

    /// Whether the first would be preferred in the duel of that number.
    pub fn prefers_first(&self, runs: &[Run; 2], visit: Visit) -> bool {
        let margin = self.mdp.paid(&runs[0]) - self.mdp.paid(&runs[1]);
        let luck: f64 = self.seed.at("preference", visit.round).rng().random();
        luck < chance(margin, self.slope)
    }

    /// Why the duel cannot have been fought here, if it cannot.
    fn fault(&self, duel: &Duel) -> Option<String> {
        let space = &self.mdp.space;
        let state = |state: &u32| (*state as usize) < space.states;
        let action = |action: &u32| (*action as usize) < space.actions;
        let plan = |plan: &Plan| {
            plan.len() == space.horizon
                && plan.iter().all(|row| row.len() == space.states && row.iter().all(action))
        };
        let run = |run: &Run| {
            run.states.len() == space.horizon + 1
                && run.actions.len() == space.horizon
                && run.states.iter().all(state)
                && run.actions.iter().all(action)
        };
        let fits = duel.plans.iter().all(plan) && duel.runs.iter().all(run);
        (!fits).then(|| {
            format!(
                "plans and episodes must have {} steps in {} states with {} actions",
                space.horizon, space.states, space.actions
            )
        })
    }
}

/// The judge: 1 if asked and the first is preferred, 0 if the second; it abstains where it is not asked.
/// `regret` is how far both plans together lie below twice the best.
#[derive(Clone, Debug)]
pub struct Taste {
    world: Arc<DuelWorld>,
    best: f64,
}

impl Taste {
    /// A judge that knows the world.
    pub fn of(world: &Arc<DuelWorld>) -> Taste {
        Taste { world: Arc::clone(world), best: world.mdp.optimum().1[0][0] }
    }
}

impl Judge<Duels> for Taste {
    fn judge(&self, asks: &[Ask<Duels>], answers: &[Vec<Duel>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, duel| {
            if let Some(fault) = self.world.fault(duel) {
                return Verdict::error(fault, 0.0);
            }
            let verdict = if duel.asked {
                Verdict::right(self.world.prefers_first(&duel.runs, ask.query))
            } else {
                Verdict::abstain("no question")
            };
            let values: f64 = duel.plans.iter().map(|plan| self.world.mdp.value(plan)).sum();
            verdict.with("regret", 2.0 * self.best - values)
        }))
    }

    fn name(&self) -> String {
        let space = &self.world.mdp.space;
        format!("preferences of slope {} over {} states", self.world.slope, space.states)
    }
}
