//! One file a published system: the recipes and their small-scale proofs.

pub mod alp_gmm;
pub mod apohf;
mod asked;
pub mod b_star;
pub mod cascading_rl;
pub mod evolve;
pub mod fair_onesided;
pub mod grid;
pub mod learn_active;
pub mod mistakes;
pub mod nano;
pub mod pref_randomization;
pub mod preset;
pub mod pretrain;
pub mod pretraining;
pub mod proof;
pub mod raft;
pub mod relax;
#[path = "self.rs"]
pub mod self_;
pub mod self_align;
pub mod self_guide;
pub mod self_prompt_tuning;
pub mod self_sampled;
pub mod sharpening;
pub mod slate_thompson;
pub mod synatra;
#[cfg(test)]
mod testing;
pub mod verdict;
pub mod watch;
pub mod weak_supervision;

use autodidact_core::{DynRecipe, Error, Result, Run};
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
    DynRecipe::of::<mistakes::Mistakes>(),
    DynRecipe::of::<pref_randomization::PrefRandomization>(),
    DynRecipe::of::<pretrain::Pretrain>(),
    DynRecipe::of::<raft::Raft>(),
    DynRecipe::of::<relax::Relax>(),
    DynRecipe::of::<self_::SelfEvolution>(),
    DynRecipe::of::<self_align::SelfAlign>(),
    DynRecipe::of::<self_guide::SelfGuide>(),
    DynRecipe::of::<self_prompt_tuning::SelfPromptTuning>(),
    DynRecipe::of::<self_sampled::SelfSampled>(),
    DynRecipe::of::<sharpening::Sharpening>(),
    DynRecipe::of::<slate_thompson::SlateThompson>(),
    DynRecipe::of::<synatra::Synatra>(),
    DynRecipe::of::<weak_supervision::WeakSupervision>(),
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
    proof::mistakes::PROOF,
    proof::pref_randomization::PROOF,
    proof::pretrain::PROOF,
    proof::raft::PROOF,
    proof::relax::PROOF,
    proof::self_::PROOF,
    proof::self_align::PROOF,
    proof::self_guide::PROOF,
    proof::self_prompt_tuning::PROOF,
    proof::self_sampled::PROOF,
    proof::sharpening::PROOF,
    proof::slate_thompson::PROOF,
    proof::synatra::PROOF,
    proof::weak_supervision::PROOF,
];

/// Recipes that belong together, proved with one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// Its name on the command line.
    pub id: &'static str,
    /// What its members share.
    pub about: &'static str,
    /// The ids of its recipes, in the order in which they are proved.
    pub members: &'static [&'static str],
}

/// All families.
pub const FAMILIES: &[Family] = &[Family {
    id: "self-training",
    about: "a model that makes its own training data",
    members: &[
        "self-guide",
        "sharpening",
        "weak-supervision",
        "self-prompt-tuning",
        "mistakes",
        "self",
        "synatra",
        "self-align",
    ],
}];

impl Family {
    /// The family of that name. Fails, listing those there are, when it is unknown.
    pub fn named(name: &str) -> Result<&'static Family> {
        let found = FAMILIES.iter().find(|family| family.id == name);
        found.ok_or_else(|| Error::unknown("family", name, FAMILIES.iter().map(|family| family.id)))
    }

    /// The proofs of its members, in their order.
    pub fn proofs(&self) -> impl Iterator<Item = &'static proof::Proof> {
        self.members.iter().filter_map(|id| PROOFS.iter().find(|proof| proof.id == *id))
    }
}

/// Opens a model, the bundled one among them; its work is counted where the run's observer reads.
pub(crate) fn open(model: &ModelConfig, run: &Run<'_>) -> Result<Lm> {
    let lm = model.open(nano::open)?;
    Ok(match run.work() {
        Some(work) => lm.with_work(work),
        None => lm,
    })
}
