//! Expression problems that are answered by a straight-line program.
//!
//! `(3+4)*(5+2)?` is answered `a=3+4;b=5+2;answer=a*b`, or by any other program whose variable
//! `answer` ends at the same value: there are many, by the order of statements and operands and by
//! other ways to compute the same. Validation problems have tree shapes that training never
//! shows; test problems have such shapes and numbers that training never shows.

mod expression;
mod judge;
mod shape;
mod trace;

pub use expression::Fault;
pub use judge::ProgramJudge;
pub use trace::{ANSWER, State, canonical, number, same_value, trace};

use super::distinct::distinct;
use autodidact_core::chat::{Chat, Completion, Prompt};
use autodidact_core::{Error, Judge, Result, Rng, Seed, Split, Task};
use serde::{Deserialize, Serialize};
use shape::Tree;
use std::collections::BTreeSet;

/// The task: how large the expressions are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Programs {
    /// The fewest numbers in an expression.
    pub fewest: u32,
    /// The most numbers in an expression.
    pub most: u32,
    /// The largest number; numbers start at 2.
    pub largest: u32,
    /// What makes a held-out problem new.
    pub held_out: HeldOut,
}

/// What sets validation and test problems apart from training problems.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeldOut {
    /// The whole problem is new; its shape and numbers have been seen in others.
    Problem,
    /// The shape of the tree with its operations is new; in the test split a number is new too.
    #[default]
    ShapeAndNumbers,
}

impl Default for Programs {
    fn default() -> Programs {
        Programs { fewest: 3, most: 4, largest: 50, held_out: HeldOut::default() }
    }
}

impl Programs {
    /// Fails unless 2 <= fewest <= most <= 6 and 9 <= largest <= 99; `field` is the dotted name of
    /// this value.
    pub fn check(&self, field: &str) -> Result<()> {
        if self.fewest < 2 || self.fewest > self.most || self.most > 6 {
            let found = format!("{}..={}", self.fewest, self.most);
            return Err(Error::invalid(
                format!("{field}.fewest..=most"),
                "a range of sizes within 2..=6",
                found,
            ));
        }
        if !(9..=99).contains(&self.largest) {
            return Err(Error::invalid(format!("{field}.largest"), "between 9 and 99", self.largest));
        }
        Ok(())
    }

    fn split(&self, tree: &Tree) -> Option<Split> {
        let by = |text: &str| match hash(text) % 20 {
            0..=1 => Split::Validation,
            2..=4 => Split::Test,
            _ => Split::Train,
        };
        let new_number = tree.numbers().iter().any(|number| is_held_out(*number));
        match (self.held_out, by(&tree.shape())) {
            (HeldOut::Problem, _) => Some(by(&tree.text())),
            (HeldOut::ShapeAndNumbers, Split::Test) => new_number.then_some(Split::Test),
            (HeldOut::ShapeAndNumbers, split) => (!new_number).then_some(split),
        }
    }
}

/// Numbers that only the test split shows: those whose digits sum to 3 modulo 5, one in five. Every
/// digit stays in use at every place of the other numbers, so that a new number is written in known digits.
fn is_held_out(number: u32) -> bool {
    (number / 10 + number % 10) % 5 == 3
}

fn hash(text: &str) -> u64 {
    Seed::root(0).at("programs", 0).at(text, 0).number()
}

impl Task<Chat> for Programs {
    /// Prompts with the fields `text`, `answer` (the value), `program` (the reference) and `level`
    /// (its number of statements).
    fn draw(&self, split: Split, n: usize, rng: &mut Rng) -> Result<Vec<Prompt>> {
        self.check("task.programs")?;
        distinct("task.programs", n, split, rng, &mut BTreeSet::new(), |rng| {
            let tree = Tree::draw(self.fewest..=self.most, self.largest, rng);
            if self.split(&tree) != Some(split) {
                return Ok(None);
            }
            let text = tree.text();
            let program = tree.program();
            let level = program.split(';').count();
            let id = format!("programs/{level}/{:016x}", hash(&text));
            let prompt = Prompt::text(id, text.clone())
                .with("family", "programs")
                .with("level", level)
                .with("answer", tree.value().to_string())
                .with("program", program)
                .with("text", text);
            Ok(Some(prompt))
        })
    }

    fn judge(&self) -> Box<dyn Judge<Chat>> {
        Box::new(ProgramJudge)
    }

    /// The reference program. Its tokens are left empty: a task knows no tokenizer.
    fn gold(&self, prompt: &Prompt) -> Option<Completion> {
        let program = prompt.field("program")?.to_owned();
        Some(Completion { text: program, ..Completion::default() })
    }

    fn name(&self) -> String {
        format!(
            "programs for {} to {} numbers up to {}, held out by {:?}",
            self.fewest, self.most, self.largest, self.held_out
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Ask;
    use autodidact_core::chat::Sampling;

    #[test]
    fn gold_passes_and_splits_are_disjoint_in_shape_and_number() {
        let task = Programs::default();
        let mut shapes = Vec::new();
        for split in [Split::Train, Split::Validation, Split::Test] {
            let prompts = task.draw(split, 400, &mut Seed::root(3).rng()).expect("prompts");
            let golds: Vec<Vec<Completion>> =
                prompts.iter().map(|prompt| vec![task.gold(prompt).expect("gold")]).collect();
            let asks = Ask::<Chat>::each(&prompts, 1, &Sampling::default());
            for verdicts in task.judge().judge(&asks, &golds).expect("a judge").verdicts {
                assert_eq!(verdicts[0].value(), Some(1.0));
            }
            for prompt in &prompts {
                let value: i64 = prompt.field("answer").expect("an answer").parse().expect("a number");
                assert!((0..=999).contains(&value));
                let mut numbers =
                    prompt.field("text").expect("text").split(|one: char| !one.is_ascii_digit());
                let unseen = numbers.any(|number| number.parse().is_ok_and(is_held_out));
                assert_eq!(unseen, split == Split::Test);
            }
            let shape = |prompt: &Prompt| -> String {
                let text = prompt.field("text").expect("text");
                text.chars().filter(|one| !one.is_ascii_digit()).collect()
            };
            shapes.push(prompts.iter().map(shape).collect::<BTreeSet<String>>());
        }
        assert!(shapes[0].is_disjoint(&shapes[1]) && shapes[0].is_disjoint(&shapes[2]));
        assert!(shapes[1].is_disjoint(&shapes[2]));
    }

    #[test]
    fn held_out_numbers_leave_every_digit_to_training() {
        let known: Vec<u32> = (2..=50).filter(|number| !is_held_out(*number)).collect();
        assert_eq!(known.len(), 39);
        for digit in 0..=9 {
            assert!(known.iter().any(|number| *number > 9 && number % 10 == digit), "{digit} as units");
        }
        for digit in 1..=4 {
            assert!(known.iter().any(|number| number / 10 == digit), "{digit} as tens");
        }
    }

    #[test]
    fn problems_alone_may_be_held_out() {
        let task = Programs { held_out: HeldOut::Problem, ..Programs::default() };
        let ids = |split| -> BTreeSet<String> {
            let prompts = task.draw(split, 500, &mut Seed::root(3).rng()).expect("prompts");
            prompts.into_iter().map(|prompt| prompt.id).collect()
        };
        let (train, test) = (ids(Split::Train), ids(Split::Test));
        assert_eq!((train.len(), test.len()), (500, 500));
        assert!(train.is_disjoint(&test));
    }

    #[test]
    fn sizes_that_make_no_sense_are_refused_by_name() {
        let refused = |task: Programs| task.check("task").expect_err("refused").to_string();
        let sizes = refused(Programs { fewest: 5, most: 4, ..Programs::default() });
        assert_eq!(sizes, "task.fewest..=most must be a range of sizes within 2..=6, but is 5..=4");
        let largest = refused(Programs { largest: 100, ..Programs::default() });
        assert_eq!(largest, "task.largest must be between 9 and 99, but is 100");
    }
}
