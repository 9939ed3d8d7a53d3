//! Who proposes.

use crate::run::TRIES_A_PART;
use crate::{Ask, Domain, Result, Seed, Spend};
use serde::{Deserialize, Serialize};

/// Anything that answers: a model, a search around a model, a bandit, a replayed file.
///
/// Search, self-refinement, debate and voting are policies that hold a policy (and a judge), so
/// they can be served, evaluated, distilled or trained on like any model.
pub trait Policy<D: Domain>: Send + Sync {
    /// `asks[i].tries` answers to each `asks[i]`, in order.
    ///
    /// The answer to try `t` of `asks[i]` depends on `asks[i]`, this policy's weights and
    /// `seeds[i].at("try", t)` alone: not on the other asks, their number or the number of threads.
    fn propose(&self, asks: &[Ask<D>], seeds: &[Seed]) -> Result<Proposals<D>>;

    /// Names the weights and settings that answers come from; changes whenever they do.
    fn version(&self) -> Result<Version>;

    /// About how many tries are proposed and judged before they are written down together, and before caps
    /// and a wish to stop are looked at again. Part of what a run records, so it is the same whenever a run
    /// is resumed.
    fn tries_a_part(&self) -> usize {
        TRIES_A_PART
    }
}

/// What a policy proposed and what it cost.
#[derive(Clone, Debug)]
pub struct Proposals<D: Domain> {
    /// `answers[i]` belongs to `asks[i]`; each has `asks[i].tries` entries.
    pub answers: Vec<Vec<D::Answer>>,
    /// What proposing spent.
    pub spend: Spend,
}

/// A digest of a policy's weights and settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Version(pub String);
