//! Regret: CascadingVI, its variants, lists as actions, items without states.

use super::sized;
use crate::cascading_rl::{Baseline, CascadingRl, Method};
use crate::proof::{Chart, Line, ProofOptions, ProofReport, Table, arm, between, claim, spread};
use autodidact_core::{Error, Recipe, Result, Seed};
use autodidact_decide::cascade::{
    Agent, CascadeShape, CascadeWorld, ItemBonus, Known, Optimist, OptimistConfig, Oracle,
};
use autodidact_decide::visit::Visit;
use autodidact_math::summary::mean;
use std::time::Instant;

/// In how many rounds the episodes are noted.
const ROUNDS: u32 = 50;

/// One arm over the seeds.
#[derive(Default)]
struct Arm {
    name: &'static str,
    episodes: u32,
    /// Regret of each round, one list a seed.
    regrets: Vec<Vec<f64>>,
    seconds: Vec<f64>,
}

impl Arm {
    fn of(name: &'static str, method: Method, episodes: u32, options: &ProofOptions<'_>) -> Result<Arm> {
        let recipe = CascadingRl {
            rounds: ROUNDS,
            episodes: (episodes / ROUNDS).max(1),
            world: CascadeShape::default(),
            method,
        };
        let mut found = Arm { name, episodes, ..Arm::default() };
        for &seed in &options.seeds {
            let started = Instant::now();
            let ((), track) = arm(name, seed, options, CascadingRl::CARD, |run| recipe.run(run))?;
            found.seconds.push(started.elapsed().as_secs_f64());
            found.regrets.push(track.values("regret"));
        }
        Ok(found)
    }

    fn totals(&self) -> Vec<f64> {
        self.regrets.iter().map(|rounds| rounds.iter().sum()).collect()
    }

    /// Regret of the two halves, one pair a seed.
    fn halves(&self) -> Vec<(f64, f64)> {
        let halves = |rounds: &Vec<f64>| {
            let (first, second) = rounds.split_at(rounds.len() / 2);
            (first.iter().sum(), second.iter().sum())
        };
        self.regrets.iter().map(halves).collect()
    }

    fn bend(&self) -> Vec<f64> {
        self.halves().iter().map(|(first, second)| second / first).collect()
    }

    fn row(&self) -> [String; 6] {
        let halves = self.halves();
        let mean_of = |values: Vec<f64>| spread(&values).0;
        let first = mean_of(halves.iter().map(|half| half.0).collect());
        let second = mean_of(halves.iter().map(|half| half.1).collect());
        [
            self.name.to_owned(),
            self.episodes.to_string(),
            format!("{:.0}", mean_of(self.totals())),
            format!("{first:.0}"),
            format!("{second:.0}"),
            format!("{:.1}", mean_of(self.seconds.clone())),
        ]
    }

    fn line(&self) -> Line {
        let a_round = f64::from((self.episodes / ROUNDS).max(1));
        let n = self.regrets.iter().map(Vec::len).min().unwrap_or(0);
        let mut total = 0.0;
        let points = (0..n).map(|round| {
            let now: Vec<f64> = self.regrets.iter().map(|rounds| rounds[round]).collect();
            total += mean(&now).unwrap_or(0.0);
            ((round + 1) as f64 * a_round, total)
        });
        Line { name: self.name.to_owned(), points: points.collect() }
    }
}

fn ratios(some: &Arm, other: &Arm) -> Vec<f64> {
    some.totals().iter().zip(other.totals()).map(|(some, other)| some / other).collect()
}

/// Adds the claims on regret, a table and a chart.
pub fn show(options: &ProofOptions<'_>, report: &mut ProofReport) -> Result<()> {
    let (short, long) = (sized(options, 5_000, 100), sized(options, 40_000, 200));
    let theory = OptimistConfig::default();
    let tenth = OptimistConfig { bonus: 0.1, ..theory };
    let baseline = Baseline { bonus: 0.1, ..Baseline::default() };
    let vi = |config| Method::CascadingVi(config);
    let looser = OptimistConfig { item_bonus: ItemBonus::Hoeffding, ..tenth };
    let brute = OptimistConfig { oracle: Oracle::Enumerate, ..tenth };

    let ours = Arm::of("CascadingVI, bonus 0.1", vi(tenth), short, options)?;
    let loose = Arm::of("CascadingVI, looser item bonus, 0.1", vi(looser), short, options)?;
    let brute = Arm::of("CascadingVI, enumeration, 0.1", vi(brute), short, options)?;
    let lists = Arm::of("lists as actions, bonus 0.1", Method::Lists(baseline), short, options)?;
    let items = Arm::of("items without states, bonus 0.1", Method::Items(baseline), short, options)?;
    let longer = Arm::of("CascadingVI, bonus 0.1", vi(tenth), long, options)?;
    let longest = Arm::of("CascadingVI, bonus 1", vi(theory), long, options)?;

    let at_most = f64::NEG_INFINITY;
    report.claims.push(between(
        format!("regret of CascadingVI over that of lists as actions, {short} episodes, bonus 0.1"),
        &ratios(&ours, &lists),
        at_most,
        0.5,
    ));
    report.claims.push(between(
        format!("regret of its second half over that of its first, {short} episodes, bonus 0.1"),
        &ours.bend(),
        at_most,
        0.35,
    ));
    report.claims.push(between(
        format!("regret of CascadingVI over that of items without states, {short} episodes, bonus 0.1"),
        &ratios(&ours, &items),
        at_most,
        1.0,
    ));
    report.claims.push(between(
        format!("second half over first, {long} episodes, bonus 0.1"),
        &longer.bend(),
        at_most,
        0.35,
    ));
    report.claims.push(between(
        format!("second half over first, {long} episodes, the theory's bonus"),
        &longest.bend(),
        at_most,
        1.0,
    ));
    report.claims.push(claim(
        format!("regret with the theory's bonus over that with a tenth, {long} episodes"),
        &ratios(&longest, &longer),
        1.0,
    ));
    let broken: Result<Vec<f64>> = options.seeds.iter().map(|&seed| violations(seed, options)).collect();
    report.claims.push(between(
        "share of states and steps where lower <= value <= best <= upper fails, the theory's bonus",
        &broken?,
        0.0,
        0.0,
    ));

    let mut table = Table::of(
        "regret, mean over seeds",
        &["arm", "episodes", "regret", "first half", "second half", "seconds"],
    );
    let mut chart = Chart::of("total regret by episode", "episode", "regret");
    for arm in [&ours, &loose, &brute, &lists, &items, &longer, &longest] {
        table.push(arm.row());
    }
    chart.lines.extend([&ours, &loose, &lists, &items].map(Arm::line));
    report.tables.push(table);
    report.charts.push(chart);
    Ok(())
}

/// How often the bounds of a plan fail, as a share of the states and steps of every 50th episode.
fn violations(seed: u64, options: &ProofOptions<'_>) -> Result<f64> {
    let episodes = sized(options, 5_000, 100);
    let world = CascadeWorld::random(&CascadeShape::default(), Seed::root(seed).at("bounds", 0))?;
    let (_, best) = world.optimum(Oracle::BestPerm);
    let mut agent = Optimist::new(Known::of(&world), OptimistConfig::default(), episodes)?;
    let (mut broken, mut seen) = (0.0, 0.0);
    for round in 0..episodes {
        if round % 50 == 0 {
            if options.stop.requested() {
                return Err(Error::Interrupted);
            }
            let values = world.values(agent.plan());
            let found = agent.outlook();
            for (h, row) in values.iter().enumerate() {
                for (s, &value) in row.iter().enumerate() {
                    let order = [found.lower[h][s], value, best[h][s] + 1e-12, found.upper[h][s] + 2e-12];
                    broken += f64::from(u8::from(!order.is_sorted()));
                    seen += 1.0;
                }
            }
        }
        let episode = world.play(agent.plan(), Visit { round });
        agent.learn(&episode);
    }
    Ok(broken / seen)
}
