//! What a command works in.

use crate::shell::Shell;
use std::path::PathBuf;

/// The workspace directory, the threads and the streams of one command.
#[derive(Clone, Debug)]
pub struct Context {
    /// Where the ledger, checkpoints, reports and plots are.
    pub dir: PathBuf,
    /// How many threads compute.
    pub threads: usize,
    /// Where words go.
    pub shell: Shell,
}
