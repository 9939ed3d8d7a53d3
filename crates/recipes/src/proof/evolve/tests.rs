//! The quick proof runs, and its exact claims hold.

use super::*;
use autodidact_core::{Silent, Stop};

#[test]
fn the_quick_proof_runs() {
    let options =
        ProofOptions { seeds: vec![0, 1], scale: Scale::Quick, observer: &Silent, stop: Stop::default() };
    let report = run(&options).expect("runs");
    assert_eq!(report.claims.len(), 12 + 1 + 3 + 4 + 1);
    assert!(report.claims.iter().all(|claim| claim.value.is_finite()), "{:?}", report.claims);
    let wide = |table: &crate::proof::Table| table.rows.iter().all(|row| row.len() == table.columns.len());
    assert!(report.tables.iter().all(wide) && report.tables.len() >= 5);
    assert!(report.charts.iter().all(|chart| !chart.lines.is_empty()));
}

#[test]
fn everybody_finds_a_world_and_every_world_its_players() {
    let mut seen = std::collections::BTreeSet::new();
    for world in worlds(Scale::Full) {
        let players = everyone::players(&world);
        assert!(players.len() >= 6, "{}", world.name());
        seen.extend(players.iter().map(|player| player.algorithm.name()));
    }
    assert!(seen.len() >= 12, "{seen:?}");
}
