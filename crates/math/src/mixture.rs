//! The cheapest mixture under linear constraints that come one after the other.
//!
//! A small linear programme of one shape: weights that sum to 1, a cost each, and cuts that forbid what the
//! last solution did wrong. The best single column solves it without cuts, and each cut leaves the solution
//! optimal but perhaps infeasible: the dual simplex method repairs that in a few pivots and never starts
//! over. The tableau is dense, which suits hundreds of columns and cuts.

/// What counts as zero in the tableau.
const ZERO: f64 = 1e-9;

/// After so many pivots in a row the least index decides, which cannot cycle.
const PATIENCE: usize = 2000;

/// The programme: `min costs . w` over `w >= 0` that sum to 1 and meet every cut so far.
#[derive(Clone, Debug)]
pub struct Mixture {
    columns: usize,
    /// One row a basic variable: coefficients of all variables, the weights first and then one slack a cut.
    rows: Vec<Vec<f64>>,
    right: Vec<f64>,
    basis: Vec<usize>,
    /// What one more of each variable would cost; never negative but for rounding.
    reduced: Vec<f64>,
}

impl Mixture {
    /// Without cuts, one weight a cost; there is at least one, and all are finite.
    pub fn of(costs: &[f64]) -> Mixture {
        let best =
            (0..costs.len()).min_by(|a, b| costs[*a].total_cmp(&costs[*b])).expect("at least one column");
        Mixture {
            columns: costs.len(),
            rows: vec![vec![1.0; costs.len()]],
            right: vec![1.0],
            basis: vec![best],
            reduced: costs.iter().map(|cost| cost - costs[best]).collect(),
        }
    }

    /// Demands `row . w <= most`, where `row` has one coefficient a weight.
    pub fn cut(&mut self, row: &[f64], most: f64) {
        let mut new = row.to_vec();
        new.resize(self.reduced.len(), 0.0);
        let mut right = most;
        // In terms of the variables outside the basis.
        for ((known, known_right), basic) in self.rows.iter().zip(&self.right).zip(&self.basis) {
            let factor = new[*basic];
            if factor != 0.0 {
                new.iter_mut().zip(known).for_each(|(x, known)| *x -= factor * known);
                right -= factor * known_right;
            }
        }
        self.rows.iter_mut().for_each(|row| row.push(0.0));
        self.reduced.push(0.0);
        new.push(1.0);
        self.basis.push(self.reduced.len() - 1);
        self.rows.push(new);
        self.right.push(right);
    }

    /// The weights, or `None` where no mixture meets all cuts.
    pub fn solve(&mut self) -> Option<Vec<f64>> {
        for pivots in 0.. {
            let broken = (0..self.rows.len()).filter(|row| self.right[*row] < -ZERO);
            let leaving = if pivots < PATIENCE {
                broken.min_by(|a, b| self.right[*a].total_cmp(&self.right[*b]))
            } else {
                broken.min_by_key(|row| self.basis[*row])
            };
            let Some(row) = leaving else { break };
            let column = self.entering(row)?;
            self.pivot(row, column);
        }
        let mut weights = vec![0.0; self.columns];
        for (basic, right) in self.basis.iter().zip(&self.right).filter(|(basic, _)| **basic < self.columns) {
            weights[*basic] = right.max(0.0);
        }
        Some(weights)
    }

    /// The variable that can take over at the least cost, the largest pivot of equals.
    fn entering(&self, row: usize) -> Option<usize> {
        let mut best: Option<(f64, f64, usize)> = None;
        for (column, (entry, reduced)) in self.rows[row].iter().zip(&self.reduced).enumerate() {
            if *entry < -ZERO {
                let ratio = reduced.max(0.0) / -entry;
                let better = best.is_none_or(|(least, pivot, _)| {
                    ratio < least - ZERO || (ratio < least + ZERO && -entry > 2.0 * pivot)
                });
                if better {
                    best = Some((ratio, -entry, column));
                }
            }
        }
        best.map(|(_, _, column)| column)
    }

    fn pivot(&mut self, row: usize, column: usize) {
        let inverse = 1.0 / self.rows[row][column];
        let mut chosen = std::mem::take(&mut self.rows[row]);
        chosen.iter_mut().for_each(|x| *x *= inverse);
        let right = self.right[row] * inverse;
        for (other, entries) in self.rows.iter_mut().enumerate().filter(|(other, _)| *other != row) {
            let factor = entries[column];
            if factor != 0.0 {
                entries.iter_mut().zip(&chosen).for_each(|(x, chosen)| *x -= factor * chosen);
                self.right[other] -= factor * right;
            }
        }
        let factor = self.reduced[column];
        self.reduced.iter_mut().zip(&chosen).for_each(|(x, chosen)| *x -= factor * chosen);
        self.right[row] = right;
        self.rows[row] = chosen;
        self.basis[row] = column;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_case_by_hand() {
        // Costs 1, 2, 4; the first may have at most 1/2, the first two together at most 3/4.
        let mut mixture = Mixture::of(&[1.0, 2.0, 4.0]);
        assert_eq!(mixture.solve().expect("feasible"), [1.0, 0.0, 0.0]);
        mixture.cut(&[1.0, 0.0, 0.0], 0.5);
        assert_eq!(mixture.solve().expect("feasible"), [0.5, 0.5, 0.0]);
        mixture.cut(&[1.0, 1.0, 0.0], 0.75);
        assert_eq!(mixture.solve().expect("feasible"), [0.5, 0.25, 0.25]);
    }

    #[test]
    fn cuts_that_leave_nothing_are_found_out() {
        let mut mixture = Mixture::of(&[1.0, 2.0]);
        mixture.cut(&[1.0, 0.0], 0.3);
        mixture.cut(&[0.0, 1.0], 0.3);
        assert_eq!(mixture.solve(), None);
    }

    proptest! {
        #[test]
        fn solutions_are_feasible_and_no_feasible_mixture_is_cheaper(
            costs in prop::collection::vec(0..5i32, 5),
            cuts in prop::collection::vec((prop::collection::vec(-1..=1i32, 4), 0.0..0.4f64), 0..12),
            others in prop::collection::vec(prop::collection::vec(0.0..1.0f64, 5), 60),
        ) {
            let costs: Vec<f64> = costs.into_iter().map(f64::from).collect();
            let mut mixture = Mixture::of(&costs);
            let mut rows = Vec::new();
            // The last column is in no cut, so that there is always a way out.
            for (row, most) in cuts {
                let row: Vec<f64> = row.into_iter().map(f64::from).chain([0.0]).collect();
                mixture.cut(&row, most);
                mixture.solve().expect("feasible");
                rows.push((row, most));
            }
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            let found = mixture.solve().expect("feasible");
            prop_assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-7);
            prop_assert!(rows.iter().all(|(row, most)| dot(row, &found) <= most + 1e-7));
            for other in others {
                // Pulled towards the last column until it is feasible.
                let total: f64 = other.iter().sum();
                let mut other: Vec<f64> = other.iter().map(|x| x / total).collect();
                while rows.iter().any(|(row, most)| dot(row, &other) > *most) {
                    other.iter_mut().for_each(|x| *x *= 0.9);
                    other[4] += 0.1;
                }
                prop_assert!(dot(&costs, &found) <= dot(&costs, &other) + 1e-7);
            }
        }
    }
}
