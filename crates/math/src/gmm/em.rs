//! Expectation-maximisation. Coordinates are laid out one after the other, so that every inner loop runs
//! over the points.

use super::cholesky::Factor;
use super::{Fit, Fitting, Gaussian, Mixture, kmeans};
use rand::Rng;

/// Fits `k` Gaussians to points of `dims` coordinates, starting from the clusters of k-means.
///
/// `None` without points or Gaussians, with fewer points than Gaussians, with coordinates that are not
/// finite, or when a covariance stops being positive definite in spite of the ridge.
pub fn fit(points: &[f64], dims: usize, k: usize, how: &Fitting, rng: &mut impl Rng) -> Option<Fit> {
    let clusters = kmeans(points, dims, k, rng)?;
    fit_from(points, dims, &clusters.labels, k, how)
}

/// The same from given clusters: `labels[i]`, below `k`, is where the point `i` starts.
pub fn fit_from(points: &[f64], dims: usize, labels: &[usize], k: usize, how: &Fitting) -> Option<Fit> {
    let n = labels.len();
    let sound = dims > 0 && n * dims == points.len() && k > 0 && n >= k;
    if !sound || points.iter().any(|x| !x.is_finite()) || labels.iter().any(|&label| label >= k) {
        return None;
    }
    let mut em = Em::of(points, dims, n, k);
    for (i, &label) in labels.iter().enumerate() {
        em.shares[label * n + i] = 1.0;
    }
    em.maximise(how.ridge)?;
    let (mut before, mut converged, mut iterations) = (f64::NEG_INFINITY, false, 0);
    while iterations < how.iterations && !converged {
        iterations += 1;
        let now = em.expect()? / n as f64;
        em.maximise(how.ridge)?;
        converged = (now - before).abs() < how.tolerance;
        before = now;
    }
    let log_likelihood = em.expect()?;
    Some(Fit { mixture: em.mixture(), log_likelihood, iterations, converged })
}

/// The state of a fit. `columns[d * n + i]` is coordinate `d` of point `i`, `shares[j * n + i]` the share
/// of Gaussian `j` in point `i`.
struct Em {
    columns: Vec<f64>,
    shares: Vec<f64>,
    gaussians: Vec<Gaussian>,
    dims: usize,
    n: usize,
    /// Scratch of `dims` columns.
    centred: Vec<f64>,
    /// Scratch of one column.
    column: Vec<f64>,
    /// Scratch of one column.
    top: Vec<f64>,
}

impl Em {
    fn of(points: &[f64], dims: usize, n: usize, k: usize) -> Em {
        let columns = (0..dims).flat_map(|d| (0..n).map(move |i| points[i * dims + d])).collect();
        let empty = Gaussian { weight: 0.0, mean: vec![0.0; dims], covariance: vec![0.0; dims * dims] };
        Em {
            columns,
            shares: vec![0.0; n * k],
            gaussians: vec![empty; k],
            dims,
            n,
            centred: vec![0.0; n * dims],
            column: vec![0.0; n],
            top: vec![0.0; n],
        }
    }

    /// Sets the shares from the Gaussians; returns the log-likelihood of all points.
    fn expect(&mut self) -> Option<f64> {
        let (n, dims) = (self.n, self.dims);
        self.top.fill(f64::NEG_INFINITY);
        for (one, logs) in self.gaussians.iter().zip(self.shares.chunks_exact_mut(n)) {
            let factor = Factor::of(&one.covariance, dims)?;
            let inverse = factor.inverse();
            let constant = one.weight.ln()
                - factor.half_log_det()
                - 0.5 * dims as f64 * (2.0 * std::f64::consts::PI).ln();
            logs.fill(0.0);
            for row in 0..dims {
                // The row's part of L⁻¹ (x - mean), the mean gathered into one number.
                let shift: f64 = (0..=row).map(|d| inverse[row * dims + d] * one.mean[d]).sum();
                self.column.fill(-shift);
                for d in 0..=row {
                    let scale = inverse[row * dims + d];
                    for (out, x) in self.column.iter_mut().zip(&self.columns[d * n..][..n]) {
                        *out += scale * x;
                    }
                }
                for (log, x) in logs.iter_mut().zip(&self.column) {
                    *log += x * x;
                }
            }
            for (log, top) in logs.iter_mut().zip(&mut self.top) {
                *log = constant - 0.5 * *log;
                *top = top.max(*log);
            }
        }
        self.column.fill(0.0);
        for logs in self.shares.chunks_exact_mut(n) {
            for ((share, top), sum) in logs.iter_mut().zip(&self.top).zip(&mut self.column) {
                *share = (*share - top).exp();
                *sum += *share;
            }
        }
        for shares in self.shares.chunks_exact_mut(n) {
            for (share, sum) in shares.iter_mut().zip(&self.column) {
                *share /= sum;
            }
        }
        Some(self.top.iter().zip(&self.column).map(|(top, sum)| top + sum.ln()).sum())
    }

    /// Sets the Gaussians from the shares.
    fn maximise(&mut self, ridge: f64) -> Option<()> {
        let (n, dims) = (self.n, self.dims);
        for (one, shares) in self.gaussians.iter_mut().zip(self.shares.chunks_exact(n)) {
            // The small number keeps a Gaussian that lost all its points from dividing by zero.
            let mass = sum_of(shares) + 10.0 * f64::EPSILON;
            one.weight = mass;
            for d in 0..dims {
                let column = &self.columns[d * n..][..n];
                let mean = dot(shares, column) / mass;
                one.mean[d] = mean;
                for (out, x) in self.centred[d * n..][..n].iter_mut().zip(column) {
                    *out = x - mean;
                }
            }
            for row in 0..dims {
                let centred = &self.centred[row * n..][..n];
                for ((out, share), x) in self.column.iter_mut().zip(shares).zip(centred) {
                    *out = share * x;
                }
                for col in 0..=row {
                    let value = dot(&self.column, &self.centred[col * n..][..n]) / mass;
                    one.covariance[row * dims + col] = value;
                    one.covariance[col * dims + row] = value;
                }
                one.covariance[row * dims + row] += ridge;
            }
        }
        let all: f64 = self.gaussians.iter().map(|one| one.weight).sum();
        for one in &mut self.gaussians {
            one.weight /= all;
        }
        all.is_finite().then_some(())
    }

    fn mixture(self) -> Mixture {
        Mixture { gaussians: self.gaussians }
    }
}

/// How many partial sums run side by side; a fixed number, so that sums are the same on every machine.
const LANES: usize = 8;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let (heads, more) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f64 = heads.remainder().iter().zip(more.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in heads.zip(more) {
        for lane in 0..LANES {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    lanes.iter().sum::<f64>() + rest
}

fn sum_of(values: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let chunks = values.chunks_exact(LANES);
    let rest: f64 = chunks.remainder().iter().sum();
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] += chunk[lane];
        }
    }
    lanes.iter().sum::<f64>() + rest
}
