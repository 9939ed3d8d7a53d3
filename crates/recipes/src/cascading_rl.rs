//! Cascading RL: learns which ordered list to show a user whose state changes with what he clicks.
//!
//! A user reads a list from the top and clicks the first item that attracts him; the click pays and
//! moves him to another state. There are about N^m lists, but attraction and movement belong to
//! items, and the best list for any estimates of them comes from one pass over the sorted items
//! (BestPerm). CascadingVI adds a bonus to each item's estimates, plans with the oracle, and learns from
//! every item that was looked at; CascadingBPI does the same until it can prove its plan good.
//!
//! * Paper: Du, Srikant, Chen, ICLR 2024, arXiv 2401.08961.
//! * Code: none is public.
//! * Differs: worlds are synthetic, drawn from the run's seed; the constants of bonuses and of the error
//!   bound follow the EULER template, since the paper's are not public as code; widths of CascadingBPI
//!   hold at any time through ln(8 e (n + 1)); values are clipped to the steps left; the lower values
//!   take the worse end of each interval, not always the lower.
//! * Reports: `regret` of the round's episodes, `total_regret`, `episodes`, `upper` and `lower` bounds of
//!   the plan, `error` that is proven, `gap` of the last plan.

use autodidact_core::{Card, Error, Loop, Metric, Recipe, Result, Run};
use autodidact_decide::cascade::{
    Agent, Cascade, CascadeShape, CascadeWorld, Identify, IdentifyConfig, Known, Optimist, OptimistConfig,
    Oracle, Player, Pupil, Returns, StatelessItems, WholeLists,
};
use autodidact_decide::handle::Handle;
use autodidact_decide::visit::Visits;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Settings of cascading RL; the defaults are the paper's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CascadingRl {
    /// Rounds at most; numbers are noted once a round.
    pub rounds: u32,
    /// Episodes a round.
    pub episodes: u32,
    /// The sizes of the world.
    pub world: CascadeShape,
    /// Who learns.
    pub method: Method,
}

/// Who learns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Method {
    /// CascadingVI: as little regret as possible.
    CascadingVi(OptimistConfig),
    /// CascadingBPI: a plan within eps of the best, proven, in as few episodes as possible.
    CascadingBpi(IdentifyConfig),
    /// The baseline that takes every list as one action.
    Lists(Baseline),
    /// The baseline that knows items but not the user's state.
    Items(Baseline),
}

/// Settings of a baseline.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Baseline {
    /// Probability with which its intervals may fail, between 0 and 1.
    pub delta: f64,
    /// Multiplies every bonus.
    pub bonus: f64,
}

impl Default for Baseline {
    fn default() -> Baseline {
        Baseline { delta: 0.005, bonus: 1.0 }
    }
}

impl Default for CascadingRl {
    fn default() -> CascadingRl {
        CascadingRl {
            rounds: 50,
            episodes: 2_000,
            world: CascadeShape::default(),
            method: Method::CascadingVi(OptimistConfig::default()),
        }
    }
}

impl Recipe for CascadingRl {
    const CARD: Card = Card {
        id: "cascading-rl",
        summary: "learn which list to show a user whose state changes with his clicks, item by item",
        paper: "2401.08961",
        code: "",
        reports: &[
            Metric {
                name: "regret",
                meaning: "how far the round's plans lay below the best, summed over episodes",
            },
            Metric { name: "total_regret", meaning: "the same since the first episode" },
            Metric { name: "episodes", meaning: "episodes played so far" },
            Metric { name: "upper", meaning: "optimistic value of the plan, mean over the round" },
            Metric { name: "lower", meaning: "pessimistic value of the plan, mean over the round" },
            Metric {
                name: "error",
                meaning: "proven bound on how far the plan lies below the best, mean over the round",
            },
            Metric { name: "gap", meaning: "how far the last plan lies below the best" },
        ],
    };

    fn check(&self) -> Result<()> {
        for (field, found) in [("rounds", self.rounds), ("episodes", self.episodes)] {
            if found == 0 {
                return Err(Error::invalid(field, "at least 1", found));
            }
        }
        self.world.check()?;
        match &self.method {
            Method::CascadingVi(config) => config.check(),
            Method::CascadingBpi(config) => config.check(),
            Method::Lists(Baseline { delta, bonus }) | Method::Items(Baseline { delta, bonus }) => {
                OptimistConfig { delta: *delta, bonus: *bonus, ..OptimistConfig::default() }.check()
            }
        }
    }

    fn run(&self, run: &mut Run<'_>) -> Result<()> {
        let world = Arc::new(CascadeWorld::random(&self.world, run.seed("cascade"))?);
        let known = Known::of(&world);
        let episodes = u64::from(self.rounds) * u64::from(self.episodes);
        match self.method {
            Method::CascadingVi(config) => self.play(Optimist::new(known, config, episodes)?, &world, run),
            Method::CascadingBpi(config) => self.play(Identify::new(known, config)?, &world, run),
            Method::Lists(Baseline { delta, bonus }) => {
                self.play(WholeLists::new(known, delta, bonus, episodes)?, &world, run)
            }
            Method::Items(Baseline { delta, bonus }) => {
                self.play(StatelessItems::new(known, delta, bonus, episodes)?, &world, run)
            }
        }
    }
}

impl CascadingRl {
    fn play<A: Agent>(&self, agent: A, world: &Arc<CascadeWorld>, run: &mut Run<'_>) -> Result<()> {
        let agent = Handle::new(agent);
        let enough = {
            let agent = agent.clone();
            move || agent.lock().done()
        };
        let mut parts = Loop::<Cascade> {
            explore: Box::new(Visits::until(enough)),
            policy: Box::new(Player { agent: agent.clone(), world: Arc::clone(world) }),
            judge: Box::new(Returns::of(world)),
            learn: Box::new(Pupil(agent.clone())),
        };
        let (mut total, mut episodes) = (0.0, 0);
        while run.next_round(self.rounds) {
            let groups = run.play("play", &mut parts, u64::from(self.episodes), 1)?;
            let tries = groups.iter().flat_map(|group| &group.tries);
            let regret: f64 = tries.filter_map(|one| one.verdict.part("regret")).sum();
            total += regret;
            episodes += groups.len();
            run.note("regret", regret)?;
            run.note("total_regret", total)?;
            run.note("episodes", episodes as f64)?;
            if groups.len() < self.episodes as usize {
                break;
            }
        }
        let gap = world.optimum(Oracle::BestPerm).1[0][0] - world.values(agent.lock().plan())[0][0];
        run.note("gap", gap)?;
        run.output("last", &agent.save()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{records, resumes_exactly};
    use autodidact_core::Record;

    fn small(method: Method) -> CascadingRl {
        let world = CascadeShape { states: 3, items: 4, longest: 2, horizon: 2, ..CascadeShape::default() };
        CascadingRl { rounds: 3, episodes: 40, world, method }
    }

    #[test]
    fn a_run_that_dies_and_is_resumed_is_the_undisturbed_one() {
        let methods = [
            Method::CascadingVi(OptimistConfig { bonus: 0.1, ..OptimistConfig::default() }),
            Method::CascadingBpi(IdentifyConfig { replan: 7, ..IdentifyConfig::default() }),
            Method::Lists(Baseline::default()),
            Method::Items(Baseline::default()),
        ];
        for method in methods {
            let recipe = small(method);
            recipe.check().expect("sound settings");
            resumes_exactly(CascadingRl::CARD, |run| recipe.run(run));
        }
    }

    #[test]
    fn identification_ends_once_its_error_is_small_enough() {
        let config = IdentifyConfig { eps: 1.0, bonus: 1e-3, ..IdentifyConfig::default() };
        let recipe = CascadingRl { rounds: 100, episodes: 200, ..small(Method::CascadingBpi(config)) };
        let records = records(CascadingRl::CARD, |run| recipe.run(run));
        let notes = |name: &str| -> Vec<f64> {
            let note = |record: &Record| match record {
                Record::Note(note) if note.key.stage == name => Some(note.value),
                _ => None,
            };
            records.iter().filter_map(note).collect()
        };
        let episodes = *notes("episodes").last().expect("noted");
        assert!(episodes < 100.0 * 200.0, "{episodes}");
        assert!(notes("gap")[0] <= 1.0);
    }

    #[test]
    fn settings_that_cannot_work_are_named() {
        let none = CascadingRl { episodes: 0, ..CascadingRl::default() };
        assert!(none.check().expect_err("no episodes").to_string().contains("episodes"));
        let sure = Method::Lists(Baseline { delta: 0.0, bonus: 1.0 });
        assert!(small(sure).check().expect_err("delta").to_string().contains("delta"));
    }
}
