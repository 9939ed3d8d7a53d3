//! The two prompts of the method, for a new input and for an output, in the wording that the settings name.

use super::guided::Pair;
use autodidact_core::chat::{Body, Prompt};
use autodidact_core::{Error, Result};
use autodidact_parts::wording::{File, Prompts, PromptsConfig};

macro_rules! file {
    ($name:literal) => {
        File {
            name: $name,
            chat: include_str!(concat!("../../prompts/self-guide/chat/", $name, ".txt")),
            small: include_str!(concat!("../../prompts/self-guide/small/", $name, ".txt")),
        }
    };
}

/// The prompts as they ship.
pub const FILES: &[File] = &[
    file!("input"),
    file!("input_for_label"),
    file!("item"),
    file!("answer"),
    file!("answer_example"),
    file!("answer_input"),
];

/// The method's prompts.
#[derive(Clone, Debug)]
pub struct Wordings(Prompts);

impl Wordings {
    /// The wording that the settings name.
    pub fn open(config: &PromptsConfig) -> Result<Wordings> {
        Ok(Wordings(config.open(FILES)?))
    }

    /// A prompt for one new input, of that label where one is given.
    pub fn input(
        &self,
        id: impl Into<String>,
        instruction: &str,
        (trusted, grown): (&[&str], &[&str]),
        label: Option<&str>,
    ) -> Result<Prompt> {
        let (trusted, grown) = (self.items(trusted)?, self.items(grown)?);
        let mut holes = vec![("instruction", instruction), ("trusted", &trusted), ("grown", &grown)];
        match label {
            None => self.0.fill("input", id, &holes),
            Some(label) => {
                holes.push(("label", label));
                self.0.fill("input_for_label", id, &holes)
            }
        }
    }

    fn items(&self, inputs: &[&str]) -> Result<String> {
        let mut text = String::new();
        for input in inputs {
            match self.0.fill("item", "", &[("input", input)])?.body {
                Body::Text(item) => text.push_str(&item),
                Body::Messages(_) => {
                    return Err(Error::invalid("prompt item", "bare text, without turns", "turns"));
                }
            }
        }
        Ok(text)
    }

    /// The prompt for the output to `input`: the instruction, every example as a turn of its own, the input.
    pub fn answer(
        &self,
        id: impl Into<String>,
        instruction: &str,
        examples: &[Pair],
        input: &str,
    ) -> Result<Prompt> {
        let mut bodies = vec![self.0.fill("answer", "", &[("instruction", instruction)])?.body];
        for Pair { input, output } in examples {
            let holes = [("input", input.as_str()), ("output", output.as_str())];
            bodies.push(self.0.fill("answer_example", "", &holes)?.body);
        }
        bodies.push(self.0.fill("answer_input", "", &[("input", input)])?.body);
        Ok(Prompt { id: id.into(), body: joined(bodies)?, ..Prompt::default() })
    }
}

/// Bodies one after another: texts are put together, conversations go on.
fn joined(bodies: Vec<Body>) -> Result<Body> {
    let mut bodies = bodies.into_iter();
    let mut whole = bodies.next().unwrap_or_default();
    for body in bodies {
        match (&mut whole, body) {
            (Body::Text(whole), Body::Text(next)) => whole.push_str(&next),
            (Body::Messages(whole), Body::Messages(next)) => whole.extend(next),
            _ => {
                let rule = "all with turns or all without";
                return Err(Error::invalid("prompts answer, answer_example and answer_input", rule, "both"));
            }
        }
    }
    Ok(whole)
}
