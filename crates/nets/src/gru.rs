//! A gated recurrent unit without biases, and its gradient through time.
//!
//! ```text
//! r = sigmoid(W_ir x + W_hr h)      how much of the state the candidate sees
//! k = sigmoid(W_id x + W_hd h)      how much of the state is kept
//! n = tanh(W_in x + r * (W_hn h))   the candidate
//! h' = (1 - k) * n + k * h
//! ```
//!
//! PyTorch's `GRUCell(bias=False)` computes the same. Weights are one flat slice, the six matrices in
//! the order W_ir, W_id, W_in (hidden rows, input columns), W_hr, W_hd, W_hn (hidden, hidden), row by
//! row. A step without input leaves the state as it is, bit for bit.

/// The shape of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gru {
    /// Numbers in an input.
    pub inputs: usize,
    /// Numbers in the state.
    pub hidden: usize,
}

/// A sequence of states and what the way back needs.
#[derive(Clone, Debug)]
pub struct Path {
    /// `(steps + 1, hidden)`: row `t` is the state before input `t`.
    pub states: Vec<f64>,
    /// `(steps, 4, hidden)`: r, k, n and `W_hn h` of each step; zeros where there was no input.
    gates: Vec<f64>,
}

/// Where [`Gru::back`] adds derivatives.
#[derive(Debug)]
pub struct Grads<'a> {
    /// With respect to the weights, in their order.
    pub weights: &'a mut [f64],
    /// With respect to the inputs, `(steps, inputs)`; rows without input stay as they are.
    pub inputs: &'a mut [f64],
    /// With respect to the first state.
    pub start: &'a mut [f64],
}

impl Gru {
    /// How many weights the cell has.
    pub fn len(&self) -> usize {
        3 * self.hidden * (self.inputs + self.hidden)
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The states from `start` on, one after each of `inputs`.
    ///
    /// Panics when a slice does not have the cell's shape.
    pub fn run(&self, weights: &[f64], start: &[f64], inputs: &[Option<&[f64]>]) -> Path {
        assert_eq!((weights.len(), start.len()), (self.len(), self.hidden), "the shape of the cell");
        let d = self.hidden;
        let mut states = start.to_vec();
        let mut gates = vec![0.0; inputs.len() * 4 * d];
        for (input, gates) in inputs.iter().zip(gates.chunks_mut(4 * d)) {
            let from = states.len() - d;
            let Some(x) = input else {
                states.extend_from_within(from..);
                continue;
            };
            let h = &states[from..];
            let [from_r, from_k, from_n, h_r, h_k, h_n] = self.matrices(weights);
            let mut next = Vec::with_capacity(d);
            for row in 0..d {
                let r = sigmoid(dot(from_r, row, x) + dot(h_r, row, h));
                let k = sigmoid(dot(from_k, row, x) + dot(h_k, row, h));
                let recalled = dot(h_n, row, h);
                let n = (dot(from_n, row, x) + r * recalled).tanh();
                next.push((1.0 - k) * n + k * h[row]);
                for (slot, value) in [r, k, n, recalled].into_iter().enumerate() {
                    gates[slot * d + row] = value;
                }
            }
            states.extend(next);
        }
        Path { states, gates }
    }

    /// Adds to `grads` the derivatives of a sum whose derivative with respect to the states of `path`
    /// is `pull`, `(steps + 1, hidden)`.
    ///
    /// Panics when a slice does not have the shape that [`Gru::run`] was given.
    pub fn back(
        &self,
        weights: &[f64],
        inputs: &[Option<&[f64]>],
        path: &Path,
        pull: &[f64],
        grads: &mut Grads<'_>,
    ) {
        let d = self.hidden;
        assert_eq!(pull.len(), path.states.len(), "one row a state");
        let mut onward = pull[inputs.len() * d..].to_vec();
        for t in (0..inputs.len()).rev() {
            if let Some(x) = inputs[t] {
                let h = &path.states[t * d..][..d];
                let gates = &path.gates[t * 4 * d..][..4 * d];
                let d_x = &mut grads.inputs[t * self.inputs..][..self.inputs];
                onward = self.step_back(weights, (x, h, gates), &onward, grads.weights, d_x);
            }
            for (sum, own) in onward.iter_mut().zip(&pull[t * d..][..d]) {
                *sum += own;
            }
        }
        for (sum, own) in grads.start.iter_mut().zip(&onward) {
            *sum += own;
        }
    }

    /// One step back: from the derivative of the next state to that of this one.
    fn step_back(
        &self,
        weights: &[f64],
        (x, h, gates): (&[f64], &[f64], &[f64]),
        onward: &[f64],
        d_weights: &mut [f64],
        d_x: &mut [f64],
    ) -> Vec<f64> {
        let d = self.hidden;
        let [from_r, from_k, from_n, h_r, h_k, h_n] = self.matrices(weights);
        let (inner, outer) = d_weights.split_at_mut(3 * d * self.inputs);
        let mut d_h = vec![0.0; d];
        for row in 0..d {
            let [r, k, n, recalled] = [0, 1, 2, 3].map(|slot| gates[slot * d + row]);
            let g = onward[row];
            d_h[row] += g * k;
            let d_n = g * (1.0 - k) * (1.0 - n * n);
            let d_k = g * (h[row] - n) * k * (1.0 - k);
            let d_r = d_n * recalled * r * (1.0 - r);
            let parts = [(d_r, from_r, h_r, d_r), (d_k, from_k, h_k, d_k), (d_n, from_n, h_n, d_n * r)];
            for (matrix, (at_x, w_x, w_h, at_h)) in parts.into_iter().enumerate() {
                let row_x = (matrix * d + row) * self.inputs;
                for (i, x) in x.iter().enumerate() {
                    inner[row_x + i] += at_x * x;
                    d_x[i] += at_x * w_x[row * self.inputs + i];
                }
                let row_h = (matrix * d + row) * d;
                for (i, h) in h.iter().enumerate() {
                    outer[row_h + i] += at_h * h;
                    d_h[i] += at_h * w_h[row * d + i];
                }
            }
        }
        d_h
    }

    /// The six matrices, in the order of the weights.
    fn matrices<'a>(&self, weights: &'a [f64]) -> [&'a [f64]; 6] {
        let (inner, outer) = weights.split_at(3 * self.hidden * self.inputs);
        let (a, b) = (self.hidden * self.inputs, self.hidden * self.hidden);
        [&inner[..a], &inner[a..2 * a], &inner[2 * a..], &outer[..b], &outer[b..2 * b], &outer[2 * b..]]
    }
}

/// A row of a matrix times a vector.
fn dot(matrix: &[f64], row: usize, x: &[f64]) -> f64 {
    matrix[row * x.len()..][..x.len()].iter().zip(x).map(|(w, x)| w * x).sum()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use serde::Deserialize;

    /// The weighted sum of all states, and its derivatives.
    fn sum(gru: Gru, weights: &[f64], start: &[f64], inputs: &[Option<&[f64]>], pull: &[f64]) -> f64 {
        let path = gru.run(weights, start, inputs);
        path.states.iter().zip(pull).map(|(state, pull)| state * pull).sum()
    }

    struct Back {
        weights: Vec<f64>,
        inputs: Vec<f64>,
        start: Vec<f64>,
    }

    fn back(gru: Gru, weights: &[f64], start: &[f64], inputs: &[Option<&[f64]>], pull: &[f64]) -> Back {
        let path = gru.run(weights, start, inputs);
        let mut out = Back {
            weights: vec![0.0; gru.len()],
            inputs: vec![0.0; inputs.len() * gru.inputs],
            start: vec![0.0; gru.hidden],
        };
        let mut grads = Grads { weights: &mut out.weights, inputs: &mut out.inputs, start: &mut out.start };
        gru.back(weights, inputs, &path, pull, &mut grads);
        out
    }

    /// Inputs of three numbers; the third is missing.
    fn rows_of(flat: &[f64]) -> Vec<Option<&[f64]>> {
        flat.chunks(3).enumerate().map(|(t, row)| (t != 2).then_some(row)).collect()
    }

    #[test]
    fn gradients_through_time_agree_with_finite_differences() {
        let gru = Gru { inputs: 3, hidden: 4 };
        let mut rng = rand::rngs::SmallRng::seed_from_u64(5);
        let mut draw = |n: usize| (0..n).map(|_| rng.random_range(-1.0..1.0)).collect::<Vec<f64>>();
        let (weights, start, flat, pull) = (draw(gru.len()), draw(4), draw(5 * 3), draw(6 * 4));
        let rows = rows_of(&flat);
        let found = back(gru, &weights, &start, &rows, &pull);
        let check = |name: &str, at: &[f64], found: &[f64], f: &mut dyn FnMut(&[f64]) -> f64| {
            for i in 0..at.len() {
                let mut moved = at.to_vec();
                moved[i] += 1e-6;
                let up = f(&moved);
                moved[i] -= 2e-6;
                let slope = (up - f(&moved)) / 2e-6;
                assert!((slope - found[i]).abs() < 1e-7, "{name} {i}: {slope} against {}", found[i]);
            }
        };
        check("weight", &weights, &found.weights, &mut |w| sum(gru, w, &start, &rows, &pull));
        check("start", &start, &found.start, &mut |h| sum(gru, &weights, h, &rows, &pull));
        check("input", &flat, &found.inputs, &mut |x| sum(gru, &weights, &start, &rows_of(x), &pull));
    }

    #[test]
    fn a_step_without_input_leaves_the_state_bit_for_bit() {
        let gru = Gru { inputs: 1, hidden: 2 };
        let weights: Vec<f64> = (0..gru.len()).map(|i| 0.1 * i as f64 - 0.7).collect();
        let path = gru.run(&weights, &[0.1, -0.3], &[None, Some(&[0.5]), None]);
        let bits = |row: usize| [0, 1].map(|i| path.states[row * 2 + i].to_bits());
        assert_eq!(bits(0), bits(1));
        assert_ne!(bits(1), bits(2));
        assert_eq!(bits(2), bits(3));
    }

    #[derive(Deserialize)]
    struct Golden {
        weights: Vec<f64>,
        start: Vec<f64>,
        inputs: Vec<Vec<f64>>,
        pull: Vec<f64>,
        states: Vec<f64>,
        d_weights: Vec<f64>,
        d_start: Vec<f64>,
        d_inputs: Vec<f64>,
    }

    #[test]
    fn states_and_gradients_are_those_of_pytorch() {
        let golden: Golden = serde_json::from_str(include_str!("../../../golden/nets/gru.json"))
            .expect("the golden file reads");
        let gru = Gru { inputs: golden.inputs[0].len(), hidden: golden.start.len() };
        let rows: Vec<Option<&[f64]>> = golden.inputs.iter().map(|row| Some(row.as_slice())).collect();
        let near = |name: &str, a: &[f64], b: &[f64]| {
            assert_eq!(a.len(), b.len(), "{name}");
            assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12), "{name}: {a:?} against {b:?}");
        };
        near("states", &gru.run(&golden.weights, &golden.start, &rows).states, &golden.states);
        let found = back(gru, &golden.weights, &golden.start, &rows, &golden.pull);
        near("weights", &found.weights, &golden.d_weights);
        near("start", &found.start, &golden.d_start);
        near("inputs", &found.inputs, &golden.d_inputs);
    }
}
