//! How the fine-tuned model is asked: under a short system prompt and nothing else.

use super::invent::filled;
use super::kit::Kit;
use autodidact_core::chat::{Body, Chat, Completion, Prompt};
use autodidact_core::{Judge, Result, Rng, Split, Task};
use autodidact_parts::OpenTask;

/// A question under the short system prompt of that index.
pub(crate) fn short_prompt(kit: &Kit, index: usize, question: &str) -> Result<Prompt> {
    let values = [("system", kit.system(index).to_owned()), ("query", question.to_owned())];
    filled(kit, "engrave", String::new(), &values)
}

/// What a user asks in a prompt: its field `query` or `question`, else its text or last message.
pub(crate) fn question_of(prompt: &Prompt) -> &str {
    let field = prompt.field("query").or_else(|| prompt.field("question"));
    field.unwrap_or_else(|| match &prompt.body {
        Body::Text(text) => text,
        Body::Messages(messages) => messages.last().map_or("", |message| &message.content),
    })
}

/// The task, asked as the fine-tuned model will be: under the first short system prompt and nothing else.
pub(crate) fn without_header(task: OpenTask, kit: &Kit) -> Result<OpenTask> {
    let OpenTask { task, vote } = task;
    let template = short_prompt(kit, 0, "{query}")?;
    Ok(OpenTask { task: Box::new(Reworded { task, template }), vote })
}

/// A task whose questions are put in other words.
struct Reworded {
    task: Box<dyn Task<Chat>>,
    /// Holds `{query}` where the question belongs.
    template: Prompt,
}

impl Reworded {
    fn body(&self, question: &str) -> Body {
        match self.template.body.clone() {
            Body::Text(text) => Body::Text(text.replace("{query}", question)),
            Body::Messages(mut messages) => {
                for message in &mut messages {
                    message.content = message.content.replace("{query}", question);
                }
                Body::Messages(messages)
            }
        }
    }
}

impl Task<Chat> for Reworded {
    fn draw(&self, split: Split, n: usize, rng: &mut Rng) -> Result<Vec<Prompt>> {
        let reworded = |prompt: Prompt| Prompt { body: self.body(question_of(&prompt)), ..prompt };
        Ok(self.task.draw(split, n, rng)?.into_iter().map(reworded).collect())
    }

    fn judge(&self) -> Box<dyn Judge<Chat>> {
        self.task.judge()
    }

    fn gold(&self, query: &Prompt) -> Option<Completion> {
        self.task.gold(query)
    }

    fn name(&self) -> String {
        format!("{} without a header", self.task.name())
    }
}
