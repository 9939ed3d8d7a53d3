//! Right when the answer is the same number as the reference.

use super::final_answer::{Find, Found, Short};
use super::quantity::{Decimal, Quantity, last, stated};
use autodidact_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// Reads a number from the answer and from the reference and compares them.
///
/// After a mark (see [`super::final_answer`] for their order) the number stated there is read, and
/// nothing else; in a text without one its last number. Units and currency signs are ignored. A
/// percent sign or a word such as `million` may be read either way where the reference leaves it
/// open: `25%` is right for 25 and for 0.25, `2 million` for 2 and for 2,000,000.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Number {
    /// Which part of the answer is read.
    pub find: Find,
    /// The largest difference that is still right; at least 0.
    pub absolute: f64,
    /// The same as a share of the reference; a difference within either is right. The default of 1e-9 forgives
    /// rounding, so it does not apply between whole numbers, which must be equal.
    pub relative: f64,
    /// Which character separates whole and fractional digits.
    pub decimal: Decimal,
}

/// The share of the reference by which numbers usually may differ.
const USUAL: f64 = 1e-9;

/// The largest number up to which every whole one is an f64.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Default for Number {
    fn default() -> Number {
        Number { find: Find::Marked, absolute: 1e-6, relative: USUAL, decimal: Decimal::Point }
    }
}

impl Number {
    /// Fails on a tolerance that is negative or not a number.
    pub fn check(&self) -> Result<()> {
        for (field, value) in [("check.absolute", self.absolute), ("check.relative", self.relative)] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(Error::invalid(field, "0 or more", value));
            }
        }
        Ok(())
    }

    /// The number that the text gives as its answer.
    pub fn read(&self, text: &str) -> Option<Quantity> {
        self.read_part(self.find.within(text, Short::Mark)?)
    }

    /// The number that a reference stands for, written with or without a mark.
    pub fn reference(&self, text: &str) -> Option<Quantity> {
        self.read_part(Find::Marked.within(text, Short::Mark)?)
    }

    /// Whether the answer is right for the reference.
    pub fn same(&self, answer: Quantity, reference: Quantity) -> bool {
        // `2 million` repeats the question's unit where the reference is 2; never the other way round.
        let open = reference.scale == 1.0 || (reference.is_percent() && answer.scale == 1.0);
        self.near(answer.full(), reference.full()) || (open && self.near(answer.value, reference.value))
    }

    /// Whole numbers have no rounding to forgive: they are compared as they stand, unless the settings ask
    /// for more tolerance than the usual.
    fn near(&self, answer: f64, reference: f64) -> bool {
        let whole = |x: f64| x.fract() == 0.0 && x.abs() <= EXACT;
        if whole(answer) && whole(reference) && self.relative <= USUAL && self.absolute < 1.0 {
            return answer == reference;
        }
        (answer - reference).abs() <= self.absolute.max(self.relative * reference.abs())
    }

    fn read_part(&self, found: Found<'_>) -> Option<Quantity> {
        match found {
            Found::Marked(part) => stated(part, self.decimal),
            Found::Whole(text) => last(text, self.decimal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(number: &Number, text: &str, reference: &str, expect: bool) {
        let reference = number.reference(reference).expect("a number");
        let right = number.read(text).is_some_and(|answer| number.same(answer, reference));
        assert_eq!(right, expect, "{text:?} for {reference:?}");
    }

    #[test]
    fn numbers_are_compared_by_value() {
        let number = Number::default();
        check(&number, "so $1,080.00 it is", "1080", true);
        check(&number, "The answer is 0.5.", "1/2", true);
        check(&number, "#### 18 eggs", "2*9=<<2*9=18>>18\n#### 18", true);
        check(&number, "#### 17", "18", false);
        check(&number, "1e-7", "0", true);
        check(&number, "2147483647", "2147483648", false);
        check(&number, "2147483648.0", "2147483648", true);
        check(&number, "3000000000.5", "3000000001", true);
        check(&number, "12 is wrong, so\n####", "12", false);
    }

    #[test]
    fn percent_and_scale_words_may_be_read_either_way_unless_the_reference_has_them() {
        let number = Number::default();
        check(&number, "25%", "25", true);
        check(&number, "25%", "0.25", true);
        check(&number, "25", "25%", true);
        check(&number, "0.25", "25%", true);
        check(&number, "2 million", "2", true);
        check(&number, "2 million", "2,000,000", true);
        check(&number, "2", "2 million", false);
        check(&number, "2 percent", "2 million", false);
    }

    #[test]
    fn the_tolerance_is_absolute_or_relative() {
        let loose = Number { absolute: 0.0, relative: 0.01, ..Number::default() };
        check(&loose, "100.9", "100", true);
        check(&loose, "101.1", "100", false);
        let near = Number { absolute: 0.5, relative: 0.0, ..Number::default() };
        check(&near, "3.3333", "3", true);
        assert!(Number { absolute: -1.0, ..Number::default() }.check().is_err());
        assert!(Number { relative: f64::NAN, ..Number::default() }.check().is_err());
    }
}
