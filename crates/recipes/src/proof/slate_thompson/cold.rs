//! What groups are worth for items that few have seen.
//!
//! A fifth of each group is cold: each of these items was shown a given number of times, among others that
//! were shown about sixty times. Held-out lists are of cold items alone.

use super::{Size, any_of, clicked};
use crate::proof::{Chart, ProofReport, Table, between, claim};
use autodidact_core::{Explore, Group, Learn, Result, Seed};
use autodidact_decide::slate::{
    Online, OnlineConfig, OnlineState, Prior, Shared, Slate, Visit, World, WorldConfig, feedback,
};
use autodidact_math::summary::mean;
use rand::Rng as _;

/// Impressions of a warm item.
const WARM: usize = 60;

/// Items in a list.
const LENGTH: usize = 6;

/// `[prior][impressions]`: held-out log-likelihoods, one a seed.
#[derive(Default)]
pub(super) struct Cold([Vec<Vec<f64>>; 2]);

impl Cold {
    pub fn run(&mut self, size: &Size, seed: u64) -> Result<()> {
        let seed = Seed::root(seed).at("cold", 0);
        let config = WorldConfig::default();
        let world = World::open(&config, seed.at("world", 0))?;
        // Item i is of group i % groups, so the last fifth holds a fifth of each group.
        let cold: Vec<u32> = (config.items * 4 / 5..config.items).collect();
        let warm: Vec<u32> = (0..config.items * 4 / 5).collect();
        let mut rng = seed.at("lists", 0).rng();
        let most = size.impressions.iter().max().copied().unwrap_or(0);
        let mut lists: Vec<Vec<u32>> =
            (0..warm.len() * WARM / LENGTH).map(|_| any_of(&warm, LENGTH, &mut rng)).collect();
        let n_warm = lists.len();
        for _ in 0..most {
            for &item in &cold {
                let mut list = any_of(&warm, LENGTH - 1, &mut rng);
                list.insert(rng.random_range(0..LENGTH), item);
                lists.push(list);
            }
        }
        let n_train = lists.len();
        lists.extend((0..size.held_out).map(|_| any_of(&cold, LENGTH, &mut rng)));
        let asks = world.visitors().ask(lists.len(), &mut rng)?;
        let visits: Vec<(Visit, Vec<u32>)> = asks
            .into_iter()
            .zip(lists)
            .map(|(ask, list)| {
                // Any user, so that what was shown does not depend on who was there.
                let user = rng.random_range(0..config.users);
                let visit = Visit { user, ..ask.query };
                let taste = world.taste(&visit)?;
                Ok((Visit { taste, ..visit }, list))
            })
            .collect::<Result<_>>()?;
        let groups = clicked(&world, visits)?;
        let (train, held_out) = groups.split_at(n_train);
        for (prior, values) in [Prior::Hierarchical, Prior::Flat].into_iter().zip(&mut self.0) {
            values.resize(size.impressions.len(), Vec::new());
            for (&impressions, values) in size.impressions.iter().zip(values) {
                let lessons = &train[..n_warm + impressions * cold.len()];
                values.push(fitted(prior, &world, lessons, held_out)?);
            }
        }
        Ok(())
    }

    pub fn report(&self, size: &Size, report: &mut ProofReport) {
        let [hierarchical, flat] = &self.0;
        let gaps: Vec<Vec<f64>> = hierarchical
            .iter()
            .zip(flat)
            .map(|(a, b)| a.iter().zip(b).map(|(a, b)| a - b).collect())
            .collect();
        let few: Vec<&Vec<f64>> =
            size.impressions.iter().zip(&gaps).filter(|(n, _)| **n < 5).map(|(_, gap)| gap).collect();
        let seeds = few.first().map_or(0, |gap| gap.len());
        let of_few: Vec<f64> =
            (0..seeds).map(|seed| few.iter().map(|gap| gap[seed]).sum::<f64>() / few.len() as f64).collect();
        let name = "held-out log-likelihood of items seen less than 5 times, hierarchical less flat (nats)";
        report.claims.push(claim(name, &of_few, 0.01));
        if let Some(last) = gaps.last() {
            let name = format!("the same at {} impressions", size.impressions[gaps.len() - 1]);
            report.claims.push(between(name, last, -0.01, 0.01));
        }
        let columns = ["impressions", "hierarchical", "flat", "gap"];
        let mut table =
            Table::of("log-likelihood of lists of cold items, nats a list, mean over seeds", &columns);
        let mut points = Vec::new();
        for (n, ((a, b), gap)) in size.impressions.iter().zip(hierarchical.iter().zip(flat).zip(&gaps)) {
            let cell = |values: &[f64]| format!("{:.4}", mean(values).unwrap_or(f64::NAN));
            table.push([n.to_string(), cell(a), cell(b), cell(gap)]);
            points.push((*n as f64, mean(gap).unwrap_or(f64::NAN)));
        }
        report.tables.push(table);
        let mut chart = Chart::of(
            "what groups are worth",
            "impressions of a cold item",
            "nats a list, hierarchical less flat",
        );
        chart.lines.push(crate::proof::Line { name: "gap".to_owned(), points });
        report.charts.push(chart);
    }
}

/// Learns from `lessons` and gives the mean log-likelihood of the clicks of `held_out`.
fn fitted(prior: Prior, world: &World, lessons: &[Group<Slate>], held_out: &[Group<Slate>]) -> Result<f64> {
    let config = OnlineConfig { prior, ..OnlineConfig::default() };
    let shared = Shared::of(OnlineState::new(config, &world.groups())?);
    let mut learner = Online::of(&shared);
    for lesson in lessons.chunks(20) {
        learner.learn(lesson, Seed::root(0))?;
    }
    shared.read(|state| {
        let mut sum = 0.0;
        for group in held_out {
            let one = &group.tries[0];
            let odds = state.probabilities(&group.ask.query, &one.answer.items)?;
            let place = feedback(one).flatten().map_or(0, |place| place + 1);
            sum += odds[place].ln();
        }
        Ok(sum / held_out.len() as f64)
    })
}
