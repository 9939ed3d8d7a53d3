//! Making prompts: what new ones are drawn from.

mod pool;

pub use pool::{Demand, Drawn, Pool, Seedling};
