//! A question that is answered by a number on a scale.

use super::case::{Case, asks, below, check_shows, plain};
use crate::wording::Wording;
use autodidact_core::chat::{Chat, Completion, Sampling};
use autodidact_core::{Ask, Error, Group, Judge, Judged, Policy, Result, Run, Verdict};
use serde::{Deserialize, Serialize};

/// How a reply that holds a score is read: the first number after the last heading, if it is on the scale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scale {
    /// The lowest score.
    pub low: f64,
    /// The highest score.
    pub high: f64,
    /// What stands before the score; empty reads the first number of the reply.
    pub heading: String,
}

impl Default for Scale {
    fn default() -> Scale {
        Scale { low: 1.0, high: 10.0, heading: "Score:".to_owned() }
    }
}

impl Scale {
    /// Fails on a scale without a length, naming the field below `field`.
    pub fn check(&self, field: &str) -> Result<()> {
        match self.low.is_finite() && self.high.is_finite() && self.low < self.high {
            true => Ok(()),
            false => Err(Error::invalid(
                format!("{field}.low"),
                format!("a number below {field}.high = {}", self.high),
                self.low,
            )),
        }
    }

    /// The score, in `low..=high`, or why there is none.
    pub fn read(&self, reply: &str) -> Result<f64, String> {
        let whole = plain(reply);
        let Some(text) = below(&whole, &self.heading) else {
            return Err(format!("the reply has no heading {:?}", self.heading));
        };
        match first_number(text) {
            None => Err("the reply has no number where the score belongs".to_owned()),
            Some(score) if (self.low..=self.high).contains(&score) => Ok(score),
            Some(score) => Err(format!("the score {score} is not within {} to {}", self.low, self.high)),
        }
    }
}

/// The first number: digits with an optional minus and an optional fraction. `8/10` begins with 8.
fn first_number(text: &str) -> Option<f64> {
    let start = text.find(|one: char| one.is_ascii_digit())?;
    let rest = &text[start..];
    let whole = rest.find(|one: char| !one.is_ascii_digit()).unwrap_or(rest.len());
    let fraction = rest[whole..].strip_prefix('.').map_or(0, |after| {
        let digits = after.find(|one: char| !one.is_ascii_digit()).unwrap_or(after.len());
        if digits > 0 { digits + 1 } else { 0 }
    });
    let number: f64 = rest[..whole + fraction].parse().ok()?;
    // A minus belongs to the number unless it joins it to a word or a number: `7-8` is seven.
    let before = &text[..start];
    let minus = before
        .strip_suffix(['-', '\u{2212}'])
        .is_some_and(|left| !left.chars().next_back().is_some_and(char::is_alphanumeric));
    Some(if minus { -number } else { number })
}

impl Judge<Chat> for Scale {
    /// The score as it stands; a reply without one abstains and says why.
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |_, answer| match self.read(&answer.text) {
            Ok(score) => Verdict::score(score),
            Err(reason) => Verdict::abstain(reason),
        }))
    }

    fn name(&self) -> String {
        let Scale { low, high, heading } = self;
        let below = if heading.is_empty() { String::new() } else { format!(" below {heading:?}") };
        format!("the number within {low} to {high}{below}")
    }
}

/// Asks a policy for a score of each of many cases.
#[derive(Clone, Debug)]
pub struct Scored {
    wording: Wording,
    scale: Scale,
    sampling: Sampling,
}

impl Scored {
    /// Asks in this wording and reads replies on this scale.
    pub fn of(wording: Wording, scale: Scale, sampling: Sampling) -> Result<Scored> {
        scale.check("scale")?;
        check_shows(&wording, "score prompt")?;
        Ok(Scored { wording, scale, sampling })
    }

    /// One ask a case, in order, for who judges the replies together with others.
    pub fn asks(&self, cases: &[Case], tries: u32) -> Result<Vec<Ask<Chat>>> {
        asks(&self.wording, cases, tries, &self.sampling)
    }

    /// The judge of the replies.
    pub fn scale(&self) -> &Scale {
        &self.scale
    }

    /// Asks `policy` in `stage` of the run, `tries` times a case; one group a case, in order. A verdict is
    /// the score as it stands; a reply without one abstains.
    pub fn ask(
        &self,
        stage: &str,
        policy: &dyn Policy<Chat>,
        cases: &[Case],
        tries: u32,
        run: &mut Run<'_>,
    ) -> Result<Vec<Group<Chat>>> {
        run.attempt(stage, policy, &self.scale, self.asks(cases, tries)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(reply: &str, expect: Result<f64, &str>) {
        match (Scale::default().read(reply), expect) {
            (Ok(found), expect) => assert_eq!(Ok(found), expect, "{reply:?}"),
            (Err(reason), Err(part)) => assert!(reason.contains(part), "{reply:?}: {reason}"),
            (Err(reason), Ok(_)) => panic!("{reply:?}: {reason}"),
        }
    }

    #[test]
    fn the_first_number_below_the_last_heading_is_the_score() {
        check("It has 3 faults.\nScore: 8", Ok(8.0));
        check("**Score:** [[7.5]]", Ok(7.5));
        check("score: 8/10. Or not?", Ok(8.0));
        check("Score: 2\nOn reflection, Score: 9.", Ok(9.0));
        check("Score: about 7-8", Ok(7.0));
    }

    #[test]
    fn what_is_not_on_the_scale_is_no_score() {
        check("8", Err("no heading \"Score:\""));
        check("Score: eight", Err("no number"));
        check("Score: 11", Err("11 is not within 1 to 10"));
        check("Score: -3", Err("-3 is not within"));
        check("Score: 0.5", Err("0.5 is not within"));
    }

    #[test]
    fn a_scale_without_a_length_is_refused() {
        let flat = Scale { low: 5.0, high: 5.0, ..Scale::default() };
        let error = flat.check("scale").expect_err("refused").to_string();
        assert_eq!(error, "scale.low must be a number below scale.high = 5, but is 5");
        assert!(Scale { low: f64::NAN, ..Scale::default() }.check("scale").is_err());
    }

    proptest! {
        #[test]
        fn any_reply_is_read_or_refused(reply in "\\PC{0,60}|Score:[-0-9./ ]{0,20}") {
            if let Ok(score) = Scale::default().read(&reply) {
                prop_assert!((1.0..=10.0).contains(&score));
            }
        }
    }
}
