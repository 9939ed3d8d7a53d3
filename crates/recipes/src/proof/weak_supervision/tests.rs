//! The proof of weak-supervision, run whole at its quick scale.

use super::*;
use autodidact_core::{Silent, Stop};

#[test]
fn the_quick_proof_runs_to_a_whole_report() {
    let options =
        ProofOptions { seeds: vec![0, 1], scale: Scale::Quick, observer: &Silent, stop: Stop::default() };
    let report = run(&options).expect("runs");
    assert_eq!(
        (report.recipe.as_str(), report.claims.len(), report.tables.len()),
        ("weak-supervision", 9, 4)
    );
    assert_eq!(report.tables[0].rows.len(), ARMS.len());
    for table in &report.tables {
        assert!(table.rows.iter().all(|row| row.len() == table.columns.len()), "{}", table.title);
    }
}

#[test]
fn a_model_does_not_diverge_from_itself() {
    let plan = Plan::of(Scale::Quick);
    let options =
        ProofOptions { seeds: vec![0], scale: Scale::Quick, observer: &Silent, stop: Stop::default() };
    let task = plan.recipe.open_task().expect("opens");
    let lm = plan.world.base(&task, 0, &options).expect("trains");
    let measure = plan.measure(&lm, &lm, &task, ("self", 0, &options)).expect("measures");
    assert_eq!(measure.kl, 0.0);
}
