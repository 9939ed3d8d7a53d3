//! The one task that a run is about: an instruction, a few examples and perhaps labels.

use super::labels::{last, plain};
use super::prompts::Wordings;
use autodidact_core::chat::{Chat, Completion, Prompt};
use autodidact_core::{Ask, Error, Judge, Judged, Result, Rng, Run, Split, Task, Verdict};
use autodidact_math::rouge::rouge_l;
use autodidact_parts::OpenTask;
use autodidact_parts::filter::{Contaminated, Rule, When};
use autodidact_parts::task::instructions::Instruction;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// An input and its output.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// What is given.
    pub input: String,
    /// What is right.
    pub output: String,
}

/// Where the task comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Guide {
    /// One of the generated tasks on strings, whose truth is known.
    Instruction {
        /// Which.
        instruction: Instruction,
        /// Examples, drawn by the run's seed; of each label where there are labels.
        #[serde(default = "three")]
        examples: u32,
    },
    /// A task in the user's own words.
    Described {
        /// What to do, as the model is told.
        instruction: String,
        /// A few inputs with their outputs.
        #[serde(default)]
        examples: Vec<Pair>,
        /// More examples as one text of `[input]="..."` and `[output]="..."` pairs.
        #[serde(default)]
        examples_text: String,
        /// The labels that an output may be; none for free outputs.
        #[serde(default)]
        labels: Vec<String>,
        /// Solved inputs to measure on; nothing learns from them. With none, nothing is measured.
        #[serde(default)]
        held_out: Vec<Pair>,
    },
}

fn three() -> u32 {
    3
}

impl Guide {
    /// Fails on a task without an instruction or examples.
    pub fn check(&self) -> Result<()> {
        match self {
            Guide::Instruction { examples: 0, .. } => Err(Error::invalid("task.examples", "at least 1", 0)),
            Guide::Instruction { .. } => Ok(()),
            Guide::Described { instruction, examples, examples_text, labels, .. } => {
                if instruction.trim().is_empty() {
                    return Err(Error::invalid("task.instruction", "what to do, in words", "empty"));
                }
                if examples.len() + pairs(examples_text).len() == 0 {
                    return Err(Error::invalid("task.examples", "at least 1 input with its output", 0));
                }
                if labels.len() == 1 || labels.iter().any(|label| label.trim().is_empty()) {
                    let rule = "none, or at least two that are not empty";
                    return Err(Error::invalid("task.labels", rule, format!("{labels:?}")));
                }
                Ok(())
            }
        }
    }

    /// The task; a generated one draws its examples by the run's seed.
    pub fn open(&self, wordings: Wordings, run: &Run<'_>) -> Result<Guided> {
        self.check()?;
        Ok(match self {
            Guide::Instruction { instruction, examples } => {
                let labels: Vec<String> =
                    instruction.labels().iter().map(|&label| label.to_owned()).collect();
                let examples = examples_of(*instruction, *examples, &mut run.rng("examples"));
                let text = instruction.text().to_owned();
                Guided { instruction: text, examples, labels, truth: Truth::Family(*instruction), wordings }
            }
            Guide::Described { instruction, examples, examples_text, labels, held_out } => Guided {
                instruction: instruction.trim().to_owned(),
                examples: examples.iter().cloned().chain(pairs(examples_text)).collect(),
                labels: labels.clone(),
                truth: Truth::HeldOut(held_out.clone()),
                wordings,
            },
        })
    }
}

/// The pairs in a text of `[input]="..."` and `[output]="..."`. A value may go over several lines; it ends at
/// the first quotation mark before the next field or the end.
pub fn pairs(text: &str) -> Vec<Pair> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(place) = rest.find(INPUT) {
        let after = &rest[place + INPUT.len()..];
        let Some((input, after)) = value(after, OUTPUT) else { break };
        let after = &after[OUTPUT.len()..];
        let Some((output, next)) = value(after, INPUT).or_else(|| value(after, "")) else { break };
        found.push(Pair { input: input.to_owned(), output: output.to_owned() });
        rest = next;
    }
    found
}

const INPUT: &str = "[input]=\"";
const OUTPUT: &str = "[output]=\"";

/// The value up to the first quotation mark that white space and `field` (or, for an empty one, nothing)
/// follow, and the text from that field on.
fn value<'a>(text: &'a str, field: &str) -> Option<(&'a str, &'a str)> {
    text.match_indices('"').find_map(|(place, _)| {
        let after = text[place + 1..].trim_start();
        let found = if field.is_empty() { after.is_empty() } else { after.starts_with(field) };
        found.then_some((&text[..place], after))
    })
}

/// Distinct solved training inputs; labels take turns where there are labels.
fn examples_of(instruction: Instruction, n: u32, rng: &mut Rng) -> Vec<Pair> {
    let labels = instruction.labels();
    let mut turns: Vec<usize> = (0..labels.len()).collect();
    turns.shuffle(rng);
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    while found.len() < n as usize {
        let input = match labels.is_empty() {
            true => instruction.input(rng),
            false => instruction.input_of(labels[turns[found.len() % labels.len()]], rng),
        };
        if instruction.split(&input) == Split::Train && seen.insert(input.clone()) {
            let output = instruction.answer(&input).expect("a drawn input has an answer");
            found.push(Pair { input, output });
        }
    }
    found
}

/// An open task with its prompts.
#[derive(Clone, Debug)]
pub struct Guided {
    /// What to do, in words.
    pub instruction: String,
    /// The trusted examples.
    pub examples: Vec<Pair>,
    /// The labels; none where outputs are free.
    pub labels: Vec<String>,
    truth: Truth,
    wordings: Wordings,
}

/// Where right outputs are known from.
#[derive(Clone, Debug)]
enum Truth {
    /// All of them, by rule.
    Family(Instruction),
    /// Of these inputs alone.
    HeldOut(Vec<Pair>),
}

impl Guided {
    /// The wordings of its prompts.
    pub fn wordings(&self) -> &Wordings {
        &self.wordings
    }

    /// The prompt with which an input is annotated, learned and answered, under that id.
    pub fn answer_prompt(&self, id: impl Into<String>, input: &str) -> Result<Prompt> {
        Ok(self.wordings.answer(id, &self.instruction, &self.examples, input)?.with("input", input))
    }

    /// Whether the right output of every input is known.
    pub fn is_known(&self) -> bool {
        matches!(self.truth, Truth::Family(_))
    }

    /// Whether there is anything to measure on.
    pub fn is_measurable(&self) -> bool {
        match &self.truth {
            Truth::Family(_) => true,
            Truth::HeldOut(pairs) => !pairs.is_empty(),
        }
    }

    /// The right output where every input's is known; `None` for a text that is no input.
    pub fn truth(&self, input: &str) -> Option<String> {
        match &self.truth {
            Truth::Family(instruction) => instruction.answer(input),
            Truth::HeldOut(_) => None,
        }
    }

    /// The rule that keeps out of what is learned the inputs that are measured on.
    pub fn contamination(&self) -> Box<dyn Rule> {
        match &self.truth {
            Truth::Family(instruction) => {
                let instruction = *instruction;
                let reserved = move |input: &str| instruction.split(input) != Split::Train;
                Box::new(When::of("contaminated", reserved))
            }
            Truth::HeldOut(pairs) => {
                let inputs: Vec<&str> = pairs.iter().map(|pair| pair.input.as_str()).collect();
                Box::new(Contaminated::by(&inputs, 13, 0.5))
            }
        }
    }

    /// The task in the form in which models are measured.
    pub fn measured(&self) -> OpenTask {
        let labels = self.labels.clone();
        let vote = move |_: &Prompt, answer: &Completion| match labels.is_empty() {
            true => Some(plain(&answer.text)),
            false => last(&answer.text, &labels).map(str::to_owned),
        };
        OpenTask { task: Box::new(self.clone()), vote: Box::new(vote) }
    }

    /// What an output is worth where `right` is right: exact match and ROUGE-L.
    pub fn verdict(&self, output: &str, right: &str) -> Verdict {
        let exact = match self.labels.is_empty() {
            true => plain(output) == plain(right),
            false => last(output, &self.labels).is_some_and(|label| plain(label) == plain(right)),
        };
        let overlap = rouge_l(output, right);
        let score = if self.labels.is_empty() { overlap } else { f64::from(u8::from(exact)) };
        Verdict::score(score).with("right", f64::from(u8::from(exact))).with("rouge_l", overlap)
    }
}

impl Task<Chat> for Guided {
    /// Prompts with the field `answer`; of held-out pairs no more than there are, whatever the split.
    fn draw(&self, split: Split, n: usize, rng: &mut Rng) -> Result<Vec<Prompt>> {
        let pairs: Vec<Pair> = match &self.truth {
            Truth::Family(instruction) => {
                let mut seen = BTreeSet::new();
                let mut found = Vec::new();
                // Inputs of a split are thousands; a few may come twice.
                for _ in 0..20 * n {
                    let input = instruction.input_in(split, rng);
                    if found.len() < n && seen.insert(input.clone()) {
                        let output = instruction.answer(&input).expect("a drawn input has an answer");
                        found.push(Pair { input, output });
                    }
                }
                found
            }
            Truth::HeldOut(pairs) => {
                let mut pairs = pairs.clone();
                pairs.shuffle(rng);
                pairs.truncate(n);
                pairs
            }
        };
        let prompt = |(place, pair): (usize, Pair)| {
            Ok(self.answer_prompt(format!("{split:?}/{place}"), &pair.input)?.with("answer", pair.output))
        };
        pairs.into_iter().enumerate().map(prompt).collect()
    }

    fn judge(&self) -> Box<dyn Judge<Chat>> {
        Box::new(self.clone())
    }

    fn gold(&self, query: &Prompt) -> Option<Completion> {
        Some(Completion { text: query.field("answer")?.to_owned(), ..Completion::default() })
    }

    fn name(&self) -> String {
        format!("task {:?} with {} examples", self.instruction, self.examples.len())
    }
}

impl Judge<Chat> for Guided {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, answer| match ask.query.field("answer") {
            Some(right) => self.verdict(&answer.text, right),
            None => Verdict::error("the right output is unknown", 0.0),
        }))
    }

    fn name(&self) -> String {
        let metric = if self.labels.is_empty() { "ROUGE-L" } else { "exact match with the last label" };
        format!("{metric}: {}", Task::name(self))
    }
}
