//! The proof of cascading RL: the oracle, regret against two baselines, time by the number of items,
//! and identification.

mod identify;
mod learning;
mod oracle;

use super::{Proof, ProofOptions, ProofReport, Scale};
use autodidact_core::Result;

/// The proof.
pub const PROOF: Proof = Proof {
    id: "cascading-rl",
    about: "lists for users with states: the oracle, regret, time by the number of items, identification",
    run,
};

fn run(options: &ProofOptions<'_>) -> Result<ProofReport> {
    let mut report = ProofReport::of("cascading-rl", options);
    oracle::exact(options, &mut report)?;
    learning::show(options, &mut report)?;
    oracle::times(options, &mut report)?;
    identify::show(options, &mut report)?;
    Ok(report)
}

/// The full or the quick of two sizes.
fn sized<T>(options: &ProofOptions<'_>, full: T, quick: T) -> T {
    match options.scale {
        Scale::Full => full,
        Scale::Quick => quick,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::{Silent, Stop};

    #[test]
    fn the_quick_proof_runs_and_its_oracle_is_exact() {
        let options =
            ProofOptions { seeds: vec![0], scale: Scale::Quick, observer: &Silent, stop: Stop::default() };
        let report = run(&options).expect("runs");
        assert!(report.claims[0].met, "{:?}", report.claims[0]);
        assert!(report.claims.iter().all(|claim| claim.value.is_finite()), "{:?}", report.claims);
        assert_eq!((report.tables.len(), report.charts.len()), (3, 2));
        let wide =
            |table: &crate::proof::Table| table.rows.iter().all(|row| row.len() == table.columns.len());
        assert!(report.tables.iter().all(wide));
    }
}
