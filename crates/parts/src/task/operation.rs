//! The four operations of arithmetic on whole numbers.

/// An operation on two whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Times,
    /// `/`, without remainder.
    Over,
}

impl Operation {
    /// The sign as text.
    pub(crate) fn sign(self) -> char {
        match self {
            Operation::Plus => '+',
            Operation::Minus => '-',
            Operation::Times => '*',
            Operation::Over => '/',
        }
    }

    /// The operation with that sign.
    pub(crate) fn of(sign: char) -> Option<Operation> {
        [Operation::Plus, Operation::Minus, Operation::Times, Operation::Over]
            .into_iter()
            .find(|one| one.sign() == sign)
    }

    /// The value, unless it exceeds [`LARGEST`], divides by zero or leaves a remainder.
    pub(crate) fn apply(self, a: i64, b: i64) -> Option<i64> {
        let value = match self {
            Operation::Plus => a.checked_add(b),
            Operation::Minus => a.checked_sub(b),
            Operation::Times => a.checked_mul(b),
            Operation::Over => match (a.checked_rem(b), a.checked_div(b)) {
                (Some(0), quotient) => quotient,
                _ => None,
            },
        };
        value.filter(|value| (-LARGEST..=LARGEST).contains(value))
    }
}

/// The largest magnitude of a value; beyond it a problem is no problem.
const LARGEST: i64 = 1_000_000_000_000_000;

/// Splits `12-5` at its sign; a minus in front belongs to the first number.
pub(crate) fn split_operation(text: &str) -> Option<(&str, Operation, &str)> {
    let (at, sign) = text.char_indices().skip(1).find(|(_, sign)| Operation::of(*sign).is_some())?;
    Some((&text[..at], Operation::of(sign)?, &text[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_must_be_exact() {
        assert_eq!(Operation::Over.apply(12, 4), Some(3));
        assert_eq!(Operation::Over.apply(12, 5), None);
        assert_eq!(Operation::Over.apply(12, 0), None);
        assert_eq!(Operation::Over.apply(i64::MIN, -1), None);
        assert_eq!(Operation::Times.apply(i64::MAX, 2), None);
    }

    #[test]
    fn a_leading_minus_is_part_of_the_number() {
        assert_eq!(split_operation("-3-4"), Some(("-3", Operation::Minus, "4")));
        assert_eq!(split_operation("é+4"), Some(("é", Operation::Plus, "4")));
        assert_eq!(split_operation("34"), None);
        assert_eq!(split_operation(""), None);
    }
}
