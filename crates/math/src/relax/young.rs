//! Young's theory: what the factor of over-relaxation does to a consistently ordered matrix.
//!
//! `beta` is the spectral radius of Jacobi's iteration matrix, in `0..1`.

/// The factor with the least spectral radius, `1 + (beta / (1 + sqrt(1 - beta^2)))^2`, in `1..2`.
pub fn optimal(beta: f64) -> f64 {
    1.0 + (beta / (1.0 + (1.0 - beta * beta).sqrt())).powi(2)
}

/// The spectral radius of the iteration matrix with the factor `omega`, for `omega` in `0..=2`.
pub fn radius(omega: f64, beta: f64) -> f64 {
    if omega >= optimal(beta) {
        return omega - 1.0;
    }
    let product = omega * beta;
    // Not negative below the optimum, but for rounding.
    let root = (product * product - 4.0 * (omega - 1.0)).max(0.0).sqrt();
    (0.5 * (product + root)).powi(2)
}

/// An upper bound of the number of iterations, `1 + ln(eps) / ln(rho + tau (1 - rho))`, where `tau` in
/// `0..1` says how far from its asymptotic regime the solver is (equation 4 of arXiv 2310.02246).
pub fn surrogate(omega: f64, beta: f64, tau: f64, tolerance: f64) -> f64 {
    let rho = radius(omega, beta);
    1.0 + tolerance.ln() / (rho + tau * (1.0 - rho)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relax::{FivePoint, Stop, sor};
    use std::f64::consts::PI;

    #[test]
    fn the_optimum_of_a_grid_is_two_over_one_plus_a_sine() {
        for (side, expect) in [(10, 1.560388), (50, 1.884018)] {
            let found = optimal(FivePoint::laplacian(side).jacobi_radius());
            assert!((found - expect).abs() < 1e-6, "{side}: {found}");
            let sine = 2.0 / (1.0 + (PI / (side + 1) as f64).sin());
            assert!((found - sine).abs() < 1e-12);
        }
    }

    #[test]
    fn the_radius_falls_to_the_optimum_and_then_rises_in_a_line() {
        let beta = (PI / 11.0).cos();
        let cases =
            [(1.0, 0.920627), (1.2, 0.880262), (1.4, 0.805890), (optimal(beta), 0.560388), (1.8, 0.8)];
        for (omega, expect) in cases {
            let found = radius(omega, beta);
            assert!((found - expect).abs() < 1e-6, "{omega}: {found} is not {expect}");
        }
        // Gauss-Seidel is Jacobi squared.
        assert!((radius(1.0, beta) - beta * beta).abs() < 1e-12);
    }

    #[test]
    fn the_residual_of_many_sweeps_shrinks_at_the_radius() {
        // Between sweeps 150 and 200 the residual falls by rho^50.
        let a = FivePoint::laplacian(10);
        for omega in [1.0, 1.2, 1.4] {
            let left = |sweeps| {
                let mut x = vec![0.0; 100];
                sor::solve(&a, &[1.0; 100], &mut x, omega, Stop { tolerance: 0.0, limit: sweeps });
                let mut r = vec![0.0; 100];
                a.residual(&x, &[1.0; 100], &mut r);
                r.iter().map(|r| r * r).sum::<f64>().sqrt()
            };
            let (from, to) = if omega > 1.3 { (60, 80) } else { (100, 150) };
            let rate = (left(to) / left(from)).powf(1.0 / f64::from(to - from));
            assert!((rate - radius(omega, a.jacobi_radius())).abs() < 2e-3, "{omega}: {rate}");
        }
    }

    #[test]
    fn the_surrogate_bounds_the_count_for_a_tau_that_is_large_enough() {
        let a = FivePoint::laplacian(10);
        for omega in [1.0, 1.2, 1.4, 1.56, 1.6, 1.8] {
            let mut x = vec![0.0; 100];
            let count = sor::solve(&a, &[1.0; 100], &mut x, omega, Stop { tolerance: 1e-8, limit: 10_000 });
            assert!(f64::from(count) < surrogate(omega, a.jacobi_radius(), 0.25, 1e-8), "{omega}");
        }
    }
}
