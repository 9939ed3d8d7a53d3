//! Several processes on one ledger, and processes that are killed.
//!
//! The test binary starts itself again as the other process: [`as_another_process`] does nothing
//! unless the environment asks it to.

mod made;

use autodidact_core::{Caps, Ledger, Note, Record, RunEnd, RunId, RunSpec};
use autodidact_ledger::Store;
use autodidact_testkit::conformance::run_guessing;
use autodidact_testkit::guess::Guessing;
use autodidact_testkit::same_but_times;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const DIRECTORY: &str = "AUTODIDACT_TEST_LEDGER";
const TASK: &str = "AUTODIDACT_TEST_TASK";

fn start(directory: &Path, task: &str) -> Child {
    Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "as_another_process", "--nocapture"])
        .env(DIRECTORY, directory)
        .env(TASK, task)
        .stdout(Stdio::null())
        .spawn()
        .expect("starts")
}

#[test]
fn as_another_process() {
    let (Some(directory), Ok(task)) = (std::env::var_os(DIRECTORY), std::env::var(TASK)) else { return };
    let store = Store::open(Path::new(&directory)).expect("opens");
    match task.split_once(' ').expect("a task has an argument") {
        ("run", name) => {
            let run = RunId(name.to_owned());
            run_guessing(&Guessing::default(), &store, &run, Caps::default(), false).end.expect("finishes");
        }
        ("note", n) => {
            let run = RunId("shared".to_owned());
            for i in 0..100 {
                let key = made::key(&format!("note/{n}"), i);
                store.append(&run, &[Record::Note(Note { key, value: 1.0 })]).expect("accepted");
            }
        }
        ("claim", name) => {
            let _claim = store.claim(&RunId(name.to_owned())).expect("free");
            store.append(&RunId(name.to_owned()), &[made::note("claimed", 0, 1.0)]).expect("accepted");
            std::thread::sleep(Duration::from_secs(60));
        }
        other => panic!("no such task: {other:?}"),
    }
}

fn begin(store: &Store, name: &str) -> RunId {
    let run = RunId(name.to_owned());
    let spec = RunSpec { recipe: "guessing".to_owned(), seed: 7, ..RunSpec::default() };
    store.append(&run, &[Record::Begin(spec)]).expect("begins");
    run
}

#[test]
fn a_run_whose_process_is_killed_at_twenty_instants_resumes_exactly() {
    let (directory, store) = made::fresh();
    let undisturbed = begin(&store, "undisturbed");
    let started = Instant::now();
    assert!(start(directory.path(), "run undisturbed").wait().expect("ran").success());
    let whole = started.elapsed();
    let expected = store.records(&undisturbed).expect("readable");

    let mut killed_at_work = 0;
    for i in 1..=20u32 {
        let run = begin(&store, &format!("killed-{i}"));
        let mut child = start(directory.path(), &format!("run killed-{i}"));
        // Instants all over the time of a whole run, early and late ones mixed.
        std::thread::sleep(whole.mul_f64(f64::from(i) * 0.618_034 % 1.0));
        child.kill().expect("killed or done");
        killed_at_work += u32::from(!child.wait().expect("ended").success());

        let resumed = run_guessing(&Guessing::default(), &store, &run, Caps::default(), false);
        assert!(matches!(resumed.end, Ok(RunEnd::Complete)), "{i}: {:?}", resumed.end);
        let found = store.records(&run).expect("readable");
        same_but_times(&expected, &found).unwrap_or_else(|why| panic!("killed at instant {i}: {why}"));
    }
    assert!(killed_at_work > 5, "most were killed at work: {killed_at_work}");
}

#[test]
fn processes_write_to_one_ledger_at_once_and_nothing_is_lost() {
    let (directory, store) = made::fresh();
    let run = begin(&store, "shared");
    let children: Vec<Child> = (0..4).map(|n| start(directory.path(), &format!("note {}", n % 3))).collect();
    // Reading goes on meanwhile.
    let mut seen = 0;
    for mut child in children {
        while child.try_wait().expect("asked").is_none() {
            let now = store.records(&run).expect("readable while others write").len();
            assert!(now >= seen, "what was there stays");
            seen = now;
        }
        assert!(child.wait().expect("ended").success());
    }
    // Two of the four wrote the same keys: each is there once.
    assert_eq!(store.records(&run).expect("readable").len(), 1 + 300);
}

#[test]
fn processes_that_open_a_new_ledger_together_all_succeed() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let store = std::thread::scope(|scope| {
        let open = || Store::open(directory.path()).expect("opens");
        let stores: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
        stores.into_iter().map(|store| store.join().expect("no panic")).next_back()
    });
    begin(&store.expect("there are some"), "shared");
    let children: Vec<Child> = (0..3).map(|n| start(directory.path(), &format!("note {n}"))).collect();
    for mut child in children {
        assert!(child.wait().expect("ended").success());
    }
}

#[test]
fn a_claim_ends_with_its_process_however_that_ends() {
    let (directory, store) = made::fresh();
    let run = begin(&store, "claimed");
    assert!(!store.claimed(&run));
    let mut child = start(directory.path(), "claim claimed");
    // Its note says that it holds the claim.
    while store.records(&run).expect("readable").len() < 2 {
        assert!(child.try_wait().expect("asked").is_none(), "it is at work");
    }
    assert!(store.claimed(&run));
    assert!(store.claim(&run).is_err());
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert!(!store.claimed(&run));
    store.claim(&run).expect("free again");
}
