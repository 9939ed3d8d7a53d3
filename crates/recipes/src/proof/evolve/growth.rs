//! How regret grows: the fit, the shares of pulls, and the curves.

use super::arena::{Arena, Figures, MARKS};
use super::references::PLAYERS;
use crate::evolve::Player;
use crate::proof::{Chart, Line, ProofOptions, ProofReport, Scale, Table, between, claim};
use autodidact_core::Result;
use autodidact_decide::world::{Bernoulli, WorldConfig};
use autodidact_math::regret_fit::RegretFit;

/// The five-armed worlds: with twenty arms within 1,000 rounds every rule looks linear.
const FITTED: [(&str, f64); 2] = [("bernoulli-5-0.5", 0.5), ("bernoulli-5-0.2", 0.2)];

/// MinFrac and OptFrac of UCB in the paper, in per cent at each mark.
const PAPER: [[f64; 4]; 2] = [[82.3, 48.6, 27.8, 15.3], [32.7, 49.4, 58.7, 65.0]];

/// A beta of at most this share of the gap counts as none.
const NONE: f64 = 0.05;

pub(super) fn report(arena: &Arena, report: &mut ProofReport) {
    let mut table = Table::of(
        "fit of the mean regret curve",
        &["world", "player", "alpha", "beta", "beta / gap", "lambda 1", "lambda 2", "residual"],
    );
    for figures in arena.results.iter().filter(|figures| figures.world.starts_with("bernoulli")) {
        if !PLAYERS.contains(&figures.player.as_str()) {
            continue;
        }
        let (Some(fit), Some(gap)) = (figures.fit, figures.hardness) else { continue };
        table.push([
            figures.world.clone(),
            figures.player.clone(),
            format!("{:.2}", fit.alpha),
            format!("{:.4}", fit.beta),
            format!("{:.3}", fit.beta / gap),
            format!("{:.3}", fit.lambda_1),
            format!("{:.2}", fit.lambda_2),
            format!("{:.2}", fit.residual),
        ]);
    }
    report.tables.push(table);
    for (world, gap) in FITTED {
        let beta = |player: &str| {
            let fit = arena.get(world, player).and_then(|figures| figures.fit);
            fit.map_or(f64::NAN, |fit| fit.beta / gap)
        };
        let of = |player: &str| format!("beta / gap of {player}, K = 5, gap {gap}");
        report.claims.push(between(of("UCB"), &[beta("ucb")], 0.0, NONE));
        report.claims.push(claim(of("greedy"), &[beta("greedy")], 0.1));
    }
    shares(arena, report);
    for (world, title) in [
        ("bernoulli-5-0.2", "mean regret, K = 5, gap 0.2"),
        ("bernoulli-20-0.2", "mean regret, K = 20, gap 0.2"),
    ] {
        let mut chart = Chart::of(title, "round", "cumulative regret");
        for player in PLAYERS {
            if let Some(figures) = arena.get(world, player) {
                chart.lines.push(Line { name: player.to_owned(), points: figures.points() });
            }
        }
        report.charts.push(chart);
    }
}

/// UCB's fit in the hard world with five arms as the horizon grows: within 1,000 rounds it is still finding
/// the best arm, and alpha and beta cannot be told apart.
pub(super) fn longer(runs: u32, options: &ProofOptions<'_>, report: &mut ProofReport) -> Result<()> {
    let hard = Bernoulli::hard(5);
    let horizon = if options.scale == Scale::Quick { 1_000 } else { 10_000 };
    let ucb: Vec<Player> = Player::references().into_iter().take(1).collect();
    let mut arena = Arena::default();
    arena.play(&WorldConfig::Bernoulli(Bernoulli { horizon, ..hard }), &ucb, runs, options)?;
    let Some(figures) = arena.results.first() else { return Ok(()) };
    let title = "fit of UCB's mean regret over longer horizons, K = 5, gap 0.2";
    let mut table = Table::of(title, &["rounds", "regret", "alpha", "beta / gap", "residual"]);
    let mut last = f64::NAN;
    for rounds in [1_000, 2_000, 5_000, 10_000] {
        let Some(curve) = figures.curve.get(..rounds) else { continue };
        let Some(fit) = RegretFit::of(curve, hard_gap()) else { continue };
        last = fit.beta / hard_gap();
        table.push([
            rounds.to_string(),
            format!("{:.1}", curve[rounds - 1]),
            format!("{:.2}", fit.alpha),
            format!("{last:.4}"),
            format!("{:.2}", fit.residual),
        ]);
    }
    report.tables.push(table);
    let name = format!("beta / gap of UCB, K = 5, gap 0.2, {horizon} rounds");
    report.claims.push(between(name, &[last], 0.0, NONE));
    Ok(())
}

fn hard_gap() -> f64 {
    Bernoulli::hard(5).gap
}

/// MinFrac and OptFrac in the hard Bernoulli worlds, beside the paper's UCB.
fn shares(arena: &Arena, report: &mut ProofReport) {
    let heads =
        ["MinFrac", "OptFrac"].into_iter().flat_map(|name| MARKS.map(|mark| format!("{name}({mark})")));
    let heads: Vec<String> = ["world".to_owned(), "player".to_owned()].into_iter().chain(heads).collect();
    let mut table = Table {
        title: "shares of pulls in the hard Bernoulli worlds, in per cent".to_owned(),
        columns: heads,
        rows: Vec::new(),
    };
    let percent = |share: f64| format!("{:.1}", share * 100.0);
    let hard = |figures: &&Figures| figures.world.ends_with("-0.2") && figures.world.starts_with("bernoulli");
    for figures in arena.results.iter().filter(hard) {
        if !PLAYERS.contains(&figures.player.as_str()) {
            continue;
        }
        let column = |of: fn(&(f64, f64)) -> f64| {
            figures.shares.iter().map(move |share| share.as_ref().map_or("-".to_owned(), |s| percent(of(s))))
        };
        let names = [figures.world.clone(), figures.player.clone()];
        table.push(names.into_iter().chain(column(|s| s.0)).chain(column(|s| s.1)));
    }
    let paper = PAPER.into_iter().flatten().map(|value| format!("{value:.1}"));
    table.push(["the paper's".to_owned(), "ucb".to_owned()].into_iter().chain(paper));
    report.tables.push(table);
}
