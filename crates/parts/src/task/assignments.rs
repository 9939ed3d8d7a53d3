//! Family P: straight-line programs over three variables, `P:a=3;b=a+4;a=b*2;a?b=3+4=7;a=7*2=14#14`.
//!
//! The level is the number of computed assignments. Each uses the variable assigned just before,
//! so every step matters; its other operand is a constant of at most 12 or another variable.
//! Values lie in 0..=99.

use super::checked::{Checked, integer};
use super::hand::{Hand, Worked};
use super::operation::{Operation, split_operation};
use super::puzzle::Puzzle;
use autodidact_core::Rng;
use rand::Rng as _;
use std::collections::BTreeMap;

/// The largest constant.
const OPERAND: i64 = 12;
/// The largest value.
const VALUE: i64 = 99;

/// A variable or a constant.
#[derive(Clone, Copy)]
enum Operand {
    Variable(char),
    Constant(i64),
}

/// `target = left`, or `target = left operation right`.
struct Assignment {
    target: char,
    left: Operand,
    right: Option<(Operation, Operand)>,
}

/// Assignments in order and the variable that is asked for.
pub(crate) struct Assignments {
    lines: Vec<Assignment>,
    asked: char,
}

type Values = BTreeMap<char, i64>;

impl Assignments {
    pub(crate) fn draw(level: u32, rng: &mut Rng) -> Assignments {
        let mut last = variable(rng);
        let start = rng.random_range(1..=OPERAND);
        let mut values = Values::from([(last, start)]);
        let mut lines = vec![Assignment { target: last, left: Operand::Constant(start), right: None }];
        for _ in 0..level {
            let (right, value) = next_operation(last, &values, rng);
            let target = variable(rng);
            lines.push(Assignment { target, left: Operand::Variable(last), right: Some(right) });
            values.insert(target, value);
            last = target;
        }
        Assignments { lines, asked: last }
    }

    pub(crate) fn parse(body: &str) -> Option<Assignments> {
        let (lines, asked) = body.strip_suffix('?')?.rsplit_once(';')?;
        let lines: Option<Vec<Assignment>> = lines.split(';').map(Assignment::parse).collect();
        let program = Assignments { lines: lines?, asked: name(asked)? };
        (program.level() > 0 && program.value().is_some()).then_some(program)
    }

    /// The asked value, unless a name is undefined or the arithmetic fails.
    fn value(&self) -> Option<i64> {
        let mut values = Values::new();
        for line in &self.lines {
            let value = line.value(&values)?;
            values.insert(line.target, value);
        }
        values.get(&self.asked).copied()
    }
}

/// What to do with the variable `last` such that the value stays in range, and that value.
fn next_operation(last: char, values: &Values, rng: &mut Rng) -> ((Operation, Operand), i64) {
    let left = values.get(&last).copied().unwrap_or(0);
    let others: Vec<char> = values.keys().copied().filter(|&other| other != last).collect();
    loop {
        let operation = match rng.random_range(0..8u32) {
            0..=2 => Operation::Plus,
            3..=5 => Operation::Minus,
            _ => Operation::Times,
        };
        let right = if !others.is_empty() && rng.random_bool(0.3) {
            Operand::Variable(others[rng.random_range(0..others.len() as u32) as usize])
        } else if operation == Operation::Times {
            Operand::Constant(rng.random_range(2..=9))
        } else {
            Operand::Constant(rng.random_range(1..=OPERAND))
        };
        match right.value(values).and_then(|right| operation.apply(left, right)) {
            Some(value) if (0..=VALUE).contains(&value) => return ((operation, right), value),
            _ => {}
        }
    }
}

fn variable(rng: &mut Rng) -> char {
    ['a', 'b', 'c'][rng.random_range(0..3u32) as usize]
}

/// A name is one small letter.
fn name(text: &str) -> Option<char> {
    let mut letters = text.chars();
    let letter = letters.next().filter(char::is_ascii_lowercase)?;
    letters.next().is_none().then_some(letter)
}

impl Operand {
    fn parse(text: &str) -> Option<Operand> {
        name(text).map(Operand::Variable).or_else(|| integer(text).map(Operand::Constant))
    }

    fn value(self, values: &Values) -> Option<i64> {
        match self {
            Operand::Variable(name) => values.get(&name).copied(),
            Operand::Constant(value) => Some(value),
        }
    }

    fn text(self) -> String {
        match self {
            Operand::Variable(name) => name.to_string(),
            Operand::Constant(value) => value.to_string(),
        }
    }
}

impl Assignment {
    fn parse(line: &str) -> Option<Assignment> {
        let (target, source) = line.split_once('=')?;
        let (left, right) = match split_operation(source) {
            Some((left, operation, right)) => (left, Some((operation, Operand::parse(right)?))),
            None => (source, None),
        };
        Some(Assignment { target: name(target)?, left: Operand::parse(left)?, right })
    }

    fn value(&self, values: &Values) -> Option<i64> {
        let left = self.left.value(values)?;
        match self.right {
            None => Some(left),
            Some((operation, right)) => operation.apply(left, right.value(values)?),
        }
    }
}

impl Puzzle for Assignments {
    fn body(&self) -> String {
        let mut body = String::new();
        for line in &self.lines {
            body.push_str(&format!("{}={}", line.target, line.left.text()));
            if let Some((operation, right)) = line.right {
                body.push(operation.sign());
                body.push_str(&right.text());
            }
            body.push(';');
        }
        body + &format!("{}?", self.asked)
    }

    fn sentence(&self) -> String {
        let body = self.body();
        let lines = body.rsplit_once(';').map_or("", |(lines, _)| lines);
        format!("A program runs {}. What is {} in the end?", lines.replace(';', "; "), self.asked)
    }

    fn level(&self) -> u32 {
        self.lines.iter().filter(|line| line.right.is_some()).count() as u32
    }

    fn answer(&self) -> String {
        self.value().map_or_else(String::new, |value| value.to_string())
    }

    fn work(&self, mut hand: Hand<'_>) -> Worked {
        let mut values = Values::new();
        for line in &self.lines {
            let read = |operand: Operand| operand.value(&values).unwrap_or(0);
            let left = read(line.left);
            let value = match line.right {
                None => left,
                Some((operation, right)) => {
                    let right = read(right);
                    let head = format!("{}={left}{}{right}=", line.target, operation.sign());
                    // After a slip a quotient may not be whole; then the left value is kept.
                    hand.compute(&head, operation.apply(left, right).unwrap_or(left))
                }
            };
            values.insert(line.target, value);
        }
        let result = values.get(&self.asked).copied().unwrap_or(0);
        hand.finish(";", Some(result.to_string()))
    }

    fn check(&self, said: &str) -> Checked {
        self.value().map_or_else(Checked::malformed, |gold| Checked::integer(said, gold))
    }
}
