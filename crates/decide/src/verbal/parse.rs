//! From what a language model said to an arm.

use super::wording::{Speech, Wording};
use autodidact_core::Rng;
use rand::Rng as _;

/// An answer, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The arm.
    pub arm: u32,
    /// Whether nothing could be read, so that the arm was drawn evenly from all.
    pub is_random: bool,
}

impl Speech {
    /// The arm that the answer names, or `None` where it names none.
    ///
    /// Without context: the whole answer, spaces around it and case aside. Films: title and year up to the
    /// first closing bracket, whatever follows.
    pub fn read(&self, answer: &str) -> Option<u32> {
        let found = if self.wording == Wording::Films {
            let film = title_and_year(answer)?;
            self.names.iter().position(|name| title_and_year(name) == Some(film))
        } else {
            let said = answer.trim().to_lowercase();
            self.names.iter().position(|name| name.to_lowercase() == said)
        };
        found.map(|arm| arm as u32)
    }

    /// The same, with an arm drawn evenly from all where the answer names none.
    pub fn read_or_draw(&self, answer: &str, rng: &mut Rng) -> Reading {
        match self.read(answer) {
            Some(arm) => Reading { arm, is_random: false },
            None => Reading { arm: rng.random_range(0..self.names.len() as u32), is_random: true },
        }
    }
}

/// `Salt and Cinder (1996) (Drama)` is Salt and Cinder of 1996.
fn title_and_year(text: &str) -> Option<(&str, &str)> {
    let (title, rest) = text.trim().split_once('(')?;
    let (year, _) = rest.split_once(')')?;
    Some((title.trim(), year.trim()))
}
