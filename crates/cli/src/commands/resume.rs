//! `resume`: go on with a run that was stopped or killed.

use super::settings::Settings;
use crate::context::Context;
use crate::error::Result;
use crate::run::{Job, Layers, Start, perform};
use clap::Args;

/// Go on with a run that was stopped, killed or failed.
///
/// What the ledger holds is taken from there; the result is, bit for bit, that of a run that was
/// never interrupted. Only caps and alarms may be changed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  autodidact resume b-star-1
  autodidact resume b-star-1 --set caps.seconds=900
  autodidact resume b-star-1 --set alarms.truncated.limit=0.8")]
pub struct Resume {
    /// The run, or a beginning that only it has.
    run: String,
    /// Change a cap or an alarm, caps.KEY=VALUE or alarms.KEY=VALUE; may be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Print one JSON object when done.
    #[arg(long)]
    json: bool,
}

impl Resume {
    /// Goes on and reports.
    pub fn perform(&self, context: &Context) -> Result<()> {
        let store = context.existing_ledger()?;
        let run = store.find(&self.run)?;
        let mut layers = Layers::default();
        layers.sets(&self.set)?;
        let job = Job::recorded(&store.spec(&run)?, &layers)?;
        drop(store);
        let finished = perform(context, &job, Start::Resumed(run))?;
        Settings { json: self.json, ..Settings::default() }.report(context, &finished)
    }
}
