//! A fitted posterior: draws scores, and says how likely clicks are.

use super::elbo::start_clicks;
use super::guide::{Guide, Moments};
use super::history::{History, Part, Step, parts};
use super::layout::Layout;
use super::sequence::Model;
use super::start::Start;
use super::{FitConfig, UserModel};
use crate::slate::{Beliefs, Draw, Visit};
use autodidact_core::{Error, Result, Seed};
use autodidact_math::select::ranking;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

/// A posterior over items, users' dynamics and the utility of no click.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub struct Posterior {
    saved: Saved,
    // Made from the above:
    pub(super) layout: Layout,
    pub(super) moments: Moments,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Saved {
    config: FitConfig,
    groups: Vec<u32>,
    longest: usize,
    user: UserModel,
    guide: Guide,
}

impl TryFrom<Saved> for Posterior {
    type Error = Error;

    fn try_from(saved: Saved) -> Result<Posterior> {
        saved.config.check()?;
        let layout = Layout::of(&saved.config, &saved.groups, saved.longest);
        let expect = 2 * layout.len() + 1;
        if saved.guide.raw.len() != expect {
            return Err(Error::invalid("guide.raw", format!("{expect} numbers"), saved.guide.raw.len()));
        }
        let moments = saved.guide.moments(&saved.config, &layout);
        Ok(Posterior { saved, layout, moments })
    }
}

impl From<Posterior> for Saved {
    fn from(posterior: Posterior) -> Saved {
        posterior.saved
    }
}

impl Posterior {
    /// Before anything was learned, over items of these groups, numbered from 0, and lists of at most
    /// `longest` items. Fails on settings that make none, and without items.
    pub fn new(config: &FitConfig, groups: &[u32], longest: usize, seed: Seed) -> Result<Posterior> {
        config.check()?;
        if groups.is_empty() {
            return Err(Error::invalid("items", "at least 1", 0));
        }
        let guide = Guide::new(config, &Layout::of(config, groups, longest), seed)?;
        let (config, groups, user) = (config.clone(), groups.to_vec(), config.user);
        Saved { config, groups, longest, user, guide }.try_into()
    }

    /// The same with another guide and user model.
    pub(super) fn with(&self, guide: Guide, user: UserModel) -> Posterior {
        let saved = Saved { guide, user, ..self.saved.clone() };
        let moments = saved.guide.moments(&saved.config, &self.layout);
        Posterior { saved, layout: self.layout.clone(), moments }
    }

    pub(super) fn guide(&self) -> &Guide {
        &self.saved.guide
    }

    /// The settings it was made with.
    pub fn config(&self) -> &FitConfig {
        &self.saved.config
    }

    /// The user model; under a two-phase fit the first phase's is [`UserModel::Linear`].
    pub fn user(&self) -> UserModel {
        self.saved.user
    }

    /// The posterior mean of an item.
    pub fn mean(&self, item: u32) -> &[f64] {
        &self.moments.mean[self.layout.item(item)]
    }

    /// The utility of clicking nothing in a list of that length.
    pub fn no_click(&self, length: usize) -> Option<f64> {
        let place = self.layout.no_click.start + length;
        self.layout.no_click.contains(&place).then(|| self.moments.mean[place])
    }

    /// Fails on a log with items or lists that this posterior does not know.
    pub fn check(&self, history: &History) -> Result<()> {
        history.check(self.saved.groups.len())?;
        let (found, longest) = (history.longest(), self.saved.longest);
        if found > longest {
            return Err(Error::invalid("slate", format!("at most {longest} items long"), found));
        }
        Ok(())
    }

    /// The mean log-likelihood a list of the clicks in `history` at the posterior means, in nats, with
    /// the lists from step `from` on counted and the ones before given. `None` when there are none, or
    /// items or lists are unknown.
    pub fn log_likelihood(&self, history: &History, from: usize) -> Option<f64> {
        let parts: Vec<Vec<Part>> = history
            .sequences
            .iter()
            .map(|one| {
                (0..one.steps.len()).map(|t| if t < from { Part::Train } else { Part::Test }).collect()
            })
            .collect();
        self.check(history).ok()?;
        self.mean_of(history, &parts, Part::Test)
    }

    /// The mean log-likelihood of the steps of that part.
    pub(super) fn mean_of(&self, history: &History, parts: &[Vec<Part>], part: Part) -> Option<f64> {
        let (mut sum, mut n) = (0.0, 0.0);
        for (sequence, parts) in
            history.sequences.iter().zip(parts).filter(|(_, parts)| parts.contains(&part))
        {
            let weights: Vec<f64> = parts.iter().map(|one| f64::from(u8::from(*one == part))).collect();
            let start = self.start(&start_clicks(&self.layout, &self.moments, &sequence.steps, parts));
            let steps = (sequence.steps.as_slice(), sequence.steps.as_slice());
            sum += self.model().log_likelihood(&self.moments.mean, &start.mean, steps, &weights, None);
            n += weights.iter().sum::<f64>();
        }
        (n > 0.0).then(|| sum / n)
    }

    /// The mean number of a held-out user's later clicks among the `size` items that are best for them
    /// after their given steps. It counts hits, so it can exceed 1. `None` when no user is held out.
    pub fn hit_rate(&self, history: &History, size: usize, seed: Seed) -> Option<f64> {
        let from = self.saved.config.first_held_out as usize;
        let parts = parts(&self.saved.config, history, seed);
        let (mut hits, mut n) = (0.0, 0.0);
        for (sequence, parts) in history.sequences.iter().zip(&parts).filter(|(_, p)| p.contains(&Part::Test))
        {
            let (given, later) = sequence.steps.split_at(from.min(sequence.steps.len()));
            let clicked = given.iter().filter_map(Step::clicked).collect();
            debug_assert_eq!(parts.len(), sequence.steps.len());
            let visit = Visit { user: sequence.user, clicked, ..Visit::default() };
            let scores = self.scores(&visit, Draw::Mean).ok()?;
            let best: Vec<usize> = ranking(&scores).into_iter().take(size).collect();
            hits += later
                .iter()
                .filter_map(Step::clicked)
                .filter(|item| best.contains(&(*item as usize)))
                .count() as f64;
            n += 1.0;
        }
        (n > 0.0).then(|| hits / n)
    }

    fn model(&self) -> Model<'_> {
        Model { layout: &self.layout, user: self.saved.user, score: self.saved.config.score }
    }

    fn start(&self, clicked: &[&[f64]]) -> Start {
        Start::of(&self.saved.config, clicked, self.moments.factor)
    }
}

impl Beliefs for Posterior {
    fn items(&self) -> usize {
        self.saved.groups.len()
    }

    fn scores(&self, visit: &Visit, draw: Draw<'_>) -> Result<Vec<f64>> {
        let n = self.items();
        if let Some(item) = visit.clicked.iter().find(|item| **item as usize >= n) {
            return Err(Error::invalid("clicked", format!("items below {n}"), item));
        }
        let means: Vec<&[f64]> = visit.clicked.iter().map(|&item| self.mean(item)).collect();
        let start = self.start(&means);
        let (mut at, mut first) = (self.moments.mean.clone(), start.mean.clone());
        if let Draw::Posterior(rng) = draw {
            let mut noise = || -> f64 { StandardNormal.sample(&mut *rng) };
            for i in self.layout.active(self.saved.user).into_iter().flatten() {
                at[i] += self.moments.sd[i] * noise();
            }
            first.iter_mut().zip(&start.sd).for_each(|(x, sd)| *x += sd * noise());
        }
        let clicked: Vec<Option<u32>> = visit.clicked.iter().copied().map(Some).collect();
        let tastes = self.model().tastes(&at, &first, &clicked);
        let now = &tastes.rows[clicked.len() * self.layout.dims..];
        Ok((0..n as u32).map(|item| self.saved.config.score.of(now, &at[self.layout.item(item)])).collect())
    }

    fn sd(&self, item: u32) -> f64 {
        let of_item = &self.moments.sd[self.layout.item(item)];
        (of_item.iter().map(|sd| sd * sd).sum::<f64>() / of_item.len() as f64).sqrt()
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(&self.saved).map_err(|source| Error::Recorded { what: "posterior", source })
    }
}
