//! Judges that hold other judges (sums, hygiene tests, log-ratios to a reference), and a model's own
//! likelihood as a judge.

mod hygiene;
mod reference;
mod self_reward;
mod sum;

pub use hygiene::{Hygiene, HygieneRules};
pub use reference::Reference;
pub use self_reward::{Likelihood, Mass, SelfReward, SelfRewardConfig};
pub use sum::Sum;

use autodidact_core::Verdict;

/// Whether an answer is right: the verdict's part `right` where a judge gave one, else a score above
/// one half. An answer without a score is not right.
pub fn right(verdict: &Verdict) -> bool {
    verdict.value().is_some_and(|score| verdict.part("right").unwrap_or(score) > 0.5)
}
