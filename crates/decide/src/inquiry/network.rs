//! A policy of questions and decisions: a perceptron over what the world shows of the history.
//!
//! Logits of questions are the perceptron's plus `gain` times the world's hint (the information it expects),
//! logits of decisions the perceptron's plus `sharpness` times the world's score; both factors are trained
//! with the rest. With `gain` zero the policy starts at even questions; where [`NetworkConfig::plug_in`] is
//! set, the decision is the world's own estimate and nothing of it is learned.

use super::choose::{draw, softmax};
use super::rollout::play;
use super::{Problem, Rollout, Scene, Strategy, World};
use autodidact_core::{Error, Result, Rng, Seed};
use autodidact_nets::{Activation, Init, Mlp, Tape};
use serde::{Deserialize, Serialize};

/// The shape of a policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkConfig {
    /// Hidden layers.
    pub hidden: Vec<usize>,
    /// Weight of the world's hints at the start.
    pub gain: f64,
    /// Weight of the world's scores at the start; where decisions are plugged in, it only softens what
    /// losses are compared with in training.
    pub sharpness: f64,
    /// Decides by the world's scores alone.
    pub plug_in: bool,
}

impl Default for NetworkConfig {
    fn default() -> NetworkConfig {
        NetworkConfig { hidden: vec![64, 64], gain: 5.0, sharpness: 4.0, plug_in: true }
    }
}

impl NetworkConfig {
    /// Fails on settings that cannot be.
    pub fn check(&self) -> Result<()> {
        if let Some(width) = self.hidden.iter().find(|&&width| width == 0) {
            return Err(Error::invalid("network.hidden", "widths of at least 1", width));
        }
        for (field, found) in [("network.gain", self.gain), ("network.sharpness", self.sharpness)] {
            if !(found >= 0.0 && found.is_finite()) {
                return Err(Error::invalid(field, "at least 0 and finite", found));
            }
        }
        Ok(())
    }
}

/// A policy with its parameters: the perceptron's, then gain and sharpness.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// The perceptron, from the world's features to questions and decisions.
    pub mlp: Mlp,
    /// Its parameters and the two factors.
    pub parameters: Vec<f64>,
    plug_in: bool,
}

/// What a lane of inquiries gave.
pub(super) struct Lane {
    /// One an inquiry.
    pub played: Vec<Rollout>,
    /// The sum over inquiries of the gradient of the loss.
    pub gradient: Vec<f64>,
    /// What would be lost by deciding by the world's scores at once, `(steps, inquiries)`: it tells much of
    /// the final loss, and being known before the question is asked, it biases nothing as a baseline.
    pub outlooks: Vec<f64>,
}

impl Network {
    /// A fresh policy for a world. Its output layer is small, so that it starts from gain and sharpness.
    pub fn new(world: &dyn World, config: &NetworkConfig, seed: Seed) -> Network {
        let outputs = world.queries() + world.decisions();
        let sizes: Vec<usize> =
            [world.features()].into_iter().chain(config.hidden.iter().copied()).chain([outputs]).collect();
        let mlp = Mlp::new(&sizes, Activation::Relu);
        let mut parameters = mlp.init(Init::FanIn, &mut seed.rng());
        let last = (sizes[sizes.len() - 2] + 1) * outputs;
        let from = parameters.len() - last;
        parameters[from..].iter_mut().for_each(|weight| *weight *= 0.1);
        parameters.extend([config.gain, config.sharpness]);
        Network { mlp, parameters, plug_in: config.plug_in }
    }

    /// Plays a lane of inquiries and sums the gradient of their losses; the caller divides by the number of
    /// inquiries in all lanes. `baseline(j, step, outlook)` is what the loss of inquiry `j` is compared with.
    pub(super) fn lane_gradient(
        &self,
        world: &dyn World,
        problems: &[&Problem],
        (seed, first): (Seed, usize),
        baseline: &dyn Fn(usize, usize, f64) -> Option<f64>,
        entropy: f64,
    ) -> Lane {
        let (queries, decisions, rows) = (world.queries(), world.decisions(), problems.len());
        let (mut inputs, mut hints, mut scores) = (Vec::new(), Vec::new(), Vec::new());
        let (mut asked, mut open) = (Vec::new(), Vec::new());
        let mut watch = |scene: &Scene<'_>, choices: &[u32]| {
            inputs.extend_from_slice(&scene.views.inputs);
            hints.extend_from_slice(&scene.views.hints);
            scores.extend_from_slice(&scene.views.scores);
            asked.extend_from_slice(choices);
            if !scene.world.repeats() {
                open.extend(scene.memories.iter().flat_map(|memory| memory.counts.iter().map(|n| *n == 0.0)));
            }
        };
        let (played, orders) = play(world, self, problems, seed, first, &mut watch);

        let mut tape = Tape::default();
        let (weights, factors) = self.parameters.split_at(self.mlp.len());
        let outputs = self.mlp.forward(weights, &inputs, &mut tape);
        let width = queries + decisions;
        let mut pull = vec![0.0; outputs.len()];
        let mut gradient = vec![0.0; self.parameters.len()];
        let (mut gain, mut sharpness) = (0.0, 0.0);
        let loss_of = |j: usize, z: usize| {
            let z = if world.interchangeable() { orders[j][z] as usize } else { z };
            world.loss(problems[j], z)
        };
        let mut outlooks = Vec::with_capacity(asked.len());
        let steps = asked.len() / rows.max(1);
        for step in 0..steps {
            for (j, one) in played.iter().enumerate() {
                let row = step * rows + j;
                let hints = &hints[row * queries..][..queries];
                let open = (!world.repeats()).then(|| &open[row * queries..][..queries]);
                let mut p = outputs[row * width..][..queries].to_vec();
                logits(&mut p, hints, factors[0], open);
                softmax(&mut p);
                let mut now = scores[row * decisions..][..decisions].to_vec();
                now.iter_mut().for_each(|score| *score *= factors[1]);
                softmax(&mut now);
                let outlook = now.iter().enumerate().map(|(z, p)| p * loss_of(j, z)).sum();
                outlooks.push(outlook);
                let weight = baseline(j, step, outlook).map_or(0.0, |baseline| one.loss - baseline);
                let mean_log: f64 = p.iter().filter(|p| **p > 0.0).map(|p| p * p.ln()).sum();
                for (i, (&p, hint)) in p.iter().zip(hints).enumerate() {
                    let chosen = f64::from(u8::from(asked[row] as usize == i));
                    // d log p(asked), and the entropy bonus: dH = -p (ln p - sum p ln p).
                    let calm = if p > 0.0 { entropy * p * (p.ln() - mean_log) } else { 0.0 };
                    let d = weight * (chosen - p) + calm;
                    pull[row * width + i] = d;
                    gain += d * hint;
                }
            }
        }
        if !self.plug_in {
            for (j, one) in played.iter().enumerate() {
                let row = steps * rows + j;
                let score = &scores[row * decisions..][..decisions];
                let mut p = outputs[row * width + queries..][..decisions].to_vec();
                logits(&mut p, score, factors[1], None);
                softmax(&mut p);
                for (z, (&p, score)) in p.iter().zip(score).enumerate() {
                    // The decision's expected loss is differentiated exactly.
                    let d = p * (loss_of(j, z) - one.loss);
                    pull[row * width + queries + z] = d;
                    sharpness += d * score;
                }
            }
        }
        self.mlp.backward(weights, &mut tape, &pull, &mut gradient[..weights.len()]);
        gradient[weights.len()] = gain;
        gradient[weights.len() + 1] = sharpness;
        Lane { played, gradient, outlooks }
    }

    /// The probability of each question, `(memories, queries)`.
    pub fn questions(&self, scene: &Scene<'_>) -> Vec<f64> {
        self.probabilities(scene, true)
    }

    fn probabilities(&self, scene: &Scene<'_>, question: bool) -> Vec<f64> {
        let (queries, decisions) = (scene.world.queries(), scene.world.decisions());
        let (weights, factors) = self.parameters.split_at(self.mlp.len());
        let mut tape = Tape::default();
        let outputs = self.mlp.forward(weights, &scene.views.inputs, &mut tape);
        let mut all = Vec::with_capacity(scene.memories.len() * if question { queries } else { decisions });
        for (j, row) in outputs.chunks_exact(queries + decisions).enumerate() {
            let mut p = if question { row[..queries].to_vec() } else { row[queries..].to_vec() };
            if question {
                let open: Option<Vec<bool>> = (!scene.world.repeats())
                    .then(|| scene.memories[j].counts.iter().map(|n| *n == 0.0).collect());
                logits(&mut p, &scene.views.hints[j * queries..][..queries], factors[0], open.as_deref());
            } else {
                logits(&mut p, &scene.views.scores[j * decisions..][..decisions], factors[1], None);
            }
            softmax(&mut p);
            all.extend(p);
        }
        all
    }
}

/// Adds the factor times what the world says, and closes what may not be asked.
fn logits(row: &mut [f64], said: &[f64], factor: f64, open: Option<&[bool]>) {
    row.iter_mut().zip(said).for_each(|(logit, said)| *logit += factor * said);
    if let Some(open) = open {
        row.iter_mut()
            .zip(open)
            .filter(|(_, open)| !**open)
            .for_each(|(logit, _)| *logit = f64::NEG_INFINITY);
    }
}

impl Strategy for Network {
    fn ask(&self, scene: &Scene<'_>, rngs: &mut [Rng]) -> Vec<u32> {
        let p = self.probabilities(scene, true);
        let rows = p.chunks_exact(scene.world.queries()).zip(rngs);
        rows.map(|(row, rng)| draw(row, rng) as u32).collect()
    }

    fn decide(&self, scene: &Scene<'_>) -> Vec<f64> {
        if self.plug_in {
            struct PlugIn;
            impl Strategy for PlugIn {
                fn ask(&self, _scene: &Scene<'_>, _rngs: &mut [Rng]) -> Vec<u32> {
                    Vec::new()
                }
            }
            return PlugIn.decide(scene);
        }
        self.probabilities(scene, false)
    }
}
