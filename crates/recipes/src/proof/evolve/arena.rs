//! Everybody plays everywhere, and what is left of it.

use crate::evolve::{Course, Evolve, Game, Player, Teacher};
use crate::proof::{ProofOptions, arm};
use autodidact_core::{Recipe, Result};
use autodidact_decide::world::{World, WorldConfig};
use autodidact_math::regret::of_even_choice;
use autodidact_math::regret_fit::RegretFit;
use autodidact_math::summary::mean;

/// After how many rounds the shares of pulls are looked at, as in the paper.
pub(super) const MARKS: [usize; 4] = [100, 250, 500, 1000];

/// All results, in the order of play.
#[derive(Default)]
pub(super) struct Arena {
    pub(super) results: Vec<Figures>,
}

/// A player in a world, over all runs of all seeds.
#[derive(Clone, Debug)]
pub(super) struct Figures {
    pub(super) world: String,
    pub(super) player: String,
    /// Regret in all, one a run.
    pub(super) regret: Vec<f64>,
    /// The same as a share of what even choice is expected to lose in that run.
    pub(super) share: Vec<f64>,
    /// Mean reward, one a run.
    pub(super) reward: Vec<f64>,
    /// Cumulative regret, averaged over runs.
    pub(super) curve: Vec<f64>,
    pub(super) fit: Option<RegretFit>,
    /// MinFrac and OptFrac at each mark, averaged over runs; absent past the horizon.
    pub(super) shares: Vec<Option<(f64, f64)>>,
    /// The world's hardness, averaged over runs.
    pub(super) hardness: Option<f64>,
}

impl Arena {
    /// Lets the players live through that world.
    pub(super) fn play(
        &mut self,
        world: &WorldConfig,
        players: &[Player],
        runs: u32,
        options: &ProofOptions<'_>,
    ) -> Result<()> {
        let recipe = Evolve {
            runs,
            blocks: 1,
            teacher: Teacher { trajectories: 0, ..Teacher::default() },
            worlds: vec![world.clone()],
            players: players.to_vec(),
            ..Evolve::default()
        };
        recipe.check()?;
        let mut all: Vec<Game> = Vec::new();
        for &seed in &options.seeds {
            let (games, _) = arm(&world.name(), seed, options, Evolve::CARD, |run| recipe.run_on(run))?;
            match all.is_empty() {
                true => all = games,
                false => all.iter_mut().zip(games).for_each(|(game, more)| game.join(more)),
            }
        }
        let even: Vec<Option<f64>> =
            all.first().map_or_else(Vec::new, |game| game.worlds.iter().map(even).collect());
        self.results.extend(all.iter().map(|game| Figures::of(game, &even)));
        Ok(())
    }

    /// That player's results in that world.
    pub(super) fn get(&self, world: &str, player: &str) -> Option<&Figures> {
        self.results.iter().find(|figures| figures.world == world && figures.player == player)
    }

    /// Worlds, or players, in the order in which they first appear.
    pub(super) fn names(&self, of: impl Fn(&Figures) -> &str) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for figures in &self.results {
            if !names.iter().any(|name| name == of(figures)) {
                names.push(of(figures).to_owned());
            }
        }
        names
    }
}

impl Figures {
    fn of(game: &Game, even: &[Option<f64>]) -> Figures {
        let regret = game.totals();
        let shares = regret.iter().zip(even).filter_map(|(lost, even)| Some(lost / (*even)?));
        let arms = game.worlds.first().map_or(0, World::arms);
        let at = |mark: usize| {
            let of_runs = |of: &dyn Fn(&Course) -> Option<f64>| {
                mean(&game.courses.iter().filter_map(of).collect::<Vec<f64>>())
            };
            Some((of_runs(&|course| course.min_frac(mark, arms))?, of_runs(&|course| course.opt_frac(mark))?))
        };
        let hardness: Vec<f64> = game.worlds.iter().filter_map(World::hardness).collect();
        Figures {
            world: game.world.clone(),
            player: game.player.clone(),
            share: shares.collect(),
            regret,
            reward: game.rewards(),
            curve: game.curve(),
            fit: game.fit(),
            shares: MARKS.into_iter().map(at).collect(),
            hardness: mean(&hardness),
        }
    }

    /// The curve at about forty places.
    pub(super) fn points(&self) -> Vec<(f64, f64)> {
        let step = (self.curve.len() / 40).max(1);
        let points = self.curve.iter().enumerate().skip(step - 1).step_by(step);
        points.map(|(t, regret)| ((t + 1) as f64, *regret)).collect()
    }
}

/// What even choice is expected to lose in that world.
fn even(world: &World) -> Option<f64> {
    (0..world.horizon()).map(|round| of_even_choice(&world.means(&world.context(round))?, 1)).sum()
}
