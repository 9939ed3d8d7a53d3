//! Self-prompt tuning: a model learns to write itself a fitting role before it answers.
//!
//! Every example of a small instruction set gets a role prompt from an annotator: who would answer this
//! best, said to the model, with no word of the answer. Fine-tuned on question, role and answer, the model
//! writes a role for any new question by itself and then answers in it. At inference nothing is written by
//! hand.
//!
//! * Paper: Kong et al. 2024, arXiv 2407.08995.
//! * Code: anonymous.4open.science/r/Self-Prompt-Tuning-739E, of which no public copy was found; prompts
//!   and training sequence are written from the paper's description.
//! * Differs: the rates are those of LIMA's training, which the paper follows; a second pass in the role, a
//!   vote over several roles and further rounds on the model's own right answers (`rounds`) are ours and
//!   off by default; roles are refused for a reason (`fit`).
//! * Reports: `role_logprob`, `role_entropy`, `split_failed`, `role_right`, `right_in_right_role`,
//!   `right_in_wrong_role`, `output_words`.

mod annotate;
mod books;
mod inference;

pub use annotate::{Annotator, Fit, names_domain, tidy};
pub use books::{Books, mixture};
pub use inference::{Inference, Passes, SelfPrompted};

use crate::asked::{ASKED, Asked, question};
use crate::watch::{Watch, WatchConfig};
use autodidact_core::chat::{Chat, Completion, Prompt, Sampling};
use autodidact_core::{Ask, Card, Error, Group, Judge, Metric, Recipe, Result, Run, Split, Task, Verdict};
use autodidact_lm::{AdamW, Decay, Lm};
use autodidact_math::schedule::{Schedule, Shape};
use autodidact_parts::dataset::{self, Example};
use autodidact_parts::evaluate::Measured;
use autodidact_parts::judge::{PartOf, right};
use autodidact_parts::learn::{Amount, Batch, Keep, Restart, Sft, SftConfig};
use autodidact_parts::policy::PolicyConfig;
use autodidact_parts::segments::{Mask, Segments};
use autodidact_parts::wording::{File, Prompts, PromptsConfig};
use autodidact_parts::{ModelConfig, OpenTask, TaskConfig};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Settings of self-prompt tuning; the defaults are the paper's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SelfPromptTuning {
    /// The model to tune.
    pub model: ModelConfig,
    /// Who answers when it is measured and explores; usually the model itself.
    pub policy: PolicyConfig,
    /// The wording of prompts.
    pub prompts: PromptsConfig,
    /// Questions with reference answers.
    pub task: TaskConfig,
    /// Examples to fine-tune on.
    pub examples: u32,
    /// Who writes their roles.
    pub annotator: Annotator,
    /// Which roles are fit.
    pub fit: Fit,
    /// How a role and an answer are joined: two parts, the first closed by a marker.
    pub segments: Segments,
    /// How much role, answer and markers count in the loss.
    pub mask: Mask,
    /// How questions are answered.
    pub inference: Inference,
    /// Further rounds in which the model learns from its own right answers with the roles it chose; 0 as in
    /// the paper.
    pub rounds: u32,
    /// What it tries in a further round.
    pub explore: Explore,
    /// How the model learns.
    pub sft: SftConfig,
    /// How it is measured.
    pub watch: WatchConfig,
}

/// What the model tries in a further round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Explore {
    /// Training questions.
    pub questions: u32,
    /// Tries a question.
    pub tries: u32,
    /// How they are sampled.
    pub sampling: Sampling,
}

impl Default for Explore {
    fn default() -> Explore {
        Explore { questions: 1_000, tries: 4, sampling: Sampling { max_tokens: 512, ..Sampling::default() } }
    }
}

impl Default for SelfPromptTuning {
    fn default() -> SelfPromptTuning {
        let segments = Segments::role_then_answer();
        SelfPromptTuning {
            model: ModelConfig::Nano,
            policy: PolicyConfig::default(),
            prompts: PromptsConfig::default(),
            task: TaskConfig::default(),
            examples: 1_000,
            annotator: Annotator::Policy { policy: PolicyConfig::default(), sampling: Sampling::default() },
            fit: Fit::default(),
            mask: Mask::all(&segments),
            segments,
            inference: Inference::default(),
            rounds: 0,
            explore: Explore::default(),
            sft: SftConfig {
                lr: 1e-5,
                schedule: Schedule { shape: Shape::Linear, warmup: 0, floor: 0.1 },
                amount: Amount::Epochs { epochs: 15 },
                batch: Batch::Rows { rows: 64 },
                optimizer: AdamW { weight_decay: 0.1, decay: Decay::Matrices, ..AdamW::default() },
                restart: Restart::Weights,
                ..SftConfig::default()
            },
            watch: WatchConfig::default(),
        }
    }
}

impl Recipe for SelfPromptTuning {
    const CARD: Card = Card {
        id: "self-prompt-tuning",
        summary: "fine-tuning on annotated roles, so that a model writes itself a role before it answers",
        paper: "2407.08995",
        code: "",
        reports: &[
            Metric { name: "role_logprob", meaning: "mean log-probability of the roles written, in nats" },
            Metric { name: "role_entropy", meaning: "entropy of the roles' texts over a batch, in nats" },
            Metric { name: "split_failed", meaning: "share of outputs without a role that ends" },
            Metric { name: "role_right", meaning: "share of roles that name the question's domain" },
            Metric { name: "right_in_right_role", meaning: "share of right answers after such a role" },
            Metric { name: "right_in_wrong_role", meaning: "share of right answers after another role" },
            Metric { name: "output_words", meaning: "mean number of words an output" },
        ],
    };

    fn check(&self) -> Result<()> {
        let positive = [
            ("examples", self.examples),
            ("explore.questions", self.explore.questions),
            ("explore.tries", self.explore.tries),
        ];
        for (field, found) in positive {
            if found == 0 {
                return Err(Error::invalid(field, "at least 1", found));
            }
        }
        self.segments.check("segments")?;
        if self.segments.parts.len() != 2 || self.segments.parts[0].close.is_empty() {
            let found = self.segments.parts.len();
            return Err(Error::invalid(
                "segments.parts",
                "two parts, the first with a closing marker",
                found,
            ));
        }
        self.mask.check(&self.segments, "mask")?;
        self.annotator.check()?;
        self.inference.check()?;
        self.policy.check()?;
        self.task.check()?;
        self.sft.check()?;
        self.watch.check()
    }

    fn run(&self, run: &mut Run<'_>) -> Result<()> {
        let lm = crate::open(&self.model, run)?;
        self.run_on(&lm, run)
    }
}

/// The prompts by name, for chat models and for the small world.
const FILES: [File; 3] = [
    File {
        name: "answer",
        chat: include_str!("../prompts/self-prompt-tuning/chat/answer.txt"),
        small: include_str!("../prompts/self-prompt-tuning/small/answer.txt"),
    },
    File {
        name: "in_role",
        chat: include_str!("../prompts/self-prompt-tuning/chat/in_role.txt"),
        small: include_str!("../prompts/self-prompt-tuning/small/in_role.txt"),
    },
    File {
        name: "annotate",
        chat: include_str!("../prompts/self-prompt-tuning/chat/annotate.txt"),
        small: include_str!("../prompts/self-prompt-tuning/small/annotate.txt"),
    },
];

impl SelfPromptTuning {
    /// Runs on a model that is open already.
    pub(crate) fn run_on(&self, lm: &Lm, run: &mut Run<'_>) -> Result<()> {
        let (task, prompts) = (self.open_task()?, self.open_prompts()?);
        let words = Words { prompts: &prompts, segments: &self.segments };
        let policy = self.policy.open(lm)?;
        let how = self.inference;
        let speaker = SelfPrompted { inner: &*policy, words, how, vote: &*task.vote };
        let judge = self.judge(&task);
        let mut learner = Sft::around(lm, &self.sft, Keep::Above { threshold: 0.0 })?;
        if !self.plain() {
            learner = learner.masked(self.segments.clone(), self.mask.clone());
        }
        let mut watch = Watch::of(&self.watch, &speaker, &task, &*judge);
        watch.before(&learner, run)?;

        let corpus = task.task.draw(Split::Train, self.examples as usize, &mut run.rng("corpus"))?;
        let roles = self.annotator.roles(&corpus, lm, &words, run)?;
        let examples = self.examples(&corpus, roles, &*task.task, run)?;
        let groups = dataset::record(run, "data", lm, examples)?;
        run.learn("learn", &mut learner, &groups)?;

        while run.next_round(self.rounds) {
            let n = self.explore.questions as usize;
            let questions = task.task.draw(Split::Train, n, &mut run.rng("explore"))?;
            let asks = Ask::each(&questions, self.explore.tries, &self.explore.sampling);
            let tried = run.attempt("explore", &speaker, &*judge, asks)?;
            Books::of(&tried, &self.segments, lm.tokenizer()).note("explore", run)?;
            let groups = dataset::record(run, "data", lm, own(&tried, run.round()))?;
            run.learn("learn", &mut learner, &groups)?;
            watch.round(&learner, run)?;
        }
        if let Some(Measured { sampled, greedy, .. }) = watch.after(&mut learner, run)?
            && !self.plain()
        {
            let seen = if sampled.is_empty() { greedy } else { sampled };
            Books::of(&seen, &self.segments, lm.tokenizer()).note("after", run)?;
        }
        Ok(())
    }

    /// Whether this is the twin without roles.
    fn plain(&self) -> bool {
        self.annotator == Annotator::Nobody
    }

    /// The prompts in the wording that the settings name.
    pub(crate) fn open_prompts(&self) -> Result<Prompts> {
        self.prompts.open(&FILES)
    }

    /// The task, asked in this recipe's words; an output votes for the answer in it.
    pub(crate) fn open_task(&self) -> Result<OpenTask> {
        let OpenTask { task, vote } = self.task.open()?;
        let (prompts, segments, plain) = (self.open_prompts()?, self.segments.clone(), self.plain());
        let layout = segments.clone();
        let of_answer = move |query: &Prompt, output: &Completion| match layout.split(&output.text) {
            Ok(mut parts) if !plain => {
                vote(query, &Completion { text: parts.swap_remove(1), ..output.clone() })
            }
            _ => vote(query, output),
        };
        let ask = move |query: &Prompt| {
            let words = Words { prompts: &prompts, segments: &segments };
            words.prompt("answer", query, &question(query), "")
        };
        Ok(OpenTask { task: Box::new(Asked::of(task, ask)), vote: Box::new(of_answer) })
    }

    /// The task's judge, of the answer in an output.
    pub(crate) fn judge(&self, task: &OpenTask) -> Box<dyn Judge<Chat>> {
        match self.plain() {
            true => task.task.judge(),
            false => Box::new(PartOf::of(task.task.judge(), self.segments.clone(), 1)),
        }
    }

    /// The fine-tuning data with what was dropped of it, and notes how many were, by reason.
    fn examples(
        &self,
        corpus: &[Prompt],
        roles: Option<Vec<Option<String>>>,
        task: &dyn Task<Chat>,
        run: &mut Run<'_>,
    ) -> Result<Vec<Example>> {
        let mut dropped: BTreeMap<&'static str, usize> = BTreeMap::new();
        let mut examples = Vec::new();
        for (i, query) in corpus.iter().enumerate() {
            let Some(answer) = task.gold(query).map(|gold| gold.text) else { continue };
            let joined = match &roles {
                None => Ok(answer.clone()),
                Some(roles) => self.joined(roles[i].as_deref(), query, &answer),
            };
            let verdict = match &joined {
                Ok(_) => Verdict::right(true),
                Err(reason) => {
                    *dropped.entry(reason).or_insert(0) += 1;
                    dataset::dropped(reason)
                }
            };
            let text = joined.unwrap_or(answer);
            let prompt = Prompt { id: format!("{}@{i}", query.id), ..query.clone() };
            examples.push(Example { prompt, text, verdict, parents: vec![query.id.clone()] });
        }
        run.note("data/kept", examples.iter().filter(|one| one.is_kept()).count() as f64)?;
        for (reason, count) in dropped {
            run.note(&format!("{reason}/dropped"), count as f64)?;
        }
        Ok(examples)
    }

    /// Role and answer as one output, or why there is none.
    fn joined(&self, role: Option<&str>, query: &Prompt, answer: &str) -> Result<String, &'static str> {
        let role = role.ok_or("no_role")?;
        // Filler is no role, and is not tested as one.
        let objection = match self.annotator {
            Annotator::Filler { .. } => None,
            // A rationale ends in its answer, which must not leak by itself either.
            _ => [Some(answer), query.field("answer")]
                .into_iter()
                .flatten()
                .find_map(|answer| self.fit.objection(role, answer)),
        };
        match objection {
            Some(reason) => Err(reason),
            None => self.segments.join(&[role, answer]).map_err(|_| "look_alike"),
        }
    }
}

/// What the model wrote itself and got right, with the role that it chose.
fn own(tried: &[Group<Chat>], round: u32) -> Vec<Example> {
    let mut examples = Vec::new();
    for (g, group) in tried.iter().enumerate() {
        for (t, one) in group.tries.iter().enumerate() {
            if one.verdict.value().is_none() {
                continue;
            }
            let kept = right(&one.verdict) && one.verdict.part("split") != Some(0.0);
            let verdict = match kept {
                true => Verdict::right(true),
                false => dataset::dropped("wrong"),
            };
            let id = format!("explore/{round}/{g}/{t}/{}", group.ask.query.id);
            let prompt = Prompt { id, ..group.ask.query.clone() };
            let parents = vec![group.ask.query.id.clone()];
            examples.push(Example { prompt, text: one.answer.text.clone(), verdict, parents });
        }
    }
    examples
}

/// Prompts and layout: what questions and roles look like to the model.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    /// The prompts.
    pub prompts: &'a Prompts,
    /// The layout of an output.
    pub segments: &'a Segments,
}

impl Words<'_> {
    /// The prompt of that name for a question in a role, with the query's fields for its judge.
    pub fn prompt(&self, name: &str, query: &Prompt, question: &str, role: &str) -> Result<Prompt> {
        let first = &self.segments.parts[0];
        let holes =
            [("question", question), ("role", role), ("open", &*first.open), ("close", &*first.close)];
        let filled = self.prompts.fill(name, &query.id, &holes)?;
        let fields = query.fields.clone();
        Ok(Prompt { fields, ..filled }.with(ASKED, question))
    }

    /// The role of an output, if it has one that ends.
    pub fn role(&self, output: &str) -> Option<String> {
        self.segments.split(output).ok().map(|mut parts| parts.swap_remove(0))
    }

    /// An annotator's output up to the marker that closes a role, where it writes one.
    pub fn before_close<'t>(&self, output: &'t str) -> &'t str {
        let first = &self.segments.parts[0];
        let start = output.strip_prefix(first.open.as_str()).unwrap_or(output);
        start.split(first.close.as_str()).next().unwrap_or(start)
    }
}

#[cfg(test)]
mod tests;
