//! A task whose problems are put in the recipe's words.

use autodidact_core::chat::{Body, Chat, Completion, Prompt};
use autodidact_core::{Judge, Result, Rng, Split, Task};
use autodidact_parts::OpenTask;
use autodidact_parts::wording::Prompts;

/// Puts every problem that is bare text into the prompt `answer`; messages stay as they are. Judge, vote
/// and reference solutions are the task's own.
pub(super) fn worded(task: OpenTask, prompts: Prompts) -> OpenTask {
    OpenTask { task: Box::new(Worded { task: task.task, prompts }), vote: task.vote }
}

struct Worded {
    task: Box<dyn Task<Chat>>,
    prompts: Prompts,
}

impl Task<Chat> for Worded {
    fn draw(&self, split: Split, n: usize, rng: &mut Rng) -> Result<Vec<Prompt>> {
        let word = |prompt: Prompt| {
            let Body::Text(question) = &prompt.body else { return Ok(prompt) };
            let body = self.prompts.wording("answer")?.fill(&[("question", question)])?;
            Ok(Prompt { body, ..prompt })
        };
        self.task.draw(split, n, rng)?.into_iter().map(word).collect()
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
