//! Adam, with PyTorch's arithmetic and both of its weight decays.

use serde::{Deserialize, Serialize};

/// Settings of Adam; the defaults are PyTorch's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamConfig {
    /// Step size, positive.
    pub lr: f64,
    /// Decay of the mean gradient and of the mean squared gradient, in [0, 1).
    pub betas: (f64, f64),
    /// Added to the root of the mean squared gradient.
    pub eps: f64,
    /// How weights are pulled to zero.
    pub decay: Decay,
}

/// How weights are pulled to zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Decay {
    /// They are not.
    #[default]
    None,
    /// `weight * parameter` joins the gradient, and is scaled with it (`torch.optim.Adam`).
    Coupled {
        /// At least 0.
        weight: f64,
    },
    /// Parameters shrink by the factor `1 - lr * weight` before the step (`torch.optim.AdamW`).
    Decoupled {
        /// At least 0.
        weight: f64,
    },
}

impl Default for AdamConfig {
    fn default() -> AdamConfig {
        AdamConfig { lr: 1e-3, betas: (0.9, 0.999), eps: 1e-8, decay: Decay::None }
    }
}

/// The optimiser's state over a flat vector of parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adam {
    /// Its settings. They may change between steps.
    pub config: AdamConfig,
    steps: u64,
    mean: Vec<f64>,
    square: Vec<f64>,
}

impl Adam {
    /// An optimiser of `parameters` numbers that has not moved yet.
    pub fn new(parameters: usize, config: AdamConfig) -> Adam {
        Adam { config, steps: 0, mean: vec![0.0; parameters], square: vec![0.0; parameters] }
    }

    /// How many steps it took.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Moves `parameters` against `gradient`; both have the length given to [`Adam::new`].
    pub fn step(&mut self, parameters: &mut [f64], gradient: &[f64]) {
        assert_eq!(parameters.len(), self.mean.len(), "one optimiser, one vector of parameters");
        assert_eq!(gradient.len(), self.mean.len(), "one gradient a parameter");
        self.steps += 1;
        let AdamConfig { lr, betas: (beta, beta_square), eps, decay } = self.config;
        let steps = self.steps.min(i32::MAX as u64) as i32;
        let rate = lr / (1.0 - beta.powi(steps));
        let root = (1.0 - beta_square.powi(steps)).sqrt();
        let (pull, keep) = match decay {
            Decay::None => (0.0, 1.0),
            Decay::Coupled { weight } => (weight, 1.0),
            Decay::Decoupled { weight } => (0.0, 1.0 - lr * weight),
        };
        let moments = self.mean.iter_mut().zip(&mut self.square);
        for ((parameter, &gradient), (mean, square)) in parameters.iter_mut().zip(gradient).zip(moments) {
            let gradient = gradient + pull * *parameter;
            *mean += (gradient - *mean) * (1.0 - beta);
            *square = *square * beta_square + gradient * gradient * (1.0 - beta_square);
            *parameter = *parameter * keep - rate * (*mean / (square.sqrt() / root + eps));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Case {
        config: AdamConfig,
        start: Vec<f64>,
        gradients: Vec<Vec<f64>>,
        path: Vec<Vec<f64>>,
    }

    #[test]
    fn every_step_is_pytorchs() {
        let cases: Vec<Case> =
            serde_json::from_str(include_str!("../../../golden/nets/adam.json")).expect("golden values");
        assert_eq!(cases.len(), 3);
        for case in cases {
            let mut adam = Adam::new(case.start.len(), case.config);
            let mut parameters = case.start;
            for (gradient, expect) in case.gradients.iter().zip(&case.path) {
                adam.step(&mut parameters, gradient);
                for (found, expect) in parameters.iter().zip(expect) {
                    assert!((found - expect).abs() < 1e-14, "{found} {expect} {:?}", case.config.decay);
                }
            }
        }
    }

    #[test]
    fn the_first_step_has_the_length_of_the_rate() {
        // mean / (1 - beta) = g and sqrt(square / (1 - beta_square)) = |g|: the step is lr * sign(g).
        let mut adam = Adam::new(2, AdamConfig { lr: 0.1, eps: 0.0, ..AdamConfig::default() });
        let mut parameters = [1.0, 1.0];
        adam.step(&mut parameters, &[3.0, -1e-6]);
        assert!((parameters[0] - 0.9).abs() < 1e-12 && (parameters[1] - 1.1).abs() < 1e-12);
    }

    #[test]
    fn a_saved_optimiser_goes_on_with_the_same_bits() {
        let gradient = |step: u32| [0.3 - f64::from(step), (f64::from(step) * 0.7).sin()];
        let mut adam = Adam::new(2, AdamConfig::default());
        let mut parameters = [0.1, -0.2];
        (0..3).for_each(|step| adam.step(&mut parameters, &gradient(step)));
        let text = serde_json::to_string(&adam).expect("writes");
        let mut copy: Adam = serde_json::from_str(&text).expect("reads");
        let mut others = parameters;
        for step in 3..9 {
            adam.step(&mut parameters, &gradient(step));
            copy.step(&mut others, &gradient(step));
        }
        assert_eq!((parameters, adam), (others, copy));
    }
}
