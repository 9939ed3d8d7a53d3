//! Right when the answer is the reference, character by character.

use super::final_answer::{Find, Found, Short};
use serde::{Deserialize, Serialize};

/// Compares texts, trimmed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Exact {
    /// Which part of the answer is compared; the reference is read the same way.
    pub find: Find,
    /// Whether capitals matter.
    pub case: Case,
    /// Whether runs of white space matter.
    pub spaces: Spaces,
}

/// Whether capitals matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Case {
    /// `Paris` is not `paris`.
    #[default]
    Keep,
    /// `Paris` is `paris`.
    Ignore,
}

/// Whether the kind and number of white space characters matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spaces {
    /// Every character counts.
    #[default]
    Keep,
    /// Every run counts as one space.
    Collapse,
}

impl Exact {
    /// The answer in the form in which it is compared, or `None` when the text has none.
    pub fn read(&self, text: &str) -> Option<String> {
        let (Found::Marked(part) | Found::Whole(part)) = self.find.within(text, Short::Mark)?;
        Some(self.form(part)).filter(|answer| !answer.is_empty())
    }

    /// The reference in that form; it may be written with or without a mark.
    pub fn reference(&self, text: &str) -> String {
        match Find::Marked.within(text, Short::Mark) {
            Some(Found::Marked(part) | Found::Whole(part)) if self.find != Find::Whole => self.form(part),
            _ => self.form(text),
        }
    }

    fn form(&self, part: &str) -> String {
        let spaced = match self.spaces {
            Spaces::Keep => part.trim().to_owned(),
            Spaces::Collapse => part.split_whitespace().collect::<Vec<_>>().join(" "),
        };
        match self.case {
            Case::Keep => spaced,
            Case::Ignore => spaced.to_lowercase(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marked_part_or_the_whole_text_is_compared() {
        let exact = Exact::default();
        assert_eq!(exact.read("well...\n#### Paris "), Some("Paris".into()));
        assert_eq!(exact.read(" Paris\n"), Some("Paris".into()));
        assert_eq!(exact.read(" "), None);
        assert_eq!(exact.reference("It is on the Seine.\n#### Paris"), "Paris");
        let strict = Exact { find: Find::OnlyMarked, ..Exact::default() };
        assert_eq!((strict.read("Paris"), strict.reference("Paris")), (None, "Paris".into()));
        let whole = Exact { find: Find::Whole, ..Exact::default() };
        assert_eq!(whole.reference("#### x"), "#### x");
    }

    #[test]
    fn capitals_and_spaces_may_be_ignored() {
        let loose = Exact { case: Case::Ignore, spaces: Spaces::Collapse, ..Exact::default() };
        assert_eq!(loose.read("New \n York"), Some("new york".into()));
    }
}
