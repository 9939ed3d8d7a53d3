//! Files that a command leaves: written whole or not at all, wherever their path leads.

use crate::context::quoted;
use crate::error::{CommandError, Kind, Result};
use autodidact_ledger::{folder_of, landing};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Writes a file whole or not at all, making its folder.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = folder_of(path);
    fs::create_dir_all(folder).map_err(|source| CommandError::io(folder, "creating", source))?;
    let draft = Draft::of(path)?;
    let written = File::create(draft.place()).and_then(|mut file| file.write_all(bytes));
    written.map_err(|source| CommandError::io(path, "writing", source))?;
    draft.publish()
}

/// Copies the plain files of a directory, each whole or not at all.
pub fn copy_files(from: &Path, to: &Path) -> Result<()> {
    let reading = |source| CommandError::io(from, "reading", source);
    for entry in fs::read_dir(from).map_err(reading)? {
        let path = entry.map_err(reading)?.path();
        if let (true, Some(name)) = (path.is_file(), path.file_name()) {
            let bytes = fs::read(&path).map_err(|source| CommandError::io(&path, "reading", source))?;
            write_file(&to.join(name), &bytes)?;
        }
    }
    Ok(())
}

/// Fails when the folder of a file that the user names is missing: it may be a slip of the pen, so it is not
/// made.
pub fn check_folder(path: &Path) -> Result<()> {
    let folder = folder_of(path);
    if folder.is_dir() {
        return Ok(());
    }
    let missing = !folder.exists();
    let found = if missing { "does not" } else { "is a file" };
    let message = format!("{}: its folder must exist, but {} {found}", path.display(), folder.display());
    let error = CommandError::new(Kind::NotFound, message);
    Err(match missing {
        true => error.hint(format!("`mkdir -p {}` makes it", quoted(&folder.to_string_lossy()))),
        false => error,
    })
}

/// Fails when something else is where a directory shall be.
pub fn check_directory(argument: &str, path: &Path) -> Result<()> {
    let found = match fs::metadata(path) {
        Ok(found) if !found.is_dir() => "is a file",
        Err(source) if source.kind() == ErrorKind::NotADirectory => "leads through a file",
        _ => return Ok(()),
    };
    let message = format!("{argument} must be a directory, or nothing yet, but {} {found}", path.display());
    Err(CommandError::new(Kind::Usage, message))
}

/// A file until it is whole: it lies beside the one that it will replace, and is removed if it does not come
/// to that.
pub struct Draft {
    /// What the user calls it.
    path: PathBuf,
    draft: PathBuf,
    /// What is replaced; `None` for a pipe or a device, which gets the bytes instead.
    file: Option<PathBuf>,
    /// Where the draft for a pipe or a device lies.
    _folder: Option<TempDir>,
}

impl Draft {
    /// A draft of what `path` leads to; links are followed.
    pub fn of(path: &Path) -> Result<Draft> {
        let failed = |source| CommandError::io(path, "writing", source);
        if path.is_dir() {
            let message =
                format!("{}: a file is to be written here, but this is a directory", path.display());
            return Err(CommandError::new(Kind::Usage, message));
        }
        let file = landing(path).map_err(failed)?;
        let (draft, folder) = match &file {
            Some(file) => {
                let mut name = OsString::from(".");
                name.push(file.file_name().unwrap_or_default());
                // Two processes may write the same file.
                name.push(format!(".{}.partial", std::process::id()));
                (file.with_file_name(name), None)
            }
            None => {
                let folder = tempfile::tempdir().map_err(failed)?;
                (folder.path().join("draft"), Some(folder))
            }
        };
        // What a killed command left would be gone on with.
        let _ = fs::remove_file(&draft);
        Ok(Draft { path: path.to_owned(), draft, file, _folder: folder })
    }

    /// Where to write it.
    pub fn place(&self) -> &Path {
        &self.draft
    }

    /// Gives it its name, now that it is whole.
    pub fn publish(self) -> Result<()> {
        let done = match &self.file {
            Some(file) => OpenOptions::new()
                .write(true)
                .open(&self.draft)
                .and_then(|draft| draft.sync_all())
                .and_then(|()| fs::rename(&self.draft, file)),
            // Not cut off first: an open file keeps what others wrote to it.
            None => fs::read(&self.draft).and_then(|bytes| {
                let mut stream = OpenOptions::new().append(true).open(&self.path)?;
                stream.write_all(&bytes)
            }),
        };
        done.map_err(|source| CommandError::io(&self.path, "writing", source))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // It is gone already when it was published.
        let _ = fs::remove_file(&self.draft);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What lies in a folder, by name.
    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .expect("there")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_what_it_leads_to_is_replaced() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().expect("a temporary directory");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("far")).expect("made");
        fs::write(at("far/old"), "old").expect("written");
        symlink("far/old", at("link")).expect("made");
        symlink("far/new", at("dangling")).expect("made");
        for (link, file) in [("link", "far/old"), ("dangling", "far/new")] {
            write_file(&at(link), b"whole").expect("written");
            assert!(at(link).is_symlink(), "{link}");
            assert_eq!(fs::read(at(file)).expect("there"), b"whole", "{file}");
        }
        assert_eq!(names(&at("far")), ["new", "old"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_to_and_not_replaced() {
        use std::os::unix::fs::{FileTypeExt, symlink};
        let folder = tempfile::tempdir().expect("a temporary directory");
        let link = folder.path().join("link");
        symlink("/dev/null", &link).expect("made");
        write_file(&link, b"lost").expect("written");
        assert!(link.is_symlink());
        assert!(fs::metadata(&link).expect("there").file_type().is_char_device());
        assert_eq!(names(folder.path()), ["link"]);
    }

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("file");
        let draft = Draft::of(&path).expect("may be written");
        fs::write(draft.place(), "half").expect("written");
        assert_eq!(names(folder.path()), [format!(".file.{}.partial", std::process::id())]);
        drop(draft);
        assert!(names(folder.path()).is_empty());

        let error = write_file(folder.path(), b"x").expect_err("a directory");
        assert_eq!(error.kind, Kind::Usage, "{error}");
    }

    #[test]
    fn a_missing_folder_is_named_and_not_made() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("a/b.svg");
        let error = check_folder(&path).expect_err("missing");
        assert_eq!(error.kind, Kind::NotFound);
        assert!(error.to_string().contains("its folder must exist"), "{error}");
        assert!(error.hints[0].contains("mkdir -p"), "{:?}", error.hints);
        check_folder(Path::new("b.svg")).expect("here");

        fs::write(folder.path().join("a"), "a file").expect("written");
        for taken in ["a", "a/b"] {
            let error = check_directory("--to", &folder.path().join(taken)).expect_err("a file");
            assert_eq!(error.kind, Kind::Usage, "{error}");
        }
        check_directory("--to", &folder.path().join("new")).expect("nothing is there");
    }
}
