//! One generated problem: its text, its answer, its worked solution, its checker, its split.

use super::checked::{Checked, cut};
use super::family::Family;
use super::hand::{Hand, Noise, Worked};
use super::puzzle::Puzzle;
use autodidact_core::{Error, Result, Rng, Split};

/// A problem of one of the [families](Family).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The family.
    pub family: Family,
    /// The difficulty level.
    pub level: u32,
    /// What the model reads: `A:7+10-4?`.
    pub text: String,
    /// The final answer in canonical form; many solutions may lead to it.
    pub answer: String,
    key: String,
}

impl Problem {
    pub(crate) fn of(family: Family, puzzle: Box<dyn Puzzle>) -> Problem {
        Problem {
            family,
            level: puzzle.level(),
            text: format!("{}:{}", family.tag(), puzzle.body()),
            answer: puzzle.answer(),
            key: format!("{}:{}", family.tag(), puzzle.key()),
        }
    }

    /// The problem behind a text such as `A:7+10-4?`; also of levels that are never drawn.
    pub fn parse(text: &str) -> Result<Problem> {
        let (family, puzzle) = parsed(text)?;
        Ok(Problem { text: text.to_owned(), ..Problem::of(family, puzzle) })
    }

    /// Which split this problem belongs to: 17 in 20 to train, 1 to validate, 2 to test.
    ///
    /// The hash of the problem decides, whatever the order in which its numbers, sentences or
    /// edges are written, so no draw of one split can meet a problem of another.
    pub fn split(&self) -> Split {
        match first_word(&self.key) % 20 {
            0 => Split::Validation,
            1 | 2 => Split::Test,
            _ => Split::Train,
        }
    }

    /// A name that depends on the text alone: `A/2/5d41402abc4b2a76`.
    pub fn id(&self) -> String {
        format!("{}/{}/{:016x}", self.family.tag(), self.level, first_word(&self.text))
    }

    /// The problem in words, for models that do not know the compact form.
    pub fn sentence(&self) -> String {
        parsed(&self.text).map_or_else(|_| self.text.clone(), |(_, puzzle)| puzzle.sentence())
    }

    /// The reference solution, worked step by step.
    pub fn solve(&self) -> Worked {
        self.work(Hand::exact())
    }

    /// A solution by somebody who errs as `noise` says.
    ///
    /// # Panics
    /// When a chance in `noise` is not between 0 and 1; [`Noise::check`] tells beforehand.
    pub fn demonstrate(&self, noise: Noise, rng: &mut Rng) -> Worked {
        self.work(Hand::noisy(noise, rng))
    }

    /// Checks an answer; see [`check`].
    pub fn check(&self, completion: &str) -> Checked {
        parsed(&self.text).map_or_else(|_| Checked::malformed(), |(_, puzzle)| puzzle.check(cut(completion)))
    }

    fn work(&self, hand: Hand<'_>) -> Worked {
        // A problem is only ever made from a text or a puzzle that parses.
        parsed(&self.text).map_or_else(|_| Worked::default(), |(_, puzzle)| puzzle.work(hand))
    }
}

/// Checks `completion` as an answer to the problem `problem`.
///
/// Total in the completion: any text gets a finding. What follows the first `~`, `&`, `!` or `|`
/// is not part of the answer. Fails when `problem` is not the text of a problem.
pub fn check(problem: &str, completion: &str) -> Result<Checked> {
    parsed(problem).map(|(_, puzzle)| puzzle.check(cut(completion)))
}

fn parsed(text: &str) -> Result<(Family, Box<dyn Puzzle>)> {
    let found = text.split_once(':').and_then(|(tag, body)| {
        let family = Family::of(tag).ok()?;
        Some((family, family.parse(body)?))
    });
    found.ok_or_else(|| {
        Error::invalid("problem", "the text of a generated problem, such as A:7+10-4?", format!("{text:?}"))
    })
}

fn first_word(text: &str) -> u64 {
    let hash = blake3::hash(text.as_bytes());
    u64::from_le_bytes(hash.as_bytes()[..8].try_into().expect("a hash has 32 bytes"))
}
