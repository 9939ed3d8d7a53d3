//! The in-memory ledger does what every ledger must.

use autodidact_core::{MemoryLedger, RunId};
use autodidact_testkit::conformance;

fn records(ledger: &MemoryLedger, run: &RunId) -> Vec<autodidact_core::Record> {
    ledger.records(run)
}

#[test]
fn the_in_memory_ledger_conforms() {
    conformance::ledger(MemoryLedger::default, records);
}

#[test]
fn a_run_killed_at_any_write_resumes_exactly() {
    conformance::resumes_exactly(MemoryLedger::default, records);
}

#[test]
fn a_run_killed_again_and_again_resumes_exactly() {
    conformance::resumes_exactly_again_and_again(MemoryLedger::default, records);
}
