//! What a command works in.

use crate::error::{CommandError, Kind, Result};
use crate::shell::Shell;
use autodidact_core::RunId;
use autodidact_ledger::Store;
use std::path::{Path, PathBuf};

/// The workspace directory unless told otherwise.
pub const USUAL_DIR: &str = ".autodidact";

/// The variable that names another.
pub const DIR_VARIABLE: &str = "AUTODIDACT_DIR";

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

impl Context {
    /// The workspace's ledger, made if there is none.
    pub fn ledger(&self) -> Result<Store> {
        Ok(Store::open(&self.dir)?)
    }

    /// The workspace's ledger; fails when there is none.
    pub fn existing_ledger(&self) -> Result<Store> {
        if !self.has_ledger() {
            let message = format!("{}: no ledger is here", self.dir.display());
            return Err(CommandError::new(Kind::NotFound, message)
                .hint("--dir names the workspace directory; `autodidact improve` makes the first run"));
        }
        Ok(Store::open_existing(&self.dir)?)
    }

    /// Whether the workspace has a ledger.
    pub fn has_ledger(&self) -> bool {
        self.dir.join("ledger.sqlite").is_file()
    }

    /// A command to copy: it works in this workspace, and from this directory.
    pub fn command(&self, words: &str) -> String {
        // The variable may be gone, or name another workspace, when the command is typed.
        let usual = self.dir == Path::new(USUAL_DIR) && std::env::var_os(DIR_VARIABLE).is_none();
        match usual {
            true => format!("autodidact {words}"),
            false => format!("autodidact {words} --dir {}", quoted(&self.dir.to_string_lossy())),
        }
    }

    /// Where a run's report, plots and checkpoint are written.
    pub fn run_folder(&self, run: &RunId) -> PathBuf {
        self.dir.join("runs").join(&run.0)
    }

    /// Where a proof's table, plot and figures are written. A quick proof never replaces a full one.
    pub fn proof_folder(&self, id: &str, quick: bool) -> PathBuf {
        let name = if quick { format!("{id}-quick") } else { id.to_owned() };
        self.dir.join("proofs").join(name)
    }
}

/// A word of a command line as a shell must read it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_a_shell_would_take_apart_are_quoted() {
        assert_eq!(quoted("../my-runs/b.1"), "../my-runs/b.1");
        assert_eq!(quoted("my runs"), "'my runs'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted(""), "''");
    }
}
