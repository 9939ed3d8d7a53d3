//! Family D: single facts of arithmetic, `D:17+25?42`.
//!
//! The facts are those that the worked steps of the other families need: sums and differences
//! within 99, products within 99, and the partial products and their sums of long multiplication.

use super::checked::{Checked, final_field, integer};
use super::hand::{Hand, Worked};
use super::operation::{Operation, split_operation};
use super::puzzle::Puzzle;
use autodidact_core::Rng;
use rand::Rng as _;

/// One fact.
pub(crate) struct Fact {
    a: i64,
    operation: Operation,
    b: i64,
}

impl Fact {
    pub(crate) fn draw(rng: &mut Rng) -> Fact {
        use Operation::{Minus, Plus, Times};
        let (a, operation, b) = match rng.random_range(0..20u32) {
            0..=6 => {
                let a = rng.random_range(0..=99);
                let most = near(99 - a, rng);
                (a, Plus, rng.random_range(0..=most))
            }
            7..=12 => {
                let a = rng.random_range(0..=99);
                let most = near(a, rng);
                (a, Minus, rng.random_range(0..=most))
            }
            13..=16 => {
                let b = rng.random_range(1..=12i64);
                (rng.random_range(0..=99 / b), Times, b)
            }
            17 => (rng.random_range(1..=9) * 10, Times, rng.random_range(2..=9)),
            _ => {
                let (tens, units) = (rng.random_range(1..=9), rng.random_range(0..=9));
                let by = rng.random_range(2..=9);
                (units * by, Plus, tens * by * 10)
            }
        };
        Fact { a, operation, b }
    }

    pub(crate) fn parse(body: &str) -> Option<Fact> {
        let (a, operation, b) = split_operation(body.strip_suffix('?')?)?;
        let fact = Fact { a: integer(a)?, operation, b: integer(b)? };
        fact.value().map(|_| fact)
    }

    /// Every fact that [`Fact::draw`] can draw, as bodies, without repetition.
    pub(crate) fn all() -> impl Iterator<Item = String> {
        let sums = (0..=99).flat_map(|a| (0..=99 - a).map(move |b| format!("{a}+{b}?")));
        let differences = (0..=99).flat_map(|a| (0..=a).map(move |b| format!("{a}-{b}?")));
        let products = (1..=12).flat_map(|b| (0..=99 / b).map(move |a| format!("{a}*{b}?")));
        let partial = (1..=9).flat_map(|tens| (2..=9).map(move |by| (tens * 10, by)));
        let partial = partial.filter(|(a, by)| a * by > 99).map(|(a, by)| format!("{a}*{by}?"));
        let joined: std::collections::BTreeSet<(i64, i64)> = (1..=9)
            .flat_map(|tens| {
                (0..=9).flat_map(move |units| (2..=9).map(move |by| (units * by, tens * by * 10)))
            })
            .filter(|(a, b)| a + b > 99)
            .collect();
        let joined = joined.into_iter().map(|(a, b)| format!("{a}+{b}?"));
        sums.chain(differences).chain(products).chain(partial).chain(joined)
    }

    fn value(&self) -> Option<i64> {
        self.operation.apply(self.a, self.b)
    }
}

/// Four times in five an operand of at most 30, as the chains use them.
fn near(limit: i64, rng: &mut Rng) -> i64 {
    if rng.random_bool(0.8) { limit.min(30) } else { limit }
}

impl Puzzle for Fact {
    fn body(&self) -> String {
        format!("{}{}{}?", self.a, self.operation.sign(), self.b)
    }

    fn level(&self) -> u32 {
        1
    }

    fn answer(&self) -> String {
        self.value().map_or_else(String::new, |value| value.to_string())
    }

    fn work(&self, mut hand: Hand<'_>) -> Worked {
        if let Some(value) = self.value() {
            hand.compute("", value);
        }
        hand.finish("", None)
    }

    fn check(&self, said: &str) -> Checked {
        let field = final_field(said).unwrap_or(said);
        let field = field.rsplit_once('<').map_or(field, |(_, kept)| kept);
        match (integer(field), self.value()) {
            (Some(found), Some(gold)) => Checked::formed(found == gold, found.to_string()),
            _ => Checked::malformed(),
        }
    }
}
