//! The proof of APOHF: rules of choosing pairs against each other, on a worth that is linear in the
//! embedding and on one that is not.

use super::{Chart, Proof, ProofOptions, ProofReport, Scale, Table, arm, between, claim, spread};
use crate::apohf::Apohf;
use autodidact_core::{Recipe, Result};
use autodidact_decide::duel::{DuellerConfig, FitConfig, PoolConfig, Rule, Width, Worth};
use autodidact_math::summary::mean;
use autodidact_nets::Init;
use std::collections::BTreeMap;

/// The proof.
pub const PROOF: Proof = Proof {
    id: "apohf",
    about: "which pairs to compare: neural, linear and ensemble rules against exploiting only and chance",
    run,
};

const NEURAL: &str = "neural, sd 0.3";
const NEURAL_UNIT: &str = "neural, sd 1";
const FULL: &str = "neural, sd 0.3, full matrix";
const LINEAR: &str = "linear";
const EXPLOIT: &str = "exploit only";
const THOMPSON: &str = "double Thompson";
const RANDOM: &str = "random";

/// The two worlds: what they are called, and how worth depends on embeddings.
const WORLDS: [(&str, Worth); 2] =
    [("nonlinear", Worth::Tanh { hidden: 32, steepness: 3.0 }), ("linear", Worth::Linear)];

struct Size {
    pool: PoolConfig,
    rounds: u32,
    steps: u32,
}

impl Size {
    fn of(scale: Scale) -> Size {
        let pool = PoolConfig { items: 200, dim: 16, magnitude: 3.0, ..PoolConfig::default() };
        match scale {
            Scale::Full => Size { pool, rounds: 105, steps: 300 },
            Scale::Quick => Size { pool: PoolConfig { items: 40, ..pool }, rounds: 12, steps: 30 },
        }
    }
}

/// Regret of the reported candidate by round, one curve a seed.
type Curves = Vec<Vec<f64>>;

fn run(options: &ProofOptions<'_>) -> Result<ProofReport> {
    let size = Size::of(options.scale);
    let mut curves: BTreeMap<(&str, &str), Curves> = BTreeMap::new();
    for (world, worth) in WORLDS {
        for (name, dueller) in arms(&size) {
            let pool = PoolConfig { worth, ..size.pool };
            let recipe = Apohf { pool, dueller, rounds: size.rounds };
            let each = each_seed(options, |seed| {
                let ((), track) =
                    arm(&format!("{world} {name}"), seed, options, Apohf::CARD, |run| recipe.run(run))?;
                Ok(track.values("regret"))
            })?;
            curves.insert((world, name), each);
        }
    }
    Ok(report(&size, &curves, options))
}

/// One value a seed, on as many threads as there are processors; in the order of the seeds.
fn each_seed<T: Send>(options: &ProofOptions<'_>, one: impl Fn(u64) -> Result<T> + Sync) -> Result<Vec<T>> {
    use rayon::prelude::*;
    options.seeds.par_iter().map(|&seed| one(seed)).collect()
}

fn arms(size: &Size) -> Vec<(&'static str, DuellerConfig)> {
    let fit = FitConfig { steps: size.steps, lr: 3e-3, ..FitConfig::default() };
    let unit = DuellerConfig { fit, ..DuellerConfig::default() };
    let calm = DuellerConfig { init: Init::Normal { sd: 0.3 }, ..unit.clone() };
    let with = |base: &DuellerConfig, rule| DuellerConfig { rule, ..base.clone() };
    let linear = DuellerConfig {
        hidden: Vec::new(),
        init: Init::FanIn,
        fit: FitConfig { decay: 0.0, ..fit },
        ..unit.clone()
    };
    vec![
        (NEURAL, calm.clone()),
        (NEURAL_UNIT, unit.clone()),
        (FULL, with(&calm, Rule::Optimistic { nu: 1.0, width: Width::Full })),
        (LINEAR, linear),
        (EXPLOIT, with(&calm, Rule::Optimistic { nu: 0.0, width: Width::Diagonal })),
        (THOMPSON, with(&calm, Rule::Thompson { members: 10, retries: 5 })),
        (RANDOM, with(&calm, Rule::Random)),
    ]
}

fn report(
    size: &Size,
    curves: &BTreeMap<(&'static str, &'static str), Curves>,
    options: &ProofOptions<'_>,
) -> ProofReport {
    let at = |world, name, round: usize| -> Vec<f64> {
        let pick = |curve: &Vec<f64>| curve[round.min(curve.len()) - 1];
        curves[&(world, name)].iter().map(pick).collect()
    };
    let end = size.rounds as usize;
    // Regret can be zero for a seed, so ratios are taken of means, not seed by seed.
    let ratio = |world, name, other| {
        let mean = |name| mean(&at(world, name, end)).unwrap_or(f64::NAN);
        mean(name) / mean(other)
    };
    let mut report = ProofReport::of("apohf", options);
    report.claims = vec![
        between(
            "final regret on a nonlinear worth, neural over linear rule",
            &[ratio("nonlinear", NEURAL, LINEAR)],
            f64::NEG_INFINITY,
            0.6,
        ),
        between(
            "final regret on a nonlinear worth, neural rule over exploiting only",
            &[ratio("nonlinear", NEURAL, EXPLOIT)],
            f64::NEG_INFINITY,
            0.3,
        ),
        claim(
            "final regret on a linear worth, neural less linear rule",
            &less(&at("linear", NEURAL, end), &at("linear", LINEAR, end)),
            0.0,
        ),
        claim(
            "regret after 20 rounds on a nonlinear worth, random less neural rule",
            &less(&at("nonlinear", RANDOM, 25), &at("nonlinear", NEURAL, 25)),
            0.0,
        ),
        claim(
            "final regret on a nonlinear worth, double Thompson less neural rule",
            &less(&at("nonlinear", THOMPSON, end), &at("nonlinear", NEURAL, end)),
            0.0,
        ),
        claim(
            "final regret on a nonlinear worth, initial sd of 1 less that of 0.3",
            &less(&at("nonlinear", NEURAL_UNIT, end), &at("nonlinear", NEURAL, end)),
            0.0,
        ),
    ];
    for (world, _) in WORLDS {
        let title = format!("regret of the reported candidate, {world} worth, mean over seeds");
        let mut table =
            Table::of(&title, &["rule", "after 20 rounds", "after 50", "at the end", "95 % interval"]);
        let mut chart = Chart::of(&title, "comparisons", "regret");
        for (name, _) in arms(size) {
            let mean_at = |round| mean(&at(world, name, round)).unwrap_or(f64::NAN);
            let (last, interval) = spread(&at(world, name, end));
            let interval = interval.map_or("-".to_owned(), |(low, high)| format!("[{low:.3}, {high:.3}]"));
            let figures = [mean_at(25), mean_at(55), last].map(|value| format!("{value:.3}"));
            table.push([name.to_owned()].into_iter().chain(figures).chain([interval]));
            chart.push(name, 1, &(1..=end).map(mean_at).collect::<Vec<_>>());
        }
        report.tables.push(table);
        report.charts.push(chart);
    }
    report.notes.push(format!(
        "fits take {} steps of 3e-3 instead of 1000 of 1e-3: as long a way in a third of the time",
        size.steps
    ));
    report.notes.push("ratios are of means over seeds and so have no interval".to_owned());
    report
}

fn less(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::{Silent, Stop};

    #[test]
    fn the_quick_proof_runs() {
        let options =
            ProofOptions { seeds: vec![0, 1], scale: Scale::Quick, observer: &Silent, stop: Stop::default() };
        let report = run(&options).expect("runs");
        assert!(report.claims.iter().all(|claim| claim.value.is_finite()), "{:?}", report.claims);
        assert_eq!((report.tables.len(), report.charts.len()), (2, 2));
    }
}
