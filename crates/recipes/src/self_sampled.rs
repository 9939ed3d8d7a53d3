//! Self-sampled solutions: learn from the right and partly right programs that the model finds itself.
//!
//! While it is fine-tuned on one reference program a problem, the model samples its own, continuing
//! from known partly right programs. Samples are executed; those that reach the answer, or a state on a
//! known way to it, are kept, and every problem is learned from all that is kept of it.
//!
//! * Paper: Ni et al. 2022, arXiv 2205.14318.
//! * Code: microsoft/TraceCodegen, `gpt_stmt_partial_mml_model`, `program_tracing`.
//! * Differs: samples may be refreshed every few steps instead of every step; the question is masked
//!   unless asked otherwise (upstream trains on it); prefixes are compared by statement (upstream by
//!   text); the loss scales as the paper writes it.
//! * Reports: `saved_ratio`, `full`, `partial`.

mod learner;
mod solutions;

pub use learner::Learner;
pub use solutions::{Credit, Program, Saved, Solutions, State, Statement};

use crate::watch::{Watch, WatchConfig};
use autodidact_core::chat::{Chat, Prompt, Sampling};
use autodidact_core::{Ask, Card, Error, Group, Metric, Recipe, Result, Run, Seed, Split};
use autodidact_lm::{AdamW, Decay, Lm};
use autodidact_math::multi_target::{Length, MultiTarget};
use autodidact_math::schedule::{Schedule, Shape};
use autodidact_parts::learn::TuneConfig;
use autodidact_parts::task::programs::Programs;
use autodidact_parts::{ModelConfig, OpenTask, TaskConfig};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

/// Settings of self-sampled solutions; the defaults are the paper's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SelfSampled {
    /// The model to improve.
    pub model: ModelConfig,
    /// Problems that are answered by programs.
    pub task: TaskConfig,
    /// Training problems; they come again in every pass.
    pub problems: u32,
    /// Optimiser steps.
    pub steps: u32,
    /// Problems a step.
    pub batch: u32,
    /// Steps between two samplings; 1 samples the problems of every step right before it.
    pub refresh: u32,
    /// Samples a problem and sampling.
    pub tries: u32,
    /// How samples are drawn.
    pub sampling: Sampling,
    /// What is kept of them.
    pub credit: Credit,
    /// Statements that a kept program may have more than the shortest known one to the same state.
    pub slack: u32,
    /// How the programs of a problem count together.
    pub loss: MultiTarget,
    /// Whether programs of different length count as they are.
    pub length: Length,
    /// The most programs of a problem that one step learns from.
    pub targets: u32,
    /// Which, when there are more.
    pub choose: Choose,
    /// Weight of the question's tokens in the loss; 1 is what the released configurations do.
    pub question_weight: f32,
    /// How weights move.
    pub tune: TuneConfig,
    /// How the model is measured; validation after every `watch_every` rounds.
    pub watch: WatchConfig,
    /// Rounds between two validations.
    pub watch_every: u32,
}

/// Which programs a step learns from when there are too many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choose {
    /// A random subset of all.
    #[default]
    Random,
    /// Fully right ones, the reference first; then partly right ones.
    FullFirst,
}

impl Default for SelfSampled {
    fn default() -> SelfSampled {
        SelfSampled {
            model: ModelConfig::Nano,
            task: TaskConfig::Programs(Programs::default()),
            problems: 5_500,
            steps: 50_000,
            batch: 16,
            refresh: 1,
            tries: 1,
            sampling: Sampling { temperature: 0.8, max_tokens: 100, ..Sampling::default() },
            credit: Credit::Partial,
            slack: 0,
            loss: MultiTarget::MleAug,
            length: Length::Sum,
            targets: 100,
            choose: Choose::Random,
            question_weight: 0.0,
            tune: TuneConfig {
                lr: 1e-4,
                schedule: Schedule { shape: Shape::Linear, warmup: 100, floor: 0.0 },
                optimizer: AdamW { weight_decay: 0.1, decay: Decay::Matrices, ..AdamW::default() },
                ..TuneConfig::default()
            },
            watch: WatchConfig::default(),
            watch_every: 1,
        }
    }
}

impl Recipe for SelfSampled {
    const CARD: Card = Card {
        id: "self-sampled",
        summary: "fine-tuning on programs that also learns from the model's own right and partly right ones",
        paper: "2205.14318",
        code: "microsoft/TraceCodegen",
        reports: &[
            Metric { name: "saved_ratio", meaning: "share of samples that were new and worth keeping" },
            Metric { name: "full", meaning: "fully right programs a problem, the reference among them" },
            Metric { name: "partial", meaning: "partly right programs a problem, the empty one left out" },
        ],
    };

    fn check(&self) -> Result<()> {
        let positive = [
            ("problems", self.problems),
            ("steps", self.steps),
            ("batch", self.batch),
            ("refresh", self.refresh),
            ("tries", self.tries),
            ("targets", self.targets),
            ("watch_every", self.watch_every),
        ];
        for (field, found) in positive {
            if found == 0 {
                return Err(Error::invalid(field, "at least 1", found));
            }
        }
        if let MultiTarget::BetaMml { beta } = self.loss
            && !(beta > 0.0 && beta <= 1.0)
        {
            return Err(Error::invalid("loss.beta", "in (0, 1]", beta));
        }
        if !(self.question_weight >= 0.0 && self.question_weight.is_finite()) {
            return Err(Error::invalid("question_weight", "at least 0 and finite", self.question_weight));
        }
        if !matches!(self.task, TaskConfig::Programs(_)) {
            return Err(Error::invalid("task.kind", "programs: solutions are executed", "another"));
        }
        self.tune().check()?;
        self.task.check()?;
        self.watch.check()
    }

    fn run(&self, run: &mut Run<'_>) -> Result<()> {
        let lm = crate::open(&self.model, run)?;
        let task = self.task.open()?;
        self.run_on(&lm, &task, run)
    }
}

impl SelfSampled {
    /// Runs on a model and a task that are open already.
    pub(crate) fn run_on(&self, lm: &Lm, task: &OpenTask, run: &mut Run<'_>) -> Result<()> {
        let judge = task.task.judge();
        let problems = task.task.draw(Split::Train, self.problems as usize, &mut run.rng("problems"))?;
        let order = run.seed("order");
        let mut learner = Learner::of(lm, self, &*task.task, &problems)?;
        let mut watch = Watch::of(&self.watch, lm, task, &*judge);
        watch.before(&learner, run)?;

        while run.next_round(self.steps.div_ceil(self.refresh)) {
            let first = (run.round() - 1) * self.refresh;
            let steps = self.refresh.min(self.steps - first);
            let places = (first * self.batch) as usize..((first + steps) * self.batch) as usize;
            let queries: Vec<Prompt> = pick(&problems, places, order);
            let groups = match self.credit {
                Credit::None => unsampled(queries),
                _ => {
                    let asks = learner.asks(&queries, run.seed("prefix"))?;
                    run.attempt("sample", lm, &*judge, asks)?
                }
            };
            run.learn("learn", &mut learner, &groups)?;
            if run.round().is_multiple_of(self.watch_every) {
                watch.round(&learner, run)?;
            }
        }
        watch.after(&mut learner, run)?;
        Ok(())
    }

    /// How weights move, over all steps unless the settings say otherwise.
    pub(crate) fn tune(&self) -> TuneConfig {
        let horizon = if self.tune.horizon == 0 { u64::from(self.steps) } else { self.tune.horizon };
        TuneConfig { horizon, ..self.tune.clone() }
    }
}

/// The problems at these places of an endless sequence of shuffled passes.
fn pick(problems: &[Prompt], places: std::ops::Range<usize>, order: Seed) -> Vec<Prompt> {
    let n = problems.len();
    let mut pass: Option<(usize, Vec<usize>)> = None;
    places
        .map(|place| {
            let wanted = place / n;
            let (_, shuffled) = match &mut pass {
                Some(known) if known.0 == wanted => known,
                other => {
                    let mut indices: Vec<usize> = (0..n).collect();
                    indices.shuffle(&mut order.at("pass", wanted as u64).rng());
                    other.insert((wanted, indices))
                }
            };
            problems[shuffled[place % n]].clone()
        })
        .collect()
}

fn unsampled(queries: Vec<Prompt>) -> Vec<Group<Chat>> {
    let group = |query| Group { ask: Ask { query, knobs: Sampling::default(), tries: 0 }, tries: Vec::new() };
    queries.into_iter().map(group).collect()
}

#[cfg(test)]
mod tests;
