//! What teachers with a Gaussian mixture share: when it is fitted, and how a task is drawn from it.

use super::Space;
use autodidact_core::{Error, Result, Rng, Seed};
use autodidact_math::gmm::{Criterion, Fitting, Gaussian, Mixture, best};
use rand::Rng as _;
use serde::{Deserialize, Serialize};

/// How a mixture is fitted and used.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mixing {
    /// Episodes between fits (N); each fit sees the last N, and the first N tasks are uniform.
    pub every: u32,
    /// The share of uniform tasks (p_rnd).
    pub uniform: f64,
    /// The fewest Gaussians.
    pub fewest: u32,
    /// The most Gaussians.
    pub most: u32,
    /// How the number of Gaussians is chosen.
    pub criterion: Criterion,
    /// When a fit ends.
    pub fitting: Fitting,
}

impl Default for Mixing {
    fn default() -> Mixing {
        Mixing {
            every: 250,
            uniform: 0.2,
            fewest: 2,
            most: 10,
            criterion: Criterion::Aic,
            fitting: Fitting::default(),
        }
    }
}

impl Mixing {
    /// Fails on settings that cannot work.
    pub fn check(&self) -> Result<()> {
        if self.every == 0 {
            return Err(Error::invalid("teacher.mixing.every", "at least 1", self.every));
        }
        if !(0.0..=1.0).contains(&self.uniform) {
            return Err(Error::invalid("teacher.mixing.uniform", "between 0 and 1", self.uniform));
        }
        if self.fewest == 0 || self.fewest > self.most {
            let found = format!("{} to {}", self.fewest, self.most);
            return Err(Error::invalid("teacher.mixing.fewest", "at least 1 and not above `most`", found));
        }
        let Fitting { tolerance, ridge, .. } = self.fitting;
        if !(tolerance >= 0.0 && tolerance.is_finite()) {
            return Err(Error::invalid(
                "teacher.mixing.fitting.tolerance",
                "at least 0 and finite",
                tolerance,
            ));
        }
        if !(ridge >= 0.0 && ridge.is_finite()) {
            return Err(Error::invalid("teacher.mixing.fitting.ridge", "at least 0 and finite", ridge));
        }
        Ok(())
    }

    /// Fails when a stored state is not one of rows of `dims` numbers.
    pub(super) fn check_state(&self, rows: &[f64], mixture: Option<&Mixture>, dims: usize) -> Result<()> {
        let whole = rows.len().is_multiple_of(dims) && rows.len() / dims < self.every as usize;
        let fits = |one: &Gaussian| one.mean.len() == dims && one.covariance.len() == dims * dims;
        if whole && mixture.is_none_or(|mixture| mixture.gaussians.iter().all(fits)) {
            return Ok(());
        }
        let rule = format!("rows and Gaussians of {dims} numbers, fewer rows than a fit needs");
        Err(Error::invalid("the teacher's stored state", rule, format!("{} numbers", rows.len())))
    }

    /// Whether a fit is due after that many episodes.
    pub(super) fn due(&self, episodes: u64) -> bool {
        episodes > 0 && episodes.is_multiple_of(u64::from(self.every))
    }

    /// The chosen mixture over rows of `dims` numbers; `None` when no fit succeeds.
    pub(super) fn fit(&self, rows: &[f64], dims: usize, seed: Seed) -> Option<Mixture> {
        let ks = self.fewest as usize..=self.most as usize;
        best(rows, dims, ks, self.criterion, &self.fitting, &mut seed.rng()).map(|fit| fit.mixture)
    }

    /// A task: uniform with the share of uniform tasks or when there is no mixture; otherwise from one
    /// Gaussian, chosen in proportion to what it is worth. Mixture weights play no part. What lies outside
    /// the space is moved to its faces.
    pub(super) fn draw(
        &self,
        mixture: Option<&Mixture>,
        worth: impl Fn(&Gaussian) -> f64,
        space: &Space,
        rng: &mut Rng,
    ) -> Vec<f64> {
        let by_chance = rng.random::<f64>() < self.uniform;
        let drawn = mixture.filter(|_| !by_chance).and_then(|mixture| {
            let worths: Vec<f64> = mixture.gaussians.iter().map(worth).collect();
            let mut row = mixture.gaussians[in_proportion(&worths, rng)?].draw(rng)?;
            row.truncate(space.dims());
            Some(space.clip(row))
        });
        drawn.unwrap_or_else(|| space.uniform(rng))
    }
}

/// The probabilities in proportion to values of at least 0; equal ones when all values are 0.
pub fn shares(values: &[f64]) -> Vec<f64> {
    let positive = |x: &f64| if x.is_finite() { x.max(0.0) } else { 0.0 };
    let total: f64 = values.iter().map(positive).sum();
    if total > 0.0 {
        values.iter().map(|x| positive(x) / total).collect()
    } else {
        vec![1.0 / values.len() as f64; values.len()]
    }
}

/// An index drawn with these [`shares`]; `None` without values.
pub fn in_proportion(values: &[f64], rng: &mut Rng) -> Option<usize> {
    let mut left: f64 = rng.random();
    let shares = shares(values);
    let reached = shares.iter().position(|share| {
        left -= share;
        left < 0.0
    });
    // Rounding may leave a rest behind the last one.
    reached.or_else(|| shares.iter().rposition(|&share| share > 0.0))
}
