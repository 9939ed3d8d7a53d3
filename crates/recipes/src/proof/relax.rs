//! The proof of relax: five thousand shifted systems of either spread, and the heat equation.
//!
//! The first part is the paper's figure 2 at its own size: every method solves the same random systems,
//! and the last half of the sequence is compared. The second is the paper's figure 6 at its three
//! smallest sizes, over the first half of its time.

use super::{Chart, Line, Proof, ProofOptions, ProofReport, Scale, Table, arm, between, claim};
use crate::relax::{Relax, TunerConfig, World};
use autodidact_core::{Error, Recipe, Result};
use autodidact_decide::systems::{Heat, Shifted, Solver, Spread};
use autodidact_math::summary::mean;

/// The proof.
pub const PROOF: Proof = Proof {
    id: "relax",
    about: "shifted systems of two spreads and the heat equation: learners beside fixed factors and the optimum",
    run,
};

/// Fixed factors in the table; the best of them is what learners without context compete with.
const FIXED: [f64; 5] = [1.0, 1.2, 1.4, 1.6, 1.8];

fn run(options: &ProofOptions<'_>) -> Result<ProofReport> {
    let mut report = ProofReport::of("relax", options);
    for spread in [Spread::Low, Spread::High] {
        shifts(spread, options, &mut report)?;
    }
    heat(options, &mut report)?;
    if options.scale == Scale::Full {
        report.notes.push("the paper has 40 trials, 5000 heat steps and nx up to 400".to_owned());
    }
    Ok(report)
}

/// A method's iteration counts, one row a seed.
struct Runs {
    name: String,
    counts: Vec<Vec<f64>>,
}

impl Runs {
    fn of(name: &str, recipe: &Relax, seeds: &[u64], options: &ProofOptions<'_>) -> Result<Runs> {
        let mut counts = Vec::new();
        for &seed in seeds {
            if options.stop.requested() {
                return Err(Error::Interrupted);
            }
            counts.push(arm(name, seed, options, Relax::CARD, |run| recipe.counts(run))?.0);
        }
        Ok(Runs { name: name.to_owned(), counts })
    }

    /// The mean count over the last half, one value a seed.
    fn late(&self) -> Vec<f64> {
        let late = |counts: &Vec<f64>| mean(&counts[counts.len() / 2..]).unwrap_or(f64::NAN);
        self.counts.iter().map(late).collect()
    }

    /// The mean count over all, one value a seed.
    fn whole(&self) -> Vec<f64> {
        self.counts.iter().map(|counts| mean(counts).unwrap_or(f64::NAN)).collect()
    }

    fn total(&self) -> Vec<f64> {
        self.counts.iter().map(|counts| counts.iter().sum()).collect()
    }

    /// Instances that remain against iterations spent, averaged over seeds: the paper's axes.
    fn remaining(&self) -> Line {
        let n = self.counts.iter().map(Vec::len).min().unwrap_or(0);
        let mut spent = 0.0;
        let mut points = vec![(0.0, n as f64)];
        for at in 0..n {
            spent += self.counts.iter().map(|counts| counts[at]).sum::<f64>() / self.counts.len() as f64;
            if (at + 1) % n.div_ceil(100).max(1) == 0 || at + 1 == n {
                points.push((spent, (n - at - 1) as f64));
            }
        }
        Line { name: self.name.clone(), points }
    }
}

fn ratios(of: &[f64], to: &[f64]) -> Vec<f64> {
    of.iter().zip(to).map(|(of, to)| of / to).collect()
}

fn shifts(spread: Spread, options: &ProofOptions<'_>, report: &mut ProofReport) -> Result<()> {
    let systems = match options.scale {
        Scale::Full => 5000,
        Scale::Quick => 200,
    };
    let words = match spread {
        Spread::Low => "low variance",
        Spread::High => "high variance",
    };
    let recipe = |tuner| Relax {
        world: World::Shifted(Shifted { spread, ..Shifted::default() }),
        tuner,
        systems,
        stretch: systems,
        ..Relax::default()
    };
    let play = |name: &str, tuner| Runs::of(name, &recipe(tuner), &options.seeds, options);
    let fixed = FIXED
        .iter()
        .map(|&value| play(&format!("omega = {value}"), TunerConfig::Fixed { value }))
        .collect::<Result<Vec<_>>>()?;
    let blind = play("Tsallis-INF", TunerConfig::TsallisInf { rate: 2.0 })?;
    let bins = play("Tsallis-INF-CB", TunerConfig::TsallisInfCb { rate: 2.0, bins: 5 })?;
    let smooth = play("ChebCB", TunerConfig::ChebCb { features: 6 })?;
    let oracle = play("instance-optimal", TunerConfig::Young)?;

    let level = |runs: &&Runs| mean(&runs.whole()).unwrap_or(f64::INFINITY);
    let best = fixed.iter().min_by(|a, b| level(a).total_cmp(&level(b))).expect("several factors");
    let beside = |one: &Runs, other: &Runs| ratios(&one.late(), &other.late());
    let claims = [
        ("Tsallis-INF / best fixed factor", beside(&blind, best), 1.15),
        ("ChebCB / best fixed factor", beside(&smooth, best), 0.8),
        ("ChebCB / instance-optimal", beside(&smooth, &oracle), 1.2),
        ("ChebCB / Tsallis-INF-CB", beside(&smooth, &bins), 1.0),
        ("Tsallis-INF-CB / best fixed factor", beside(&bins, best), 1.0),
    ];
    for (what, values, most) in claims {
        let name = format!("{words}, iterations over the last half: {what}");
        report.claims.push(between(name, &values, f64::NEG_INFINITY, most));
    }
    let worst = [&blind, &bins, &smooth].map(|runs| beside(runs, &fixed[0]));
    let worst: Vec<f64> = (0..options.seeds.len())
        .map(|i| worst.iter().map(|values| values[i]).fold(f64::NEG_INFINITY, f64::max))
        .collect();
    let name = format!("{words}, iterations over the last half: worst learner / omega = 1");
    report.claims.push(between(name, &worst, f64::NEG_INFINITY, 0.5));

    let mut table = Table::of(
        &format!("iterations a system, {words}, T = {systems}"),
        &["method", "last half", "whole run"],
    );
    let title = format!("instances that remain, {words}");
    let mut chart = Chart::of(&title, "iterations spent", "instances remaining");
    for runs in fixed.iter().chain([&blind, &bins, &smooth, &oracle]) {
        let show = |values: Vec<f64>| format!("{:.1}", mean(&values).unwrap_or(f64::NAN));
        table.push([runs.name.clone(), show(runs.late()), show(runs.whole())]);
        // The paper leaves what goes far beyond the axes out too.
        if mean(&runs.total()) < mean(&best.total()).map(|best| 2.5 * best) {
            chart.lines.push(runs.remaining());
        }
    }
    report.tables.push(table);
    report.charts.push(chart);
    Ok(())
}

fn heat(options: &ProofOptions<'_>, report: &mut ProofReport) -> Result<()> {
    let (sizes, systems): (&[u32], u32) = match options.scale {
        Scale::Full => (&[25, 50, 100], 2500),
        Scale::Quick => (&[8, 12], 40),
    };
    // Three runs, as in the paper; only the learners' draws differ between them.
    let seeds = &options.seeds[..options.seeds.len().min(3)];
    let mut table = Table::of(
        &format!("total iterations of the heat equation, {systems} steps"),
        &["nx", "plain CG", "omega = 1", "omega = 1.5", "Tsallis-INF", "Tsallis-INF-CB", "ChebCB"],
    );
    let mut chart = Chart::of(
        "iterations of the heat equation",
        "log10 of the number of unknowns",
        "log10 of iterations",
    );
    for &nx in sizes {
        let play = |name: &str, solver, tuner, seeds: &[u64]| {
            let world = World::Heat(Heat { nx, solver, ..Heat::default() });
            let recipe = Relax { world, tuner, systems, stretch: systems, ..Relax::default() };
            Runs::of(name, &recipe, seeds, options)
        };
        // Nothing in these is random.
        let fixed = |name: &str, solver, value| play(name, solver, TunerConfig::Fixed { value }, &seeds[..1]);
        let plain = fixed("plain CG", Solver::Plain, 1.0)?;
        let one = fixed("omega = 1", Solver::Ssor, 1.0)?;
        let more = fixed("omega = 1.5", Solver::Ssor, 1.5)?;
        let learn = |name: &str, tuner| play(name, Solver::Ssor, tuner, seeds);
        let blind = learn("Tsallis-INF", TunerConfig::TsallisInf { rate: 2.0 })?;
        let bins = learn("Tsallis-INF-CB", TunerConfig::TsallisInfCb { rate: 2.0, bins: 6 })?;
        let smooth = learn("ChebCB", TunerConfig::ChebCb { features: 6 })?;

        let all = [&plain, &one, &more, &blind, &bins, &smooth];
        let totals = all.map(|runs| mean(&runs.total()).unwrap_or(f64::NAN));
        table.push(std::iter::once(nx.to_string()).chain(totals.map(|total| format!("{total:.0}"))));
        for (runs, total) in all.iter().zip(totals) {
            let point = (2.0 * f64::from(nx - 1).log10(), total.log10());
            match chart.lines.iter_mut().find(|line| line.name == runs.name) {
                Some(line) => line.points.push(point),
                None => chart.lines.push(Line { name: runs.name.clone(), points: vec![point] }),
            }
        }
        if Some(&nx) == sizes.last() {
            let better: Vec<f64> =
                smooth.total().iter().map(|total| total / totals[1].min(totals[2])).collect();
            let name = format!("heat, nx = {nx}: ChebCB / the better of omega = 1 and 1.5");
            report.claims.push(between(name, &better, f64::NEG_INFINITY, 1.0));
            let faster: Vec<f64> = blind.total().iter().map(|total| totals[1] / total).collect();
            report.claims.push(claim(format!("heat, nx = {nx}: omega = 1 / Tsallis-INF"), &faster, 1.5));
        }
    }
    report.tables.push(table);
    report.charts.push(chart);
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
        assert!(report.claims.iter().all(|claim| claim.value.is_finite()), "{:?}", report.claims);
        assert_eq!((report.claims.len(), report.tables.len(), report.charts.len()), (14, 3, 3));
        let wide = |table: &Table| table.rows.iter().all(|row| row.len() == table.columns.len());
        assert!(report.tables.iter().all(wide));
    }
}
