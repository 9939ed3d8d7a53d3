//! What goes wrong in a worked chain: the first mistake, its kind, and in words.

use super::{ModularProblem, apply, asked, written_steps};
use crate::task::checked::{cut, final_field, integer};
use crate::task::operation::{Operation, split_operation};
use autodidact_core::chat::Prompt;

/// A kind of mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mistake {
    /// The step is the one that is asked, and its value is wrong.
    Calculation,
    /// A number is not the one that stands before it or in the problem.
    Copy,
    /// A step is left out, added, or does something else than is asked at its place.
    Order,
}

impl Mistake {
    /// All kinds.
    pub const ALL: [Mistake; 3] = [Mistake::Calculation, Mistake::Copy, Mistake::Order];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Mistake::Calculation => "calculation",
            Mistake::Copy => "copy",
            Mistake::Order => "order",
        }
    }
}

/// The first mistake of a reply to a prompt of this task, with its cause in words; `None` where there is
/// none, or the prompt is of another task.
pub fn explain(prompt: &Prompt, reply: &str) -> Option<(Mistake, String)> {
    asked(prompt)?.mistake(reply)
}

impl ModularProblem {
    /// The first mistake of a worked solution, with its cause in words. The two numbers of a sum and of a
    /// product may stand in either order.
    pub fn mistake(&self, completion: &str) -> Option<(Mistake, String)> {
        let mut value = self.start;
        let mut steps = written_steps(completion);
        for (i, (operation, operand)) in self.links.iter().enumerate() {
            let asked = format!("{value}{}{operand}", operation.sign());
            let Some(step) = steps.next() else {
                return Some((Mistake::Order, format!("step {} is missing: it is {asked}", i + 1)));
            };
            let said = |kind, why: String| Some((kind, format!("step {} is {step}, but {why}", i + 1)));
            let Some((a, sign, b, found)) = parse(step) else {
                return said(Mistake::Order, format!("{asked} is asked"));
            };
            if sign != *operation {
                return said(Mistake::Order, format!("{asked} is asked"));
            }
            let swaps = *operation != Operation::Minus;
            if (a, b) != (value, *operand) && !(swaps && (b, a) == (value, *operand)) {
                return said(Mistake::Copy, format!("its numbers are those of {asked}"));
            }
            let right = apply(*operation, value, *operand);
            if found != right {
                return said(Mistake::Calculation, format!("{asked} makes {right}"));
            }
            value = found;
        }
        if let Some(step) = steps.next() {
            return Some((Mistake::Order, format!("{step} is a step too many")));
        }
        match final_field(cut(completion)).and_then(integer) {
            Some(last) if last == value => None,
            _ => Some((Mistake::Copy, format!("the answer is the last value, {value}"))),
        }
    }
}

/// The numbers, sign and value of a step.
fn parse(step: &str) -> Option<(i64, Operation, i64, i64)> {
    let (sides, said) = step.split_once('=')?;
    let (a, sign, b) = split_operation(sides)?;
    Some((integer(a)?, sign, integer(b)?, integer(said)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(reply: &str, expect: Option<(Mistake, &str)>) {
        let problem = ModularProblem::parse("17;+8;*3;-20?").expect("a problem");
        let found = problem.mistake(reply);
        assert_eq!(found.as_ref().map(|(kind, cause)| (*kind, cause.as_str())), expect, "{reply}");
    }

    #[test]
    fn the_first_mistake_is_named_with_its_cause() {
        check("17+8=25;25*3=75;75-20=55#55", None);
        check("8+17=25;3*25=75;75-20=55#55", None);
        let (calculation, copy, order) = (Mistake::Calculation, Mistake::Copy, Mistake::Order);
        check("17+8=26;26*3=78;78-20=58#58", Some((calculation, "step 1 is 17+8=26, but 17+8 makes 25")));
        check("17+8=25;26*3=78#78", Some((copy, "step 2 is 26*3=78, but its numbers are those of 25*3")));
        check("17+8=25;25-20=5#5", Some((order, "step 2 is 25-20=5, but 25*3 is asked")));
        check("17+8=25#25", Some((order, "step 2 is missing: it is 25*3")));
        check("17+8=25;25*3=75;75-20=55;1+1=2#2", Some((order, "1+1=2 is a step too many")));
        check(
            "17+8=25;25*3=75;20-75=45#45",
            Some((copy, "step 3 is 20-75=45, but its numbers are those of 75-20")),
        );
        check("17+8=25;25*3=75;75-20=55#54", Some((copy, "the answer is the last value, 55")));
        check("17+8=25;25*3=75;75-20=55", Some((copy, "the answer is the last value, 55")));
        check("", Some((order, "step 1 is missing: it is 17+8")));
    }

    proptest! {
        #[test]
        fn naming_a_mistake_is_total(reply in "[0-9;=+*#<~-]{0,40}|\\PC{0,40}") {
            let problem = ModularProblem::parse("17;+8;*3;-20?").expect("a problem");
            let mistaken = problem.mistake(&reply).is_some();
            prop_assert!(mistaken || problem.check(&reply).right);
        }
    }
}
