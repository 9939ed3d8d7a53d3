//! A bandit told in words, for players that read: EVOLvE's prompts, histories, guides and teachers as data.
//!
//! [`Speech`] holds the words for one world: instruction, names of arms, questions, and how an answer is
//! read. [`History`] turns the steps so far into text; [`decisions`] turns a teacher's trajectory into
//! what a student would have been asked, and [`FewShot`] and [`rows`] into examples and training rows.
//! Everything here is a function from data to data: who answers is somebody else's business.
//! [`InWords`] makes a player of anything that answers a prompt.

mod demonstrations;
mod guide;
mod history;
mod parse;
mod player;
#[cfg(test)]
mod tests;
mod wording;

pub use demonstrations::{Decision, FewShot, Row, decisions, lines, prompt, rows};
pub use guide::{Counted, Guide, LinearGuide, ucb_guide};
pub use history::{Form, History, Step, steps};
pub use parse::Reading;
pub use player::{InWords, Manner};
pub use wording::{Instruction, Speech, Wording};
