//! What a checker says of one answer, and how the answer is found in the text.

/// A checker's finding. Malformed text is "not well-formed", which is not the same as "wrong".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// The answer solves the problem.
    pub right: bool,
    /// The answer has the form that the family asks for; a right answer always has it.
    pub well_formed: bool,
    /// The final answer in canonical form, when the text has the form. Votes count these.
    pub answer: Option<String>,
}

impl Checked {
    /// Text that does not have the form of an answer.
    pub(crate) fn malformed() -> Checked {
        Checked::default()
    }

    /// A well-formed answer.
    pub(crate) fn formed(right: bool, answer: impl Into<String>) -> Checked {
        Checked { right, well_formed: true, answer: Some(answer.into()) }
    }

    /// Whether the final integer of `said` is `gold`.
    pub(crate) fn integer(said: &str, gold: i64) -> Checked {
        match final_field(said).and_then(integer) {
            Some(found) => Checked::formed(found == gold, found.to_string()),
            None => Checked::malformed(),
        }
    }
}

/// The part of a completion that is the answer itself: all before the first verdict (`~`),
/// critique (`&`), second attempt (`!`) or further text (`|`), without a confidence (`%7`) in front.
pub fn cut(completion: &str) -> &str {
    let end = completion.find(['~', '&', '!', '|']).unwrap_or(completion.len());
    let kept = &completion[..end];
    let mut bytes = kept.bytes();
    match (bytes.next(), bytes.next()) {
        (Some(b'%'), Some(b'0'..=b'9')) => &kept[2..],
        _ => kept,
    }
}

/// What stands after the last `#`, if there is one.
pub(crate) fn final_field(said: &str) -> Option<&str> {
    said.rsplit_once('#').map(|(_, field)| field)
}

/// A whole number: digits with an optional minus in front, at most 18 of them.
pub(crate) fn integer(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.len() <= 18 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_from_the_first_mark_on_is_cut() {
        assert_eq!(cut("1+1=2#2~y"), "1+1=2#2");
        assert_eq!(cut("1+1=3#3!1+1=2#2&0"), "1+1=3#3");
        assert_eq!(cut("1+1=2#2|1+1=3#3>1"), "1+1=2#2");
        assert_eq!(cut("%71+1=2#2"), "1+1=2#2");
        assert_eq!(cut("%é"), "%é");
        assert_eq!(cut(""), "");
    }

    #[test]
    fn integers_are_digits_with_an_optional_minus() {
        assert_eq!(integer("-12"), Some(-12));
        assert_eq!(integer(" 012 "), Some(12));
        for bad in ["", "-", "+1", "1 2", "1.0", "x", "9999999999999999999", "--1", "١"] {
            assert_eq!(integer(bad), None, "{bad:?}");
        }
    }
}
