//! Checks what follows the last `Answer:`.

use autodidact_core::chat::{Chat, Completion};
use autodidact_core::{Ask, Judge, Judged, Result, Verdict};

/// 1 when the words after the last `Answer:` are those of the prompt's field `answer`, in order, else 0.
///
/// The detail `well_formed` says whether there are any. A prompt without that field gets an error, never
/// a zero.
#[derive(Clone, Copy, Debug, Default)]
pub struct PuzzleJudge;

/// The words after the last `Answer:` in lower case with one blank between them: a text's final answer,
/// however it is set in type. `None` without the mark or without words on its line.
pub fn said(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let (_, rest) = lower.rsplit_once("answer:")?;
    let line = rest.trim_start().lines().next().unwrap_or_default();
    let words: Vec<&str> =
        line.split(|one: char| !one.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

impl Judge<Chat> for PuzzleJudge {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, answer| {
            let Some(gold) = ask.query.field("answer") else {
                return Verdict::error("the prompt has no field answer", 0.0);
            };
            let found = said(&answer.text);
            let right = found.is_some() && found == said(&format!("Answer: {gold}"));
            Verdict::right(right).with("well_formed", f64::from(u8::from(found.is_some())))
        }))
    }

    fn name(&self) -> String {
        "checker of puzzles".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::chat::{Prompt, Sampling};

    #[track_caller]
    fn check(text: &str, value: f64, formed: f64) {
        let prompt = Prompt::text("x", "Put in order: steep, boil.").with("answer", "boil, steep");
        let asks = Ask::<Chat>::each(&[prompt], 1, &Sampling::default());
        let answer = Completion { text: text.into(), ..Completion::default() };
        let verdict = &PuzzleJudge.judge(&asks, &[vec![answer]]).expect("a judge").verdicts[0][0];
        assert_eq!((verdict.value(), verdict.part("well_formed")), (Some(value), Some(formed)), "{text:?}");
    }

    #[test]
    fn the_last_answer_counts_however_it_is_set() {
        check("First boil, then steep. Answer: boil, steep", 1.0, 1.0);
        check("Answer: steep, boil. No: **Answer:** Boil, steep.", 1.0, 1.0);
        check("so\nanswer:\nboil - steep\nSure?", 1.0, 1.0);
        check("Answer: boil, steep. Answer: steep, boil", 0.0, 1.0);
        check("Answer: boil, steep, sip", 0.0, 1.0);
        check("boil, steep", 0.0, 0.0);
        check("Answer: ", 0.0, 0.0);
        check("", 0.0, 0.0);
    }

    #[test]
    fn a_prompt_without_an_answer_is_an_error() {
        let asks = Ask::<Chat>::each(&[Prompt::text("x", "?")], 1, &Sampling::default());
        let judged = PuzzleJudge.judge(&asks, &[vec![Completion::default()]]).expect("a judge");
        assert!(judged.verdicts[0][0].is_error());
    }
}
