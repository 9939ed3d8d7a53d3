//! Several runs' metric on one budget axis.

use autodidact_core::{RunId, Spend};
use serde::Serialize;

/// What the horizontal axis counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Rounds.
    Round,
    /// Tokens drawn.
    SampledTokens,
    /// Tokens read.
    ScoredTokens,
    /// Tokens trained on.
    TrainedTokens,
    /// All three kinds of tokens together.
    Tokens,
    /// Answers judged.
    JudgeCalls,
    /// Seconds of work.
    Seconds,
}

impl Axis {
    /// The names of all axes, in the order of declaration.
    pub const NAMES: [&'static str; 7] =
        ["round", "sampled_tokens", "scored_tokens", "trained_tokens", "tokens", "judge_calls", "seconds"];

    /// This count of `spend`, or the round.
    pub fn of(self, round: u32, spend: &Spend) -> f64 {
        match self {
            Axis::Round => f64::from(round),
            Axis::SampledTokens => spend.sampled_tokens as f64,
            Axis::ScoredTokens => spend.scored_tokens as f64,
            Axis::TrainedTokens => spend.trained_tokens as f64,
            Axis::Tokens => (spend.sampled_tokens + spend.scored_tokens + spend.trained_tokens) as f64,
            Axis::JudgeCalls => spend.judge_calls as f64,
            Axis::Seconds => spend.seconds,
        }
    }
}

/// Runs side by side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The metric.
    pub metric: String,
    /// What it is set against.
    pub axis: Axis,
    /// The largest budget that every run reached.
    pub common: f64,
    /// One curve a run, in the order asked for.
    pub curves: Vec<Curve>,
}

/// One run's metric over its budget.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Curve {
    /// The run.
    pub run: RunId,
    /// Its recipe.
    pub recipe: String,
    /// Its points, by budget.
    pub points: Vec<CurvePoint>,
    /// The last value within the common budget, if there is one.
    pub at_common: Option<f64>,
    /// The last value.
    pub last: f64,
}

/// A value and what had been spent when it was noted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CurvePoint {
    /// The budget, evaluations apart.
    pub budget: f64,
    /// The value.
    pub value: f64,
}
