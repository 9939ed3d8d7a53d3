//! The proof of slate-thompson: sampling against greed in a simulated world, what groups are worth for
//! cold items, what a click should be compared with, and which user model follows a turning taste.

mod cold;
mod compared;
mod drift;
mod rules;

use super::{Proof, ProofOptions, ProofReport, Scale};
use autodidact_core::{Ask, Error, Explore, Group, Judge, Result, Rng, Seed, Try};
use autodidact_decide::slate::fit::FitConfig;
use autodidact_decide::slate::{Shown, Slate, Visit, World};
use rand::seq::SliceRandom;

/// The proof.
pub const PROOF: Proof = Proof {
    id: "slate-thompson",
    about: "Thompson sampling against greed, groups for cold items, slate against all-item likelihood, GRU against linear",
    run,
};

/// The sizes of the experiment.
struct Size {
    /// Rounds of the comparison of rules.
    rounds: u32,
    /// Impressions of each cold item.
    impressions: Vec<usize>,
    /// Lists that are held out.
    held_out: usize,
    /// Users of a log.
    users: u32,
    /// Passes of a fit.
    passes: u32,
}

impl Size {
    fn of(scale: Scale) -> Size {
        match scale {
            Scale::Full => Size {
                rounds: 60,
                impressions: vec![0, 1, 2, 4, 8, 16, 32, 64, 128, 256],
                held_out: 2_000,
                users: 400,
                passes: 120,
            },
            Scale::Quick => {
                Size { rounds: 6, impressions: vec![0, 4, 16], held_out: 100, users: 40, passes: 6 }
            }
        }
    }
}

fn run(options: &ProofOptions<'_>) -> Result<ProofReport> {
    let size = Size::of(options.scale);
    let mut report = ProofReport::of("slate-thompson", options);
    let mut rules = rules::Rules::default();
    let mut cold = cold::Cold::default();
    let mut compared = compared::Compared::default();
    let mut drift = drift::Drifts::default();
    for &seed in &options.seeds {
        rules.run(&size, seed, options)?;
        stop(options)?;
        cold.run(&size, seed)?;
        stop(options)?;
        compared.run(&size, seed)?;
        stop(options)?;
        drift.run(&size, seed)?;
    }
    rules.report(&mut report);
    cold.report(&size, &mut report);
    compared.report(&mut report);
    drift.report(&mut report);
    report
        .notes
        .push("fits are of 4 dimensions with likelihood temperature 1 and a step size of 1e-2".to_owned());
    Ok(report)
}

fn stop(options: &ProofOptions<'_>) -> Result<()> {
    if options.stop.requested() { Err(Error::Interrupted) } else { Ok(()) }
}

/// How logs of a few hundred users are fitted: Bayes' own temperature, ordinary step size.
fn fit_config(size: &Size) -> FitConfig {
    FitConfig {
        dims: 4,
        likelihood_temperature: 1.0,
        group_spread: 1.0,
        spread_spread: 1.0,
        weight_spread: 1.0,
        lr: 1e-2,
        particles: 2,
        batch: 40,
        passes: size.passes,
        patience: 10,
        no_click_share: 1.0,
        held_out: 0.15,
        ..FitConfig::default()
    }
}

/// `steps` lists for each of the users, of `length` items drawn from `from`, and what they click.
fn log_of(
    world: &World,
    (users, steps, length): (u32, u32, usize),
    from: &[u32],
    seed: Seed,
) -> Result<Vec<Group<Slate>>> {
    let mut visitors = world.visitors();
    let mut all = Vec::new();
    for step in 0..steps {
        let asks = visitors.ask(users as usize, &mut seed.rng())?;
        let mut rng = seed.at("lists", u64::from(step)).rng();
        let visits = asks.into_iter().map(|ask| (ask.query, any_of(from, length, &mut rng))).collect();
        let groups = clicked(world, visits)?;
        visitors.tell(&groups)?;
        all.extend(groups);
    }
    Ok(all)
}

/// `length` of these items in any order.
fn any_of(from: &[u32], length: usize, rng: &mut Rng) -> Vec<u32> {
    let mut items = from.to_vec();
    items.partial_shuffle(rng, length).0.to_vec()
}

/// What these visitors click on these lists.
fn clicked(world: &World, visits: Vec<(Visit, Vec<u32>)>) -> Result<Vec<Group<Slate>>> {
    let (asks, answers): (Vec<Ask<Slate>>, Vec<Vec<Shown>>) = visits
        .into_iter()
        .map(|(query, items)| (Ask { query, knobs: (), tries: 1 }, vec![Shown { items }]))
        .unzip();
    let verdicts = world.clicks().judge(&asks, &answers)?.verdicts;
    let tries = answers.into_iter().zip(verdicts).map(|(answers, verdicts)| {
        let pairs = answers.into_iter().zip(verdicts);
        pairs.map(|(answer, verdict)| Try { answer, verdict }).collect()
    });
    Ok(asks.into_iter().zip(tries).map(|(ask, tries)| Group { ask, tries }).collect())
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
        let wide =
            |table: &crate::proof::Table| table.rows.iter().all(|row| row.len() == table.columns.len());
        assert!(report.tables.iter().all(wide));
        assert_eq!((report.tables.len(), report.charts.len()), (4, 3));
    }
}
