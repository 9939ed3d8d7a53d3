//! Generated problems: families with difficulty levels, exact checkers and worked solutions.
//!
//! A [`Family`] draws a [`Problem`]; the problem is solved exactly, demonstrated with errors, and
//! checked, all from its text. Training, validation and test problems are told apart by the hash
//! of the problem and so cannot mix.

mod assignments;
pub mod bandit;
pub mod bytes;
mod chain;
mod checked;
pub mod colours;
mod countdown;
pub mod dialogues;
pub(crate) mod distinct;
mod facts;
mod family;
mod hand;
pub mod instructions;
pub mod modular;
mod operation;
pub mod operators;
mod path;
mod posed;
pub mod probe;
mod problem;
mod product;
pub mod programs;
mod puzzle;
pub mod puzzles;
mod row;
mod rules;
mod skill;
mod stream;
mod suite;
pub mod two_steps;
mod wording;
mod words;

pub use checked::{Checked, cut};
pub use family::Family;
pub use hand::{Noise, Step, Worked, slip};
pub use posed::{SuiteJudge, check_reply, posed, prompt};
pub use problem::{Problem, check};
pub use row::TextRow;
pub use skill::{Skill, Writer, judged, rated};
pub use stream::{PretrainStream, StreamConfig};
pub use suite::{Cell, Suite, SuiteConfig};
pub use wording::Wording;

#[cfg(test)]
mod tests;
