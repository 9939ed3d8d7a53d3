//! Ctrl-C: the first asks the run to stop after the phase under way, the second ends the process.

use crate::error::{CommandError, Kind, Result};
use autodidact_core::Stop;
use std::io::Write;

/// A stop signal that Ctrl-C, SIGTERM and SIGHUP raise. Fails when called twice in one process.
pub fn on_interrupt(how_to_resume: String) -> Result<Stop> {
    let stop = Stop::default();
    let raised = stop.clone();
    let handler = move || {
        if raised.requested() {
            std::process::exit(i32::from(Kind::Interrupted.code()));
        }
        raised.request();
        let _ = writeln!(
            std::io::stderr(),
            "\ninterrupted: finishing the phase under way; then go on with `{how_to_resume}`. Press Ctrl-C \
             again to stop at once: that too can be resumed."
        );
    };
    ctrlc::set_handler(handler)
        .map_err(|error| CommandError::new(Kind::Failed, format_args!("no Ctrl-C handler: {error}")))?;
    Ok(stop)
}
