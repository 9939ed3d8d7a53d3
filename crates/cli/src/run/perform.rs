//! Doing a run: recording it, telling of it, writing its folder when it ends.

use super::figures::{figures, of_metric};
use super::job::Job;
use super::keys::with_keys;
use super::outcome::Outcome;
use super::plan::Plan;
use super::report;
use crate::context::{Context, quoted};
use crate::error::{CommandError, Kind, Result};
use crate::files::write_file;
use crate::interrupt::on_interrupt;
use crate::progress::Progress;
use crate::shell::Paint;
use crate::table::Table;
use autodidact_core::{Error, Run, RunEnd, RunId, RunOptions};
use autodidact_ledger::{OutputLine, Report, Series, Store};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Files of a state that only a resumed learner needs, not whoever loads the model.
const LEARNERS_OWN: [&str; 3] = ["learner.json", "optimizer.safetensors", "pretraining.json"];

/// Where a run begins.
#[derive(Clone, Debug)]
pub enum Start {
    /// As a new run.
    New,
    /// Where this recorded run ended.
    Resumed(RunId),
}

/// A run that ended cleanly.
pub struct Finished {
    /// Its name.
    pub run: RunId,
    /// What it brought.
    pub outcome: Outcome,
    /// Where the resulting model is, if there is one.
    pub checkpoint: Option<PathBuf>,
    /// Where the resulting state is, of a recipe without a language model.
    pub state: Option<PathBuf>,
    /// The metrics that the recipe declares: first and last value.
    pub metrics: Vec<Course>,
    /// Its folder: report, plots, settings.
    pub folder: PathBuf,
}

/// Does what the job says and reports it.
pub fn perform(context: &Context, job: &Job, start: Start) -> Result<Finished> {
    let settings = with_keys(&job.settings)?;
    perform_with(context, job, start, |run| (job.recipe.run)(&settings, run))
}

/// Does `body` as the job's run and reports it. Fails, with the report written, when a cap, an alarm
/// or the user stopped it.
pub fn perform_with(
    context: &Context,
    job: &Job,
    start: Start,
    body: impl FnOnce(&mut Run<'_>) -> Result<(), Error>,
) -> Result<Finished> {
    let shell = context.shell;
    shell.say(&plan(context, job).told());
    let store = context.ledger()?;
    let (id, complete) = match start {
        Start::New => (store.begin(&job.spec()?)?, false),
        Start::Resumed(id) => {
            let complete = matches!(store.last_end(&id)?, Some(RunEnd::Complete));
            (id, complete)
        }
    };
    let claim = store.claim(&id)?;
    let folder = context.run_folder(&id);
    write_file(&folder.join("plan.toml"), job.file()?.as_bytes())?;
    shell.say(&format!("run {} in {}", shell.paint(Paint::Bold, &id.0), folder.display()));

    let resume = context.command(&format!("resume {}", id.0));
    let stop = on_interrupt(resume.clone())?;
    let progress = Progress::new(shell);
    let options = RunOptions {
        ledger: &store,
        id: id.clone(),
        seed: job.seed,
        caps: job.caps,
        alarms: job.alarms,
        observer: &progress,
        stop,
        complete,
    };
    let mut run = Run::new(options)?.of(job.recipe.card);
    let result = body(&mut run);
    let stopped = match &result {
        Err(Error::BudgetSpent { .. }) => Some(Kind::Stopped),
        Err(Error::Interrupted) => Some(Kind::Interrupted),
        _ => None,
    };
    let ended = run.finish(result);
    drop(progress);
    // From here on the run has ended, and its report says so.
    drop(claim);

    let describe = || -> Result<Finished> {
        let report = store.report(&id)?;
        let outcome = Outcome::of(&store, &report)?;
        let declared: Vec<&str> = job.recipe.card.reports.iter().map(|metric| metric.name).collect();
        let (checkpoint, state) = write_folder(&store, &report, &outcome, &folder, &declared)?;
        let metrics = courses(&report, &declared);
        Ok(Finished { run: id.clone(), outcome, checkpoint, state, metrics, folder: folder.clone() })
    };
    let described = describe();
    if let (Err(error), true) = (&described, ended.is_err() || stopped.is_some()) {
        // Why the run ended matters more than that its report is missing.
        context.shell.say(&format!("no report was written: {error}"));
    }
    match (ended, stopped) {
        (Ok(RunEnd::Stopped { reason }), Some(kind)) => {
            let error = CommandError::new(kind, format_args!("run {} stopped: {reason}", id.0));
            Err(error.hint(format!("go on with `{resume}`")))
        }
        (Ok(_), _) => described,
        (Err(error @ Error::Alarm { name: "idle_resume", .. }), _) => {
            let look = context.command(&format!("runs show {}", id.0));
            let error = CommandError { hints: Vec::new(), ..CommandError::from(error) };
            Err(error.hint(format!("nothing is left to do: `{look}` shows what the run brought")))
        }
        (Err(error), _) => {
            let error = CommandError::from(error);
            let mended = match error.kind {
                Kind::Alarm => "mend the cause or relax the alarm, then",
                _ => "once the cause is mended,",
            };
            Err(error.hint(format!("{mended} go on with `{resume}`")))
        }
    }
}

/// What the job will cost on this machine.
pub fn plan(context: &Context, job: &Job) -> Plan {
    let gflops = match job.has_model() {
        true => autodidact_lm::sgemm_peak(Duration::from_millis(60)),
        false => 1.0,
    };
    Plan::of(job, context.threads, gflops)
}

/// Writes the report, the plots and what the run offers as its result: a model or another state.
fn write_folder(
    store: &Store,
    report: &Report,
    outcome: &Outcome,
    folder: &Path,
    declared: &[&str],
) -> Result<(Option<PathBuf>, Option<PathBuf>)> {
    let (mut checkpoint, mut state) = (None, None);
    if let Some(output) = result_of(report) {
        let model = output.files.iter().any(|(name, _)| name == "config.json");
        let directory = folder.join(if model { "checkpoint" } else { "state" });
        write_checkpoint(store, output, &directory)?;
        *(if model { &mut checkpoint } else { &mut state }) = Some(directory);
    }
    let figures = figures(store, report, declared)?;
    for (name, svg) in &figures {
        write_file(&folder.join(name), svg.as_bytes())?;
    }
    let names: Vec<&str> = figures.iter().map(|(name, _)| name.as_str()).collect();
    let text = report::markdown(report, outcome, &names, checkpoint.as_deref());
    write_file(&folder.join("report.md"), text.as_bytes())?;
    Ok((checkpoint, state))
}

/// A metric over a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Course {
    /// Its name.
    pub metric: String,
    /// The first value.
    pub first: f64,
    /// The last value.
    pub last: f64,
}

/// The declared metrics that were noted, bare or after a stage, in the order of declaration.
fn courses(report: &Report, declared: &[&str]) -> Vec<Course> {
    let course = |series: &Series| {
        let (first, last) = (series.points.first()?.value, series.points.last()?.value);
        Some(Course { metric: series.name.clone(), first, last })
    };
    let mut courses = Vec::new();
    for name in declared {
        courses.extend(report.series.iter().filter(|series| of_metric(series, name)).filter_map(course));
    }
    courses
}

/// The state that counts as a run's result: its best, or its last.
pub fn result_of(report: &Report) -> Option<&OutputLine> {
    let named = |name: &str| report.outputs.iter().find(|output| output.name == name);
    named("best").or_else(|| named("last")).or_else(|| report.outputs.first())
}

/// Writes a recorded state as a checkpoint, without the files that only its learner needs. Files of
/// another checkpoint in that directory are replaced.
pub fn write_checkpoint(store: &Store, output: &OutputLine, directory: &Path) -> Result<()> {
    let files: Vec<_> =
        output.files.iter().filter(|(name, _)| !LEARNERS_OWN.contains(&name.as_str())).cloned().collect();
    for (name, bytes) in store.snapshot(&files)?.files {
        write_file(&directory.join(&name), &bytes)?;
    }
    Ok(())
}

/// What scripts read at the end of a run.
#[derive(Serialize)]
struct Printed<'a> {
    #[serde(flatten)]
    outcome: &'a Outcome,
    checkpoint: Option<&'a Path>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a Path>,
    metrics: BTreeMap<&'a str, f64>,
    run: &'a str,
}

impl Finished {
    /// What came out, for scripts.
    pub fn json(&self) -> impl Serialize {
        Printed {
            outcome: &self.outcome,
            checkpoint: self.checkpoint.as_deref(),
            state: self.state.as_deref(),
            metrics: self.metrics.iter().map(|one| (one.metric.as_str(), one.last)).collect(),
            run: &self.run.0,
        }
    }

    /// Says what came out, where it is and what to try next.
    pub fn told(&self, context: &Context) -> String {
        let (shell, outcome) = (context.shell, &self.outcome);
        let mut out = String::new();
        if outcome.before.is_some() || outcome.after.is_some() {
            out.push_str(&report::gains(outcome).plain());
            if let Some(gain) = &outcome.gain {
                let paint = if gain.low > 0.0 { Paint::Green } else { Paint::Yellow };
                out.push_str(&format!("gain    {}\n", shell.paint(paint, &report::points(gain))));
            }
            out.push('\n');
        }
        // A model's gain says more than its metrics.
        if self.checkpoint.is_none() && !self.metrics.is_empty() {
            let mut table = Table::new(&["metric", "first", "last"]);
            for one in &self.metrics {
                table.row([
                    one.metric.clone(),
                    crate::units::number(one.first),
                    crate::units::number(one.last),
                ]);
            }
            out.push_str(&table.plain());
            out.push('\n');
        }
        let seconds = crate::units::seconds(outcome.seconds);
        out.push_str(&format!("time    {seconds}: {}\n", report::times(outcome)));
        if let Some(cost) = outcome.cost {
            out.push_str(&format!("money   {}\n", crate::units::number(cost)));
        }
        out.push_str(&format!("files   {}\n", self.folder.display()));
        if let Some(checkpoint) = &self.checkpoint {
            out.push_str(&format!("model   {}\n", checkpoint.display()));
            let model = quoted(&checkpoint.to_string_lossy());
            out.push_str(&format!("next    {}\n", context.command(&format!("eval --model {model}"))));
        }
        if let Some(state) = &self.state {
            out.push_str(&format!("state   {}\n", state.display()));
            out.push_str(&format!("next    {}\n", context.command(&format!("runs show {}", self.run.0))));
        }
        let look = context.command(&format!("runs samples {} --order worst", self.run.0));
        out.push_str(&format!("        {look}\n"));
        out
    }
}
