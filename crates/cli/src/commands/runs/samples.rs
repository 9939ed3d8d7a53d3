//! `runs samples`: what was asked, what was answered, and how it was judged.

use crate::context::Context;
use crate::error::{CommandError, Kind as Failure, Result};
use crate::shell::{JsonShape, Paint, Shell};
use autodidact_core::{Error, Outcome, RunId};
use autodidact_ledger::{Order, OutcomeKind, SampleFilter, SampleView, Store};
use clap::{Args, ValueEnum};

/// How many samples are shown unless told otherwise.
const SCREEN: u64 = 10;

/// Look at the samples of a run; every condition given must hold.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  autodidact runs samples b-star-1 --stage pool --order best --limit 3
  autodidact runs samples b-star-1 --outcome error
  autodidact runs samples b-star-1 --query A/4/1f3c --json | jq .text")]
pub struct Samples {
    /// The run, or a beginning that only it has.
    run: String,
    #[command(flatten)]
    choice: Choice,
    /// Print only how many there are.
    #[arg(long)]
    count: bool,
    /// Print one JSON object a line, with token ids and log-probabilities.
    #[arg(long)]
    json: bool,
}

/// Conditions on samples.
#[derive(Clone, Debug, Args)]
pub struct Choice {
    /// Only this stage (pool, before/sampled, ...).
    #[arg(long, value_name = "STAGE")]
    pub stage: Option<String>,
    /// Only this round; 0 is before the first.
    #[arg(long, value_name = "N")]
    pub round: Option<u32>,
    /// Only scores of at least this.
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub min_score: Option<f64>,
    /// Only scores of at most this.
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub max_score: Option<f64>,
    /// Only verdicts of this kind.
    #[arg(long, value_enum, value_name = "KIND")]
    pub outcome: Option<Kind>,
    /// Only answers that were cut off (true), or only those that were not (false).
    #[arg(long, value_name = "BOOL")]
    pub truncated: Option<bool>,
    /// Only answers drawn to measure (true), or only those drawn to learn from (false).
    #[arg(long, value_name = "BOOL")]
    pub evaluation: Option<bool>,
    /// Only answers whose text contains this.
    #[arg(long, value_name = "TEXT")]
    pub contains: Option<String>,
    /// Only answers to the problem of this id.
    #[arg(long, value_name = "ID")]
    pub query: Option<String>,
    /// In which order.
    #[arg(long, value_enum, default_value_t, value_name = "ORDER")]
    pub order: Sorting,
    /// At most this many.
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
    /// Skip this many first.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub offset: u64,
}

/// The kind of a verdict.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Kind {
    /// The judge scored the answer.
    Score,
    /// The judge did not apply.
    Abstain,
    /// The judge failed.
    Error,
}

/// The order of a list of samples.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum Sorting {
    /// As recorded, the oldest first.
    #[default]
    Recorded,
    /// The newest first.
    Newest,
    /// The best score first.
    Best,
    /// The worst score first.
    Worst,
    /// The longest answer first.
    Longest,
    /// The shortest answer first.
    Shortest,
}

impl Choice {
    /// The ledger's filter for these conditions. Fails when the run has no such stage.
    pub fn filter(&self, store: &Store, run: &RunId) -> Result<SampleFilter> {
        if let Some(stage) = &self.stage {
            check_stage(store, run, stage)?;
        }
        Ok(SampleFilter {
            stage: self.stage.clone(),
            round: self.round,
            min_score: self.min_score,
            max_score: self.max_score,
            outcome: self.outcome.map(|kind| match kind {
                Kind::Score => OutcomeKind::Score,
                Kind::Abstain => OutcomeKind::Abstain,
                Kind::Error => OutcomeKind::Error,
            }),
            truncated: self.truncated,
            evaluation: self.evaluation,
            contains: self.contains.clone(),
            query_id: self.query.clone(),
            order: match self.order {
                Sorting::Recorded => Order::Recorded,
                Sorting::Newest => Order::Newest,
                Sorting::Best => Order::Best,
                Sorting::Worst => Order::Worst,
                Sorting::Longest => Order::Longest,
                Sorting::Shortest => Order::Shortest,
            },
            limit: self.limit,
            offset: self.offset,
            ..SampleFilter::of(run)
        })
    }
}

fn check_stage(store: &Store, run: &RunId, stage: &str) -> Result<()> {
    let of_stage = SampleFilter { stage: Some(stage.to_owned()), ..SampleFilter::of(run) };
    if store.count_samples(&of_stage)? > 0 {
        return Ok(());
    }
    let report = store.report(run)?;
    // Stages that only learn have no samples.
    let known: Vec<&str> =
        report.stages.iter().filter(|one| one.samples > 0).map(|one| one.stage.as_str()).collect();
    if known.is_empty() {
        return Err(CommandError::new(Failure::NotFound, format_args!("run {} has no samples", run.0)));
    }
    Err(Error::unknown(format!("stage with samples of run {}", run.0), stage, known).into())
}

impl Samples {
    /// Prints the samples, or their number.
    pub fn perform(&self, context: &Context) -> Result<()> {
        let store = context.existing_ledger()?;
        let mut filter = self.choice.filter(&store, &store.find(&self.run)?)?;
        if !self.json {
            filter.limit.get_or_insert(SCREEN);
        }
        if self.count {
            return context.shell.out(&format!("{}\n", store.count_samples(&filter)?));
        }
        let samples = store.samples(&filter)?;
        for sample in &samples {
            match self.json {
                true => context.shell.json(sample, JsonShape::Line)?,
                false => context.shell.out(&told(sample, context.shell))?,
            }
        }
        self.say_how_many(&store, &filter, samples.len() as u64, context.shell)
    }

    fn say_how_many(&self, store: &Store, filter: &SampleFilter, shown: u64, shell: Shell) -> Result<()> {
        let all = store.count_samples(filter)?;
        if shown < all {
            shell.say(&format!("{shown} of {all} samples; --limit and --offset show others"));
        }
        Ok(())
    }
}

fn told(sample: &SampleView, shell: Shell) -> String {
    let verdict = match &sample.verdict.outcome {
        Outcome::Score { score } => {
            let paint = if *score > 0.0 { Paint::Green } else { Paint::Red };
            shell.paint(paint, &format!("score {score}"))
        }
        Outcome::Abstain { reason } => format!("abstained: {reason}"),
        Outcome::Error { reason, .. } => shell.paint(Paint::Yellow, &format!("error: {reason}")),
    };
    let detail: String =
        sample.verdict.detail.iter().map(|(name, value)| format!("  {name} {value}")).collect();
    let cut = if sample.truncated == Some(true) { "  cut off" } else { "" };
    let title = format!(
        "#{} {} round {} {} try {}",
        sample.sample,
        sample.key.stage,
        sample.key.round,
        sample.query_id.as_deref().unwrap_or("-"),
        sample.attempt
    );
    format!(
        "{}  {verdict}{detail}  {} tokens{cut}\n  {}\n  {}\n\n",
        shell.paint(Paint::Bold, &title),
        sample.tokens.len(),
        indented(&sample.prompt.text()),
        indented(&sample.text)
    )
}

/// Lines after the first begin where the first does. Control characters are shown, not obeyed.
fn indented(text: &str) -> String {
    let visible = |c: char| match c {
        '\n' => "\n  ".to_owned(),
        '\t' => "\t".to_owned(),
        c if c.is_control() => c.escape_default().to_string(),
        c => c.to_string(),
    };
    text.chars().map(visible).collect()
}
