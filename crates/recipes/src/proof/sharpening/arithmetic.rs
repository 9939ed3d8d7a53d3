//! Part three: a small transformer that solves half of its sums of four steps sharpens itself.
//!
//! The base is trained on worked solutions of other problems until it solves half of the held-out ones by
//! greedy decoding. Fifty answers to each test problem are drawn once; best-of-N of every N is read off
//! them. Copies of the base are then sharpened on problems without answers, by every method of the recipe.
//! A control is a base whose likelihood says nothing: what it writes behind the last `#` is the result plus
//! 0, 1, 2 or 3, each as likely.

mod report;

use super::super::{ProofOptions, ProofReport, Scale, Track, arm, lab};
use super::curves::Curves;
use crate::sharpening::{Method, Sharpening, Source, truths};
use crate::watch::WatchConfig;
use autodidact_core::chat::{Chat, Sampling};
use autodidact_core::{Ask, Error, Group, Recipe, Result, Run, Seed, Split};
use autodidact_lm::{AdamW, Lm};
use autodidact_math::Row;
use autodidact_math::schedule::{Schedule, Shape as Course};
use autodidact_math::sft::{MaskedNll, normalise};
use autodidact_math::summary::mean;
use autodidact_parts::evaluate::Evaluation;
use autodidact_parts::judge::{SelfReward, SelfRewardConfig};
use autodidact_parts::learn::{Amount, Batch, Restart, SftConfig, TuneConfig, Tuner};
use autodidact_parts::monitor::Drift;
use autodidact_parts::task::SuiteConfig;
use autodidact_parts::wording::PromptsConfig;
use autodidact_parts::{OpenTask, Shape, TaskConfig};
use rand::Rng as _;

/// The methods, by name.
const ARMS: [(&str, Method); 5] = [
    ("self-distillation, N = 1", Method::Sft { tries: 1 }),
    ("SFT-sharpening, N = 25", Method::Sft { tries: N as u32 }),
    ("SFT-sharpening, adaptive", Method::Adaptive { delta: 0.1, block: 5, most: 50 }),
    ("offline pairs, beta 1", Method::Offline { beta: 1.0 }),
    ("XPO, beta 1, alpha .1, 4 rounds", Method::Xpo { alpha: 0.1, beta: 1.0, rounds: 4, estimated: 100 }),
];
const SELF_DISTILLED: usize = 0;
const SHARPENED: usize = 1;

/// The N of the claims.
const N: usize = 25;

/// Answers drawn to each test problem of a base.
const DRAWN: u32 = 50;

/// The share of held-out problems solved by greedy decoding at which the base is done.
const HALF: f64 = 0.47;

/// Updates between two looks at the base, and the problems looked at.
const EVERY: u64 = 20;
const VALIDATED: usize = 200;

/// How large the experiment is.
struct Plan {
    shape: Shape,
    /// The most updates of the base, and of the control.
    updates: (u64, u64),
    /// Rows an update.
    rows: usize,
    /// Training problems that bases learn from.
    pool: usize,
    /// Test problems, and answers to each that sharpened models are measured by.
    held_out: (usize, u32),
    recipe: Sharpening,
}

/// What is measured of a model.
#[derive(Clone, Copy, Debug, Default)]
struct Measured {
    /// Accuracy at temperature 1.
    sampled: f64,
    /// Accuracy by greedy decoding.
    greedy: f64,
    /// The base's mean log-probability of the answers sampled, in nats.
    log_prob: f64,
    /// Greedy accuracy on straight-line programs, which no method trains on.
    other: f64,
    /// Mean log-probability of held-out solutions under the base less under the model, nats a token.
    kl: f64,
}

/// What is measured with one seed.
struct Outcome {
    base: Measured,
    curves: Curves,
    /// The curves of the same model long before it was done.
    early: Option<Curves>,
    control: Curves,
    arms: Vec<(Measured, Track)>,
    /// Updates of the base.
    updates: u64,
}

pub(super) fn add(report: &mut ProofReport, options: &ProofOptions<'_>) -> Result<()> {
    let plan = Plan::of(options.scale);
    let outcomes = options.seeds.iter().map(|&seed| plan.run(seed, options)).collect::<Result<Vec<_>>>()?;
    report::add(report, &plan, &outcomes);
    Ok(())
}

fn suite(cells: &str) -> Result<OpenTask> {
    TaskConfig::Suite(SuiteConfig { cells: vec![cells.to_owned()], ..SuiteConfig::default() }).open()
}

fn at(temperature: f32) -> Sampling {
    Sampling { temperature, max_tokens: 60, ..Sampling::default() }
}

/// A model on its way to being a base.
struct Raised {
    lm: Lm,
    early: Option<Lm>,
    updates: u64,
}

impl Plan {
    fn of(scale: Scale) -> Plan {
        let full = scale == Scale::Full;
        let width = if full { 96 } else { 32 };
        let nothing = Evaluation { problems: 0, ..Evaluation::default() };
        let problems = if full { 1_000 } else { 24 };
        Plan {
            shape: Shape {
                hidden_size: width,
                layers: if full { 3 } else { 1 },
                heads: if full { 4 } else { 2 },
                kv_heads: if full { 2 } else { 1 },
                intermediate_size: width * 8 / 3,
                context: 96,
            },
            updates: if full { (1_200, 1_500) } else { (60, 30) },
            rows: if full { 64 } else { 16 },
            pool: if full { 20_000 } else { 400 },
            held_out: if full { (200, 8) } else { (12, 2) },
            recipe: Sharpening {
                prompts: PromptsConfig::Small,
                task: TaskConfig::Suite(SuiteConfig {
                    cells: vec!["A4".to_owned()],
                    ..SuiteConfig::default()
                }),
                likelihood: Source::Recorded,
                problems,
                sampling: at(1.0),
                sft: SftConfig {
                    lr: 3e-4,
                    schedule: Schedule {
                        shape: Course::Linear,
                        warmup: if full { 20 } else { 0 },
                        floor: 0.0,
                    },
                    amount: Amount::Epochs { epochs: if full { 8 } else { 2 } },
                    batch: Batch::Rows { rows: if full { 32 } else { 8 } },
                    optimizer: AdamW { beta2: 0.98, ..AdamW::default() },
                    restart: Restart::Weights,
                    ..SftConfig::default()
                },
                checked: problems,
                watch: WatchConfig { test: nothing.clone(), validation: nothing, ..WatchConfig::default() },
                ..Sharpening::default()
            },
        }
    }

    fn run(&self, seed: u64, options: &ProofOptions<'_>) -> Result<Outcome> {
        let (task, other) = (suite("A4")?, suite("P1-2")?);
        let Raised { lm: base, early, updates } = self.raise(&task, &other, seed, options)?;
        let drift = Drift::of(&base, solutions(&base, &task, Split::Test, 200, Seed::root(0))?)?;
        let judge = SelfReward::scored(&SelfRewardConfig::default(), &base, &*task.vote)?;
        let measure = |lm: &Lm, run: &mut Run<'_>| self.measure(lm, (&task, &other), &judge, &drift, run);
        let ((measured, curves), _) = arm("base", seed, options, Sharpening::CARD, |run| {
            Ok((measure(&base, run)?, self.curves(&base, &task, seed, run)?))
        })?;
        let early = match early {
            None => None,
            Some(lm) => Some(
                arm("early", seed, options, Sharpening::CARD, |run| self.curves(&lm, &task, seed, run))?.0,
            ),
        };
        let control = self.control(seed, options)?;
        let mut arms = Vec::new();
        for (name, method) in ARMS {
            let recipe = Sharpening { method, ..self.recipe.clone() };
            recipe.check()?;
            let lm = lab::copy(&base)?;
            arms.push(arm(name, seed, options, Sharpening::CARD, |run| {
                recipe.run_on(&lm, &lm.clone(), &task, run)?;
                measure(&lm, run)
            })?);
        }
        Ok(Outcome { base: measured, curves, early, control, arms, updates })
    }

    /// A model without training whose numbers from 10 to 99 are tokens.
    fn fresh(&self, seed: u64) -> Result<Lm> {
        let numbers: Vec<String> = (10..100).map(|number| number.to_string()).collect();
        let words: Vec<&str> = numbers.iter().map(String::as_str).collect();
        lab::fresh_words(self.shape, seed, &words)
    }

    /// Trains on worked solutions until half of the held-out problems are solved.
    fn raise(
        &self,
        task: &OpenTask,
        other: &OpenTask,
        seed: u64,
        options: &ProofOptions<'_>,
    ) -> Result<Raised> {
        let lm = self.fresh(seed)?;
        let root = Seed::root(seed).at("base", 0);
        let mut rows = solutions(&lm, task, Split::Train, self.pool, root.at("pool", 0))?;
        // One row in five shows the skill that nothing sharpens.
        rows.extend(solutions(&lm, other, Split::Train, self.pool / 4, root.at("pool", 1))?);
        let problems = task.task.draw(Split::Validation, VALIDATED, &mut root.at("problems", 0).rng())?;
        let truth = task.task.judge();
        let (most, _) = self.updates;
        let mut early = None;
        let (updates, _) = arm("raise", seed, options, Sharpening::CARD, |run| {
            self.teach(&lm, &rows, most, root, options, |step| {
                if !step.is_multiple_of(EVERY) {
                    return Ok(false);
                }
                let asks = Ask::each(&problems, 1, &at(0.0));
                let solved = lab::mean_of(&run.evaluate("solved", &lm, &*truth, asks)?, "score");
                if early.is_none() && solved >= 0.05 {
                    early = Some(lab::copy(&lm)?);
                }
                Ok(solved >= HALF)
            })
        })?;
        Ok(Raised { lm, early, updates })
    }

    /// At most `most` updates on random rows; ends when `done` says so of the number of updates.
    fn teach(
        &self,
        lm: &Lm,
        rows: &[Row],
        most: u64,
        root: Seed,
        options: &ProofOptions<'_>,
        mut done: impl FnMut(u64) -> Result<bool>,
    ) -> Result<u64> {
        let schedule = Schedule { shape: Course::Linear, warmup: most / 25, floor: 0.1 };
        let optimizer = AdamW { beta2: 0.98, ..AdamW::default() };
        let mut tuner = Tuner::around(
            lm,
            TuneConfig { lr: 2e-3, schedule, horizon: most, optimizer, ..TuneConfig::default() },
        )?;
        tuner.begin(most)?;
        for step in 1..=most {
            if options.stop.requested() {
                return Err(Error::Interrupted);
            }
            let mut rng = root.at("step", step).rng();
            let mut batch: Vec<Row> =
                (0..self.rows).map(|_| rows[rng.random_range(0..rows.len())].clone()).collect();
            normalise(&mut batch);
            tuner.update(&batch, &MaskedNll)?;
            if done(step)? {
                return Ok(step);
            }
        }
        Ok(most)
    }

    /// The curves of a base that has learned to write results of chance.
    fn control(&self, seed: u64, options: &ProofOptions<'_>) -> Result<Curves> {
        let task = suite("A2")?;
        let lm = self.fresh(seed)?;
        let root = Seed::root(seed).at("control", 0);
        let mut rng = root.at("chance", 0).rng();
        let mut pairs = texts(&task, Split::Train, self.pool, root.at("pool", 0))?;
        for (_, answer) in &mut pairs {
            if let Some((steps, result)) = answer.rsplit_once('#')
                && let Ok(result) = result.parse::<u32>()
            {
                *answer = format!("{steps}#{}", result + rng.random_range(0..4u32));
            }
        }
        let rows = lab::rows_of_text(&lm, &pairs)?;
        self.teach(&lm, &rows, self.updates.1, root, options, |_| Ok(false))?;
        Ok(arm("control", seed, options, Sharpening::CARD, |run| self.curves(&lm, &task, seed, run))?.0)
    }

    /// Best-of-N curves from answers to test problems, by the model's own likelihood.
    fn curves(&self, lm: &Lm, task: &OpenTask, seed: u64, run: &mut Run<'_>) -> Result<Curves> {
        let judge = SelfReward::recorded(&SelfRewardConfig::default(), &*task.vote);
        let groups = lab::held_out(lm, task, &judge, (self.held_out.0, DRAWN), &at(1.0), run)?;
        Curves::of(&groups, task, &*task.task.judge(), Seed::root(seed).at("curves", 0))
    }

    fn measure(
        &self,
        lm: &Lm,
        (task, other): (&OpenTask, &OpenTask),
        judge: &SelfReward<'_>,
        drift: &Drift,
        run: &mut Run<'_>,
    ) -> Result<Measured> {
        let (problems, tries) = self.held_out;
        let sampled = lab::held_out(lm, task, judge, (problems, tries), &at(1.0), run)?;
        let greedy = |task: &OpenTask, run: &mut Run<'_>| -> Result<f64> {
            let groups = lab::held_out(lm, task, &*task.task.judge(), (problems, 1), &at(0.0), run)?;
            Ok(lab::mean_of(&groups, "score"))
        };
        let kl = drift.kl(lm)?;
        run.note("kl_from_base", kl)?;
        let other = greedy(other, run)?;
        run.note("other_skills", other)?;
        Ok(Measured {
            sampled: share_right(&sampled, task)?,
            greedy: greedy(task, run)?,
            log_prob: lab::mean_of(&sampled, "log_prob"),
            other,
            kl,
        })
    }
}

/// The share of right tries.
fn share_right(groups: &[Group<Chat>], task: &OpenTask) -> Result<f64> {
    let rights = truths(groups, &*task.task.judge())?;
    let values: Vec<f64> =
        rights.into_iter().flatten().map(|right| f64::from(u8::from(right == Some(true)))).collect();
    Ok(mean(&values).unwrap_or(f64::NAN))
}

/// Problems with their worked solutions.
fn texts(task: &OpenTask, split: Split, n: usize, seed: Seed) -> Result<Vec<(String, String)>> {
    let queries = task.task.draw(split, n, &mut seed.rng())?;
    let pair = |query: &autodidact_core::chat::Prompt| {
        let gold = task.task.gold(query)?;
        Some((query.field("text")?.to_owned(), gold.text))
    };
    Ok(queries.iter().filter_map(pair).collect())
}

fn solutions(lm: &Lm, task: &OpenTask, split: Split, n: usize, seed: Seed) -> Result<Vec<Row>> {
    lab::rows_of_text(lm, &texts(task, split, n, seed)?)
}
