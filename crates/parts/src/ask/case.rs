//! What an opinion is asked about, and how its prompts are made.

use crate::wording::Wording;
use autodidact_core::chat::{Chat, Prompt, Sampling};
use autodidact_core::{Ask, Error, Result};

/// One thing to have an opinion about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    /// Identity of the prompt that asks about it.
    pub id: String,
    /// What fills the wording's holes, by name.
    pub holes: Vec<(String, String)>,
}

impl Case {
    /// A case of that identity with these holes filled.
    pub fn of(id: impl Into<String>, holes: &[(&str, &str)]) -> Case {
        let holes = holes.iter().map(|&(name, text)| (name.to_owned(), text.to_owned()));
        Case { id: id.into(), holes: holes.collect() }
    }
}

/// One ask a case, in order.
pub(super) fn asks(
    wording: &Wording,
    cases: &[Case],
    tries: u32,
    knobs: &Sampling,
) -> Result<Vec<Ask<Chat>>> {
    let one = |case: &Case| {
        let holes: Vec<(&str, &str)> =
            case.holes.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let query = Prompt { id: case.id.clone(), body: wording.fill(&holes)?, ..Prompt::default() };
        Ok(Ask { query, knobs: knobs.clone(), tries })
    };
    cases.iter().map(one).collect()
}

/// Fails where no hole of the wording shows what is asked about.
pub(super) fn check_shows(wording: &Wording, field: &str) -> Result<()> {
    match wording.holes().is_empty() {
        false => Ok(()),
        true => Err(Error::invalid(field, "a text that shows what is asked about", "a text without holes")),
    }
}

/// The text in lower case without marks of emphasis, which models put anywhere.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|one| !matches!(one, '*' | '_' | '`' | '#')).flat_map(char::to_lowercase).collect()
}

/// What follows the last heading in a plain text; all of it where no heading is asked for.
pub(super) fn below<'a>(text: &'a str, heading: &str) -> Option<&'a str> {
    match plain(heading).trim() {
        "" => Some(text),
        heading => text.rfind(heading).map(|at| &text[at + heading.len()..]),
    }
}
