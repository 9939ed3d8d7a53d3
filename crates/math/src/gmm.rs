//! Gaussian mixtures with full covariances: fitting by expectation-maximisation, how many Gaussians to
//! take, and drawing from one of them.
//!
//! The defaults are those of scikit-learn's `GaussianMixture`: one start from k-means, at most 100
//! iterations, an end when the mean log-likelihood moves by less than 1e-3, and 1e-6 on the diagonal of
//! every covariance. Points are stored row by row in one slice: `points[i * dims..][..dims]`.
//!
//! Why not a crate: `linfa-clustering` 0.8 has this algorithm, but gives out no likelihood, without which no
//! number of Gaussians can be chosen, sums densities instead of log-densities, so that far points divide by
//! zero, and fails when a cluster runs empty where scikit-learn goes on.

mod cholesky;
mod em;
mod kmeans;

pub use em::{fit, fit_from};
pub use kmeans::{Clusters, kmeans, lloyd};

use cholesky::{Factor, log_density};
use rand::Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// When fitting ends and what keeps covariances invertible.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fitting {
    /// An end is reached when the mean log-likelihood of a point moves by less, in nats.
    pub tolerance: f64,
    /// Iterations at most.
    pub iterations: u32,
    /// Added to the diagonal of every covariance.
    pub ridge: f64,
}

impl Default for Fitting {
    fn default() -> Fitting {
        Fitting { tolerance: 1e-3, iterations: 100, ridge: 1e-6 }
    }
}

/// One Gaussian of a mixture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gaussian {
    /// Its share of the points, in 0 to 1.
    pub weight: f64,
    /// Its centre.
    pub mean: Vec<f64>,
    /// Its covariance, row by row, symmetric.
    pub covariance: Vec<f64>,
}

impl Gaussian {
    /// A draw from this Gaussian; `None` when its covariance is not positive definite.
    pub fn draw(&self, rng: &mut impl Rng) -> Option<Vec<f64>> {
        let factor = Factor::of(&self.covariance, self.mean.len())?;
        let noise: Vec<f64> = self.mean.iter().map(|_| rng.sample(StandardNormal)).collect();
        Some(factor.times(&noise).iter().zip(&self.mean).map(|(step, mean)| mean + step).collect())
    }
}

/// Several Gaussians over the same coordinates; their weights sum to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mixture {
    /// The Gaussians, in the order of their first clusters.
    pub gaussians: Vec<Gaussian>,
}

impl Mixture {
    /// The log-density at `point` in nats; `None` when a covariance is not positive definite.
    pub fn log_density(&self, point: &[f64]) -> Option<f64> {
        let logs: Option<Vec<f64>> = self
            .gaussians
            .iter()
            .map(|one| {
                let factor = Factor::of(&one.covariance, one.mean.len())?;
                Some(one.weight.ln() + log_density(&factor, &one.mean, point))
            })
            .collect();
        let logs = logs?;
        let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Some(top + logs.iter().map(|log| (log - top).exp()).sum::<f64>().ln())
    }

    /// The free numbers of the mixture: `k (D (D + 1) / 2 + D) + k - 1` for k Gaussians in D dimensions.
    pub fn parameters(&self) -> usize {
        parameters(self.gaussians.len(), self.gaussians.first().map_or(0, |one| one.mean.len()))
    }
}

/// The free numbers of `k` Gaussians with full covariances in `dims` dimensions and of their weights.
pub fn parameters(k: usize, dims: usize) -> usize {
    (k * (dims * (dims + 1) / 2 + dims) + k).saturating_sub(1)
}

/// A fitted mixture and how the fit went.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The mixture.
    pub mixture: Mixture,
    /// The log-likelihood of all points under it, in nats.
    pub log_likelihood: f64,
    /// How many iterations it took.
    pub iterations: u32,
    /// Whether it ended by the tolerance.
    pub converged: bool,
}

/// What a mixture pays for its size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Criterion {
    /// Akaike's: `2 m - 2 log L` for m free numbers.
    #[default]
    Aic,
    /// The Bayesian one: `m ln n - 2 log L` for n points.
    Bic,
    /// Akaike's with its correction for few points: `AIC + 2 m (m + 1) / (n - m - 1)`, infinite where
    /// there are not more points than `m + 1`.
    Aicc,
}

impl Criterion {
    /// The value for `parameters` free numbers and `n` points; lower is better.
    pub fn of(self, log_likelihood: f64, parameters: usize, n: usize) -> f64 {
        let (m, n) = (parameters as f64, n as f64);
        let aic = 2.0 * m - 2.0 * log_likelihood;
        match self {
            Criterion::Aic => aic,
            Criterion::Bic => m * n.ln() - 2.0 * log_likelihood,
            Criterion::Aicc if n > m + 1.0 => aic + 2.0 * m * (m + 1.0) / (n - m - 1.0),
            Criterion::Aicc => f64::INFINITY,
        }
    }
}

/// The fit with the lowest criterion among the numbers of Gaussians `ks`; the fewest on ties.
///
/// Numbers above that of the points are left out, and so are fits that fail. `None` when none is left.
pub fn best(
    points: &[f64],
    dims: usize,
    ks: RangeInclusive<usize>,
    criterion: Criterion,
    how: &Fitting,
    rng: &mut impl Rng,
) -> Option<Fit> {
    let fits: Vec<Fit> = ks.filter_map(|k| fit(points, dims, k, how, rng)).collect();
    lowest(fits, criterion, points.len() / dims.max(1))
}

/// The fit with the lowest criterion over `n` points; the first on ties, `None` without a finite one.
pub fn lowest(fits: Vec<Fit>, criterion: Criterion, n: usize) -> Option<Fit> {
    let value = |fit: &Fit| criterion.of(fit.log_likelihood, fit.mixture.parameters(), n);
    let finite = fits.into_iter().map(|fit| (value(&fit), fit)).filter(|(value, _)| value.is_finite());
    finite.reduce(|best, next| if next.0 < best.0 { next } else { best }).map(|(_, fit)| fit)
}

#[cfg(test)]
mod tests;
