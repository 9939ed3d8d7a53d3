//! The four references in the three instances that reference values exist for, and who beats whom.

use super::arena::{Arena, Figures};
use crate::proof::{ProofReport, Table, between, claim, spread};
use autodidact_math::interval::t_mean;
use autodidact_math::welch::{win_rates, wins};

/// Regret at the horizon by 30 runs of a reference implementation: UCB(0.5), Thompson sampling from
/// Beta(1, 1), greedy, random.
const REFERENCES: [(&str, &str, [f64; 4]); 3] = [
    ("bernoulli-5-0.5", "K = 5, gap 0.5, 300 rounds", [17.6, 13.7, 37.2, 119.0]),
    ("bernoulli-5-0.2", "K = 5, gap 0.2, 1000 rounds", [34.7, 28.2, 76.2, 159.4]),
    ("bernoulli-20-0.2", "K = 20, gap 0.2, 1000 rounds", [134.9, 119.9, 111.2, 190.3]),
];

/// The players of that list.
pub(super) const PLAYERS: [&str; 4] = ["ucb", "thompson", "greedy", "random"];

/// How many runs those values average.
const REFERENCE_RUNS: f64 = 30.0;

/// Level of the test behind a win.
const LEVEL: f64 = 0.05;

pub(super) fn report(arena: &Arena, report: &mut ProofReport) {
    let mut table = Table::of(
        "regret beside the reference values",
        &["instance", "player", "ours", "95 % interval", "reference", "band"],
    );
    for (world, title, values) in REFERENCES {
        for (player, value) in PLAYERS.into_iter().zip(values) {
            let Some(figures) = arena.get(world, player) else { continue };
            let reach = band(&figures.regret);
            let (low, high) = (tenths(value - reach), tenths(value + reach));
            report.claims.push(between(format!("regret of {player}, {title}"), &figures.regret, low, high));
            let (mean, interval) = spread(&figures.regret);
            let interval = interval.map_or("-".to_owned(), |(low, high)| format!("{low:.1} to {high:.1}"));
            table.push([
                title.to_owned(),
                player.to_owned(),
                format!("{mean:.1}"),
                interval,
                format!("{value:.1}"),
                format!("{low:.1} to {high:.1}"),
            ]);
        }
    }
    report.tables.push(table);
    chance(arena, report);
    standing(arena, report);
}

/// How far from the reference's mean ours may lie: the means differ by chance, both of them. The twelve bands
/// hold together with 95 % (Bonferroni); the spread of the reference's runs is taken to be that of ours.
fn band(values: &[f64]) -> f64 {
    let level = 1.0 - LEVEL / (REFERENCES.len() * PLAYERS.len()) as f64;
    let alone = t_mean(values, level).map_or(f64::NAN, |interval| interval.high - interval.value);
    alone * (1.0 + values.len() as f64 / REFERENCE_RUNS).sqrt()
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// What is known of the random player without playing.
fn chance(arena: &Arena, report: &mut ProofReport) {
    let Some(random) = arena.get("bernoulli-5-0.5", "random") else { return };
    // T D (K - 1) / K = 120; a run's deviation is D sqrt(T / K (1 - 1 / K)) = 3.5.
    let reach = tenths(3.0 * 3.5 / (random.regret.len() as f64).sqrt());
    let name = "regret of random, K = 5, gap 0.5, 300 rounds, against T D (K - 1) / K = 120";
    report.claims.push(between(name, &random.regret, 120.0 - reach, 120.0 + reach));
}

/// Win rates among the references, and UCB against random everywhere.
fn standing(arena: &Arena, report: &mut ProofReport) {
    let worlds: Vec<String> = arena
        .names(|figures| &figures.world)
        .into_iter()
        .filter(|world| PLAYERS.iter().all(|player| arena.get(world, player).is_some()))
        .filter(|world| world.starts_with("bernoulli"))
        .collect();
    let of =
        |world: &String, player: &str| arena.get(world, player).map_or(&[][..], |figures| &figures.reward);
    let scores: Vec<Vec<Vec<f64>>> = worlds
        .iter()
        .map(|world| PLAYERS.into_iter().map(|player| of(world, player).to_vec()).collect())
        .collect();
    let rates: Vec<f64> =
        win_rates(&scores, LEVEL).into_iter().map(|rate| rate.unwrap_or(f64::NAN)).collect();
    let [ucb, thompson, greedy, random] = rates[..] else { return };
    let n = worlds.len();
    report.claims.push(claim("win rate, greedy less random", &[greedy - random], 0.01));
    report.claims.push(claim("win rate, UCB less greedy", &[ucb - greedy], 0.01));
    let dominated = |figures: &Figures| {
        let random = arena.get(&figures.world, "random")?;
        Some(f64::from(u8::from(wins(&figures.reward, &random.reward, LEVEL))))
    };
    let everywhere: Vec<f64> =
        arena.results.iter().filter(|figures| figures.player == "ucb").filter_map(dominated).collect();
    let share = everywhere.iter().sum::<f64>() / everywhere.len() as f64;
    report.claims.push(claim(
        format!("share of {} worlds in which UCB beats random", everywhere.len()),
        &[share],
        1.0,
    ));
    let names: Vec<&str> = ["player"].into_iter().chain(PLAYERS).chain(["win rate"]).collect();
    let mut table = Table::of(&format!("wins of the row over the column in {n} Bernoulli worlds"), &names);
    let rate = [ucb, thompson, greedy, random];
    for (i, player) in PLAYERS.into_iter().enumerate() {
        let mut row = vec![player.to_owned()];
        for j in 0..PLAYERS.len() {
            let won = scores.iter().filter(|of_world| wins(&of_world[i], &of_world[j], LEVEL)).count();
            row.push(if i == j { "-".to_owned() } else { format!("{won}") });
        }
        row.push(format!("{:.1} %", rate[i] * 100.0));
        table.push(row);
    }
    report.tables.push(table);
}
