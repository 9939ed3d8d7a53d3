//! Learning from mistakes: a model's own wrong rationales, with their causes, make it better twice over.
//!
//! Where a model answers wrongly, its rationale is kept with an explanation of what went wrong and a type.
//! In mistake tuning the model is fine-tuned on the right rationale after one tag and on the wrong one after
//! another, and is asked with the first: wrong rationales are modelled, not penalised. In self-rethinking
//! it is shown its types of mistakes, asked whether its answer repeats one, and redoes it if so.
//!
//! * Paper: Tong et al. 2024, arXiv 2403.20046.
//! * Code: YookiTong/Learn-from-Mistakes-CotErrorSet, a read-me without code; prompts are written from the
//!   paper's description of them.
//! * Differs: wrong rationales are looked for with several samples a question (`tries`), so that about every
//!   question has one; categories are not reviewed by hand, they are either given or as the model groups
//!   them; a decoder learns from rationales alone, not from questions, as the paper's encoder-decoder does.
//! * Reports: `error_ratio`, `typed_ratio`, `first`, `rethought`, `detected`, `alarmed`, `redone`,
//!   `predicted`, `calls`.

mod counts;
mod errors;
mod rethink;
mod taxonomy;
mod transcript;

pub use counts::{Counts, Rethought};
pub use errors::{Cause, Item};
pub use rethink::{Material, Remembered, Rethink, RethinkConfig};
pub use taxonomy::{OTHER, Taxonomy};
pub use transcript::{Transcript, Turn, says_yes};

use crate::asked::{ASKED, Asked, question};
use crate::watch::{Watch, WatchConfig};
use autodidact_core::chat::{Chat, Prompt, Sampling};
use autodidact_core::{Ask, Card, Error, Metric, Policy, Recipe, Result, Run, Seed};
use autodidact_lm::Lm;
use autodidact_parts::dataset::{self, Example};
use autodidact_parts::learn::{Amount, Batch, Keep, Restart, Sft, SftConfig};
use autodidact_parts::policy::PolicyConfig;
use autodidact_parts::segments::Tags;
use autodidact_parts::wording::{File, Prompts, PromptsConfig};
use autodidact_parts::{ModelConfig, OpenTask, TaskConfig};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

/// Settings of learning from mistakes; the defaults are the paper's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mistakes {
    /// The model to tune.
    pub model: ModelConfig,
    /// Who answers, explains and checks; usually the model itself.
    pub policy: PolicyConfig,
    /// The wording of prompts.
    pub prompts: PromptsConfig,
    /// Questions with reference rationales.
    pub task: TaskConfig,
    /// Questions for the error set.
    pub questions: u32,
    /// The most samples a question in search of a wrong rationale.
    pub tries: u32,
    /// How they are sampled.
    pub sampling: Sampling,
    /// Who says why a rationale is wrong.
    pub explain: Explain,
    /// The categories of mistakes, where the model does not group them itself.
    pub taxonomy: Taxonomy,
    /// What the model is tuned on.
    pub data: Data,
    /// The tags before right and wrong rationales.
    pub tags: Tags,
    /// How the model learns.
    pub sft: SftConfig,
    /// How answers are rethought when it is measured, before it is tuned.
    pub rethink: RethinkConfig,
    /// How the model is measured, asked with the tag of right rationales.
    pub watch: WatchConfig,
}

/// Who says why a rationale is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Explain {
    /// Nobody; every type is "other".
    Nobody,
    /// The task, where it knows: chains modulo 100 do.
    Task,
    /// The policy, asked with the question, the reference and the wrong rationale.
    Policy {
        /// How explanations are sampled.
        #[serde(default)]
        sampling: Sampling,
        /// Whether the policy groups the names of mistakes into categories itself.
        #[serde(default)]
        cluster: bool,
    },
}

/// What the model is tuned on; all but the first two are controls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Data {
    /// Each question with its right and its wrong rationale, each after its tag.
    #[default]
    Tagged,
    /// Nothing: the error set and rethinking alone.
    Nothing,
    /// Right rationales alone, after the right tag.
    RightOnly,
    /// Right and wrong rationales, all after the right tag.
    Untagged,
    /// Right and wrong rationales, the tags dealt out at random.
    Shuffled,
    /// The reference and a sampled right rationale that differs from it, both after the right tag; the
    /// reference again where none was found.
    TwoRight,
}

impl Data {
    /// Whether a second right rationale is looked for.
    fn takes_second(self) -> bool {
        self == Data::TwoRight
    }
}

impl Default for Mistakes {
    fn default() -> Mistakes {
        let sampling = Sampling { temperature: 0.7, max_tokens: 512, ..Sampling::default() };
        Mistakes {
            model: ModelConfig::Nano,
            policy: PolicyConfig::default(),
            prompts: PromptsConfig::default(),
            task: TaskConfig::default(),
            questions: 10_000,
            tries: 4,
            sampling: sampling.clone(),
            explain: Explain::Policy { sampling, cluster: true },
            taxonomy: Taxonomy::default(),
            data: Data::Tagged,
            tags: Tags::default(),
            sft: SftConfig {
                lr: 1e-4,
                amount: Amount::Epochs { epochs: 3 },
                batch: Batch::Rows { rows: 32 },
                restart: Restart::Weights,
                ..SftConfig::default()
            },
            rethink: RethinkConfig::default(),
            watch: WatchConfig::default(),
        }
    }
}

impl Recipe for Mistakes {
    const CARD: Card = Card {
        id: "mistakes",
        summary: "tune on right and wrong rationales under two tags; check answers against earlier mistakes",
        paper: "2403.20046",
        code: "",
        reports: &[
            Metric { name: "error_ratio", meaning: "share of questions with a wrong rationale" },
            Metric { name: "typed_ratio", meaning: "share of mistakes whose type is in the taxonomy" },
            Metric { name: "first", meaning: "share of right answers before any check" },
            Metric { name: "rethought", meaning: "share of right answers after checks and redos" },
            Metric { name: "detected", meaning: "share of wrong answers that the first check flags" },
            Metric { name: "alarmed", meaning: "share of right answers that the first check flags" },
            Metric { name: "redone", meaning: "share of redone answers that are right" },
            Metric { name: "predicted", meaning: "share of right answers that these rates predict" },
            Metric { name: "calls", meaning: "calls an answer, without the one that extracts it" },
        ],
    };

    fn check(&self) -> Result<()> {
        for (field, found) in [("questions", self.questions), ("tries", self.tries)] {
            if found == 0 {
                return Err(Error::invalid(field, "at least 1", found));
            }
        }
        self.taxonomy.check("taxonomy")?;
        self.tags.check("tags")?;
        self.rethink.check()?;
        self.policy.check()?;
        self.task.check()?;
        self.sft.check()?;
        self.watch.check()
    }

    fn run(&self, run: &mut Run<'_>) -> Result<()> {
        let lm = crate::open(&self.model, run)?;
        self.run_on(&lm, run).map(drop)
    }
}

macro_rules! files {
    ($($name:literal,)*) => {
        [$(File {
            name: $name,
            chat: include_str!(concat!("../prompts/mistakes/chat/", $name, ".txt")),
            small: include_str!(concat!("../prompts/mistakes/small/", $name, ".txt")),
        },)*]
    };
}

/// The prompts by name, for chat models and for the small world.
const FILES: &[File] = &files![
    "think",
    "tagged",
    "cause",
    "cluster",
    "check",
    "check_bare",
    "redo",
    "redo_bare",
    "final",
    "material_types",
    "material_cause",
    "material_right",
    "material_wrong",
];

impl Mistakes {
    /// Runs on a model that is open already; returns the error set.
    pub(crate) fn run_on(&self, lm: &Lm, run: &mut Run<'_>) -> Result<Vec<Item>> {
        let prompts = self.open_prompts()?;
        let (plain, tagged) = (self.task.open()?, self.open_task(true)?);
        let policy = self.policy.open(lm)?;
        let judge = tagged.task.judge();
        let mut learner = Sft::around(lm, &self.sft, Keep::Above { threshold: 0.0 })?;
        let mut watch = Watch::of(&self.watch, lm, &tagged, &*judge);
        watch.before(&learner, run)?;

        let mut items = self.collect((&plain, &prompts), &*policy, run)?;
        self.explain(&mut items, &prompts, &*policy, run)?;
        run.note("error_ratio", items.len() as f64 / f64::from(self.questions))?;
        if !items.is_empty() {
            let typed = items.iter().filter(|item| item.kind != OTHER).count();
            run.note("typed_ratio", typed as f64 / items.len() as f64)?;
        }
        dataset::record(run, "errors", lm, errors::examples(&items))?;
        self.rethink(&items, (&plain, &prompts), &*policy, run)?;

        if self.data != Data::Nothing {
            let examples = self.examples(&items, &prompts, run.seed("tags"))?;
            let groups = dataset::record(run, "data", lm, examples)?;
            run.learn("learn", &mut learner, &groups)?;
        }
        watch.after(&mut learner, run)?;
        Ok(items)
    }

    /// The prompts in the wording that the settings name.
    pub(crate) fn open_prompts(&self) -> Result<Prompts> {
        self.prompts.open(FILES)
    }

    /// The task, asked with the tag of right or of wrong rationales.
    pub(crate) fn open_task(&self, right: bool) -> Result<OpenTask> {
        let OpenTask { task, vote } = self.task.open()?;
        let (prompts, tag) = (self.open_prompts()?, self.tags.of(right).to_owned());
        let ask = move |query: &Prompt| tagged(&prompts, query, &tag);
        Ok(OpenTask { task: Box::new(Asked::of(task, ask)), vote })
    }

    /// The fine-tuning data: one or two rationales a question, each with a tag.
    pub(crate) fn examples(&self, items: &[Item], prompts: &Prompts, seed: Seed) -> Result<Vec<Example>> {
        let mut rows = Vec::new();
        for item in items {
            rows.push((item, item.reference.as_str(), true));
            match self.data {
                Data::Tagged | Data::Shuffled => rows.push((item, item.wrong.as_str(), false)),
                Data::Untagged => rows.push((item, item.wrong.as_str(), true)),
                Data::TwoRight => rows.push((item, item.second.as_ref().unwrap_or(&item.reference), true)),
                Data::RightOnly | Data::Nothing => {}
            }
        }
        let mut tags: Vec<bool> = rows.iter().map(|(_, _, right)| *right).collect();
        if self.data == Data::Shuffled {
            tags.shuffle(&mut seed.rng());
        }
        let example = |(i, ((item, text, _), right)): (usize, ((&Item, &str, bool), bool))| {
            let prompt = tagged(prompts, &item.query, self.tags.of(right))?;
            let prompt = Prompt { id: format!("data/{i}/{}", item.query.id), ..prompt };
            Ok(Example::kept(prompt, text).from([item.query.id.clone()]))
        };
        rows.into_iter().zip(tags).enumerate().map(example).collect()
    }

    /// Measures rethinking on the problems that are reported on, and notes what its formula predicts.
    fn rethink(
        &self,
        items: &[Item],
        (task, prompts): (&OpenTask, &Prompts),
        policy: &dyn Policy<Chat>,
        run: &mut Run<'_>,
    ) -> Result<()> {
        if self.rethink.checks == 0 || self.watch.test.problems == 0 {
            return Ok(());
        }
        let material = Remembered::draw(&self.rethink, items, prompts, &mut run.rng("material"))?;
        let rethink =
            Rethink { thinker: policy, checker: policy, prompts, how: &self.rethink, material: &material };
        let queries = self.watch.test.queries(&*task.task)?;
        let asks = Ask::each(&queries, 1, &self.rethink.sampling);
        let groups = run.evaluate("rethink", &rethink, &Rethought(task.task.judge()), asks)?;
        let counts = Counts::of(&groups);
        if counts.answers == 0 {
            return Ok(());
        }
        let rates = counts.rates();
        let figures = [
            ("first", rates.first),
            ("rethought", counts.accuracy()),
            ("detected", rates.detected),
            ("alarmed", rates.alarmed),
            ("redone", rates.redone),
            ("predicted", rates.accuracy(self.rethink.checks)),
            ("calls", counts.calls_an_answer()),
        ];
        for (name, value) in figures {
            run.note(name, value)?;
        }
        Ok(())
    }
}

/// A question with a tag, with the query's fields for its judge.
fn tagged(prompts: &Prompts, query: &Prompt, tag: &str) -> Result<Prompt> {
    let question = question(query);
    let asked = prompts.fill("tagged", &query.id, &[("question", &question), ("tag", tag)])?;
    Ok(Prompt { fields: query.fields.clone(), ..asked }.with(ASKED, question))
}

#[cfg(test)]
mod tests;
