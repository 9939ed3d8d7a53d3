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
///
/// Every run has a name of its own, so `make` may give one shared ledger again and again.
pub fn resumes_exactly<L: Ledger>(make: impl Fn() -> L, records: impl Fn(&L, &RunId) -> Vec<Record>) {
    let undisturbed = Undisturbed::new(&make, &records, "undisturbed-once");
    for fatal in 0..undisturbed.writes {
        for moment in [Moment::Before, Moment::After] {
            let at = format!("killed {moment:?} write {fatal} of {}", undisturbed.writes);
            let run = RunId(format!("killed-{moment:?}-{fatal}"));
            let ledger = begun(&make, &run);
            let faulty = Faulty::new(&ledger, fatal, moment);
            let killed = run_guessing(&RECIPE, &faulty, &run, Caps::default(), false);
            assert!(killed.end.is_err(), "{at}: the run went on");
            let resumed = run_guessing(&RECIPE, &ledger, &run, Caps::default(), false);
            assert!(matches!(resumed.end, Ok(RunEnd::Complete)), "{at}: {:?}", resumed.end);
            undisturbed.compare(&ledger, &records(&ledger, &run), &at);
        }
    }
}

/// The same for a run that is killed again and again, each time one write later than before.
pub fn resumes_exactly_again_and_again<L: Ledger>(
    make: impl Fn() -> L,
    records: impl Fn(&L, &RunId) -> Vec<Record>,
) {
    let undisturbed = Undisturbed::new(&make, &records, "undisturbed-again");
    let run = RunId("killed-again".to_owned());
    let ledger = begun(&make, &run);
    for fatal in 0..=undisturbed.writes {
        let faulty = Faulty::new(&ledger, fatal, Moment::After);
        match run_guessing(&RECIPE, &faulty, &run, Caps::default(), false).end {
            Err(_) => continue,
            Ok(end) => assert_eq!(end, RunEnd::Complete),
        }
        undisturbed.compare(&ledger, &records(&ledger, &run), "killed again and again");
        return;
    }
    panic!("after {} kills the run is not complete", undisturbed.writes);
}

/// Two rounds, with attempts of two parts: every kind of write, and as few of them as that takes.
const RECIPE: Guessing = Guessing { rounds: 2, width: 2, tries: 1025, rate: 0.02 };

/// What an undisturbed run recorded, what its learner became, and how many writes that took.
struct Undisturbed {
    records: Vec<Record>,
    learner: Snapshot,
    writes: u64,
}

impl Undisturbed {
    fn new<L: Ledger>(
        make: &impl Fn() -> L,
        records: &impl Fn(&L, &RunId) -> Vec<Record>,
        name: &str,
    ) -> Undisturbed {
        let run = RunId(name.to_owned());
        let ledger = begun(make, &run);
        let counting = Faulty::new(&ledger, u64::MAX, Moment::Before);
        let finished = run_guessing(&RECIPE, &counting, &run, Caps::default(), false);
        assert!(matches!(finished.end, Ok(RunEnd::Complete)), "undisturbed: {:?}", finished.end);
        let writes = counting.writes();
        let records = records(&ledger, &run);
        let learner = learner(&ledger, &records);
        Undisturbed { records, learner, writes }
    }

    fn compare<L: Ledger>(&self, ledger: &L, found: &[Record], at: &str) {
        if let Err(difference) = same_but_times(&self.records, found) {
            panic!("{at}, the resumed run differs from the undisturbed one: {difference}");
        }
        assert_eq!(learner(ledger, found), self.learner, "{at}: the learner's state differs");
    }
}

fn begun<L: Ledger>(make: &impl Fn() -> L, run: &RunId) -> L {
    let ledger = make();
    let spec = RunSpec { recipe: Guessing::CARD.id.to_owned(), seed: 7, ..RunSpec::default() };
    ledger.append(run, &[Record::Begin(spec)]).expect("a new run begins");
    ledger
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
