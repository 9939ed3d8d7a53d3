//! The proof of self-guide: does a model become better at a task by learning from its own answers to its own
//! inputs, and because of the vote?
//!
//! A small model learns twelve tasks on strings and to invent their inputs, from documents in which an
//! instruction is often taken for another, so that the plain prompt gets about 60 % right. From each base and
//! for each task the method and its ablations run on copies. Two tasks are taught the wrong way round as
//! well; there the method must not help.

mod report;
mod world;

use super::{Proof, ProofOptions, ProofReport, Scale, Track, arm, lab};
use crate::self_guide::{
    Balance, ByKind, Filters, Guide, Inputs, Outputs, Pair, SelfGuide, Switch, Wordings,
};
use crate::watch::WatchConfig;
use autodidact_core::chat::Sampling;
use autodidact_core::{Learn, Recipe, Result, Run, Seed};
use autodidact_lm::Lm;
use autodidact_math::schedule::{Schedule, Shape as Course};
use autodidact_parts::dataset::{self, Example};
use autodidact_parts::evaluate::Evaluation;
use autodidact_parts::learn::{Amount, Batch, Keep, Sft, SftConfig};
use autodidact_parts::monitor::Drift;
use autodidact_parts::task::instructions::Instruction;
use autodidact_parts::wording::PromptsConfig;
use autodidact_parts::{OpenTask, Shape};

/// The proof.
pub(crate) const PROOF: Proof = Proof {
    id: "self-guide",
    about: "twelve tasks on strings: own inputs, own labels by vote, against prompting and ablations",
    run,
};

/// The arms besides prompting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Arm {
    Full,
    ThreeExamples,
    NoVote,
    NoFilters,
    NoBalance,
}

impl Arm {
    const ALL: [Arm; 5] = [Arm::Full, Arm::ThreeExamples, Arm::NoVote, Arm::NoFilters, Arm::NoBalance];

    fn name(self) -> &'static str {
        match self {
            Arm::Full => "self-guide",
            Arm::ThreeExamples => "fine-tuned on the 3 examples",
            Arm::NoVote => "without self-consistency (n = 1)",
            Arm::NoFilters => "without filters",
            Arm::NoBalance => "without class balance",
        }
    }

    /// Balancing is for tasks with labels; elsewhere the arm would be the method itself.
    fn applies(self, task: Instruction) -> bool {
        self != Arm::NoBalance || !task.labels().is_empty()
    }
}

/// The tasks that are taught the wrong way round. Of the inputs that a model makes for the first, few have the
/// answer `yes`, so that balancing labels keeps those few; for the second both come equally often.
const CONTROLS: [Instruction; 2] = [Instruction::Ends, Instruction::Parity];

/// How large the experiment is.
struct Plan {
    world: world::World,
    tasks: Vec<Instruction>,
    recipe: SelfGuide,
    /// Test inputs a task.
    tests: u32,
}

/// What is measured of one arm on one task with one seed.
#[derive(Clone, Debug)]
struct Outcome {
    task: Instruction,
    arm: Option<Arm>,
    /// Share of test inputs answered right, greedily.
    exact: f64,
    /// The same on another task.
    other: f64,
    /// Drift from the base, in nats a token of answers to all tasks.
    kl: f64,
    track: Track,
}

/// All outcomes of one seed.
struct Found {
    outcomes: Vec<Outcome>,
    /// Under the plain prompt and after the method, in the order of [`CONTROLS`].
    controls: Vec<[Outcome; 2]>,
}

fn run(options: &ProofOptions<'_>) -> Result<ProofReport> {
    let plan = Plan::of(options.scale);
    let mut found = Vec::new();
    for &seed in &options.seeds {
        found.push(plan.seed(seed, options)?);
    }
    Ok(report::report(&plan, &found, options))
}

impl Plan {
    fn of(scale: Scale) -> Plan {
        let full = scale == Scale::Full;
        let width = if full { 96 } else { 32 };
        let nothing = Evaluation { problems: 0, ..Evaluation::default() };
        let both = |switch| ByKind { classification: switch, generation: switch };
        let tests = if full { 200 } else { 16 };
        Plan {
            world: world::World {
                shape: Shape {
                    hidden_size: width,
                    layers: if full { 2 } else { 1 },
                    heads: width / 16,
                    kv_heads: width / 16,
                    intermediate_size: width * 5 / 2,
                    context: 112,
                },
                lr: 3e-3,
                rows: if full { 32 } else { 8 },
                steps: if full { 5_000 } else { 40 },
                clear: world::Taken { right: 0.75, wrong: 0.1 },
                unclear: world::Taken { right: 0.22, wrong: 0.32 },
                show: 4,
                right_steps: if full { 3_000 } else { 20 },
            },
            tasks: if full {
                Instruction::ALL.to_vec()
            } else {
                vec![Instruction::Largest, Instruction::Ends]
            },
            recipe: SelfGuide {
                prompts: PromptsConfig::Small,
                inputs: Inputs {
                    epochs: if full { 40 } else { 3 },
                    show: 4,
                    sampling: Sampling { top_k: 40, max_tokens: 8, ..Sampling::default() },
                    ..Inputs::default()
                },
                outputs: Outputs {
                    least_share: 0.6,
                    sampling: Sampling { temperature: 1.0, top_k: 10, max_tokens: 14, ..Sampling::default() },
                    ..Outputs::default()
                },
                filters: Filters {
                    input_length: both(Switch::Off),
                    output_length: both(Switch::Off),
                    ..Filters::default()
                },
                epochs: 3,
                sft: SftConfig {
                    lr: 8e-4,
                    schedule: Schedule { shape: Course::Linear, warmup: 0, floor: 0.0 },
                    ..SelfGuide::default().sft
                },
                watch: WatchConfig {
                    test: Evaluation {
                        problems: tests,
                        tries: 0,
                        k: 1,
                        sampling: Sampling { max_tokens: 14, ..Sampling::default() },
                        ..Evaluation::default()
                    },
                    validation: nothing,
                    ..WatchConfig::default()
                },
                ..SelfGuide::default()
            },
            tests,
        }
    }

    fn seed(&self, seed: u64, options: &ProofOptions<'_>) -> Result<Found> {
        let base = world::taught(&self.world, &self.tasks, seed, options)?;
        let drift = Drift::of(&base.lm, base.held_out.clone())?;
        let mut outcomes = Vec::new();
        for &task in &self.tasks {
            outcomes.push(self.prompting(task, &base.lm, &drift, seed, options)?);
            for arm in Arm::ALL.into_iter().filter(|arm| arm.applies(task)) {
                outcomes.push(self.arm(arm, task, &base.lm, &drift, seed, options)?);
            }
        }
        let control = |task: Instruction| {
            let wrong = world::misled(&self.world, &base.lm, task, seed, options)?;
            Ok([
                self.prompting(task, &wrong, &drift, seed, options)?,
                self.arm(Arm::Full, task, &wrong, &drift, seed, options)?,
            ])
        };
        let controls = CONTROLS.into_iter().map(control).collect::<Result<_>>()?;
        Ok(Found { outcomes, controls })
    }

    fn recipe(&self, task: Instruction) -> SelfGuide {
        SelfGuide { task: Guide::Instruction { instruction: task, examples: 3 }, ..self.recipe.clone() }
    }

    /// The base under the plain prompt.
    fn prompting(
        &self,
        task: Instruction,
        lm: &Lm,
        drift: &Drift,
        seed: u64,
        options: &ProofOptions<'_>,
    ) -> Result<Outcome> {
        let recipe = self.recipe(task);
        let ((exact, other), track) = arm("prompting", seed, options, SelfGuide::CARD, |run| {
            let tasks = self.tasks_of(&recipe, task, run)?;
            Ok((self.exact(&tasks[0], lm, run)?, self.exact(&tasks[1], lm, run)?))
        })?;
        Ok(Outcome { task, arm: None, exact, other, kl: drift.kl(lm)?, track })
    }

    fn arm(
        &self,
        one: Arm,
        task: Instruction,
        base: &Lm,
        drift: &Drift,
        seed: u64,
        options: &ProofOptions<'_>,
    ) -> Result<Outcome> {
        let lm = lab::copy(base)?;
        let mut recipe = self.recipe(task);
        match one {
            Arm::Full | Arm::ThreeExamples => {}
            Arm::NoVote => recipe.outputs = Outputs { tries: 1, least_share: 0.0, ..recipe.outputs },
            Arm::NoFilters => recipe.filters.rules = Switch::Off,
            Arm::NoBalance => recipe.balance = Balance::Off,
        }
        let name = format!("{} {}", task.text(), one.name());
        let ((exact, other), track) = arm(&name, seed, options, SelfGuide::CARD, |run| {
            // Opened before the first round, as the recipe does, so that all show the same examples.
            let tasks = self.tasks_of(&recipe, task, run)?;
            match one {
                Arm::ThreeExamples => self.on_examples(&recipe, &lm, run)?,
                _ => drop(recipe.run_on(&lm, run)?),
            }
            Ok((self.exact(&tasks[0], &lm, run)?, self.exact(&tasks[1], &lm, run)?))
        })?;
        Ok(Outcome { task, arm: Some(one), exact, other, kl: drift.kl(&lm)?, track })
    }

    /// The task and another one, as they are measured.
    fn tasks_of(&self, recipe: &SelfGuide, task: Instruction, run: &Run<'_>) -> Result<[OpenTask; 2]> {
        let wordings = Wordings::open(&recipe.prompts)?;
        let own = recipe.task.open(wordings.clone(), run)?.measured();
        Ok([own, self.recipe(another(task)).task.open(wordings, run)?.measured()])
    }

    /// The share of test inputs that `lm` answers right, greedily.
    fn exact(&self, task: &OpenTask, lm: &Lm, run: &mut Run<'_>) -> Result<f64> {
        let judge = task.task.judge();
        let measured = self.recipe.watch.test.run("exact", lm, task, &*judge, run)?;
        Ok(measured.and_then(|one| one.scores.greedy).map_or(f64::NAN, |greedy| greedy.value))
    }

    /// Fine-tunes on each example under a prompt that shows the others, for as many updates as the method
    /// makes at most.
    fn on_examples(&self, recipe: &SelfGuide, lm: &Lm, run: &mut Run<'_>) -> Result<()> {
        let wordings = Wordings::open(&recipe.prompts)?;
        let task = recipe.task.open(wordings.clone(), run)?;
        let mut examples = Vec::new();
        for (place, pair) in task.examples.iter().enumerate() {
            let mut others: Vec<Pair> = task.examples.clone();
            others.remove(place);
            let prompt =
                wordings.answer(format!("example/{place}"), &task.instruction, &others, &pair.input)?;
            examples.push(Example::kept(prompt, pair.output.clone()));
        }
        let data = dataset::record(run, "data", lm, examples)?;
        let config = SftConfig {
            amount: Amount::Epochs { epochs: recipe.epochs },
            batch: Batch::Rows { rows: 1 },
            ..recipe.sft.clone()
        };
        let mut learner = Sft::around(lm, &config, Keep::All)?;
        learner.learn(&data, run.seed("examples"))?;
        Ok(())
    }
}

/// The task on which a specialist for `task` is measured besides.
fn another(task: Instruction) -> Instruction {
    let place = Instruction::ALL.iter().position(|one| *one == task).unwrap_or(0);
    Instruction::ALL[(place + 1) % Instruction::ALL.len()]
}

/// A generator for one purpose of one seed.
fn stream(seed: u64, label: &str) -> Seed {
    Seed::root(seed).at("self-guide", 0).at(label, 0)
}

#[cfg(test)]
mod tests;
