//! Decision processes: nothing asked or told is lost, doubled or learned in two orders.

mod made;

use autodidact_core::Result;
use autodidact_ledger::{Checkpoint, Choosing, ProcessSpec, Store};
use std::thread;

const NAME: &str = "button";

fn begun() -> (tempfile::TempDir, Store) {
    let (directory, store) = made::fresh();
    let spec = ProcessSpec {
        name: NAME.to_owned(),
        config: r#"{"arms":["red","blue"]}"#.to_owned(),
        seed: u64::MAX,
        program: "0".to_owned(),
    };
    store.begin_process(&spec).expect("a new name");
    assert_eq!(store.process(NAME).expect("known").spec, spec);
    (directory, store)
}

fn ask(store: &Store, arm: u32) -> u64 {
    let choosing = Choosing { context: "{}".to_owned(), arm, propensity: 0.5 };
    store.process_turn(NAME, |turn| turn.record(&choosing)).expect("recorded")
}

fn tell(store: &Store, number: u64, reward: f64) -> Result<bool> {
    store.process_turn(NAME, |turn| turn.tell(number, reward))
}

#[test]
fn rewards_may_come_late_in_any_order_or_never() {
    let (_directory, store) = begun();
    let numbers: Vec<u64> = (0..4).map(|i| ask(&store, i % 2)).collect();
    assert_eq!(numbers, [0, 1, 2, 3]);
    for (number, reward) in [(2, 1.0), (0, -0.5), (3, -0.0)] {
        assert!(tell(&store, number, reward).expect("told"));
    }
    let told = store.process_turn(NAME, |turn| turn.told_since(1)).expect("readable");
    let told: Vec<(u64, f64)> =
        told.iter().map(|one| (one.number, one.feedback.as_ref().expect("told").reward)).collect();
    assert_eq!(told, [(0, -0.5), (3, 0.0)]);
    let untold = &store.decisions(NAME, 1, 1).expect("readable")[0];
    assert_eq!((untold.number, untold.feedback.as_ref(), untold.after_told), (1, None, 0));
    let line = store.process(NAME).expect("known");
    assert_eq!((line.asked, line.told), (4, 3));
}

#[test]
fn a_reward_told_twice_counts_once_and_another_is_refused() {
    let (_directory, store) = begun();
    ask(&store, 0);
    assert!(tell(&store, 0, 0.25).expect("told"));
    assert!(!tell(&store, 0, 0.25).expect("told before"));
    let error = tell(&store, 0, 0.5).expect_err("another reward").to_string();
    assert!(error.starts_with("the reward of decision 0 must be 0.25, as told at 20"), "{error}");
    let error = tell(&store, 1, 0.5).expect_err("never asked").to_string();
    assert_eq!(error, "decision must be one of \"button\", from 0 to 0, but is 1");
    let error = tell(&store, 0, f64::NAN).expect_err("no number").to_string();
    assert_eq!(error, "the reward of decision 0 must be a finite number, but is NaN");
    assert_eq!(store.process(NAME).expect("known").told, 1);
}

#[test]
fn an_unknown_process_and_a_used_name_are_errors() {
    let (_directory, store) = begun();
    let error = store.process("buton").expect_err("unknown").to_string();
    assert_eq!(error, "no decision process is named \"buton\"; known: button");
    let again = ProcessSpec { name: NAME.to_owned(), ..ProcessSpec::default() };
    let error = store.begin_process(&again).expect_err("taken").to_string();
    assert_eq!(error, "process must be a name not used before, but is button");
}

#[test]
fn a_turn_that_fails_writes_nothing() {
    let (_directory, store) = begun();
    ask(&store, 0);
    let failed = store.process_turn(NAME, |turn| {
        turn.record(&Choosing { context: "{}".to_owned(), arm: 1, propensity: 1.0 })?;
        turn.tell(0, 1.0)?;
        turn.tell(99, 1.0)
    });
    assert!(failed.is_err());
    let line = store.process(NAME).expect("known");
    assert_eq!((line.asked, line.told), (1, 0));
    assert_eq!(store.decisions(NAME, 0, 9).expect("readable").len(), 1);
}

#[test]
fn a_checkpoint_reads_back() {
    let (_directory, store) = begun();
    let checkpoint = Checkpoint { told: 7, state: vec![0, 1, 255] };
    store
        .process_turn(NAME, |turn| {
            assert_eq!(turn.checkpoint()?, None);
            turn.set_checkpoint(&checkpoint)
        })
        .expect("stored");
    let found = store.process_turn(NAME, |turn| turn.checkpoint()).expect("readable");
    assert_eq!(found, Some(checkpoint));
}

#[test]
fn several_programs_take_turns() {
    let (directory, store) = begun();
    thread::scope(|scope| {
        for arm in 0..4 {
            let directory = directory.path();
            scope.spawn(move || {
                // A connection of its own, as another program would have.
                let store = Store::open(directory).expect("opens");
                for _ in 0..25 {
                    let number = ask(&store, arm);
                    assert!(tell(&store, number, f64::from(arm)).expect("told"));
                }
            });
        }
    });
    let line = store.process(NAME).expect("known");
    assert_eq!((line.asked, line.told), (100, 100));
    let all = store.decisions(NAME, 0, 1000).expect("readable");
    assert!(all.iter().enumerate().all(|(i, one)| one.number == i as u64));
    let told = store.process_turn(NAME, |turn| turn.told_since(0)).expect("readable");
    let places: Vec<u64> = told.iter().filter_map(|one| Some(one.feedback.as_ref()?.told)).collect();
    assert_eq!(places, (0..100).collect::<Vec<_>>());
    assert!(all.iter().all(|one| one.feedback.as_ref().is_some_and(|f| f.reward == f64::from(one.arm))));
}
