//! What goes wrong between SQLite and the words of `core`, before it is known which file it was.

use autodidact_core::Error;
use rusqlite::ErrorCode;
use std::path::Path;

/// The result of anything inside this crate that does not know its file.
pub(crate) type Inner<T> = Result<T, Fault>;

/// A failure inside the ledger.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// SQLite said no.
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
    /// The caller asked for something that cannot be; passed on as it is.
    #[error(transparent)]
    Caller(#[from] Error),
    /// A stored value breaks a rule of the schema.
    #[error("{rule}, but {found}")]
    Damaged {
        /// The rule, as a sentence.
        rule: String,
        /// What is stored instead.
        found: String,
    },
}

impl Fault {
    pub fn damaged(rule: impl Into<String>, found: impl ToString) -> Fault {
        Fault::Damaged { rule: rule.into(), found: found.to_string() }
    }

    /// The error that names the file and what was being done with it.
    pub fn at(self, doing: &str, path: &Path) -> Error {
        let data = |rule: String, found: String| Error::Data { path: path.to_owned(), rule, found };
        let failed = |source| Error::Ledger { doing: format!("{doing} {}", path.display()), source };
        match self {
            Fault::Caller(error) => error,
            Fault::Damaged { rule, found } => data(rule, found),
            Fault::Sql(source) => match source.sqlite_error_code() {
                Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                    data("a ledger is an undamaged SQLite database".to_owned(), source.to_string())
                }
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                    failed("another process kept it locked for too long".into())
                }
                None if unreadable(&source) => {
                    data("a ledger's columns hold what its schema says".to_owned(), source.to_string())
                }
                _ => failed(Box::new(source)),
            },
        }
    }
}

/// Whether a stored value has another type or range than the schema says.
fn unreadable(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..)
            | rusqlite::Error::QueryReturnedNoRows
    )
}
