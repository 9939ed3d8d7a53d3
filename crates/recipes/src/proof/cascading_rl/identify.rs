//! CascadingBPI: how many episodes a proof of eps takes, and whether the plan keeps what it promises.

use super::sized;
use crate::proof::{ProofOptions, ProofReport, Table, between, claim, spread};
use autodidact_core::{Error, Result, Seed};
use autodidact_decide::cascade::{
    Agent, CascadeShape, CascadeWorld, Identify, IdentifyConfig, Known, Oracle,
};
use autodidact_decide::visit::Visit;

/// Runs in all, spread over the seeds.
const RUNS: usize = 20;

/// One run to the end.
struct Found {
    episodes: f64,
    gap: f64,
    proven: bool,
}

/// Adds the claims on identification.
pub fn show(options: &ProofOptions<'_>, report: &mut ProofReport) -> Result<()> {
    let eps = [0.5, 0.25];
    let runs = sized(options, RUNS.div_ceil(options.seeds.len().max(1)), 1);
    let mut ratios = Vec::new();
    let mut good: [Vec<f64>; 2] = Default::default();
    let mut rows: [Vec<Found>; 2] = Default::default();
    for &seed in &options.seeds {
        let mut episodes = [0.0; 2];
        let mut kept = [0.0; 2];
        for run in 0..runs {
            for (which, &eps) in eps.iter().enumerate() {
                let found = identify(eps, Seed::root(seed).at("identify", run as u64), options)?;
                episodes[which] += found.episodes;
                kept[which] += f64::from(u8::from(found.proven && found.gap <= eps));
                rows[which].push(found);
            }
        }
        ratios.push(episodes[1] / episodes[0]);
        for (good, kept) in good.iter_mut().zip(kept) {
            good.push(kept / runs as f64);
        }
    }
    report.claims.push(between("episodes to prove 0.25 over those to prove 0.5", &ratios, 3.0, 5.0));
    for (eps, good) in eps.iter().zip(&good) {
        report.claims.push(claim(format!("share of runs whose plan is within eps = {eps}"), good, 1.0));
    }
    let mut table =
        Table::of("identification", &["eps", "runs", "mean episodes", "largest gap of the plan", "all proven"]);
    for (eps, rows) in eps.iter().zip(&rows) {
        let episodes: Vec<f64> = rows.iter().map(|found| found.episodes).collect();
        let worst = rows.iter().map(|found| found.gap).fold(f64::NEG_INFINITY, f64::max);
        table.push([
            eps.to_string(),
            rows.len().to_string(),
            format!("{:.0}", spread(&episodes).0),
            format!("{worst:.4}"),
            rows.iter().all(|found| found.proven).to_string(),
        ]);
    }
    report.tables.push(table);
    let bonus = config(options, 0.5).bonus;
    report.notes.push(format!(
        "identification uses bonus {bonus}, plans every {} episodes, and ends after {} at the latest",
        config(options, 0.5).replan,
        most(options)
    ));
    Ok(())
}

fn config(options: &ProofOptions<'_>, eps: f64) -> IdentifyConfig {
    let bonus = sized(options, 0.1, 1e-3);
    IdentifyConfig { eps, bonus, replan: 20, ..IdentifyConfig::default() }
}

fn most(options: &ProofOptions<'_>) -> u64 {
    sized(options, 5_000_000, 20_000)
}

fn identify(eps: f64, seed: Seed, options: &ProofOptions<'_>) -> Result<Found> {
    let world = CascadeWorld::random(&CascadeShape::default(), seed)?;
    let mut agent = Identify::new(Known::of(&world), config(options, eps))?;
    let mut round = 0;
    while !agent.done() && round < most(options) {
        if round % 4_096 == 0 && options.stop.requested() {
            return Err(Error::Interrupted);
        }
        let episode = world.play(agent.plan(), Visit { round });
        agent.learn(&episode);
        round += 1;
    }
    let gap = world.optimum(Oracle::BestPerm).1[0][0] - world.values(agent.plan())[0][0];
    Ok(Found { episodes: round as f64, gap, proven: agent.done() })
}
