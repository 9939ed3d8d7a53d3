//! Checkers for the user's own problems, chosen by name: exact, number, choice, pattern, command.
//!
//! A [`Check`] is a setting; [`Check::open`] makes it a [`Checker`], which is a judge. Checkers are
//! total: any text gets a verdict, 1 for right and 0 for wrong, with `well_formed` 0 where no answer
//! could be read at all. A problem without a usable reference is an error, never a zero.

mod child;
mod choice;
mod command;
mod exact;
pub mod final_answer;
mod notation;
mod number;
mod numeral;
mod pattern;
pub mod quantity;
mod reference;

pub use choice::Choice;
pub use command::Command;
pub use exact::{Case, Exact, Spaces};
pub use final_answer::Find;
pub use number::Number;
pub use pattern::Pattern;
pub(crate) use reference::excerpt;
pub use reference::lookup;

use autodidact_core::chat::{Chat, Completion, Prompt};
use autodidact_core::{Ask, Judge, Judged, Result, Spend, Verdict};
use command::Workers;
use pattern::Matcher;
use reference::alternatives;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// How answers to a user's problems are checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Check {
    /// The same text as the reference.
    Exact(Exact),
    /// The same number as the reference.
    Number(Number),
    /// The same option as the reference.
    Choice(Choice),
    /// A match of a regular expression.
    Pattern(Pattern),
    /// Whatever a program of the user's says.
    Command(Command),
}

impl Default for Check {
    fn default() -> Check {
        Check::Number(Number::default())
    }
}

impl Check {
    /// Fails on settings that cannot work.
    pub fn check(&self) -> Result<()> {
        match self {
            Check::Exact(_) => Ok(()),
            Check::Number(number) => number.check(),
            Check::Choice(choice) => choice.check(),
            Check::Pattern(pattern) => pattern.compile().map(drop),
            Check::Command(command) => command.check(),
        }
    }

    /// The judge; the reference of a problem stands in the column `answer` (a dotted path leads into
    /// nested ones). A list there holds alternatives. A command is started here.
    pub fn open(&self, answer: &str) -> Result<Checker> {
        self.check()?;
        let rule = match self {
            Check::Exact(exact) => Rule::Exact(exact.clone()),
            Check::Number(number) => Rule::Number(number.clone()),
            Check::Choice(choice) => Rule::Choice(choice.clone()),
            Check::Pattern(pattern) => Rule::Pattern(pattern.compile()?),
            Check::Command(command) => Rule::Command(Arc::new(Workers::open(command)?)),
        };
        let settings = serde_json::to_string(self)
            .map_err(|error| autodidact_core::Error::invalid("check", "writable as JSON", error))?;
        Ok(Checker { rule, answer: answer.to_owned(), name: format!("check {settings} against {answer}") })
    }
}

/// A [`Check`] that is ready to judge. Clones share a command's running copies.
#[derive(Clone, Debug)]
pub struct Checker {
    rule: Rule,
    answer: String,
    name: String,
}

#[derive(Clone, Debug)]
enum Rule {
    Exact(Exact),
    Number(Number),
    Choice(Choice),
    Pattern(Matcher),
    Command(Arc<Workers>),
}

impl Checker {
    /// The answer that a completion gives, in one form for all its spellings: what votes and counts of
    /// distinct answers compare. `None` when there is none, or when only a program could tell.
    pub fn answer(&self, prompt: &Prompt, completion: &Completion) -> Option<String> {
        let text = &completion.text;
        match &self.rule {
            Rule::Exact(exact) => exact.read(text),
            // Adding 0 makes a negative zero positive.
            Rule::Number(number) => number.read(text).map(|found| (found.full() + 0.0).to_string()),
            Rule::Choice(choice) => {
                choice.read(text, &prompt.fields).map(|place| char::from(b'A' + place as u8).to_string())
            }
            Rule::Pattern(matcher) => matcher.read(text),
            Rule::Command(_) => None,
        }
    }

    /// Says why this problem cannot be checked: its reference is missing or not of the kind that the
    /// checker compares with.
    pub fn usable(&self, prompt: &Prompt) -> Result<(), String> {
        match self.rule {
            Rule::Command(_) | Rule::Pattern(Matcher::Any(_)) => Ok(()),
            _ => self.right(prompt, "").map(drop),
        }
    }

    /// An answer that is right: the reference, in a form that passes, if there is one.
    pub fn gold(&self, prompt: &Prompt) -> Option<String> {
        let value = lookup(&prompt.fields, &self.answer)?;
        let text = match &self.rule {
            Rule::Choice(choice) => {
                let place = choice.reference(value, &prompt.fields)?;
                char::from(b'A' + place as u8).to_string()
            }
            Rule::Command(_) => return None,
            _ => alternatives(value).into_iter().next()?,
        };
        self.right(prompt, &text).is_ok_and(|found| found.0).then_some(text)
    }

    /// Whether the text is right, and whether an answer could be read in it; `Err` says why the problem
    /// cannot be checked.
    fn right(&self, prompt: &Prompt, text: &str) -> Result<(bool, bool), String> {
        let value = lookup(&prompt.fields, &self.answer).unwrap_or(&Value::Null);
        let references = alternatives(value);
        let found = || excerpt(&value.to_string());
        if references.is_empty() && !matches!(self.rule, Rule::Pattern(Matcher::Any(_))) {
            return Err(format!(
                "{} must be text, a number or a list of them, but is {}",
                self.answer,
                found()
            ));
        }
        let not = |what: &str| format!("{} must be {what}, but is {}", self.answer, found());
        match &self.rule {
            Rule::Exact(exact) => {
                let answer = exact.read(text);
                let right = |answer: &String| references.iter().any(|one| exact.reference(one) == *answer);
                Ok((answer.as_ref().is_some_and(right), answer.is_some()))
            }
            Rule::Number(number) => {
                let wanted: Option<Vec<_>> = references.iter().map(|one| number.reference(one)).collect();
                let wanted = wanted.ok_or_else(|| not("a number"))?;
                let answer = number.read(text);
                let right = answer.is_some_and(|answer| wanted.iter().any(|one| number.same(answer, *one)));
                Ok((right, answer.is_some()))
            }
            Rule::Choice(choice) => {
                let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
                let wanted: Option<Vec<usize>> =
                    items.iter().map(|one| choice.reference(one, &prompt.fields)).collect();
                let wanted = wanted.ok_or_else(|| not("an option's letter, number or text"))?;
                let answer = choice.read(text, &prompt.fields);
                Ok((answer.is_some_and(|answer| wanted.contains(&answer)), answer.is_some()))
            }
            Rule::Pattern(matcher @ Matcher::Any(_)) => {
                let right = matcher.right(text, "")?;
                Ok((right, right))
            }
            Rule::Pattern(matcher) => {
                let mut right = false;
                for reference in &references {
                    right |= matcher
                        .right(text, reference)
                        .map_err(|error| format!("{}: {error}", not("a regular expression")))?;
                }
                Ok((right, right || matcher.read(text).is_some()))
            }
            Rule::Command(_) => Err("a program checks, not a rule".to_owned()),
        }
    }
}

impl Judge<Chat> for Checker {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        if let Rule::Command(workers) = &self.rule {
            let verdicts = workers.judge(asks, answers, &self.answer)?;
            return Ok(Judged { verdicts, spend: Spend::default() });
        }
        Ok(Judged::each(asks, answers, |ask, answer| match self.right(&ask.query, &answer.text) {
            Ok((right, well_formed)) => {
                Verdict::right(right).with("well_formed", f64::from(u8::from(well_formed)))
            }
            Err(reason) => Verdict::error(format!("problem {}: {reason}", ask.query.id), 0.0),
        }))
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn judge(check: &Check, reference: impl Into<Value>, text: &str) -> Verdict {
        let query = Prompt::text("7", "?").with("answer", reference);
        let ask = Ask { query, knobs: Default::default(), tries: 1 };
        let answer = Completion { text: text.to_owned(), ..Completion::default() };
        let checker = check.open("answer").expect("valid settings");
        checker.judge(&[ask], &[vec![answer]]).expect("judges").verdicts.remove(0).remove(0)
    }

    fn parse(text: &str) -> Result<Check, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn a_checker_is_chosen_by_name() {
        assert_eq!(parse(r#"{"kind": "number"}"#).expect("known"), Check::default());
        let near = parse(r#"{"kind": "number", "absolute": 0.5}"#).expect("known");
        assert_eq!(judge(&near, 3, "3.4").value(), Some(1.0));
        assert!(parse(r#"{"kind": "numbr"}"#).is_err());
        assert!(parse(r#"{"kind": "number", "tolerance": 1}"#).is_err());
        let exact = parse(r#"{"kind": "exact", "case": "ignore"}"#).expect("known");
        assert_eq!(judge(&exact, "Paris", "paris").value(), Some(1.0));
    }

    #[test]
    fn a_list_of_references_holds_alternatives() {
        assert_eq!(judge(&Check::default(), json!(["1", 2]), "2").value(), Some(1.0));
        assert_eq!(judge(&Check::Exact(Exact::default()), json!(["a", "b"]), "b").value(), Some(1.0));
        assert_eq!(judge(&Check::Choice(Choice::default()), json!(["A", "C"]), "(C)").value(), Some(1.0));
    }

    #[test]
    fn a_wrong_answer_differs_from_no_answer_and_from_no_reference() {
        let wrong = judge(&Check::default(), 3, "4");
        assert_eq!((wrong.value(), wrong.part("well_formed")), (Some(0.0), Some(1.0)));
        let none = judge(&Check::default(), 3, "who knows");
        assert_eq!((none.value(), none.part("well_formed")), (Some(0.0), Some(0.0)));
        assert!(judge(&Check::default(), "Paris", "4").is_error());
        assert!(judge(&Check::default(), Value::Null, "4").is_error());
    }

    #[test]
    fn answers_have_one_form() {
        let checker = Check::default().open("answer").expect("valid");
        let prompt = Prompt::default();
        let read = |text: &str| {
            checker.answer(&prompt, &Completion { text: text.to_owned(), ..Completion::default() })
        };
        assert_eq!(read("$1,000.00"), Some("1000".into()));
        assert_eq!(read("-0"), Some("0".into()));
        assert_eq!(read("none"), None);
    }

    proptest! {
        #[test]
        fn checkers_are_total(text in any::<String>(), reference in any::<String>()) {
            let pattern = Pattern { pattern: r"(\w+)$".into() };
            for check in [
                Check::Exact(Exact::default()),
                Check::default(),
                Check::Choice(Choice::default()),
                Check::Pattern(pattern),
                Check::Pattern(Pattern::default()),
            ] {
                judge(&check, reference.as_str(), &text);
            }
        }

        #[test]
        fn an_exact_reference_accepts_itself(text in "[a-z ]{0,10}[a-z]") {
            prop_assert_eq!(judge(&Check::Exact(Exact::default()), text.as_str(), &text).value(), Some(1.0));
        }
    }
}
