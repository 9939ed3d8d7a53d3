//! Judges that hold other judges (sums, hygiene tests, log-ratios to a reference), votes, and a model's own
//! likelihood as a judge.

pub mod consistency;
mod hygiene;
mod not_judged;
mod part;
mod reference;
mod self_reward;
mod sum;

pub use consistency::Consistency;
pub use hygiene::{Hygiene, HygieneRules};
pub use not_judged::NotJudged;
pub use part::PartOf;
pub use reference::Reference;
pub use self_reward::{Likelihood, Mass, SelfReward, SelfRewardConfig};
pub use sum::Sum;

use autodidact_core::Verdict;

/// Whether an answer is right: the verdict's part `right` where a judge gave one, else a score above
/// one half. An answer without a score is not right.
pub fn right(verdict: &Verdict) -> bool {
    verdict.value().is_some_and(|score| verdict.part("right").unwrap_or(score) > 0.5)
}
