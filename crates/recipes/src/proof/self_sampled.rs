//! The proof of self-sampled: does learning from its own programs make more problems solvable?
//!
//! A small model is warmed up on other training problems with programs in many writings, as a model
//! pretrained on code has seen them, until it solves 30 % of the problems to come. Five arms then
//! fine-tune copies of it with equal optimiser steps on 400 problems with one reference each: on the
//! reference alone, on right programs that it finds, and on partly right ones too under three losses.
//! All are measured on problems whose shape and numbers neither the warm-up nor an arm has shown.

mod report;

use super::{Proof, ProofOptions, ProofReport, Scale, Track, arm, lab};
use crate::self_sampled::{Credit, SelfSampled};
use crate::watch::WatchConfig;
use autodidact_core::chat::{Chat, Prompt, Sampling};
use autodidact_core::{Ask, Error, Group, Recipe, Result, Rng, Run, Seed, Split};

use autodidact_lm::Lm;
use autodidact_math::Row;
use autodidact_math::interval::Interval;
use autodidact_math::multi_target::MultiTarget;
use autodidact_math::schedule::{Schedule, Shape as Course};
use autodidact_math::sft::{MaskedNll, normalise};
use autodidact_math::summary::mean;
use autodidact_parts::evaluate::Evaluation;
use autodidact_parts::judge::right;
use autodidact_parts::learn::{TuneConfig, Tuner};
use autodidact_parts::task::programs::{Programs, canonical};
use autodidact_parts::{OpenTask, Shape, TaskConfig};
use rand::Rng as _;
use std::collections::BTreeSet;

/// The proof.
pub const PROOF: Proof = Proof {
    id: "self-sampled",
    about: "learning from own right and partly right programs lifts pass@16 over the references alone",
    run,
};

const REFERENCES: usize = 0;
const FULL: usize = 1;
const PARTIAL: usize = 2;
const MML: usize = 3;
const BETA_MML: usize = 4;

/// The arms by name, with what they keep of the samples and how programs count together.
const ARMS: [(&str, Credit, MultiTarget); 5] = [
    ("references", Credit::None, MultiTarget::MleAug),
    ("full, MLE-Aug", Credit::Full, MultiTarget::MleAug),
    ("partial, MLE-Aug", Credit::Partial, MultiTarget::MleAug),
    ("partial, MML", Credit::Partial, MultiTarget::Mml),
    ("partial, beta-MML", Credit::Partial, MultiTarget::BetaMml { beta: 0.25 }),
];

/// The k of pass@k.
const K: u32 = 16;

/// How large the experiment is.
struct Plan {
    shape: Shape,
    warm_up: WarmUp,
    recipe: SelfSampled,
    held_out: u32,
    tries: u32,
}

/// What every arm begins with.
struct WarmUp {
    /// Problems that rows are drawn from.
    pool: usize,
    /// Rows an update.
    rows: usize,
    /// The most updates.
    most: u64,
    /// Updates between two measurements on the training problems.
    every: u64,
    /// The share of training problems solved at which it ends.
    until: f64,
}

/// What is measured of one arm with one seed.
struct Outcome {
    track: Track,
    pass_at_1: f64,
    pass_at_k: f64,
    /// Distinct right programs a problem among the sampled ones.
    distinct: f64,
}

fn run(options: &ProofOptions<'_>) -> Result<ProofReport> {
    let plan = Plan::of(options.scale);
    let task = plan.recipe.task.open()?;
    let mut before = Vec::new();
    let mut outcomes: Vec<Vec<Outcome>> = ARMS.iter().map(|_| Vec::new()).collect();
    for &seed in &options.seeds {
        let (warm, solved) = plan.warm_up(&task, seed, options)?;
        before.push(plan.before((&warm, solved), &task, seed, options)?);
        for (idx, outcomes) in outcomes.iter_mut().enumerate() {
            outcomes.push(plan.run(idx, &warm, &task, seed, options)?);
        }
    }
    Ok(report::report(&plan, &before, &outcomes, options))
}

impl Plan {
    fn of(scale: Scale) -> Plan {
        let (full, quick) = match scale {
            Scale::Full => (true, false),
            Scale::Quick => (false, true),
        };
        let width = if full { 96 } else { 32 };
        let nothing = Evaluation { problems: 0, ..Evaluation::default() };
        Plan {
            shape: Shape {
                hidden_size: width,
                layers: if quick { 1 } else { 2 },
                heads: width / 16,
                kv_heads: width / 16,
                intermediate_size: width * 5 / 2,
                context: 128,
            },
            warm_up: WarmUp {
                pool: if full { 4_000 } else { 200 },
                rows: if full { 64 } else { 16 },
                most: if full { 1_500 } else { 60 },
                every: 20,
                until: 0.3,
            },
            recipe: SelfSampled {
                task: TaskConfig::Programs(Programs::default()),
                problems: if full { 400 } else { 16 },
                steps: if full { 400 } else { 4 },
                batch: if full { 16 } else { 8 },
                refresh: if full { 5 } else { 2 },
                tries: 4,
                sampling: Sampling { temperature: 0.8, max_tokens: 60, ..Sampling::default() },
                targets: 8,
                tune: TuneConfig {
                    lr: 5e-4,
                    schedule: Schedule {
                        shape: Course::Linear,
                        warmup: if full { 10 } else { 1 },
                        floor: 0.0,
                    },
                    ..SelfSampled::default().tune
                },
                watch: WatchConfig { test: nothing.clone(), validation: nothing, ..WatchConfig::default() },
                ..SelfSampled::default()
            },
            held_out: if full { 200 } else { 8 },
            tries: if full { 32 } else { K },
        }
    }

    /// A model that has seen other problems' programs in any writing, until it solves enough of the
    /// training problems, and the share that it solves.
    fn warm_up(&self, task: &OpenTask, seed: u64, options: &ProofOptions<'_>) -> Result<(Lm, f64)> {
        let WarmUp { rows, most, every, until, .. } = self.warm_up;
        let lm = lab::fresh(self.shape, seed)?;
        let root = Seed::root(seed).at("warm-up", 0);
        let pool = task.task.draw(Split::Train, self.warm_up.pool, &mut root.at("pool", 0).rng())?;
        let schedule = Schedule { shape: Course::Constant, warmup: most / 50, floor: 0.0 };
        let tune = TuneConfig { lr: 3e-3, schedule, horizon: most, ..TuneConfig::default() };
        let mut tuner = Tuner::around(&lm, tune)?;
        tuner.begin(most)?;
        let (solved, _) = arm("warm-up", seed, options, SelfSampled::CARD, |run| {
            let judge = task.task.judge();
            // The problems that the recipe will draw.
            let n = self.recipe.problems as usize;
            let problems = task.task.draw(Split::Train, n, &mut run.rng("problems"))?;
            let mut solved = 0.0;
            for step in 1..=most {
                let mut rng = root.at("step", step).rng();
                let one = |_| row(&lm, &pool[rng.random_range(0..pool.len())], &mut rng);
                let mut batch: Vec<Row> = (0..rows).map(one).collect::<Result<_>>()?;
                normalise(&mut batch);
                tuner.update(&batch, &MaskedNll)?;
                if step.is_multiple_of(every) {
                    let asks = Ask::each(&problems, 1, &at(0.2));
                    solved = lab::mean_of(&run.evaluate("solved", &lm, &*judge, asks)?, "score");
                    if solved >= until {
                        break;
                    }
                }
            }
            Ok(solved)
        })?;
        Ok((lm, solved))
    }

    /// The warm model's share of training problems solved, pass@1 and pass@k.
    fn before(
        &self,
        (warm, solved): (&Lm, f64),
        task: &OpenTask,
        seed: u64,
        options: &ProofOptions<'_>,
    ) -> Result<[f64; 3]> {
        let ((pass_at_1, pass_at_k, _), _) =
            arm("warm", seed, options, SelfSampled::CARD, |run| self.measure(warm, task, run))?;
        Ok([solved, pass_at_1, pass_at_k])
    }

    fn run(
        &self,
        idx: usize,
        warm: &Lm,
        task: &OpenTask,
        seed: u64,
        options: &ProofOptions<'_>,
    ) -> Result<Outcome> {
        let (name, credit, loss) = ARMS[idx];
        let recipe = SelfSampled { credit, loss, ..self.recipe.clone() };
        let lm = lab::copy(warm)?;
        let ((pass_at_1, pass_at_k, distinct), track) = arm(name, seed, options, SelfSampled::CARD, |run| {
            recipe.run_on(&lm, task, run)?;
            self.measure(&lm, task, run)
        })?;
        Ok(Outcome { track, pass_at_1, pass_at_k, distinct })
    }

    /// pass@1, pass@k and distinct right programs a problem, on held-out problems.
    fn measure(&self, lm: &Lm, task: &OpenTask, run: &mut Run<'_>) -> Result<(f64, f64, f64)> {
        let judge = task.task.judge();
        let cool = Evaluation {
            problems: self.held_out,
            tries: 4,
            k: 1,
            sampling: at(0.2),
            greedy: false,
            ..Evaluation::default()
        };
        let warm = Evaluation { tries: self.tries, k: K, sampling: at(0.8), ..cool.clone() };
        let none = || Error::invalid("held-out problems", "at least 1", self.held_out);
        let first = cool.run("cool", lm, task, &*judge, run)?.ok_or_else(none)?;
        let many = warm.run("warm", lm, task, &*judge, run)?.ok_or_else(none)?;
        let value = |interval: Option<Interval>| interval.map_or(f64::NAN, |one| one.value);
        Ok((value(first.scores.pass_at_1), value(many.scores.pass_at_k), distinct(&many.sampled)))
    }
}

fn at(temperature: f32) -> Sampling {
    Sampling { temperature, max_tokens: 60, ..Sampling::default() }
}

/// Distinct right programs a problem.
fn distinct(groups: &[Group<Chat>]) -> f64 {
    let one = |group: &Group<Chat>| {
        let found = group.tries.iter().filter(|one| right(&one.verdict));
        found.map(|one| canonical(&one.answer.text)).collect::<BTreeSet<String>>().len() as f64
    };
    mean(&groups.iter().map(one).collect::<Vec<_>>()).unwrap_or(f64::NAN)
}

/// A problem and its reference in another writing as tokens; only the program counts.
fn row(lm: &Lm, problem: &Prompt, rng: &mut Rng) -> Result<Row> {
    let mut tokens = lm.render(problem)?;
    let mut weight = vec![0.0; tokens.len() - 1];
    tokens.extend(lm.tokenizer().encode(&rewritten(problem.field("program").unwrap_or_default(), rng))?);
    tokens.extend(lm.eos().first());
    weight.resize(tokens.len() - 1, 1.0);
    Ok(Row { tokens, weight })
}

/// The same program with the operands of sums and products, and neighbouring statements that do not
/// need each other, exchanged by chance.
fn rewritten(program: &str, rng: &mut Rng) -> String {
    let mut statements: Vec<(String, String)> = Vec::new();
    for statement in program.split(';') {
        let (name, source) = statement.split_once('=').unwrap_or((statement, ""));
        let source = match source.split_once(['+', '*']) {
            Some((left, right)) if rng.random_bool(0.5) => {
                let sign = &source[left.len()..=left.len()];
                format!("{right}{sign}{left}")
            }
            _ => source.to_owned(),
        };
        statements.push((name.to_owned(), source));
    }
    for second in 1..statements.len() {
        let needed = statements[second].1.contains(statements[second - 1].0.as_str());
        if !needed && rng.random_bool(0.5) {
            statements.swap(second - 1, second);
        }
    }
    let written: Vec<String> = statements.iter().map(|(name, source)| format!("{name}={source}")).collect();
    written.join(";")
}

#[cfg(test)]
mod tests;
