//! Files named by the digest of their content.
//!
//! A blob is written under a temporary name, flushed to the disk, and renamed to
//! `ab/cdef...`: it is there whole or not at all. Reading hashes it again.

use autodidact_core::{BlobId, Error, Result};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A directory of blobs.
#[derive(Debug)]
pub(crate) struct Blobs {
    root: PathBuf,
    written: AtomicU64,
}

impl Blobs {
    pub fn open(root: PathBuf) -> Result<Blobs> {
        let temporary = root.join(TEMPORARY);
        make_folder(&temporary)?;
        sweep(&temporary);
        Ok(Blobs { root, written: AtomicU64::new(0) })
    }

    /// Stores `bytes`; durable when it returns. What is stored already is checked, and written
    /// again if it was damaged.
    pub fn put(&self, bytes: &[u8]) -> Result<BlobId> {
        let id = BlobId::of(bytes);
        let path = self.path(&id);
        if fs::metadata(&path).is_ok_and(|found| found.len() == bytes.len() as u64)
            && fs::read(&path).is_ok_and(|found| found == bytes)
        {
            // Whoever wrote it may have been killed before its name was safe.
            self.settle(&path)?;
            return Ok(id);
        }
        let (temporary, mut file) = self.temporary()?;
        let written = file
            .write_all(bytes)
            .and_then(|()| file.sync_all())
            .map_err(|source| io(&temporary, "writing", source))
            .and_then(|()| self.place(&temporary, &path));
        if written.is_err() {
            // The error that is already there says more than one about the leftovers would.
            let _ = fs::remove_file(&temporary);
        }
        written.map(|()| id)
    }

    /// The bytes stored under `id`, checked against it.
    pub fn get(&self, id: &BlobId) -> Result<Vec<u8>> {
        let well_formed = id.0.len() == 64 && id.0.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !well_formed {
            return Err(Error::invalid("a blob's id", "64 hexadecimal digits", format!("{:?}", id.0)));
        }
        let path = self.path(id);
        let damaged = |found: String| Error::Data {
            path: path.clone(),
            rule: format!("blob {} is stored here", id.0),
            found,
        };
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => {
                return Err(damaged("there is no such file".to_owned()));
            }
            Err(source) => return Err(io(&path, "reading", source)),
        };
        let found = BlobId::of(&bytes);
        if found != *id {
            let n = bytes.len();
            return Err(damaged(format!("its {n} bytes are damaged: their digest is {}", found.0)));
        }
        Ok(bytes)
    }

    fn path(&self, id: &BlobId) -> PathBuf {
        let (folder, name) = id.0.split_at(2);
        self.root.join(folder).join(name)
    }

    fn temporary(&self) -> Result<(PathBuf, File)> {
        loop {
            let n = self.written.fetch_add(1, Ordering::Relaxed);
            let path = self.root.join(TEMPORARY).join(format!("{}-{n}", std::process::id()));
            match File::create_new(&path) {
                Ok(file) => return Ok((path, file)),
                Err(source) if source.kind() == std::io::ErrorKind::AlreadyExists => continue,
                Err(source) => return Err(io(&path, "creating", source)),
            }
        }
    }

    fn place(&self, temporary: &Path, path: &Path) -> Result<()> {
        let folder = path.parent().expect("a blob lies in a folder");
        fs::create_dir_all(folder).map_err(|source| io(folder, "creating", source))?;
        fs::rename(temporary, path).map_err(|source| io(path, "renaming to", source))?;
        self.settle(path)
    }

    /// Makes a blob's name durable: its folder's entry, and the folder's own.
    fn settle(&self, path: &Path) -> Result<()> {
        flush(path.parent().expect("a blob lies in a folder"))?;
        flush(&self.root)
    }
}

/// Where blobs are written before they get their name.
const TEMPORARY: &str = "tmp";

/// How long a temporary file may be at work before it counts as left over from a killed process.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// Removes what killed processes left over, as far as that is possible.
fn sweep(temporary: &Path) {
    let Ok(entries) = fs::read_dir(temporary) else { return };
    for entry in entries.flatten() {
        let age = entry.metadata().and_then(|file| file.modified()).ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age > ABANDONED) {
            // Another process may have been quicker.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Makes a folder and all above it that are missing, durably.
pub(crate) fn make_folder(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = match folder.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return Ok(()),
    };
    make_folder(above)?;
    fs::create_dir_all(folder).map_err(|source| io(folder, "creating", source))?;
    flush(above)
}

/// Makes a folder's entries durable.
pub(crate) fn flush(folder: &Path) -> Result<()> {
    // Only Unix lets one open a folder; elsewhere renaming is as durable as it gets.
    if !cfg!(unix) {
        return Ok(());
    }
    File::open(folder).and_then(|file| file.sync_all()).map_err(|source| io(folder, "flushing", source))
}

pub(crate) fn io(path: &Path, doing: &'static str, source: std::io::Error) -> Error {
    Error::Io { path: path.to_owned(), doing, source }
}
