//! A user's first state, read off their clicks instead of being fitted for each user.
//!
//! The mean weighs the k-th click by `k^-decay`; the standard deviation is a learned multiple of how much
//! the clicked items differ. A user who clicked nothing has the prior's.

use super::FitConfig;

/// Added to the variance of the clicked items, as in the paper's code.
const FLOOR: f64 = 1e-6;

/// A Gaussian over the first state, and what the way back needs.
pub(super) struct Start {
    pub mean: Vec<f64>,
    pub sd: Vec<f64>,
    /// Weight of each click in the mean.
    weights: Vec<f64>,
    /// The clicked items' plain mean.
    centre: Vec<f64>,
}

impl Start {
    /// From the posterior means of the clicked items, oldest first, and the learned factor.
    pub fn of(config: &FitConfig, clicked: &[&[f64]], factor: f64) -> Start {
        let d = config.dims;
        let n = clicked.len();
        if n == 0 {
            let (mean, sd) = (vec![0.0; d], vec![config.start_spread; d]);
            return Start { mean, sd, weights: Vec::new(), centre: vec![0.0; d] };
        }
        let raw: Vec<f64> = (1..=n).map(|k| (k as f64).powf(-config.decay)).collect();
        let total: f64 = raw.iter().sum();
        let weights: Vec<f64> = raw.iter().map(|weight| weight / total).collect();
        let over = |f: &dyn Fn(usize, f64) -> f64, i: usize| -> f64 {
            clicked.iter().enumerate().map(|(k, v)| f(k, v[i])).sum()
        };
        let mean = (0..d).map(|i| over(&|k, v| weights[k] * v, i)).collect();
        let centre: Vec<f64> = (0..d).map(|i| over(&|_, v| v / n as f64, i)).collect();
        let variance = |i: usize| over(&|_, v| (v - centre[i]).powi(2) / n as f64, i);
        let sd = (0..d).map(|i| factor * (variance(i) + FLOOR).sqrt()).collect();
        Start { mean, sd, weights, centre }
    }

    /// Adds what derivatives with respect to mean and standard deviation mean for the clicked items
    /// (`add(k, i, by)`), and returns the one with respect to the factor.
    pub fn back(
        &self,
        clicked: &[&[f64]],
        factor: f64,
        (d_mean, d_sd): (&[f64], &[f64]),
        mut add: impl FnMut(usize, usize, f64),
    ) -> f64 {
        let n = clicked.len() as f64;
        for (k, v) in clicked.iter().enumerate() {
            for i in 0..v.len() {
                // sd = f sqrt(q), dq/dv = 2 (v - centre) / n: the centre's own share cancels.
                let of_sd = factor * factor * (v[i] - self.centre[i]) / (n * self.sd[i]);
                add(k, i, self.weights[k] * d_mean[i] + of_sd * d_sd[i]);
            }
        }
        if clicked.is_empty() {
            0.0
        } else {
            d_sd.iter().zip(&self.sd).map(|(pull, sd)| pull * sd / factor).sum()
        }
    }
}
