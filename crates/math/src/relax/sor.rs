//! Successive over-relaxation: Gauss-Seidel's sweeps, each stretched by a factor.
//!
//! With `A = D + L + L^T` and `W = D / omega + L` a sweep solves `W z = r`, adds `z` to `x` and takes
//! the new residual. That residual needs neither `b` nor the old one: `r - A z` is
//! `(1 / omega - 1) D z - L^T z`, so a sweep is one substitution and one pass over its result.

use super::{FivePoint, Stop, lanes};

/// Sweeps from `x` until the residual's norm is below `stop.tolerance` times its first; returns how
/// many sweeps it took, `stop.limit` where that was not reached or the residual overflowed.
///
/// `omega = 1` is Gauss-Seidel. It converges for symmetric positive definite matrices and `omega` in
/// `0..2` and diverges otherwise. `b` and `x` have one entry a row of `a`.
pub fn solve(a: &FivePoint, b: &[f64], x: &mut [f64], omega: f64, stop: Stop) -> u32 {
    let n = a.side;
    // All in units of the diagonal: r / d, and -L / d has the one entry q.
    let q = -a.coupling / a.diagonal;
    let (carry, keep) = (omega * q, 1.0 / omega - 1.0);
    let mut r = vec![0.0; a.size()];
    a.residual(x, b, &mut r);
    r.iter_mut().for_each(|r| *r /= a.diagonal);
    let first = lanes::dot(&r, &r);
    // ||r|| < tolerance ||r0||, squared.
    let enough = stop.tolerance * stop.tolerance * first;
    // A row of zeros stands before and after the grid's rows.
    let mut z = vec![0.0; a.size() + 2 * n];
    for sweep in 1..=stop.limit {
        for (row, r) in r.chunks_exact(n).enumerate() {
            let (above, here) = z[row * n..(row + 2) * n].split_at_mut(n);
            substitute(r, above, here, omega, carry);
        }
        let mut squares = [0.0; 4];
        for (row, (r, x)) in r.chunks_exact_mut(n).zip(x.chunks_exact_mut(n)).enumerate() {
            let (here, below) = z[(row + 1) * n..(row + 3) * n].split_at(n);
            update(here, below, r, x, keep, q, &mut squares);
        }
        let square = (squares[0] + squares[1]) + (squares[2] + squares[3]);
        if square < enough {
            return sweep;
        }
        if !square.is_finite() {
            break;
        }
    }
    stop.limit
}

/// One row of `W z = r`: what comes from above can be done for all points at once, what comes from the
/// left cannot.
fn substitute(r: &[f64], above: &[f64], here: &mut [f64], omega: f64, carry: f64) {
    for ((here, r), above) in here.iter_mut().zip(r).zip(above) {
        *here = omega * r + carry * above;
    }
    let mut left = 0.0;
    for here in here {
        left = *here + carry * left;
        *here = left;
    }
}

/// One row of the new residual and of the solution; adds the squares of the residual to `squares`.
fn update(
    here: &[f64],
    below: &[f64],
    r: &mut [f64],
    x: &mut [f64],
    keep: f64,
    q: f64,
    squares: &mut [f64; 4],
) {
    for (((r, x), here), below) in r.iter_mut().zip(x).zip(here).zip(below) {
        *x += here;
        *r = keep * here + q * below;
    }
    for (r, right) in r.iter_mut().zip(&here[1..]) {
        *r += q * right;
    }
    let (quads, rest) = r.as_chunks::<4>();
    for quad in quads {
        for lane in 0..4 {
            squares[lane] += quad[lane] * quad[lane];
        }
    }
    for (lane, r) in rest.iter().enumerate() {
        squares[lane] += r * r;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STOP: Stop = Stop { tolerance: 1e-8, limit: 10_000 };

    fn count(omega: f64) -> u32 {
        solve(&FivePoint::laplacian(10), &[1.0; 100], &mut [0.0; 100], omega, STOP)
    }

    #[test]
    fn the_counts_of_the_hundred_by_hundred_laplacian_are_these() {
        let cases = [(1.0, 223), (1.2, 145), (1.4, 88), (1.5604, 41), (1.6, 43), (1.8, 89), (1.95, 383)];
        for (omega, expect) in cases {
            assert_eq!(count(omega), expect, "omega {omega}");
        }
    }

    #[test]
    fn a_factor_of_one_is_gauss_seidel() {
        // Gauss-Seidel as it is usually written: each point from its neighbours' latest values.
        let side = 4;
        let b: Vec<f64> = (0..16).map(|i| f64::from(i % 5) - 1.5).collect();
        let mut expect = vec![0.0; 16];
        for _ in 0..3 {
            for i in 0..16 {
                let (row, column) = (i / side, i % side);
                let mut sum = b[i];
                for (there, neighbour) in [
                    (row > 0, i.wrapping_sub(side)),
                    (row + 1 < side, i + side),
                    (column > 0, i.wrapping_sub(1)),
                    (column + 1 < side, i + 1),
                ] {
                    if there {
                        sum += expect[neighbour];
                    }
                }
                expect[i] = sum / 4.0;
            }
        }
        let mut x = vec![0.0; 16];
        solve(&FivePoint::laplacian(side), &b, &mut x, 1.0, Stop { tolerance: 0.0, limit: 3 });
        for (found, expect) in x.iter().zip(&expect) {
            assert!((found - expect).abs() < 1e-14, "{x:?} is not {expect:?}");
        }
    }

    #[test]
    fn factors_outside_zero_to_two_diverge_to_the_limit() {
        for omega in [-0.5, 2.0, 2.3] {
            assert_eq!(count(omega), STOP.limit, "omega {omega}");
        }
    }

    #[test]
    fn the_solution_solves_and_a_good_start_helps() {
        let a = FivePoint::laplacian(10).shifted(0.3);
        let b: Vec<f64> = (0..100).map(|i| f64::from(i * 37 % 11) - 5.0).collect();
        let mut x = vec![0.0; 100];
        let cold = solve(&a, &b, &mut x, 1.4, STOP);
        let mut r = vec![0.0; 100];
        a.residual(&x, &b, &mut r);
        assert!(lanes::norm(&r) < 1.01e-8 * lanes::norm(&b));
        // Half as far away in orders of magnitude, half the work.
        let mut near: Vec<f64> = x.iter().map(|x| x + 1e-4).collect();
        let again = solve(&a, &b, &mut near, 1.4, Stop { tolerance: 1e-4, ..STOP });
        assert!(again < cold, "{again} sweeps are not fewer than {cold}");
    }
}
