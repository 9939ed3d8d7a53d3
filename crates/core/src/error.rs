//! What can go wrong, by what the caller can do about it.

use std::path::PathBuf;

/// The result of anything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Errors by what the caller can do. The command line turns each kind into an exit code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value breaks a rule: fix the configuration or the call.
    #[error("{field} must be {rule}, but is {found}")]
    Invalid {
        /// The dotted name of the value (`sft.lr`, `teacher.random_share`).
        field: String,
        /// The rule, as a phrase that follows "must be".
        rule: String,
        /// The value found.
        found: String,
    },
    /// A name is not among those known.
    #[error("no {what} is named {name:?}; known: {}", known.join(", "))]
    Unknown {
        /// The kind of thing that was looked for (`recipe`, `key of b-star`).
        what: String,
        /// The name that was asked for.
        name: String,
        /// The names that would have worked.
        known: Vec<String>,
    },
    /// A file or stream is not what it should be: fix the data.
    #[error("{}: {rule}, but {found}", path.display())]
    Data {
        /// The file.
        path: PathBuf,
        /// What should have been there.
        rule: String,
        /// What was there, with its line or byte where that helps.
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
    /// The store of runs failed.
    #[error("the ledger failed while {doing}: {source}")]
    Ledger {
        /// What was being done.
        doing: String,
        /// What the store said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A recorded value does not read back: the ledger is damaged or from a newer version.
    #[error("the ledger holds a {what} that does not read back: {source}")]
    Recorded {
        /// Which value.
        what: &'static str,
        /// Why it does not read back.
        source: serde_json::Error,
    },
    /// A resumed run asks for something else than what it recorded at this point.
    #[error(
        "stage {stage:?} of round {round} was recorded with other inputs: the recipe, its settings, \
         a model or the program changed since; start a new run instead"
    )]
    Diverged {
        /// The stage label.
        stage: String,
        /// The round.
        round: u32,
    },
    /// A hard cap was reached. The run stops cleanly and can be resumed with a larger cap.
    #[error("the cap on {kind} is reached: {spent} of {cap}")]
    BudgetSpent {
        /// Which count.
        kind: &'static str,
        /// The cap.
        cap: f64,
        /// What was spent.
        spent: f64,
    },
    /// The user asked the run to stop. It can be resumed.
    #[error("interrupted")]
    Interrupted,
    /// An alarm that is set to stop runs went off.
    #[error("alarm {name}: {message}")]
    Alarm {
        /// Which alarm.
        name: &'static str,
        /// What was measured, against which limit, and what to try.
        message: String,
    },
    /// A part of another crate failed.
    #[error("{0}")]
    Part(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// A broken rule about a value.
    pub fn invalid(field: impl Into<String>, rule: impl Into<String>, found: impl ToString) -> Error {
        Error::Invalid { field: field.into(), rule: rule.into(), found: found.to_string() }
    }

    /// An error of another crate's own type.
    pub fn part(source: impl std::error::Error + Send + Sync + 'static) -> Error {
        Error::Part(Box::new(source))
    }

    /// A name that is not known.
    pub fn unknown<S: Into<String>>(
        what: impl Into<String>,
        name: impl Into<String>,
        known: impl IntoIterator<Item = S>,
    ) -> Error {
        Error::Unknown {
            what: what.into(),
            name: name.into(),
            known: known.into_iter().map(Into::into).collect(),
        }
    }
}
