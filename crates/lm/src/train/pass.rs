//! Running passes over all shards of a batch, lanes in parallel.

use super::alter::Alter;
use super::arena::{Arena, Keep};
use super::forward::{self, Net};
use super::shard::{self, Shard};
use super::{arena, backward};
use crate::kernels::rope::Rope;
use crate::{Config, Error, Model, Result};
use autodidact_math::{Objective, Pull, Row, Scored};
use rayon::prelude::*;
use std::sync::{Mutex, PoisonError};

/// Scores rows under a model's current weights, keeping its working memory between calls.
pub struct Scorer {
    model: Model,
    rope: Rope,
    alter: Alter,
    pool: Mutex<Vec<Arena>>,
}

/// The loss of a shard and what was scored, in the order of its sequences.
type Passed = (f64, Vec<Scored>);

/// Where the pulls of a shard come from.
pub enum Pulls<'a> {
    /// The objective is asked, shard by shard.
    Asked(&'a dyn Objective),
    /// The whole batch's pulls, one entry a row.
    Given(&'a [Pull]),
}

impl Scorer {
    /// A scorer of this model.
    pub fn new(model: &Model) -> Scorer {
        let rope = Rope::new(model.config());
        Scorer { model: model.clone(), rope, alter: Alter::default(), pool: Mutex::default() }
    }

    /// The same scorer with its passes altered: vectors added to the stream, units dropped.
    pub fn altered(mut self, alter: Alter) -> Result<Scorer> {
        alter.check(self.model.config())?;
        self.alter = alter;
        Ok(self)
    }

    /// The model that is scored.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The log-probability and entropy of every target of non-zero weight, one entry a row; other
    /// targets are left at 0.
    pub fn score(&mut self, rows: &[Row]) -> Result<Vec<Scored>> {
        shard::check(rows, self.model.config())?;
        let shards = self.cut(rows);
        self.reach(&shards);
        let weights = self.model.weights();
        let net = self.net(&weights);
        let parts: Vec<Vec<Scored>> = shards
            .par_iter()
            .with_max_len(1)
            .map(|shard| {
                let mut arena = self.borrow();
                arena.fit(net.config, shard, Keep::Last);
                forward::run(net, shard, rows, &mut arena, Keep::Last);
                let scored = forward::scored(shard, rows, &arena);
                self.give_back(arena);
                scored
            })
            .collect();
        Ok(in_batch_order(rows, &shards, parts))
    }

    /// The residual stream of each sequence after `layer` layers (0: the embedding; all: before the
    /// last norm), `(tokens, hidden)`, in order.
    pub fn hidden(&mut self, sequences: &[&[u32]], layer: usize) -> Result<Vec<Vec<f32>>> {
        let config = self.model.config();
        if layer > config.num_hidden_layers {
            let rule = format!("at most num_hidden_layers = {}", config.num_hidden_layers);
            return Err(Error::invalid("layer", rule, layer));
        }
        let d = config.hidden_size;
        let rows: Vec<Row> = sequences.iter().map(|tokens| whole(tokens)).collect();
        shard::check(&rows, config)?;
        let shards = self.cut(&rows);
        self.reach(&shards);
        let weights = self.model.weights();
        let net = self.net(&weights);
        let mut out = vec![Vec::new(); rows.len()];
        for shard in &shards {
            let mut arena = self.borrow();
            arena.fit(net.config, shard, Keep::Last);
            forward::run_layers(net, shard, &rows, &mut arena, Keep::Last, layer);
            let stream = &arena.stream[forward::stream_slot(layer, Keep::Last)];
            for s in &shard.sequences {
                out[s.at] = stream[s.start * d..][..s.len * d].to_vec();
            }
            self.give_back(arena);
        }
        Ok(out)
    }

    /// The logits after each token of a sequence, `(tokens, vocab)`.
    pub fn logits(&mut self, tokens: &[u32]) -> Result<Vec<f32>> {
        let rows = [whole(tokens)];
        shard::check(&rows, self.model.config())?;
        let vocab = self.model.config().vocab_size;
        let mut out = Vec::with_capacity(rows[0].weight.len() * vocab);
        let shards = self.cut(&rows);
        self.reach(&shards);
        let weights = self.model.weights();
        for shard in &shards {
            let mut arena = self.borrow();
            arena.fit(self.model.config(), shard, Keep::Last);
            forward::run(self.net(&weights), shard, &rows, &mut arena, Keep::Last);
            for first in (0..shard.targets.len()).step_by(arena::chunk_rows(vocab)) {
                let end = (first + arena::chunk_rows(vocab)).min(shard.targets.len());
                forward::logits(self.net(&weights), &mut arena, first, end);
                out.extend_from_slice(&arena.logits[..(end - first) * vocab]);
            }
            self.give_back(arena);
        }
        Ok(out)
    }

    /// Lanes of a batch: the most threads that one pass can use. Each costs a gradient as large as
    /// the model, so that large models get fewer.
    pub(super) fn lanes(&self) -> usize {
        if self.model.layout().len <= 1 << 26 { 4 } else { 2 }
    }

    pub(super) fn cut(&self, rows: &[Row]) -> Vec<Shard> {
        shard::cut(rows, shard_rows(self.model.config()), self.lanes())
    }

    /// Runs forward and backward over every shard; shard `i` adds to `gradients[i % lanes]`.
    /// Returns the summed loss (of asked pulls) and what was scored, one entry a row.
    pub(super) fn train(
        &mut self,
        shards: &[Shard],
        rows: &[Row],
        pulls: &Pulls<'_>,
        gradients: Vec<&mut [f32]>,
    ) -> Result<Passed> {
        self.reach(shards);
        let weights = self.model.weights();
        let net = self.net(&weights);
        let n_lanes = gradients.len();
        let lanes: Vec<Result<Vec<Passed>>> = gradients
            .into_par_iter()
            .with_max_len(1)
            .enumerate()
            .map(|(lane, gradient)| {
                let mut arena = self.borrow();
                let mine = shards.iter().skip(lane).step_by(n_lanes);
                let done = mine.map(|shard| one(net, shard, rows, pulls, &mut arena, gradient)).collect();
                self.give_back(arena);
                done
            })
            .collect();
        let mut lanes: Vec<_> =
            lanes.into_iter().map(|lane| lane.map(Vec::into_iter)).collect::<Result<_>>()?;
        let (mut loss, mut parts) = (0.0, Vec::with_capacity(shards.len()));
        for i in 0..shards.len() {
            let (part, scored) = lanes[i % n_lanes].next().expect("each lane did all its shards");
            loss += part;
            parts.push(scored);
        }
        Ok((loss, in_batch_order(rows, shards, parts)))
    }

    fn reach(&mut self, shards: &[Shard]) {
        let longest = shards.iter().flat_map(|shard| &shard.sequences).map(|s| s.len).max();
        self.rope.reach(longest.unwrap_or(0));
    }

    fn net<'a>(&'a self, weights: &'a [f32]) -> Net<'a> {
        let (config, layout) = (self.model.config(), self.model.layout());
        Net { config, layout, weights, rope: &self.rope, alter: &self.alter }
    }

    fn borrow(&self) -> Arena {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn give_back(&self, arena: Arena) {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner).push(arena);
    }
}

/// A row whose every position predicts something, the last one a made-up target.
fn whole(tokens: &[u32]) -> Row {
    Row { tokens: tokens.iter().copied().chain([0]).collect(), weight: vec![1.0; tokens.len()] }
}

/// Input rows that a shard aims at: fewer for larger models, whose products are large enough and
/// whose activations would fill the memory.
fn shard_rows(config: &Config) -> usize {
    if config.hidden_size <= 192 { 512 } else { 256 }
}

/// Forward and backward over one shard.
fn one(
    net: Net<'_>,
    shard: &Shard,
    rows: &[Row],
    pulls: &Pulls<'_>,
    arena: &mut arena::Arena,
    gradient: &mut [f32],
) -> Result<Passed> {
    arena.fit(net.config, shard, Keep::Layers);
    forward::run(net, shard, rows, arena, Keep::Layers);
    let scored = forward::scored(shard, rows, arena);
    let at: Vec<usize> = shard.sequences.iter().map(|s| s.at).collect();
    let mine: Vec<&Row> = at.iter().map(|&at| &rows[at]).collect();
    let asked;
    let (loss, pulls): (f64, Vec<&Pull>) = match pulls {
        Pulls::Given(all) => (0.0, at.iter().map(|&at| &all[at]).collect()),
        Pulls::Asked(objective) => {
            let (loss, answer) = objective.pull(&at, &mine, &scored);
            asked = checked(loss, answer, mine.iter().copied())?;
            (loss, asked.iter().collect())
        }
    };
    arena.pulls.clear();
    arena.pulls.extend(shard.targets.iter().map(|target| {
        let pull = pulls[target.sequence];
        (pull.logprob[target.position], pull.entropy.get(target.position).copied().unwrap_or(0.0))
    }));
    backward::run(net, shard, rows, arena, gradient);
    Ok((loss, scored))
}

/// The objective's answer, if it has the right shape and is finite.
pub fn checked<'a>(
    loss: f64,
    pulls: Vec<Pull>,
    rows: impl ExactSizeIterator<Item = &'a Row>,
) -> Result<Vec<Pull>> {
    if !loss.is_finite() {
        return Err(Error::NotFinite { what: "the loss".to_owned(), found: loss });
    }
    if pulls.len() != rows.len() {
        return Err(Error::invalid("number of pulls", format!("one a row, {}", rows.len()), pulls.len()));
    }
    for (pull, row) in pulls.iter().zip(rows) {
        let targets = row.weight.len();
        if pull.logprob.len() != targets || !(pull.entropy.is_empty() || pull.entropy.len() == targets) {
            let found = format!("{} and {}", pull.logprob.len(), pull.entropy.len());
            let rule = format!("one a target, {targets} (entropy may be left empty)");
            return Err(Error::invalid("length of a pull", rule, found));
        }
        if let Some(found) = pull.logprob.iter().chain(&pull.entropy).find(|x| !x.is_finite()) {
            return Err(Error::NotFinite { what: "a pull".to_owned(), found: *found as f64 });
        }
    }
    Ok(pulls)
}

/// One entry a row of the batch, zeros for rows that no shard holds.
fn in_batch_order(rows: &[Row], shards: &[Shard], parts: Vec<Vec<Scored>>) -> Vec<Scored> {
    let blank =
        |row: &Row| Scored { logprob: vec![0.0; row.weight.len()], entropy: vec![0.0; row.weight.len()] };
    let mut out: Vec<Scored> = rows.iter().map(blank).collect();
    for (shard, scored) in shards.iter().zip(parts) {
        for (sequence, scored) in shard.sequences.iter().zip(scored) {
            out[sequence.at] = scored;
        }
    }
    out
}
