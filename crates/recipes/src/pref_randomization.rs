//! Preferences by randomisation: learns from "which of these two runs is better", asked only in doubt.
//!
//! Each round fights a duel: an episode of the new plan against one of the plan before. The new plan is
//! greedy in a random draw from what is believed, which explores without solving an optimistic problem
//! that nobody can solve; and the judge is asked only where two such draws would disagree on the duel by
//! more than a threshold. PR-LSVI draws by perturbing least-squares estimates, PR-TS from exact posteriors.
//!
//! * Paper: Wu, Sun, ICLR 2024, arXiv 2310.14554.
//! * Code: none; a paper of theory without experiments.
//! * Differs: a ridge in the likelihood instead of a ball of known radius; both episodes of a duel update
//!   the regression of the next values (the paper's indices use one); the reward's weights are shared by
//!   all steps; noise of scale 1 instead of the theory's constants; values are cut off only where `cut` is
//!   set; the shape of the cut is a line.
//! * Reports: `regret` of both plans of the round's duels, `total_regret`, `questions` so far, `asked`
//!   share, `spread` of the draws, `gap` of the last plan.

use autodidact_core::{Card, Error, Loop, Metric, Recipe, Result, Run, Seed};
use autodidact_decide::handle::Handle;
use autodidact_decide::mdp::{Chain, Mdp, RandomLinear};
use autodidact_decide::preference::{
    AskWhen, DuelWorld, Duelist, Duels, Dynamics, Lsvi, LsviConfig, Novice, Opponent, Taste, Thompson,
    ThompsonConfig,
};
use autodidact_decide::visit::Visits;
use rand::Rng;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Settings of preferences by randomisation. The paper fixes no numbers; these are small-scale ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PrefRandomization {
    /// Rounds; numbers are noted once a round.
    pub rounds: u32,
    /// Duels a round.
    pub episodes: u32,
    /// Log-odds of a preference a unit of return; known to all.
    pub slope: f64,
    /// Where duels are fought.
    pub world: Arena,
    /// Who learns.
    pub method: Method,
    /// When the judge is asked.
    pub ask: AskWhen,
}

/// Where duels are fought.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Arena {
    /// A noisy chain with one feature a state and action.
    Chain(Chain),
    /// A random linear MDP, drawn from the run's seed.
    Linear(RandomLinear),
}

/// Who learns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Method {
    /// PR-LSVI.
    Lsvi(LsviConfig),
    /// PR-TS. The world's reward is then one of the class.
    Thompson(Class),
}

/// What Thompson sampling believes at first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Class {
    /// Rewards in the class, each of numbers evenly drawn from 0 to 1; the true one is one of them.
    pub rewards: u32,
    /// Concentration of the Dirichlet prior on next states.
    pub concentration: f64,
}

impl Default for Class {
    fn default() -> Class {
        Class { rewards: 50, concentration: 1.0 }
    }
}

impl Default for PrefRandomization {
    fn default() -> PrefRandomization {
        PrefRandomization {
            rounds: 16,
            episodes: 50,
            slope: 4.0,
            world: Arena::Chain(Chain::default()),
            method: Method::Lsvi(LsviConfig::default()),
            ask: AskWhen::Disagreement { above: 0.2 },
        }
    }
}

impl Recipe for PrefRandomization {
    const CARD: Card = Card {
        id: "pref-randomization",
        summary: "learn from which of two runs is better, exploring by noise and asking only in doubt",
        paper: "2310.14554",
        code: "",
        reports: &[
            Metric {
                name: "regret",
                meaning: "how far both plans of the round's duels lay below twice the best, summed",
            },
            Metric { name: "total_regret", meaning: "the same since the first duel" },
            Metric { name: "questions", meaning: "duels so far of which the judge was asked" },
            Metric { name: "asked", meaning: "share of the round's duels of which the judge was asked" },
            Metric {
                name: "spread",
                meaning: "expected disagreement of two draws on a duel's difference of returns, mean",
            },
            Metric { name: "gap", meaning: "how far the last plan that was played lies below the best" },
        ],
    };

    fn check(&self) -> Result<()> {
        for (field, found) in [("rounds", self.rounds), ("episodes", self.episodes)] {
            if found == 0 {
                return Err(Error::invalid(field, "at least 1", found));
            }
        }
        if !(self.slope > 0.0 && self.slope.is_finite()) {
            return Err(Error::invalid("slope", "above 0 and finite", self.slope));
        }
        self.ask.check()?;
        self.world.build(Seed::root(0))?;
        match &self.method {
            Method::Lsvi(config) => config.check(),
            Method::Thompson(class) if class.rewards == 0 || class.rewards > 100_000 => {
                Err(Error::invalid("method.rewards", "between 1 and 100000", class.rewards))
            }
            Method::Thompson(class) if !(class.concentration > 0.0 && class.concentration.is_finite()) => {
                Err(Error::invalid("method.concentration", "above 0 and finite", class.concentration))
            }
            Method::Thompson(_) => Ok(()),
        }
    }

    fn run(&self, run: &mut Run<'_>) -> Result<()> {
        let seed = run.seed("duels");
        let mut mdp = self.world.build(seed)?;
        match self.method {
            Method::Lsvi(config) => {
                let agent = Lsvi::new(mdp.space.clone(), config, self.slope)?;
                self.play(agent, mdp, seed, run)
            }
            Method::Thompson(class) => {
                let mut rng = seed.at("class", 0).rng();
                let pairs = mdp.reward.len();
                let reward = |rng: &mut _| (0..pairs).map(|_| Rng::random(rng)).collect();
                let rewards: Vec<Vec<f64>> = (0..class.rewards).map(|_| reward(&mut rng)).collect();
                mdp.reward.clone_from(&rewards[rng.random_range(0..rewards.len())]);
                let dynamics = Dynamics::Dirichlet { concentration: class.concentration };
                let config = ThompsonConfig { rewards, dynamics, slope: self.slope };
                self.play(Thompson::new(mdp.space.clone(), config)?, mdp, seed, run)
            }
        }
    }
}

impl Arena {
    fn build(&self, seed: Seed) -> Result<Mdp> {
        match self {
            Arena::Chain(chain) => chain.build(),
            Arena::Linear(linear) => linear.build(seed),
        }
    }
}

impl PrefRandomization {
    fn play<A: Duelist>(&self, agent: A, mdp: Mdp, seed: Seed, run: &mut Run<'_>) -> Result<()> {
        let world = Arc::new(DuelWorld::new(mdp, self.slope, seed)?);
        let agent = Handle::new(agent);
        let mut parts = Loop::<Duels> {
            explore: Box::new(Visits::endless()),
            policy: Box::new(Opponent { agent: agent.clone(), world: Arc::clone(&world), ask: self.ask }),
            judge: Box::new(Taste::of(&world)),
            learn: Box::new(Novice(agent.clone())),
        };
        let (mut total, mut questions) = (0.0, 0);
        while run.next_round(self.rounds) {
            let groups = run.play("play", &mut parts, u64::from(self.episodes), 1)?;
            let tries = || groups.iter().flat_map(|group| &group.tries);
            let regret: f64 = tries().filter_map(|one| one.verdict.part("regret")).sum();
            total += regret;
            questions += tries().filter(|one| one.answer.asked).count();
            run.note("regret", regret)?;
            run.note("total_regret", total)?;
            run.note("questions", questions as f64)?;
        }
        let best = world.mdp.optimum().1[0][0];
        run.note("gap", best - world.mdp.value(agent.lock().previous()))?;
        run.output("last", &agent.save()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::resumes_exactly;

    #[test]
    fn a_run_that_dies_and_is_resumed_is_the_undisturbed_one() {
        let small = PrefRandomization { rounds: 3, episodes: 20, ..PrefRandomization::default() };
        let linear = Arena::Linear(RandomLinear { dim: 3, states: 4, ..RandomLinear::default() });
        let recipes = [
            small.clone(),
            PrefRandomization { world: linear, ask: AskWhen::Chance { chance: 0.3 }, ..small.clone() },
            PrefRandomization { method: Method::Thompson(Class::default()), ..small },
        ];
        for recipe in recipes {
            recipe.check().expect("sound settings");
            resumes_exactly(PrefRandomization::CARD, |run| recipe.run(run));
        }
    }

    #[test]
    fn settings_that_cannot_work_are_named() {
        let steep = PrefRandomization { slope: 0.0, ..PrefRandomization::default() };
        assert!(steep.check().expect_err("slope").to_string().contains("slope"));
        let none = Method::Thompson(Class { rewards: 0, ..Class::default() });
        let none = PrefRandomization { method: none, ..PrefRandomization::default() };
        assert!(none.check().expect_err("rewards").to_string().contains("rewards"));
        let short = Arena::Chain(Chain { states: 1, ..Chain::default() });
        let short = PrefRandomization { world: short, ..PrefRandomization::default() };
        assert!(short.check().expect_err("states").to_string().contains("states"));
    }
}
