//! Who likes what: a contextual world made of a rating matrix, as EVOLvE makes one of MovieLens.
//!
//! Ratings of users for films are decomposed, `R = U S V'`, and cut to their largest singular values.
//! A user's row of U is the context, the entry of the cut matrix is the reward, without noise; an
//! unrated film counts 0, as upstream. The ratings here are made up: tastes and films are points in a
//! small space, with a bias each, rounded to 1 to 5 and seen in part.

use super::{Rewards, World};
use crate::choice::Context;
use autodidact_core::{Error, Result, Rng, Seed};
use nalgebra::DMatrix;
use rand::Rng as _;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

/// Ratings of made-up users.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LowRank {
    /// How many films.
    pub arms: u32,
    /// How many singular values are kept; never more than there are films.
    pub rank: u32,
    /// How many users there are in all.
    pub population: u32,
    /// Who comes.
    pub users: Users,
    /// The dimension of the space in which tastes and films are made.
    pub tastes: u32,
    /// The share of ratings that are seen, above 0 and at most 1.
    pub seen: f64,
    /// How many rounds.
    pub horizon: u64,
}

/// Which users come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Users {
    /// The first 200, as in the benchmark; they come back.
    #[default]
    Train,
    /// All others.
    Eval,
}

/// How many users are for training.
const TRAIN: u32 = 200;

impl Default for LowRank {
    fn default() -> LowRank {
        LowRank {
            arms: 10,
            rank: 20,
            population: 1000,
            users: Users::Train,
            tastes: 5,
            seen: 0.5,
            horizon: 200,
        }
    }
}

impl LowRank {
    pub(super) fn check(&self, field: &str) -> Result<()> {
        super::config::sizes(field, self.arms, self.horizon)?;
        let counts = [("rank", self.rank, 1, 100), ("tastes", self.tastes, 1, 100)];
        for (name, found, low, high) in counts {
            if !(low..=high).contains(&found) {
                let rule = format!("between {low} and {high}");
                return Err(Error::invalid(format!("{field}.{name}"), rule, found));
            }
        }
        let least = (TRAIN + 1).max(self.arms);
        if !(least..=100_000).contains(&self.population) {
            let rule = format!("between {least} and 100000");
            return Err(Error::invalid(format!("{field}.population"), rule, self.population));
        }
        if self.seen > 0.0 && self.seen <= 1.0 {
            return Ok(());
        }
        Err(Error::invalid(format!("{field}.seen"), "above 0 and at most 1", self.seen))
    }

    pub(super) fn name(&self) -> String {
        let users = if self.users == Users::Train { "train" } else { "eval" };
        format!("low-rank-{}-{}-{users}", self.arms, self.kept())
    }

    pub(super) fn open(&self, seed: Seed) -> World {
        let ratings = self.ratings(&mut seed.at("ratings", 0).rng());
        World::of(self.name(), Factors::of(&ratings, self), seed)
    }

    fn kept(&self) -> usize {
        self.rank.min(self.arms) as usize
    }

    /// (users, films), 1 to 5 or 0 where unseen.
    fn ratings(&self, rng: &mut Rng) -> DMatrix<f64> {
        let (users, films, tastes) = (self.population as usize, self.arms as usize, self.tastes as usize);
        let taste = normals(users, tastes, rng);
        let film = normals(films, tastes, rng) / (tastes as f64).sqrt();
        let (leniency, appeal) = (normals(users, 1, rng) * 0.4, normals(films, 1, rng) * 0.4);
        DMatrix::from_fn(users, films, |user, film_idx| {
            let fit = (taste.row(user) * film.row(film_idx).transpose())[(0, 0)];
            let noise = 0.4 * Distribution::<f64>::sample(&StandardNormal, rng);
            let liking = 3.5 + leniency[(user, 0)] + appeal[(film_idx, 0)] + 0.7 * fit + noise;
            if rng.random::<f64>() < self.seen { liking.round().clamp(1.0, 5.0) } else { 0.0 }
        })
    }
}

fn normals(rows: usize, columns: usize, rng: &mut Rng) -> DMatrix<f64> {
    DMatrix::from_fn(rows, columns, |_, _| Distribution::<f64>::sample(&StandardNormal, rng))
}

/// A rating matrix cut to its largest singular values.
#[derive(Debug)]
pub(super) struct Factors {
    /// One row a user that may come.
    users: Vec<Vec<f64>>,
    /// `S V'` by film: what a user's row is multiplied with.
    films: Vec<Vec<f64>>,
    horizon: u64,
}

impl Factors {
    fn of(ratings: &DMatrix<f64>, config: &LowRank) -> Factors {
        let svd = ratings.clone().svd(true, true);
        let u = svd.u.expect("the left vectors were asked for");
        let v = svd.v_t.expect("the right vectors were asked for");
        let kept = config.kept();
        // A pair of singular vectors may be turned around together: the largest entry of a film's
        // vector is made positive, so that contexts do not depend on how they were computed.
        let sign: Vec<f64> = (0..kept)
            .map(|k| {
                let most =
                    v.row(k).iter().copied().fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a });
                if most < 0.0 { -1.0 } else { 1.0 }
            })
            .collect();
        let range = match config.users {
            Users::Train => 0..TRAIN as usize,
            Users::Eval => TRAIN as usize..config.population as usize,
        };
        let users = range.map(|user| (0..kept).map(|k| sign[k] * u[(user, k)]).collect()).collect();
        let film = |film: usize| (0..kept).map(|k| sign[k] * svd.singular_values[k] * v[(k, film)]).collect();
        let films = (0..config.arms as usize).map(film).collect();
        Factors { users, films, horizon: config.horizon }
    }
}

impl Rewards for Factors {
    fn arms(&self) -> usize {
        self.films.len()
    }

    fn horizon(&self) -> u64 {
        self.horizon
    }

    fn features(&self) -> usize {
        self.users[0].len()
    }

    fn context(&self, _round: u64, seed: Seed) -> Vec<f64> {
        self.users[seed.rng().random_range(0..self.users.len())].clone()
    }

    fn mean(&self, context: &Context, arm: usize) -> Option<f64> {
        Some(context.features.iter().zip(&self.films[arm]).map(|(user, film)| user * film).sum())
    }

    fn reward(&self, context: &Context, arm: usize, _rng: &mut Rng) -> Option<f64> {
        self.mean(context, arm)
    }
}
