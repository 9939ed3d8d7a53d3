//! The one loop: ask, attempt, tell, learn.

use crate::{Domain, Explore, Judge, Learn, Metrics, Policy, Result, Run};

/// The four parts of a self-improving system, wired in the usual way.
pub struct Loop<D: Domain> {
    /// Decides what to ask.
    pub explore: Box<dyn Explore<D>>,
    /// Answers.
    pub policy: Box<dyn Policy<D>>,
    /// Scores.
    pub judge: Box<dyn Judge<D>>,
    /// Updates.
    pub learn: Box<dyn Learn<D>>,
}

impl<D: Domain> Loop<D> {
    /// One round of `width` asks. Returns what the learner reported.
    pub fn round(&mut self, width: usize, run: &mut Run<'_>) -> Result<Metrics> {
        let asks = self.explore.ask(width, &mut run.rng("explore"))?;
        let groups = run.attempt("attempt", &*self.policy, &*self.judge, asks)?;
        self.explore.tell(&groups)?;
        run.learn("learn", &mut *self.learn, &groups)
    }
}
