//! A perceptron of fully connected layers, with the gradient of a loss or of its outputs, one a row.
//!
//! The shape and the parameters are apart: [`Mlp`] knows the sizes, parameters are one flat vector in
//! PyTorch's order (for each layer the weight, `(outputs, inputs)` row after row, then the bias). A row's
//! outputs do not depend on the rows beside it, to the bit.

use crate::product::{Scratch, View, add_product};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

/// What stands between two layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// `max(x, 0)`, with derivative 0 at 0.
    #[default]
    Relu,
    /// The hyperbolic tangent.
    Tanh,
}

/// How parameters begin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Init {
    /// Every weight and bias from N(0, sd^2).
    Normal {
        /// At least 0.
        sd: f64,
    },
    /// Weights and biases uniform between -1/sqrt(inputs) and 1/sqrt(inputs): PyTorch's linear layers.
    FanIn,
    /// Weights from N(0, 2/inputs) (He et al. 2015), biases zero.
    He,
}

/// The shape of a perceptron.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mlp {
    /// Inputs, hidden widths, outputs: at least two numbers.
    sizes: Vec<usize>,
    activation: Activation,
}

/// The activations of a forward pass, which the backward pass reads; reused from pass to pass.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    rows: usize,
    /// `layers[0]` holds the inputs, `layers[l]` the outputs of layer `l`, `(rows, sizes[l])`.
    layers: Vec<Vec<f64>>,
    pulls: [Vec<f64>; 2],
    scratch: Scratch,
}

impl Tape {
    /// The outputs of the last forward pass, `(rows, outputs)`.
    pub fn outputs(&self) -> &[f64] {
        self.layers.last().map_or(&[], Vec::as_slice)
    }

    /// How many rows the last forward pass had.
    pub fn rows(&self) -> usize {
        self.rows
    }
}

impl Mlp {
    /// A perceptron of `sizes[0]` inputs and the last size's outputs; `activation` follows every layer
    /// but the last. Panics on fewer than two sizes or on a size of 0: callers check their settings.
    pub fn new(sizes: &[usize], activation: Activation) -> Mlp {
        assert!(sizes.len() >= 2 && sizes.iter().all(|&size| size > 0), "inputs and outputs: {sizes:?}");
        Mlp { sizes: sizes.to_vec(), activation }
    }

    /// How many inputs a row has.
    pub fn inputs(&self) -> usize {
        self.sizes[0]
    }

    /// How many outputs a row has.
    pub fn outputs(&self) -> usize {
        self.sizes[self.sizes.len() - 1]
    }

    /// How many parameters there are.
    #[expect(clippy::len_without_is_empty, reason = "a network without parameters cannot be made")]
    pub fn len(&self) -> usize {
        self.layers().map(|(inputs, outputs)| inputs * outputs + outputs).sum()
    }

    /// Fresh parameters.
    pub fn init(&self, init: Init, rng: &mut impl Rng) -> Vec<f64> {
        let mut parameters = Vec::with_capacity(self.len());
        for (inputs, outputs) in self.layers() {
            let reach = 1.0 / (inputs as f64).sqrt();
            for i in 0..inputs * outputs + outputs {
                parameters.push(match init {
                    Init::Normal { sd } => sd * normal(rng),
                    Init::FanIn => rng.random_range(-reach..reach),
                    Init::He if i < inputs * outputs => (2.0f64).sqrt() * reach * normal(rng),
                    Init::He => 0.0,
                });
            }
        }
        parameters
    }

    /// Outputs for `inputs`, `(rows, inputs)` row after row; `(rows, outputs)`, kept on the tape.
    pub fn forward<'t>(&self, parameters: &[f64], inputs: &[f64], tape: &'t mut Tape) -> &'t [f64] {
        assert_eq!(parameters.len(), self.len(), "the network's parameters");
        assert_eq!(inputs.len() % self.inputs(), 0, "rows of {} inputs", self.inputs());
        let rows = inputs.len() / self.inputs();
        tape.rows = rows;
        tape.layers.resize_with(self.sizes.len(), Vec::new);
        tape.layers[0].clear();
        tape.layers[0].extend_from_slice(inputs);
        let mut at = 0;
        for (l, (ins, outs)) in self.layers().enumerate() {
            let (weight, rest) = parameters[at..].split_at(ins * outs);
            let bias = &rest[..outs];
            at += ins * outs + outs;
            let (before, after) = tape.layers.split_at_mut(l + 1);
            let out = &mut after[0];
            out.clear();
            (0..rows).for_each(|_| out.extend_from_slice(bias));
            let (x, w) = (View::rows(&before[l], ins), View::rows(weight, ins).transposed());
            add_product(x, w, (rows, ins, outs), out, &mut tape.scratch);
            if l + 2 < self.sizes.len() {
                match self.activation {
                    Activation::Relu => out.iter_mut().for_each(|x| *x = x.max(0.0)),
                    Activation::Tanh => out.iter_mut().for_each(|x| *x = x.tanh()),
                }
            }
        }
        tape.outputs()
    }

    /// Adds to `gradient` what `pull` pulls: the derivative of a loss with respect to every parameter,
    /// where `pull` is its derivative with respect to the outputs of the tape's forward pass.
    pub fn backward(&self, parameters: &[f64], tape: &mut Tape, pull: &[f64], gradient: &mut [f64]) {
        assert_eq!(pull.len(), tape.rows * self.outputs(), "one pull an output");
        assert_eq!(gradient.len(), self.len(), "one entry a parameter");
        let rows = tape.rows;
        let [mut above, mut below] = std::mem::take(&mut tape.pulls);
        above.clear();
        above.extend_from_slice(pull);
        let mut end = self.len();
        for l in (0..self.sizes.len() - 1).rev() {
            let (ins, outs) = (self.sizes[l], self.sizes[l + 1]);
            let at = end - (ins * outs + outs);
            let (weight, bias) = gradient[at..end].split_at_mut(ins * outs);
            let x = View::rows(&tape.layers[l], ins);
            let d = View::rows(&above, outs);
            add_product(d.transposed(), x, (outs, rows, ins), weight, &mut tape.scratch);
            for row in above.chunks_exact(outs) {
                bias.iter_mut().zip(row).for_each(|(sum, d)| *sum += d);
            }
            if l > 0 {
                below.clear();
                below.resize(rows * ins, 0.0);
                let w = View::rows(&parameters[at..at + ins * outs], ins);
                add_product(d, w, (rows, outs, ins), &mut below, &mut tape.scratch);
                self.through_activation(&tape.layers[l], &mut below);
                std::mem::swap(&mut above, &mut below);
            }
            end = at;
        }
        tape.pulls = [above, below];
    }

    /// The gradient of output `output` of each row of `inputs` with respect to every parameter,
    /// `(rows, parameters)`: the features of a neural bandit.
    pub fn gradients(&self, parameters: &[f64], inputs: &[f64], output: usize) -> Vec<f64> {
        let mut tape = Tape::default();
        self.forward(parameters, inputs, &mut tape);
        let (rows, len, last) = (tape.rows, self.len(), self.sizes.len() - 2);
        let mut gradients = vec![0.0; rows * len];
        let mut pull = vec![0.0; rows * self.outputs()];
        pull.iter_mut().skip(output).step_by(self.outputs()).for_each(|pull| *pull = 1.0);
        let mut end = len;
        for l in (0..=last).rev() {
            let (ins, outs) = (self.sizes[l], self.sizes[l + 1]);
            let at = end - (ins * outs + outs);
            for (r, gradient) in gradients.chunks_exact_mut(len).enumerate() {
                let (weight, bias) = gradient[at..end].split_at_mut(ins * outs);
                let x = &tape.layers[l][r * ins..][..ins];
                let d = &pull[r * outs..][..outs];
                bias.copy_from_slice(d);
                for (row, &d) in weight.chunks_exact_mut(ins).zip(d).filter(|(_, d)| **d != 0.0) {
                    row.iter_mut().zip(x).for_each(|(weight, x)| *weight = d * x);
                }
            }
            if l > 0 {
                let mut below = vec![0.0; rows * ins];
                let w = View::rows(&parameters[at..at + ins * outs], ins);
                add_product(View::rows(&pull, outs), w, (rows, outs, ins), &mut below, &mut tape.scratch);
                self.through_activation(&tape.layers[l], &mut below);
                pull = below;
            }
            end = at;
        }
        gradients
    }

    /// Multiplies derivatives by the activation's, which its value tells.
    fn through_activation(&self, values: &[f64], pulls: &mut [f64]) {
        let pairs = pulls.iter_mut().zip(values);
        match self.activation {
            Activation::Relu => {
                pairs.for_each(|(pull, value)| *pull = if *value > 0.0 { *pull } else { 0.0 })
            }
            Activation::Tanh => pairs.for_each(|(pull, value)| *pull *= 1.0 - value * value),
        }
    }

    /// Inputs and outputs of each layer.
    fn layers(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.sizes.windows(2).map(|pair| (pair[0], pair[1]))
    }
}

fn normal(rng: &mut impl Rng) -> f64 {
    StandardNormal.sample(rng)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn rng(seed: u64) -> rand_pcg::Pcg64 {
        rand_pcg::Pcg64::seed_from_u64(seed)
    }

    fn numbers(n: usize, seed: u64) -> Vec<f64> {
        let mut rng = rng(seed);
        (0..n).map(|_| normal(&mut rng)).collect()
    }

    /// A loss with a different pull an output: the sum of `weights * outputs`.
    fn loss(mlp: &Mlp, parameters: &[f64], inputs: &[f64], weights: &[f64]) -> f64 {
        let mut tape = Tape::default();
        mlp.forward(parameters, inputs, &mut tape).iter().zip(weights).map(|(y, w)| y * w).sum()
    }

    #[test]
    fn gradients_match_finite_differences() {
        for activation in [Activation::Relu, Activation::Tanh] {
            let mlp = Mlp::new(&[3, 5, 4, 2], activation);
            let mut parameters = mlp.init(Init::Normal { sd: 0.7 }, &mut rng(1));
            let (inputs, weights) = (numbers(7 * 3, 2), numbers(7 * 2, 3));
            let mut tape = Tape::default();
            mlp.forward(&parameters, &inputs, &mut tape);
            let mut gradient = vec![0.0; mlp.len()];
            mlp.backward(&parameters, &mut tape, &weights, &mut gradient);
            let rows = mlp.gradients(&parameters, &inputs, 1);
            for i in 0..mlp.len() {
                let mut central = |rows: &[f64], weights: &[f64]| {
                    let old = parameters[i];
                    parameters[i] = old + 1e-6;
                    let high = loss(&mlp, &parameters, rows, weights);
                    parameters[i] = old - 1e-6;
                    let low = loss(&mlp, &parameters, rows, weights);
                    parameters[i] = old;
                    (high - low) / 2e-6
                };
                let expect = central(&inputs, &weights);
                assert!((gradient[i] - expect).abs() < 1e-5, "{activation:?} {i}: {} {expect}", gradient[i]);
                for r in 0..7 {
                    let expect = central(&inputs[r * 3..][..3], &[0.0, 1.0]);
                    let found = rows[r * mlp.len() + i];
                    assert!((found - expect).abs() < 1e-5, "{activation:?} row {r}, {i}: {found} {expect}");
                }
            }
        }
    }

    #[test]
    fn a_row_has_the_same_bits_alone_and_in_a_batch() {
        let mlp = Mlp::new(&[6, 19, 3], Activation::Tanh);
        let parameters = mlp.init(Init::FanIn, &mut rng(4));
        let inputs = numbers(9 * 6, 5);
        let (mut all, mut one) = (Tape::default(), Tape::default());
        mlp.forward(&parameters, &inputs, &mut all);
        for r in 0..9 {
            mlp.forward(&parameters, &inputs[r * 6..][..6], &mut one);
            assert_eq!(one.outputs(), &all.outputs()[r * 3..][..3]);
        }
    }

    #[derive(Deserialize)]
    struct Case {
        sizes: Vec<usize>,
        activation: Activation,
        parameters: Vec<f64>,
        inputs: Vec<f64>,
        outputs: Vec<f64>,
        pull: Vec<f64>,
        gradient: Vec<f64>,
        gradients: Vec<f64>,
    }

    #[test]
    fn outputs_and_gradients_are_pytorchs() {
        let close = |found: &[f64], expect: &[f64]| {
            assert_eq!(found.len(), expect.len());
            found.iter().zip(expect).for_each(|(a, b)| assert!((a - b).abs() < 1e-12 * (1.0 + b.abs())));
        };
        let cases: Vec<Case> =
            serde_json::from_str(include_str!("../../../golden/nets/mlp.json")).expect("golden values");
        assert_eq!(cases.len(), 3);
        for case in cases {
            let mlp = Mlp::new(&case.sizes, case.activation);
            let mut tape = Tape::default();
            close(mlp.forward(&case.parameters, &case.inputs, &mut tape), &case.outputs);
            let mut gradient = vec![0.0; mlp.len()];
            mlp.backward(&case.parameters, &mut tape, &case.pull, &mut gradient);
            close(&gradient, &case.gradient);
            close(&mlp.gradients(&case.parameters, &case.inputs, 0), &case.gradients);
        }
    }

    #[test]
    fn fresh_parameters_have_the_spread_that_was_asked_for() {
        let mlp = Mlp::new(&[50, 200, 1], Activation::Relu);
        let first = 50 * 200;
        let spread = |init| {
            let parameters = mlp.init(init, &mut rng(6));
            (parameters[..first].iter().map(|x| x * x).sum::<f64>() / first as f64).sqrt()
        };
        assert!((spread(Init::Normal { sd: 1.0 }) - 1.0).abs() < 0.03);
        // A uniform number between -r and r has the standard deviation r / sqrt(3).
        assert!((spread(Init::FanIn) * 150f64.sqrt() - 1.0).abs() < 0.03);
        assert!((spread(Init::He) * 5.0 - 1.0).abs() < 0.03);
        assert!(mlp.init(Init::He, &mut rng(6))[first..first + 200].iter().all(|bias| *bias == 0.0));
    }
}
