//! RAFT: reward-ranked fine-tuning, which distils the current best-of-K policy round after round.
//!
//! Each round samples K answers to each of b prompts, keeps of each prompt the one that the reward
//! ranks first, and fine-tunes on what is kept. A penalty for leaving the first model enters the
//! ranking alone, never the loss; answers that fail a hygiene test are never kept.
//!
//! * Paper: Dong, Xiong et al. 2023, arXiv 2304.06767.
//! * Code: OptimalScale/LMFlow, `src/lmflow/pipeline/raft_aligner.py`.
//! * Differs: the loss counts sampled tokens only (upstream trains on prompts too and cuts texts into
//!   blocks); the global ranking works (upstream never assigns K there); ties go to the first answer;
//!   the number of rows an update is ours; `least` is ours.
//! * Reports: `reward` and `gold` of the round's answers, `kept_reward`, `kl`, `distinct_2`, `msttr_100`, `answer_length`.

mod prompts;
mod report;

pub use prompts::{AnswerLength, Prompts};

use crate::watch::{Watch, WatchConfig};
use autodidact_core::chat::{Chat, Sampling};
use autodidact_core::{Card, Error, Group, Judge, Metric, Recipe, Result, Run};
use autodidact_lm::Lm;
use autodidact_math::schedule::{Schedule, Shape};
use autodidact_parts::judge::{Hygiene, HygieneRules, Reference};
use autodidact_parts::learn::{Amount, Batch, Keep, Restart, Sft, SftConfig};
use autodidact_parts::{ModelConfig, OpenTask, TaskConfig};
use prompts::Source;
use serde::{Deserialize, Serialize};

/// Settings of RAFT; the defaults are the paper's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Raft {
    /// The model to improve.
    pub model: ModelConfig,
    /// Where prompts and rewards come from.
    pub task: TaskConfig,
    /// Rounds at most.
    pub rounds: u32,
    /// Prompts a round (b).
    pub prompts: u32,
    /// Whether prompts come back in later rounds.
    pub reuse: Prompts,
    /// Prompts of more tokens are left out.
    pub max_prompt_tokens: u32,
    /// Answers a prompt (K); one in K is kept.
    pub tries: u32,
    /// Among which answers one in K is kept.
    pub ranking: Ranking,
    /// How answers are sampled.
    pub sampling: Sampling,
    /// How long answers may be.
    pub length: AnswerLength,
    /// Weight of the log-ratio to the first model in the ranking (beta).
    pub kl: f64,
    /// When answers are compared with the first model.
    pub compare: Compare,
    /// Answers that score less are not kept, best or not; rewards of right and wrong want 1 here.
    pub least: f64,
    /// Answers that fail it are never kept.
    pub hygiene: HygieneRules,
    /// Ends early once the mean rewards of three rounds in a row lie within this width; 0 never does.
    pub settle: f64,
    /// How the model learns.
    pub sft: SftConfig,
    /// How it is measured.
    pub watch: WatchConfig,
}

/// Among which answers one in K is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ranking {
    /// The K answers to one prompt.
    #[default]
    Local,
    /// All answers of the round, one a prompt. Only where rewards compare across prompts.
    Global,
}

/// When answers are compared with the first model, which costs a forward pass each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compare {
    /// Where the ranking asks for it.
    #[default]
    WhenRanked,
    /// Always, to report the divergence.
    Always,
}

impl Default for Raft {
    fn default() -> Raft {
        Raft {
            model: ModelConfig::Nano,
            task: TaskConfig::default(),
            rounds: 12,
            prompts: 2048,
            reuse: Prompts::Drawn,
            max_prompt_tokens: 256,
            tries: 32,
            ranking: Ranking::Local,
            sampling: Sampling { temperature: 1.0, max_tokens: 128, ..Sampling::default() },
            length: AnswerLength::Fixed,
            kl: 0.0,
            compare: Compare::WhenRanked,
            least: f64::NEG_INFINITY,
            hygiene: HygieneRules::default(),
            settle: 0.0,
            sft: SftConfig {
                lr: 2e-5,
                schedule: Schedule { shape: Shape::Linear, warmup: 0, floor: 0.0 },
                amount: Amount::Epochs { epochs: 2 },
                batch: Batch::Rows { rows: 64 },
                restart: Restart::Weights,
                ..SftConfig::default()
            },
            watch: WatchConfig::default(),
        }
    }
}

impl Recipe for Raft {
    const CARD: Card = Card {
        id: "raft",
        summary: "keep the best of K answers to each prompt, fine-tune on them, repeat",
        paper: "2304.06767",
        code: "OptimalScale/LMFlow",
        reports: &[
            Metric {
                name: "gold",
                meaning: "mean true reward, where the judge gives a proxy and knows the true one too",
            },
            Metric { name: "kept_reward", meaning: "mean score of the kept answers" },
            Metric {
                name: "kl",
                meaning: "mean log-ratio of an answer under the policy and the first model, in nats",
            },
            Metric { name: "distinct_2", meaning: "distinct pairs of neighbouring words over all pairs" },
            Metric {
                name: "msttr_100",
                meaning: "distinct words over words in segments of 100 words, averaged",
            },
            Metric { name: "answer_length", meaning: "mean number of sampled tokens an answer" },
        ],
    };

    fn check(&self) -> Result<()> {
        let positive = [
            ("rounds", self.rounds),
            ("prompts", self.prompts),
            ("tries", self.tries),
            ("max_prompt_tokens", self.max_prompt_tokens),
        ];
        for (field, found) in positive {
            if found == 0 {
                return Err(Error::invalid(field, "at least 1", found));
            }
        }
        if !(self.settle >= 0.0 && self.settle.is_finite()) {
            return Err(Error::invalid("settle", "at least 0 and finite", self.settle));
        }
        self.length.check()?;
        self.keep().check()?;
        self.sft.check()?;
        self.task.check()?;
        self.watch.check()
    }

    fn run(&self, run: &mut Run<'_>) -> Result<()> {
        let lm = crate::open(&self.model, run)?;
        let task = self.task.open()?;
        self.run_on(&lm, &task, run)
    }
}

impl Raft {
    /// Runs on a model and a task that are open already.
    pub(crate) fn run_on(&self, lm: &Lm, task: &OpenTask, run: &mut Run<'_>) -> Result<()> {
        let judge = self.judge(lm, task)?;
        let mut learner = Sft::around(lm, &self.sft, self.keep())?;
        let mut watch = Watch::of(&self.watch, lm, task, &*judge);
        let mut source = Source::of(self, task, run)?;
        watch.before(&learner, run)?;

        let mut levels = Vec::new();
        while run.next_round(self.rounds) {
            let asks = source.asks(self, lm, task, run)?;
            if asks.is_empty() {
                break;
            }
            let groups = run.attempt("pool", lm, &*judge, asks)?;
            report::note(&groups, &self.keep().of(&groups), run)?;
            run.learn("learn", &mut learner, &groups)?;
            watch.round(&learner, run)?;
            levels.push(mean_reward(&groups));
            if settled(&levels, self.settle) {
                break;
            }
        }
        watch.after(&mut learner, run)?;
        Ok(())
    }

    /// The task's judge, the hygiene test, and the log-ratio where it is wanted.
    fn judge(&self, lm: &Lm, task: &OpenTask) -> Result<Box<dyn Judge<Chat>>> {
        let clean = Box::new(Hygiene::of(task.task.judge(), self.hygiene.clone()));
        Ok(match self.compare {
            Compare::WhenRanked if self.kl == 0.0 => clean,
            _ => Box::new(Reference::of(clean, lm)?),
        })
    }

    /// The rule of selection.
    fn keep(&self) -> Keep {
        match self.ranking {
            Ranking::Local => Keep::Best { kl: self.kl, least: self.least },
            Ranking::Global => {
                Keep::Top { share: 1.0 / f64::from(self.tries), kl: self.kl, least: self.least }
            }
        }
    }

    /// How many answers each prompt gets.
    fn answers_a_prompt(&self) -> u32 {
        match self.ranking {
            Ranking::Local => self.tries,
            Ranking::Global => 1,
        }
    }
}

fn mean_reward(groups: &[Group<Chat>]) -> f64 {
    let scores: Vec<f64> = groups.iter().flat_map(Group::scores).collect();
    autodidact_math::summary::mean(&scores).unwrap_or(f64::NAN)
}

/// Whether the last three mean rewards lie within `width` of each other.
fn settled(levels: &[f64], width: f64) -> bool {
    let Some(last) = levels.len().checked_sub(3).map(|from| &levels[from..]) else { return false };
    let high = last.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let low = last.iter().copied().fold(f64::INFINITY, f64::min);
    width > 0.0 && last.iter().all(|level| level.is_finite()) && high - low <= width
}

#[cfg(test)]
mod tests;
