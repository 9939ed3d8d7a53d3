//! What a judge says of one answer: a score, an abstention, or an error that is never a zero.

use serde::{Deserialize, Serialize};

/// A judge's word on one answer, with what it measured on the way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The score, or why there is none.
    pub outcome: Outcome,
    /// Named parts of the score, in the judge's order (`well_formed`, `length`, ...).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub detail: Vec<(String, f64)>,
}

/// The three ways in which judging can end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Outcome {
    /// Higher is better; the range is the judge's.
    Score {
        /// The score itself; always finite.
        score: f64,
    },
    /// The judge does not apply to this answer. Learners and means leave it out.
    Abstain {
        /// Why it does not apply.
        reason: String,
    },
    /// The judge failed: a deadline, a crash, a malformed reply. Never counted as a low score.
    Error {
        /// What failed.
        reason: String,
        /// How long the judge had worked when it failed, in seconds.
        seconds: f64,
    },
}

impl Verdict {
    /// A score without detail. A score that is not finite becomes an error.
    pub fn score(score: f64) -> Verdict {
        if !score.is_finite() {
            return Verdict::error(format!("the score is {score}, not a finite number"), 0.0);
        }
        Verdict { outcome: Outcome::Score { score }, detail: Vec::new() }
    }

    /// One for right, zero for wrong.
    pub fn right(right: bool) -> Verdict {
        Verdict::score(f64::from(u8::from(right)))
    }

    /// The judge does not apply.
    pub fn abstain(reason: impl Into<String>) -> Verdict {
        Verdict { outcome: Outcome::Abstain { reason: reason.into() }, detail: Vec::new() }
    }

    /// The judge failed after `seconds`.
    pub fn error(reason: impl Into<String>, seconds: f64) -> Verdict {
        Verdict { outcome: Outcome::Error { reason: reason.into(), seconds }, detail: Vec::new() }
    }

    /// The same verdict with one more named part.
    pub fn with(mut self, name: &str, value: f64) -> Verdict {
        self.detail.push((name.to_owned(), value));
        self
    }

    /// The score, if there is one.
    pub fn value(&self) -> Option<f64> {
        match self.outcome {
            Outcome::Score { score } => Some(score),
            Outcome::Abstain { .. } | Outcome::Error { .. } => None,
        }
    }

    /// The named part, if the judge gave it.
    pub fn part(&self, name: &str) -> Option<f64> {
        self.detail.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    /// Whether the judge failed.
    pub fn is_error(&self) -> bool {
        matches!(self.outcome, Outcome::Error { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_no_value() {
        assert_eq!(Verdict::error("deadline of 2 s passed", 2.0).value(), None);
        assert_eq!(Verdict::abstain("no answer field").value(), None);
        assert_eq!(Verdict::right(false).value(), Some(0.0));
    }

    #[test]
    fn a_score_that_is_not_finite_is_an_error() {
        assert!(Verdict::score(f64::NAN).is_error());
        assert!(Verdict::score(f64::INFINITY).is_error());
    }
}
