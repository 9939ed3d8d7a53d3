//! Where words go: data to stdout, talk to stderr, colour only where someone sees it.

use crate::error::{CommandError, Kind, Result};
use clap::ValueEnum;
use std::io::{IsTerminal, Write};

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The two streams of a command.
#[derive(Clone, Copy, Debug)]
pub struct Shell {
    quiet: bool,
    color: bool,
    terminal: bool,
}

impl Shell {
    /// The streams of this process. `no_color` is whether NO_COLOR is set.
    pub fn new(quiet: bool, color: Color, no_color: bool) -> Shell {
        let terminal = std::io::stderr().is_terminal();
        let color = match color {
            Color::Auto => terminal && !no_color,
            Color::Always => true,
            Color::Never => false,
        };
        Shell { quiet, color, terminal }
    }

    /// Whether stderr is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Whether what is said is coloured.
    pub fn is_colored(&self) -> bool {
        self.color
    }

    /// Whether only errors and alarms may be said.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Writes data to stdout as it is.
    pub fn out(&self, text: &str) -> Result<()> {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|source| {
            let closed = source.kind() == std::io::ErrorKind::BrokenPipe;
            let kind = if closed { Kind::Closed } else { Kind::Failed };
            CommandError::new(kind, format_args!("writing to stdout failed: {source}"))
        })
    }

    /// Writes one JSON value to stdout, in several lines or in one.
    pub fn json(&self, value: &impl serde::Serialize, shape: JsonShape) -> Result<()> {
        let text = match shape {
            JsonShape::Pretty => serde_json::to_string_pretty(value)?,
            JsonShape::Line => serde_json::to_string(value)?,
        };
        self.out(&(text + "\n"))
    }

    /// Says something on stderr, unless asked to be quiet.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            // Nothing can be done for talk that nobody can read.
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        }
    }

    /// Says something on stderr even when asked to be quiet.
    pub fn warn(&self, label: &str, text: &str) {
        let _ =
            writeln!(std::io::stderr().lock(), "{} {text}", self.paint(Paint::Yellow, &format!("{label}:")));
    }

    /// Says why the command failed and what to try.
    pub fn complain(&self, error: &CommandError) {
        let mut stderr = std::io::stderr().lock();
        let _ = writeln!(stderr, "{} {error}", self.paint(Paint::Red, "error:"));
        for hint in &error.hints {
            let _ = writeln!(stderr, "{} {hint}", self.paint(Paint::Cyan, "hint:"));
        }
    }

    /// The text in a colour, where colours are shown.
    pub fn paint(&self, paint: Paint, text: &str) -> String {
        if !self.color {
            return text.to_owned();
        }
        let code = match paint {
            Paint::Bold => "1",
            Paint::Red => "1;31",
            Paint::Green => "32",
            Paint::Yellow => "33",
            Paint::Cyan => "36",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// How JSON is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonShape {
    /// For reading.
    Pretty,
    /// One value a line.
    Line,
}

/// A way to set text off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Headings.
    Bold,
    /// Errors.
    Red,
    /// Good news.
    Green,
    /// Alarms.
    Yellow,
    /// Hints.
    Cyan,
}
