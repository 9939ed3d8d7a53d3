//! The read side: what the command line, scripts and plots ask of a ledger.
//!
//! Everything here is computed from the tables when asked, inside one read transaction, so that a
//! report is consistent even while a run in another process goes on writing.

mod compare;
mod filter;
mod find;
mod lines;
mod outputs;
mod report;
mod samples;

pub use compare::{Axis, Comparison, Curve, CurvePoint};
pub use filter::{Order, OutcomeKind, SampleFilter};
pub use lines::{RunLine, Status};
pub use outputs::{LessonLine, OutputLine};
pub use report::{AlarmLine, EndLine, Point, Report, Series, StageLine, Times};
pub use samples::{SampleView, Turns};
