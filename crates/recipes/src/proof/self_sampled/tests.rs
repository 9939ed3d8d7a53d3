//! The proof of self-sampled, run whole at its quick scale.

use super::report::found_by;
use super::*;
use autodidact_core::{Silent, Stop};
use autodidact_parts::task::programs::trace;

#[test]
fn the_quick_proof_runs_to_a_whole_report() {
    let options =
        ProofOptions { seeds: vec![0, 1], scale: Scale::Quick, observer: &Silent, stop: Stop::default() };
    let report = run(&options).expect("runs");
    assert_eq!((report.recipe.as_str(), report.claims.len(), report.tables.len()), ("self-sampled", 5, 1));
    let table = &report.tables[0];
    assert_eq!(table.rows.len(), 1 + ARMS.len());
    assert!(table.rows.iter().all(|row| row.len() == table.columns.len()));
    for chart in &report.charts {
        assert_eq!(chart.lines.len(), ARMS.len() - 1);
        assert!(chart.lines.iter().all(|line| line.points.len() == 2), "{chart:?}");
    }
}

#[test]
fn another_writing_of_a_program_has_the_same_answer() {
    let program = "a=3+4;b=5-2;c=a*b;answer=c-9";
    let mut rng = Seed::root(0).rng();
    let mut seen = BTreeSet::new();
    for _ in 0..200 {
        let other = rewritten(program, &mut rng);
        let answer = trace(&other).expect("runs").last().and_then(|state| state.answer());
        assert_eq!(answer, Some(12.0), "{other}");
        seen.insert(other);
    }
    // Two sums or products, and one exchange of statements.
    assert_eq!(seen.len(), 8, "{seen:?}");
}

#[test]
fn programs_found_are_read_between_rounds() {
    let notes = [2.0, 4.0].map(|full| (1, "learn/full".to_owned(), full)).to_vec();
    let mut track = Track { notes, ..Track::default() };
    track.spend.sampled_tokens = 200;
    let found: Vec<f64> =
        [0.0, 50.0, 100.0, 150.0, 200.0].iter().map(|&spend| found_by(&track, spend)).collect();
    assert_eq!(found, [0.0, 0.5, 1.0, 2.0, 3.0]);
}
