//! Synthesis: where prompts come from when nobody wrote them.

pub mod instruct;
mod numbered;
pub mod topics;

pub use numbered::items;
