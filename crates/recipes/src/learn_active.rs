//! Learning to actively learn: a query strategy trained against the hardest problems of every difficulty.
//!
//! A network asks a few dozen noisy questions and decides. It is trained by policy gradient against an
//! adversary of problems, first as a specialist at each level of difficulty, then once more so that its
//! largest excess over the specialists, whatever the level, is small (MAPO). No prior over problems is given.
//!
//! * Paper: Zhang, Jain, Jamieson 2020, arXiv 2010.15382.
//! * Code: none is public.
//! * Differs: inputs are the counts and sums of the answers and, for worlds with a table, the estimated loss
//!   of each decision; there the logits of questions start from the information that the table expects, the
//!   logits of decisions from those losses; excess is taken against each problem's own running mean; the
//!   barrier acts outside a level only; a quarter of the problems is drawn afresh now and then; sizes are
//!   those of two processor cores.
//! * Reports: `worst_loss` of each specialist, `last` of what they lose, `worst_gap` of the robust policy.

use autodidact_core::{Card, Error, Explore as _, Learn as _, Metric, Recipe, Result, Run, Seed};
use autodidact_decide::inquiry::{
    Answers, Arms, Mapo, MapoConfig, Network, NetworkConfig, Regret, Table, World, attack, jokes, thresholds,
    twenty_questions,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Inquiries recorded a block, so that a reader of the ledger sees what the policy does.
const SHOWN: usize = 32;

/// Settings of learning to actively learn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LearnActive {
    /// What is asked and decided.
    pub world: WorldConfig,
    /// How the policy is trained.
    pub mapo: MapoConfig,
}

/// The worlds of inquiries.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum WorldConfig {
    /// Finding the best of unstructured arms with normal answers.
    Arms {
        /// How many, at least 2.
        arms: u32,
        /// Questions.
        budget: u32,
        /// How they answer.
        #[serde(default)]
        answers: Answers,
    },
    /// Finding a threshold on a line under flipped labels.
    Thresholds {
        /// Points of the line, at least 1.
        points: u32,
        /// Questions.
        budget: u32,
        /// The chance that a label is flipped, in (0, 1/2).
        flip: f64,
        /// How far the adversary may move log-odds.
        reach: f64,
    },
    /// Guessing an object, questions asked once.
    TwentyQuestions {
        /// Objects, at least 2.
        objects: u32,
        /// Different questions, at least as many as may be asked.
        questions: u32,
        /// Questions that may be asked.
        budget: u32,
        /// How far the adversary may move log-odds.
        reach: f64,
    },
    /// Recommending a joke to a user of unknown taste.
    Jokes {
        /// Users in the table, at least 2.
        users: u32,
        /// Jokes, at least 2.
        jokes: u32,
        /// Jokes that may be tried.
        budget: u32,
        /// How far the adversary may move log-odds.
        reach: f64,
    },
}

/// An open world.
#[derive(Clone, Debug)]
pub(crate) struct OpenWorld {
    /// The world.
    pub world: Arc<dyn World>,
    /// Its table, where it has one.
    pub table: Option<Arc<Table>>,
}

impl Default for LearnActive {
    fn default() -> LearnActive {
        LearnActive {
            world: WorldConfig::Arms { arms: 8, budget: 16, answers: Answers::Normal },
            mapo: MapoConfig::default(),
        }
    }
}

impl WorldConfig {
    fn check(&self) -> Result<()> {
        let at_least = |field: &str, least: u32, found: u32| {
            if found < least {
                Err(Error::invalid(field, format!("at least {least}"), found))
            } else {
                Ok(())
            }
        };
        let reaches = |found: f64| {
            if (0.0..=10.0).contains(&found) {
                Ok(())
            } else {
                Err(Error::invalid("world.reach", "between 0 and 10", found))
            }
        };
        match *self {
            WorldConfig::Arms { arms, .. } => at_least("world.arms", 2, arms),
            WorldConfig::Thresholds { points, flip, reach, .. } => {
                at_least("world.points", 1, points)?;
                if !(flip > 0.0 && flip < 0.5) {
                    return Err(Error::invalid("world.flip", "between 0 and 1/2, both left out", flip));
                }
                reaches(reach)
            }
            WorldConfig::TwentyQuestions { objects, questions, budget, reach } => {
                at_least("world.objects", 2, objects)?;
                at_least("world.questions", budget, questions)?;
                reaches(reach)
            }
            WorldConfig::Jokes { users, jokes, reach, .. } => {
                at_least("world.users", 2, users)?;
                at_least("world.jokes", 2, jokes)?;
                reaches(reach)
            }
        }
    }

    /// The world of that seed.
    pub(crate) fn open(&self, seed: Seed) -> OpenWorld {
        let of_table = |mut table: Table, reach: f64| {
            table.reach = reach;
            let table = Arc::new(table);
            OpenWorld { world: table.clone(), table: Some(table) }
        };
        match *self {
            WorldConfig::Arms { arms, budget, answers } => {
                OpenWorld { world: Arc::new(Arms { arms, budget, answers }), table: None }
            }
            WorldConfig::Thresholds { points, budget, flip, reach } => {
                of_table(thresholds(points as usize, budget as usize, flip), reach)
            }
            WorldConfig::TwentyQuestions { objects, questions, budget, reach } => {
                of_table(twenty_questions(objects as usize, questions as usize, budget as usize, seed), reach)
            }
            WorldConfig::Jokes { users, jokes: n, budget, reach } => {
                of_table(jokes(users as usize, n as usize, budget as usize, seed), reach)
            }
        }
    }
}

impl Recipe for LearnActive {
    const CARD: Card = Card {
        id: "learn-active",
        summary: "trains a query strategy against the hardest problems of every level of difficulty",
        paper: "2010.15382",
        code: "",
        reports: &[
            Metric {
                name: "worst_loss",
                meaning: "what a specialist loses at the worst problem that a fresh attack finds in its level",
            },
            Metric { name: "last", meaning: "the specialists' worst loss at the hardest level" },
            Metric {
                name: "worst_gap",
                meaning: "the robust policy's largest excess over the specialists' worst losses, over levels",
            },
        ],
    };

    fn check(&self) -> Result<()> {
        self.world.check()?;
        self.mapo.check()
    }

    fn run(&self, run: &mut Run<'_>) -> Result<()> {
        let open = self.world.open(run.seed("world"));
        self.run_on(&open, run)?;
        Ok(())
    }
}

/// What a run trained.
#[derive(Clone, Debug)]
pub(crate) struct Trained {
    /// The specialists, from the easiest level on.
    pub specialists: Vec<Network>,
    /// The robust policy.
    pub robust: Network,
}

impl LearnActive {
    /// Runs in a world that is open already.
    pub(crate) fn run_on(&self, open: &OpenWorld, run: &mut Run<'_>) -> Result<Trained> {
        let (attacks, seed) = (run.seed("attacks"), run.seed("mapo"));
        let mut mapo = Mapo::new(open.world.clone(), &self.mapo, seed, attacks)?;
        let (player, mut hunter, judge) = (mapo.player(), mapo.hunter(), Regret(open.world.clone()));
        let mut specialists = Vec::new();
        while run.next_round(self.mapo.total_blocks()) {
            let asks = hunter.ask(SHOWN, &mut run.rng("hunt"))?;
            let groups = run.attempt("inquiries", &player, &judge, asks)?;
            run.learn("learn", &mut mapo, &groups)?;
            if mapo.stage() > specialists.len() && specialists.len() < self.mapo.levels.len() {
                specialists.push(mapo.network());
                run.note("targets/last", mapo.targets().last().copied().unwrap_or(0.0))?;
            }
        }
        let (robust, targets) = (mapo.network(), mapo.targets());
        let losses = worst_losses(open, &robust, &self.mapo, attacks);
        run.note("worst_gap", worst_gap(&losses, &targets))?;
        run.output("last", &mapo.save()?)?;
        Ok(Trained { specialists, robust })
    }
}

/// What a strategy loses in the worst case of each level, never falling.
pub(crate) fn worst_losses(
    open: &OpenWorld,
    strategy: &dyn autodidact_decide::inquiry::Strategy,
    config: &MapoConfig,
    attacks: Seed,
) -> Vec<f64> {
    let mut highest = 0.0f64;
    let mut at = |&level: &f64| {
        highest = highest.max(attack(&*open.world, strategy, level, &config.attack, attacks).loss);
        highest
    };
    config.levels.iter().map(&mut at).collect()
}

/// The largest excess over the specialists.
pub(crate) fn worst_gap(losses: &[f64], targets: &[f64]) -> f64 {
    losses.iter().zip(targets).map(|(loss, target)| loss - target).fold(f64::NEG_INFINITY, f64::max)
}

/// A policy for worlds with a table: it starts from what the table says.
pub(crate) fn informed(hidden: Vec<usize>) -> NetworkConfig {
    NetworkConfig { hidden, gain: 100.0, sharpness: 30.0, plug_in: false }
}

#[cfg(test)]
mod tests;
