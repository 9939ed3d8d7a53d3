//! Logistic regression that is updated one row at a time: the model of one arm in UCB-GLM.
//!
//! `theta` maximises the likelihood with a Gaussian prior of precision `ridge`. A fit anew at every row
//! would need all rows; here each row is one Newton step from where `theta` stands, with the curvature
//! of all rows so far taken where `theta` stood then. It is one step of an extended Kalman filter, and
//! the online Newton step that logistic bandits use.

use super::posterior::Gaussian;
use super::ridge::{REFACTOR_EVERY, add_outer, dot, inverse, is_safe, quadratic, sherman_morrison, times};
use serde::{Deserialize, Serialize};

/// The least slope of the link that a step uses: with a slope of 0 the curvature would stay as it is and
/// the next step would have no brake.
const LEAST_SLOPE: f64 = 1e-6;

/// A logistic regression and everything that it needs to go on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Logistic {
    /// How many rows it has seen.
    n: u64,
    /// `ridge I + sum slope x x'`, the curvature of the likelihood.
    curvature: Kept,
    /// `V = ridge I + sum x x'`.
    design: Kept,
    /// `(d,)`.
    theta: Vec<f64>,
}

/// A matrix and its inverse, `(d, d)` each.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    matrix: Vec<f64>,
    inverse: Vec<f64>,
}

impl Kept {
    fn new(d: usize, ridge: f64) -> Kept {
        let diagonal = |value: f64| {
            let mut matrix = vec![0.0; d * d];
            matrix.iter_mut().step_by(d + 1).for_each(|cell| *cell = value);
            matrix
        };
        Kept { matrix: diagonal(ridge), inverse: diagonal(1.0 / ridge) }
    }

    fn add(&mut self, x: &[f64], factor: f64, anew: bool, scratch: &mut [f64]) {
        add_outer(&mut self.matrix, x, factor);
        match if anew { inverse(&self.matrix, x.len()) } else { None } {
            Some(fresh) => self.inverse = fresh,
            None => {
                let grown = sherman_morrison(&mut self.inverse, x, factor, scratch);
                if !is_safe(grown)
                    && let Some(fresh) = inverse(&self.matrix, x.len())
                {
                    self.inverse = fresh;
                }
            }
        }
    }
}

impl Logistic {
    /// A regression of `d` features that has seen nothing; `ridge` is above 0.
    pub fn new(d: usize, ridge: f64) -> Logistic {
        Logistic { n: 0, curvature: Kept::new(d, ridge), design: Kept::new(d, ridge), theta: vec![0.0; d] }
    }

    /// How many features it has; `None` when its parts do not fit each other.
    pub fn features(&self) -> Option<usize> {
        let d = self.theta.len();
        let fits = |kept: &Kept| kept.matrix.len() == d * d && kept.inverse.len() == d * d;
        (fits(&self.curvature) && fits(&self.design)).then_some(d)
    }

    /// The coefficients.
    pub fn coefficients(&self) -> &[f64] {
        &self.theta
    }

    /// `theta' x` as mean, before the link, and `x' V^-1 x` as variance.
    #[inline]
    pub fn forecast(&self, x: &[f64]) -> Gaussian {
        Gaussian { mean: dot(&self.theta, x), variance: quadratic(&self.design.inverse, x).max(0.0) }
    }

    /// Learns the row `x` with outcome `y` in `[0, 1]`. `x` has the length of the coefficients.
    pub fn tell(&mut self, x: &[f64], y: f64) {
        self.n += 1;
        let anew = self.n.is_multiple_of(REFACTOR_EVERY);
        let mut scratch = vec![0.0; x.len()];
        let chance = 1.0 / (1.0 + (-dot(&self.theta, x)).exp());
        let slope = (chance * (1.0 - chance)).max(LEAST_SLOPE);
        self.design.add(x, 1.0, anew, &mut scratch);
        self.curvature.add(x, slope, anew, &mut scratch);
        times(&self.curvature.inverse, x, &mut scratch);
        self.theta.iter_mut().zip(&scratch).for_each(|(theta, step)| *theta += (y - chance) * step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng, rngs::StdRng};

    #[test]
    fn one_row_by_hand() {
        // theta = 0: chance 1/2, slope 1/4; x = 2, ridge 1: curvature 1 + 1/4 * 4 = 2, so theta moves by
        // (1 - 1/2) * 2 / 2 = 1/2; V = 1 + 4.
        let mut model = Logistic::new(1, 1.0);
        model.tell(&[2.0], 1.0);
        assert!((model.coefficients()[0] - 0.5).abs() < 1e-15);
        assert!((model.forecast(&[1.0]).variance - 0.2).abs() < 1e-15);
    }

    #[test]
    fn it_finds_the_coefficients_that_made_the_outcomes() {
        let mut model = Logistic::new(3, 1.0);
        let mut rng = StdRng::seed_from_u64(4);
        let truth = [1.5, -2.0, 0.5];
        for _ in 0..20_000 {
            let x: [f64; 3] = std::array::from_fn(|_| rng.random::<f64>() * 2.0 - 1.0);
            let chance = 1.0 / (1.0 + (-dot(&truth, &x)).exp());
            model.tell(&x, f64::from(u8::from(rng.random::<f64>() < chance)));
        }
        // The standard error of a maximum-likelihood fit is about 0.03 here.
        for (found, truth) in model.coefficients().iter().zip(truth) {
            assert!((found - truth).abs() < 0.12, "{found} is not {truth}");
        }
    }

    #[test]
    fn sure_outcomes_do_not_run_away() {
        let mut model = Logistic::new(1, 1.0);
        for _ in 0..10_000 {
            model.tell(&[5.0], 1.0);
        }
        assert!(model.coefficients()[0].is_finite() && model.coefficients()[0] < 20.0);
    }
}
