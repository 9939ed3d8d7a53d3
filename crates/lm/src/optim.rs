//! AdamW with decoupled decay, global-norm clipping and a state that is saved bit for bit.

use crate::kernels::adamw::{self, Factors};
use crate::layout::Tensor;
use crate::{Error, Result, checkpoint};
use rayon::prelude::*;
use safetensors::Dtype as FileType;
use safetensors::tensor::TensorView;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;

/// Settings of the optimiser; the learning rate is given at each step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamW {
    /// Decay of the running mean of gradients; in [0, 1).
    pub beta1: f64,
    /// Decay of the running mean of their squares; in [0, 1).
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub eps: f64,
    /// Decoupled weight decay, a share of the weight per unit of learning rate.
    pub weight_decay: f64,
    /// Which weights decay.
    pub decay: Decay,
    /// Gradients longer than this are scaled down to it; 0 never clips.
    pub max_grad_norm: f64,
}

/// Which weights decay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decay {
    /// Matrices and embeddings, not norms and biases.
    #[default]
    Matrices,
    /// Everything.
    All,
}

impl Default for AdamW {
    fn default() -> AdamW {
        AdamW {
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            weight_decay: 0.0,
            decay: Decay::Matrices,
            max_grad_norm: 1.0,
        }
    }
}

impl AdamW {
    /// Fails on a setting outside its range; names it.
    pub fn check(&self) -> Result<()> {
        for (field, found) in [("beta1", self.beta1), ("beta2", self.beta2)] {
            // What is 1 to an f32 would never let a moment change.
            if !(0.0..1.0).contains(&found) || found as f32 >= 1.0 {
                return Err(Error::invalid(field, "in [0, 1), at most 0.99999994", found));
            }
        }
        // A weight whose gradient was always 0 is divided by it.
        if !(self.eps as f32 > 0.0 && self.eps.is_finite()) {
            return Err(Error::invalid("eps", "at least 1e-38 and finite", self.eps));
        }
        let sizes = [("weight_decay", self.weight_decay), ("max_grad_norm", self.max_grad_norm)];
        for (field, found) in sizes {
            if !(found >= 0.0 && found.is_finite()) {
                return Err(Error::invalid(field, "at least 0 and finite", found));
            }
        }
        Ok(())
    }
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// Length of the whole gradient before clipping.
    pub grad_norm: f64,
    /// Whether it was scaled down.
    pub clipped: bool,
}

/// Numbers that one task of a parallel pass takes: fixed, so that sums have one order.
const CHUNK: usize = 1 << 14;

/// The optimiser's moments for one flat vector of weights.
pub struct Optimizer {
    settings: AdamW,
    tensors: Vec<Tensor>,
    /// Whether weight decay applies, by offset where it changes: `(from, decays)`, sorted.
    stretches: Vec<(usize, bool)>,
    mean: Vec<f32>,
    square: Vec<f32>,
    steps: u64,
}

impl Optimizer {
    /// An optimiser at rest for weights laid out as `tensors`, which must tile `0..len` in order.
    pub fn new(settings: AdamW, tensors: &[Tensor], len: usize) -> Result<Optimizer> {
        settings.check()?;
        let mut stretches: Vec<(usize, bool)> = Vec::new();
        for tensor in tensors {
            let decays = settings.decay == Decay::All || tensor.role.is_matrix();
            if stretches.last().is_none_or(|&(_, last)| last != decays) {
                stretches.push((tensor.offset, decays));
            }
        }
        Ok(Optimizer {
            settings,
            tensors: tensors.to_vec(),
            stretches,
            mean: vec![0.0; len],
            square: vec![0.0; len],
            steps: 0,
        })
    }

    /// Steps taken since the beginning.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// One step down `gradient`, which is cleared. A gradient that is not finite is an error, is
    /// cleared as well, and changes nothing else.
    pub fn step(&mut self, weights: &mut [f32], gradient: &mut [f32], rate: f64) -> Result<StepReport> {
        if !(rate >= 0.0 && rate.is_finite()) {
            return Err(Error::invalid("learning rate", "at least 0 and finite", rate));
        }
        let sums: Vec<f64> = gradient.par_chunks(CHUNK).map(adamw::square_sum).collect();
        let grad_norm = sums.iter().sum::<f64>().sqrt();
        if !grad_norm.is_finite() {
            gradient.fill(0.0);
            return Err(Error::NotFinite { what: "the gradient's norm".to_owned(), found: grad_norm });
        }
        let limit = self.settings.max_grad_norm;
        let clipped = limit > 0.0 && grad_norm > limit;
        let scale = if clipped { limit / (grad_norm + 1e-6) } else { 1.0 };
        self.steps += 1;
        self.update(weights, gradient, rate, scale);
        Ok(StepReport { grad_norm, clipped })
    }

    fn update(&mut self, weights: &mut [f32], gradient: &mut [f32], rate: f64, scale: f64) {
        let s = &self.settings;
        let power = self.steps.min(i32::MAX as u64) as i32;
        let factors = |decays: bool| Factors {
            scale: scale as f32,
            beta1: s.beta1 as f32,
            beta2: s.beta2 as f32,
            rate: (rate / (1.0 - s.beta1.powi(power))) as f32,
            root: (1.0 / (1.0 - s.beta2.powi(power)).sqrt()) as f32,
            eps: s.eps as f32,
            keep: if decays { (1.0 - rate * s.weight_decay) as f32 } else { 1.0 },
        };
        let (decaying, steady) = (factors(true), factors(false));
        let stretches = &self.stretches;
        weights
            .par_chunks_mut(CHUNK)
            .zip(self.mean.par_chunks_mut(CHUNK))
            .zip(self.square.par_chunks_mut(CHUNK))
            .zip(gradient.par_chunks_mut(CHUNK))
            .enumerate()
            .for_each(|(i, (((w, m), v), g))| {
                let (start, mut done) = (i * CHUNK, 0);
                let mut stretch = stretches.partition_point(|&(from, _)| from <= start) - 1;
                while done < w.len() {
                    let next = stretches.get(stretch + 1).map_or(usize::MAX, |&(from, _)| from);
                    let end = (next - start).min(w.len());
                    let f = if stretches[stretch].1 { decaying } else { steady };
                    let part = done..end;
                    adamw::update(
                        &mut w[part.clone()],
                        &mut m[part.clone()],
                        &mut v[part.clone()],
                        &mut g[part],
                        f,
                    );
                    (done, stretch) = (end, stretch + 1);
                }
            });
    }

    /// The moments and the step count as safetensors bytes: `exp_avg.NAME` and `exp_avg_sq.NAME`.
    pub fn save(&self) -> Vec<u8> {
        let parts = [("exp_avg", &self.mean), ("exp_avg_sq", &self.square)];
        let encoded: Vec<(String, &Tensor, Vec<u8>)> = parts
            .iter()
            .flat_map(|(prefix, values)| {
                self.tensors.iter().map(move |tensor| {
                    let bytes = values[tensor.range()].iter().flat_map(|x| x.to_le_bytes()).collect();
                    (format!("{prefix}.{}", tensor.name), tensor, bytes)
                })
            })
            .collect();
        let views = encoded.iter().map(|(name, tensor, bytes)| {
            let view = TensorView::new(FileType::F32, tensor.shape.clone(), bytes)
                .expect("the bytes were encoded from the tensor's own numbers");
            (name.as_str(), view)
        });
        let metadata = HashMap::from([("step".to_owned(), self.steps.to_string())]);
        safetensors::serialize(views, Some(metadata)).expect("views made here are well formed")
    }

    /// Puts back what [`Optimizer::save`] gave, bit for bit. On an error nothing has changed.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let path = Path::new("optimizer.safetensors");
        let file = checkpoint::parse(path, bytes)?;
        let (_, header) = safetensors::SafeTensors::read_metadata(bytes)
            .map_err(|error| Error::data(path, "a whole safetensors file is expected", error))?;
        let steps = header.metadata().as_ref().and_then(|map| map.get("step")?.parse().ok());
        let steps =
            steps.ok_or_else(|| Error::data(path, "metadata with a step count is expected", "none"))?;
        let mut fresh = [vec![0.0; self.mean.len()], vec![0.0; self.square.len()]];
        for (prefix, out) in ["exp_avg", "exp_avg_sq"].into_iter().zip(&mut fresh) {
            for tensor in &self.tensors {
                let name = format!("{prefix}.{}", tensor.name);
                let view = file
                    .tensor(&name)
                    .map_err(|error| Error::data(path, format!("tensor {name} is expected"), error))?;
                if view.shape() != tensor.shape || view.dtype() != FileType::F32 {
                    let rule = format!("tensor {name} must be F32 of shape {:?}", tensor.shape);
                    let found = format!("it is {:?} of shape {:?}", view.dtype(), view.shape());
                    return Err(Error::data(path, rule, found));
                }
                checkpoint::decode(path, &name, &view, &mut out[tensor.range()])?;
            }
        }
        [self.mean, self.square] = fresh;
        self.steps = steps;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Role;

    /// A matrix, a norm and a matrix, with a border inside a chunk and one beyond the first.
    fn tensors() -> Vec<Tensor> {
        let shapes = [("a", CHUNK + 10, Role::Matrix), ("b", 20, Role::Norm), ("c", 30, Role::Output)];
        let mut offset = 0;
        let place = |(name, size, role): (&str, usize, Role)| {
            offset += size;
            Tensor { name: name.to_owned(), offset: offset - size, shape: vec![size], role }
        };
        shapes.into_iter().map(place).collect()
    }

    fn step(settings: AdamW, slope: f32) -> Vec<f32> {
        let len = CHUNK + 60;
        let mut optimizer = Optimizer::new(settings, &tensors(), len).expect("sound settings");
        let (mut weights, mut gradient) = (vec![2.0; len], vec![slope; len]);
        optimizer.step(&mut weights, &mut gradient, 0.1).expect("a finite gradient");
        assert!(gradient.iter().all(|g| *g == 0.0));
        weights
    }

    #[test]
    fn decay_takes_its_share_of_matrices_and_leaves_norms() {
        let weights = step(AdamW { weight_decay: 0.5, ..AdamW::default() }, 0.0);
        for (tensor, expect) in tensors().iter().zip([1.9, 2.0, 1.9]) {
            // 2 (1 - 0.1 * 0.5) = 1.9
            assert!(weights[tensor.range()].iter().all(|w| (w - expect).abs() < 1e-6), "{}", tensor.name);
        }
        let all = step(AdamW { weight_decay: 0.5, decay: Decay::All, ..AdamW::default() }, 0.0);
        assert!(all.iter().all(|w| (w - 1.9).abs() < 1e-6));
    }

    #[test]
    fn the_first_step_is_as_long_as_the_rate_whatever_the_gradient() {
        for slope in [3.0, -1e-3] {
            let weights = step(AdamW { max_grad_norm: 0.0, ..AdamW::default() }, slope);
            let expect = 2.0 - 0.1 * slope.signum(); // m / sqrt(v) is the sign, once corrected
            assert!(weights.iter().all(|w| (w - expect).abs() < 1e-4));
        }
    }

    #[test]
    fn settings_outside_their_range_are_errors_that_name_them() {
        let check = |settings: AdamW, expect: &str| {
            let message = settings.check().expect_err(expect).to_string();
            assert!(message.contains(expect), "{message}");
        };
        check(AdamW { beta1: 1.0, ..AdamW::default() }, "beta1 must be in [0, 1)");
        check(AdamW { beta2: 0.999_999_99, ..AdamW::default() }, "beta2 must be in [0, 1)");
        check(AdamW { eps: 0.0, ..AdamW::default() }, "eps must be at least 1e-38");
        check(AdamW { weight_decay: f64::NAN, ..AdamW::default() }, "weight_decay must be at least 0");
    }

    #[test]
    fn a_rate_that_is_not_a_number_is_refused_before_anything_changes() {
        let mut optimizer = Optimizer::new(AdamW::default(), &tensors(), CHUNK + 60).expect("sound settings");
        let (mut weights, mut gradient) = (vec![2.0; CHUNK + 60], vec![1.0; CHUNK + 60]);
        assert!(optimizer.step(&mut weights, &mut gradient, f64::NAN).is_err());
        assert_eq!((weights[0], optimizer.steps()), (2.0, 0));
    }
}
