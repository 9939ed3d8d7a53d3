//! Least squares whose coefficients are kept inside a box, from sums that a stream can keep.
//!
//! A fit of `F theta = y` needs of its data only `gram = F^T F` and `moment = F^T y`, so that a learner
//! which adds a row at a time stores `m^2 + m` numbers, whatever it has seen.

/// What a ridge that keeps a rank-deficient system solvable is of the mean diagonal: the fit is the one of
/// least norm to about six digits, and unchanged to as many where the data determine it.
const RIDGE: f64 = 1e-10;

/// The coefficients that minimise `theta' gram theta - 2 theta' moment` with `|theta_j| <= bounds[j]`.
///
/// `gram` is `m * m`, row by row, symmetric and not negative; the bounds are not negative. Where the data
/// leave coefficients open, the fit of least norm is returned. It is exact up to rounding: where the free
/// fit leaves the box, an active set of bounds is exchanged until no bound should give way.
pub fn fit(gram: &[f64], moment: &[f64], bounds: &[f64]) -> Vec<f64> {
    let m = moment.len();
    let all: Vec<usize> = (0..m).collect();
    let free = solve(gram, m, &all, moment);
    if free.iter().zip(bounds).all(|(theta, bound)| theta.abs() <= *bound) {
        return free;
    }
    let mut theta: Vec<f64> = free.iter().zip(bounds).map(|(x, bound)| x.clamp(-bound, *bound)).collect();
    let mut held: Vec<bool> = free.iter().zip(bounds).map(|(x, bound)| x.abs() > *bound).collect();
    // Every exchange lowers the loss, and there are finitely many sets; the limit guards against rounding.
    for _ in 0..20 * m {
        step_inside(gram, moment, bounds, &mut theta, &mut held);
        match to_release(gram, moment, &theta, &held) {
            Some(index) => held[index] = false,
            None => break,
        }
    }
    theta
}

/// Moves to the best point with the held coefficients as they are; holds those that reach their bound.
fn step_inside(gram: &[f64], moment: &[f64], bounds: &[f64], theta: &mut [f64], held: &mut [bool]) {
    let m = theta.len();
    loop {
        let loose: Vec<usize> = (0..m).filter(|j| !held[*j]).collect();
        if loose.is_empty() {
            return;
        }
        let fixed =
            |row: usize| (0..m).filter(|j| held[*j]).map(|j| gram[row * m + j] * theta[j]).sum::<f64>();
        let right: Vec<f64> = loose.iter().map(|&row| moment[row] - fixed(row)).collect();
        let target = solve(gram, m, &loose, &right);
        // The share of the way at which the first coefficient meets its bound.
        let meets = |(&j, &to): (&usize, &f64)| {
            let bound = bounds[j].copysign(to);
            let share = if to.abs() > bounds[j] { (bound - theta[j]) / (to - theta[j]) } else { 1.0 };
            (share.clamp(0.0, 1.0), j)
        };
        let (share, first) = loose
            .iter()
            .zip(&target)
            .map(meets)
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .expect("at least one coefficient is loose");
        let outside = loose.iter().zip(&target).any(|(&j, to)| to.abs() > bounds[j]);
        for (&j, to) in loose.iter().zip(&target) {
            theta[j] = (theta[j] + share * (to - theta[j])).clamp(-bounds[j], bounds[j]);
        }
        if !outside {
            return;
        }
        let towards = target[loose.iter().position(|&j| j == first).expect("it is among the loose")];
        theta[first] = bounds[first].copysign(towards);
        held[first] = true;
    }
}

/// The held coefficient whose bound costs most, if any bound should give way.
fn to_release(gram: &[f64], moment: &[f64], theta: &[f64], held: &[bool]) -> Option<usize> {
    let m = theta.len();
    let scale = (0..m).map(|j| gram[j * m + j] * theta[j].abs() + moment[j].abs()).fold(0.0, f64::max);
    let pull = |j: usize| {
        let slope: f64 = (0..m).map(|k| gram[j * m + k] * theta[k]).sum::<f64>() - moment[j];
        // Positive where the loss falls towards the inside of the box.
        slope * theta[j].signum()
    };
    (0..m)
        .filter(|&j| held[j] && theta[j] != 0.0)
        .map(|j| (pull(j), j))
        .filter(|(pull, _)| *pull > 1e-12 * scale)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, j)| j)
}

/// `gram[of][of] x = right` with a little ridge, by Cholesky's factors.
fn solve(gram: &[f64], m: usize, of: &[usize], right: &[f64]) -> Vec<f64> {
    let n = of.len();
    let mean = of.iter().map(|&j| gram[j * m + j]).sum::<f64>() / n as f64;
    if mean <= 0.0 || mean.is_nan() {
        return vec![0.0; n];
    }
    let ridge = RIDGE * mean;
    let mut factor = vec![0.0; n * n];
    for row in 0..n {
        for column in 0..=row {
            let inner: f64 = (0..column).map(|k| factor[row * n + k] * factor[column * n + k]).sum();
            let entry = gram[of[row] * m + of[column]] - inner;
            factor[row * n + column] = if row == column {
                // What rounding leaves of a dependent column counts as the ridge.
                (entry + ridge).max(ridge).sqrt()
            } else {
                entry / factor[column * n + column]
            };
        }
    }
    let mut x = right.to_vec();
    for row in 0..n {
        let known: f64 = (0..row).map(|k| factor[row * n + k] * x[k]).sum();
        x[row] = (x[row] - known) / factor[row * n + row];
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|k| factor[k * n + row] * x[k]).sum();
        x[row] = (x[row] - known) / factor[row * n + row];
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chebyshev;
    use proptest::prelude::*;
    use serde_json::Value;

    fn sums(rows: &[Vec<f64>], y: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let m = rows[0].len();
        let (mut gram, mut moment) = (vec![0.0; m * m], vec![0.0; m]);
        for (row, y) in rows.iter().zip(y) {
            for j in 0..m {
                moment[j] += row[j] * y;
                for k in 0..m {
                    gram[j * m + k] += row[j] * row[k];
                }
            }
        }
        (gram, moment)
    }

    fn loss(gram: &[f64], moment: &[f64], theta: &[f64]) -> f64 {
        let m = theta.len();
        let square: f64 = (0..m)
            .flat_map(|j| (0..m).map(move |k| (j, k)))
            .map(|(j, k)| theta[j] * gram[j * m + k] * theta[k])
            .sum();
        square - 2.0 * moment.iter().zip(theta).map(|(v, t)| v * t).sum::<f64>()
    }

    #[test]
    fn fits_are_scipys() {
        let golden: Value =
            serde_json::from_str(include_str!("../../../golden/relax/box.json")).expect("JSON");
        let numbers = |value: &Value| -> Vec<f64> {
            value.as_array().expect("a list").iter().map(|x| x.as_f64().expect("a number")).collect()
        };
        for case in golden["cases"].as_array().expect("a list") {
            let rows: Vec<Vec<f64>> = case["a"].as_array().expect("a list").iter().map(numbers).collect();
            let (gram, moment) = sums(&rows, &numbers(&case["b"]));
            let found = fit(&gram, &moment, &numbers(&case["bounds"]));
            for (found, expect) in found.iter().zip(numbers(&case["fit"])) {
                assert!((found - expect).abs() < 1e-5, "{found} is not {expect}");
            }
        }
    }

    #[test]
    fn a_line_is_fitted_exactly_by_two_features_and_loose_bounds() {
        let xs = [-0.9, -0.2, 0.4, 0.8];
        let rows: Vec<Vec<f64>> = xs.iter().map(|x| chebyshev::features(*x, 2)).collect();
        let y: Vec<f64> = xs.iter().map(|x| 3.0 - 2.0 * x).collect();
        let (gram, moment) = sums(&rows, &y);
        let found = fit(&gram, &moment, &[100.0, 100.0]);
        assert!((found[0] - 3.0).abs() < 1e-8 && (found[1] + 2.0).abs() < 1e-8, "{found:?}");
    }

    #[test]
    fn nothing_seen_is_nothing_claimed() {
        assert_eq!(fit(&[0.0; 9], &[0.0; 3], &[1.0; 3]), [0.0; 3]);
    }

    proptest! {
        #[test]
        fn no_point_of_the_box_is_better(
            rows in prop::collection::vec(prop::collection::vec(-1.0..1.0f64, 4), 1..12),
            y in prop::collection::vec(-3.0..3.0f64, 12),
            bounds in prop::collection::vec(0.01..1.5f64, 4),
            others in prop::collection::vec(prop::collection::vec(-1.0..1.0f64, 4), 20),
        ) {
            let (gram, moment) = sums(&rows, &y);
            let found = fit(&gram, &moment, &bounds);
            prop_assert!(found.iter().zip(&bounds).all(|(x, bound)| x.abs() <= *bound));
            let best = loss(&gram, &moment, &found);
            for other in others {
                // Anywhere in the box, and nearby.
                let far: Vec<f64> = other.iter().zip(&bounds).map(|(x, bound)| x * bound).collect();
                let near: Vec<f64> = found.iter().zip(&far).map(|(x, far)| 0.99 * x + 0.01 * far).collect();
                prop_assert!(best <= loss(&gram, &moment, &far) + 1e-6);
                prop_assert!(best <= loss(&gram, &moment, &near) + 1e-6);
            }
        }
    }
}
