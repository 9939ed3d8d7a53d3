//! What a family of problems must be able to do.

use super::checked::Checked;
use super::hand::Hand;
use super::hand::Worked;

/// One problem of one family, parsed.
pub(crate) trait Puzzle {
    /// The problem as text, without the family's tag: `7+10-4?`.
    fn body(&self) -> String;

    /// The same problem always gives the same key, however its parts are ordered in the text.
    fn key(&self) -> String {
        self.body()
    }

    /// The problem in words.
    fn sentence(&self) -> String {
        format!("What is {}", self.body())
    }

    /// The difficulty level, a function of the problem.
    fn level(&self) -> u32;

    /// The final answer in canonical form.
    fn answer(&self) -> String;

    /// Works the problem out.
    fn work(&self, hand: Hand<'_>) -> Worked;

    /// Checks an answer that is already cut at the first mark.
    fn check(&self, said: &str) -> Checked;
}
