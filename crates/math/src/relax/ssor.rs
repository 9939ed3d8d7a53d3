//! Conjugate gradients, plain or with the symmetric sweep as preconditioner.
//!
//! With `X = D + omega L` the preconditioner is `M = X^T D^-1 X / (omega (2 - omega))`, the order of
//! the factors in the released code of arXiv 2310.02246; `X D^-1 X^T` sweeps the other way round and is
//! as good. It is symmetric and positive definite for `omega` in `0..2`.

use super::{FivePoint, Stop, lanes};

/// Plain conjugate gradients from `x`; counts as [`solve`] does.
pub fn plain(a: &FivePoint, b: &[f64], x: &mut [f64], stop: Stop) -> u32 {
    gradients(a, b, x, stop, |r, z| z.copy_from_slice(r))
}

/// Preconditioned conjugate gradients from `x` until the residual's norm is at most `stop.tolerance`
/// times the norm of `b`; returns the number of iterations, 0 where `x` is good enough already and
/// `stop.limit` where that was not reached.
pub fn solve(a: &FivePoint, b: &[f64], x: &mut [f64], omega: f64, stop: Stop) -> u32 {
    gradients(a, b, x, stop, |r, z| precondition(a, omega, r, z))
}

/// `z = M^-1 r`, times the diagonal: the factor does not change what conjugate gradients do.
fn precondition(a: &FivePoint, omega: f64, r: &[f64], z: &mut [f64]) {
    let n = a.side;
    let carry = -omega * a.coupling / a.diagonal;
    let scale = omega * (2.0 - omega);
    // X^T y = r, from the last point to the first.
    for row in (0..n).rev() {
        let (front, below) = z.split_at_mut((row + 1) * n);
        let here = &mut front[row * n..];
        here.copy_from_slice(&r[row * n..][..n]);
        if row + 1 < n {
            lanes::add_scaled(here, carry, &below[..n]);
        }
        let mut right = 0.0;
        for here in here.iter_mut().rev() {
            right = *here + carry * right;
            *here = right;
        }
    }
    // X z = omega (2 - omega) y, in place.
    for row in 0..n {
        let (above, here) = z.split_at_mut(row * n);
        let here = &mut here[..n];
        here.iter_mut().for_each(|here| *here *= scale);
        if row > 0 {
            lanes::add_scaled(here, carry, &above[(row - 1) * n..]);
        }
        let mut left = 0.0;
        for here in here.iter_mut() {
            left = *here + carry * left;
            *here = left;
        }
    }
}

fn gradients(
    a: &FivePoint,
    b: &[f64],
    x: &mut [f64],
    stop: Stop,
    mut precondition: impl FnMut(&[f64], &mut [f64]),
) -> u32 {
    let size = a.size();
    let (mut r, mut z, mut ap) = (vec![0.0; size], vec![0.0; size], vec![0.0; size]);
    a.residual(x, b, &mut r);
    let enough = stop.tolerance * lanes::norm(b);
    if lanes::norm(&r) <= enough {
        return 0;
    }
    precondition(&r, &mut z);
    let mut p = z.clone();
    let mut rho = lanes::dot(&r, &z);
    for iteration in 1..=stop.limit {
        a.times(&p, &mut ap);
        let step = rho / lanes::dot(&p, &ap);
        lanes::add_scaled(x, step, &p);
        lanes::add_scaled(&mut r, -step, &ap);
        let left = lanes::norm(&r);
        if left <= enough {
            return iteration;
        }
        if !left.is_finite() {
            break;
        }
        precondition(&r, &mut z);
        let next = lanes::dot(&r, &z);
        let turn = next / rho;
        rho = next;
        for (p, z) in p.iter_mut().zip(&z) {
            *p = z + turn * *p;
        }
    }
    stop.limit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relax::sor;

    fn case() -> (FivePoint, Vec<f64>) {
        let a = FivePoint::laplacian(10).shifted(0.2);
        (a, (0..100).map(|i| f64::from(i * 53 % 17) - 8.0).collect())
    }

    #[test]
    fn it_finds_what_elimination_finds() {
        let (a, b) = case();
        let direct = eliminate(&a, &b);
        for omega in [0.7, 1.0, 1.5, 1.9] {
            let mut x = vec![0.0; 100];
            let count = solve(&a, &b, &mut x, omega, Stop { tolerance: 1e-11, limit: 1000 });
            assert!(count < 100, "{omega}: {count}");
            for (x, direct) in x.iter().zip(&direct) {
                assert!((x - direct).abs() < 1e-8, "{omega}: {x} is not {direct}");
            }
        }
        let mut x = vec![0.0; 100];
        plain(&a, &b, &mut x, Stop { tolerance: 1e-11, limit: 1000 });
        assert!(x.iter().zip(&direct).all(|(x, direct)| (x - direct).abs() < 1e-8));
    }

    /// Gaussian elimination on the full matrix.
    fn eliminate(a: &FivePoint, b: &[f64]) -> Vec<f64> {
        let n = a.size();
        let mut rows: Vec<Vec<f64>> = (0..n).map(|_| vec![0.0; n + 1]).collect();
        for column in 0..n {
            let mut unit = vec![0.0; n];
            unit[column] = 1.0;
            let mut out = vec![0.0; n];
            a.times(&unit, &mut out);
            for (row, out) in rows.iter_mut().zip(&out) {
                row[column] = *out;
            }
        }
        for (row, b) in rows.iter_mut().zip(b) {
            row[n] = *b;
        }
        for pivot in 0..n {
            let chosen = rows[pivot].clone();
            for row in &mut rows[pivot + 1..] {
                let factor = row[pivot] / chosen[pivot];
                row.iter_mut().zip(&chosen).for_each(|(x, c)| *x -= factor * c);
            }
        }
        let mut x = vec![0.0; n];
        for i in (0..n).rev() {
            let known: f64 = (i + 1..n).map(|j| rows[i][j] * x[j]).sum();
            x[i] = (rows[i][n] - known) / rows[i][i];
        }
        x
    }

    #[test]
    fn the_preconditioner_is_symmetric_and_positive_and_is_the_product_of_its_factors() {
        let a = FivePoint::laplacian(4);
        for omega in [0.3, 1.0, 1.5, 1.97] {
            let inverse: Vec<Vec<f64>> = (0..16)
                .map(|i| {
                    let mut unit = vec![0.0; 16];
                    unit[i] = 1.0;
                    let mut z = vec![0.0; 16];
                    precondition(&a, omega, &unit, &mut z);
                    z
                })
                .collect();
            for (i, row) in inverse.iter().enumerate() {
                for (j, entry) in row.iter().enumerate() {
                    assert!((entry - inverse[j][i]).abs() < 1e-12, "{omega}");
                }
            }
            for k in 0..8 {
                let v: Vec<f64> = (0..16).map(|i| f64::from((i * 7 + k * 3) % 11) - 5.0).collect();
                let mut z = vec![0.0; 16];
                precondition(&a, omega, &v, &mut z);
                assert!(lanes::dot(&v, &z) > 0.0, "{omega}");
                // M z = r: X z, then X^T of that, over d omega (2 - omega); times d as above.
                let back = factor(&a, omega, &factor(&a, omega, &z, false), true);
                for (back, v) in back.iter().zip(&v) {
                    assert!((back / (omega * (2.0 - omega)) - v).abs() < 1e-12, "{omega}");
                }
            }
        }
    }

    /// `(I + omega L / d) v`, or its transpose times `v`.
    fn factor(a: &FivePoint, omega: f64, v: &[f64], transposed: bool) -> Vec<f64> {
        let (n, size) = (a.side, a.size());
        let entry = omega * a.coupling / a.diagonal;
        (0..size)
            .map(|i| {
                let mut sum = v[i];
                if transposed {
                    sum += if (i + 1) % n != 0 { entry * v[i + 1] } else { 0.0 };
                    sum += if i + n < size { entry * v[i + n] } else { 0.0 };
                } else {
                    sum += if i % n != 0 { entry * v[i - 1] } else { 0.0 };
                    sum += if i >= n { entry * v[i - n] } else { 0.0 };
                }
                sum
            })
            .collect()
    }

    #[test]
    fn it_needs_fewer_iterations_than_relaxation_alone_and_none_from_the_solution() {
        let (a, b) = case();
        let stop = Stop { tolerance: 1e-8, limit: 1000 };
        let mut x = vec![0.0; 100];
        let gradients = solve(&a, &b, &mut x, 1.5, stop);
        let sweeps = sor::solve(&a, &b, &mut [0.0; 100], 1.5, stop);
        assert!(gradients * 2 < sweeps, "{gradients} and {sweeps}");
        assert_eq!(solve(&a, &b, &mut x, 1.5, Stop { tolerance: 1e-7, ..stop }), 0);
    }

    #[test]
    fn counts_are_those_of_the_released_code() {
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../../../../golden/relax/counts.json")).expect("JSON");
        let b: Vec<f64> = (0..100).map(|i| f64::from(i * 37 % 11) - 5.0).collect();
        for row in golden["systems"].as_array().expect("a list") {
            let number = |i: usize| row[i].as_f64().expect("a number");
            let a = FivePoint::laplacian(10).shifted(number(0));
            let stop = Stop { tolerance: 1e-8, limit: 10_000 };
            let sweeps = sor::solve(&a, &b, &mut [0.0; 100], number(1), stop);
            let gradients = solve(&a, &b, &mut [0.0; 100], number(1), stop);
            assert_eq!((f64::from(sweeps), f64::from(gradients)), (number(2), number(3)), "{row}");
        }
    }
}
