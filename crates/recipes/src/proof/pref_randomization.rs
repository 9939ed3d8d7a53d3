//! The proof of preferences by randomisation: what asking only in doubt saves and costs.
//!
//! Three settings meet the same arms: PR-LSVI on the noisy chain, PR-LSVI on a random linear MDP of ten
//! dimensions, PR-TS on the chain with a class of 50 rewards. A second experiment lets the threshold
//! fall with the number of duels and measures how regret and questions grow.

mod arms;
mod growth;

use super::{Proof, ProofOptions, ProofReport, Scale};
use crate::pref_randomization::{Arena, Class, Method, PrefRandomization};
use autodidact_core::Result;
use autodidact_decide::mdp::RandomLinear;

/// The proof.
pub const PROOF: Proof = Proof {
    id: "pref-randomization",
    about: "asking which of two runs is better only in doubt: regret and questions, on chain and linear MDP",
    run,
};

fn run(options: &ProofOptions<'_>) -> Result<ProofReport> {
    let mut report = ProofReport::of("pref-randomization", options);
    let linear = Arena::Linear(RandomLinear::default());
    let chain = base(options);
    let settings = [
        ("chain", chain.clone()),
        ("linear", PrefRandomization { world: linear, ..chain.clone() }),
        ("thompson", PrefRandomization { method: Method::Thompson(Class::default()), ..chain }),
    ];
    for (name, recipe) in settings {
        arms::show(name, &recipe, options, &mut report)?;
    }
    growth::show(options, &mut report)?;
    Ok(report)
}

/// The recipe as every arm begins with it: 800 duels.
fn base(options: &ProofOptions<'_>) -> PrefRandomization {
    let episodes = match options.scale {
        Scale::Full => 50,
        Scale::Quick => 5,
    };
    PrefRandomization { rounds: 16, episodes, ..PrefRandomization::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::{Silent, Stop};

    #[test]
    fn the_quick_proof_runs_and_measures_every_claim() {
        let options =
            ProofOptions { seeds: vec![0, 1], scale: Scale::Quick, observer: &Silent, stop: Stop::default() };
        let report = run(&options).expect("runs");
        assert!(report.claims.iter().all(|claim| !claim.value.is_nan()), "{:?}", report.claims);
        assert_eq!((report.tables.len(), report.charts.len()), (4, 8));
        let wide =
            |table: &crate::proof::Table| table.rows.iter().all(|row| row.len() == table.columns.len());
        assert!(report.tables.iter().all(wide));
    }
}
