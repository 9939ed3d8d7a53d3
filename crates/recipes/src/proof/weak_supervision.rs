//! The proof of weak-supervision: does preferring the tuned model's answers to the base's make it better?
//!
//! A small model learns the language of five kinds of puzzles, at last from texts whose rationales mostly belong
//! to other questions: it knows how to talk, and no longer says what belongs to a question. A few hundred labelled puzzles tune it, and two thousand
//! unlabelled ones are answered by the tuned and by the untuned model. The arms differ in which of these pairs
//! they believe; controls go on with the tuned model's own answers alone, or with pairs whose sides were
//! exchanged by chance.

mod report;
mod world;

use super::{Proof, ProofOptions, ProofReport, Scale, Track, arm, lab};
use crate::watch::{Watch, WatchConfig};
use crate::weak_supervision::{Filter, Truth, WeakSupervision};
use autodidact_core::chat::{Chat, Sampling};
use autodidact_core::{Ask, Group, Recipe, Result, Split};
use autodidact_lm::Lm;
use autodidact_math::preference::PairLoss;
use autodidact_math::schedule::{Schedule, Shape as Course};
use autodidact_math::summary::mean;
use autodidact_parts::evaluate::Evaluation;
use autodidact_parts::learn::{Amount, Batch, Keep, PreferConfig, Restart, Sft, SftConfig};
use autodidact_parts::task::puzzles::Kind;
use autodidact_parts::wording::PromptsConfig;
use autodidact_parts::{OpenTask, Shape};
use world::World;

/// The proof.
pub const PROOF: Proof = Proof {
    id: "weak-supervision",
    about: "preferring the tuned model's answers to the untuned one's improves on fine-tuning alone",
    run,
};

const BASE: usize = 0;
const TUNED: usize = 1;
const SELF_TRAINED: usize = 2;
const ONE: usize = 3;
const TWO: usize = 4;
const COMPARED: usize = 5;
const UNFILTERED: usize = 6;
const ORACLE: usize = 7;
const SWAPPED: usize = 8;

/// The arms by name.
const ARMS: [&str; 9] = [
    "base",
    "tuned on labels",
    "tuned, then on its own answers",
    "self-reinforced, one round",
    "self-reinforced, two rounds",
    "one round, compared by prompt",
    "one round, no filter",
    "one round, oracle filter",
    "one round, sides at random",
];

/// How large the experiment is.
struct Plan {
    world: World,
    recipe: WeakSupervision,
    /// Further numbers of labelled questions, for the learning curve.
    curve: Vec<u32>,
    test: usize,
    tries: u32,
}

/// What is measured of one model.
#[derive(Clone, Debug, Default)]
struct Measure {
    /// Share of test puzzles solved by the likeliest answer.
    greedy: f64,
    /// The same by kind, in the order of [`Kind::ALL`].
    kinds: Vec<f64>,
    /// Share of sampled answers that are right.
    sampled: f64,
    /// Tokens an answer.
    length: f64,
    /// Log-probability of its own answers under it less that under the tuned model, nats a token.
    kl: f64,
    /// Share of sums solved, which no arm trains on.
    sums: f64,
}

/// What came of one arm with one seed.
#[derive(Clone, Debug, Default)]
struct Outcome {
    measure: Measure,
    track: Track,
}

/// What came of one seed.
struct SeedOutcome {
    arms: Vec<Outcome>,
    /// Labelled questions, the tuned model's and the self-reinforced one's share of right answers.
    curve: Vec<(u32, f64, f64)>,
}

fn run(options: &ProofOptions<'_>) -> Result<ProofReport> {
    let plan = Plan::of(options.scale);
    let outcomes = options.seeds.iter().map(|&seed| plan.seed(seed, options)).collect::<Result<Vec<_>>>()?;
    Ok(report::report(&plan, &outcomes, options))
}

impl Plan {
    fn of(scale: Scale) -> Plan {
        let full = scale == Scale::Full;
        let size = |whole: u32, quick: u32| if full { whole } else { quick };
        let nothing = Evaluation { problems: 0, ..Evaluation::default() };
        let width = size(96, 32) as usize;
        Plan {
            world: World {
                shape: Shape {
                    hidden_size: width,
                    layers: size(3, 1) as usize,
                    heads: width / 16,
                    kv_heads: width / 16,
                    intermediate_size: width * 5 / 2,
                    context: 192,
                },
                texts: size(20_000, 200) as usize,
                lined_up: u64::from(size(1_700, 6)),
                mixed: u64::from(size(40, 4)),
                own: 0.1,
            },
            recipe: WeakSupervision {
                prompts: PromptsConfig::Small,
                labelled: size(300, 20),
                unlabelled: size(2_000, 40),
                comparisons: size(150, 10),
                rounds: 1,
                sampling: Sampling { max_tokens: 40, ..Sampling::default() },
                judging: Sampling { temperature: 0.0, max_tokens: 2, ..Sampling::default() },
                filter: Filter::Likelihood,
                truth: Truth::Monitored,
                sft: SftConfig {
                    lr: 5e-4,
                    schedule: Schedule { shape: Course::Linear, warmup: 5, floor: 0.1 },
                    amount: Amount::Steps { steps: u64::from(size(200, 3)) },
                    batch: Batch::Rows { rows: 32 },
                    restart: Restart::Weights,
                    ..SftConfig::default()
                },
                prefer: PreferConfig {
                    loss: PairLoss::LogSigmoid { beta: 0.5, smoothing: 0.0 },
                    sft: 0.2,
                    lr: 3e-5,
                    schedule: Schedule { shape: Course::Linear, warmup: 3, floor: 0.1 },
                    amount: Amount::Steps { steps: u64::from(size(60, 2)) },
                    batch: Batch::Rows { rows: 32 },
                    ..PreferConfig::default()
                },
                watch: WatchConfig { test: nothing.clone(), validation: nothing, ..WatchConfig::default() },
                ..WeakSupervision::default()
            },
            curve: if full { vec![50, 100, 1_000] } else { vec![10] },
            test: size(400, 10) as usize,
            tries: size(4, 2),
        }
    }

    fn seed(&self, seed: u64, options: &ProofOptions<'_>) -> Result<SeedOutcome> {
        let task = self.recipe.open_task()?;
        let base = self.world.base(&task, seed, options)?;
        let tuned = lab::copy(&base)?;
        let mut outcomes = vec![Outcome::default(); ARMS.len()];
        let named = |idx: usize| (ARMS[idx], seed, options);

        let tuning = self.tune(&self.recipe, (&tuned, &base), &task, named(TUNED))?;
        for (idx, lm, track) in [(BASE, &base, Track::default()), (TUNED, &tuned, tuning)] {
            outcomes[idx] = Outcome { measure: self.measure(lm, &tuned, &task, named(idx))?, track };
        }
        outcomes[SELF_TRAINED] = self.self_trained(&tuned, &task, named(SELF_TRAINED))?;
        let mut reinforced = None;
        for (idx, filter) in [
            (ONE, Filter::Likelihood),
            (COMPARED, Filter::Pairwise),
            (UNFILTERED, Filter::AcceptAll),
            (ORACLE, Filter::Oracle),
            (SWAPPED, Filter::Random),
        ] {
            let recipe = WeakSupervision { filter, ..self.recipe.clone() };
            let lm = lab::copy(&tuned)?;
            let track = reinforce(&recipe, (&lm, &base), &task, named(idx))?;
            outcomes[idx] = Outcome { measure: self.measure(&lm, &tuned, &task, named(idx))?, track };
            if idx == ONE {
                reinforced = Some(lm);
            }
        }
        if let Some(lm) = reinforced {
            let track = reinforce(&self.recipe, (&lm, &base), &task, named(TWO))?;
            outcomes[TWO] = Outcome { measure: self.measure(&lm, &tuned, &task, named(TWO))?, track };
        }
        let share = |idx: usize| outcomes[idx].measure.greedy;
        let mut curve = vec![(self.recipe.labelled, share(TUNED), share(ONE))];
        for &labelled in &self.curve {
            curve.push(self.point(labelled, &base, &task, named(ONE))?);
        }
        curve.sort_by_key(|point| point.0);
        Ok(SeedOutcome { arms: outcomes, curve })
    }

    /// The first lesson.
    fn tune(
        &self,
        recipe: &WeakSupervision,
        (lm, base): (&Lm, &Lm),
        task: &OpenTask,
        at: At<'_, '_>,
    ) -> Result<Track> {
        let ((), track) = arm("tune", at.1, at.2, WeakSupervision::CARD, |run| {
            let mut sft = Sft::around(lm, &recipe.sft, Keep::Above { threshold: 0.0 })?;
            recipe.tune(&mut sft, (lm, base), task, run)
        })?;
        Ok(track)
    }

    /// The tuned model after as many steps on its own answers, right or wrong.
    fn self_trained(&self, tuned: &Lm, task: &OpenTask, at: At<'_, '_>) -> Result<Outcome> {
        let lm = lab::copy(tuned)?;
        let ((), track) = arm(at.0, at.1, at.2, WeakSupervision::CARD, |run| {
            let n = (self.recipe.labelled + self.recipe.unlabelled) as usize;
            let queries = task.task.draw(Split::Train, n, &mut run.rng("questions"))?;
            let unlabelled = &queries[self.recipe.labelled as usize..];
            let asks = Ask::each(unlabelled, 1, &self.recipe.sampling);
            let groups = run.attempt("strong", &lm, &*task.task.judge(), asks)?;
            let config = SftConfig { amount: self.recipe.prefer.amount, ..self.recipe.sft.clone() };
            let mut sft = Sft::around(&lm, &config, Keep::All)?;
            run.learn("sft", &mut sft, &groups).map(drop)
        })?;
        Ok(Outcome { measure: self.measure(&lm, tuned, task, at)?, track })
    }

    /// A point of the learning curve: shares of right answers after tuning on so many labels and after one round.
    fn point(&self, labelled: u32, base: &Lm, task: &OpenTask, at: At<'_, '_>) -> Result<(u32, f64, f64)> {
        let comparisons = self.recipe.comparisons.min(labelled);
        let recipe = WeakSupervision { labelled, comparisons, ..self.recipe.clone() };
        let tuned = lab::copy(base)?;
        self.tune(&recipe, (&tuned, base), task, at)?;
        let before = self.greedy(&tuned, task, at)?;
        reinforce(&recipe, (&tuned, base), task, at)?;
        Ok((labelled, before, self.greedy(&tuned, task, at)?))
    }

    /// The share of test puzzles that the likeliest answer solves.
    fn greedy(&self, lm: &Lm, task: &OpenTask, at: At<'_, '_>) -> Result<f64> {
        let (share, _) = arm(at.0, at.1, at.2, WeakSupervision::CARD, |run| {
            let knobs = self.recipe.sampling.at(0.0);
            let groups = lab::held_out(lm, task, &*task.task.judge(), (self.test, 1), &knobs, run)?;
            Ok(lab::mean_of(&groups, "score"))
        })?;
        Ok(share)
    }

    fn measure(&self, lm: &Lm, tuned: &Lm, task: &OpenTask, at: At<'_, '_>) -> Result<Measure> {
        let (measure, _) = arm(at.0, at.1, at.2, WeakSupervision::CARD, |run| {
            let judge = task.task.judge();
            let warm = &self.recipe.sampling;
            let greedy = lab::held_out(lm, task, &*judge, (self.test, 1), &warm.at(0.0), run)?;
            let sampled = lab::held_out(lm, task, &*judge, (self.test, self.tries), warm, run)?;
            let of_kind = |kind: Kind| {
                let own = |group: &&Group<Chat>| group.ask.query.field("family") == Some(kind.name());
                lab::mean_of(&greedy.iter().filter(own).cloned().collect::<Vec<_>>(), "score")
            };
            let lengths: Vec<f64> = answers(&sampled).map(|answer| answer.tokens.len() as f64).collect();
            Ok(Measure {
                greedy: lab::mean_of(&greedy, "score"),
                kinds: Kind::ALL.map(of_kind).to_vec(),
                sampled: lab::mean_of(&sampled, "score"),
                length: mean(&lengths).unwrap_or(f64::NAN),
                kl: divergence(&sampled, tuned)?,
                sums: self.world.sums(lm, run)?,
            })
        })?;
        Ok(measure)
    }
}

/// The name of an arm, the seed and how the proof is run.
type At<'a, 'b> = (&'a str, u64, &'a ProofOptions<'b>);

/// One round of the recipe from a tuned model.
fn reinforce(recipe: &WeakSupervision, models: (&Lm, &Lm), task: &OpenTask, at: At<'_, '_>) -> Result<Track> {
    let ((), track) = arm(at.0, at.1, at.2, WeakSupervision::CARD, |run| {
        let judge = task.task.judge();
        let watch = Watch::of(&recipe.watch, models.0, task, &*judge);
        recipe.reinforce(models, task, watch, run)
    })?;
    Ok(track)
}

fn answers(groups: &[Group<Chat>]) -> impl Iterator<Item = &autodidact_core::chat::Completion> {
    groups.iter().flat_map(|group| &group.tries).map(|one| &one.answer)
}

/// The mean over sampled tokens of their log-probability less that under `other`, in nats: an estimate of the
/// divergence of the model that sampled them from `other`.
fn divergence(groups: &[Group<Chat>], other: &Lm) -> Result<f64> {
    let sequences: Vec<Vec<u32>> =
        answers(groups).map(|answer| [&answer.prompt[..], &answer.tokens[..]].concat()).collect();
    let (mut sum, mut n) = (0.0, 0usize);
    for (answer, scored) in answers(groups).zip(other.score(&sequences)?) {
        let there = &scored[scored.len() - answer.logprobs.len()..];
        sum += answer.logprobs.iter().zip(there).map(|(a, b)| f64::from(*a) - f64::from(*b)).sum::<f64>();
        n += answer.logprobs.len();
    }
    Ok(sum / n as f64)
}

#[cfg(test)]
mod tests;
