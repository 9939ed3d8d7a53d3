//! Criticism of worked steps, and what they should have been.

use super::asked;
use autodidact_core::chat::Prompt;

/// What an annotator says of one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// The assessment step by step, with the verdict at its end.
    pub feedback: String,
    /// The verdict.
    pub correct: bool,
    /// The answer as it should be; the answer itself where the verdict is good.
    pub refined: String,
}

/// Someone who criticises answers in words.
pub trait Annotator: Send + Sync {
    /// The criticism of an answer to `query`, or `None` where nothing can be said.
    fn annotate(&self, query: &Prompt, answer: &str) -> Option<Annotation>;

    /// Who it is, as recorded with a run.
    fn name(&self) -> String;
}

/// Goes through the columns of each sum and says what it is before it compares:
/// `c15 c8: should be 85, ok; c10 c11: should be 110, wrong. Verdict: incorrect`.
#[derive(Clone, Copy, Debug, Default)]
pub struct TwoStepAnnotator;

impl Annotator for TwoStepAnnotator {
    fn annotate(&self, query: &Prompt, answer: &str) -> Option<Annotation> {
        let problem = asked(query)?;
        let mut written = answer.trim().split(';');
        let mut feedback = Vec::new();
        let mut correct = true;
        for (a, b) in problem.sums() {
            let good = written.next().is_some_and(|step| step == format!("{a}+{b}={}", a + b));
            correct &= good;
            let word = if good { "ok" } else { "wrong" };
            feedback.push(format!("{}: should be {}, {word}", columns(a, b), a + b));
        }
        correct &= written.next().is_none();
        let verdict = if correct { "correct" } else { "incorrect" };
        Some(Annotation {
            feedback: format!("{}. Verdict: {verdict}", feedback.join(";")),
            correct,
            refined: if correct { answer.to_owned() } else { problem.solve() },
        })
    }

    fn name(&self) -> String {
        "annotator of two-step problems".to_owned()
    }
}

/// The sums of the columns of `a + b` from the right, each with what is carried into it: ` c15 c8`.
pub fn columns(a: i64, b: i64) -> String {
    let (mut a, mut b, mut carry) = (a, b, 0);
    let mut text = String::new();
    while a > 0 || b > 0 {
        let sum = a % 10 + b % 10 + carry;
        text.push_str(&format!(" c{sum}"));
        (a, b, carry) = (a / 10, b / 10, sum / 10);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: &str, feedback: &str, correct: bool) {
        let found = TwoStepAnnotator.annotate(&Prompt::text("x", "47+38+25?"), answer).expect("a problem");
        assert_eq!((found.feedback.as_str(), found.correct), (feedback, correct));
        let refined = if correct { answer } else { "47+38=85;85+25=110" };
        assert_eq!(found.refined, refined);
    }

    #[test]
    fn every_step_is_assessed_and_corrected() {
        // 7 + 8 = 15, 4 + 3 + 1 = 8; 5 + 5 = 10, 8 + 2 + 1 = 11.
        check(
            "47+38=85;85+25=110",
            " c15 c8: should be 85, ok; c10 c11: should be 110, ok. Verdict: correct",
            true,
        );
        let half = " c15 c8: should be 85, ok; c10 c11: should be 110, wrong. Verdict: incorrect";
        check("47+38=85;85+25=100", half, false);
        let both = " c15 c8: should be 85, wrong; c10 c11: should be 110, wrong. Verdict: incorrect";
        check("47+38=75;75+25=100", both, false);
        check("", both, false);
        check(
            "47+38=85;85+25=110;",
            " c15 c8: should be 85, ok; c10 c11: should be 110, ok. Verdict: incorrect",
            false,
        );
    }

    #[test]
    fn columns_carry_and_a_longer_number_has_more_of_them() {
        assert_eq!(columns(132, 79), " c11 c11 c2"); // 2+9, 3+7+1, 1+0+1
        assert_eq!(columns(9, 9), " c18");
        assert_eq!(columns(5, 0), " c5");
    }

    #[test]
    fn what_is_no_problem_is_not_annotated() {
        assert_eq!(TwoStepAnnotator.annotate(&Prompt::text("x", "how many?"), "3"), None);
    }
}
