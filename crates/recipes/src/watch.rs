//! How a recipe's model is measured: before, after every round, and at the end.

use autodidact_core::chat::Chat;
use autodidact_core::{Judge, Learn, Policy, Result, Run, Snapshot, Split};
use autodidact_parts::OpenTask;
use autodidact_parts::evaluate::{Evaluation, Measured};
use serde::{Deserialize, Serialize};

/// What is measured, and which round's model is the result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WatchConfig {
    /// Reported before the first round and for the result; nothing is chosen by it.
    pub test: Evaluation,
    /// Measured after every round.
    pub validation: Evaluation,
    /// Which round's model is the result.
    pub deliver: Deliver,
}

/// Which round's model is the result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deliver {
    /// The last one's.
    #[default]
    Last,
    /// The one with the highest pass@1 in validation (the greedy share where nothing is sampled); the
    /// earlier on ties. Round 0 is the model before training.
    Best,
}

impl Default for WatchConfig {
    fn default() -> WatchConfig {
        WatchConfig {
            test: Evaluation::default(),
            validation: Evaluation { problems: 0, split: Split::Validation, ..Evaluation::default() },
            deliver: Deliver::Last,
        }
    }
}

impl WatchConfig {
    /// Fails on settings that cannot work.
    pub fn check(&self) -> Result<()> {
        self.test.check("watch.test")?;
        self.validation.check("watch.validation")?;
        if self.deliver == Deliver::Best && self.validation.problems == 0 {
            return Err(autodidact_core::Error::invalid(
                "watch.validation.problems",
                "above 0 where watch.deliver is best",
                0,
            ));
        }
        Ok(())
    }
}

/// Measures a model while it is trained and keeps the best state.
pub struct Watch<'a> {
    config: &'a WatchConfig,
    policy: &'a dyn Policy<Chat>,
    task: &'a OpenTask,
    judge: &'a dyn Judge<Chat>,
    best: Option<(f64, Snapshot)>,
}

impl<'a> Watch<'a> {
    /// Watches `policy` on `task`, whose answers `judge` judges.
    pub fn of(
        config: &'a WatchConfig,
        policy: &'a dyn Policy<Chat>,
        task: &'a OpenTask,
        judge: &'a dyn Judge<Chat>,
    ) -> Watch<'a> {
        Watch { config, policy, task, judge, best: None }
    }

    /// Measures before the first round.
    pub fn before(&mut self, learner: &dyn Learn<Chat>, run: &mut Run<'_>) -> Result<Option<Measured>> {
        self.config.test.run("before", self.policy, self.task, self.judge, run)?;
        self.round(learner, run)
    }

    /// Measures after a round.
    pub fn round(&mut self, learner: &dyn Learn<Chat>, run: &mut Run<'_>) -> Result<Option<Measured>> {
        let measured = self.config.validation.run("validation", self.policy, self.task, self.judge, run)?;
        if self.config.deliver == Deliver::Best
            && let Some(Measured { scores, .. }) = &measured
            && let Some(interval) = scores.pass_at_1.or(scores.greedy)
            && self.best.as_ref().is_none_or(|(known, _)| interval.value > *known)
        {
            self.best = Some((interval.value, learner.save()?));
        }
        Ok(measured)
    }

    /// Puts the result back into the learner, records it and measures it.
    pub fn after(self, learner: &mut dyn Learn<Chat>, run: &mut Run<'_>) -> Result<Option<Measured>> {
        run.output("last", &learner.save()?)?;
        if let Some((_, best)) = &self.best {
            learner.restore(best)?;
            run.output("best", best)?;
        }
        self.config.test.run("after", self.policy, self.task, self.judge, run)
    }
}
