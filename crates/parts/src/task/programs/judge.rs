//! Runs an answer as a program and compares its result.

use super::{same_value, trace};
use autodidact_core::chat::{Chat, Completion};
use autodidact_core::{Ask, Judge, Judged, Result, Verdict};

/// 1 when the program's `answer` is within 1e-4 of the prompt's field `answer`, else 0.
///
/// The details are `well_formed` (it runs and sets `answer`) and `statements`. A prompt without a
/// number in its field `answer` gets an error, never a zero.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProgramJudge;

impl Judge<Chat> for ProgramJudge {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, answer| {
            let gold = ask.query.field("answer").and_then(|gold| gold.parse::<f64>().ok());
            let Some(gold) = gold else {
                return Verdict::error("the prompt has no field answer with a number", 0.0);
            };
            let states = trace(&answer.text).unwrap_or_default();
            let found = states.last().and_then(|state| state.answer());
            Verdict::right(found.is_some_and(|found| same_value(found, gold)))
                .with("well_formed", f64::from(u8::from(found.is_some())))
                .with("statements", states.len() as f64)
        }))
    }

    fn name(&self) -> String {
        "checker of programs".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::chat::{Prompt, Sampling};

    fn verdict(said: &str) -> Verdict {
        let prompt = Prompt::text("x", "(3+4)*(5+2)?").with("answer", "49");
        let asks = Ask::<Chat>::each(&[prompt], 1, &Sampling::default());
        let answer = Completion { text: said.into(), ..Completion::default() };
        let judged = ProgramJudge.judge(&asks, &[vec![answer]]).expect("a judge");
        judged.verdicts[0][0].clone()
    }

    #[test]
    fn any_program_with_the_right_result_is_right() {
        for right in ["a=3+4;b=5+2;answer=a*b", "b=2+5;answer=b*(3+4)", "answer=49", "answer=49.00005"] {
            assert_eq!(verdict(right).value(), Some(1.0), "{right}");
        }
        assert_eq!(verdict("a=3+4\nanswer=a*7").part("statements"), Some(2.0));
    }

    #[test]
    fn wrong_missing_and_broken_answers_are_wrong() {
        for (wrong, formed) in
            [("answer=48", 1.0), ("a=49", 0.0), ("answer=", 0.0), ("", 0.0), ("answer=49;x=", 0.0)]
        {
            let verdict = verdict(wrong);
            assert_eq!((verdict.value(), verdict.part("well_formed")), (Some(0.0), Some(formed)), "{wrong}");
        }
    }
}
