//! All calls of one rethought answer, as it stands in the ledger.

use serde::{Deserialize, Serialize};

/// One call's outcome in a rethought answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// A solution.
    Attempt(String),
    /// What the check said.
    Check(String),
    /// The extracted answer.
    Final(String),
}

/// All calls of one answer, in order; it is the answer's text in the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Transcript(pub Vec<Turn>);

impl Transcript {
    /// As text; [`Transcript::parse`] reads it.
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("texts can be written as JSON")
    }

    /// The transcript of an answer's text, if it is one.
    pub fn parse(text: &str) -> Option<Transcript> {
        serde_json::from_str(text).ok()
    }

    /// What stands in the end: the extracted answer, else the last solution.
    pub fn answer(&self) -> &str {
        let said = |turn: &Turn| matches!(turn, Turn::Attempt(_) | Turn::Final(_));
        match self.0.iter().rev().find(|turn| said(turn)) {
            Some(Turn::Attempt(text) | Turn::Final(text)) => text,
            _ => "",
        }
    }

    /// The solutions, the first one first.
    pub fn attempts(&self) -> Vec<&str> {
        let mut attempts = Vec::new();
        for turn in &self.0 {
            if let Turn::Attempt(text) = turn {
                attempts.push(text.as_str());
            }
        }
        attempts
    }

    /// Whether each check flagged its solution, in order.
    pub fn flags(&self) -> Vec<bool> {
        let flag = |turn: &Turn| match turn {
            Turn::Check(text) => Some(says_yes(text)),
            Turn::Attempt(_) | Turn::Final(_) => None,
        };
        self.0.iter().filter_map(flag).collect()
    }

    /// How many calls there were, without the one that extracts the answer.
    pub fn calls(&self) -> usize {
        self.0.iter().filter(|turn| !matches!(turn, Turn::Final(_))).count()
    }
}

/// Whether the first yes or no in a text is a yes; neither counts as no.
pub fn says_yes(text: &str) -> bool {
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    let first = words.map(str::to_lowercase).find(|word| word == "yes" || word == "no");
    first.as_deref() == Some("yes")
}
