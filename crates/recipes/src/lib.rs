//! One file a published system: the recipes and their small-scale proofs.

pub mod alp_gmm;
pub mod apohf;
pub mod b_star;
pub mod cascading_rl;
pub mod evolve;
pub mod fair_onesided;
pub mod grid;
pub mod learn_active;
pub mod nano;
pub mod pref_randomization;
pub mod preset;
pub mod pretrain;
pub mod pretraining;
pub mod proof;
pub mod raft;
pub mod relax;
pub mod self_sampled;
pub mod slate_thompson;
pub mod synatra;
#[cfg(test)]
mod testing;
pub mod verdict;
pub mod watch;

use autodidact_core::{DynRecipe, Result, Run};
use autodidact_lm::Lm;
use autodidact_parts::ModelConfig;

/// All recipes, by id.
pub const RECIPES: &[DynRecipe] = &[
    DynRecipe::of::<alp_gmm::AlpGmm>(),
    DynRecipe::of::<apohf::Apohf>(),
    DynRecipe::of::<b_star::BStar>(),
    DynRecipe::of::<cascading_rl::CascadingRl>(),
    DynRecipe::of::<evolve::Evolve>(),
    DynRecipe::of::<fair_onesided::FairOnesided>(),
    DynRecipe::of::<learn_active::LearnActive>(),
    DynRecipe::of::<pref_randomization::PrefRandomization>(),
    DynRecipe::of::<pretrain::Pretrain>(),
    DynRecipe::of::<raft::Raft>(),
    DynRecipe::of::<relax::Relax>(),
    DynRecipe::of::<self_sampled::SelfSampled>(),
    DynRecipe::of::<slate_thompson::SlateThompson>(),
    DynRecipe::of::<synatra::Synatra>(),
];

/// The proofs of the recipes, by id.
pub const PROOFS: &[proof::Proof] = &[
    proof::alp_gmm::PROOF,
    proof::apohf::PROOF,
    proof::b_star::PROOF,
    proof::cascading_rl::PROOF,
    proof::evolve::PROOF,
    proof::fair_onesided::PROOF,
    proof::learn_active::PROOF,
    proof::pref_randomization::PROOF,
    proof::pretrain::PROOF,
    proof::raft::PROOF,
    proof::relax::PROOF,
    proof::self_sampled::PROOF,
    proof::slate_thompson::PROOF,
    proof::synatra::PROOF,
];

/// Opens a model, the bundled one among them; its work is counted where the run's observer reads.
pub(crate) fn open(model: &ModelConfig, run: &Run<'_>) -> Result<Lm> {
    let lm = model.open(nano::open)?;
    Ok(match run.work() {
        Some(work) => lm.with_work(work),
        None => lm,
    })
}
