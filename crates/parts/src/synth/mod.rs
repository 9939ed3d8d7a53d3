//! Making prompts: what new ones are drawn from.

pub mod instruct;
mod numbered;
mod pool;
pub mod topics;

pub use numbered::items;
pub use pool::{Demand, Drawn, Pool, Seedling};
