//! A task whose questions are asked in a recipe's own words.

use autodidact_core::chat::{Body, Chat, Completion, Prompt};
use autodidact_core::{Judge, Result, Rng, Split, Task};
use std::collections::BTreeSet;

/// The field that keeps a question as the task asks it, once a recipe has put it in other words.
pub(crate) const ASKED: &str = "asked";

/// The question of a prompt as the task asks it: its text, or what the user says last, since earlier
/// turns are solved examples.
pub(crate) fn question(query: &Prompt) -> String {
    if let Some(asked) = query.field(ASKED) {
        return asked.to_owned();
    }
    match &query.body {
        Body::Text(text) => text.clone(),
        Body::Messages(messages) => {
            let last = messages.iter().rfind(|message| message.role == "user");
            last.map(|message| message.content.clone()).unwrap_or_default()
        }
    }
}

/// Leaves each question once, the first time it comes: a small file comes again and again when more questions are
/// drawn than it has, and what counts answers a question, or knows them by it, must not see it twice.
pub(crate) fn each_once(questions: &mut Vec<Prompt>) {
    let mut seen = BTreeSet::new();
    questions.retain(|question| seen.insert(question.id.clone()));
}

/// A task whose queries pass through a function that words them; all else is the task's.
pub(crate) struct Asked<F> {
    task: Box<dyn Task<Chat>>,
    ask: F,
}

impl<F: Fn(&Prompt) -> Result<Prompt> + Send + Sync> Asked<F> {
    /// Asks the task's queries as `ask` words them.
    pub(crate) fn of(task: Box<dyn Task<Chat>>, ask: F) -> Asked<F> {
        Asked { task, ask }
    }
}

impl<F: Fn(&Prompt) -> Result<Prompt> + Send + Sync> Task<Chat> for Asked<F> {
    fn draw(&self, split: Split, n: usize, rng: &mut Rng) -> Result<Vec<Prompt>> {
        self.task.draw(split, n, rng)?.iter().map(&self.ask).collect()
    }

    fn judge(&self) -> Box<dyn Judge<Chat>> {
        self.task.judge()
    }

    fn gold(&self, query: &Prompt) -> Option<Completion> {
        self.task.gold(query)
    }

    fn name(&self) -> String {
        self.task.name()
    }
}
