//! What a command works in.

use crate::error::{CommandError, Kind, Result};
use crate::shell::Shell;
use autodidact_core::RunId;
use autodidact_ledger::Store;
use std::path::{Path, PathBuf};

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

    /// Where a run's report, plots and checkpoint are written.
    pub fn run_folder(&self, run: &RunId) -> PathBuf {
        self.dir.join("runs").join(&run.0)
    }

    /// Where a proof's table, plot and figures are written.
    pub fn proof_folder(&self, id: &str) -> PathBuf {
        self.dir.join("proofs").join(id)
    }
}

/// Writes a file whole or not at all, making its folder.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        std::fs::create_dir_all(parent).map_err(|source| CommandError::io(parent, "creating", source))?;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let partial = path.with_file_name(format!(".{name}.partial"));
    std::fs::write(&partial, bytes)
        .and_then(|()| std::fs::rename(&partial, path))
        .map_err(|source| CommandError::io(path, "writing", source))
}

/// Copies the plain files of a directory, each whole or not at all.
pub fn copy_files(from: &Path, to: &Path) -> Result<()> {
    let reading = |source| CommandError::io(from, "reading", source);
    for entry in std::fs::read_dir(from).map_err(reading)? {
        let path = entry.map_err(reading)?.path();
        if let (true, Some(name)) = (path.is_file(), path.file_name()) {
            let bytes = std::fs::read(&path).map_err(|source| CommandError::io(&path, "reading", source))?;
            write_file(&to.join(name), &bytes)?;
        }
    }
    Ok(())
}
