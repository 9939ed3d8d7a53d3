//! One process at a time works on a run.
//!
//! A claim is a lock that the operating system holds for the process and lets go when it ends,
//! however it ends. So a run without an end and without a claim was killed.

use crate::Store;
use crate::blobs::io;
use autodidact_core::{Error, Result, RunId};
use std::fs::{self, File, TryLockError};
use std::path::PathBuf;
use std::time::Duration;

/// The right to work on a run, held until it is dropped or the process ends.
#[derive(Debug)]
pub struct Claim {
    _lock: File,
}

impl Store {
    /// Claims a run for this process. Fails when another one works on it.
    pub fn claim(&self, run: &RunId) -> Result<Claim> {
        let path = self.claim_path(run);
        let folder = path.parent().expect("a claim lies in a folder");
        fs::create_dir_all(folder).map_err(|source| io(folder, "creating", source))?;
        let lock = File::create(&path).map_err(|source| io(&path, "creating", source))?;
        // Whoever only looks whether a run is claimed holds its lock for an instant.
        for _ in 0..20 {
            match lock.try_lock() {
                Ok(()) => return Ok(Claim { _lock: lock }),
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
                Err(TryLockError::Error(source)) => return Err(io(&path, "locking", source)),
            }
        }
        Err(Error::invalid("run", "one that no other process is working on", &run.0))
    }

    /// Whether some process works on the run.
    pub fn claimed(&self, run: &RunId) -> bool {
        let lock = File::open(self.claim_path(run));
        lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    fn claim_path(&self, run: &RunId) -> PathBuf {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let short = !run.0.is_empty() && run.0.len() <= 64;
        let name = if short && run.0.chars().all(plain) {
            run.0.clone()
        } else {
            // Any other name might not be a file name; a dot sets the digest apart from names.
            format!(".{}", blake3::hash(run.0.as_bytes()).to_hex())
        };
        self.directory.join("claims").join(name)
    }
}
