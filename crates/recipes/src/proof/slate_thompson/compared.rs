//! What a click should be compared with, when the log shows a fifth of the items.
//!
//! The same log is fitted with the slate likelihood and with the all-item one. Of the items that were
//! never shown, those that are better for a user than the mean of the shown ones are the good ones; how
//! large a share of the shown items does the fit rank above such an item?

use super::{Size, fit_config, log_of};
use crate::proof::{ProofReport, Table, between, claim};
use autodidact_core::{Result, Seed};
use autodidact_decide::slate::fit::{FitConfig, History, Likelihood, Posterior, Step, UserModel, fit};
use autodidact_decide::slate::{Beliefs, Draw, Drift, Score, Visit, World, WorldConfig};
use autodidact_math::summary::mean;

/// What the two fits, and the truth, make of good items that were never shown; one a seed.
#[derive(Default)]
pub(super) struct Compared([Vec<f64>; 3]);

impl Compared {
    pub fn run(&mut self, size: &Size, seed: u64) -> Result<()> {
        let seed = Seed::root(seed).at("compared", 0);
        let world = WorldConfig {
            users: size.users,
            taste_spread: 1.0,
            no_click: -2.0,
            score: Score::Distance,
            drift: Drift::Follow { keep: 0.8 },
            ..WorldConfig::default()
        };
        let open = World::open(&world, seed.at("world", 0))?;
        let shown: Vec<u32> = (0..world.items / 5).collect();
        let groups = log_of(&open, (world.users, world.session, 6), &shown, seed.at("log", 0))?;
        let mut history = History::default();
        history.extend(&groups);
        let likelihoods = [Likelihood::Slate, Likelihood::AllItems { entries: 6 }];
        for (likelihood, values) in likelihoods.into_iter().zip(&mut self.0) {
            let config = FitConfig { user: UserModel::Linear, likelihood, ..fit_config(size) };
            let prior = Posterior::new(&config, &open.groups(), 6, seed.at("guide", 0))?;
            let fitted = fit(&prior, &history, seed.at("split", 0), seed.at("fit", 0))?;
            values.push(above(&open, &history, &shown, |visit| fitted.posterior.scores(visit, Draw::Mean))?);
        }
        self.0[2].push(above(&open, &history, &shown, |visit| open.utilities(visit))?);
        Ok(())
    }

    pub fn report(&self, report: &mut ProofReport) {
        let [slate, all, truth] = &self.0;
        let name = |what: &str| format!("share of shown items ranked above a better one never shown, {what}");
        report.claims.push(between(name("slate likelihood"), slate, 0.0, 0.5));
        report.claims.push(claim(name("all-item likelihood"), all, 0.5));
        let columns = ["ranked by", "shown items above a good one never shown"];
        let mut table = Table::of("a log that shows a fifth of the items, mean over seeds", &columns);
        for (name, values) in
            [("slate likelihood", slate), ("all-item likelihood", all), ("the truth", truth)]
        {
            table.push([name.to_owned(), format!("{:.3}", mean(values).unwrap_or(f64::NAN))]);
        }
        report.tables.push(table);
    }
}

/// The share of shown items that `scores` ranks above a good item never shown, mean over such items and
/// over the users at the ends of their sessions.
fn above(
    world: &World,
    history: &History,
    shown: &[u32],
    scores: impl Fn(&Visit) -> Result<Vec<f64>>,
) -> Result<f64> {
    let mut shares = Vec::new();
    for sequence in &history.sequences {
        let clicked = sequence.steps.iter().filter_map(Step::clicked).collect();
        let visit = Visit { user: sequence.user, clicked, ..Visit::default() };
        let (truth, found) = (world.utilities(&visit)?, scores(&visit)?);
        let level = shown.iter().map(|&item| truth[item as usize]).sum::<f64>() / shown.len() as f64;
        for item in (0..truth.len()).filter(|item| !shown.contains(&(*item as u32)) && truth[*item] > level) {
            let higher = shown.iter().filter(|&&other| found[other as usize] > found[item]).count();
            shares.push(higher as f64 / shown.len() as f64);
        }
    }
    Ok(mean(&shares).unwrap_or(f64::NAN))
}
