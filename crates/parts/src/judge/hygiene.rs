//! A test that answers must pass before they may be learned from, whatever their score.

use autodidact_core::chat::{Chat, Completion};
use autodidact_core::{Ask, Judge, Judged, Result};
use serde::{Deserialize, Serialize};

/// What makes an answer unfit to learn from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HygieneRules {
    /// Fewest characters, spaces around the text left out.
    pub least_chars: u32,
    /// Texts that must not occur.
    pub forbid: Vec<String>,
    /// Whether an answer may end because it reached its length limit.
    pub cut_off: CutOff,
}

/// What to make of answers that reached their length limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CutOff {
    /// They are unfit: learning from one teaches never to stop.
    #[default]
    Discard,
    /// They are like any other.
    Allow,
}

impl Default for HygieneRules {
    fn default() -> HygieneRules {
        HygieneRules { least_chars: 2, forbid: Vec::new(), cut_off: CutOff::Discard }
    }
}

impl HygieneRules {
    /// Whether the answer passes.
    pub fn clean(&self, answer: &Completion) -> bool {
        let long_enough = answer.text.trim().chars().count() >= self.least_chars as usize;
        let whole = self.cut_off == CutOff::Allow || !autodidact_core::Answer::truncated(answer);
        long_enough && whole && !self.forbid.iter().any(|text| answer.text.contains(text.as_str()))
    }
}

/// A judge whose verdicts also say, as the part `clean`, whether the answer passes the rules.
///
/// The score stays the inner judge's, so that discarding is seen in the numbers and not hidden in
/// the reward.
pub struct Hygiene {
    inner: Box<dyn Judge<Chat>>,
    rules: HygieneRules,
}

impl Hygiene {
    /// Adds the rules to a judge.
    pub fn of(inner: Box<dyn Judge<Chat>>, rules: HygieneRules) -> Hygiene {
        Hygiene { inner, rules }
    }
}

impl Judge<Chat> for Hygiene {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        let mut judged = self.inner.judge(asks, answers)?;
        for (verdicts, answers) in judged.verdicts.iter_mut().zip(answers) {
            for (verdict, answer) in verdicts.iter_mut().zip(answers) {
                verdict.detail.push(("clean".to_owned(), f64::from(u8::from(self.rules.clean(answer)))));
            }
        }
        Ok(judged)
    }

    fn name(&self) -> String {
        format!(
            "{} if clean(chars >= {}, none of {:?}, cut off: {:?})",
            self.inner.name(),
            self.rules.least_chars,
            self.rules.forbid,
            self.rules.cut_off
        )
    }

    fn calls(&self) -> u64 {
        self.inner.calls()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::chat::Finish;

    #[track_caller]
    fn check(text: &str, finish: Finish, expect: bool) {
        let rules = HygieneRules { forbid: vec!["#".to_owned()], ..HygieneRules::default() };
        let answer = Completion { text: text.to_owned(), finish, ..Completion::default() };
        assert_eq!(rules.clean(&answer), expect, "{text:?}");
    }

    #[test]
    fn short_marked_and_cut_off_answers_are_unfit() {
        check("red and blue", Finish::Stop, true);
        check(" a \n", Finish::Stop, false);
        check("red # blue", Finish::Stop, false);
        check("red and blue", Finish::Length, false);
    }
}
