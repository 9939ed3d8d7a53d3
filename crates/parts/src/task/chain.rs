//! Family A: chains of sums and differences, `A:7+10-4?7+10=17;17-4=13#13`.
//!
//! The level is the number of operations. Operands are 1 to 30, and every total lies in 0..=99.

use super::checked::{Checked, integer};
use super::hand::{Hand, Worked};
use super::operation::Operation;
use super::puzzle::Puzzle;
use autodidact_core::Rng;
use rand::Rng as _;

/// The largest operand.
const OPERAND: i64 = 30;
/// The largest total.
const TOTAL: i64 = 99;

/// A start and what is added to it or taken from it, in order.
pub(crate) struct Chain {
    start: i64,
    links: Vec<(Operation, i64)>,
}

impl Chain {
    pub(crate) fn draw(level: u32, rng: &mut Rng) -> Chain {
        let start = rng.random_range(1..=OPERAND);
        let mut total = start;
        let mut links = Vec::with_capacity(level as usize);
        for _ in 0..level {
            let plus = match total {
                0 => true,
                TOTAL.. => false,
                _ => rng.random_bool(0.5),
            };
            if plus {
                let operand = rng.random_range(1..=OPERAND.min(TOTAL - total));
                total += operand;
                links.push((Operation::Plus, operand));
            } else {
                let operand = rng.random_range(1..=OPERAND.min(total));
                total -= operand;
                links.push((Operation::Minus, operand));
            }
        }
        Chain { start, links }
    }

    pub(crate) fn parse(body: &str) -> Option<Chain> {
        let mut rest = body.strip_suffix('?')?;
        let mut numbers = Vec::new();
        let mut operations = Vec::new();
        while let Some(at) = rest.find(['+', '-']) {
            numbers.push(integer(&rest[..at])?);
            operations.push(Operation::of(rest[at..].chars().next()?)?);
            rest = &rest[at + 1..];
        }
        numbers.push(integer(rest)?);
        let start = *numbers.first()?;
        let links: Vec<_> = operations.into_iter().zip(numbers.into_iter().skip(1)).collect();
        let chain = Chain { start, links };
        (!chain.links.is_empty() && chain.value().is_some()).then_some(chain)
    }

    /// Every chain of one operation, as bodies, without repetition.
    pub(crate) fn all_of_one() -> impl Iterator<Item = String> {
        (1..=OPERAND).flat_map(|start| {
            let sums = (1..=OPERAND).map(move |operand| format!("{start}+{operand}?"));
            let differences = (1..=OPERAND.min(start)).map(move |operand| format!("{start}-{operand}?"));
            sums.chain(differences)
        })
    }

    fn value(&self) -> Option<i64> {
        self.links.iter().try_fold(self.start, |total, (operation, operand)| operation.apply(total, *operand))
    }
}

impl Puzzle for Chain {
    fn body(&self) -> String {
        let mut body = self.start.to_string();
        for (operation, operand) in &self.links {
            body.push(operation.sign());
            body.push_str(&operand.to_string());
        }
        body + "?"
    }

    fn level(&self) -> u32 {
        self.links.len() as u32
    }

    fn answer(&self) -> String {
        self.value().map_or_else(String::new, |value| value.to_string())
    }

    fn work(&self, mut hand: Hand<'_>) -> Worked {
        let mut total = self.start;
        for (operation, operand) in &self.links {
            let head = format!("{total}{}{operand}=", operation.sign());
            // A total stays small enough for any sum: totals are below 1e18 by the parser.
            total = hand.compute(&head, operation.apply(total, *operand).unwrap_or(total));
        }
        hand.finish(";", Some(total.to_string()))
    }

    fn check(&self, said: &str) -> Checked {
        self.value().map_or_else(Checked::malformed, |gold| Checked::integer(said, gold))
    }
}
