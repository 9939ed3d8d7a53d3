//! The proof of learning to actively learn: policies trained level by level against strategies derived by
//! hand, on arms, thresholds, twenty questions and jokes.

mod report;
mod worlds;

use super::{Proof, ProofOptions, ProofReport, Scale, arm};
use crate::learn_active::{LearnActive, OpenWorld, worst_gap, worst_losses};
use autodidact_core::{Error, Recipe as _, Result, Seed};
use autodidact_decide::inquiry::{Network, Opponent, Problem, Strategy, Trainer, World, mean_loss};

/// The proof.
pub const PROOF: Proof = Proof {
    id: "learn-active",
    about: "trained query strategies against hand-made ones, at every level of difficulty",
    run,
};

/// What a strategy loses.
#[derive(Clone, Debug)]
struct Losses {
    /// In the worst case of each level, never falling.
    levels: Vec<f64>,
    /// Its largest excess over the specialists.
    gap: f64,
    /// On average over problems as they are where nothing was moved.
    nominal: f64,
    /// On average over problems whose answers are noisier than anyone was told.
    misled: f64,
    /// On average over the tenth of problems that it loses most on.
    hard: f64,
}

/// One world with one seed: the specialists' figures and every strategy's.
struct Outcome {
    targets: Vec<f64>,
    strategies: Vec<(&'static str, Losses)>,
}

fn run(options: &ProofOptions<'_>) -> Result<ProofReport> {
    let mut report = ProofReport::of("learn-active", options);
    for case in worlds::cases(options.scale) {
        let mut outcomes = Vec::new();
        for &seed in &options.seeds {
            outcomes.push(one(&case, seed, options)?);
        }
        report::add(&case, &outcomes, &mut report);
    }
    report::notes(options.scale == Scale::Quick, &mut report);
    Ok(report)
}

/// Trains in one world with one seed and measures every strategy there.
fn one(case: &worlds::Case, seed: u64, options: &ProofOptions<'_>) -> Result<Outcome> {
    let root = Seed::root(seed);
    let open = case.world.open(root.at("world", 0));
    let levels = case.levels(&open);
    let mapo = autodidact_decide::inquiry::MapoConfig { levels, ..case.mapo.clone() };
    let recipe = LearnActive { world: case.world, mapo };
    recipe.check()?;
    let name = format!("learn-active {}", case.name);
    let (trained, _) = arm(&name, seed, options, LearnActive::CARD, |run| recipe.run_on(&open, run))?;
    if options.stop.requested() {
        return Err(Error::Interrupted);
    }

    // The same network under a prior, for as many iterations as a specialist and the robust stage together.
    let start = Network::new(&*open.world, &recipe.mapo.network, root.at("start", 0));
    let mut prior = Trainer::new(start.clone(), Opponent::Prior, &recipe.mapo.train);
    let total = recipe.mapo.iterations * 2;
    prior.iterate(&*open.world, (0, total, total), root.at("prior", 0));

    let minimax = trained.specialists.last().cloned().unwrap_or(start.clone());
    let mut strategies: Vec<(&'static str, Box<dyn Strategy>)> = vec![
        (worlds::MAPO, Box::new(trained.robust)),
        (worlds::MINIMAX, Box::new(minimax)),
        (worlds::PRIOR, Box::new(prior.network)),
        (worlds::START, Box::new(start)),
    ];
    strategies.extend(case.baselines(&open));
    // Measured on other problems than the targets were, but the same for all: the run's own attacks would
    // favour who was trained last.
    let attacks = root.at("attacks", 1);
    let mut targets: Vec<f64> = Vec::new();
    for (level, specialist) in recipe.mapo.levels.iter().zip(&trained.specialists) {
        let found = autodidact_decide::inquiry::attack(
            &*open.world,
            specialist,
            *level,
            &recipe.mapo.attack,
            attacks,
        );
        targets.push(found.loss.max(targets.last().copied().unwrap_or(0.0)));
    }
    let mut measured = Vec::new();
    for (name, strategy) in &strategies {
        if options.stop.requested() {
            return Err(Error::Interrupted);
        }
        let losses = worst_losses(&open, &**strategy, &recipe.mapo, attacks);
        let gap = worst_gap(&losses, &targets);
        let [nominal, misled, hard] = averages(case, &open, &**strategy, root);
        measured.push((*name, Losses { levels: losses, gap, nominal, misled, hard }));
    }
    Ok(Outcome { targets, strategies: measured })
}

/// Mean losses over plain problems, over problems noisier than the table says, and over the hard tenth.
fn averages(case: &worlds::Case, open: &OpenWorld, strategy: &dyn Strategy, root: Seed) -> [f64; 3] {
    let world: &dyn World = &*open.world;
    let plain = case.plain(open, root.at("plain", 0));
    let noisier: Vec<Problem> = plain
        .iter()
        .map(|one| Problem { theta: one.theta.iter().map(|x| x * case.noisier).collect(), kind: one.kind })
        .collect();
    let each =
        |i: usize| mean_loss(world, strategy, &plain[i..=i], case.tries, root.at("plain tries", i as u64));
    let mut losses: Vec<f64> = (0..plain.len()).map(each).collect();
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len().max(1) as f64;
    let nominal = mean(&losses);
    losses.sort_by(|a, b| b.total_cmp(a));
    let hard = mean(&losses[..plain.len().div_ceil(10)]);
    let misled = mean_loss(world, strategy, &noisier, case.tries, root.at("noisier tries", 0));
    [nominal, misled, hard]
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
        assert_eq!((report.tables.len(), report.charts.len()), (4, 4));
    }
}
