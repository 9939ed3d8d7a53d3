//! Right when the answer picks the right option of a multiple-choice question.

use super::final_answer::{Find, Found, Short};
use super::reference::lookup;
use autodidact_core::{Error, Result};
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Reads the letter of an option.
///
/// After a mark: the first letter in brackets or standing alone, or an option's own text. Without a
/// mark: a text that is or begins with a letter (`B`, `B) because`, `(B)`), else the last letter in
/// brackets or after `option` or `choice`, else the last capital standing alone (an `A` or `I` before
/// a small letter is a word).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Choice {
    /// Which part of the answer is read.
    pub find: Find,
    /// How many options there are at most, from A; 2 to 26.
    pub options: u8,
    /// The number of the first option where the reference is a number: 0 (MMLU) or 1 (ARC).
    pub first: u32,
    /// The column with the options' texts, a list or ARC's `{text, label}`; empty if there is none.
    /// With it a reference or an answer may be an option's text.
    pub column: String,
}

impl Default for Choice {
    fn default() -> Choice {
        Choice { find: Find::Marked, options: 5, first: 0, column: String::new() }
    }
}

static BRACKETED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[(\[{]\s*([A-Za-z])\s*[)\]}]").expect("a constant pattern"));
static LEADING: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[\s*_]*([A-Za-z])(?:[).:\],]|\W*$)").expect("a constant pattern"));
static NAMED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\b(?:option|choice)\W{1,3}([a-z])\b").expect("a constant pattern"));
static ALONE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b([A-Z])\b").expect("a constant pattern"));

impl Choice {
    /// Fails on a number of options that the alphabet does not have.
    pub fn check(&self) -> Result<()> {
        match self.options {
            2..=26 => Ok(()),
            other => Err(Error::invalid("check.options", "2 to 26", other)),
        }
    }

    /// The option that the text picks, 0 for A.
    pub fn read(&self, text: &str, columns: &BTreeMap<String, Value>) -> Option<usize> {
        let options = self.options(columns);
        match self.find.within(text, Short::Option)? {
            Found::Marked(part) => self.stated(part, &options),
            Found::Whole(text) => self.anywhere(text).or_else(|| place(&options, text)),
        }
    }

    /// The option that the reference names: a letter, a number or an option's text.
    pub fn reference(&self, reference: &Value, columns: &BTreeMap<String, Value>) -> Option<usize> {
        let options = self.options(columns);
        let text = match reference {
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.trim().to_owned(),
            _ => return None,
        };
        // The labels that the options carry go first: ARC has both letters and numbers.
        if let Some(labels) = self.labels(columns)
            && let Some(place) = labels.iter().take(self.options.into()).position(|label| *label == text)
        {
            return Some(place);
        }
        if let Ok(number) = text.parse::<u32>() {
            let place = number.checked_sub(self.first)? as usize;
            return (place < usize::from(self.options)).then_some(place);
        }
        place(&options, &text).or_else(|| self.stated(&text, &options)).or_else(|| {
            match Find::OnlyMarked.within(&text, Short::Option)? {
                Found::Marked(part) | Found::Whole(part) => self.stated(part, &options),
            }
        })
    }

    fn stated(&self, part: &str, options: &[String]) -> Option<usize> {
        let bare = || self.first_of(&LEADING, part);
        let alone = || self.first_of(&ALONE, part);
        bare().or_else(|| self.first_of(&BRACKETED, part)).or_else(|| place(options, part)).or_else(alone)
    }

    fn anywhere(&self, text: &str) -> Option<usize> {
        let last =
            |pattern: &Regex| pattern.captures_iter(text).filter_map(|found| self.letter(&found[1])).last();
        self.first_of(&LEADING, text).or_else(|| last(&BRACKETED)).or_else(|| last(&NAMED)).or_else(|| {
            let word = |end: usize| {
                let mut rest = text[end..].chars();
                rest.next() == Some(' ') && rest.next().is_some_and(char::is_lowercase)
            };
            let letters = ALONE.captures_iter(text).filter(|found| {
                !(matches!(&found[1], "A" | "I") && word(found.get(0).expect("group 0 always exists").end()))
            });
            letters.filter_map(|found| self.letter(&found[1])).last()
        })
    }

    fn first_of(&self, pattern: &Regex, text: &str) -> Option<usize> {
        pattern.captures_iter(text).find_map(|found| self.letter(&found[1]))
    }

    fn letter(&self, letter: &str) -> Option<usize> {
        let place = usize::from(letter.bytes().next()?.to_ascii_uppercase().checked_sub(b'A')?);
        (place < usize::from(self.options)).then_some(place)
    }

    fn options(&self, columns: &BTreeMap<String, Value>) -> Vec<String> {
        self.list(columns, "text").unwrap_or_default()
    }

    fn labels(&self, columns: &BTreeMap<String, Value>) -> Option<Vec<String>> {
        lookup(columns, &self.column).filter(|value| value.is_object())?;
        self.list(columns, "label")
    }

    fn list(&self, columns: &BTreeMap<String, Value>, member: &str) -> Option<Vec<String>> {
        let value = lookup(columns, &self.column)?;
        let list = value.get(member).unwrap_or(value).as_array()?;
        let list = list.iter().take(self.options.into());
        Some(list.map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect())
    }
}

fn place(options: &[String], text: &str) -> Option<usize> {
    let text = text.trim().trim_end_matches('.');
    options.iter().position(|option| option.trim().trim_end_matches('.').eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[track_caller]
    fn check(text: &str, expect: Option<char>) {
        let found = Choice::default().read(text, &BTreeMap::new());
        assert_eq!(found.map(|place| char::from(b'A' + place as u8)), expect, "{text:?}");
    }

    #[test]
    fn letters_are_found() {
        for text in [
            "B",
            " b. ",
            "(B)",
            "B) because",
            "**B**",
            "The answer is B.",
            "Answer: (b)",
            "\\boxed{B}",
            "\\boxed{\\text{B}}",
            "A dog is not it; I pick B",
            "I think option b fits",
            "(A) no, so (B)",
            "#### B: four",
        ] {
            check(text, Some('B'));
        }
        check("A: dog\nB: cat\nThe answer is A: dog", Some('A'));
        check("A cat sat", None);
        check("the answer is 4", None);
        check("Z", None);
        check("", None);
    }

    #[test]
    fn a_reference_is_a_letter_a_number_or_an_options_text() {
        let columns = BTreeMap::from([("choices".to_owned(), json!(["red", "green", "blue"]))]);
        let choice = Choice { column: "choices".into(), ..Choice::default() };
        for reference in [json!("C"), json!(2), json!("2"), json!("blue"), json!("(C)")] {
            assert_eq!(choice.reference(&reference, &columns), Some(2), "{reference}");
        }
        assert_eq!(choice.read("the answer is Blue.", &columns), Some(2));
        assert_eq!(choice.read("green", &columns), Some(1));
        assert_eq!(choice.reference(&json!(9), &columns), None);
        let from_one = Choice { first: 1, ..Choice::default() };
        assert_eq!(from_one.reference(&json!("3"), &columns), Some(2));
        assert_eq!(from_one.reference(&json!(0), &columns), None);
    }

    #[test]
    fn the_labels_of_arc_are_followed() {
        let columns =
            BTreeMap::from([("choices".to_owned(), json!({"text": ["x", "y"], "label": ["1", "2"]}))]);
        let choice = Choice { column: "choices".into(), ..Choice::default() };
        assert_eq!(choice.reference(&json!("2"), &columns), Some(1));
        assert!(Choice { options: 1, ..Choice::default() }.check().is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in any::<String>(), odd in r"([A-Fa-f(){}. :é]|answer is|option ){0,20}") {
            for text in [&text, &odd] {
                let found = Choice::default().read(text, &BTreeMap::new());
                prop_assert!(found.is_none_or(|place| place < 5));
            }
        }
    }
}
