//! Reading numbers as people and models write them.
//!
//! Understood: signs, thousands separators, decimals, `1.5e3` and `1.5 x 10^3`, fractions `3/4`,
//! `1 1/2`, `\frac{3}{4}` and `½`, currency signs before or after, percent signs, the words hundred
//! to trillion, LaTeX spacing and bold marks. Calculator annotations `<<...>>` are skipped, units are
//! ignored, digits inside words (`x2`) are not numbers.

use super::numeral::Reader;
use serde::{Deserialize, Serialize};

/// A number as written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    /// The digits' value; always finite.
    pub value: f64,
    /// What a word or sign after it multiplies it by: 1e6 for `million`, 0.01 for a percent sign, or 1.
    pub scale: f64,
}

impl Quantity {
    /// A number on its own.
    pub fn plain(value: f64) -> Quantity {
        Quantity { value, scale: 1.0 }
    }

    /// The value times its scale.
    pub fn full(&self) -> f64 {
        self.value * self.scale
    }

    /// Whether the scale is a percent sign.
    pub fn is_percent(&self) -> bool {
        self.scale == 0.01
    }
}

/// Which character separates whole and fractional digits; the other one separates thousands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decimal {
    /// 1,234.5
    #[default]
    Point,
    /// 1.234,5
    Comma,
}

/// The last number of a text.
pub fn last(text: &str, decimal: Decimal) -> Option<Quantity> {
    let reader = Reader::of(text, decimal);
    let (mut at, mut found) = (0, None);
    while let Some((quantity, end)) = reader.next(at) {
        found = Some(quantity);
        at = end;
    }
    found
}

/// The number that a marked answer states: its first, or what follows the last equals sign of the
/// calculation that it begins with (`3 + 4 = 7`). A calculation without a result, or a range, is not
/// a number.
pub fn stated(text: &str, decimal: Decimal) -> Option<Quantity> {
    let reader = Reader::of(text, decimal);
    let (mut found, mut at) = reader.next(0)?;
    let mut open = false;
    while let Some((operator, after)) = reader.operator(at) {
        match reader.at(after) {
            Some((next, end)) => {
                open = operator != '=';
                found = if open { found } else { next };
                at = end;
            }
            // `10+John's age` is a calculation; `5/hour`, `18 = all of it` and `18*` are not.
            None if operator == '+' && reader.peek(after).is_alphabetic() => {
                return None;
            }
            None => break,
        }
    }
    (!open).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check_last(text: &str, expect: Option<f64>) {
        assert_eq!(last(text, Decimal::Point).map(|one| one.full()), expect, "{text:?}");
    }

    #[track_caller]
    fn check_stated(text: &str, expect: Option<f64>) {
        assert_eq!(stated(text, Decimal::Point).map(|one| one.full()), expect, "{text:?}");
    }

    #[test]
    fn numbers_are_read_as_written() {
        for (text, expect) in [
            ("42", 42.0),
            ("-7", -7.0),
            ("\u{2212}7", -7.0),
            ("3.50", 3.5),
            (".5", 0.5),
            ("1,234,567", 1_234_567.0),
            ("1,23,456.5", 123_456.5),
            ("1\\,234", 1234.0),
            ("$ 1,080.", 1080.0),
            ("-$5", -5.0),
            ("$-5", -5.0),
            ("18$", 18.0),
            ("Rs.18", 18.0),
            ("USD18", 18.0),
            ("1.5e3", 1500.0),
            ("2E-2", 0.02),
            ("1.5 x 10^3", 1500.0),
            ("2 \\times 10^{-2}", 0.02),
            ("3/4", 0.75),
            ("1 1/2", 1.5),
            ("1\u{bd}", 1.5),
            ("\\frac{3}{4}", 0.75),
            ("-\\dfrac{3}{4}", -0.75),
            ("25%", 0.25),
            ("25 percent", 0.25),
            ("1.8 million dollars", 1_800_000.0),
            ("5k", 5000.0),
            ("5 km", 5.0),
            ("18kg", 18.0),
            ("**18**", 18.0),
            ("the 7th", 7.0),
        ] {
            check_last(text, Some(expect));
            check_stated(text, Some(expect));
        }
    }

    #[test]
    fn what_is_no_number_is_not_read() {
        for text in ["", "none", "x2", "H2O", "1e999", "v_1"] {
            check_last(text, None);
            check_stated(text, None);
        }
    }

    #[test]
    fn the_last_number_of_a_text_is_taken() {
        check_last("She makes 9 * 2 = $<<9*2=18>>18 every day.", Some(18.0));
        check_last("pages 10-20", Some(20.0));
        check_last("16 - 3 - 4", Some(4.0));
        check_last("- 5 apples\n- 6 pears", Some(6.0));
        check_last("3, 5 and x2", Some(5.0));
        check_last("1234,567", Some(567.0));
    }

    #[test]
    fn a_marked_calculation_states_its_result() {
        check_stated("3 + 4 = 7", Some(7.0));
        check_stated("(2+3)*4 = $20.00 in all", Some(20.0));
        check_stated("12/60=1/5", Some(0.2));
        check_stated("x = -5", Some(-5.0));
        check_stated("f(2) = 7", Some(7.0));
        check_stated("$5/hour for 3 hours", Some(5.0));
        check_stated("18 (that is, 2 x 9)", Some(18.0));
    }

    #[test]
    fn a_calculation_without_a_result_is_not_a_number() {
        for text in ["3 + 4", "10+John's age", "10-20", "2 x 9", "3/4/2020", "2^3", "3/0"] {
            check_stated(text, None);
        }
    }

    #[test]
    fn the_comma_may_be_the_decimal_sign() {
        assert_eq!(last("1.234,5", Decimal::Comma), Some(Quantity::plain(1234.5)));
        assert_eq!(last("1,5", Decimal::Comma), Some(Quantity::plain(1.5)));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(
            text in any::<String>(),
            odd in r"([-+*/^=x.,$%(){}<> 0-9eE\u{a0}½]|\\\\frac|\\\\,|10\^|million|<<|>>){0,40}",
        ) {
            for text in [&text, &odd] {
                for decimal in [Decimal::Point, Decimal::Comma] {
                    for found in [last(text, decimal), stated(text, decimal)].into_iter().flatten() {
                        prop_assert!(found.value.is_finite() && found.full().is_finite());
                    }
                }
            }
        }

        #[test]
        fn every_number_reads_back(value in -1_000_000i64..1_000_000, cents in 0u8..100) {
            let text = format!("about ${value}.{cents:02} in total");
            let expect: f64 = format!("{value}.{cents:02}").parse().expect("a number");
            prop_assert_eq!(last(&text, Decimal::Point).map(|one| one.value), Some(expect));
        }
    }
}
