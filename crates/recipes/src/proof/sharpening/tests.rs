//! The proof of sharpening, run whole at its quick scale.

use super::super::Scale;
use super::*;
use autodidact_core::{Silent, Stop};

#[test]
fn the_quick_proof_runs_to_a_whole_report() {
    let options =
        ProofOptions { seeds: vec![0], scale: Scale::Quick, observer: &Silent, stop: Stop::default() };
    let report = run(&options).expect("runs");
    assert_eq!((report.recipe.as_str(), report.claims.len(), report.tables.len()), ("sharpening", 21, 6));
    for table in &report.tables {
        assert!(table.rows.iter().all(|row| row.len() == table.columns.len()), "{}", table.title);
    }
    assert_eq!(report.charts.len(), 4);
    assert!(report.charts.iter().all(|chart| chart.lines.iter().all(|line| !line.points.is_empty())));
}
