//! How accuracy regret and reports grow with the length of the run.

use super::{Rounds, each};
use crate::fair_onesided::{FairOnesided, MethodConfig};
use crate::proof::{Chart, Line, ProofOptions, ProofReport, Scale, Table, between};
use autodidact_core::{Error, Result, Seed};
use autodidact_decide::fair::RuleGrid;
use autodidact_decide::fair::comparator::{Past, best_fair};
use autodidact_math::summary::mean;

/// The slack of the comparator: it offends nobody at a tolerance smaller by this (epsilon).
const SLACK: f64 = 0.05;

/// The lengths of the runs.
fn lengths_of(scale: Scale) -> &'static [u32] {
    match scale {
        Scale::Full => &[500, 1000, 2000, 4000, 8000],
        Scale::Quick => &[50, 100],
    }
}

/// One run a length, with C = T^(1/5) and rates that fall as theory says.
pub(super) fn show(base: &FairOnesided, options: &ProofOptions<'_>, report: &mut ProofReport) -> Result<()> {
    let lengths = lengths_of(options.scale);
    let mut table = Table::of(
        &format!("growth with C = T^(1/5), comparator with slack {SLACK}"),
        &["T", "C", "errors", "errors of the comparator", "accuracy regret", "reports"],
    );
    // One list a length, one entry a seed.
    let (mut regrets, mut reports) = (Vec::new(), Vec::new());
    for &rounds in lengths {
        let share = f64::from(rounds) / 4000.0;
        let weight = f64::from(rounds).powf(0.2);
        let eta = 0.02 * share.powf(-0.5);
        let explore = (0.05 * share.powf(-0.25)).min(0.5);
        let method = MethodConfig::Exp2 { eta, explore, rules: RuleGrid::default() };
        let recipe = FairOnesided { weight, method, rounds, stretch: rounds, ..base.clone() };
        let played = Rounds::of(&format!("T = {rounds}"), &recipe, options)?;
        let total = |of: fn(&super::Played) -> f64| -> Vec<f64> {
            played.0.iter().map(|one| one.iter().map(of).sum()).collect()
        };
        let people = f64::from(recipe.world.people);
        let errors: Vec<f64> = total(|round| round.error).iter().map(|share| share * people).collect();
        let best = options
            .seeds
            .iter()
            .map(|&seed| comparator(&recipe, seed, options))
            .collect::<Result<Vec<f64>>>()?;
        let regret = each(&errors, &best, |errors, best| errors - best);
        let found = total(|round| round.reported);
        table.push([
            rounds.to_string(),
            format!("{weight:.2}"),
            show_whole(&errors),
            show_whole(&best),
            show_whole(&regret),
            show_whole(&found),
        ]);
        regrets.push(regret);
        reports.push(found);
    }
    let mut chart = Chart::of("growth", "log10 of T", "log10 of the sum");
    for (name, sums) in [("accuracy regret", &regrets), ("rounds with a report", &reports)] {
        let slopes: Vec<f64> = (0..options.seeds.len())
            .map(|i| {
                let logs =
                    lengths.iter().zip(sums).map(|(rounds, sums)| (f64::from(*rounds).ln(), log(sums[i])));
                slope(&logs.collect::<Vec<_>>())
            })
            .collect();
        report.claims.push(between(
            format!("slope of {name} against T, both logarithms (sums below 1 count as 1)"),
            &slopes,
            f64::NEG_INFINITY,
            1.0,
        ));
        let point = |(rounds, sums): (&u32, &Vec<f64>)| {
            (f64::from(*rounds).log10(), log(mean(sums).unwrap_or(f64::NAN)) / 10f64.ln())
        };
        chart
            .lines
            .push(Line { name: name.to_owned(), points: lengths.iter().zip(sums).map(point).collect() });
    }
    report.tables.push(table);
    report.charts.push(chart);
    report.notes.push(
        "growth: eta = 0.02 (4000 / T)^(1/2) and xi = 0.05 (4000 / T)^(1/4); theory gives orders, no constants"
            .to_owned(),
    );
    report.notes.push("growth: sums below 1 count as 1 before the logarithm".to_owned());
    Ok(())
}

fn show_whole(values: &[f64]) -> String {
    format!("{:.0}", mean(values).unwrap_or(f64::NAN))
}

/// The natural logarithm of a sum; sums below 1 count as 1, since a regret may be negative: the learner is
/// not held to be fair to everyone, as the comparator is.
fn log(sum: f64) -> f64 {
    if sum < 1.0 { 0.0 } else { sum.ln() }
}

/// The errors of the best fair policy on the run's people.
fn comparator(recipe: &FairOnesided, seed: u64, options: &ProofOptions<'_>) -> Result<f64> {
    if options.stop.requested() {
        return Err(Error::Interrupted);
    }
    // The seed that the run's world has.
    let seed = Seed::root(seed).at("world", 0);
    let past: Vec<Past> = (0..u64::from(recipe.rounds))
        .map(|round| {
            let batch = recipe.world.batch(seed, round);
            let labels = recipe.world.labels(seed, &batch);
            Past { people: batch.people, labels }
        })
        .collect();
    Ok(best_fair(&RuleGrid::default().rules(), &past, &recipe.world.panel(SLACK))?.errors)
}

/// The slope of the least-squares line.
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(a, b), (x, y)| (a + x / n, b + y / n));
    let (above, below) = points
        .iter()
        .fold((0.0, 0.0), |(a, b), point| (a + (point.0 - x) * (point.1 - y), b + (point.0 - x).powi(2)));
    above / below
}
