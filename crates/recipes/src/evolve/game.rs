//! A player in a world, as often as is asked for.

use super::{Course, Evolve, Player};
use autodidact_core::{Loop, Result, Run, Seed};
use autodidact_decide::choice::Choice;
use autodidact_decide::world::{World, WorldConfig};
use autodidact_math::regret::mean_curve;
use autodidact_math::regret_fit::RegretFit;
use autodidact_math::summary::mean;

/// A player in a world.
pub struct Game {
    /// The world's name.
    pub world: String,
    /// The player's name.
    pub player: String,
    /// What happened, one entry a run.
    pub courses: Vec<Course>,
    /// The world of each run.
    pub worlds: Vec<World>,
    parts: Vec<Loop<Choice>>,
}

/// All games, ready to begin: worlds first, players in their order within each.
pub(super) fn open(recipe: &Evolve, run: &Run<'_>) -> Result<Vec<Game>> {
    let mut games = Vec::new();
    for world in &recipe.worlds {
        let opened = worlds(world, recipe.runs, run.seed("world"))?;
        for player in &recipe.players {
            games.push(Game::of(world, &opened, player)?);
        }
    }
    Ok(games)
}

/// The same worlds for every player: arms, contexts and luck of a run come from its seed alone.
fn worlds(world: &WorldConfig, runs: u32, seed: Seed) -> Result<Vec<World>> {
    (0..u64::from(runs)).map(|i| world.open(seed.at(&world.name(), i))).collect()
}

impl Game {
    fn of(config: &WorldConfig, worlds: &[World], player: &Player) -> Result<Game> {
        let parts = |world: &World| -> Result<Loop<Choice>> {
            let bandit = player.open(world)?;
            Ok(Loop {
                explore: Box::new(world.explore()),
                policy: Box::new(bandit.clone()),
                judge: Box::new(world.judge()),
                learn: Box::new(bandit),
            })
        };
        Ok(Game {
            world: config.name(),
            player: player.name().to_owned(),
            courses: vec![Course::default(); worlds.len()],
            parts: worlds.iter().map(parts).collect::<Result<_>>()?,
            worlds: worlds.to_vec(),
        })
    }

    /// The stage under which it is recorded.
    pub fn name(&self) -> String {
        format!("{}.{}", self.world, self.player)
    }

    /// Plays block `block` of `blocks`, counted from 1, of every run.
    pub(super) fn play(&mut self, block: u32, blocks: u32, run: &mut Run<'_>) -> Result<()> {
        let stage = self.name();
        for ((course, parts), world) in self.courses.iter_mut().zip(&mut self.parts).zip(&self.worlds) {
            let until =
                |block: u32| (u128::from(world.horizon()) * u128::from(block) / u128::from(blocks)) as u64;
            course.extend(&run.play(&stage, parts, until(block) - until(block - 1), 1)?);
        }
        Ok(())
    }

    /// Regret in all, one a run; empty in a world that does not know its means.
    pub fn totals(&self) -> Vec<f64> {
        self.courses.iter().filter_map(Course::total).collect()
    }

    /// What a step paid on average, one a run.
    pub fn rewards(&self) -> Vec<f64> {
        self.courses.iter().filter_map(Course::reward).collect()
    }

    /// Cumulative regret, averaged over runs.
    pub fn curve(&self) -> Vec<f64> {
        mean_curve(&self.courses.iter().map(|course| course.regret.clone()).collect::<Vec<_>>())
    }

    /// How the averaged regret grows. The gap is the world's hardness, averaged over runs; 1 where there
    /// is none, which only scales `lambda_1`.
    pub fn fit(&self) -> Option<RegretFit> {
        let hardness: Vec<f64> = self.worlds.iter().filter_map(World::hardness).collect();
        RegretFit::of(&self.curve(), mean(&hardness).unwrap_or(1.0))
    }

    /// Adds the runs of another game of the same player in the same world.
    pub(crate) fn join(&mut self, other: Game) {
        self.courses.extend(other.courses);
        self.worlds.extend(other.worlds);
        self.parts.extend(other.parts);
    }
}
