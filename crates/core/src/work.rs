//! How far the phase under way is, counted by whoever works on it.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters that policies and learners raise while they work and that an observer may read at any
/// time. They change nothing: a run without a reader does the same.
#[derive(Debug, Default)]
pub struct Work {
    tokens: AtomicU64,
    steps: AtomicU64,
    planned: AtomicU64,
}

impl Work {
    /// Counts tokens that were sampled, read or trained on.
    pub fn add_tokens(&self, n: u64) {
        self.tokens.fetch_add(n, Ordering::Relaxed);
    }

    /// Announces that this many more steps will follow.
    pub fn plan_steps(&self, n: u64) {
        self.planned.fetch_add(n, Ordering::Relaxed);
    }

    /// Counts one of the planned steps.
    pub fn add_step(&self) {
        self.steps.fetch_add(1, Ordering::Relaxed);
    }

    /// Tokens since the beginning.
    pub fn tokens(&self) -> u64 {
        self.tokens.load(Ordering::Relaxed)
    }

    /// Steps since the beginning, and how many were planned.
    pub fn steps(&self) -> (u64, u64) {
        (self.steps.load(Ordering::Relaxed), self.planned.load(Ordering::Relaxed))
    }
}
