//! The proof of fair one-sided: the frontier between errors and reports, what one-sided labels, missing
//! exploration and a rogue auditor do, the perturbed leader, and how regret grows.

mod growth;

use super::{Chart, Line, Proof, ProofOptions, ProofReport, Scale, Table, arm, between, claim};
use crate::fair_onesided::{FairOnesided, MethodConfig, Played};
use autodidact_core::{Error, Recipe, Result};
use autodidact_decide::fair::{Labels, RuleGrid, Stream};
use autodidact_math::summary::mean;

/// The proof.
pub const PROOF: Proof = Proof {
    id: "fair-onesided",
    about: "one-sided labels and a panel of auditors: the frontier, its baselines, how regret grows",
    run,
};

/// Weights of a report along the frontier.
const WEIGHTS: [f64; 4] = [0.0, 1.0, 5.0, 20.0];

fn run(options: &ProofOptions<'_>) -> Result<ProofReport> {
    let mut report = ProofReport::of("fair-onesided", options);
    let rounds = match options.scale {
        Scale::Full => 4000,
        Scale::Quick => 200,
    };
    let base = FairOnesided { rounds, stretch: rounds, ..FairOnesided::default() };
    let frontier = frontier(&base, options, &mut report)?;
    labels(&base, &frontier, options, &mut report)?;
    stuck(&base, options, &mut report)?;
    rogue(&base, options, &mut report)?;
    leader(&base, options, &mut report)?;
    growth::show(&base, options, &mut report)?;
    Ok(report)
}

/// An arm's rounds, one list a seed.
struct Rounds(Vec<Vec<Played>>);

impl Rounds {
    fn of(name: &str, recipe: &FairOnesided, options: &ProofOptions<'_>) -> Result<Rounds> {
        let mut all = Vec::new();
        for &seed in &options.seeds {
            if options.stop.requested() {
                return Err(Error::Interrupted);
            }
            all.push(arm(name, seed, options, FairOnesided::CARD, |run| recipe.play(run))?.0);
        }
        Ok(Rounds(all))
    }

    /// The mean over a share of the rounds, one value a seed.
    fn level(&self, from: f64, to: f64, of: fn(&Played) -> f64) -> Vec<f64> {
        let level = |rounds: &Vec<Played>| {
            let at = |share: f64| (share * rounds.len() as f64) as usize;
            let values: Vec<f64> = rounds[at(from)..at(to)].iter().map(of).collect();
            mean(&values).unwrap_or(f64::NAN)
        };
        self.0.iter().map(level).collect()
    }

    fn error(&self) -> Vec<f64> {
        self.level(0.5, 1.0, |round| round.error)
    }

    fn reported(&self) -> Vec<f64> {
        self.level(0.5, 1.0, |round| round.reported)
    }

    fn spread(&self) -> Vec<f64> {
        self.level(0.5, 1.0, |round| round.spread)
    }

    /// Error, reports and spread over the last half, averaged over seeds, as cells.
    fn cells(&self) -> [String; 3] {
        [self.error(), self.reported(), self.spread()].map(|values| show(&values))
    }

    /// The share of rounds with a report in each twentieth, averaged over seeds.
    fn course(&self) -> Vec<f64> {
        let at = |part: u32| f64::from(part) / 20.0;
        (0..20)
            .map(|part| mean(&self.level(at(part), at(part + 1), |round| round.reported)).unwrap_or(f64::NAN))
            .collect()
    }
}

fn show(values: &[f64]) -> String {
    format!("{:.3}", mean(values).unwrap_or(f64::NAN))
}

fn each(one: &[f64], other: &[f64], both: fn(f64, f64) -> f64) -> Vec<f64> {
    one.iter().zip(other).map(|(one, other)| both(*one, *other)).collect()
}

fn frontier(
    base: &FairOnesided,
    options: &ProofOptions<'_>,
    report: &mut ProofReport,
) -> Result<Vec<(f64, Rounds)>> {
    let mut frontier = Vec::new();
    for weight in WEIGHTS {
        let recipe = FairOnesided { weight, ..base.clone() };
        frontier.push((weight, Rounds::of(&format!("C = {weight}"), &recipe, options)?));
    }
    let (free, strict) = (&frontier[0].1, &frontier[3].1);
    let fewer = each(&free.reported(), &strict.reported(), |free, strict| free / strict);
    report.claims.push(claim("reports a round, C = 0 / C = 20", &fewer, 10.0));
    let steps = |of: fn(&Rounds) -> Vec<f64>, sign: f64| -> Vec<f64> {
        let levels: Vec<Vec<f64>> = frontier.iter().map(|(_, rounds)| of(rounds)).collect();
        (0..options.seeds.len())
            .map(|i| {
                levels.windows(2).map(|two| sign * (two[1][i] - two[0][i])).fold(f64::INFINITY, f64::min)
            })
            .collect()
    };
    report.claims.push(claim(
        "least rise of the error from one C to the next",
        &steps(Rounds::error, 1.0),
        0.0,
    ));
    let falls = steps(Rounds::reported, -1.0);
    report.claims.push(claim("least fall of the reports from one C to the next", &falls, 0.0));
    for (weight, rounds) in &frontier[1..] {
        let (first, last) = (
            rounds.level(0.0, 0.25, |round| round.reported),
            rounds.level(0.75, 1.0, |round| round.reported),
        );
        let name = format!("C = {weight}: reports in the last quarter / in the first");
        report.claims.push(between(
            name,
            &each(&last, &first, |last, first| last / first),
            f64::NEG_INFINITY,
            1.0,
        ));
    }

    let mut table = Table::of(
        &format!("last half of T = {}, Exp2", base.rounds),
        &["C", "error", "realised error", "rounds with a report", "spread of chances"],
    );
    let mut chart = Chart::of("the frontier", "rounds with a report", "error");
    let mut time = Chart::of("reports over time", "twentieths of the run", "rounds with a report");
    let mut points = Vec::new();
    for (weight, rounds) in &frontier {
        let [error, reported, spread] = rounds.cells();
        let realised = show(&rounds.level(0.5, 1.0, |round| round.realised));
        table.push([weight.to_string(), error, realised, reported, spread]);
        let level = |values: Vec<f64>| mean(&values).unwrap_or(f64::NAN);
        points.push((level(rounds.reported()), level(rounds.error())));
        time.push(&format!("C = {weight}"), 1, &rounds.course());
    }
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    chart.lines.push(Line { name: "Exp2".to_owned(), points });
    report.tables.push(table);
    report.charts.extend([chart, time]);
    Ok(frontier)
}

/// What one-sided labels cost.
fn labels(
    base: &FairOnesided,
    frontier: &[(f64, Rounds)],
    options: &ProofOptions<'_>,
    report: &mut ProofReport,
) -> Result<()> {
    let mut table =
        Table::of("one-sided and all labels, error over the last half", &["C", "one-sided", "all"]);
    for (weight, one_sided) in frontier.iter().filter(|(weight, _)| [0.0, 5.0].contains(weight)) {
        let recipe = FairOnesided {
            weight: *weight,
            world: Stream { labels: Labels::All, ..base.world.clone() },
            // Who sees all labels need not explore.
            method: MethodConfig::Exp2 { eta: 0.02, explore: 0.0, rules: RuleGrid::default() },
            ..base.clone()
        };
        let all = Rounds::of(&format!("all labels, C = {weight}"), &recipe, options)?;
        let gap = each(&one_sided.error(), &all.error(), |one, all| one - all);
        let name = format!("C = {weight}: error with one-sided labels less error with all");
        report.claims.push(between(name, &gap, f64::NEG_INFINITY, 0.05));
        table.push([weight.to_string(), show(&one_sided.error()), show(&all.error())]);
    }
    report.tables.push(table);
    Ok(())
}

/// What exploration is for.
fn stuck(base: &FairOnesided, options: &ProofOptions<'_>, report: &mut ProofReport) -> Result<()> {
    let world = Stream { pessimistic: 50, ..base.world.clone() };
    let play = |name: &str, method| {
        Rounds::of(name, &FairOnesided { weight: 0.0, world: world.clone(), method, ..base.clone() }, options)
    };
    let exp2 = play("Exp2 after a bad start", MethodConfig::exp2())?;
    let greedy = play("greedy after a bad start", MethodConfig::Greedy { rules: RuleGrid::default() })?;
    let gap = each(&greedy.error(), &exp2.error(), |greedy, exp2| greedy - exp2);
    report.claims.push(claim("after a bad start: error of greedy less that of Exp2", &gap, 0.1));
    let mut table = Table::of(
        "last half after 50 rounds in which no one is good",
        &["method", "error", "rounds with a report", "spread of chances"],
    );
    for (name, rounds) in [("Exp2, C = 0", &exp2), ("greedy on the accepted", &greedy)] {
        table.push(std::iter::once(name.to_owned()).chain(rounds.cells()));
    }
    report.tables.push(table);
    Ok(())
}

/// What a quorum is for.
fn rogue(base: &FairOnesided, options: &ProofOptions<'_>, report: &mut ProofReport) -> Result<()> {
    let play = |name: &str, quorum| {
        let world = Stream { auditors: vec![0.0, 2.0, 3.0], quorum, ..base.world.clone() };
        Rounds::of(name, &FairOnesided { weight: 20.0, world, ..base.clone() }, options)
    };
    let any = play("rogue, any one", 1.0 / 3.0)?;
    let half = play("rogue, half", 0.5)?;
    let name = "a rogue auditor whom one voice suffices: spread of chances";
    report.claims.push(between(name, &any.spread(), f64::NEG_INFINITY, 0.25));
    let wider = each(&half.spread(), &any.spread(), |half, any| half / any);
    report.claims.push(claim("a rogue auditor: spread at gamma = 1/2 over spread at 1/3", &wider, 2.0));
    let mut table = Table::of(
        "last half with a rogue among three auditors, C = 20",
        &["gamma", "error", "rounds with a report", "spread of chances"],
    );
    table.push(std::iter::once("1/3".to_owned()).chain(any.cells()));
    table.push(std::iter::once("1/2".to_owned()).chain(half.cells()));
    report.tables.push(table);
    Ok(())
}

/// The perturbed leader over thresholds on one line.
fn leader(base: &FairOnesided, options: &ProofOptions<'_>, report: &mut ProofReport) -> Result<()> {
    let rounds = base.rounds / 2;
    let mut table = Table::of(
        &format!("last half of T = {rounds}, perturbed leader on x + g / 2"),
        &["C", "error", "rounds with a report", "spread of chances"],
    );
    let mut arms = Vec::new();
    for weight in WEIGHTS {
        let recipe = FairOnesided { weight, method: MethodConfig::ftpl(), rounds, ..base.clone() };
        let played = Rounds::of(&format!("leader, C = {weight}"), &recipe, options)?;
        table.push(std::iter::once(weight.to_string()).chain(played.cells()));
        arms.push(played);
    }
    let name = "perturbed leader, C = 0: error";
    report.claims.push(between(name, &arms[0].error(), f64::NEG_INFINITY, 0.2));
    let fewer = each(&arms[0].reported(), &arms[3].reported(), |free, strict| free / strict);
    report.claims.push(claim("perturbed leader: reports a round, C = 0 / C = 20", &fewer, 2.0));
    report.tables.push(table);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::{Silent, Stop};

    #[test]
    fn the_quick_proof_runs() {
        let options =
            ProofOptions { seeds: vec![0], scale: Scale::Quick, observer: &Silent, stop: Stop::default() };
        let report = run(&options).expect("runs");
        assert_eq!((report.claims.len(), report.tables.len(), report.charts.len()), (15, 6, 3));
        let wide = |table: &Table| table.rows.iter().all(|row| row.len() == table.columns.len());
        assert!(report.tables.iter().all(wide));
    }
}
