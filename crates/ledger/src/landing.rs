//! Where a path that is to be written leads.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The regular file that a path leads to, or would, links followed; `None` when something else is there, a pipe
/// or a device, which must not be replaced.
pub fn landing(path: &Path) -> io::Result<Option<PathBuf>> {
    /// Names of files that this process has open, whatever they are.
    const OPEN: [&str; 4] = ["/proc", "/dev/fd", "/dev/stdout", "/dev/stderr"];
    match fs::metadata(path) {
        Ok(found) if found.is_file() && !OPEN.iter().any(|open| path.starts_with(open)) => {
            fs::canonicalize(path).map(Some)
        }
        Ok(_) => Ok(None),
        // A link to what is not there yet still says where it belongs.
        Err(source) if source.kind() == ErrorKind::NotFound => match fs::read_link(path) {
            Ok(link) => landing(&folder_of(path).join(link)),
            Err(_) => Ok(Some(path.to_owned())),
        },
        Err(source) => Err(source),
    }
}

/// The folder that a file lies in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
