//! Questions with the replies that a screen keeps, and the reasons for the others.

use super::invent::{self, Invented};
use super::screen::Reply;
use autodidact_core::chat::{Chat, Completion, Prompt};
use autodidact_core::{Ask, BlobId, Error, Group, Judge, Judged, Result, Run, Verdict};
use autodidact_math::summary::mean;
use autodidact_parts::dataset::dropped;
use autodidact_parts::filter::Counts;
use serde::Serialize;

/// A question with its reply, or with the reason why there is none.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The question's name in the run.
    pub id: String,
    /// What was asked.
    pub question: String,
    /// What is learned from it.
    pub reply: Result<Reply, &'static str>,
    /// The prompt that it was answered under.
    pub parents: Vec<String>,
}

/// Scores 1 what a screen keeps and 0 the rest, with the reason.
pub struct Screened<'a> {
    /// Reads the reply out of the answer to the question of that index.
    pub read: &'a (dyn Fn(usize, &Completion) -> Result<Reply, &'static str> + Sync),
    /// Names the screen's settings.
    pub name: String,
}

impl Judge<Chat> for Screened<'_> {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, answer| match (self.read)(place_of(&ask.query), answer) {
            Ok(_) => Verdict::score(1.0),
            Err(reason) => dropped(reason),
        }))
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

fn place_of(prompt: &Prompt) -> usize {
    prompt.fields.get("place").and_then(serde_json::Value::as_u64).unwrap_or_default() as usize
}

/// What was asked with what the screen reads in the answers; questions whose request failed are left out.
pub fn read_pairs(
    stage: &str,
    asked: &[Invented],
    groups: &[Group<Chat>],
    screen: &Screened<'_>,
    run: &mut Run<'_>,
) -> Result<Vec<Pair>> {
    let mut counts = Counts::default();
    let mut pairs = Vec::new();
    for (place, (one, group)) in asked.iter().zip(groups).enumerate() {
        for answer in invent::answers(group) {
            let reply = (screen.read)(place, answer);
            counts.count(reply.as_ref().err().copied());
            pairs.push(Pair {
                id: one.id.clone(),
                question: one.text.clone(),
                reply,
                parents: vec![group.ask.query.id.clone()],
            });
        }
    }
    let prompts: Vec<f64> =
        groups.iter().flat_map(invent::answers).map(|answer| answer.prompt.len() as f64).collect();
    note_mean(run, &format!("{stage}/prompt_tokens"), &prompts)?;
    counts.note(stage, run)?;
    Ok(pairs)
}

/// Tokens of the prompts of what is learned from.
pub fn kept_prompts(groups: &[Group<Chat>]) -> impl Iterator<Item = usize> {
    let kept = |one: &&autodidact_core::Try<Chat>| one.verdict.value().is_some_and(|score| score > 0.0);
    groups.iter().flat_map(move |group| group.tries.iter().filter(kept)).map(|one| one.answer.prompt.len())
}

/// Notes a mean that exists; answers of an endpoint have no tokens.
pub fn note_mean(run: &mut Run<'_>, name: &str, values: &[f64]) -> Result<()> {
    match mean(values) {
        Some(value) if value > 0.0 => run.note(name, value),
        _ => Ok(()),
    }
}

/// A short name for settings.
pub fn digest(settings: &impl Serialize) -> Result<String> {
    let text = serde_json::to_vec(settings)
        .map_err(|source| Error::Recorded { what: "settings of a screen", source })?;
    Ok(BlobId::of(&text).0[..16].to_owned())
}
