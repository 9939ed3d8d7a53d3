//! One ridge regression an arm: what LinUCB and linear Thompson sampling know.

use autodidact_math::bandit::ridge::{
    REFACTOR_EVERY, add_outer, dot, inverse, quadratic, sherman_morrison, times,
};
use serde::{Deserialize, Serialize};

/// The models of all arms, one after the other.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Linear {
    d: usize,
    /// How many rewards each arm gave.
    n: Vec<u64>,
    /// `A = ridge I + sum x x'`, `(arms, d, d)`.
    a: Vec<f64>,
    /// `A^-1`, `(arms, d, d)`.
    inverse: Vec<f64>,
    /// `sum reward x`, `(arms, d)`.
    b: Vec<f64>,
    /// `A^-1 b`, `(arms, d)`.
    theta: Vec<f64>,
    #[serde(skip)]
    scratch: Vec<f64>,
}

/// What a model says of a context: the expected reward and the variance factor `x' A^-1 x`.
pub(super) struct Forecast {
    pub mean: f64,
    pub variance: f64,
}

impl Linear {
    pub fn new(arms: usize, d: usize, ridge: f64) -> Linear {
        let diagonal = |value: f64| {
            let mut matrices = vec![0.0; arms * d * d];
            matrices
                .chunks_exact_mut(d * d)
                .for_each(|one| one.iter_mut().step_by(d + 1).for_each(|x| *x = value));
            matrices
        };
        Linear {
            d,
            n: vec![0; arms],
            a: diagonal(ridge),
            inverse: diagonal(1.0 / ridge),
            b: vec![0.0; arms * d],
            theta: vec![0.0; arms * d],
            scratch: vec![0.0; d],
        }
    }

    pub fn fits(&self, arms: usize, features: usize) -> bool {
        let dd = arms * features * features;
        self.d == features
            && self.n.len() == arms
            && [self.a.len(), self.inverse.len()] == [dd; 2]
            && [self.b.len(), self.theta.len()] == [arms * features; 2]
    }

    pub fn forecast(&self, arm: usize, x: &[f64]) -> Forecast {
        let (d, dd) = (self.d, self.d * self.d);
        let mean = dot(&self.theta[arm * d..][..d], x);
        // Rounding may leave a tiny negative form where the true one is almost zero.
        Forecast { mean, variance: quadratic(&self.inverse[arm * dd..][..dd], x).max(0.0) }
    }

    pub fn tell(&mut self, arm: usize, x: &[f64], reward: f64) {
        let (d, dd) = (self.d, self.d * self.d);
        self.scratch.resize(d, 0.0);
        let a = &mut self.a[arm * dd..][..dd];
        let inverted = &mut self.inverse[arm * dd..][..dd];
        let b = &mut self.b[arm * d..][..d];
        add_outer(a, x, 1.0);
        self.n[arm] += 1;
        let fresh = if self.n[arm].is_multiple_of(REFACTOR_EVERY) { inverse(a, d) } else { None };
        match fresh {
            Some(fresh) => inverted.copy_from_slice(&fresh),
            None => _ = sherman_morrison(inverted, x, 1.0, &mut self.scratch),
        }
        b.iter_mut().zip(x).for_each(|(b, x)| *b += reward * x);
        times(inverted, b, &mut self.theta[arm * d..][..d]);
    }
}
