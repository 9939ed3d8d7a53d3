//! What a command says when it fails: an error, hints, and a kind that sets the exit code.

use autodidact_core::Error as CoreError;
use autodidact_lm::Error as LmError;
use std::fmt;
use std::io::ErrorKind;

/// The result of a command.
pub type Result<T, E = CommandError> = std::result::Result<T, E>;

/// A failed command.
#[derive(Debug)]
pub struct CommandError {
    /// What the caller can do about it; sets the exit code.
    pub kind: Kind,
    /// What went wrong.
    pub error: anyhow::Error,
    /// What to try next, one sentence each.
    pub hints: Vec<String>,
}

/// Failures by what the caller can do about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something failed that the call could not know of.
    Failed,
    /// The arguments, settings or data are wrong.
    Usage,
    /// A measured claim does not hold.
    Claim,
    /// A named thing does not exist.
    NotFound,
    /// An alarm stopped a run.
    Alarm,
    /// A budget's cap stopped a run.
    Stopped,
    /// The user stopped a run.
    Interrupted,
    /// Nobody reads the output any more.
    Closed,
}

impl Kind {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Kind::Closed => 0,
            Kind::Failed => 1,
            Kind::Usage => 2,
            Kind::Claim => 3,
            Kind::NotFound => 4,
            Kind::Alarm => 5,
            Kind::Stopped => 6,
            Kind::Interrupted => 130,
        }
    }
}

/// The exit codes, for the end of every help text.
pub const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    failed while working
  2    wrong arguments, settings or data
  3    a claim is not met (prove)
  4    no such run, recipe, model or file
  5    an alarm stopped the run; it can be resumed
  6    a budget's cap stopped the run; it can be resumed
  130  interrupted; a run can be resumed";

impl CommandError {
    /// An error of this kind, in words.
    pub fn new(kind: Kind, message: impl fmt::Display) -> CommandError {
        CommandError { kind, error: anyhow::anyhow!("{message}"), hints: Vec::new() }
    }

    /// The same error with one more hint.
    pub fn hint(mut self, hint: impl Into<String>) -> CommandError {
        self.hints.push(hint.into());
        self
    }

    /// An error of reading or writing `path`.
    pub fn io(path: &std::path::Path, doing: &str, source: std::io::Error) -> CommandError {
        CommandError::new(of_io(&source), format_args!("{}: {doing} failed: {source}", path.display()))
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Some errors say what caused them, others leave that to their sources.
        let mut said = self.error.to_string();
        for source in self.error.chain().skip(1) {
            let source = source.to_string();
            if !said.contains(&source) {
                said = format!("{said}: {source}");
            }
        }
        f.write_str(&said)
    }
}

impl From<CoreError> for CommandError {
    fn from(error: CoreError) -> CommandError {
        let (kind, hint) = of_core(&error);
        CommandError { kind, error: error.into(), hints: hint.map(str::to_owned).into_iter().collect() }
    }
}

impl From<LmError> for CommandError {
    fn from(error: LmError) -> CommandError {
        CommandError { kind: of_lm(&error), error: error.into(), hints: Vec::new() }
    }
}

impl From<serde_json::Error> for CommandError {
    fn from(error: serde_json::Error) -> CommandError {
        CommandError { kind: Kind::Failed, error: error.into(), hints: Vec::new() }
    }
}

fn of_io(source: &std::io::Error) -> Kind {
    match source.kind() {
        ErrorKind::NotFound => Kind::NotFound,
        // A directory for a file, a file for a directory, text that is not UTF-8.
        ErrorKind::IsADirectory | ErrorKind::NotADirectory | ErrorKind::InvalidData => Kind::Usage,
        _ => Kind::Failed,
    }
}

fn of_core(error: &CoreError) -> (Kind, Option<&'static str>) {
    match error {
        CoreError::Invalid { .. } | CoreError::Data { .. } => (Kind::Usage, None),
        CoreError::Unknown { .. } => (Kind::NotFound, None),
        CoreError::Io { source, .. } => (of_io(source), None),
        CoreError::Diverged { .. } => {
            (Kind::Failed, Some("`runs show RUN` prints the settings and the version it began with"))
        }
        CoreError::BudgetSpent { .. } => {
            (Kind::Stopped, Some("go on with a larger cap: `resume RUN --set caps.seconds=600`"))
        }
        CoreError::Interrupted => (Kind::Interrupted, None),
        CoreError::Alarm { .. } => {
            (Kind::Alarm, Some("`runs samples RUN` shows what was answered when the alarm went off"))
        }
        CoreError::Part(source) => (of_part(source.as_ref()), None),
        _ => (Kind::Failed, None),
    }
}

fn of_part(source: &(dyn std::error::Error + Send + Sync + 'static)) -> Kind {
    if let Some(error) = source.downcast_ref::<LmError>() {
        of_lm(error)
    } else if let Some(error) = source.downcast_ref::<CoreError>() {
        of_core(error).0
    } else {
        Kind::Failed
    }
}

fn of_lm(error: &LmError) -> Kind {
    match error {
        LmError::Invalid { .. } | LmError::Unsupported { .. } | LmError::Data { .. } => Kind::Usage,
        LmError::Io { source, .. } => of_io(source),
        _ => Kind::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(error: CoreError, code: u8) {
        assert_eq!(CommandError::from(error).kind.code(), code);
    }

    #[test]
    fn every_kind_of_error_has_its_exit_code() {
        check(CoreError::invalid("rounds", "at least 1", 0), 2);
        check(CoreError::unknown("recipe", "x", ["raft"]), 4);
        check(CoreError::BudgetSpent { kind: "seconds", cap: 1.0, spent: 2.0 }, 6);
        check(CoreError::Alarm { name: "truncated", message: String::new() }, 5);
        check(CoreError::Interrupted, 130);
        check(CoreError::Diverged { stage: "pool".into(), round: 1 }, 1);
        check(CoreError::part(LmError::NotFinite { what: "loss".into(), found: f64::NAN }), 1);
        let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
        let missing = LmError::Io { path: "model".into(), doing: "reading", source: missing };
        check(CoreError::part(missing), 4);
        let of = |kind: ErrorKind| CoreError::Io { path: "x".into(), doing: "reading", source: kind.into() };
        check(of(ErrorKind::IsADirectory), 2);
        check(of(ErrorKind::InvalidData), 2);
        check(of(ErrorKind::PermissionDenied), 1);
    }

    #[test]
    fn a_source_is_said_once() {
        let io = || CoreError::Io { path: "x".into(), doing: "reading", source: std::io::Error::other("no") };
        assert_eq!(CommandError::from(io()).to_string(), "x: reading failed: no");
        assert_eq!(CommandError::from(CoreError::part(io())).to_string(), "x: reading failed: no");
        let error = anyhow::anyhow!("the cause").context("the effect");
        let error = CommandError { kind: Kind::Failed, error, hints: Vec::new() };
        assert_eq!(error.to_string(), "the effect: the cause");
    }
}
