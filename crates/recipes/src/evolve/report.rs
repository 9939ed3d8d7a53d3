//! What a run of EVOLvE notes and leaves behind.

use super::{Course, Evolve, Game};
use autodidact_core::{Error, Result, Run, Snapshot};
use autodidact_math::interval::t_mean;
use autodidact_math::regret_fit::RegretFit;
use autodidact_math::summary::mean;
use autodidact_math::welch::win_rates;
use serde::Serialize;

/// After a block: regret so far and how pulls are shared out.
pub(super) fn block(game: &Game, run: &mut Run<'_>) -> Result<()> {
    let note = |run: &mut Run<'_>, name: &str, value: Option<f64>| match value {
        Some(value) => run.note(&format!("{}/{name}", game.name()), value),
        None => Ok(()),
    };
    let totals = game.totals();
    let interval = t_mean(&totals, 0.95);
    note(run, "regret", mean(&totals))?;
    note(run, "regret/low", interval.map(|interval| interval.low))?;
    note(run, "regret/high", interval.map(|interval| interval.high))?;
    let arms = game.worlds.first().map_or(0, |world| world.arms());
    note(run, "min_frac", average(game, |course| course.min_frac(course.arms.len(), arms)))?;
    note(run, "opt_frac", average(game, |course| course.opt_frac(course.best.len())))
}

/// At the end: how regret grows, and who beats whom.
pub(super) fn end(recipe: &Evolve, games: &[Game], run: &mut Run<'_>) -> Result<()> {
    for game in games {
        if let Some(fit) = game.fit() {
            run.note(&format!("{}/fit_alpha", game.name()), fit.alpha)?;
            run.note(&format!("{}/fit_beta", game.name()), fit.beta)?;
            run.note(&format!("{}/fit_residual", game.name()), fit.residual)?;
        }
    }
    for (player, rate) in recipe.players.iter().zip(rates(recipe, games)) {
        if let Some(rate) = rate {
            run.note(&format!("{}/win_rate", player.name()), rate)?;
        }
    }
    Ok(())
}

/// The win rate of each player.
fn rates(recipe: &Evolve, games: &[Game]) -> Vec<Option<f64>> {
    let scores: Vec<Vec<Vec<f64>>> = games
        .chunks(recipe.players.len())
        .map(|of_world| of_world.iter().map(Game::rewards).collect())
        .collect();
    win_rates(&scores, recipe.level)
}

#[derive(Serialize)]
struct Summary<'a> {
    games: Vec<Played<'a>>,
    win_rates: Vec<(&'a str, Option<f64>)>,
}

#[derive(Serialize)]
struct Played<'a> {
    world: &'a str,
    player: &'a str,
    /// Regret in all and mean reward, one a run.
    regret: Vec<f64>,
    reward: Vec<f64>,
    fit: Option<RegretFit>,
    /// Cumulative regret after each round, averaged over runs.
    curve: Vec<f64>,
}

impl<'a> Played<'a> {
    fn of(game: &'a Game) -> Played<'a> {
        Played {
            world: &game.world,
            player: &game.player,
            regret: game.totals(),
            reward: game.rewards(),
            fit: game.fit(),
            curve: game.curve(),
        }
    }
}

/// All results in one file.
pub(super) fn snapshot(recipe: &Evolve, games: &[Game]) -> Result<Snapshot> {
    let names = recipe.players.iter().map(super::Player::name);
    let win_rates = names.zip(rates(recipe, games)).collect();
    let games = games.iter().map(Played::of).collect();
    let summary = Summary { games, win_rates };
    let bytes = serde_json::to_vec(&summary).map_err(Error::part)?;
    Ok(Snapshot { files: vec![("games.json".to_owned(), bytes)] })
}

fn average(game: &Game, of: impl Fn(&Course) -> Option<f64>) -> Option<f64> {
    mean(&game.courses.iter().filter_map(of).collect::<Vec<f64>>())
}
