//! Which samples to look at, and in which order.

use autodidact_core::RunId;
use rusqlite::types::Value;

/// A choice among the samples of a run; every condition that is set must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleFilter {
    /// The run.
    pub run: RunId,
    /// Only samples of this stage (`pool`).
    pub stage: Option<String>,
    /// Only samples of this round; 0 is before the first.
    pub round: Option<u32>,
    /// Only scores of at least this.
    pub min_score: Option<f64>,
    /// Only scores of at most this.
    pub max_score: Option<f64>,
    /// Only verdicts of this kind.
    pub outcome: Option<OutcomeKind>,
    /// Only answers that were cut off, or only those that were not.
    pub truncated: Option<bool>,
    /// Only answers that were drawn to measure, or only those that were not.
    pub evaluation: Option<bool>,
    /// Only answers whose text contains this, letter case included.
    pub contains: Option<String>,
    /// Only answers to the query of this id.
    pub query_id: Option<String>,
    /// In which order.
    pub order: Order,
    /// At most this many; `None` for all.
    pub limit: Option<u64>,
    /// Skips this many first.
    pub offset: u64,
}

impl SampleFilter {
    /// All samples of a run, in the order of recording.
    pub fn of(run: &RunId) -> SampleFilter {
        SampleFilter {
            run: run.clone(),
            stage: None,
            round: None,
            min_score: None,
            max_score: None,
            outcome: None,
            truncated: None,
            evaluation: None,
            contains: None,
            query_id: None,
            order: Order::Recorded,
            limit: None,
            offset: 0,
        }
    }
}

/// The kind of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutcomeKind {
    /// The judge scored the answer.
    Score,
    /// The judge did not apply.
    Abstain,
    /// The judge failed.
    Error,
}

impl OutcomeKind {
    /// All kinds, as the ledger writes them.
    pub const NAMES: [&'static str; 3] = ["score", "abstain", "error"];

    /// The kind as the ledger writes it.
    pub fn name(self) -> &'static str {
        match self {
            OutcomeKind::Score => "score",
            OutcomeKind::Abstain => "abstain",
            OutcomeKind::Error => "error",
        }
    }
}

/// The order of a list of samples. Ties are in the order of recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As recorded, the oldest first.
    #[default]
    Recorded,
    /// The newest first.
    Newest,
    /// The best score first; answers without a score last.
    Best,
    /// The worst score first; answers without a score last.
    Worst,
    /// The answer with the most tokens first.
    Longest,
    /// The answer with the fewest tokens first.
    Shortest,
}

impl SampleFilter {
    /// The conditions as SQL over `samples`, `phases` and `asks`, and their parameters in order.
    pub(crate) fn conditions(&self) -> (String, Vec<Value>) {
        let mut sql = "phases.run = ?".to_owned();
        let mut parameters: Vec<Value> = vec![self.run.0.clone().into()];
        let mut and = |condition: &str, parameter: Option<Value>| {
            if let Some(parameter) = parameter {
                sql.push_str(" AND ");
                sql.push_str(condition);
                parameters.push(parameter);
            }
        };
        and("phases.stage = ?", self.stage.clone().map(Value::from));
        and("phases.round = ?", self.round.map(Value::from));
        and("phases.evaluation = ?", self.evaluation.map(Value::from));
        and("samples.score >= ?", self.min_score.map(Value::from));
        and("samples.score <= ?", self.max_score.map(Value::from));
        and("samples.outcome = ?", self.outcome.map(|kind| kind.name().to_owned().into()));
        and("(samples.finish = 'length') = ?", self.truncated.map(Value::from));
        and("instr(samples.text, ?) > 0", self.contains.clone().map(Value::from));
        and("asks.query_id = ?", self.query_id.clone().map(Value::from));
        (sql, parameters)
    }
}

impl Order {
    /// The order as SQL over `samples`.
    pub(crate) fn sql(self) -> &'static str {
        match self {
            Order::Recorded => "samples.sample",
            Order::Newest => "samples.sample DESC",
            Order::Best => "samples.score DESC NULLS LAST, samples.sample",
            Order::Worst => "samples.score ASC NULLS LAST, samples.sample",
            Order::Longest => "length(samples.tokens) DESC, samples.sample",
            Order::Shortest => "length(samples.tokens), samples.sample",
        }
    }
}
