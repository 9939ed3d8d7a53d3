//! Ridge regression that is updated one row at a time: the model of one arm in LinUCB and in linear
//! Thompson sampling, and the posterior of a linear-Gaussian model.
//!
//! With noise of variance `s` and a prior `theta ~ N(0, s / ridge I)` the posterior is
//! `N(theta, s A^-1)`; [`Ridge::forecast`] gives its law along a row for `s = 1`.
//!
//! The inverse of `A = ridge I + sum x x'` is kept by the formula of Sherman and Morrison, `O(d^2)` a
//! row instead of `O(d^3)`, and computed anew from `A` every [`REFACTOR_EVERY`] rows, so that rounding
//! does not pile up. Matrices are row-major slices of length `d * d`.

use super::posterior::Gaussian;
use serde::{Deserialize, Serialize};

/// A ridge regression and everything that it needs to go on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ridge {
    /// How many rows it has seen.
    n: u64,
    /// `A = ridge I + sum x x'`, `(d, d)`.
    a: Vec<f64>,
    /// `A^-1`, `(d, d)`.
    inverse: Vec<f64>,
    /// `sum y x`, `(d,)`.
    b: Vec<f64>,
    /// `A^-1 b`, `(d,)`.
    theta: Vec<f64>,
}

impl Ridge {
    /// A regression of `d` features that has seen nothing; `ridge` is above 0.
    pub fn new(d: usize, ridge: f64) -> Ridge {
        let diagonal = |value: f64| {
            let mut matrix = vec![0.0; d * d];
            matrix.iter_mut().step_by(d + 1).for_each(|cell| *cell = value);
            matrix
        };
        let (a, inverse) = (diagonal(ridge), diagonal(1.0 / ridge));
        Ridge { n: 0, a, inverse, b: vec![0.0; d], theta: vec![0.0; d] }
    }

    /// How many features it has; `None` when its parts do not fit each other.
    pub fn features(&self) -> Option<usize> {
        let d = self.theta.len();
        let fits = self.b.len() == d && self.a.len() == d * d && self.inverse.len() == d * d;
        fits.then_some(d)
    }

    /// How many rows it has seen.
    pub fn rows(&self) -> u64 {
        self.n
    }

    /// The coefficients `A^-1 b`.
    pub fn coefficients(&self) -> &[f64] {
        &self.theta
    }

    /// `A^-1`, row-major.
    pub fn covariance(&self) -> &[f64] {
        &self.inverse
    }

    /// `theta' x` as mean and `x' A^-1 x` as variance.
    #[inline]
    pub fn forecast(&self, x: &[f64]) -> Gaussian {
        // Rounding may leave a tiny negative form where the true one is almost zero.
        Gaussian { mean: dot(&self.theta, x), variance: quadratic(&self.inverse, x).max(0.0) }
    }

    /// Learns the row `x` with value `y`. `x` has the length of the coefficients.
    pub fn tell(&mut self, x: &[f64], y: f64) {
        add_outer(&mut self.a, x, 1.0);
        self.n += 1;
        let due = self.n.is_multiple_of(REFACTOR_EVERY);
        match if due { inverse(&self.a, x.len()) } else { None } {
            Some(fresh) => self.inverse = fresh,
            None => {
                let grown = sherman_morrison(&mut self.inverse, x, 1.0, &mut self.theta);
                if !is_safe(grown)
                    && let Some(fresh) = inverse(&self.a, x.len())
                {
                    self.inverse = fresh;
                }
            }
        }
        self.b.iter_mut().zip(x).for_each(|(b, x)| *b += y * x);
        times(&self.inverse, &self.b, &mut self.theta);
    }
}

/// Whether an update of the inverse whose denominator this is kept its digits: a row that dwarfs all before it
/// cancels most of them, and below 1 they are gone.
#[inline]
pub fn is_safe(denominator: f64) -> bool {
    (1.0..=1e8).contains(&denominator)
}

/// After how many rows the inverse is computed anew.
pub const REFACTOR_EVERY: u64 = 512;

/// The inner product.
#[inline]
pub fn dot(x: &[f64], y: &[f64]) -> f64 {
    // Four sums, so that the compiler may use vectors; the order is part of the result.
    let mut sums = [0.0f64; 4];
    let (x4, x_rest) = x.as_chunks::<4>();
    let (y4, y_rest) = y.as_chunks::<4>();
    for (x, y) in x4.iter().zip(y4) {
        for lane in 0..4 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    let rest: f64 = x_rest.iter().zip(y_rest).map(|(x, y)| x * y).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// `x' M x` of a square `matrix`.
#[inline]
pub fn quadratic(matrix: &[f64], x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for (row, xi) in matrix.chunks_exact(x.len()).zip(x) {
        sum += xi * dot(row, x);
    }
    sum
}

/// `out = M x` of a square `matrix`.
#[inline]
pub fn times(matrix: &[f64], x: &[f64], out: &mut [f64]) {
    for (row, out) in matrix.chunks_exact(x.len()).zip(out) {
        *out = dot(row, x);
    }
}

/// `M += factor x x'`.
#[inline]
pub fn add_outer(matrix: &mut [f64], x: &[f64], factor: f64) {
    for (row, xi) in matrix.chunks_exact_mut(x.len()).zip(x) {
        let scale = factor * xi;
        for (cell, xj) in row.iter_mut().zip(x) {
            *cell += scale * xj;
        }
    }
}

/// `(A + factor x x')^-1` from `A^-1`, in place (Sherman & Morrison 1950). `scratch` has the length of
/// `x` and holds `A^-1 x` of the old inverse afterwards. Returns `1 + factor x' A^-1 x`.
#[inline]
pub fn sherman_morrison(inverse: &mut [f64], x: &[f64], factor: f64, scratch: &mut [f64]) -> f64 {
    times(inverse, x, scratch);
    let denominator = 1.0 + factor * dot(x, scratch);
    add_outer(inverse, scratch, -factor / denominator);
    denominator
}

/// The inverse of a symmetric positive definite `matrix` of `d` rows, or `None` when it is not one.
pub fn inverse(matrix: &[f64], d: usize) -> Option<Vec<f64>> {
    let lower = cholesky(matrix, d)?;
    // The rows of L^-1, then A^-1 = L^-T L^-1.
    let mut below = vec![0.0; d * d];
    for column in 0..d {
        below[column * d + column] = 1.0 / lower[column * d + column];
        for row in column + 1..d {
            let mut sum = 0.0;
            for k in column..row {
                sum += lower[row * d + k] * below[k * d + column];
            }
            below[row * d + column] = -sum / lower[row * d + row];
        }
    }
    let mut inverse = vec![0.0; d * d];
    for k in 0..d {
        for i in 0..=k {
            let scale = below[k * d + i];
            for j in 0..=k {
                inverse[i * d + j] += scale * below[k * d + j];
            }
        }
    }
    Some(inverse)
}

/// The lower triangle `L` with `L L' = matrix`, or `None` when the matrix is not positive definite.
pub fn cholesky(matrix: &[f64], d: usize) -> Option<Vec<f64>> {
    let mut lower = vec![0.0; d * d];
    for i in 0..d {
        for j in 0..=i {
            let sum = dot(&lower[i * d..i * d + j], &lower[j * d..j * d + j]);
            let left = matrix[i * d + j] - sum;
            if i == j {
                if left <= 0.0 || !left.is_finite() {
                    return None;
                }
                lower[i * d + i] = left.sqrt();
            } else {
                lower[i * d + j] = left / lower[j * d + j];
            }
        }
    }
    Some(lower)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::{Rng, SeedableRng, rngs::StdRng};

    /// The largest entry by which `theta` and `A^-1` differ from a fit of all rows at once.
    fn drift(model: &Ridge) -> f64 {
        let d = model.theta.len();
        let fresh = inverse(&model.a, d).expect("A is positive definite");
        let mut theta = vec![0.0; d];
        times(&fresh, &model.b, &mut theta);
        let kept = model.inverse.iter().chain(&model.theta);
        fresh.iter().chain(&theta).zip(kept).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn one_row_by_hand() {
        // A = I + x x' with x = (1, 1): A^-1 = I - x x' / 3; b = (1, 1); theta = (1/3, 1/3).
        let mut model = Ridge::new(2, 1.0);
        assert_eq!(model.forecast(&[3.0, 4.0]), Gaussian { mean: 0.0, variance: 25.0 });
        model.tell(&[1.0, 1.0], 1.0);
        let law = model.forecast(&[1.0, 0.0]);
        assert!((law.mean - 1.0 / 3.0).abs() < 1e-15 && (law.variance - 2.0 / 3.0).abs() < 1e-15);
    }

    #[test]
    fn an_inverse_by_hand() {
        // [[4, 2], [2, 3]] has determinant 8 and inverse [[3, -2], [-2, 4]] / 8.
        let found = inverse(&[4.0, 2.0, 2.0, 3.0], 2).expect("it is positive definite");
        for (found, expect) in found.iter().zip([0.375, -0.25, -0.25, 0.5]) {
            assert!((found - expect).abs() < 1e-15);
        }
        assert_eq!(inverse(&[1.0, 2.0, 2.0, 1.0], 2), None);
    }

    #[test]
    fn a_hundred_thousand_rank_one_updates_stay_within_1e_9_of_a_fresh_fit() {
        let mut rng = StdRng::seed_from_u64(3);
        let d = 20;
        let mut model = Ridge::new(d, 1.0);
        for _ in 0..100_000 {
            let x: Vec<f64> = (0..d).map(|i| rng.random::<f64>() * if i == 0 { 30.0 } else { 1.0 }).collect();
            model.tell(&x, x.iter().sum::<f64>() + rng.random::<f64>());
        }
        assert!(drift(&model) < 1e-9, "{}", drift(&model));
    }

    proptest! {
        #[test]
        fn the_rank_one_formula_inverts(d in 1usize..7, seed in 0u64..1000) {
            let mut rng = StdRng::seed_from_u64(seed);
            let mut model = Ridge::new(d, 0.5);
            for _ in 0..3 * d {
                let x: Vec<f64> = (0..d).map(|_| rng.random::<f64>() * 4.0 - 2.0).collect();
                let before = model.forecast(&x).variance;
                model.tell(&x, rng.random());
                // What was seen is known better: v / (1 + v).
                prop_assert!((model.forecast(&x).variance - before / (1.0 + before)).abs() < 1e-10);
            }
            prop_assert!(drift(&model) < 1e-10);
        }
    }

    #[test]
    fn features_as_large_as_timestamps_leave_the_forecast_alone() {
        for scale in [1.7e9, 1.7e12] {
            let mut ridge = Ridge::new(2, 1.0);
            for second in 0..100 {
                let x = [scale + f64::from(second), 1.0];
                ridge.tell(&x, 0.5);
                let Gaussian { mean, variance } = ridge.forecast(&x);
                assert!((mean - 0.5).abs() < 1e-3, "{scale}, row {second}: {mean}");
                assert!((0.0..=1.0).contains(&variance), "{scale}, row {second}: {variance}");
            }
        }
    }
}
