//! Sampling and scoring, batched, with shared prefixes, and deterministic to the bit.
//!
//! A [`Sampler`] turns [`Job`]s into [`Draft`]s and sequences into log-probabilities through one forward
//! path. Each worker runs its own batch without waiting for others; prompts are read once and shared
//! by their tries. The draft of a try depends on its prompt, settings, seed and the weights alone: not on
//! the other jobs, the number of threads or the order in which workers took them.

mod bench;
mod cache;
mod forward;
mod nudge;
mod pick;
mod stop;
mod weights;

use crate::kernels::packed_attend::{BLOCK_POSITIONS, BlockShape};
use crate::kernels::rope::Rope;
use crate::{Model, Result, Tokenizer};
use autodidact_core::Seed;
use autodidact_core::chat::{Finish, Sampling};
use bench::{Bench, Done, Shared, Unit};
use rayon::prelude::*;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use weights::Weights;

pub use pick::{Pick, Picker, check};

/// A prompt to be continued.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// At least one token.
    pub prompt: &'a [u32],
    /// Tokens that begin every answer.
    pub given: &'a [u32],
    /// How to draw; must pass [`check`].
    pub settings: &'a Sampling,
    /// The most tokens to draw, within [`Sampling::max_tokens`] and the context.
    pub limit: usize,
    /// Try `t` draws from the stream `seed.at("try", t)`, one number a token.
    pub seed: Seed,
    /// How many independent answers.
    pub tries: u32,
}

/// An answer in tokens.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// Given tokens, then drawn ones.
    pub tokens: Vec<u32>,
    /// Log-probability of each under the raw distribution.
    pub logprobs: Vec<f32>,
    /// Log-probability of each under the distribution it was drawn from; 0 for given tokens.
    pub policy_logprobs: Vec<f32>,
    /// Why it ended; always there once a sampler returns the draft.
    pub finish: Option<Finish>,
}

/// Told how many tokens were just sampled, from any thread.
pub type Progress = dyn Fn(u64) + Send + Sync;

/// Draws from a model and scores under it.
pub struct Sampler {
    model: Model,
    weights: Mutex<Option<Arc<Weights>>>,
    rope: Mutex<(usize, Arc<Rope>)>,
    benches: Mutex<Vec<Bench>>,
}

/// Sequences that a worker runs together at most; more rows a step would make no product faster.
const SLOTS: usize = 24;
/// Sequences that a worker runs together at least, so that weights are not read for too few rows.
const LEAST_SLOTS: usize = 16;
/// Rows of a step while prompts are read.
const ROWS: usize = 64;
/// Numbers of keys and values that a worker should keep near, 6 MiB: what it reads in every step must
/// come from the last cache, or attention becomes the slowest part.
const NEAR_FLOATS: usize = 3 << 19;
/// Numbers of keys and values that a worker may need before it runs even fewer sequences: 1 GiB.
const MOST_FLOATS: usize = 1 << 28;
/// Numbers that a worker's cache may hold between calls: 64 MiB.
const KEPT_FLOATS: usize = 1 << 24;

impl Sampler {
    /// A sampler of the model's weights as they are at each call.
    pub fn new(model: &Model) -> Sampler {
        Sampler {
            model: model.clone(),
            weights: Mutex::new(None),
            rope: Mutex::new((0, Arc::new(Rope::new(model.config())))),
            benches: Mutex::new(Vec::new()),
        }
    }

    /// `jobs[i].tries` drafts of each `jobs[i]`, in order.
    ///
    /// Tokens in `eos` and stop texts end a draft. Fails when the model's logits are not finite.
    pub fn sample(
        &self,
        jobs: &[Job<'_>],
        eos: &[u32],
        tokenizer: &Tokenizer,
        progress: Option<&(dyn Fn(u64) + Send + Sync)>,
    ) -> Result<Vec<Vec<Draft>>> {
        let total: usize = jobs.iter().map(|job| job.tries as usize).sum();
        let workers = rayon::current_num_threads().min(total).max(1);
        let share = total.div_ceil(workers);
        let mut units = Vec::new();
        for (job, settings) in jobs.iter().enumerate() {
            for start in (0..settings.tries).step_by(share.max(1)) {
                let end = settings.tries.min(start.saturating_add(share as u32));
                units.push(Unit::Sample { job, tries: start..end });
            }
        }
        let longest =
            jobs.iter().map(|job| job.prompt.len() + job.given.len() + job.limit).max().unwrap_or(0);
        let (weights, rope) = (self.weights(), self.rope(longest));
        let done = self.work(
            workers,
            &Shared {
                weights: &weights,
                rope: &rope,
                tokenizer: Some(tokenizer),
                eos,
                jobs,
                sequences: &[],
                units: &units,
                next: AtomicUsize::new(0),
                slots: self.slots(longest, share),
                rows: ROWS,
                progress,
            },
        )?;

        let mut drafts: Vec<Vec<Draft>> =
            jobs.iter().map(|job| vec![Draft::default(); job.tries as usize]).collect();
        for (job, try_, draft) in done.into_iter().flat_map(|done| done.drafts) {
            drafts[job][try_ as usize] = draft;
        }
        Ok(drafts)
    }

    /// The log-probability of every token but the first of each sequence, to the bit as the sampler
    /// reports it. Sequences have at least one token and fit into the context.
    pub fn score(&self, sequences: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
        let units: Vec<Unit> = (0..sequences.len()).map(|sequence| Unit::Score { sequence }).collect();
        let workers = rayon::current_num_threads().min(units.len()).max(1);
        let longest = sequences.iter().map(Vec::len).max().unwrap_or(0);
        let share = units.len().div_ceil(workers);
        let (weights, rope) = (self.weights(), self.rope(longest));
        let done = self.work(
            workers,
            &Shared {
                weights: &weights,
                rope: &rope,
                tokenizer: None,
                eos: &[],
                jobs: &[],
                sequences,
                units: &units,
                next: AtomicUsize::new(0),
                slots: self.slots(longest, share),
                rows: ROWS,
                progress: None,
            },
        )?;

        let mut scores = vec![Vec::new(); sequences.len()];
        for (sequence, logprobs) in done.into_iter().flat_map(|done| done.scores) {
            scores[sequence] = logprobs;
        }
        Ok(scores)
    }

    /// Lets that many benches work on the same units; what they finished, in no particular order.
    fn work(&self, workers: usize, shared: &Shared<'_>) -> Result<Vec<Done>> {
        let one = |_: usize| -> Result<Done> {
            let idle = lock(&self.benches).pop();
            let mut bench = idle.unwrap_or_else(|| Bench::new(BlockShape::of(self.model.config())));
            let done = bench.work(shared)?;
            if bench.held() <= KEPT_FLOATS {
                lock(&self.benches).push(bench);
            }
            Ok(done)
        };
        match workers {
            1 => Ok(vec![one(0)?]),
            _ => (0..workers).into_par_iter().with_max_len(1).map(one).collect(),
        }
    }

    /// The packed weights, packed again if the model changed.
    fn weights(&self) -> Arc<Weights> {
        // Packing runs in parallel, so no lock is held meanwhile: a task that a waiting thread takes up
        // may want this sampler too. The old copy goes first, so that there are seldom two.
        if let Some(weights) = &*lock(&self.weights)
            && weights.generation == self.model.generation()
        {
            return weights.clone();
        }
        *lock(&self.weights) = None;
        let weights = Arc::new(Weights::of(&self.model));
        *lock(&self.weights) = Some(weights.clone());
        weights
    }

    /// Rotary tables that reach at least so many positions.
    fn rope(&self, positions: usize) -> Arc<Rope> {
        let mut kept = lock(&self.rope);
        if kept.0 < positions {
            let reach = positions.next_power_of_two();
            let mut rope = Rope::clone(&kept.1);
            rope.reach(reach);
            *kept = (reach, Arc::new(rope));
        }
        kept.1.clone()
    }

    /// How many sequences a worker runs at once: at most its share of all, fewer when they are long.
    fn slots(&self, longest: usize, share: usize) -> usize {
        let blocks = longest.div_ceil(BLOCK_POSITIONS) + 1;
        let size = blocks * BlockShape::of(self.model.config()).size();
        let near = (NEAR_FLOATS / size.max(1)).clamp(LEAST_SLOTS, SLOTS);
        let fit = (MOST_FLOATS / size.max(1)).max(2);
        share.max(1).min(near).min(fit)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
