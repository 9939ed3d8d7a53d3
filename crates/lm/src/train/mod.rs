//! Training: objectives pull on target tokens, the gradient accumulates, the optimiser steps.
//!
//! A batch is cut into shards ([`shard`]); shard `i` belongs to lane `i % lanes`. A lane works
//! through its shards in order into its own gradient, lanes run in parallel, and gradients are
//! added in the order of lanes: so the result is the same, bit for bit, for any number of threads.
//! Working memory ([`arena`]) is borrowed from a pool, one a running lane, and never shrinks.

mod alter;
mod arena;
mod attention;
mod backward;
mod forward;
mod pass;
mod shard;

pub use alter::{Alter, Dropout, Steer};
pub use pass::Scorer;

use crate::kernels::adamw;
use crate::lora::Adapter;
use crate::optim::{AdamW, Optimizer, StepReport};
use crate::{Error, Model, Result};
use autodidact_math::{Objective, Row, Scored};
use pass::Pulls;
use rayon::prelude::*;

/// Trains a model: all of its weights, or adapters on some of them.
pub struct Trainer {
    scorer: Scorer,
    optimizer: Optimizer,
    adapter: Option<Adapted>,
    lanes: Vec<Lane>,
    targets: usize,
}

/// The adapters that are trained instead of the model's own weights.
struct Adapted {
    adapter: Adapter,
    gradient: Vec<f32>,
}

/// One lane's share of the gradient.
struct Lane {
    gradient: Vec<f32>,
    /// Whether anything but zeros may be in it.
    touched: bool,
}

/// What one call of [`Trainer::pull`] found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pulled {
    /// The objective's loss on these rows.
    pub loss: f64,
    /// One entry a row, in order; targets of weight 0 are left at 0.
    pub scored: Vec<Scored>,
    /// Tokens of all rows.
    pub tokens: u64,
    /// Targets that count.
    pub targets: usize,
}

impl Trainer {
    /// A trainer of all weights, at its first step.
    pub fn new(model: &Model, settings: AdamW) -> Result<Trainer> {
        let layout = model.layout();
        let optimizer = Optimizer::new(settings, &layout.tensors, layout.len)?;
        let scorer = Scorer::new(model);
        Ok(Trainer { scorer, optimizer, adapter: None, lanes: Vec::new(), targets: 0 })
    }

    /// A trainer of an adapter that was made for this model, at its first step. The model takes on
    /// the adapter's weights now and after every step.
    pub fn adapted(model: &Model, adapter: Adapter, settings: AdamW) -> Result<Trainer> {
        let len = adapter.weights().len();
        let optimizer = Optimizer::new(settings, adapter.tensors(), len)?;
        model.update(|weights| adapter.apply(weights));
        let adapter = Some(Adapted { adapter, gradient: vec![0.0; len] });
        Ok(Trainer { scorer: Scorer::new(model), optimizer, adapter, lanes: Vec::new(), targets: 0 })
    }

    /// The adapter that is trained, if there is one.
    pub fn adapter(&self) -> Option<&Adapter> {
        self.adapter.as_ref().map(|adapted| &adapted.adapter)
    }

    /// The model that is trained.
    pub fn model(&self) -> &Model {
        self.scorer.model()
    }

    /// Steps taken since the beginning.
    pub fn steps(&self) -> u64 {
        self.optimizer.steps()
    }

    /// Scores rows under the current weights; one entry a row, targets of weight 0 left at 0.
    pub fn score(&mut self, rows: &[Row]) -> Result<Vec<Scored>> {
        self.scorer.score(rows)
    }

    /// Adds the gradient of `objective` on `rows` to what has accumulated since the last step.
    /// Whatever fails forgets what has accumulated.
    pub fn pull(&mut self, rows: &[Row], objective: &dyn Objective) -> Result<Pulled> {
        let pulled = self.pulled(rows, objective);
        if pulled.is_err() {
            self.forget();
        }
        pulled
    }

    fn pulled(&mut self, rows: &[Row], objective: &dyn Objective) -> Result<Pulled> {
        shard::check(rows, self.model().config())?;
        let shards = self.scorer.cut(rows);
        let given = match objective.separable() {
            true => None,
            false => {
                let scored = self.scorer.score(rows)?;
                let at: Vec<usize> = (0..rows.len()).collect();
                let all: Vec<&Row> = rows.iter().collect();
                let (loss, pulls) = objective.pull(&at, &all, &scored);
                Some((loss, pass::checked(loss, pulls, rows.iter())?))
            }
        };
        let pulls = match &given {
            Some((_, pulls)) => Pulls::Given(pulls),
            None => Pulls::Asked(objective),
        };
        if self.lanes.is_empty() {
            let len = self.model().layout().len;
            let lane = || Lane { gradient: vec![0.0; len], touched: false };
            self.lanes.resize_with(self.scorer.lanes(), lane);
        }
        let scorer = &mut self.scorer;
        let used = self.lanes.iter_mut().take(shards.len()).map(|lane| {
            lane.touched = true;
            lane.gradient.as_mut_slice()
        });
        let (losses, scored) = scorer.train(&shards, rows, &pulls, used.collect())?;
        let targets = shards.iter().map(|shard| shard.targets.len()).sum();
        self.targets += targets;
        let loss = given.map_or(losses, |(loss, _)| loss);
        Ok(Pulled { loss, scored, tokens: tokens(rows), targets })
    }

    /// Steps down the accumulated gradient at this learning rate and clears it. A gradient that is
    /// not finite is an error and leaves the weights as they are.
    pub fn step(&mut self, rate: f64) -> Result<StepReport> {
        if self.targets == 0 {
            return Err(Error::invalid("number of targets since the last step", "at least 1", 0));
        }
        self.reduce();
        self.targets = 0;
        let model = self.scorer.model().clone();
        let lane = self.lanes.first_mut().expect("a pull with targets made the lanes");
        match &mut self.adapter {
            None => model.update(|weights| self.optimizer.step(weights, &mut lane.gradient, rate)),
            Some(Adapted { adapter, gradient }) => {
                adapter.gradient(&lane.gradient, gradient);
                lane.gradient.fill(0.0);
                let report = self.optimizer.step(adapter.weights_mut(), gradient, rate)?;
                model.update(|weights| adapter.apply(weights));
                Ok(report)
            }
        }
    }

    /// Forgets the gradient that has accumulated since the last step.
    pub fn forget(&mut self) {
        for lane in &mut self.lanes {
            lane.gradient.fill(0.0);
            lane.touched = false;
        }
        self.targets = 0;
    }

    /// The accumulated gradient of the tensor of that name: one of the layout's, or one of the
    /// adapter's.
    pub fn gradient(&mut self, name: &str) -> Result<&[f32]> {
        self.reduce();
        let Some(lane) = self.lanes.first() else {
            return Err(Error::invalid("number of targets since the last step", "at least 1", 0));
        };
        if let Some(Adapted { adapter, gradient }) = &mut self.adapter
            && let Some(tensor) = adapter.tensors().iter().find(|tensor| tensor.name == name)
        {
            adapter.gradient(&lane.gradient, gradient);
            return Ok(&gradient[tensor.range()]);
        }
        match self.scorer.model().layout().tensor(name) {
            Some(tensor) => Ok(&lane.gradient[tensor.range()]),
            None => Err(Error::invalid("tensor", "one of the layout's names", name)),
        }
    }

    /// Replaces the adapter's weights by those of its safetensors file; the model follows.
    pub fn restore_adapter(&mut self, bytes: &[u8]) -> Result<()> {
        let Some(Adapted { adapter, .. }) = &mut self.adapter else {
            return Err(Error::invalid("trainer", "one of an adapter", "one of all weights"));
        };
        adapter.load(bytes)?;
        self.scorer.model().update(|weights| adapter.apply(weights));
        Ok(())
    }

    /// The optimiser's state as safetensors bytes.
    pub fn save_optimizer(&self) -> Vec<u8> {
        self.optimizer.save()
    }

    /// Puts back what [`Trainer::save_optimizer`] gave, bit for bit.
    pub fn restore_optimizer(&mut self, bytes: &[u8]) -> Result<()> {
        self.optimizer.restore(bytes)
    }

    /// Adds all lanes' gradients into the first.
    fn reduce(&mut self) {
        const CHUNK: usize = 1 << 14;
        let Some((first, rest)) = self.lanes.split_first_mut() else { return };
        for lane in rest.iter_mut().filter(|lane| lane.touched) {
            let chunks = first.gradient.par_chunks_mut(CHUNK).zip(lane.gradient.par_chunks_mut(CHUNK));
            chunks.for_each(|(into, from)| adamw::drain(into, from));
            lane.touched = false;
        }
    }
}

fn tokens(rows: &[Row]) -> u64 {
    rows.iter().map(|row| row.tokens.len() as u64).sum()
}
