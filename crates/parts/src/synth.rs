//! Synthesis: where prompts come from when nobody wrote them.

mod numbered;
pub mod topics;

pub use numbered::items;
