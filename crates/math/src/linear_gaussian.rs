//! The posterior of a linear model with Gaussian noise: precision, mean, samples.
//!
//! With a prior precision `lambda I` and unit noise, what is known after features `x_1..x_n` is the
//! precision `Sigma = lambda I + sum x x^T`; the mean is `Sigma^-1 b` for a moment `b = sum x y` that the
//! caller may keep here or outside, where targets change. The inverse follows each observation by a
//! rank-one update, a sample takes one Cholesky factor of the precision.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

/// What is known of the weights of a linear model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinearGaussian {
    dim: usize,
    /// Sigma, by rows.
    precision: Vec<f64>,
    /// Its inverse, by rows; always the rank-one updates of the prior's.
    covariance: Vec<f64>,
    /// Sum of features times targets.
    moment: Vec<f64>,
}

impl LinearGaussian {
    /// Nothing is known but the prior precision `lambda`, above 0. `None` for another `lambda` or no
    /// dimension.
    pub fn new(dim: usize, lambda: f64) -> Option<LinearGaussian> {
        if dim == 0 || !(lambda > 0.0 && lambda.is_finite()) {
            return None;
        }
        let diagonal = |value: f64| {
            (0..dim * dim).map(|i| if i % (dim + 1) == 0 { value } else { 0.0 }).collect::<Vec<f64>>()
        };
        let (precision, covariance) = (diagonal(lambda), diagonal(1.0 / lambda));
        Some(LinearGaussian { dim, precision, covariance, moment: vec![0.0; dim] })
    }

    /// From a precision matrix by rows; `None` when it is not square, symmetric and positive definite.
    pub fn of_precision(rows: &[&[f64]]) -> Option<LinearGaussian> {
        let dim = rows.len();
        if dim == 0 || rows.iter().any(|row| row.len() != dim) {
            return None;
        }
        let matrix = DMatrix::from_fn(dim, dim, |i, j| rows[i][j]);
        if matrix != matrix.transpose() {
            return None;
        }
        let inverse = matrix.clone().cholesky()?.inverse();
        let by_rows = |matrix: &DMatrix<f64>| matrix.transpose().as_slice().to_vec();
        let (precision, covariance) = (by_rows(&matrix), by_rows(&inverse));
        Some(LinearGaussian { dim, precision, covariance, moment: vec![0.0; dim] })
    }

    /// How many weights there are.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Learns that the features `x` were seen with `target`; one entry a weight.
    pub fn observe(&mut self, x: &[f64], target: f64) {
        self.observe_features(x);
        for (sum, x) in self.moment.iter_mut().zip(x) {
            *sum += x * target;
        }
    }

    /// Learns that the features `x` were seen; their target is kept elsewhere.
    pub fn observe_features(&mut self, x: &[f64]) {
        debug_assert_eq!(x.len(), self.dim);
        let shadow = self.shadow(x);
        let scale = 1.0 / (1.0 + dot(x, &shadow));
        for i in 0..self.dim {
            for j in 0..self.dim {
                self.precision[i * self.dim + j] += x[i] * x[j];
                self.covariance[i * self.dim + j] -= scale * shadow[i] * shadow[j];
            }
        }
    }

    /// `x^T Sigma^-1 x`, the variance of `<x, weights>`; never below 0.
    pub fn variance(&self, x: &[f64]) -> f64 {
        dot(x, &self.shadow(x)).max(0.0)
    }

    /// The mean of the weights.
    pub fn mean(&self) -> Vec<f64> {
        self.solve(&self.moment)
    }

    /// `Sigma^-1 moment`: the mean, where the moment is kept outside.
    pub fn solve(&self, moment: &[f64]) -> Vec<f64> {
        self.shadow(moment)
    }

    /// A draw of `N(mean, scale^2 Sigma^-1)`. Draws one normal number a weight, whatever the scale.
    pub fn sample(&self, mean: &[f64], scale: f64, rng: &mut impl Rng) -> Vec<f64> {
        let noise = DVector::from_fn(self.dim, |_, _| StandardNormal.sample(rng));
        if scale == 0.0 {
            return mean.to_vec();
        }
        let factor = self.factor();
        // Sigma = L L^T, so L^-T z has covariance Sigma^-1.
        let turned = factor.l_dirty().tr_solve_lower_triangular(&noise);
        let turned = turned.expect("a Cholesky factor has no zero on its diagonal");
        mean.iter().zip(turned.iter()).map(|(mean, noise)| mean + scale * noise).collect()
    }

    /// The logarithm of the precision's determinant.
    pub fn log_det(&self) -> f64 {
        2.0 * self.factor().l_dirty().diagonal().iter().map(|x| x.ln()).sum::<f64>()
    }

    fn factor(&self) -> Cholesky<f64, Dyn> {
        let matrix = DMatrix::from_row_slice(self.dim, self.dim, &self.precision);
        matrix.cholesky().expect("lambda I plus outer products is positive definite")
    }

    /// `Sigma^-1 x`.
    fn shadow(&self, x: &[f64]) -> Vec<f64> {
        self.covariance.chunks_exact(self.dim).map(|row| dot(row, x)).collect()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    #[test]
    fn a_line_through_the_origin_has_the_ridge_solution() {
        // lambda 1, points (1, 2) and (2, 3): mean = (2 + 6) / (1 + 1 + 4) = 4/3, variance 1/6.
        let mut line = LinearGaussian::new(1, 1.0).expect("sound");
        line.observe(&[1.0], 2.0);
        line.observe(&[2.0], 3.0);
        assert!((line.mean()[0] - 8.0 / 6.0).abs() < 1e-15);
        assert!((line.variance(&[1.0]) - 1.0 / 6.0).abs() < 1e-15);
        assert!((line.log_det() - 6f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn the_inverse_of_a_given_precision_is_exact() {
        // ((3, -1), (-1, 3)) has the inverse ((3, 1), (1, 3)) / 8: (1, -1) gives (3 - 2 + 3) / 8 = 0.5.
        let known = LinearGaussian::of_precision(&[&[3.0, -1.0], &[-1.0, 3.0]]).expect("positive definite");
        assert!((known.variance(&[1.0, -1.0]) - 0.5).abs() < 1e-15);
        assert!((known.variance(&[1.0, 1.0]) - 1.0).abs() < 1e-15);
        assert!(LinearGaussian::of_precision(&[&[1.0, 2.0], &[2.0, 1.0]]).is_none());
        assert!(LinearGaussian::of_precision(&[&[1.0, 0.5], &[0.4, 1.0]]).is_none());
        assert!(LinearGaussian::new(2, 0.0).is_none());
    }

    #[test]
    fn samples_have_the_mean_and_the_covariance() {
        let known = LinearGaussian::of_precision(&[&[3.0, -1.0], &[-1.0, 3.0]]).expect("positive definite");
        let mut rng = StdRng::seed_from_u64(1);
        let n = 40_000;
        let (mut sums, mut squares, mut product) = ([0.0; 2], [0.0; 2], 0.0);
        for _ in 0..n {
            let draw = known.sample(&[1.0, -2.0], 2.0, &mut rng);
            let centred = [draw[0] - 1.0, draw[1] + 2.0];
            for i in 0..2 {
                sums[i] += centred[i];
                squares[i] += centred[i] * centred[i];
            }
            product += centred[0] * centred[1];
        }
        let n = f64::from(n);
        // Covariance 4 * ((3, 1), (1, 3)) / 8; five standard errors of the mean and of the squares.
        for i in 0..2 {
            assert!((sums[i] / n).abs() < 5.0 * (1.5 / n).sqrt());
            assert!((squares[i] / n - 1.5).abs() < 5.0 * 1.5 * (2.0 / n).sqrt());
        }
        assert!((product / n - 0.5).abs() < 5.0 * 1.6 / n.sqrt());
        assert_eq!(known.sample(&[1.0, -2.0], 0.0, &mut rng), [1.0, -2.0]);
    }

    #[test]
    fn the_same_features_n_times_shrink_their_variance_as_one_in_n() {
        let mut known = LinearGaussian::new(3, 0.7).expect("sound");
        known.observe_features(&[0.3, 0.1, -2.0]);
        let x = [1.0, -2.0, 0.5];
        let before = known.variance(&x);
        for n in 1..=50 {
            known.observe_features(&x);
            let expect = before / (1.0 + f64::from(n) * before);
            assert!((known.variance(&x) - expect).abs() < 1e-13, "{n}");
        }
    }

    proptest! {
        #[test]
        fn the_updated_inverse_is_the_inverse_and_the_potential_is_bounded(
            rows in prop::collection::vec(prop::collection::vec(-2.0..2.0, 4), 1..40),
        ) {
            let mut known = LinearGaussian::new(4, 1.0).expect("sound");
            let (start, mut potential) = (known.log_det(), 0.0);
            for (i, row) in rows.iter().enumerate() {
                potential += known.variance(row).min(1.0);
                known.observe(row, i as f64);
            }
            // The elliptical potential lemma.
            prop_assert!(potential <= 2.0 * (known.log_det() - start) + 1e-9);
            let precision = DMatrix::from_row_slice(4, 4, &known.precision);
            let solved = precision.clone().cholesky().expect("positive definite");
            let mean = solved.solve(&DVector::from_column_slice(&known.moment));
            for (a, b) in known.mean().iter().zip(mean.iter()) {
                prop_assert!((a - b).abs() < 1e-8 * (1.0 + b.abs()));
            }
            let text = serde_json::to_string(&known).expect("writes");
            prop_assert_eq!(&serde_json::from_str::<LinearGaussian>(&text).expect("reads"), &known);
        }
    }
}
