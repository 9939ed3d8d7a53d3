//! One file a published system: the recipes and their small-scale proofs.

pub mod b_star;
pub mod grid;
pub mod nano;
pub mod preset;
pub mod pretrain;
pub mod pretraining;
pub mod proof;
pub mod raft;
pub mod self_sampled;
#[cfg(test)]
mod testing;
pub mod verdict;
pub mod watch;

use autodidact_core::{DynRecipe, Result, Run};
use autodidact_lm::Lm;
use autodidact_parts::ModelConfig;

/// All recipes, by id.
pub const RECIPES: &[DynRecipe] = &[
    DynRecipe::of::<b_star::BStar>(),
    DynRecipe::of::<pretrain::Pretrain>(),
    DynRecipe::of::<raft::Raft>(),
    DynRecipe::of::<self_sampled::SelfSampled>(),
];

/// The proofs of the recipes, by id.
pub const PROOFS: &[proof::Proof] =
    &[proof::b_star::PROOF, proof::pretrain::PROOF, proof::raft::PROOF, proof::self_sampled::PROOF];

/// Opens a model, the bundled one among them; its work is counted where the run's observer reads.
pub(crate) fn open(model: &ModelConfig, run: &Run<'_>) -> Result<Lm> {
    let lm = model.open(nano::open)?;
    Ok(match run.work() {
        Some(work) => lm.with_work(work),
        None => lm,
    })
}
