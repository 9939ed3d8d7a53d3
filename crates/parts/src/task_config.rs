//! Which problems a run works on.

use crate::evaluate::Vote;
use crate::problems::ProblemFile;
use crate::task::colours::Colours;
use crate::task::dialogues::Dialogues;
use crate::task::instructions::Instructions;
use crate::task::modular::{Modular, ModularProblem};
use crate::task::operators::Operators;
use crate::task::programs::{Programs, number, trace};
use crate::task::puzzles::{Puzzles, said};
use crate::task::two_steps::{self, Annotator, TwoStepAnnotator, TwoSteps};
use crate::task::{SuiteConfig, check_reply};
use crate::web::{MiniWeb, Next};
use autodidact_core::chat::{Chat, Completion, Prompt};
use autodidact_core::{Result, Task};
use serde::{Deserialize, Serialize};

/// A task by where its problems come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TaskConfig {
    /// Generated problems.
    Suite(SuiteConfig),
    /// The user's own problems.
    Problems(Box<ProblemFile>),
    /// Chained arithmetic modulo 100, whose steps a critic can score.
    Modular(Modular),
    /// Expressions answered by straight-line programs.
    Programs(Programs),
    /// Sentences that are rewarded for colour words; no answer is right or wrong.
    Colours(Colours),
    /// Small tasks on strings, each named by an instruction.
    Instructions(Instructions),
    /// Two-step word problems and sums with worked steps, which an annotator can criticise.
    TwoSteps(TwoSteps),
    /// Small puzzles of five kinds with worked rationales.
    Puzzles(Puzzles),
    /// Questions whose answers keep written rules or do not.
    Dialogues(Dialogues),
    /// An operator that means different things in different talk.
    Operators(Operators),
    /// The next step on small web sites, in the wording for small models.
    Web(MiniWeb),
}

impl Default for TaskConfig {
    fn default() -> TaskConfig {
        TaskConfig::Suite(SuiteConfig::default())
    }
}

/// A task that is ready to be asked.
pub struct OpenTask {
    /// Queries, their judge and their reference solutions.
    pub task: Box<dyn Task<Chat>>,
    /// What an answer votes for.
    pub vote: Box<Vote>,
}

impl TaskConfig {
    /// Fails on settings that cannot work, without touching files.
    pub fn check(&self) -> Result<()> {
        match self {
            TaskConfig::Suite(suite) => suite.open().map(drop),
            TaskConfig::Problems(file) => file.check(),
            TaskConfig::Modular(modular) => modular.check("task"),
            TaskConfig::Programs(programs) => programs.check("task"),
            TaskConfig::Colours(colours) => colours.check("task"),
            TaskConfig::Instructions(instructions) => instructions.check("task"),
            TaskConfig::TwoSteps(problems) => problems.check("task"),
            TaskConfig::Puzzles(puzzles) => puzzles.check("task"),
            TaskConfig::Dialogues(dialogues) => dialogues.check("task"),
            TaskConfig::Operators(operators) => operators.check("task"),
            TaskConfig::Web(web) => web.check("task"),
        }
    }

    /// Opens the task, reading its files if it has any.
    pub fn open(&self) -> Result<OpenTask> {
        Ok(match self {
            TaskConfig::Suite(suite) => {
                OpenTask { task: Box::new(suite.open()?), vote: Box::new(generated_vote) }
            }
            TaskConfig::Problems(file) => {
                let problems = file.open()?;
                let checker = problems.checker().clone();
                let vote = move |prompt: &Prompt, answer: &Completion| checker.answer(prompt, answer);
                OpenTask { task: Box::new(problems), vote: Box::new(vote) }
            }
            TaskConfig::Modular(modular) => {
                modular.check("task")?;
                OpenTask { task: Box::new(modular.clone()), vote: Box::new(modular_vote) }
            }
            TaskConfig::Programs(programs) => {
                programs.check("task")?;
                OpenTask { task: Box::new(programs.clone()), vote: Box::new(program_vote) }
            }
            TaskConfig::Colours(colours) => {
                colours.check("task")?;
                OpenTask { task: Box::new(colours.clone()), vote: Box::new(|_, _| None) }
            }
            TaskConfig::Instructions(instructions) => {
                instructions.check("task")?;
                let vote = |_: &Prompt, answer: &Completion| Some(answer.text.trim().to_owned());
                OpenTask { task: Box::new(instructions.clone()), vote: Box::new(vote) }
            }
            TaskConfig::TwoSteps(problems) => {
                problems.check("task")?;
                OpenTask { task: Box::new(problems.clone()), vote: Box::new(two_step_vote) }
            }
            TaskConfig::Puzzles(puzzles) => {
                puzzles.check("task")?;
                let vote = |_: &Prompt, answer: &Completion| said(&answer.text);
                OpenTask { task: Box::new(puzzles.clone()), vote: Box::new(vote) }
            }
            TaskConfig::Dialogues(dialogues) => {
                dialogues.check("task")?;
                OpenTask { task: Box::new(dialogues.clone()), vote: Box::new(|_, _| None) }
            }
            TaskConfig::Operators(operators) => {
                operators.check("task")?;
                let vote = |_: &Prompt, answer: &Completion| Some(answer.text.trim().to_owned());
                OpenTask { task: Box::new(operators.clone()), vote: Box::new(vote) }
            }
            TaskConfig::Web(web) => {
                web.check("task")?;
                OpenTask { task: Box::new(web.small_steps()), vote: Box::new(call_vote) }
            }
        })
    }

    /// Someone who criticises answers to these problems in words, where somebody does.
    pub fn annotator(&self) -> Option<Box<dyn Annotator>> {
        match self {
            TaskConfig::TwoSteps(_) => Some(Box::new(TwoStepAnnotator)),
            _ => None,
        }
    }
}

/// The final value of a two-step problem.
fn two_step_vote(prompt: &Prompt, answer: &Completion) -> Option<String> {
    two_steps::asked(prompt)?.check(&answer.text).answer
}

/// The final answer to a generated problem in canonical form.
fn generated_vote(prompt: &Prompt, answer: &Completion) -> Option<String> {
    check_reply(prompt, &answer.text).ok()?.answer
}

/// The final value of a chain.
fn modular_vote(prompt: &Prompt, answer: &Completion) -> Option<String> {
    ModularProblem::parse(prompt.field("text")?)?.check(&answer.text).answer
}

/// The value that a program computes.
fn program_vote(_prompt: &Prompt, answer: &Completion) -> Option<String> {
    trace(&answer.text).ok()?.last()?.answer().map(number)
}

/// The call of a step.
fn call_vote(_prompt: &Prompt, answer: &Completion) -> Option<String> {
    Next::parse(&answer.text).ok().map(|next| next.action.render())
}
