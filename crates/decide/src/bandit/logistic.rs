//! One logistic regression an arm: what UCB-GLM knows.
//!
//! `theta` maximises the likelihood with a Gaussian prior. Fitting it anew at every reward would need
//! all rows; here each reward is one Newton step from where `theta` stands, with the curvature of all
//! rows so far taken where `theta` stood then (the online Newton step of logistic bandits; the same as
//! one step of an extended Kalman filter).

use autodidact_math::bandit::posterior::Gaussian;
use autodidact_math::bandit::ridge::{dot, quadratic, sherman_morrison, times};
use serde::{Deserialize, Serialize};

/// The models of all arms, one after the other.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Logistic {
    d: usize,
    /// `(ridge I + sum slope x x')^-1`, `(arms, d, d)`: the inverse curvature of the likelihood.
    curvature: Vec<f64>,
    /// `V^-1 = (ridge I + sum x x')^-1`, `(arms, d, d)`.
    inverse: Vec<f64>,
    /// `(arms, d)`.
    theta: Vec<f64>,
}

impl Logistic {
    pub fn new(arms: usize, d: usize, ridge: f64) -> Logistic {
        let mut inverse = vec![0.0; arms * d * d];
        for one in inverse.chunks_exact_mut(d * d) {
            one.iter_mut().step_by(d + 1).for_each(|x| *x = 1.0 / ridge);
        }
        Logistic { d, curvature: inverse.clone(), inverse, theta: vec![0.0; arms * d] }
    }

    pub fn fits(&self, arms: usize, features: usize) -> bool {
        let dd = arms * features * features;
        self.d == features
            && self.curvature.len() == dd
            && self.inverse.len() == dd
            && self.theta.len() == arms * features
    }

    /// `theta' x` and `x' V^-1 x`.
    pub fn forecast(&self, arm: usize, x: &[f64]) -> Gaussian {
        let (d, dd) = (self.d, self.d * self.d);
        let mean = dot(&self.theta[arm * d..][..d], x);
        Gaussian { mean, variance: quadratic(&self.inverse[arm * dd..][..dd], x).max(0.0) }
    }

    pub fn tell(&mut self, arm: usize, x: &[f64], reward: f64) {
        let (d, dd) = (self.d, self.d * self.d);
        let mut scratch = vec![0.0; d];
        let theta = &mut self.theta[arm * d..][..d];
        let chance = 1.0 / (1.0 + (-dot(theta, x)).exp());
        // A slope of 0 would leave the curvature as it is and the next step without a brake.
        let slope = (chance * (1.0 - chance)).max(1e-6);
        let curvature = &mut self.curvature[arm * dd..][..dd];
        sherman_morrison(curvature, x, slope, &mut scratch);
        times(curvature, x, &mut scratch);
        theta.iter_mut().zip(&scratch).for_each(|(theta, step)| *theta += (reward - chance) * step);
        sherman_morrison(&mut self.inverse[arm * dd..][..dd], x, 1.0, &mut scratch);
    }
}
