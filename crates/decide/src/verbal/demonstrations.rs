//! A teacher's trajectory as data for a language model: few-shot examples and rows to fine-tune on.
//!
//! EVOLvE (arXiv 2410.06238, section 4.2) distils an exploration algorithm in two ways: a few decision
//! points of one trajectory in the prompt, or all of many trajectories as rows for fine-tuning. Each
//! row pairs what the teacher knew at step t with what it did there, so the student imitates how a
//! policy improves, not the policy that it ends with.

use super::history::{History, Step};
use super::wording::{Instruction, Speech};
use serde::{Deserialize, Serialize};

/// A decision of a teacher, as a student is asked for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// How many interactions came before.
    pub step: u64,
    /// What is shown of them.
    pub history: String,
    /// The question.
    pub query: String,
    /// The name of the arm that the teacher chose: the right answer.
    pub label: String,
    /// The arm itself.
    pub arm: u32,
}

/// One decision a step of the trajectory, in order.
pub fn decisions(speech: &Speech, history: &History, steps: &[Step]) -> Vec<Decision> {
    let decision = |(i, step): (usize, &Step)| Decision {
        step: i as u64,
        history: history.text(speech, &steps[..i]),
        query: history.query(speech, &steps[..i], &step.features),
        label: speech.names.get(step.arm as usize).cloned().unwrap_or_default(),
        arm: step.arm,
    };
    steps.iter().enumerate().map(decision).collect()
}

/// What a model reads before it decides: instruction, examples (empty without), history, question.
pub fn prompt(instruction: &str, examples: &str, history: &str, query: &str) -> String {
    let parts = [instruction, examples, history, query];
    let parts: Vec<&str> =
        parts.iter().filter(|part| !part.is_empty()).map(|part| part.trim_start()).collect();
    parts.join("\n")
}

/// A row to fine-tune on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What the model reads.
    pub prompt: String,
    /// What it is to answer.
    pub completion: String,
}

/// Rows for fine-tuning on a teacher's behaviour, one a step.
pub fn rows(speech: &Speech, version: Instruction, history: &History, steps: &[Step]) -> Vec<Row> {
    let instruction = speech.instruction(version);
    let row = |decision: Decision| Row {
        prompt: prompt(&instruction, "", &decision.history, &decision.query),
        completion: decision.label,
    };
    decisions(speech, history, steps).into_iter().map(row).collect()
}

/// Values as JSON Lines.
pub fn lines<T: Serialize>(values: &[T]) -> serde_json::Result<String> {
    let mut out = String::new();
    for value in values {
        out.push_str(&serde_json::to_string(value)?);
        out.push('\n');
    }
    Ok(out)
}

/// Which decisions of a trajectory become examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FewShot {
    /// How many decisions at the start are passed over, being too easy.
    pub skip_first: usize,
    /// Of the others every so many-th is taken, at least 1.
    pub every: usize,
    /// How many examples at most.
    pub examples: usize,
}

impl Default for FewShot {
    fn default() -> FewShot {
        FewShot { skip_first: 2, every: 2, examples: 5 }
    }
}

/// What parts examples.
const RULE: &str = "========================\n";

impl FewShot {
    /// The decisions that are taken, in order.
    pub fn of<'a>(&self, decisions: &'a [Decision]) -> Vec<&'a Decision> {
        decisions.iter().skip(self.skip_first).step_by(self.every.max(1)).take(self.examples).collect()
    }

    /// The examples as they stand between the instruction and the current history; empty without any.
    pub fn text(&self, decisions: &[Decision]) -> String {
        let chosen = self.of(decisions);
        if chosen.is_empty() {
            return String::new();
        }
        let mut out = format!("{}{RULE}", include_str!("prompts/examples.txt"));
        for decision in chosen {
            let Decision { history, query, label, .. } = decision;
            out.push_str(&format!("{history}\n{}\n{label}\n{RULE}", query.trim_end()));
        }
        out
    }
}
