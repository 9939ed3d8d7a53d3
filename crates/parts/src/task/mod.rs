//! Generated problems: families with difficulty levels, exact checkers and worked solutions.
//!
//! A [`Family`] draws a [`Problem`]; the problem is solved exactly, demonstrated with errors, and
//! checked, all from its text. Training, validation and test problems are told apart by the hash
//! of the problem and so cannot mix.

mod assignments;
mod chain;
mod checked;
mod countdown;
mod facts;
mod family;
mod hand;
mod operation;
mod path;
mod problem;
mod product;
mod puzzle;
mod words;

pub use checked::{Checked, cut};
pub use family::Family;
pub use hand::{Noise, Step, Worked, slip};
pub use problem::{Problem, check};
