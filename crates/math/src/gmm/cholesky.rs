//! The triangular factor of a small covariance. Matrices here are of a few rows; a library's generic
//! factorisation would spend its time on allocating.

/// A lower triangle `L` with `L Lᵀ` the matrix it came from, row by row.
#[derive(Clone, Debug)]
pub(super) struct Factor {
    pub lower: Vec<f64>,
    pub dims: usize,
}

impl Factor {
    /// The factor of a symmetric matrix; `None` when it is not positive definite or not finite.
    pub fn of(matrix: &[f64], dims: usize) -> Option<Factor> {
        let mut lower = vec![0.0; dims * dims];
        for row in 0..dims {
            for col in 0..=row {
                let known: f64 = (0..col).map(|i| lower[row * dims + i] * lower[col * dims + i]).sum();
                let rest = matrix[row * dims + col] - known;
                if col < row {
                    lower[row * dims + col] = rest / lower[col * dims + col];
                } else if rest > 0.0 && rest.is_finite() {
                    lower[row * dims + row] = rest.sqrt();
                } else {
                    return None;
                }
            }
        }
        Some(Factor { lower, dims })
    }

    /// `L x`.
    pub fn times(&self, x: &[f64]) -> Vec<f64> {
        let row = |i: usize| &self.lower[i * self.dims..][..=i];
        (0..self.dims).map(|i| row(i).iter().zip(x).map(|(l, x)| l * x).sum()).collect()
    }

    /// The inverse of `L`, a lower triangle too.
    pub fn inverse(&self) -> Vec<f64> {
        let (l, dims) = (&self.lower, self.dims);
        let mut inverse = vec![0.0; dims * dims];
        for col in 0..dims {
            inverse[col * dims + col] = 1.0 / l[col * dims + col];
            for row in col + 1..dims {
                let sum: f64 = (col..row).map(|i| l[row * dims + i] * inverse[i * dims + col]).sum();
                inverse[row * dims + col] = -sum / l[row * dims + row];
            }
        }
        inverse
    }

    /// Half the logarithm of the determinant of `L Lᵀ`.
    pub fn half_log_det(&self) -> f64 {
        (0..self.dims).map(|i| self.lower[i * self.dims + i].ln()).sum()
    }
}

/// The log-density of one Gaussian at `point`.
pub(super) fn log_density(factor: &Factor, mean: &[f64], point: &[f64]) -> f64 {
    let dims = factor.dims;
    let mut solved = vec![0.0; dims];
    for row in 0..dims {
        let known: f64 = (0..row).map(|i| factor.lower[row * dims + i] * solved[i]).sum();
        solved[row] = (point[row] - mean[row] - known) / factor.lower[row * dims + row];
    }
    let distance: f64 = solved.iter().map(|x| x * x).sum();
    -0.5 * (distance + dims as f64 * (2.0 * std::f64::consts::PI).ln()) - factor.half_log_det()
}
