//! Family M: long multiplication by one digit, `M:88*5?8*5=40;80*5=400;40+400=440#440`.
//!
//! The level is the number of digits of the first factor; partial products come from the units
//! up, each added to the sum so far.

use super::checked::{Checked, integer};
use super::hand::{Hand, Worked};
use super::puzzle::Puzzle;
use autodidact_core::Rng;
use rand::Rng as _;

/// A number and the digit it is multiplied by.
pub(crate) struct Product {
    number: i64,
    digit: i64,
}

impl Product {
    pub(crate) fn draw(level: u32, rng: &mut Rng) -> Product {
        let low = 10i64.pow(level - 1);
        Product { number: rng.random_range(low..low * 10), digit: rng.random_range(2..=9) }
    }

    pub(crate) fn parse(body: &str) -> Option<Product> {
        let (number, digit) = body.strip_suffix('?')?.split_once('*')?;
        let product = Product { number: integer(number)?, digit: integer(digit)? };
        let fits = (1..1_000_000_000).contains(&product.number) && (0..=9).contains(&product.digit);
        fits.then_some(product)
    }

    /// Every product of a level, as bodies, without repetition.
    pub(crate) fn all(level: u32) -> impl Iterator<Item = String> {
        let low = 10i64.pow(level - 1);
        (low..low * 10).flat_map(|number| (2..=9).map(move |digit| format!("{number}*{digit}?")))
    }
}

impl Puzzle for Product {
    fn body(&self) -> String {
        format!("{}*{}?", self.number, self.digit)
    }

    fn level(&self) -> u32 {
        self.number.to_string().len() as u32
    }

    fn answer(&self) -> String {
        (self.number * self.digit).to_string()
    }

    fn work(&self, mut hand: Hand<'_>) -> Worked {
        let digit = self.digit;
        let (mut rest, mut place, mut sum) = (self.number, 1, None);
        while rest > 0 {
            let part = rest % 10 * place;
            let partial = hand.compute(&format!("{part}*{digit}="), part * digit);
            sum = Some(match sum {
                None => partial,
                Some(sum) => hand.compute(&format!("{sum}+{partial}="), sum + partial),
            });
            (rest, place) = (rest / 10, place * 10);
        }
        hand.finish(";", Some(sum.unwrap_or(0).to_string()))
    }

    fn check(&self, said: &str) -> Checked {
        Checked::integer(said, self.number * self.digit)
    }
}
