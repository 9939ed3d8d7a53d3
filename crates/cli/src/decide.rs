//! Decision processes: a bandit whose decisions and rewards live in the workspace's ledger.

mod evidence;
mod process;
mod replay;
mod schema;
mod situation;

pub use evidence::{Evidence, Range};
pub use process::{Asked, Process};
pub use replay::{LogRow, Replay, Rule, replay};
pub use schema::{Arms, ProcessConfig};
pub use situation::Situation;
