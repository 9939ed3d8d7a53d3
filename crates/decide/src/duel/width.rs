//! How uncertain the difference of two worths is, from the gradients of the pairs already compared.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

/// Which precision the width is taken in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Width {
    /// Its diagonal alone, as the released code has it: `sum_j d_j^2 / (sum_s z_sj^2 + lambda)`.
    #[default]
    Diagonal,
    /// The whole matrix, as the paper has it: `d^T (Z^T Z + lambda I)^-1 d`.
    Full,
}

/// `sqrt(nu * d^T V^-1 d)` for every row `d` of `differences`, where `past` holds the rows `z`.
///
/// Rows have `len` entries; `lambda` is above 0. The full form never builds a matrix of `len * len`: with
/// `n` past rows it costs one factorisation of `n * n` (Woodbury's identity).
pub fn widths(
    width: Width,
    past: &[Vec<f64>],
    differences: &[Vec<f64>],
    (nu, lambda, len): (f64, f64, usize),
) -> Vec<f64> {
    match width {
        Width::Diagonal => {
            let mut precision = vec![lambda; len];
            for row in past {
                precision.iter_mut().zip(row).for_each(|(sum, z)| *sum += z * z);
            }
            let variance =
                |row: &Vec<f64>| row.iter().zip(&precision).map(|(d, u)| nu * d * d / u).sum::<f64>();
            differences.iter().map(|row| variance(row).sqrt()).collect()
        }
        Width::Full => {
            let z = DMatrix::from_fn(past.len(), len, |s, j| past[s][j]);
            let inner = &z * z.transpose() + DMatrix::identity(past.len(), past.len()) * lambda;
            let inner = inner.cholesky().expect("a Gram matrix plus lambda > 0 is positive definite");
            let variance = |row: &Vec<f64>| {
                let d = DVector::from_column_slice(row);
                let seen = &z * &d;
                // d^T (Z^T Z + lambda)^-1 d = (d^T d - d^T Z^T (Z Z^T + lambda)^-1 Z d) / lambda.
                (d.norm_squared() - seen.dot(&inner.solve(&seen))).max(0.0) / lambda
            };
            differences.iter().map(|row| (nu * variance(row)).sqrt()).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_diagonal_width_of_the_papers_code_by_hand() {
        // U = (1 + 0.1, 4 + 0.1); sqrt(1 / 1.1 + 1 / 4.1) = 1.07378.
        let past = [vec![1.0, 0.0], vec![0.0, 2.0]];
        let found = widths(Width::Diagonal, &past, &[vec![1.0, 1.0]], (1.0, 0.1, 2));
        assert!((found[0] - 1.07378).abs() < 5e-6, "{found:?}");
    }

    #[test]
    fn the_full_width_is_the_quadratic_form_of_the_inverse() {
        let past = [vec![1.0, 0.5, -0.2], vec![0.3, 2.0, 0.0]];
        let d = vec![0.7, -1.0, 0.4];
        let z = DMatrix::from_fn(2, 3, |s, j| past[s][j]);
        let v = z.transpose() * &z + DMatrix::identity(3, 3) * 0.1;
        let column = DVector::from_column_slice(&d);
        let solved = v.try_inverse().expect("positive definite") * &column;
        let expect = f64::sqrt(column.dot(&solved));
        let found = widths(Width::Full, &past, &[d], (1.0, 0.1, 3));
        assert!((found[0] - expect).abs() < 1e-12, "{found:?} {expect}");
    }

    #[test]
    fn both_widths_agree_where_past_differences_lie_on_the_axes() {
        let past = [vec![1.0, 0.0, 0.0], vec![0.0, 0.0, -3.0], vec![0.5, 0.0, 0.0]];
        let differences = [vec![1.0, 1.0, 1.0], vec![0.0, 2.0, -0.3]];
        let diagonal = widths(Width::Diagonal, &past, &differences, (0.7, 0.1, 3));
        let full = widths(Width::Full, &past, &differences, (0.7, 0.1, 3));
        diagonal.iter().zip(&full).for_each(|(a, b)| assert!((a - b).abs() < 1e-12, "{a} {b}"));
    }

    #[test]
    fn a_repeated_pairs_width_falls_with_the_root_of_its_count() {
        let d = vec![1.0, -2.0, 0.5];
        for width in [Width::Diagonal, Width::Full] {
            let at =
                |n: usize| widths(width, &vec![d.clone(); n], std::slice::from_ref(&d), (1.0, 0.1, 3))[0];
            assert!((at(1600) / at(400) - 0.5).abs() < 1e-3, "{width:?}");
        }
    }

    #[test]
    fn nothing_is_uncertain_between_a_candidate_and_itself() {
        for width in [Width::Diagonal, Width::Full] {
            assert_eq!(widths(width, &[vec![1.0, 2.0]], &[vec![0.0, 0.0]], (1.0, 0.1, 2)), [0.0]);
        }
    }
}
