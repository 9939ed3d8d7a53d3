//! EVOLvE: how well does a player explore? BanditBench's worlds, the classic players, and the scores.
//!
//! Every player lives through every world a number of times; in one run of a world all players meet the
//! same arms and the same luck. What they lose against the best arm (pseudo-regret), how they spread their
//! pulls and who beats whom by a t-test are noted block by block; in the end the growth of regret is
//! fitted. A teacher's trajectories come out as examples and training rows for a language model, in the
//! words of [`autodidact_decide::verbal`].
//!
//! * Paper: Nie, Su, Chang et al. 2024, ICML 2025, arXiv 2410.06238.
//! * Code: allenanie/EVOLvE @ c9f71c6, `banditbench/{tasks,agents,training}`, `bench.py`.
//! * Differs: greedy is greedy (upstream's inherits UCB's bonus); the easy instance with five arms is the
//!   easy one (upstream's core set calls the hard maker); ratings are made up, not MovieLens; LinUCB
//!   breaks ties by the lowest arm, not by chance; the bounds and the optimiser of the fit are ours.
//! * Reports: `regret` with `regret/low` and `regret/high`, `min_frac`, `opt_frac`, `fit_alpha`,
//!   `fit_beta`, `fit_residual`, `win_rate`.

mod course;
mod game;
mod player;
mod report;
mod teacher;
#[cfg(test)]
mod tests;

pub use course::Course;
pub use game::Game;
pub use player::Player;
pub use teacher::Teacher;

use autodidact_core::{Card, Error, Metric, Recipe, Result, Run};
use autodidact_decide::world::WorldConfig;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Settings of EVOLvE; the defaults are the paper's easy instance and its references.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Evolve {
    /// How often each player lives through each world.
    pub runs: u32,
    /// In how many blocks a world's rounds are played; numbers are noted after each.
    pub blocks: u32,
    /// Below which p a difference counts as a win.
    pub level: f64,
    /// What is offered to students.
    pub teacher: Teacher,
    /// The worlds.
    pub worlds: Vec<WorldConfig>,
    /// Who plays.
    pub players: Vec<Player>,
}

impl Default for Evolve {
    fn default() -> Evolve {
        Evolve {
            runs: 30,
            blocks: 10,
            level: 0.05,
            teacher: Teacher::default(),
            worlds: vec![WorldConfig::default()],
            players: Player::references(),
        }
    }
}

impl Recipe for Evolve {
    const CARD: Card = Card {
        id: "evolve",
        summary: "play bandits in BanditBench's worlds: regret, win rates, and teachers as training data",
        paper: "2410.06238",
        code: "allenanie/EVOLvE @ c9f71c6",
        reports: &[
            Metric { name: "regret", meaning: "mean cumulative pseudo-regret over runs, up to this block" },
            Metric { name: "regret/low", meaning: "lower end of the 95 % interval of regret" },
            Metric { name: "regret/high", meaning: "upper end of the 95 % interval of regret" },
            Metric {
                name: "min_frac",
                meaning: "K times the share of pulls of the least pulled arm, mean over runs",
            },
            Metric { name: "opt_frac", meaning: "share of pulls of the best arm, mean over runs" },
            Metric { name: "fit_alpha", meaning: "power of the logarithm in the fit of the regret curve" },
            Metric { name: "fit_beta", meaning: "regret a round that never ends, in the same fit" },
            Metric {
                name: "fit_residual",
                meaning: "root mean squared error of the fit, in units of regret",
            },
            Metric {
                name: "win_rate",
                meaning: "share of comparisons with other players that a player wins",
            },
        ],
    };

    fn check(&self) -> Result<()> {
        let counts = [("runs", self.runs, 100_000), ("blocks", self.blocks, 100_000)];
        for (field, found, most) in counts {
            if !(1..=most).contains(&found) {
                return Err(Error::invalid(field, format!("between 1 and {most}"), found));
            }
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(Error::invalid("level", "between 0 and 1, both excluded", self.level));
        }
        for (i, world) in self.worlds.iter().enumerate() {
            world.check(&format!("worlds[{i}]"))?;
        }
        for (i, player) in self.players.iter().enumerate() {
            player.check(&format!("players[{i}]"), &self.worlds)?;
        }
        different("worlds", self.worlds.iter().map(WorldConfig::name))?;
        different("players", self.players.iter().map(|player| player.name().to_owned()))?;
        self.teacher.check("teacher", &self.players)
    }

    fn run(&self, run: &mut Run<'_>) -> Result<()> {
        self.run_on(run).map(|_| ())
    }
}

impl Evolve {
    /// Runs and returns every game as it was played, worlds first, players in their order within each.
    pub(crate) fn run_on(&self, run: &mut Run<'_>) -> Result<Vec<Game>> {
        let mut games = game::open(self, run)?;
        while run.next_round(self.blocks) {
            for game in &mut games {
                game.play(run.round(), self.blocks, run)?;
                report::block(game, run)?;
            }
        }
        report::end(self, &games, run)?;
        run.output("last", &report::snapshot(self, &games)?)?;
        self.teacher.offer(self, &games, run)?;
        Ok(games)
    }
}

fn different(field: &str, names: impl Iterator<Item = String>) -> Result<()> {
    let mut seen = BTreeSet::new();
    for name in names {
        if seen.contains(&name) {
            return Err(Error::invalid(field, "a list of different names", format!("{name} twice")));
        }
        seen.insert(name);
    }
    if seen.is_empty() { Err(Error::invalid(field, "a list of at least one", "empty")) } else { Ok(()) }
}
