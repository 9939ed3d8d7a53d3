//! A task whose questions are asked in the words of the recipe's prompt.

use autodidact_core::chat::{Body, Chat, Completion, Prompt};
use autodidact_core::{Judge, Result, Rng, Split, Task};
use autodidact_parts::wording::Prompts;

/// The field that keeps the question as the task put it.
pub(super) const QUESTION: &str = "question";

/// The task, each of its questions in the words of the prompt `answer`.
pub(super) struct Worded {
    pub task: Box<dyn Task<Chat>>,
    pub prompts: Prompts,
}

/// The bare question of a prompt.
pub(super) fn question(prompt: &Prompt) -> &str {
    match (prompt.field(QUESTION), &prompt.body) {
        (Some(question), _) => question,
        (None, Body::Text(text)) => text,
        (None, Body::Messages(messages)) => {
            messages.iter().rfind(|one| one.role == "user").map_or("", |one| &one.content)
        }
    }
}

impl Task<Chat> for Worded {
    fn draw(&self, split: Split, n: usize, rng: &mut Rng) -> Result<Vec<Prompt>> {
        let wording = self.prompts.wording("answer")?;
        let worded = |prompt: Prompt| {
            let asked = question(&prompt).to_owned();
            let body = wording.fill(&[("question", &asked)])?;
            Ok(Prompt { body, ..prompt }.with(QUESTION, asked))
        };
        self.task.draw(split, n, rng)?.into_iter().map(worded).collect()
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
