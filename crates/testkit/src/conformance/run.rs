//! What every run must survive: being stopped at any write, and resumed.

use super::{Faulty, Moment};
use crate::guess::Guessing;
use crate::same::same_but_times;
use autodidact_core::{
    Alarms, Caps, Ledger, Recipe, Record, Result, Run, RunEnd, RunId, RunOptions, RunSpec, Silent, Snapshot,
    Spend, Stop,
};

/// How a run of the toy recipe went.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub end: Result<RunEnd>,
    /// What it spent, evaluations apart.
    pub spend: Spend,
    /// How many phases were computed, not recalled.
    pub fresh: u64,
}

/// Runs the toy recipe on `ledger` under `run`'s name, from its start or from where it stopped. The
/// run must have begun; `complete` says whether it is known to be complete.
pub fn run_guessing(
    recipe: &Guessing,
    ledger: &dyn Ledger,
    run: &RunId,
    caps: Caps,
    complete: bool,
) -> Finished {
    let options = RunOptions {
        ledger,
        id: run.clone(),
        seed: 7,
        caps,
        alarms: Alarms::default(),
        observer: &Silent,
        stop: Stop::default(),
        complete,
    };
    let mut run = match Run::new(options) {
        Ok(run) => run.of(Guessing::CARD),
        Err(error) => return Finished { end: Err(error), spend: Spend::default(), fresh: 0 },
    };
    let result = recipe.run(&mut run);
    let (spend, fresh) = (run.spend(), run.fresh());
    Finished { end: run.finish(result), spend, fresh }
}

/// Checks that a run of the toy recipe that is killed once, before or after any one of its writes,
/// records the same as an undisturbed one when it is resumed, and leaves the same learner.
pub fn resumes_exactly<L: Ledger>(make: impl Fn() -> L, records: impl Fn(&L, &RunId) -> Vec<Record>) {
    let recipe = Guessing::default();
    let run = RunId("guessing-1".to_owned());
    let (undisturbed, writes) = undisturbed(&recipe, &make, &run);
    let expected = records(&undisturbed, &run);
    for fatal in 0..writes {
        for moment in [Moment::Before, Moment::After] {
            let at = format!("killed {moment:?} write {fatal} of {writes}");
            let ledger = begun(&make, &run);
            let killed =
                run_guessing(&recipe, &Faulty::new(&ledger, fatal, moment), &run, Caps::default(), false);
            assert!(killed.end.is_err(), "{at}: the run went on");
            let resumed = run_guessing(&recipe, &ledger, &run, Caps::default(), false);
            assert!(matches!(resumed.end, Ok(RunEnd::Complete)), "{at}: {:?}", resumed.end);
            compare(&ledger, &records(&ledger, &run), &undisturbed, &expected, &at);
        }
    }
}

/// The same for a run that is killed again and again, each time one write later than before.
pub fn resumes_exactly_again_and_again<L: Ledger>(
    make: impl Fn() -> L,
    records: impl Fn(&L, &RunId) -> Vec<Record>,
) {
    let recipe = Guessing::default();
    let run = RunId("guessing-1".to_owned());
    let (undisturbed, writes) = undisturbed(&recipe, &make, &run);
    let ledger = begun(&make, &run);
    for fatal in 0..=writes {
        let faulty = Faulty::new(&ledger, fatal, Moment::After);
        match run_guessing(&recipe, &faulty, &run, Caps::default(), false).end {
            Err(_) => continue,
            Ok(end) => assert_eq!(end, RunEnd::Complete),
        }
        let found = records(&ledger, &run);
        compare(&ledger, &found, &undisturbed, &records(&undisturbed, &run), "killed again and again");
        return;
    }
    panic!("after {writes} kills the run is not complete");
}

/// A ledger with one undisturbed run, and how many writes that took.
fn undisturbed<L: Ledger>(recipe: &Guessing, make: &impl Fn() -> L, run: &RunId) -> (L, u64) {
    let ledger = begun(make, run);
    let counting = Faulty::new(&ledger, u64::MAX, Moment::Before);
    let finished = run_guessing(recipe, &counting, run, Caps::default(), false);
    assert!(matches!(finished.end, Ok(RunEnd::Complete)), "undisturbed: {:?}", finished.end);
    let writes = counting.writes();
    (ledger, writes)
}

fn begun<L: Ledger>(make: &impl Fn() -> L, run: &RunId) -> L {
    let ledger = make();
    let spec = RunSpec { recipe: Guessing::CARD.id.to_owned(), seed: 7, ..RunSpec::default() };
    ledger.append(run, &[Record::Begin(spec)]).expect("a new run begins");
    ledger
}

fn compare<L: Ledger>(ledger: &L, found: &[Record], undisturbed: &L, expected: &[Record], at: &str) {
    if let Err(difference) = same_but_times(expected, found) {
        panic!("{at}, the resumed run differs from the undisturbed one: {difference}");
    }
    assert_eq!(learner(ledger, found), learner(undisturbed, expected), "{at}: the learner's state differs");
}

/// The files of the last output, read from the blobs.
fn learner<L: Ledger>(ledger: &L, records: &[Record]) -> Snapshot {
    let last = records.iter().rev().find_map(|record| match record {
        Record::Output { files, .. } => Some(files),
        _ => None,
    });
    let read = |(name, id): &(String, autodidact_core::BlobId)| {
        (name.clone(), ledger.blob(id).expect("an output's files are stored"))
    };
    Snapshot { files: last.expect("the recipe leaves an output").iter().map(read).collect() }
}
