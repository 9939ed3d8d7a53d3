//! The proof of self, run whole at its quick scale.

use super::*;
use autodidact_core::{Silent, Stop};

#[test]
fn the_quick_proof_runs_to_a_whole_report() {
    let options =
        ProofOptions { seeds: vec![0, 1], scale: Scale::Quick, observer: &Silent, stop: Stop::default() };
    let report = run(&options).expect("runs");
    assert_eq!((report.recipe.as_str(), report.claims.len(), report.tables.len()), ("self", 9, 3));
    for table in &report.tables {
        assert!(table.rows.iter().all(|row| row.len() == table.columns.len()), "{}", table.title);
    }
    assert_eq!(report.tables[0].rows.len(), ARMS.len());
    assert!(report.charts[1].lines.len() >= 2, "an untrained model keeps nothing");
}
