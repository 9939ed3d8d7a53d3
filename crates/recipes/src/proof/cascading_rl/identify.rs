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
    let mut table = Table::of(
        "identification",
        &["error bound", "eps", "runs", "mean episodes", "largest gap of the plan", "all proven"],
    );
    let whole = config(options);
    let ratios = experiment("whole", whole, options, report, &mut table)?;
    report.claims.push(between("episodes to prove 0.25 over those to prove 0.5", &ratios, 3.0, 5.0));
    // Which of its two terms the bound consists of decides between a ratio of 4 and one of 2.
    let root = IdentifyConfig { fast: 0.0, ..whole };
    let ratios = experiment("root term alone", root, options, report, &mut table)?;
    report.claims.push(between("the same with the root term alone (c2 = 0)", &ratios, 3.0, 5.0));
    report.tables.push(table);
    report.notes.push(format!(
        "identification uses bonus {}, plans every {} episodes, and ends after {} at the latest",
        whole.bonus,
        whole.replan,
        most(options)
    ));
    Ok(())
}

/// Runs with both eps; returns the ratio of episodes, one a seed, and claims that every plan is good.
fn experiment(
    name: &str,
    config: IdentifyConfig,
    options: &ProofOptions<'_>,
    report: &mut ProofReport,
    table: &mut Table,
) -> Result<Vec<f64>> {
    let runs = sized(options, RUNS.div_ceil(options.seeds.len().max(1)), 1);
    let mut ratios = vec![1.0; options.seeds.len()];
    for (which, eps) in [0.5, 0.25].into_iter().enumerate() {
        let (mut good, mut rows) = (Vec::new(), Vec::new());
        for (ratio, &seed) in ratios.iter_mut().zip(&options.seeds) {
            let (mut episodes, mut kept) = (0.0, 0.0);
            for run in 0..runs {
                let seed = Seed::root(seed).at("identify", run as u64);
                let found = identify(IdentifyConfig { eps, ..config }, seed, options)?;
                episodes += found.episodes;
                kept += f64::from(u8::from(found.proven && found.gap <= eps));
                rows.push(found);
            }
            good.push(kept / runs as f64);
            *ratio = if which == 0 { episodes } else { episodes / *ratio };
        }
        let episodes: Vec<f64> = rows.iter().map(|found| found.episodes).collect();
        let worst = rows.iter().map(|found| found.gap).fold(f64::NEG_INFINITY, f64::max);
        let proven = rows.iter().all(|found| found.proven);
        let claimed = format!("share of {} runs whose plan is within eps = {eps}, {name}", rows.len());
        report.claims.push(claim(claimed, &good, 1.0));
        table.push([
            name.to_owned(),
            eps.to_string(),
            rows.len().to_string(),
            format!("{:.0}", spread(&episodes).0),
            format!("{worst:.4}"),
            if proven { "yes".to_owned() } else { "no".to_owned() },
        ]);
    }
    Ok(ratios)
}

fn config(options: &ProofOptions<'_>) -> IdentifyConfig {
    let bonus = sized(options, 0.1, 1e-3);
    IdentifyConfig { bonus, replan: 50, ..IdentifyConfig::default() }
}

fn most(options: &ProofOptions<'_>) -> u64 {
    sized(options, 5_000_000, 20_000)
}

fn identify(config: IdentifyConfig, seed: Seed, options: &ProofOptions<'_>) -> Result<Found> {
    let world = CascadeWorld::random(&CascadeShape::default(), seed)?;
    let mut agent = Identify::new(Known::of(&world), config)?;
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
