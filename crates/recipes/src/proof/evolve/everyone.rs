//! The table: the regret of every player in every world.

use super::arena::{Arena, Figures};
use crate::evolve::Player;
use crate::proof::{Chart, Line, ProofReport, Table, spread};
use autodidact_decide::bandit::{Algorithm, Memory};
use autodidact_decide::world::WorldConfig;

/// Everybody who can play in this world: rules for rewards in 0 to 1 keep out where rewards are others,
/// rules for features where there are none. Where a rule must know the noise or the horizon, it does.
pub(super) fn players(world: &WorldConfig) -> Vec<Player> {
    let mut all = Player::references();
    // Thompson sampling by Gaussians stands in where rewards are not in 0 to 1.
    let gaussian = |mean, variance, noise| Algorithm::ThompsonGaussian { mean, variance, noise };
    let (wide, horizon) = match world {
        WorldConfig::Gaussian(world) => {
            let square = world.spread * world.spread;
            (gaussian(0.0, square, square), world.horizon)
        }
        WorldConfig::LowRank(world) => (gaussian(0.0, 4.0, 4.0), world.horizon),
        WorldConfig::Bernoulli(world) => (gaussian(0.5, 0.25, 0.25), world.horizon),
        WorldConfig::Switching(world) => (gaussian(0.5, 0.25, 0.25), world.horizon),
        WorldConfig::Drifting(world) => (gaussian(0.5, 0.25, 0.25), world.horizon),
        WorldConfig::Bench(_) | WorldConfig::Logged(_) => (gaussian(0.5, 0.25, 0.25), 1000),
    };
    let forgetful = |name: &str, algorithm, memory| Player { memory, ..Player::of(name, algorithm) };
    let half = || Algorithm::Ucb1 { alpha: 0.5 };
    all.extend([
        Player::of("epsilon-greedy", Algorithm::EpsilonGreedy { epsilon: 0.1 }),
        Player::of("ucb (alpha 2)", Algorithm::Ucb1 { alpha: 2.0 }),
        Player::of("ucb-v", Algorithm::UcbV { zeta: 1.2, c: 1.0 }),
        Player::of("kl-ucb", Algorithm::KlUcb { c: 0.0 }),
        Player::of("moss", Algorithm::Moss { horizon }),
        Player::of("thompson-gaussian", wide),
        Player::of("exp3", Algorithm::Exp3 { gamma: 0.1 }),
        Player::of("tsallis-inf", Algorithm::TsallisInf),
        forgetful("ucb, discount 0.99", half(), Memory::Discount { gamma: 0.99 }),
        forgetful("ucb, window 100", half(), Memory::Window { rounds: 100 }),
        Player::of("lin-ucb", Algorithm::LinUcb { alpha: 0.5, ridge: 1.0 }),
        Player::of("lin-thompson", Algorithm::LinThompson { scale: 0.5, ridge: 1.0 }),
    ]);
    let fits = |player: &Player| {
        let rewards = !player.algorithm.bounded() || world.bounded() == Some(true);
        let features = !player.algorithm.contextual() || matches!(world, WorldConfig::LowRank(_));
        rewards && features
    };
    all.into_iter().filter(fits).collect()
}

/// A table a kind of world; the curves of a few.
pub(super) fn report(arena: &Arena, report: &mut ProofReport) {
    let kinds: [(&str, &[&str]); 3] = [
        ("regret, arms that pay 1 or 0", &["bernoulli"]),
        ("regret, arms that pay a number", &["gaussian"]),
        ("regret, contextual and changing worlds", &["low-rank", "switching", "drifting"]),
    ];
    let regret = |figures: &Figures| cell(&figures.regret, 1.0, 1);
    let share = |figures: &Figures| cell(&figures.share, 100.0, 1);
    for (title, starts) in kinds {
        report.tables.extend(table(arena, title, starts, &regret));
        if starts == ["gaussian"] {
            let title = "regret in per cent of what even choice loses, arms that pay a number";
            report.tables.extend(table(arena, title, starts, &share));
        }
    }
    let few: [(&str, &str, &[&str]); 2] = [
        (
            "bernoulli-5-0.2",
            "mean regret of eight rules, K = 5, gap 0.2",
            &["random", "greedy", "epsilon-greedy", "ucb", "ucb (alpha 2)", "kl-ucb", "moss", "thompson"],
        ),
        (
            "switching-5-0.5-250",
            "mean regret where the best arm changes every 250 rounds",
            &["random", "greedy", "ucb", "thompson", "exp3", "ucb, discount 0.99", "ucb, window 100"],
        ),
    ];
    for (world, title, players) in few {
        let mut chart = Chart::of(title, "round", "cumulative regret");
        for player in players {
            if let Some(figures) = arena.get(world, player) {
                chart.lines.push(Line { name: (*player).to_owned(), points: figures.points() });
            }
        }
        if !chart.lines.is_empty() {
            report.charts.push(chart);
        }
    }
}

/// Players by worlds; nothing where no such world was played.
fn table(arena: &Arena, title: &str, starts: &[&str], show: &dyn Fn(&Figures) -> String) -> Option<Table> {
    let of_kind = |world: &String| starts.iter().any(|start| world.starts_with(start));
    let worlds: Vec<String> = arena.names(|figures| &figures.world).into_iter().filter(of_kind).collect();
    if worlds.is_empty() {
        return None;
    }
    let columns = ["player".to_owned()].into_iter().chain(worlds.iter().cloned()).collect();
    let mut table = Table { title: title.to_owned(), columns, rows: Vec::new() };
    for player in arena.names(|figures| &figures.player) {
        let cells: Vec<Option<&Figures>> = worlds.iter().map(|world| arena.get(world, &player)).collect();
        if cells.iter().any(Option::is_some) {
            let shown = cells.into_iter().map(|figures| figures.map_or("-".to_owned(), show));
            table.push([player.clone()].into_iter().chain(shown));
        }
    }
    Some(table)
}

/// The mean and how far its 95 % interval reaches.
fn cell(values: &[f64], times: f64, digits: usize) -> String {
    match spread(values) {
        (mean, _) if mean.is_nan() => "-".to_owned(),
        (mean, None) => format!("{:.digits$}", mean * times),
        (mean, Some((_, high))) => format!("{:.digits$} ± {:.digits$}", mean * times, (high - mean) * times),
    }
}
