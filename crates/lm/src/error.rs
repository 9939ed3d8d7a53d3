//! What can go wrong in the language-model engine, by what the caller can do about it.

use std::path::{Path, PathBuf};

/// The result of anything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Errors of the engine. Each names the thing, the rule it breaks and the value found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value breaks a rule: fix the configuration or the call.
    #[error("{field} must be {rule}, but is {found}")]
    Invalid {
        /// The dotted name of the value.
        field: String,
        /// The rule, as a phrase that follows "must be".
        rule: String,
        /// The value found.
        found: String,
    },
    /// A checkpoint asks for something that this engine does not compute.
    #[error("{field} {found} is not supported; supported: {supported}")]
    Unsupported {
        /// The key of the configuration.
        field: String,
        /// Its value.
        found: String,
        /// The values that would have worked.
        supported: String,
    },
    /// A file is not what it should be: fix the data.
    #[error("{}: {rule}, but {found}", path.display())]
    Data {
        /// The file.
        path: PathBuf,
        /// What should have been there.
        rule: String,
        /// What was there.
        found: String,
    },
    /// The operating system said no.
    #[error("{}: {doing} failed: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was being done (`reading`, `writing`).
        doing: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// Training diverged. The weights are as they were before the step.
    #[error("{what} is {found}, so the weights were left as they were; lower the learning rate")]
    NotFinite {
        /// Which quantity.
        what: String,
        /// Its value.
        found: f64,
    },
}

impl Error {
    /// A broken rule about a value.
    pub fn invalid(field: impl Into<String>, rule: impl Into<String>, found: impl ToString) -> Error {
        Error::Invalid { field: field.into(), rule: rule.into(), found: found.to_string() }
    }

    /// Something a checkpoint asks for and the engine lacks.
    pub fn unsupported(
        field: impl Into<String>,
        found: impl ToString,
        supported: impl Into<String>,
    ) -> Error {
        Error::Unsupported { field: field.into(), found: found.to_string(), supported: supported.into() }
    }

    /// A file with wrong contents.
    pub fn data(path: &Path, rule: impl Into<String>, found: impl ToString) -> Error {
        Error::Data { path: path.to_owned(), rule: rule.into(), found: found.to_string() }
    }

    /// A failed operation on a file.
    pub fn io(path: &Path, doing: &'static str, source: std::io::Error) -> Error {
        Error::Io { path: path.to_owned(), doing, source }
    }
}

impl From<Error> for autodidact_core::Error {
    fn from(error: Error) -> autodidact_core::Error {
        match error {
            Error::Invalid { field, rule, found } => autodidact_core::Error::Invalid { field, rule, found },
            Error::Data { path, rule, found } => autodidact_core::Error::Data { path, rule, found },
            Error::Io { path, doing, source } => autodidact_core::Error::Io { path, doing, source },
            other => autodidact_core::Error::part(other),
        }
    }
}
