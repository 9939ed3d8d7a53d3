//! Synatra: text about how things are done becomes demonstrations of doing them.
//!
//! **A stronger model is needed for real use**: what writes the examples teaches; a model that writes its own
//! learns nothing new here. How-to articles tell steps without pages, pages from anywhere show no steps. A
//! writer supplies what is missing: for an article a concrete scenario in calls, and for break points in it
//! the page between two calls; for a window of a page a task, a history and the next call. Broken texts are
//! dropped for a reason, ids of past pages become random, and the model is fine-tuned on the next step: its
//! reason, its call and its summary.
//!
//! * Paper: Ou et al. 2024, arXiv 2409.15637.
//! * Code: web-arena-x/synatra @ 1e3e79f, `data_generation`.
//! * Differs: HTML is read without a browser; a closing stop counts as a call, so break points reach it
//!   (upstream forces stops from pages alone); windows end within their page; upstream keeps what a writer's
//!   element is called where its id is unknown, here the id decides and the words are checked; articles,
//!   pages and the writer may be generated ones of a small world.
//! * Reports: `success`, `no_element`, `wrong_kind`, `retyped`, `unread`, `typed`.

pub mod pages;
pub mod tutorials;
pub mod validity;

mod gather;
mod sources;

pub use pages::Balance;
pub use sources::{Articles, Pages};

use crate::watch::{Watch, WatchConfig};
use autodidact_core::chat::{Chat, Completion, Prompt, Sampling};
use autodidact_core::{Card, Error, Learn, Metric, Policy, Recipe, Result, Run, Split};
use autodidact_lm::Lm;
use autodidact_math::schedule::{Schedule, Shape};
use autodidact_parts::dataset::{self, Example};
use autodidact_parts::learn::{Amount, Batch, Keep, Restart, Sft, SftConfig};
use autodidact_parts::policy::PolicyConfig;
use autodidact_parts::web::rollout::{Agent, Record};
use autodidact_parts::web::window::Window;
use autodidact_parts::web::{MiniWeb, Next, Sample, Scribe, StepJudge, prompt};
use autodidact_parts::wording::{File, Prompts, PromptsConfig, Wording};
use autodidact_parts::{ModelConfig, OpenTask};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

/// The prompts.
pub const PROMPTS: &[File] = &[
    File {
        name: "act",
        chat: include_str!("../prompts/synatra/chat/act.txt"),
        small: include_str!("../prompts/synatra/small/act.txt"),
    },
    File {
        name: "title",
        chat: include_str!("../prompts/synatra/chat/title.txt"),
        small: include_str!("../prompts/synatra/small/title.txt"),
    },
    File {
        name: "scenarios",
        chat: include_str!("../prompts/synatra/chat/scenarios.txt"),
        small: include_str!("../prompts/synatra/small/scenarios.txt"),
    },
    File {
        name: "page",
        chat: include_str!("../prompts/synatra/chat/page.txt"),
        small: include_str!("../prompts/synatra/small/page.txt"),
    },
    File {
        name: "steps",
        chat: include_str!("../prompts/synatra/chat/steps.txt"),
        small: include_str!("../prompts/synatra/small/steps.txt"),
    },
];

/// Settings of Synatra; the defaults are the paper's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Synatra {
    /// The model to train.
    pub model: ModelConfig,
    /// Who writes the examples, where `writer` is `policy`: a stronger model than the one to train.
    pub policy: PolicyConfig,
    /// Who writes the examples.
    pub writer: Writer,
    /// Which wording is used.
    pub prompts: PromptsConfig,
    /// Procedures without pages.
    pub articles: Articles,
    /// Pages without procedures.
    pub pages: Pages,
    /// Where the model is measured; with `mix.demonstrations` also where humans work.
    pub web: MiniWeb,
    /// The share of examples from each source.
    pub mix: Mix,
    /// Examples to learn from, as many as there are up to this.
    pub steps: u32,
    /// Scenarios an article.
    pub scenarios: u32,
    /// Break points, and so pages, a scenario.
    pub breaks: u32,
    /// How many lines of a page an example keeps.
    pub chunk: Window,
    /// How many of these the writer of a task sees.
    pub shown: Window,
    /// Tasks that the writer lists for a page, and how many of them it writes out.
    pub tasks: Tasks,
    /// Which kinds of steps are forced.
    pub balance: Balance,
    /// Ids of elements lie between 1 and this.
    pub ids: u32,
    /// How the writer samples.
    pub sampling: Sampling,
    /// How the model is trained.
    pub sft: SftConfig,
    /// How its steps are measured.
    pub watch: WatchConfig,
    /// Goals on unseen sites that it works on in the end.
    pub goals: u32,
    /// The most steps for a goal.
    pub most: u32,
}

/// Who writes the examples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Writer {
    /// The policy.
    #[default]
    Policy,
    /// A stand-in for small worlds that follows rules and errs.
    Scribe(Scribe),
}

/// The share of examples from each source; what they sum to is all.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mix {
    /// From articles.
    pub articles: f64,
    /// From pages.
    pub pages: f64,
    /// From humans at work on the sites of `web` that are for training.
    pub demonstrations: f64,
}

impl Default for Mix {
    fn default() -> Mix {
        Mix { articles: 0.5, pages: 0.5, demonstrations: 0.0 }
    }
}

/// How many tasks are thought of and written out for a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tasks {
    /// Categories that the writer lists first.
    pub listed: u32,
    /// How many of them it writes out.
    pub written: u32,
}

impl Default for Tasks {
    fn default() -> Tasks {
        Tasks { listed: 8, written: 5 }
    }
}

impl Default for Synatra {
    fn default() -> Synatra {
        Synatra {
            model: ModelConfig::Nano,
            policy: PolicyConfig::Model,
            writer: Writer::Policy,
            prompts: PromptsConfig::Chat,
            articles: Articles::default(),
            pages: Pages::default(),
            web: MiniWeb::default(),
            mix: Mix::default(),
            steps: 99_924,
            scenarios: 3,
            breaks: 5,
            chunk: Window { mean: 110.0, deviation: 50.0, least: 50 },
            shown: Window { mean: 30.0, deviation: 8.0, least: 1 },
            tasks: Tasks::default(),
            balance: Balance::default(),
            ids: 10_000,
            sampling: Sampling { max_tokens: 4096, ..Sampling::default() },
            sft: SftConfig {
                lr: 4e-5,
                schedule: Schedule { shape: Shape::Cosine, warmup: 300, floor: 0.0 },
                amount: Amount::Epochs { epochs: 5 },
                batch: Batch::Rows { rows: 48 },
                restart: Restart::Weights,
                ..SftConfig::default()
            },
            watch: WatchConfig::default(),
            goals: 200,
            most: 8,
        }
    }
}

impl Recipe for Synatra {
    const CARD: Card = Card {
        id: "synatra",
        summary: "fine-tuning a web agent on demonstrations that a stronger model writes from articles and pages",
        paper: "2409.15637",
        code: "web-arena-x/synatra @ 1e3e79f",
        reports: &[
            Metric { name: "success", meaning: "share of goals on unseen sites that are reached" },
            Metric { name: "no_element", meaning: "share of calls on elements that the page does not have" },
            Metric { name: "wrong_kind", meaning: "share of calls on elements that cannot be acted upon so" },
            Metric { name: "retyped", meaning: "share of typing calls that type what is there already" },
            Metric { name: "unread", meaning: "share of answers that are no call" },
            Metric { name: "typed", meaning: "share of typing calls among all" },
        ],
    };

    fn check(&self) -> Result<()> {
        let positive = [
            ("steps", self.steps),
            ("scenarios", self.scenarios),
            ("breaks", self.breaks),
            ("tasks.written", self.tasks.written),
            ("ids", self.ids),
            ("most", self.most),
        ];
        for (field, found) in positive {
            if found == 0 {
                return Err(Error::invalid(field, "at least 1", found));
            }
        }
        if self.tasks.written > self.tasks.listed {
            let rule = format!("at most tasks.listed = {}", self.tasks.listed);
            return Err(Error::invalid("tasks.written", rule, self.tasks.written));
        }
        let shares = [self.mix.articles, self.mix.pages, self.mix.demonstrations];
        let sum: f64 = shares.iter().sum();
        if !(shares.iter().all(|share| *share >= 0.0) && sum > 0.0 && sum.is_finite()) {
            return Err(Error::invalid("mix", "shares of at least 0, not all 0", format!("{shares:?}")));
        }
        if let Writer::Scribe(scribe) = self.writer {
            scribe.check("writer")?;
        }
        self.chunk.check("chunk")?;
        self.shown.check("shown")?;
        self.balance.check("balance")?;
        self.articles.check("articles")?;
        self.pages.check("pages")?;
        self.web.check("web")?;
        self.policy.check()?;
        self.sft.check()?;
        self.watch.check()
    }

    fn run(&self, run: &mut Run<'_>) -> Result<()> {
        let lm = crate::open(&self.model, run)?;
        self.run_on(&lm, run).map(drop)
    }
}

impl Synatra {
    /// Runs on a model that is open already; gives what its work on goals came to, where there were goals.
    pub(crate) fn run_on(&self, lm: &Lm, run: &mut Run<'_>) -> Result<Option<Record>> {
        let prompts = self.prompts.open(PROMPTS)?;
        let writer: Box<dyn Policy<Chat>> = match self.writer {
            Writer::Policy => self.policy.open(lm)?,
            Writer::Scribe(scribe) => Box::new(scribe),
        };
        let act = prompts.wording("act")?.clone();
        let task = OpenTask { task: Box::new(self.web.steps(act.clone())), vote: Box::new(called) };
        let mut learner = Sft::around(lm, &self.sft, Keep::Above { threshold: 0.0 })?;
        let mut watch = Watch::of(&self.watch, lm, &task, &StepJudge);
        watch.before(&learner, run)?;

        let examples = self.examples(&*writer, &prompts, run)?;
        let groups = dataset::record(run, "data", lm, examples)?;
        run.learn("learn", &mut learner, &groups)?;
        watch.round(&learner, run)?;
        watch.after(&mut learner as &mut dyn Learn<Chat>, run)?;
        match self.goals {
            0 => Ok(None),
            _ => self.work(lm, &act, "goals", run).map(Some),
        }
    }

    /// The examples to learn from, in random order.
    fn examples(
        &self,
        writer: &dyn Policy<Chat>,
        prompts: &Prompts,
        run: &mut Run<'_>,
    ) -> Result<Vec<Example>> {
        let sum = self.mix.articles + self.mix.pages + self.mix.demonstrations;
        let wanted = |share: f64| (f64::from(self.steps) * share / sum).round() as usize;
        let mut found = Vec::new();
        let shares: [(&str, f64, gather::Source); 3] = [
            ("articles", self.mix.articles, gather::articles),
            ("pages", self.mix.pages, gather::pages),
            ("demonstrations", self.mix.demonstrations, gather::demonstrations),
        ];
        for (name, share, source) in shares {
            if share > 0.0 {
                let mut samples = source(self, writer, prompts, wanted(share), run)?;
                samples.shuffle(&mut run.rng(name));
                samples.truncate(wanted(share));
                found.extend(samples);
            }
        }
        found.shuffle(&mut run.rng("order"));
        let act = prompts.wording("act")?;
        let example = |(place, (sample, parents)): (usize, (Sample, Vec<String>))| {
            let sample = self.web.detail.of(&sample);
            let prompt = prompt(act, format!("synatra/{place}"), &sample)?;
            Ok(Example::kept(prompt, sample.response()).from(parents))
        };
        found.into_iter().enumerate().map(example).collect()
    }

    /// Lets the model work on goals of unseen sites, the same for every call, and notes what it came to.
    pub(crate) fn work(&self, lm: &Lm, act: &Wording, stage: &str, run: &mut Run<'_>) -> Result<Record> {
        let mut rng = autodidact_core::Seed::root(0).at("goals", 0).rng();
        let starts = self.web.measured().starts(Split::Test, self.goals as usize, &mut rng);
        let sampling = Sampling { temperature: 0.0, max_tokens: 96, ..Sampling::default() };
        let agent = Agent { wording: act, detail: self.web.detail, sampling: &sampling, most: self.most };
        let record = Record::of(&agent.work(stage, lm, &starts, run)?);
        let figures = [
            ("success", record.success),
            ("no_element", record.no_element),
            ("wrong_kind", record.wrong_kind),
            ("retyped", record.retyped),
            ("unread", record.unread),
            ("typed", record.actions[1]),
        ];
        for (name, value) in figures {
            // A share of nothing is no number.
            if value.is_finite() {
                run.note(&format!("{stage}/{name}"), value)?;
            }
        }
        Ok(record)
    }
}

/// The call of an answer, for votes.
fn called(_prompt: &Prompt, answer: &Completion) -> Option<String> {
    Next::parse(&answer.text).ok().map(|next| next.action.render())
}

#[cfg(test)]
mod tests;
