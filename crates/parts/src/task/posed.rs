//! A generated problem as a prompt, and the judge that reads it back from there.

use super::checked::Checked;
use super::problem::Problem;
use super::wording::Wording;
use autodidact_core::chat::{Body, Chat, Completion, Prompt};
use autodidact_core::{Ask, Error, Judge, Judged, Result, Verdict};

/// The prompt of a problem, with all that its judge needs.
///
/// Its fields are `family`, `level`, `answer`, `text` (the compact form) and, unless it is in the
/// compact form, `wording`.
pub fn prompt(problem: &Problem, wording: Wording) -> Prompt {
    let prompt = Prompt { id: problem.id(), body: wording.body(problem), ..Prompt::default() }
        .with("family", problem.family.tag().to_string())
        .with("level", problem.level)
        .with("answer", problem.answer.clone())
        .with("text", problem.text.clone());
    match wording {
        Wording::Compact => prompt,
        Wording::Sentence => prompt.with("wording", "sentence"),
    }
}

/// The problem behind a prompt and the form it is put in: from its field `text`, or from its body
/// when that is bare text.
pub fn posed(prompt: &Prompt) -> Result<(Problem, Wording)> {
    let text = match (prompt.field("text"), &prompt.body) {
        (Some(text), _) => text,
        (None, Body::Text(text)) => text,
        (None, Body::Messages(_)) => {
            return Err(Error::invalid(
                "prompt",
                "bare text or a prompt with a field text",
                "messages alone",
            ));
        }
    };
    let wording = match prompt.field("wording") {
        Some("sentence") => Wording::Sentence,
        _ => Wording::Compact,
    };
    Ok((Problem::parse(text)?, wording))
}

/// Checks a reply to a prompt of a generated problem; total in the reply.
pub fn check_reply(prompt: &Prompt, reply: &str) -> Result<Checked> {
    posed(prompt).map(|(problem, wording)| wording.check(&problem, reply))
}

/// Checks answers to generated problems: 1 for right, 0 for wrong.
///
/// The details are `well_formed` (0 or 1) and `level`. A prompt that is no generated problem gets
/// an error, never a zero.
#[derive(Clone, Copy, Debug, Default)]
pub struct SuiteJudge;

impl Judge<Chat> for SuiteJudge {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, answer| match posed(&ask.query) {
            Ok((problem, wording)) => {
                let checked = wording.check(&problem, &answer.text);
                Verdict::right(checked.right)
                    .with("well_formed", f64::from(u8::from(checked.well_formed)))
                    .with("level", f64::from(problem.level))
            }
            Err(error) => Verdict::error(error.to_string(), 0.0),
        }))
    }

    fn name(&self) -> String {
        "checker of generated problems".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::chat::Sampling;

    #[test]
    fn a_prompt_carries_its_problem_and_wording() {
        let problem = Problem::parse("A:7+10-4?").expect("a problem");
        for wording in [Wording::Compact, Wording::Sentence] {
            let prompt = prompt(&problem, wording);
            assert_eq!(posed(&prompt).expect("a generated problem"), (problem.clone(), wording));
            assert!(check_reply(&prompt, &wording.gold(&problem)).expect("a generated problem").right);
        }
        let bare = posed(&Prompt::text("x", "A:7+10-4?")).expect("a generated problem");
        assert_eq!(bare, (problem, Wording::Compact));
    }

    #[test]
    fn a_prompt_that_is_no_generated_problem_is_an_error_not_a_zero() {
        let messages = Prompt { body: Body::Messages(Vec::new()), ..Prompt::default() };
        let asks = Ask::<Chat>::each(&[Prompt::text("x", "how many?"), messages], 1, &Sampling::default());
        let answers = [vec![Completion::default()], vec![Completion::default()]];
        let judged = SuiteJudge.judge(&asks, &answers).expect("a judge");
        assert!(judged.verdicts.iter().all(|verdicts| verdicts[0].is_error()));
    }
}
