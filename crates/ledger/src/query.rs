//! The read side: what the command line, scripts and plots ask of a ledger.
//!
//! Everything here is computed from the tables when asked, inside one read transaction, so that a
//! report is consistent even while a run in another process goes on writing.

mod compare;
mod filter;

mod report;
mod samples;

pub use compare::{Axis, Comparison, Curve, CurvePoint};
pub use filter::{Order, OutcomeKind, SampleFilter};
pub use report::{AlarmLine, EndLine, OutputLine, Point, Report, RunLine, Series, StageLine, Status, Times};
pub use samples::{SampleView, Turns};
