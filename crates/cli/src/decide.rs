//! Decision processes: a bandit whose decisions and rewards live in the workspace's ledger.

mod evidence;
mod process;
mod schema;
mod situation;

pub use evidence::Evidence;
pub use process::{Asked, Process};
pub use schema::{Arms, ProcessConfig};
pub use situation::Situation;
