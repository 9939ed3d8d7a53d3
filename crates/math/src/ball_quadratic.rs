//! The lowest point of a quadratic within a ball, exactly, whether or not the quadratic is convex.
//!
//! `x/2 Q x + c x` is lowest on `|x| <= radius` at `x = -(Q + s I)^-1 c` for the one `s >= 0` that makes
//! `Q + s I` positive semidefinite and either is 0 or puts `x` on the sphere: the trust-region subproblem.
//! One eigendecomposition of `Q` serves every `c`.
//!
//! Source: Moré and Sorensen 1983, "Computing a trust region step".

use nalgebra::{DMatrix, DVector};

/// Eigenvalues that differ by less than this share of the largest count as one.
const SAME: f64 = 1e-12;

/// A quadratic form on a ball around the origin.
#[derive(Clone, Debug)]
pub struct BallQuadratic {
    /// Ascending.
    values: Vec<f64>,
    /// Column `i` belongs to `values[i]`.
    vectors: DMatrix<f64>,
    radius: f64,
}

impl BallQuadratic {
    /// The form `x/2 Q x` of a symmetric `Q`, its rows one after the other, on `|x| <= radius`; a radius
    /// below 0 counts as 0. `None` unless `Q` is square, finite and not empty.
    pub fn of(rows: &[f64], radius: f64) -> Option<BallQuadratic> {
        let n = rows.len().isqrt();
        if n == 0 || n * n != rows.len() || !rows.iter().all(|entry| entry.is_finite()) {
            return None;
        }
        let eigen = DMatrix::from_row_slice(n, n, rows).symmetric_eigen();
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| eigen.eigenvalues[a].total_cmp(&eigen.eigenvalues[b]));
        let columns: Vec<DVector<f64>> =
            order.iter().map(|&idx| eigen.eigenvectors.column(idx).into_owned()).collect();
        let vectors = DMatrix::from_columns(&columns);
        let values = order.iter().map(|&idx| eigen.eigenvalues[idx]).collect();
        Some(BallQuadratic { values, vectors, radius: radius.max(0.0) })
    }

    /// The lowest point of `x/2 Q x + linear x`. Where a whole set is lowest: of an inner one the point
    /// nearest the origin, of one on the sphere either end.
    pub fn lowest(&self, linear: &[f64]) -> Vec<f64> {
        // In the basis of eigenvectors; `pull` is where the linear term draws to.
        let pull: Vec<f64> = (-self.vectors.tr_mul(&DVector::from_column_slice(linear))).as_slice().to_vec();
        let flat = SAME * self.values.iter().fold(0.0f64, |high, value| high.max(value.abs()));
        let slack = SAME * norm(&pull);
        let least = self.values.first().copied().unwrap_or(0.0);
        let start = (-least).max(0.0);
        // Where the shift makes a direction flat, only a pull along it moves it.
        let pulled_flat =
            (self.values.iter().zip(&pull)).any(|(value, pull)| value + start <= flat && pull.abs() > slack);
        if !pulled_flat {
            let mut inner = at(&self.values, &pull, start, flat);
            let left = self.radius * self.radius - inner.iter().map(|x| x * x).sum::<f64>();
            if left >= 0.0 {
                if least < -flat {
                    // The hard case: down a direction of negative curvature to the sphere.
                    inner[0] += left.sqrt();
                }
                return self.back(&inner);
            }
        }
        // |x(shift)| falls in the shift from above the radius to below it.
        let (mut low, mut high) = (start, start + norm(&pull) / self.radius.max(f64::MIN_POSITIVE));
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                break;
            }
            match norm(&at(&self.values, &pull, middle, 0.0)) > self.radius {
                true => low = middle,
                false => high = middle,
            }
        }
        self.back(&at(&self.values, &pull, high, 0.0))
    }

    fn back(&self, coordinates: &[f64]) -> Vec<f64> {
        (&self.vectors * DVector::from_column_slice(coordinates)).as_slice().to_vec()
    }
}

/// `pull / (value + shift)`, 0 in directions that are flat.
fn at(values: &[f64], pull: &[f64], shift: f64, flat: f64) -> Vec<f64> {
    let one = |(value, pull): (&f64, &f64)| match value + shift {
        curvature if curvature > flat => pull / curvature,
        _ => 0.0,
    };
    values.iter().zip(pull).map(one).collect()
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value(rows: &[f64], linear: &[f64], x: &[f64]) -> f64 {
        let n = x.len();
        let form: f64 = (0..n * n).map(|i| x[i / n] * rows[i] * x[i % n]).sum();
        0.5 * form + linear.iter().zip(x).map(|(c, x)| c * x).sum::<f64>()
    }

    #[track_caller]
    fn check(rows: &[f64], linear: &[f64], radius: f64, expect: &[f64]) {
        let found = BallQuadratic::of(rows, radius).expect("square").lowest(linear);
        for (found, expect) in found.iter().zip(expect) {
            assert!((found - expect).abs() < 1e-9, "{found} != {expect}");
        }
    }

    #[test]
    fn inside_on_the_sphere_flat_and_hard() {
        check(&[2.0, 0.0, 0.0, 4.0], &[-2.0, 4.0], 9.0, &[1.0, -1.0]);
        // x = c / (1 + s) on the circle of radius 1 for c of length 5: s = 4.
        check(&[1.0, 0.0, 0.0, 1.0], &[-3.0, -4.0], 1.0, &[0.6, 0.8]);
        // The second direction is flat: pulled, it goes to the sphere; not pulled, it stays.
        check(&[1.0, 0.0, 0.0, 0.0], &[0.0, -1.0], 3.0, &[0.0, 3.0]);
        check(&[1.0, 0.0, 0.0, 0.0], &[-1.0, 0.0], 3.0, &[1.0, 0.0]);
        // Nothing pulls along the negative direction, yet the lowest point is on the sphere:
        // s = 2, x = 1 / (1 + 2), and sqrt(1 - 1/9) along it.
        let form = [-2.0, 0.0, 0.0, 1.0];
        let found = BallQuadratic::of(&form, 1.0).expect("square").lowest(&[0.0, -1.0]);
        assert!(
            (found[1] - 1.0 / 3.0).abs() < 1e-12 && (found[0].abs() - (8.0f64 / 9.0).sqrt()).abs() < 1e-12
        );
    }

    #[test]
    fn what_is_no_form_is_refused() {
        assert!(BallQuadratic::of(&[1.0, 2.0], 1.0).is_none());
        assert!(BallQuadratic::of(&[f64::NAN], 1.0).is_none());
        assert!(BallQuadratic::of(&[], 1.0).is_none());
    }

    proptest! {
        #[test]
        fn no_point_of_the_ball_is_lower(
            entries in prop::collection::vec(-2.0f64..2.0, 6),
            linear in prop::collection::vec(-2.0f64..2.0, 3),
            radius in 0.1f64..4.0,
            others in prop::collection::vec(prop::collection::vec(-1.0f64..1.0, 3), 60),
        ) {
            let [a, b, c, d, e, f] = entries[..] else { unreachable!("six entries") };
            let form = [a, b, c, b, d, e, c, e, f];
            let found = BallQuadratic::of(&form, radius).expect("square").lowest(&linear);
            prop_assert!(norm(&found) <= radius * (1.0 + 1e-9));
            let lowest = value(&form, &linear, &found);
            for other in others {
                let length = norm(&other).max(1e-9);
                // Points within and points on the sphere.
                for scale in [radius * length.min(1.0) / length, radius / length] {
                    let point: Vec<f64> = other.iter().map(|x| x * scale).collect();
                    prop_assert!(lowest <= value(&form, &linear, &point) + 1e-9);
                }
            }
        }
    }
}
