//! BestPerm against enumeration, and what planning costs as the items grow in number.

use super::sized;
use crate::proof::{Chart, Line, ProofOptions, ProofReport, Table, between, claim, slope};
use autodidact_core::{Error, Result, Seed};
use autodidact_decide::cascade::{
    Agent, CascadeShape, CascadeWorld, Known, Optimist, OptimistConfig, Oracle, WholeLists, oracle,
};
use autodidact_decide::visit::Visit;
use autodidact_math::summary::mean;
use rand::Rng;
use std::time::Instant;

/// Adds the claims on the oracle: no instance where it differs from enumeration, and its speed.
pub fn exact(options: &ProofOptions<'_>, report: &mut ProofReport) -> Result<()> {
    let instances = sized(options, 10_000, 500);
    let (mut wrong, mut milliseconds) = (Vec::new(), Vec::new());
    for &seed in &options.seeds {
        let mut rng = Seed::root(seed).at("oracle", 0).rng();
        let mut numbers = |n: usize| (0..n).map(|_| rng.random()).collect::<Vec<f64>>();
        let mut mismatches = 0.0;
        for i in 0..instances {
            let items = 1 + i % 6;
            let (u, w, rest) = (numbers(items), numbers(items), numbers(2));
            let longest = 1 + ((rest[1] * items as f64) as usize).min(items - 1);
            let best = oracle::best_perm(&u, &w, rest[0], longest).map(|best| best.value);
            let brute = oracle::enumerate(&u, &w, rest[0], longest).map(|best| best.value);
            let same = best.zip(brute).is_some_and(|(a, b)| (a - b).abs() < 1e-12);
            mismatches += f64::from(u8::from(!same));
        }
        wrong.push(mismatches);
        let (u, w) = (numbers(200), numbers(200));
        milliseconds.push(1e3 * fastest(50, || oracle::best_perm(&u, &w, 0.1, 10)));
    }
    let name = format!("instances of {instances} where BestPerm and enumeration differ by 1e-12");
    report.claims.push(between(name, &wrong, 0.0, 0.0));
    report.claims.push(between(
        "milliseconds for 200 items and 10 places, fastest of 50",
        &milliseconds,
        f64::NEG_INFINITY,
        1.0,
    ));
    Ok(())
}

/// Adds the time of a plan by the number of items.
pub fn times(options: &ProofOptions<'_>, report: &mut ProofReport) -> Result<()> {
    let counts = sized(options, [10, 15, 20, 25], [4, 5, 6, 7]);
    let mut slopes: [Vec<f64>; 3] = Default::default();
    let mut seconds: Vec<[Vec<f64>; 3]> = counts.iter().map(|_| Default::default()).collect();
    for &seed in &options.seeds {
        for (items, seconds) in counts.iter().zip(&mut seconds) {
            if options.stop.requested() {
                return Err(Error::Interrupted);
            }
            for (all, one) in seconds.iter_mut().zip(plan_times(*items, seed)?) {
                all.push(one);
            }
        }
        for (which, slopes) in slopes.iter_mut().enumerate() {
            let last = |seconds: &[Vec<f64>; 3]| *seconds[which].last().expect("pushed above");
            let points = counts.iter().zip(&seconds).map(|(&n, all)| (f64::from(n).ln(), last(all).ln()));
            slopes.push(slope(&points.collect::<Vec<_>>()));
        }
    }
    report.claims.push(between(
        "power of the number of items by which CascadingVI's time of a plan grows",
        &slopes[0],
        f64::NEG_INFINITY,
        1.25,
    ));
    report.claims.push(claim(
        "power by which the time of a plan grows with every list as an action",
        &slopes[2],
        2.5,
    ));
    let names = ["CascadingVI", "CascadingVI, enumeration", "lists as actions"];
    let mut table = Table::of(
        "milliseconds a plan (an episode's worth of work), mean over seeds of the fastest",
        &["items", "lists", names[0], names[1], names[2]],
    );
    let mut chart = Chart::of("time of a plan", "items", "milliseconds, log10");
    let milliseconds = |values: &[f64]| 1e3 * mean(values).unwrap_or(f64::NAN);
    for (&items, all) in counts.iter().zip(&seconds) {
        let n = u64::from(items);
        let lists = n + n * (n - 1) + n * (n - 1) * (n - 2);
        let cell = |which: usize| format!("{:.4}", milliseconds(&all[which]));
        table.push([items.to_string(), lists.to_string(), cell(0), cell(1), cell(2)]);
    }
    for (which, name) in names.iter().enumerate() {
        let point =
            |(&items, all): (&u32, &[Vec<f64>; 3])| (f64::from(items), milliseconds(&all[which]).log10());
        let points = counts.iter().zip(&seconds).map(point).collect();
        chart.lines.push(Line { name: (*name).to_owned(), points });
    }
    report.tables.push(table);
    report.charts.push(chart);
    Ok(())
}

/// Seconds a plan: CascadingVI with BestPerm, the same with enumeration, the baseline.
fn plan_times(items: u32, seed: u64) -> Result<[f64; 3]> {
    let shape = CascadeShape { items, ..CascadeShape::default() };
    let world = CascadeWorld::random(&shape, Seed::root(seed).at("times", u64::from(items)))?;
    let config = OptimistConfig { bonus: 0.1, ..OptimistConfig::default() };
    let slow = OptimistConfig { oracle: Oracle::Enumerate, ..config };
    let mut quick = warmed(Optimist::new(Known::of(&world), config, 1_000)?, &world, 200);
    let mut slow = warmed(Optimist::new(Known::of(&world), slow, 1_000)?, &world, 5);
    let mut lists = warmed(WholeLists::new(Known::of(&world), config.delta, config.bonus, 1_000)?, &world, 5);
    Ok([fastest(300, || quick.replan()), fastest(5, || slow.replan()), fastest(5, || lists.replan())])
}

fn warmed<A: Agent>(mut agent: A, world: &CascadeWorld, episodes: u64) -> A {
    for round in 0..episodes {
        let episode = world.play(agent.plan(), Visit { round });
        agent.learn(&episode);
    }
    agent
}

/// Seconds of the fastest of several times.
fn fastest<T>(times: u32, mut work: impl FnMut() -> T) -> f64 {
    let mut least = f64::INFINITY;
    for _ in 0..times {
        let started = Instant::now();
        std::hint::black_box(work());
        least = least.min(started.elapsed().as_secs_f64());
    }
    least
}
