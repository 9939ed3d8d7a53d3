//! Nonnegative least squares for a handful of columns, exactly.
//!
//! With few columns every set of columns that may carry weight can be tried: the best of those whose
//! plain least-squares weights are all nonnegative is the constrained optimum. No iteration, no
//! tolerance to tune, and the answer is the same on every machine.

/// The weights, and what is left.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// One a column, all at least 0.
    pub weights: Vec<f64>,
    /// The sum of squared differences to the target.
    pub squares: f64,
}

/// At most this many columns: every subset is tried.
pub const MOST_COLUMNS: usize = 12;

/// A column of which less than this share of its length is new to the columns before it counts as
/// dependent on them.
const DEPENDENT: f64 = 1e-9;

/// An added column must take away this share of the target's squares, or the smaller set stands.
const WORTH: f64 = 1e-20;

/// Weights at least 0 that bring the weighted sum of `columns` nearest to `target` in squares.
///
/// Of equally good answers the one with fewest columns is returned, then the one with the first
/// columns. `None` when lengths differ, a number is not finite or there are more than
/// [`MOST_COLUMNS`].
pub fn nnls(columns: &[&[f64]], target: &[f64]) -> Option<Weights> {
    let fits = columns.iter().all(|column| column.len() == target.len());
    let finite = columns.iter().flat_map(|column| column.iter()).chain(target).all(|x| x.is_finite());
    if !fits || !finite || columns.len() > MOST_COLUMNS {
        return None;
    }
    let total = dot(target, target);
    let mut best = Weights { weights: vec![0.0; columns.len()], squares: total };
    let mut sets: Vec<u32> = (1..1 << columns.len()).collect();
    sets.sort_by_key(|set| (set.count_ones(), *set));
    for set in sets {
        let chosen: Vec<usize> = (0..columns.len()).filter(|i| set >> i & 1 == 1).collect();
        let Some(found) = plain(&chosen.iter().map(|&i| columns[i]).collect::<Vec<_>>(), target) else {
            continue;
        };
        if found.weights.iter().all(|&weight| weight >= 0.0) && best.squares - found.squares > WORTH * total {
            best.squares = found.squares;
            best.weights = vec![0.0; columns.len()];
            for (&i, weight) in chosen.iter().zip(found.weights) {
                best.weights[i] = weight;
            }
        }
    }
    Some(best)
}

/// Unconstrained least squares by modified Gram-Schmidt, or `None` for dependent columns.
fn plain(columns: &[&[f64]], target: &[f64]) -> Option<Weights> {
    let n = columns.len();
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(n);
    let mut upper = vec![vec![0.0; n]; n];
    for (j, column) in columns.iter().enumerate() {
        let mut rest = column.to_vec();
        // Twice is enough: the second pass removes what rounding left of the first.
        for _ in 0..2 {
            for (i, direction) in basis.iter().enumerate() {
                let share = dot(direction, &rest);
                upper[i][j] += share;
                add(&mut rest, direction, -share);
            }
        }
        let length = dot(&rest, &rest).sqrt();
        if length <= DEPENDENT * dot(column, column).sqrt() {
            return None;
        }
        upper[j][j] = length;
        rest.iter_mut().for_each(|x| *x /= length);
        basis.push(rest);
    }
    let mut rest = target.to_vec();
    let mut shares = vec![0.0; n];
    for _ in 0..2 {
        for (share, direction) in shares.iter_mut().zip(&basis) {
            let more = dot(direction, &rest);
            *share += more;
            add(&mut rest, direction, -more);
        }
    }
    let mut weights = vec![0.0; n];
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|j| upper[i][j] * weights[j]).sum();
        weights[i] = (shares[i] - known) / upper[i][i];
    }
    Some(Weights { weights, squares: dot(&rest, &rest) })
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], what: &[f64], times: f64) {
    for (to, what) in to.iter_mut().zip(what) {
        *to += times * what;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn without_active_bounds_it_is_plain_least_squares() {
        // y = 1 + 2 x at x = 0, 1, 2.
        let found = nnls(&[&[1.0, 1.0, 1.0], &[0.0, 1.0, 2.0]], &[1.0, 3.0, 5.0]).expect("valid");
        assert!((found.weights[0] - 1.0).abs() < 1e-12 && (found.weights[1] - 2.0).abs() < 1e-12);
        assert!(found.squares < 1e-24);
    }

    #[test]
    fn a_negative_weight_is_cut_to_zero_and_the_others_are_fitted_anew() {
        // The plain fit of (2, 1, 0) is 2 - x. Without x the best constant is the mean, 1: squares 2.
        let found = nnls(&[&[1.0, 1.0, 1.0], &[0.0, 1.0, 2.0]], &[2.0, 1.0, 0.0]).expect("valid");
        assert_eq!(found.weights, [1.0, 0.0]);
        assert!((found.squares - 2.0).abs() < 1e-12);
    }

    #[test]
    fn dependent_columns_and_empty_input_are_no_trouble() {
        let found = nnls(&[&[1.0, 2.0], &[2.0, 4.0]], &[3.0, 6.0]).expect("valid");
        assert_eq!(found.weights, [3.0, 0.0]);
        assert_eq!(nnls(&[], &[1.0, 2.0]).expect("valid").squares, 5.0);
        assert_eq!(nnls(&[&[1.0]], &[1.0, 2.0]), None);
        assert_eq!(nnls(&[&[f64::NAN]], &[1.0]), None);
        assert_eq!(nnls(&[&[0.0, 0.0]], &[1.0, 2.0]).expect("valid").weights, [0.0]);
    }

    proptest! {
        /// Karush-Kuhn-Tucker: no gradient along a used column, none that helps along an unused one.
        #[test]
        fn the_answer_is_optimal(rows in prop::collection::vec(prop::array::uniform4(-3f64..3.0), 4..20)) {
            let column = |i: usize| rows.iter().map(|row| row[i]).collect::<Vec<f64>>();
            let (columns, target) = ([column(0), column(1), column(2)], column(3));
            let found = nnls(&columns.each_ref().map(Vec::as_slice), &target).expect("valid");
            let mut rest = target.clone();
            for (column, weight) in columns.iter().zip(&found.weights) {
                add(&mut rest, column, -weight);
            }
            for (column, &weight) in columns.iter().zip(&found.weights) {
                let slope = dot(column, &rest);
                prop_assert!(weight >= 0.0 && slope < 1e-7);
                prop_assert!(weight == 0.0 || slope.abs() < 1e-7);
            }
        }
    }
}
