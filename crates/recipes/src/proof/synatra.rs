//! The proof of synatra: do written demonstrations of all kinds of sites beat human ones of two?
//!
//! A small base model reads pages of random sites, code with calls on random elements and lists to look
//! things up in; it has never seen a page and a call together. Six arms fine-tune copies of it on equally many
//! steps: of humans on one shop and one forum, written from articles, from pages, from both, from both
//! without reasons and summaries, and from both without forcing kinds of steps. All work on the same goals on
//! six sites that nothing has shown.

mod base;
mod report;

use super::{Proof, ProofOptions, ProofReport, Scale, Track, arm, lab};
use crate::synatra::{Articles, Balance, Mix, PROMPTS, Pages, Synatra, Writer};
use crate::watch::WatchConfig;
use autodidact_core::chat::{Chat, Sampling};
use autodidact_core::{Group, Recipe, Result, Run};
use autodidact_lm::Lm;
use autodidact_math::schedule::{Schedule, Shape as Course};
use autodidact_parts::evaluate::Evaluation;
use autodidact_parts::learn::{Amount, Batch, Restart, SftConfig};
use autodidact_parts::monitor::Drift;
use autodidact_parts::web::rollout::Record;
use autodidact_parts::web::window::Window;
use autodidact_parts::web::{Action, Detail, IDS, MiniWeb, Next, Scribe, SiteKind, StepJudge};
use autodidact_parts::wording::PromptsConfig;
use autodidact_parts::{OpenTask, Shape};
use base::Base;

/// The proof.
pub const PROOF: Proof = Proof {
    id: "synatra",
    about: "steps written from articles and pages lead a web agent where human ones of two domains do not",
    run,
};

const HUMAN: usize = 0;
const BOTH: usize = 3;
const UNBALANCED: usize = 5;

/// The kinds of sites that humans demonstrate.
const COVERED: [SiteKind; 2] = [SiteKind::Shop, SiteKind::Forum];

/// The others.
const UNCOVERED: [SiteKind; 4] = [SiteKind::Mail, SiteKind::Settings, SiteKind::Bank, SiteKind::Map];

struct Arm {
    name: &'static str,
    mix: Mix,
    balance: Balance,
    detail: Detail,
}

const ARMS: [Arm; 6] = [
    Arm::of("humans, 2 domains", 0.0, 0.0, 1.0),
    Arm::of("articles", 1.0, 0.0, 0.0),
    Arm::of("pages", 0.0, 1.0, 0.0),
    Arm::of("articles and pages", 0.5, 0.5, 0.0),
    Arm { detail: Detail::Bare, ..Arm::of("both, without reasons", 0.5, 0.5, 0.0) },
    Arm { balance: Balance::NONE, ..Arm::of("both, unbalanced", 0.5, 0.5, 0.0) },
];

impl Arm {
    const fn of(name: &'static str, articles: f64, pages: f64, demonstrations: f64) -> Arm {
        let balance = Balance { typed: 0.35, answered: 0.1, done: 0.1 };
        Arm { name, mix: Mix { articles, pages, demonstrations }, balance, detail: Detail::Reasoned }
    }
}

/// How large the experiment is.
struct Plan {
    base: Base,
    recipe: Synatra,
    /// Demonstrated steps on unseen sites at which calls are compared.
    compared: usize,
}

/// What is measured of one model with one seed.
struct Outcome {
    track: Track,
    record: Record,
    /// Share of demonstrated steps whose whole call the model makes.
    exact: f64,
    /// Share of demonstrated typing steps at which it types.
    types: f64,
    /// Share of right answers to look-ups.
    other: f64,
    /// Nats that held-out text of the base's kind lost.
    drift: f64,
}

fn run(options: &ProofOptions<'_>) -> Result<ProofReport> {
    Plan::of(options.scale).run_all(options)
}

impl Plan {
    fn of(scale: Scale) -> Plan {
        let full = scale == Scale::Full;
        let nothing = Evaluation { problems: 0, ..Evaluation::default() };
        let steps = if full { 3_000 } else { 60 };
        let width = if full { 96 } else { 32 };
        Plan {
            base: Base {
                shape: Shape {
                    hidden_size: width,
                    layers: if full { 3 } else { 1 },
                    heads: width / 16,
                    kv_heads: width / 16,
                    intermediate_size: width * 5 / 2,
                    context: 512,
                },
                steps: if full { 1_000 } else { 6 },
                rows: if full { 32 } else { 8 },
                lr: 2e-3,
                looked_up: if full { 200 } else { 20 },
            },
            recipe: Synatra {
                writer: Writer::Scribe(Scribe::default()),
                prompts: PromptsConfig::Small,
                articles: Articles::Generated { count: steps / 4 + 10, physical: 0.2 },
                pages: Pages::Generated { count: steps * 5 / 3 },
                web: MiniWeb::default(),
                steps,
                chunk: Window { mean: 18.0, deviation: 5.0, least: 8 },
                shown: Window { mean: 12.0, deviation: 3.0, least: 4 },
                tasks: crate::synatra::Tasks { listed: 8, written: 1 },
                ids: IDS,
                sft: SftConfig {
                    lr: 2e-3,
                    schedule: Schedule {
                        shape: Course::Cosine,
                        warmup: if full { 20 } else { 1 },
                        floor: 0.05,
                    },
                    amount: Amount::Epochs { epochs: if full { 4 } else { 1 } },
                    batch: Batch::Rows { rows: 32 },
                    restart: Restart::Weights,
                    ..SftConfig::default()
                },
                watch: WatchConfig { test: nothing.clone(), validation: nothing, ..WatchConfig::default() },
                goals: if full { 200 } else { 12 },
                most: 8,
                ..Synatra::default()
            },
            compared: if full { 400 } else { 24 },
        }
    }

    fn run_all(&self, options: &ProofOptions<'_>) -> Result<ProofReport> {
        let mut before = Vec::new();
        let mut outcomes: Vec<Vec<Outcome>> = ARMS.iter().map(|_| Vec::new()).collect();
        for &seed in &options.seeds {
            let base = self.base.train(seed, options)?;
            let drift = Drift::of(&base, self.base.held_out(&base, seed)?)?;
            let measured = arm("base", seed, options, Synatra::CARD, |run| {
                let record = self.recipe.work(&base, &self.act(&self.recipe)?, "goals", run)?;
                self.measure(&base, record, &self.recipe, &drift, run)
            })?;
            before.push(Outcome { track: measured.1, ..measured.0 });
            for (outcomes, one) in outcomes.iter_mut().zip(&ARMS) {
                outcomes.push(self.run(one, &base, &drift, seed, options)?);
            }
        }
        Ok(report::report(self, &before, &outcomes, options))
    }

    fn act(&self, recipe: &Synatra) -> Result<autodidact_parts::wording::Wording> {
        Ok(recipe.prompts.open(PROMPTS)?.wording("act")?.clone())
    }

    fn run(
        &self,
        one: &Arm,
        base: &Lm,
        drift: &Drift,
        seed: u64,
        options: &ProofOptions<'_>,
    ) -> Result<Outcome> {
        let kinds = if one.mix.demonstrations > 0.0 { COVERED.to_vec() } else { Vec::new() };
        let web = MiniWeb { kinds, detail: one.detail, ..self.recipe.web.clone() };
        let recipe = Synatra { mix: one.mix, balance: one.balance, web, ..self.recipe.clone() };
        let lm = lab::copy(base)?;
        let (outcome, track) = arm(one.name, seed, options, Synatra::CARD, |run| {
            let record = recipe.run_on(&lm, run)?.unwrap_or_default();
            self.measure(&lm, record, &recipe, drift, run)
        })?;
        Ok(Outcome { track, ..outcome })
    }

    fn measure(
        &self,
        lm: &Lm,
        record: Record,
        recipe: &Synatra,
        drift: &Drift,
        run: &mut Run<'_>,
    ) -> Result<Outcome> {
        let task = recipe.web.measured().steps(self.act(recipe)?);
        let task = OpenTask { task: Box::new(task), vote: Box::new(|_, _| None) };
        let greedy = Sampling { temperature: 0.0, max_tokens: 96, ..Sampling::default() };
        let groups = lab::held_out(lm, &task, &StepJudge, (self.compared, 1), &greedy, run)?;
        Ok(Outcome {
            track: Track::default(),
            record,
            exact: lab::mean_of(&groups, "score"),
            types: typed(&groups),
            other: self.base.looks_up(lm, run)?,
            drift: drift.kl(lm)?,
        })
    }
}

/// Of the steps at which the demonstration types, the share at which the answer does.
fn typed(groups: &[Group<Chat>]) -> f64 {
    let types = |text: &str| Next::parse(text).is_ok_and(|next| matches!(next.action, Action::Type { .. }));
    let wanted = groups.iter().filter(|group| group.ask.query.field("call").is_some_and(types));
    let found: Vec<f64> = wanted
        .flat_map(|group| &group.tries)
        .map(|one| f64::from(u8::from(types(&one.answer.text))))
        .collect();
    autodidact_math::summary::mean(&found).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests;
