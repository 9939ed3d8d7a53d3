//! Chained arithmetic modulo 100: `17;+8;*3;-20?` is answered `17+8=25;25*3=75;75-20=55#55`.
//!
//! A small world for loops of self-training: answers are 0 to 99, the response shows its steps,
//! and each step can be checked. [`StepCritic`] is such a check made imperfect, which stands in
//! for a process reward model.

mod critic;
mod mistake;

pub use critic::StepCritic;
pub use mistake::{Mistake, explain};

use super::checked::{Checked, cut, integer};
use super::distinct::distinct;
use super::hand::{Hand, Noise, Worked};
use super::operation::{Operation, split_operation};
use autodidact_core::chat::{Chat, Completion, Prompt};
use autodidact_core::{Ask, Error, Judge, Judged, Result, Rng, Seed, Split, Task, Verdict};
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// All values are taken modulo this.
const MODULUS: i64 = 100;

/// The task: which chain lengths and operands to draw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Modular {
    /// The fewest steps.
    pub shortest: u32,
    /// The most steps.
    pub longest: u32,
    /// The largest number that is added or taken away; such numbers start at 1.
    pub addend: u32,
    /// The largest number that is multiplied by; such numbers start at 2.
    pub factor: u32,
}

impl Default for Modular {
    fn default() -> Modular {
        Modular { shortest: 3, longest: 6, addend: 30, factor: 9 }
    }
}

impl Modular {
    /// Fails unless 1 <= shortest <= longest <= 12, 1 <= addend <= 99 and 2 <= factor <= 99; `field` is
    /// the dotted name of this value.
    pub fn check(&self, field: &str) -> Result<()> {
        if self.shortest < 1 || self.shortest > self.longest || self.longest > 12 {
            let found = format!("{}..={}", self.shortest, self.longest);
            return Err(Error::invalid(
                format!("{field}.shortest..=longest"),
                "a range of steps within 1..=12",
                found,
            ));
        }
        if !(1..=99).contains(&self.addend) {
            return Err(Error::invalid(format!("{field}.addend"), "between 1 and 99", self.addend));
        }
        if !(2..=99).contains(&self.factor) {
            return Err(Error::invalid(format!("{field}.factor"), "between 2 and 99", self.factor));
        }
        Ok(())
    }
}

/// One chain: a start and what is done to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModularProblem {
    start: i64,
    links: Vec<(Operation, i64)>,
}

impl ModularProblem {
    fn draw(steps: u32, task: &Modular, rng: &mut Rng) -> ModularProblem {
        let start = rng.random_range(0..MODULUS);
        let (addend, factor) = (i64::from(task.addend), i64::from(task.factor));
        let links = (0..steps).map(|_| match rng.random_range(0..3u32) {
            0 => (Operation::Plus, rng.random_range(1..=addend)),
            1 => (Operation::Minus, rng.random_range(1..=addend)),
            _ => (Operation::Times, rng.random_range(2..=factor)),
        });
        ModularProblem { start, links: links.collect() }
    }

    /// The chain behind a text such as `17;+8;*3;-20?`.
    pub fn parse(text: &str) -> Option<ModularProblem> {
        let mut parts = text.strip_suffix('?')?.split(';');
        let start = integer(parts.next()?)?;
        let links: Option<Vec<(Operation, i64)>> = parts.map(link).collect();
        let problem = ModularProblem { start, links: links? };
        ((0..MODULUS).contains(&start) && !problem.links.is_empty()).then_some(problem)
    }

    /// The problem as text.
    pub fn text(&self) -> String {
        let mut text = self.start.to_string();
        for (operation, operand) in &self.links {
            text.push_str(&format!(";{}{operand}", operation.sign()));
        }
        text + "?"
    }

    /// The number of steps.
    pub fn steps(&self) -> usize {
        self.links.len()
    }

    /// The final value.
    pub fn answer(&self) -> i64 {
        self.links.iter().fold(self.start, |value, (operation, operand)| apply(*operation, value, *operand))
    }

    /// The reference solution.
    pub fn solve(&self) -> Worked {
        self.work(Hand::exact())
    }

    /// A solution by somebody who errs as `noise` says.
    ///
    /// # Panics
    /// When a chance in `noise` is not between 0 and 1; [`Noise::check`] tells beforehand.
    pub fn demonstrate(&self, noise: Noise, rng: &mut Rng) -> Worked {
        self.work(Hand::noisy(noise, rng))
    }

    fn work(&self, mut hand: Hand<'_>) -> Worked {
        let mut value = self.start;
        for (operation, operand) in &self.links {
            let head = format!("{value}{}{operand}=", operation.sign());
            value = hand.compute(&head, apply(*operation, value, *operand)).rem_euclid(MODULUS);
        }
        hand.finish(";", Some(value.to_string()))
    }

    /// Checks the final answer.
    pub fn check(&self, completion: &str) -> Checked {
        Checked::integer(cut(completion), self.answer())
    }

    /// Whether each written step is right, in order: it takes the value written before, does what
    /// the problem says at this place, and its arithmetic holds. The final field is no step.
    pub fn check_steps(&self, completion: &str) -> Vec<bool> {
        let mut value = Some(self.start);
        let mut links = self.links.iter();
        let mut right = Vec::new();
        for step in written_steps(completion) {
            let said = step
                .split_once('=')
                .and_then(|(sides, said)| Some((split_operation(sides)?, integer(said)?)));
            let holds = match (said, links.next(), value) {
                (Some(((a, operation, b), said)), Some(link), Some(value)) => {
                    integer(a) == Some(value)
                        && (Some(operation), integer(b)) == (Some(link.0), Some(link.1))
                        && said == apply(link.0, value, link.1)
                }
                _ => false,
            };
            value = said.map(|(_, said)| said);
            right.push(holds);
        }
        right
    }
}

/// The steps of a completion as text, without the final field.
fn written_steps(completion: &str) -> impl Iterator<Item = &str> {
    let said = cut(completion);
    let steps = said.rsplit_once('#').map_or(said, |(steps, _)| steps);
    steps.split(';').filter(|step| !step.is_empty())
}

fn link(text: &str) -> Option<(Operation, i64)> {
    let operation = Operation::of(text.chars().next()?).filter(|one| *one != Operation::Over)?;
    let operand = integer(&text[1..]).filter(|operand| (0..MODULUS).contains(operand))?;
    Some((operation, operand))
}

/// The value modulo 100, never negative; `a` is any written value, `b` below 100.
fn apply(operation: Operation, a: i64, b: i64) -> i64 {
    operation.apply(a.rem_euclid(MODULUS), b).unwrap_or(0).rem_euclid(MODULUS)
}

fn hash(text: &str) -> u64 {
    Seed::root(0).at("modular problem", 0).at(text, 0).number()
}

impl Task<Chat> for Modular {
    fn draw(&self, split: Split, n: usize, rng: &mut Rng) -> Result<Vec<Prompt>> {
        self.check("task.modular")?;
        distinct("task.modular", n, split, rng, &mut BTreeSet::new(), |rng| {
            let problem = ModularProblem::draw(rng.random_range(self.shortest..=self.longest), self, rng);
            let text = problem.text();
            let hash = hash(&text);
            let found = match hash % 20 {
                0 => Split::Validation,
                1..=3 => Split::Test,
                _ => Split::Train,
            };
            let id = format!("modular/{}/{hash:016x}", problem.steps());
            let prompt = Prompt::text(id, text.clone())
                .with("family", "modular")
                .with("level", problem.steps())
                .with("answer", problem.answer().to_string())
                .with("text", text);
            Ok((found == split).then_some(prompt))
        })
    }

    fn judge(&self) -> Box<dyn Judge<Chat>> {
        Box::new(ModularJudge)
    }

    /// The reference solution as text. Its tokens are left empty: a task knows no tokenizer.
    fn gold(&self, prompt: &Prompt) -> Option<Completion> {
        let problem = asked(prompt)?;
        Some(Completion { text: problem.solve().text(), ..Completion::default() })
    }

    fn name(&self) -> String {
        let usual = Modular { shortest: self.shortest, longest: self.longest, ..Modular::default() };
        let operands = match *self == usual {
            true => String::new(),
            false => format!(" with addends to {} and factors to {}", self.addend, self.factor),
        };
        format!("modular arithmetic of {} to {} steps{operands}", self.shortest, self.longest)
    }
}

fn asked(prompt: &Prompt) -> Option<ModularProblem> {
    ModularProblem::parse(prompt.field("text")?)
}

/// 1 for the right final answer, 0 for another; details `well_formed` and `level`.
#[derive(Clone, Copy, Debug, Default)]
pub struct ModularJudge;

impl Judge<Chat> for ModularJudge {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, answer| {
            let Some(problem) = asked(&ask.query) else {
                return Verdict::error("the prompt has no field text with a modular problem", 0.0);
            };
            let checked = problem.check(&answer.text);
            Verdict::right(checked.right)
                .with("well_formed", f64::from(u8::from(checked.well_formed)))
                .with("level", problem.steps() as f64)
        }))
    }

    fn name(&self) -> String {
        "checker of modular arithmetic".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_example_is_worked_as_documented() {
        let problem = ModularProblem::parse("17;+8;*3;-20?").expect("a problem");
        assert_eq!(problem.solve().text(), "17+8=25;25*3=75;75-20=55#55");
        let around = ModularProblem::parse("5;-20;*9?").expect("a problem");
        // 5 - 20 = -15 = 85 (mod 100); 85 * 9 = 765 = 65.
        assert_eq!(around.solve().text(), "5-20=85;85*9=65#65");
        for bad in ["", "17?", "17;8?", "17;/8?", "117;+8?", "17;+8", "17;+100?", "é;+8?", "17;é8?"] {
            assert_eq!(ModularProblem::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_step_must_continue_from_what_was_written_and_do_what_is_asked() {
        let problem = ModularProblem::parse("17;+8;*3;-20?").expect("a problem");
        let steps = |said: &str| problem.check_steps(said);
        assert_eq!(steps("17+8=25;25*3=75;75-20=55#55"), [true, true, true]);
        assert_eq!(steps("17+8=26;26*3=78;78-20=58#58"), [false, true, true]);
        assert_eq!(steps("17+8=25;26*3=78;78-20=58#58"), [true, false, true]);
        assert_eq!(steps("17+8=25;25+3=28#28"), [true, false]);
        assert_eq!(steps("17+8=25;x;75-20=55;1+1=2#2"), [true, false, false, false]);
        assert_eq!(steps("#55"), [] as [bool; 0]);
    }

    #[test]
    fn draws_are_distinct_and_gold_passes_with_all_steps_right() {
        let task = Modular::default();
        let mut splits = Vec::new();
        for split in [Split::Train, Split::Test] {
            let prompts = task.draw(split, 1_500, &mut Seed::root(2).rng()).expect("prompts");
            let ids: BTreeSet<String> = prompts.iter().map(|prompt| prompt.id.clone()).collect();
            assert_eq!(ids.len(), 1_500);
            for prompt in &prompts {
                let problem = asked(prompt).expect("a problem");
                let gold = task.gold(prompt).expect("a gold answer").text;
                assert!(problem.check(&gold).right && problem.check_steps(&gold).iter().all(|right| *right));
                assert!((3..=6).contains(&problem.steps()));
            }
            splits.push(ids);
        }
        assert!(splits[0].is_disjoint(&splits[1]));
    }

    #[test]
    fn operands_stay_within_what_is_asked() {
        let task = Modular { addend: 4, factor: 3, ..Modular::default() };
        let mut rng = Seed::root(5).rng();
        let links: Vec<(Operation, i64)> =
            (0..200).flat_map(|_| ModularProblem::draw(6, &task, &mut rng).links).collect();
        for (operation, operands) in
            [(Operation::Plus, 1..=4), (Operation::Minus, 1..=4), (Operation::Times, 2..=3)]
        {
            let drawn: BTreeSet<i64> =
                links.iter().filter(|link| link.0 == operation).map(|link| link.1).collect();
            assert_eq!(drawn, operands.collect());
        }
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        let said = |task: Modular| task.check("task").expect_err("refused").to_string();
        let usual = Modular::default();
        assert_eq!(
            said(Modular { shortest: 4, longest: 3, ..usual.clone() }),
            "task.shortest..=longest must be a range of steps within 1..=12, but is 4..=3"
        );
        assert_eq!(
            said(Modular { addend: 0, ..usual.clone() }),
            "task.addend must be between 1 and 99, but is 0"
        );
        assert_eq!(said(Modular { factor: 1, ..usual }), "task.factor must be between 2 and 99, but is 1");
    }

    proptest! {
        #[test]
        fn checks_are_total(said in "[0-9;=+*#<~-]{0,40}|\\PC{0,40}") {
            let problem = ModularProblem::parse("17;+8;*3;-20?").expect("a problem");
            let checked = problem.check(&said);
            prop_assert!(checked.well_formed || !checked.right);
            problem.check_steps(&said);
            ModularProblem::parse(&said);
        }
    }
}
