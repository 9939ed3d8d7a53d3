//! The proof of mistakes: do a model's own wrong rationales make it better?
//!
//! A small model is trained on worked chains modulo 100 until it answers about 30 % of them right. It then
//! collects a wrong rationale of its own for each of 1,500 questions. Five copies are tuned with equal
//! optimiser steps, on right rationales alone, on right and wrong ones under tags, and on three controls.
//! Then the untuned model rethinks its answers with a checker that was trained on right and wrong ones,
//! and what that gives is compared with the formula of its own detection rates.

mod report;
mod world;

use super::{Proof, ProofOptions, ProofReport, Scale, Track, arm, lab};
use crate::mistakes::{
    Counts, Data, Explain, Item, Material, Mistakes, Remembered, Rethink, RethinkConfig, Rethought, Taxonomy,
};
use crate::watch::WatchConfig;
use autodidact_core::chat::{Chat, Completion, Prompt, Sampling};
use autodidact_core::{Ask, Group, Policy, Proposals, Recipe, Result, Run, Seed, Split, Version};
use autodidact_lm::Lm;
use autodidact_math::estimate::maj_at_k;
use autodidact_math::schedule::{Schedule, Shape as Course};
use autodidact_math::summary::mean;
use autodidact_parts::evaluate::Evaluation;
use autodidact_parts::judge::right;
use autodidact_parts::learn::{Amount, Batch, SftConfig};
use autodidact_parts::monitor::Drift;
use autodidact_parts::segments::Tags;
use autodidact_parts::task::modular::{Mistake, Modular};
use autodidact_parts::wording::PromptsConfig;
use autodidact_parts::{Shape, TaskConfig};

/// The proof.
pub const PROOF: Proof = Proof {
    id: "mistakes",
    about: "tuning on right and wrong rationales under tags, and rethinking against its formula",
    run,
};

const RIGHT_ONLY: usize = 0;
const TAGGED: usize = 1;
const UNTAGGED: usize = 2;

/// The arms of mistake tuning.
const ARMS: [(&str, Data); 5] = [
    ("right only", Data::RightOnly),
    ("right and wrong, tagged", Data::Tagged),
    ("right and wrong, one tag", Data::Untagged),
    ("right and a second right", Data::TwoRight),
    ("right and wrong, shuffled tags", Data::Shuffled),
];

/// The numbers of checks.
const CHECKS: [u32; 4] = [0, 1, 3, 8];

/// How large the experiment is.
struct Plan {
    shape: Shape,
    base: world::Base,
    checker: world::Checker,
    recipe: Mistakes,
    /// Held-out questions.
    questions: usize,
    /// The same for rethinking, whose predictions are of a few hundredths.
    rethought: usize,
}

/// What is measured of one arm of mistake tuning.
#[derive(Clone, Debug, Default)]
struct Tuned {
    /// Right, greedily, after the right tag.
    greedy: f64,
    /// Right at the temperature of 1 at which the base was measured, after the right tag.
    right: f64,
    /// The same after the wrong tag.
    wrong: f64,
    /// Right on the side task.
    side: f64,
    /// Nats a token of held-out text that the base knew better.
    drift: f64,
    track: Track,
}

/// What rethinking gives with some number of checks.
#[derive(Clone, Debug, Default)]
struct Thought {
    counts: Counts,
    /// What the rates of other questions predict.
    predicted: f64,
    /// The gain that they predict.
    gain: f64,
}

/// What is measured with one seed.
struct Outcome {
    /// Right before tuning: greedily, sampled, and on the side task.
    before: [f64; 3],
    /// In the order of [`ARMS`].
    arms: Vec<Tuned>,
    /// Mistakes by kind, in the order of [`Mistake::ALL`], and the questions with one.
    kinds: ([usize; 3], usize),
    /// Questions with a second right rationale in the arm that looks for one.
    second: f64,
    /// The vote of three samples.
    consistent: f64,
    /// In the order of [`CHECKS`], with mistake material.
    shown: Vec<Thought>,
    /// The same without.
    bare: Vec<Thought>,
    /// One check that always says yes.
    blind: Counts,
}

fn run(options: &ProofOptions<'_>) -> Result<ProofReport> {
    let plan = Plan::of(options.scale);
    let mut outcomes = Vec::new();
    for &seed in &options.seeds {
        outcomes.push(plan.seed(seed, options)?);
    }
    Ok(report::report(&plan, &outcomes, options))
}

impl Plan {
    fn of(scale: Scale) -> Plan {
        let full = scale == Scale::Full;
        let width = if full { 64 } else { 32 };
        let nothing = Evaluation { problems: 0, ..Evaluation::default() };
        let modular = Modular { shortest: 2, longest: 3, addend: 9, factor: 3 };
        Plan {
            shape: Shape {
                hidden_size: width,
                layers: if full { 2 } else { 1 },
                heads: 4,
                kv_heads: 4,
                intermediate_size: width * 5 / 2,
                context: 96,
            },
            base: world::Base {
                rows: if full { 64 } else { 16 },
                most: if full { 4_000 } else { 30 },
                every: if full { 50 } else { 15 },
                until: 0.3,
                slip: 0.15,
                looks: if full { 300 } else { 8 },
            },
            checker: world::Checker {
                questions: if full { 8_000 } else { 16 },
                steps: if full { 800 } else { 4 },
                rows: if full { 64 } else { 8 },
            },
            recipe: Mistakes {
                prompts: PromptsConfig::Small,
                task: TaskConfig::Modular(modular),
                questions: if full { 1_500 } else { 16 },
                tries: 6,
                sampling: at(1.0),
                explain: Explain::Task,
                taxonomy: Taxonomy::of(&Mistake::ALL.map(Mistake::name)),
                tags: Tags { right: world::RIGHT.to_owned(), wrong: world::WRONG.to_owned() },
                sft: SftConfig {
                    lr: 1e-3,
                    schedule: Schedule { shape: Course::Linear, warmup: 10, floor: 0.1 },
                    amount: Amount::Steps { steps: if full { 2_500 } else { 4 } },
                    batch: Batch::Rows { rows: if full { 32 } else { 8 } },
                    ..Mistakes::default().sft
                },
                rethink: RethinkConfig {
                    checks: 0,
                    material: vec![Material::Types],
                    extract: false,
                    sampling: at(1.0),
                    checking: Sampling { max_tokens: 4, ..at(0.0) },
                    ..RethinkConfig::default()
                },
                watch: WatchConfig { test: nothing.clone(), validation: nothing, ..WatchConfig::default() },
                ..Mistakes::default()
            },
            questions: if full { 1_000 } else { 12 },
            rethought: if full { 4_000 } else { 12 },
        }
    }

    fn seed(&self, seed: u64, options: &ProofOptions<'_>) -> Result<Outcome> {
        let base = self.trained(seed, options)?;
        let before = arm("before", seed, options, Mistakes::CARD, |run| {
            let asked = |sampling| self.share(&base, None, sampling, run);
            let [greedy, sampled] = [at(0.0), at(1.0)].map(asked);
            Ok([greedy?, sampled?, world::side(&base, self.questions / 3, run)?])
        })?;
        let drift = Drift::of(&base, world::text(self, &base)?)?;
        let (mut arms, mut items, mut second) = (Vec::new(), Vec::new(), f64::NAN);
        for (name, data) in ARMS {
            let recipe = Mistakes { data, ..self.recipe.clone() };
            let lm = lab::copy(&base)?;
            // One name for all arms, so that they sample the same wrong rationales.
            let (found, track) = arm("tuning", seed, options, Mistakes::CARD, |run| recipe.run_on(&lm, run))?;
            if data == Data::TwoRight {
                let some = found.iter().filter(|item| item.second.is_some()).count();
                second = some as f64 / found.len().max(1) as f64;
            }
            items = found;
            let (tuned, _) = arm(name, seed, options, Mistakes::CARD, |run| {
                Ok(Tuned {
                    greedy: self.share(&lm, Some(true), at(0.0), run)?,
                    right: self.share(&lm, Some(true), at(1.0), run)?,
                    wrong: self.share(&lm, Some(false), at(1.0), run)?,
                    side: world::side(&lm, self.questions / 3, run)?,
                    drift: drift.kl(&lm)?,
                    track,
                })
            })?;
            arms.push(tuned);
        }
        let kinds = Mistake::ALL.map(|kind| items.iter().filter(|item| item.kind == kind.name()).count());
        let checker = self.checker(&base, seed, options)?;
        let (mut outcome, _) = arm("rethinking", seed, options, Mistakes::CARD, |run| {
            self.rethinking(&base, &checker, &items, run)
        })?;
        (outcome.before, outcome.arms, outcome.second) = (before.0, arms, second);
        outcome.kinds = (kinds, items.len());
        Ok(outcome)
    }

    /// The share of right answers to held-out questions, with a tag or without.
    fn share(&self, lm: &Lm, tag: Option<bool>, sampling: Sampling, run: &mut Run<'_>) -> Result<f64> {
        let task = match tag {
            Some(right) => self.recipe.open_task(right)?,
            None => self.recipe.task.open()?,
        };
        let judge = task.task.judge();
        let groups = lab::held_out(lm, &task, &*judge, (self.questions, 1), &sampling, run)?;
        Ok(lab::mean_of(&groups, "score"))
    }

    /// Rethinking with and without material, its rates taken from other questions.
    fn rethinking(&self, base: &Lm, checker: &Lm, items: &[Item], run: &mut Run<'_>) -> Result<Outcome> {
        let prompts = self.recipe.open_prompts()?;
        let how = &self.recipe.rethink;
        let shown = Remembered::draw(how, items, &prompts, &mut run.rng("material"))?;
        let task = self.recipe.task.open()?;
        let draw = |split| task.task.draw(split, self.rethought, &mut Seed::root(0).at("rethink", 0).rng());
        let (known, held_out) = (draw(Split::Validation)?, draw(Split::Test)?);
        let judge = Rethought(task.task.judge());
        let mut counts = |queries: &[Prompt],
                          checks: u32,
                          material: &Remembered,
                          who: &dyn Policy<Chat>|
         -> Result<Counts> {
            let how = RethinkConfig { checks, ..how.clone() };
            let rethink = Rethink { thinker: base, checker: who, prompts: &prompts, how: &how, material };
            let asks = Ask::each(queries, 1, &how.sampling);
            Ok(Counts::of(&run.evaluate("rethink", &rethink, &judge, asks)?))
        };
        let mut thoughts = |material: &Remembered| -> Result<Vec<Thought>> {
            let rates = counts(&known, 1, material, checker)?.rates();
            let one = |&checks: &u32| {
                let predicted = rates.accuracy(checks);
                let counts = counts(&held_out, checks, material, checker)?;
                Ok(Thought { counts, predicted, gain: predicted - rates.first })
            };
            CHECKS.iter().map(one).collect()
        };
        let (with, without) = (thoughts(&shown)?, thoughts(&Remembered::default())?);
        let blind = counts(&held_out, 1, &Remembered::default(), &Always)?;
        let asks = Ask::each(&held_out, 3, &how.sampling);
        let groups = run.evaluate("consistent", base, &*task.task.judge(), asks)?;
        let vote = |group: &Group<Chat>| {
            let answers: Vec<Option<String>> =
                group.tries.iter().map(|one| (task.vote)(&group.ask.query, &one.answer)).collect();
            let right: Vec<bool> = group.tries.iter().map(|one| right(&one.verdict)).collect();
            maj_at_k(&answers, &right, 3)
        };
        let consistent = mean(&groups.iter().filter_map(vote).collect::<Vec<_>>()).unwrap_or(f64::NAN);
        Ok(Outcome {
            before: [f64::NAN; 3],
            arms: Vec::new(),
            kinds: ([0; 3], 0),
            second: f64::NAN,
            consistent,
            shown: with,
            bare: without,
            blind,
        })
    }
}

fn at(temperature: f32) -> Sampling {
    Sampling { temperature, max_tokens: 40, ..Sampling::default() }
}

/// A check that flags everything.
struct Always;

impl Policy<Chat> for Always {
    fn propose(&self, asks: &[Ask<Chat>], _seeds: &[Seed]) -> Result<Proposals<Chat>> {
        let yes = |ask: &Ask<Chat>| {
            vec![Completion { text: "yes".to_owned(), ..Completion::default() }; ask.tries as usize]
        };
        Ok(Proposals { answers: asks.iter().map(yes).collect(), spend: autodidact_core::Spend::default() })
    }

    fn version(&self) -> Result<Version> {
        Ok(Version("always yes".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::{Silent, Stop};

    #[test]
    fn the_quick_proof_runs_to_its_end() {
        let options =
            ProofOptions { seeds: vec![0], scale: Scale::Quick, observer: &Silent, stop: Stop::default() };
        let report = (PROOF.run)(&options).expect("runs");
        assert_eq!(report.claims.len(), 8);
        assert_eq!(report.tables[0].rows.len(), 6);
        assert_eq!(report.tables[1].rows.len(), 9);
    }
}
