//! Right when the answer matches a regular expression.

use super::final_answer::spoken;
use autodidact_core::{Error, Result};
use regex::Regex;
use serde::{Deserialize, Serialize};

/// Matches a regular expression (Rust's syntax, linear time).
///
/// With a pattern that has a group, what the first group of its last match holds must be the
/// reference, both trimmed. With a pattern without groups the answer is right when it matches.
/// Without a pattern the reference is one, and the answer is right when it matches that.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pattern {
    /// The pattern, or empty to take it from the reference.
    pub pattern: String,
}

/// [`Pattern`], compiled.
#[derive(Clone, Debug)]
pub enum Matcher {
    /// The group of a match is compared with the reference.
    Group(Regex),
    /// A match is right whatever the reference.
    Any(Regex),
    /// The reference is the pattern.
    Reference,
}

impl Pattern {
    /// Compiles the pattern; fails where it is not a regular expression.
    pub fn compile(&self) -> Result<Matcher> {
        if self.pattern.is_empty() {
            return Ok(Matcher::Reference);
        }
        let regex = Regex::new(&self.pattern)
            .map_err(|error| Error::invalid("check.pattern", "a regular expression", error))?;
        Ok(if regex.captures_len() > 1 { Matcher::Group(regex) } else { Matcher::Any(regex) })
    }
}

impl Matcher {
    /// What the pattern finds in the text.
    pub fn read(&self, text: &str) -> Option<String> {
        let text = spoken(text)?;
        match self {
            Matcher::Group(regex) => {
                let found = regex.captures_iter(text).last()?;
                found.get(1).map(|group| group.as_str().trim().to_owned())
            }
            Matcher::Any(regex) => regex.find_iter(text).last().map(|found| found.as_str().to_owned()),
            Matcher::Reference => None,
        }
    }

    /// Whether the text is right for one reference; `Err` when that is not a regular expression.
    pub fn right(&self, text: &str, reference: &str) -> Result<bool, String> {
        match self {
            Matcher::Group(_) => Ok(self.read(text).is_some_and(|found| found == reference.trim())),
            Matcher::Any(_) => Ok(self.read(text).is_some()),
            Matcher::Reference => {
                let regex = Regex::new(reference).map_err(|error| error.to_string())?;
                Ok(spoken(text).is_some_and(|text| regex.is_match(text)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(pattern: &str) -> Matcher {
        Pattern { pattern: pattern.into() }.compile().expect("a regular expression")
    }

    #[test]
    fn a_group_is_compared_with_the_reference() {
        let last = matcher(r"result: *(\w+)");
        assert_eq!(last.right("result: a\nresult: b ", " b"), Ok(true));
        assert_eq!(last.right("result: b\nresult: a", "b"), Ok(false));
        assert_eq!(last.right("b", "b"), Ok(false));
        // A group that takes no part in the match finds nothing.
        assert_eq!(matcher("a|(b)").right("a", "a"), Ok(false));
    }

    #[test]
    fn a_pattern_without_groups_only_has_to_match() {
        assert_eq!(matcher("^[a-z]+$").right("abc", ""), Ok(true));
        assert_eq!(matcher("^[a-z]+$").right("ab1", ""), Ok(false));
    }

    #[test]
    fn a_reference_may_be_the_pattern() {
        assert_eq!(matcher("").right("colour", "colou?r"), Ok(true));
        assert!(matcher("").right("x", "(").is_err());
        assert!(Pattern { pattern: "(".into() }.compile().is_err());
    }
}
