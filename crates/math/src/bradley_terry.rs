//! Bradley-Terry preferences: the logistic likelihood of "this one is better" and its penalised maximum.
//!
//! Each side of a comparison has features, its worth is `<features, theta>`, and the first is
//! preferred with probability `sigmoid(slope * <difference, theta>)`. The fit is a Newton iteration with
//! a ridge and step halving: without the ridge few comparisons are separable and the maximum lies at
//! infinity, without the halving a full step from afar overshoots.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

/// Which of two was preferred.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Features of the first less those of the second.
    pub difference: Vec<f64>,
    /// Whether the first was preferred.
    pub first_won: bool,
}

/// What is maximised, and how closely.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Likelihood {
    /// Steepness of the link, above 0: log-odds a unit of worth.
    pub slope: f64,
    /// Weight of the penalty `ridge / 2 * ||theta||^2`, above 0.
    pub ridge: f64,
    /// The iteration ends once no part of the gradient is larger, in nats a unit of theta.
    pub tolerance: f64,
    /// Newton steps at most.
    pub steps: u32,
}

impl Default for Likelihood {
    fn default() -> Likelihood {
        Likelihood { slope: 1.0, ridge: 0.5, tolerance: 1e-9, steps: 100 }
    }
}

/// The maximum of the penalised likelihood.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The weights of the features.
    pub theta: Vec<f64>,
    /// The largest part of the gradient there, in absolute value.
    pub gradient: f64,
    /// How many Newton steps led there.
    pub steps: u32,
}

/// The chance that the first is preferred where its worth exceeds the second's by `margin`:
/// `1 / (1 + exp(-slope * margin))`.
pub fn chance(margin: f64, slope: f64) -> f64 {
    1.0 / (1.0 + (-slope * margin).exp())
}

/// The log-likelihood of one answer, in nats; finite for every finite margin.
pub fn log_chance(margin: f64, slope: f64, first_won: bool) -> f64 {
    let x = if first_won { slope * margin } else { -slope * margin };
    // ln sigmoid(x) = min(x, 0) - ln(1 + exp(-|x|)): the exponential never overflows.
    x.min(0.0) - (-x.abs()).exp().ln_1p()
}

impl Likelihood {
    /// The penalised negative log-likelihood at `theta`, in nats; `weights[i]` multiplies comparison `i`,
    /// no weights count as ones.
    pub fn loss(&self, comparisons: &[Comparison], weights: &[f64], theta: &[f64]) -> f64 {
        Problem { likelihood: self, comparisons, weights, centre: &[] }.loss(theta)
    }

    /// The gradient of [`Likelihood::loss`].
    pub fn gradient(&self, comparisons: &[Comparison], weights: &[f64], theta: &[f64]) -> Vec<f64> {
        Problem { likelihood: self, comparisons, weights, centre: &[] }.gradient(theta)
    }

    /// The minimiser of [`Likelihood::loss`], found from `start`, whose length is the number of
    /// features. `None` when a setting or a number is not what it must be, or a length differs.
    pub fn fit(&self, comparisons: &[Comparison], weights: &[f64], start: &[f64]) -> Option<Fit> {
        self.fit_around(&[], comparisons, weights, start)
    }

    /// The same with the penalty `ridge / 2 * ||theta - centre||^2`. With a centre drawn from the prior
    /// `N(0, I / ridge)` and weights drawn with mean 1, the minimisers are about draws from the posterior.
    pub fn fit_around(
        &self,
        centre: &[f64],
        comparisons: &[Comparison],
        weights: &[f64],
        start: &[f64],
    ) -> Option<Fit> {
        let sound = |x: f64| x > 0.0 && x.is_finite();
        let finite = |numbers: &[f64]| numbers.iter().all(|x| x.is_finite());
        let fits = |one: &Comparison| one.difference.len() == start.len() && finite(&one.difference);
        let weighed = weights.is_empty() || weights.len() == comparisons.len();
        let centred = centre.is_empty() || centre.len() == start.len();
        if !(sound(self.slope) && sound(self.ridge) && weighed && centred)
            || !(finite(weights) && finite(centre) && finite(start))
            || weights.iter().any(|weight| *weight < 0.0)
            || !comparisons.iter().all(fits)
        {
            return None;
        }
        Problem { likelihood: self, comparisons, weights, centre }.minimum(start)
    }
}

/// What is minimised; no weights are ones, no centre is the origin.
struct Problem<'a> {
    likelihood: &'a Likelihood,
    comparisons: &'a [Comparison],
    weights: &'a [f64],
    centre: &'a [f64],
}

impl Problem<'_> {
    fn loss(&self, theta: &[f64]) -> f64 {
        let Likelihood { slope, ridge, .. } = *self.likelihood;
        let distance = |(i, x): (usize, &f64)| (x - self.centre.get(i).unwrap_or(&0.0)).powi(2);
        let penalty = 0.5 * ridge * theta.iter().enumerate().map(distance).sum::<f64>();
        let nats = self.comparisons.iter().enumerate().map(|(i, one)| {
            -weight(self.weights, i) * log_chance(dot(&one.difference, theta), slope, one.first_won)
        });
        penalty + nats.sum::<f64>()
    }

    fn gradient(&self, theta: &[f64]) -> Vec<f64> {
        let Likelihood { slope, ridge, .. } = *self.likelihood;
        let pull = |(i, x): (usize, &f64)| ridge * (x - self.centre.get(i).unwrap_or(&0.0));
        let mut gradient: Vec<f64> = theta.iter().enumerate().map(pull).collect();
        for (i, one) in self.comparisons.iter().enumerate() {
            let margin = dot(&one.difference, theta);
            let missed = chance(if one.first_won { -margin } else { margin }, slope);
            let pull = weight(self.weights, i) * slope * if one.first_won { -missed } else { missed };
            for (sum, x) in gradient.iter_mut().zip(&one.difference) {
                *sum += pull * x;
            }
        }
        gradient
    }

    fn hessian(&self, theta: &[f64]) -> DMatrix<f64> {
        let Likelihood { slope, ridge, .. } = *self.likelihood;
        let n = theta.len();
        let mut hessian = DMatrix::from_diagonal_element(n, n, ridge);
        for (i, one) in self.comparisons.iter().enumerate() {
            let margin = dot(&one.difference, theta);
            let curve = chance(margin, slope) * chance(-margin, slope);
            let scale = weight(self.weights, i) * slope * slope * curve;
            for (column, &y) in one.difference.iter().enumerate().filter(|(_, y)| **y != 0.0) {
                for (row, &x) in one.difference.iter().enumerate() {
                    hessian[(row, column)] += scale * x * y;
                }
            }
        }
        hessian
    }

    fn minimum(&self, start: &[f64]) -> Option<Fit> {
        let mut theta = start.to_vec();
        let mut gradient = self.gradient(&theta);
        let mut steps = 0;
        while largest(&gradient) > self.likelihood.tolerance && steps < self.likelihood.steps {
            // The ridge makes it positive definite, unless its numbers overflow.
            let step = self.hessian(&theta).cholesky()?.solve(&DVector::from_column_slice(&gradient));
            let Some(next) = self.shortened(&theta, step.as_slice(), &gradient) else { break };
            theta = next;
            gradient = self.gradient(&theta);
            steps += 1;
        }
        Some(Fit { gradient: largest(&gradient), theta, steps })
    }

    /// The first of the points at 1, 1/2, 1/4, ... of the Newton step that lowers the loss as Armijo
    /// asks, or that does not lower it for rounding alone and has the smaller gradient.
    fn shortened(&self, theta: &[f64], step: &[f64], gradient: &[f64]) -> Option<Vec<f64>> {
        let before = self.loss(theta);
        let fall = dot(step, gradient);
        let rounding = 1e-13 * before.abs().max(1.0);
        let mut share = 1.0;
        for _ in 0..50 {
            let next: Vec<f64> = theta.iter().zip(step).map(|(x, step)| x - share * step).collect();
            let after = self.loss(&next);
            let falls = after <= before - 1e-4 * share * fall;
            if falls || (after <= before + rounding && largest(&self.gradient(&next)) < largest(gradient)) {
                return Some(next);
            }
            share *= 0.5;
        }
        None
    }
}

fn weight(weights: &[f64], i: usize) -> f64 {
    weights.get(i).copied().unwrap_or(1.0)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn largest(gradient: &[f64]) -> f64 {
    gradient.iter().fold(0.0, |most: f64, x| most.max(x.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn comparison(difference: &[f64], first_won: bool) -> Comparison {
        Comparison { difference: difference.to_vec(), first_won }
    }

    #[test]
    fn one_feature_has_the_optimum_of_its_equation() {
        // Two wins, one loss on difference 1, slope 2, ridge 0.5: theta solves
        // 0.5 theta = 4 sigmoid(-2 theta) - 2 sigmoid(2 theta).
        let rows = [comparison(&[1.0], true), comparison(&[1.0], true), comparison(&[1.0], false)];
        let fit = Likelihood { slope: 2.0, ..Likelihood::default() }.fit(&rows, &[], &[0.0]).expect("fits");
        let theta = fit.theta[0];
        let right = 4.0 / (1.0 + (2.0 * theta).exp()) - 2.0 / (1.0 + (-2.0 * theta).exp());
        assert!((0.5 * theta - right).abs() < 1e-9, "{theta}: {right}");
        assert!(fit.gradient < 1e-8);
    }

    #[test]
    fn few_separable_comparisons_do_not_send_it_to_infinity() {
        let rows = [comparison(&[30.0, -1.0], true), comparison(&[-20.0, 1.0], false)];
        let settings = Likelihood { slope: 4.0, ..Likelihood::default() };
        for start in [[0.0, 0.0], [50.0, -300.0], [-1e4, 1e4]] {
            let fit = settings.fit(&rows, &[], &start).expect("fits");
            assert!(fit.gradient < 1e-8 && fit.theta.iter().all(|x| x.abs() < 1.0), "{start:?}: {fit:?}");
        }
    }

    #[test]
    fn a_weight_of_two_counts_as_the_comparison_twice() {
        let (a, b) = (comparison(&[1.0, 0.2], true), comparison(&[0.5, -1.0], false));
        let settings = Likelihood::default();
        let weighed = settings.fit(&[a.clone(), b.clone()], &[2.0, 1.0], &[0.0; 2]).expect("fits");
        let twice = settings.fit(&[a.clone(), a, b], &[], &[0.0; 2]).expect("fits");
        assert!(weighed.theta.iter().zip(&twice.theta).all(|(x, y)| (x - y).abs() < 1e-8));
    }

    #[test]
    fn the_likelihood_is_finite_far_out_and_its_two_answers_sum_to_one() {
        assert_eq!(log_chance(1e6, 4.0, false), -4e6);
        assert_eq!(log_chance(1e6, 4.0, true), 0.0);
        for margin in [-3.0, -0.1, 0.0, 0.7, 20.0] {
            let sum = log_chance(margin, 4.0, true).exp() + log_chance(margin, 4.0, false).exp();
            assert!((sum - 1.0).abs() < 1e-15);
            assert!((chance(margin, 4.0) + chance(-margin, 4.0) - 1.0).abs() < 1e-15);
        }
    }

    #[test]
    fn a_centre_is_where_nothing_was_seen_and_the_gradient_is_measured_from_it() {
        let settings = Likelihood::default();
        let none = settings.fit_around(&[0.5, -2.0], &[], &[], &[0.0; 2]).expect("nothing is known");
        assert!((none.theta[0] - 0.5).abs() < 1e-9 && (none.theta[1] + 2.0).abs() < 1e-9);
        // One win on difference 1 around 0.5: 0.5 (theta - 0.5) = sigmoid(-theta).
        let rows = [comparison(&[1.0], true)];
        let theta = settings.fit_around(&[0.5], &rows, &[], &[0.0]).expect("fits").theta[0];
        assert!((0.5 * (theta - 0.5) - 1.0 / (1.0 + theta.exp())).abs() < 1e-8, "{theta}");
        assert!(settings.fit_around(&[0.5, 0.5], &rows, &[], &[0.0]).is_none());
    }

    #[test]
    fn what_cannot_be_fitted_is_refused() {
        let rows = [comparison(&[1.0], true)];
        let settings = Likelihood::default();
        assert!(settings.fit(&rows, &[], &[0.0, 0.0]).is_none());
        assert!(settings.fit(&rows, &[1.0, 1.0], &[0.0]).is_none());
        assert!(settings.fit(&rows, &[-1.0], &[0.0]).is_none());
        assert!(settings.fit(&[comparison(&[f64::NAN], true)], &[], &[0.0]).is_none());
        assert!(Likelihood { ridge: 0.0, ..settings }.fit(&rows, &[], &[0.0]).is_none());
        assert_eq!(settings.fit(&[], &[], &[0.0]).expect("nothing is known").theta, [0.0]);
    }

    fn rows() -> impl Strategy<Value = Vec<Comparison>> {
        let one = (prop::collection::vec(-3.0..3.0, 3), any::<bool>());
        prop::collection::vec(
            one.prop_map(|(difference, first_won)| Comparison { difference, first_won }),
            0..30,
        )
    }

    proptest! {
        #[test]
        fn the_gradient_is_zero_at_the_optimum_and_the_derivative_elsewhere(
            rows in rows(), theta in prop::collection::vec(-2.0..2.0, 3),
        ) {
            let settings = Likelihood { slope: 4.0, ..Likelihood::default() };
            prop_assert!(settings.fit(&rows, &[], &theta).expect("fits").gradient < 1e-8);
            let gradient = settings.gradient(&rows, &[], &theta);
            for i in 0..3 {
                let moved = |by: f64| {
                    let mut near = theta.clone();
                    near[i] += by;
                    settings.loss(&rows, &[], &near)
                };
                let slope = (moved(1e-6) - moved(-1e-6)) / 2e-6;
                prop_assert!((slope - gradient[i]).abs() < 1e-4 * (1.0 + slope.abs()));
            }
        }

        #[test]
        fn the_loss_is_convex(
            rows in rows(),
            a in prop::collection::vec(-9.0..9.0, 3),
            b in prop::collection::vec(-9.0..9.0, 3),
            share in 0.0..1.0,
        ) {
            let settings = Likelihood::default();
            let between: Vec<f64> = a.iter().zip(&b).map(|(a, b)| share * a + (1.0 - share) * b).collect();
            let line = share * settings.loss(&rows, &[], &a) + (1.0 - share) * settings.loss(&rows, &[], &b);
            prop_assert!(settings.loss(&rows, &[], &between) <= line + 1e-9);
        }

        #[test]
        fn swapping_both_sides_and_the_answer_changes_nothing(rows in rows()) {
            let swap = |one: &Comparison| Comparison {
                difference: one.difference.iter().map(|x| -x).collect(),
                first_won: !one.first_won,
            };
            let swapped: Vec<Comparison> = rows.iter().map(swap).collect();
            let settings = Likelihood { slope: 4.0, ..Likelihood::default() };
            let (a, b) = (settings.fit(&rows, &[], &[0.0; 3]), settings.fit(&swapped, &[], &[0.0; 3]));
            prop_assert_eq!(a.expect("fits").theta, b.expect("fits").theta);
        }
    }
}
