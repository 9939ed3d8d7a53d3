//! Which user model follows a taste that changes with what is clicked.
//!
//! Where a click turns the taste (after one thing, another), a share that is kept cannot say where it goes.
//! Where it follows what is clicked, the linear user model is the truth and nothing can beat it.

use super::{Size, fit_config, log_of};
use crate::proof::{ProofReport, Table, claim};
use autodidact_core::{Result, Seed};
use autodidact_decide::slate::fit::{FitConfig, Fitted, History, Posterior, UserModel, fit};
use autodidact_decide::slate::{Drift, Score, World, WorldConfig};
use autodidact_math::summary::mean;

const WORLDS: [(&str, Drift); 2] = [
    ("turns", Drift::Turn { keep: 0.5, angle: std::f64::consts::FRAC_PI_2 }),
    ("follows", Drift::Follow { keep: 0.5 }),
];

const USERS: [(&str, UserModel); 3] =
    [("GRU", UserModel::Gru), ("linear", UserModel::Linear), ("markov", UserModel::Markov)];

/// `[world][user model]`: test log-likelihoods, one a seed.
#[derive(Default)]
pub(super) struct Drifts([[Vec<f64>; USERS.len()]; WORLDS.len()]);

impl Drifts {
    pub fn run(&mut self, size: &Size, seed: u64) -> Result<()> {
        let seed = Seed::root(seed).at("drift", 0);
        for ((name, drift), of_world) in WORLDS.into_iter().zip(&mut self.0) {
            let world = WorldConfig {
                users: size.users,
                taste_spread: 1.0,
                no_click: -2.0,
                score: Score::Distance,
                drift,
                ..WorldConfig::default()
            };
            let open = World::open(&world, seed.at("world", 0))?;
            let items: Vec<u32> = (0..world.items).collect();
            let groups = log_of(&open, (world.users, world.session, 6), &items, seed.at(name, 0))?;
            let mut history = History::default();
            history.extend(&groups);
            for ((_, user), values) in USERS.into_iter().zip(of_world) {
                let config = FitConfig { user, ..fit_config(size) };
                let prior = Posterior::new(&config, &open.groups(), 6, seed.at("guide", 0))?;
                let Fitted { test, .. } = fit(&prior, &history, seed.at("split", 0), seed.at("fit", 0))?;
                values.push(test.unwrap_or(f64::NAN));
            }
        }
        Ok(())
    }

    pub fn report(&self, report: &mut ProofReport) {
        let [gru, linear, _] = &self.0[0];
        let gain: Vec<f64> = gru.iter().zip(linear).map(|(a, b)| a - b).collect();
        let name = "test log-likelihood where a click turns the taste, GRU less linear (nats a list)";
        report.claims.push(claim(name, &gain, 0.0));
        let columns = ["the taste", "GRU", "linear", "markov"];
        let mut table = Table::of("test log-likelihood, nats a list, mean over seeds", &columns);
        for ((name, _), values) in WORLDS.into_iter().zip(&self.0) {
            let cells = values.iter().map(|values| format!("{:.4}", mean(values).unwrap_or(f64::NAN)));
            table.push([name.to_owned()].into_iter().chain(cells));
        }
        report.tables.push(table);
    }
}
