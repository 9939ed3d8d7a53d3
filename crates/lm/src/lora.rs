//! Low-rank adapters: a few small matrices are trained, the model's own stay as they were.
//!
//! A targeted matrix `W` becomes `W + scale B A`, with `A` of `(rank, inputs)` and `B` of `(outputs,
//! rank)`. The sum is written into the model itself, so that sampling, scoring and saving need to
//! know nothing of adapters, and the gradients follow from that of the sum: `dB = scale dW A^T` and
//! `dA = scale B^T dW`. Files are those of PEFT, in and out.

mod files;

use crate::kernels::matmul::{self, Mat, MatMut};
use crate::layout::{Role, Tensor};
use crate::{Error, Model, Result};
use autodidact_core::Seed;
use rand::Rng;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Which matrices get an adapter, and of which rank.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoraConfig {
    /// Rows of `A` and columns of `B`.
    pub rank: usize,
    /// The adapter's product is scaled by `alpha / rank`.
    pub alpha: f64,
    /// Names of projections, among `q_proj`, `k_proj`, `v_proj`, `o_proj`, `gate_proj`, `up_proj`
    /// and `down_proj`; each is adapted in every layer.
    pub targets: Vec<String>,
}

const TARGETS: [&str; 7] = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

impl Default for LoraConfig {
    fn default() -> LoraConfig {
        LoraConfig { rank: 16, alpha: 32.0, targets: TARGETS.map(str::to_owned).to_vec() }
    }
}

impl LoraConfig {
    /// Fails on a setting outside its range; names it.
    pub fn check(&self) -> Result<()> {
        if self.rank == 0 || self.rank > 1 << 12 {
            return Err(Error::invalid("lora.rank", "between 1 and 4096", self.rank));
        }
        if !self.alpha.is_finite() {
            return Err(Error::invalid("lora.alpha", "finite", self.alpha));
        }
        if self.targets.is_empty() {
            return Err(Error::invalid("lora.targets", "at least one projection", "empty"));
        }
        match self.targets.iter().find(|name| !TARGETS.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(Error::invalid("lora.targets", format!("among {}", TARGETS.join(", ")), name)),
        }
    }
}

/// The adapters of one model and the matrices that they adapt, as they were before.
#[derive(Clone, Debug)]
pub struct Adapter {
    config: LoraConfig,
    tensors: Vec<Tensor>,
    parts: Vec<Part>,
    weights: Vec<f32>,
    base: Vec<f32>,
}

/// One adapted matrix.
#[derive(Clone, Debug)]
struct Part {
    /// Where it lies in the model's flat vector.
    target: Range<usize>,
    /// Where its original lies in `base`.
    base: usize,
    outputs: usize,
    inputs: usize,
    /// Where its factors lie in the adapter's own flat vector.
    a: Range<usize>,
    b: Range<usize>,
}

impl Adapter {
    /// Fresh adapters for the model's current weights: `A` uniform within `1 / sqrt(inputs)`, `B`
    /// zero, so that nothing changes yet.
    pub fn new(model: &Model, config: LoraConfig, seed: Seed) -> Result<Adapter> {
        let mut adapter = Adapter::zero(model, config)?;
        for (i, part) in adapter.parts.iter().enumerate() {
            let bound = 1.0 / (part.inputs as f32).sqrt();
            let mut rng = seed.at("adapter", i as u64).rng();
            for x in &mut adapter.weights[part.a.clone()] {
                *x = rng.random_range(-bound..bound);
            }
        }
        Ok(adapter)
    }

    /// The settings.
    pub fn config(&self) -> &LoraConfig {
        &self.config
    }

    /// The factors' tensors, named as PEFT names them, in one flat vector of [`Adapter::weights`].
    pub fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// All factors.
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// All factors, to be changed; [`Adapter::apply`] makes the model follow.
    pub(crate) fn weights_mut(&mut self) -> &mut [f32] {
        &mut self.weights
    }

    /// Writes the adapted matrices into the flat vector of the model that this adapter was made
    /// for: merging is no more than that.
    pub fn apply(&self, weights: &mut [f32]) {
        for part in &self.parts {
            let out = &mut weights[part.target.clone()];
            out.copy_from_slice(&self.base[part.base..][..out.len()]);
            let (a, b) = self.factors(part);
            matmul::add(MatMut::new(out, part.outputs, part.inputs), b, a, self.scale());
        }
    }

    /// The gradient of the factors, given that of the model's flat vector.
    pub(crate) fn gradient(&self, full: &[f32], out: &mut [f32]) {
        for part in &self.parts {
            let grad = Mat::new(&full[part.target.clone()], part.outputs, part.inputs);
            let (a, b) = self.factors(part);
            let rank = self.config.rank;
            let grad_a = MatMut::new(&mut out[part.a.clone()], rank, part.inputs);
            matmul::set(grad_a, b.t(), grad, self.scale());
            let grad_b = MatMut::new(&mut out[part.b.clone()], part.outputs, rank);
            matmul::set(grad_b, grad, a.t(), self.scale());
        }
    }

    fn zero(model: &Model, config: LoraConfig) -> Result<Adapter> {
        config.check()?;
        let (mut parts, mut tensors, mut base) = (Vec::new(), Vec::new(), Vec::new());
        let mut len = 0;
        let weights = model.weights();
        let adapted = |tensor: &&Tensor| {
            let stem = tensor.name.strip_suffix(".weight").unwrap_or(&tensor.name);
            config.targets.iter().any(|name| stem.ends_with(&format!(".{name}")))
        };
        for tensor in model.layout().tensors.iter().filter(adapted) {
            let (outputs, inputs) = (tensor.shape[0], tensor.shape[1]);
            let stem = tensor.name.strip_suffix(".weight").unwrap_or(&tensor.name);
            let mut factor = |letter: &str, shape: [usize; 2]| {
                let name = format!("base_model.model.{stem}.lora_{letter}.weight");
                let range = len..len + shape[0] * shape[1];
                tensors.push(Tensor { name, offset: len, shape: shape.to_vec(), role: Role::Matrix });
                len = range.end;
                range
            };
            let a = factor("A", [config.rank, inputs]);
            let b = factor("B", [outputs, config.rank]);
            parts.push(Part { target: tensor.range(), base: base.len(), outputs, inputs, a, b });
            base.extend_from_slice(&weights[tensor.range()]);
        }
        Ok(Adapter { config, tensors, parts, weights: vec![0.0; len], base })
    }

    fn scale(&self) -> f32 {
        (self.config.alpha / self.config.rank as f64) as f32
    }

    fn factors(&self, part: &Part) -> (Mat<'_>, Mat<'_>) {
        let rank = self.config.rank;
        let a = Mat::new(&self.weights[part.a.clone()], rank, part.inputs);
        (a, Mat::new(&self.weights[part.b.clone()], part.outputs, rank))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_outside_its_range_is_an_error_that_names_it() {
        let check = |config: LoraConfig, expect: &str| {
            let message = config.check().expect_err(expect).to_string();
            assert!(message.contains(expect), "{message}");
        };
        let sound = LoraConfig::default;
        check(LoraConfig { rank: 0, ..sound() }, "lora.rank must be between 1");
        check(LoraConfig { alpha: f64::NAN, ..sound() }, "lora.alpha must be finite");
        check(LoraConfig { targets: vec![], ..sound() }, "lora.targets must be at least one");
        check(LoraConfig { targets: vec!["lm_head".into()], ..sound() }, "but is lm_head");
    }
}
