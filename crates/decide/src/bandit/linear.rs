//! One ridge regression an arm: what LinUCB and linear Thompson sampling know.

use autodidact_math::bandit::posterior::Gaussian;
use autodidact_math::bandit::ridge::Ridge;
use serde::{Deserialize, Serialize};

/// The models of all arms.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Linear {
    models: Vec<Ridge>,
}

impl Linear {
    pub fn new(arms: usize, features: usize, ridge: f64) -> Linear {
        Linear { models: vec![Ridge::new(features, ridge); arms] }
    }

    pub fn fits(&self, arms: usize, features: usize) -> bool {
        self.models.len() == arms && self.models.iter().all(|model| model.features() == Some(features))
    }

    /// The expected reward and the variance factor `x' A^-1 x`.
    #[inline]
    pub fn forecast(&self, arm: usize, x: &[f64]) -> Gaussian {
        self.models[arm].forecast(x)
    }

    pub fn tell(&mut self, arm: usize, x: &[f64], reward: f64) {
        self.models[arm].tell(x, reward);
    }
}
