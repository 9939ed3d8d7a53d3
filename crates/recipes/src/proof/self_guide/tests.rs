//! The proof of self-guide, run whole at its quick scale.

use super::*;
use autodidact_core::{Silent, Stop};

#[test]
fn the_quick_proof_runs_to_a_whole_report() {
    let options =
        ProofOptions { seeds: vec![0, 1], scale: Scale::Quick, observer: &Silent, stop: Stop::default() };
    let report = run(&options).expect("runs");
    assert_eq!((report.recipe.as_str(), report.claims.len(), report.tables.len()), ("self-guide", 7, 4));
    assert_eq!(report.tables[0].rows.len(), 1 + Arm::ALL.len());
    assert!(report.tables.iter().all(|table| table.rows.iter().all(|row| row.len() == table.columns.len())));
    assert_eq!(report.charts[0].lines.len(), 4);
}
