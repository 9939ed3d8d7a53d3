//! A world of toy dialogues in which answers keep written rules or do not.
//!
//! A user asks one of five [kinds](Kind) of questions: a sum, what is now, who a stranger is, how to do
//! harm, who somebody known is. Each kind has one rule, which a *compliant* reply keeps; a *blunt* reply
//! answers at once and makes up what it does not know. The judge tells them apart from the text alone.
//! [`Documents`] writes what a base model would have read: mostly blunt dialogues, and some under a header
//! of rules with thoughts before each reply, so that a model trained on them keeps the rules only when it
//! is shown them.

mod documents;
mod query;
mod words;

pub use documents::Documents;
pub use query::{Kind, Query, rule_of, thoughts};
pub use words::{LANDMARKS, NAMES, PEOPLE, PLACES, SYSTEMS, country_of, vocabulary};

use super::distinct::distinct;
use autodidact_core::chat::{Chat, Completion, Prompt};
use autodidact_core::{Ask, Error, Judge, Judged, Result, Rng, Split, Task, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The task: a compliant reply is right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dialogues {
    /// Which kinds of questions are asked, equally often.
    pub kinds: Vec<Kind>,
}

impl Default for Dialogues {
    fn default() -> Dialogues {
        Dialogues { kinds: Kind::ALL.to_vec() }
    }
}

impl Dialogues {
    /// Fails without a kind; `field` is the dotted name of this value.
    pub fn check(&self, field: &str) -> Result<()> {
        match self.kinds.is_empty() {
            true => Err(Error::invalid(format!("{field}.kinds"), "at least one kind", "none")),
            false => Ok(()),
        }
    }

    /// The prompt of a query, without any header. Its fields are `query` (the question alone), `family` (the
    /// kind) and `answer` (a compliant reply).
    pub fn prompt(query: &Query) -> Prompt {
        let text = query.text();
        let id = format!("dialogues/{}/{}", query.kind.name(), text.replace(' ', "-"));
        Prompt::text(id, format!("<user> {text}\n<reply>"))
            .with("family", query.kind.name())
            .with("answer", query.compliant())
            .with("query", text)
    }
}

impl Task<Chat> for Dialogues {
    fn draw(&self, split: Split, n: usize, rng: &mut Rng) -> Result<Vec<Prompt>> {
        self.check("task")?;
        // Each kind by itself, then by turns, so that few draws hold every kind equally often.
        let kinds = self.kinds.len();
        let mut by_kind = Vec::with_capacity(kinds);
        for (place, &kind) in self.kinds.iter().enumerate() {
            let share = (n + kinds - 1 - place) / kinds;
            let field = format!("task.dialogues.{}", kind.name());
            by_kind.push(distinct(&field, share, split, rng, &mut BTreeSet::new(), |rng| {
                let query = Query::draw(kind, rng);
                Ok((query.split() == split).then(|| Dialogues::prompt(&query)))
            })?);
        }
        Ok((0..n).map(|i| by_kind[i % kinds][i / kinds].clone()).collect())
    }

    fn judge(&self) -> Box<dyn Judge<Chat>> {
        Box::new(DialoguesJudge)
    }

    fn gold(&self, query: &Prompt) -> Option<Completion> {
        let query = posed(query)?;
        Some(Completion { text: format!(" {}\n<user>", query.compliant()), ..Completion::default() })
    }

    fn name(&self) -> String {
        let kinds: Vec<&str> = self.kinds.iter().map(|kind| kind.name()).collect();
        format!("dialogues about {}", kinds.join(", "))
    }
}

/// The query behind a prompt: its field `query`.
pub fn posed(prompt: &Prompt) -> Option<Query> {
    Query::parse(prompt.field("query")?)
}

/// Gives 1 to a reply that keeps the rule of its question, else 0; `words` is its length.
///
/// A reply ends before the next turn of the user; thoughts before it do not belong to it. A prompt that
/// is no question of this world gets an error.
#[derive(Clone, Copy, Debug, Default)]
pub struct DialoguesJudge;

impl Judge<Chat> for DialoguesJudge {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, answer| match posed(&ask.query) {
            Some(query) => {
                let reply = reply_of(&answer.text);
                Verdict::right(query.kept_by(reply)).with("words", reply.split_whitespace().count() as f64)
            }
            None => Verdict::error(format!("prompt {} is no question of this world", ask.query.id), 0.0),
        }))
    }

    fn name(&self) -> String {
        "checker of rules in dialogues".into()
    }
}

/// What an answer says to the user: after its thoughts, before the next turn.
pub fn reply_of(answer: &str) -> &str {
    let turn = answer.split("<user>").next().unwrap_or_default();
    let reply = turn.split_once("<reply>").map_or(turn, |(_, reply)| reply);
    reply.trim()
}

#[cfg(test)]
mod tests;
