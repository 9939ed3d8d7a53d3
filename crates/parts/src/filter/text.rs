//! Rules on the wording of one text alone.

use super::Rule;
use crate::check::Case;

/// Drops texts of nothing but white space.
#[derive(Clone, Copy, Debug, Default)]
pub struct Empty;

impl Rule for Empty {
    fn name(&self) -> &str {
        "empty"
    }

    fn drops(&self, item: &str) -> bool {
        item.trim().is_empty()
    }
}

/// Drops texts in which one of a list of texts occurs, as `banned`.
#[derive(Clone, Debug)]
pub struct Banned {
    texts: Vec<String>,
    case: Case,
}

impl Banned {
    /// Drops what contains one of `texts`; empty ones are in every text and are left out of the list.
    pub fn of<S: AsRef<str>>(texts: &[S], case: Case) -> Banned {
        let texts = texts.iter().map(|text| form(text.as_ref(), case)).filter(|text| !text.is_empty());
        Banned { texts: texts.collect(), case }
    }
}

impl Rule for Banned {
    fn name(&self) -> &str {
        "banned"
    }

    fn drops(&self, item: &str) -> bool {
        let item = form(item, self.case);
        self.texts.iter().any(|text| item.contains(text.as_str()))
    }
}

fn form(text: &str, case: Case) -> String {
    match case {
        Case::Keep => text.to_owned(),
        Case::Ignore => text.to_lowercase(),
    }
}

/// Drops texts by how they start, white space aside, as `start`.
#[derive(Clone, Debug)]
pub enum Start {
    /// Those that start with one of these.
    Never(Vec<String>),
    /// Those that start with none of these.
    Always(Vec<String>),
    /// Those whose first character is not an ASCII letter or digit: punctuation, other scripts.
    Alphanumeric,
}

impl Rule for Start {
    fn name(&self) -> &str {
        "start"
    }

    fn drops(&self, item: &str) -> bool {
        let item = item.trim_start();
        let with_one_of = |texts: &[String]| texts.iter().any(|text| item.starts_with(text.as_str()));
        match self {
            Start::Never(texts) => with_one_of(texts),
            Start::Always(texts) => !with_one_of(texts),
            Start::Alphanumeric => !item.starts_with(|first: char| first.is_ascii_alphanumeric()),
        }
    }
}

/// Drops texts with control characters other than line ends and tabs, or with the mark that stands for
/// bytes that are no text, as `odd`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Odd;

impl Rule for Odd {
    fn name(&self) -> &str {
        "odd"
    }

    fn drops(&self, item: &str) -> bool {
        item.chars().any(|one| one == '\u{fffd}' || (one.is_control() && !matches!(one, '\n' | '\t' | '\r')))
    }
}
