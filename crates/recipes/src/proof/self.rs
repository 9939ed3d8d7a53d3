//! The proof of self: does a model that can criticise teach itself to answer?
//!
//! A small model has seen the columns of sums, texts to repeat, lists of questions and some answers; it gets about
//! a third of the problems right. An annotator criticises 800 of its answers. Copies of it go on from there: on
//! the annotator's answers alone, on the meta corpus, and on rounds of self-evolution in every mode, without the
//! filter, without refinement, with a filter that knows the truth, and with right answers to every question, the
//! bound that no self-training reaches.

#[path = "self/report.rs"]
mod report;
#[path = "self/world.rs"]
mod world;

use super::{Proof, ProofOptions, ProofReport, Scale, Track, arm, lab};
use crate::self_::accounting::Confusion;
use crate::self_::{
    By, Criticism, Direct, Filter, Instruct, Later, Material, Meta, Mode, Refine, Roles, SelfEvolution,
    Target, Voices,
};
use crate::watch::WatchConfig;
use autodidact_core::chat::{Chat, Prompt, Sampling};
use autodidact_core::{Ask, Group, Policy, Recipe, Result, Run, Seed, Split};
use autodidact_lm::Lm;
use autodidact_math::schedule::{Schedule, Shape as Course};
use autodidact_parts::dataset::{self, Example};
use autodidact_parts::evaluate::Evaluation;
use autodidact_parts::judge::right;
use autodidact_parts::learn::{Amount, Batch, Keep, Restart, Sft, SftConfig};
use autodidact_parts::monitor::Drift;
use autodidact_parts::task::two_steps::{TwoStepAnnotator, TwoSteps};
use autodidact_parts::wording::PromptsConfig;
use autodidact_parts::{OpenTask, Shape, TaskConfig};
use std::collections::BTreeSet;
use world::{Until, World};

/// The proof.
pub const PROOF: Proof = Proof {
    id: "self",
    about: "criticism that a model learned from few examples lifts its own answers, round by round",
    run,
};

/// What an arm does after the base is there.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Does {
    /// Nothing.
    Base,
    /// Learns the annotator's answers.
    Answers,
    /// The same with as many updates as the whole of self-evolution.
    AnswersLonger,
    /// Learns the meta corpus.
    Meta,
    /// Learns the meta corpus and evolves.
    Evolves(Mode, Filter, Target),
    /// Learns right answers to all questions.
    Gold,
}

use Does::{Answers, AnswersLonger, Base, Evolves, Gold};

/// The arms by name.
const ARMS: [(&str, Does); 11] = [
    ("base", Base),
    ("base + D_QA", Answers),
    ("base + D_QA, equal updates", AnswersLonger),
    ("M_meta", Does::Meta),
    ("SELF, restart", Evolves(Mode::Restart, Filter::Verdict, Target::Refined)),
    ("SELF, continual mixed", Evolves(Mode::ContinualMixed, Filter::Verdict, Target::Refined)),
    ("SELF, continual D_self only", Evolves(Mode::ContinualOnly, Filter::Verdict, Target::Refined)),
    ("SELF without filter", Evolves(Mode::Restart, Filter::None, Target::Refined)),
    ("SELF without refinement", Evolves(Mode::Restart, Filter::Verdict, Target::Response)),
    ("SELF, oracle filter", Evolves(Mode::Restart, Filter::Oracle, Target::Refined)),
    ("gold answers to all", Gold),
];
const D_QA: usize = 1;
const META: usize = 3;
const RESTART: usize = 4;
const MIXED: usize = 5;
const ONLY: usize = 6;

/// How large the experiment is.
struct Plan {
    shape: Shape,
    /// When the base is as weak as it should be.
    base: Until,
    recipe: SelfEvolution,
    meta: usize,
    held_out: usize,
}

/// What every arm of a seed begins with.
struct Start {
    base: Lm,
    /// The weights after the meta corpus.
    taught: Vec<f32>,
    corpus: Vec<Group<Chat>>,
    unlabelled: Vec<Prompt>,
    /// Held-out questions with the base's answers, and whether these are right.
    answered: Vec<(Prompt, String, bool)>,
    drift: Drift,
}

/// What is measured of one arm with one seed.
struct Outcome {
    track: Track,
    /// Share of held-out problems solved at once.
    direct: f64,
    /// The same with one refinement.
    refined: f64,
    /// Verdicts on the base's answers to held-out problems.
    verdicts: Confusion,
    /// Share of words whose following letters are right, which no arm trains.
    other_skills: f64,
    kl: f64,
}

fn run(options: &ProofOptions<'_>) -> Result<ProofReport> {
    let plan = Plan::of(options.scale);
    let task = plan.recipe.task.open()?;
    let mut outcomes: Vec<Vec<Outcome>> = ARMS.iter().map(|_| Vec::new()).collect();
    for &seed in &options.seeds {
        let start = plan.start(&task, seed, options)?;
        for (&(name, does), outcomes) in ARMS.iter().zip(&mut outcomes) {
            outcomes.push(plan.run(name, does, &start, &task, seed, options)?);
        }
    }
    Ok(report::report(&plan, &outcomes, options))
}

impl Plan {
    fn of(scale: Scale) -> Plan {
        let full = scale == Scale::Full;
        let width = if full { 64 } else { 32 };
        let meta = if full { 800 } else { 24 };
        let nothing = Evaluation { problems: 0, ..Evaluation::default() };
        let greedy = |max_tokens| Sampling { temperature: 0.2, max_tokens, ..Sampling::default() };
        let pattern = r"^(\d{2}\+\d{2}\+\d{2}|[a-z]{3} has \d{2} [a-z]{4}, (finds \d{2}, then \d{2}|[a-z]{3} \d{2} more, both))\?$";
        Plan {
            shape: Shape {
                hidden_size: width,
                layers: if full { 3 } else { 1 },
                heads: width / 16,
                kv_heads: width / 16,
                intermediate_size: width * 5 / 2,
                context: 160,
            },
            base: Until {
                most: if full { 1_500 } else { 20 },
                rows: if full { 64 } else { 16 },
                every: 10,
                share: 0.35,
            },
            recipe: SelfEvolution {
                prompts: PromptsConfig::Small,
                criticism: Criticism::Separate,
                task: TaskConfig::TwoSteps(TwoSteps { largest: 49, ..TwoSteps::default() }),
                meta: Meta::Annotator { prompts: meta as u32 },
                rounds: if full { 3 } else { 2 },
                questions: if full { 500 } else { 24 },
                later: Later::SelfInstruct(Instruct {
                    by: By::First,
                    examples: 2,
                    sampling: Sampling { temperature: 0.8, max_tokens: 48, ..Sampling::default() },
                    pattern: pattern.to_owned(),
                    near: 0.9,
                    agree: 0,
                }),
                answering: greedy(28),
                criticising: greedy(32),
                sft: SftConfig {
                    lr: 2e-3,
                    schedule: Schedule { shape: Course::Linear, warmup: 10, floor: 0.1 },
                    amount: Amount::Epochs { epochs: if full { 6 } else { 1 } },
                    batch: Batch::Rows { rows: 16 },
                    restart: Restart::Weights,
                    ..SftConfig::default()
                },
                watch: WatchConfig { test: nothing.clone(), validation: nothing, ..WatchConfig::default() },
                ..SelfEvolution::default()
            },
            meta,
            held_out: if full { 500 } else { 16 },
        }
    }

    /// The base, what the meta corpus makes of it, and the questions of the rounds.
    fn start(&self, task: &OpenTask, seed: u64, options: &ProofOptions<'_>) -> Result<Start> {
        let world = World::of(&self.recipe.task, seed)?;
        let roles = self.recipe.roles(&self.recipe.prompts)?;
        let probe = task.task.draw(Split::Validation, 200, &mut Seed::root(seed).at("probe", 0).rng())?;
        let asks = Ask::each(&probe, 1, &self.recipe.answering);
        let base = world.base(self.shape, &self.base, options, |lm| {
            let seeds = vec![Seed::root(seed).at("probe", 1); asks.len()];
            let answers = Direct::of(lm, &roles).propose(&asks, &seeds)?.answers;
            let verdicts = task.task.judge().judge(&asks, &answers)?.verdicts;
            Ok(verdicts.iter().flatten().filter(|verdict| right(verdict)).count() as f64 / asks.len() as f64)
        })?;
        let taught = lab::copy(&base)?;
        let mut learner = self.recipe.learner(&taught)?;
        let voices = Voices { lm: &taught, policy: &taught, writer: &base, roles: &roles, student: &roles };
        let ((corpus, unlabelled, answered), _) =
            arm("meta corpus", seed, options, SelfEvolution::CARD, |run| {
                let answered = self.answered(&base, &roles, task, run)?;
                let n = self.meta + self.recipe.questions as usize;
                let mut drawn = task.task.draw(Split::Train, n, &mut run.rng("questions"))?;
                let unlabelled = drawn.split_off(self.meta);
                let corpus = self.recipe.meta_corpus(&voices, Some(&TwoStepAnnotator), &drawn, run)?;
                run.learn("meta-learn", &mut learner, &corpus)?;
                Ok((corpus, unlabelled, answered))
            })?;
        let drift = Drift::of(&base, world.held_out(&base)?)?;
        let taught = taught.model().weights().clone();
        Ok(Start { base, taught, corpus, unlabelled, answered, drift })
    }

    /// Held-out questions with the base's answers.
    fn answered(
        &self,
        base: &Lm,
        roles: &Roles,
        task: &OpenTask,
        run: &mut Run<'_>,
    ) -> Result<Vec<(Prompt, String, bool)>> {
        let judge = task.task.judge();
        let direct = Direct::of(base, roles);
        let asks = Ask::each(&self.problems(task)?, 1, &self.recipe.answering);
        let groups = run.evaluate("answered", &direct, &*judge, asks)?;
        let one = |group: Group<Chat>| {
            let one = group.tries.into_iter().next()?;
            Some((group.ask.query, one.answer.text, right(&one.verdict)))
        };
        Ok(groups.into_iter().filter_map(one).collect())
    }

    /// The problems that everything is measured on.
    fn problems(&self, task: &OpenTask) -> Result<Vec<Prompt>> {
        task.task.draw(Split::Test, self.held_out, &mut Seed::root(0).at("held out", 0).rng())
    }

    fn run(
        &self,
        name: &str,
        does: Does,
        start: &Start,
        task: &OpenTask,
        seed: u64,
        options: &ProofOptions<'_>,
    ) -> Result<Outcome> {
        let roles = self.recipe.roles(&self.recipe.prompts)?;
        let lm = lab::copy(&start.base)?;
        let teach = || lm.model().update(|weights| weights.copy_from_slice(&start.taught));
        let (outcome, track) = arm(name, seed, options, SelfEvolution::CARD, |run| {
            match does {
                Base => {}
                Answers | AnswersLonger => {
                    let rows: Vec<Group<Chat>> = start
                        .corpus
                        .iter()
                        .filter(|group| group.ask.query.id.ends_with("/answer"))
                        .cloned()
                        .collect();
                    let amount = if does == Answers { self.recipe.sft.amount } else { self.updates() };
                    self.fit(&lm, amount, &rows, run)?;
                }
                Does::Meta => teach(),
                Evolves(mode, filter, target) => {
                    let recipe = SelfEvolution { mode, filter, target, ..self.recipe.clone() };
                    let mut learner = recipe.learner(&lm)?;
                    teach();
                    let voices =
                        Voices { lm: &lm, policy: &lm, writer: &start.base, roles: &roles, student: &roles };
                    let material = Material { task, corpus: &start.corpus, unlabelled: &start.unlabelled };
                    recipe.evolve(&voices, &material, &mut learner, run, |_, run| {
                        self.solved("validation", &Direct::of(&lm, &roles), task, run).map(drop)
                    })?;
                }
                Gold => {
                    let rows = self.gold(&lm, &roles, start, task, run)?;
                    self.fit(&lm, self.recipe.sft.amount, &rows, run)?;
                }
            }
            self.measure(&lm, &roles, start, task, seed, run)
        })?;
        Ok(Outcome { track, ..outcome })
    }

    /// As many updates as the last round of SELF makes when it begins anew and keeps all pairs.
    fn updates(&self) -> Amount {
        let rows = 3 * self.meta + (self.recipe.rounds * self.recipe.questions) as usize;
        let (Amount::Epochs { epochs }, Batch::Rows { rows: batch }) =
            (self.recipe.sft.amount, self.recipe.sft.batch)
        else {
            return self.recipe.sft.amount;
        };
        Amount::Steps { steps: u64::from(epochs) * (rows as u64).div_ceil(u64::from(batch)) }
    }

    fn fit(&self, lm: &Lm, amount: Amount, rows: &[Group<Chat>], run: &mut Run<'_>) -> Result<()> {
        let config = SftConfig { amount, ..self.recipe.sft.clone() };
        run.learn("learn", &mut Sft::around(lm, &config, Keep::All)?, rows).map(drop)
    }

    /// Right answers to the prompts of the meta corpus and to as many questions as all rounds have.
    fn gold(
        &self,
        lm: &Lm,
        roles: &Roles,
        start: &Start,
        task: &OpenTask,
        run: &mut Run<'_>,
    ) -> Result<Vec<Group<Chat>>> {
        let more = (self.recipe.rounds.saturating_sub(1) * self.recipe.questions) as usize;
        let mut questions = task.task.draw(Split::Train, self.meta + more, &mut run.rng("gold"))?;
        questions.extend(start.unlabelled.iter().cloned());
        let mut seen = BTreeSet::new();
        questions.retain(|question| seen.insert(question.id.clone()));
        let example = |question: &Prompt| {
            let gold = task.task.gold(question).unwrap_or_default();
            Ok(Example::kept(roles.answer(question)?, gold.text))
        };
        dataset::record(run, "data", lm, questions.iter().map(example).collect::<Result<_>>()?)
    }

    fn measure(
        &self,
        lm: &Lm,
        roles: &Roles,
        start: &Start,
        task: &OpenTask,
        seed: u64,
        run: &mut Run<'_>,
    ) -> Result<Outcome> {
        let direct = self.solved("direct", &Direct::of(lm, roles), task, run)?;
        let refined = self.solved("refined", &Refine::of(lm, roles, &*task.vote, 1), task, run)?;
        let prompts: Vec<Prompt> = start
            .answered
            .iter()
            .map(|(question, answer, _)| roles.criticise(question, answer))
            .collect::<Result<_>>()?;
        let said = run.evaluate("verdicts", lm, roles.verdict(), roles.criticising(&prompts))?;
        let mut verdicts = Confusion::default();
        for (group, (_, _, right)) in said.iter().zip(&start.answered) {
            let good = group.tries.first().and_then(|one| one.verdict.value()).map(|value| value > 0.5);
            verdicts.add(*right, good);
        }
        let other_skills = World::of(&self.recipe.task, seed)?.other_skills(lm, self.held_out, run)?;
        let kl = start.drift.kl(lm)?;
        run.note("other_skills", other_skills)?;
        run.note("kl_from_base", kl)?;
        Ok(Outcome { track: Track::default(), direct, refined, verdicts, other_skills, kl })
    }

    /// The share of held-out problems that the policy solves.
    fn solved(
        &self,
        stage: &str,
        policy: &dyn Policy<Chat>,
        task: &OpenTask,
        run: &mut Run<'_>,
    ) -> Result<f64> {
        let judge = task.task.judge();
        let knobs = Sampling { temperature: 0.0, ..self.recipe.criticising.clone() };
        let groups = run.evaluate(stage, policy, &*judge, Ask::each(&self.problems(task)?, 1, &knobs))?;
        let share = lab::mean_of(&groups, "score");
        run.note(&format!("{stage}/greedy"), share)?;
        Ok(share)
    }
}

#[cfg(test)]
#[path = "self/tests.rs"]
mod tests;
