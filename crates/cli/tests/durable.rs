//! A run that is killed at any instant ends with the bits of one that never was.

mod world;

use autodidact_core::{Record, RunId};
use autodidact_ledger::Store;
use autodidact_testkit::same_but_times;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};
use world::World;

/// Everything recorded of the run `raft-1` in a workspace. Learning steps and outputs hold digests of
/// weights and optimiser state, so equal records mean equal bits there too.
fn records(workspace: &Path) -> Vec<Record> {
    let store = Store::open_existing(workspace).expect("the ledger opens");
    store.records(&RunId("raft-1".to_owned())).expect("the run is there")
}

fn start(world: &World, workspace: &str, begun: bool) -> Child {
    let arguments: &[&str] = match begun {
        false => &["run", "tiny.toml", "--dir", workspace],
        true => &["resume", "raft-1", "--dir", workspace],
    };
    world.command(arguments).spawn().expect("the program starts")
}

fn has_begun(workspace: &Path) -> bool {
    workspace.join("ledger.sqlite").is_file()
        && Store::open_existing(workspace)
            .is_ok_and(|store| !store.run_names().unwrap_or_default().is_empty())
}

fn is_complete(workspace: &Path) -> bool {
    records(workspace).iter().any(|record| matches!(record, Record::End(_)))
}

/// Waits until the child ends or the time is up.
fn wait(child: &mut Child, time: Duration) -> bool {
    let until = Instant::now() + time;
    while Instant::now() < until {
        if child.try_wait().expect("the child can be asked").is_some() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    false
}

#[test]
fn a_run_killed_at_twenty_random_instants_ends_as_if_it_never_was() {
    let world = World::with_tiny_model();
    let started = Instant::now();
    world.right(&["run", "tiny.toml", "--dir", "whole", "--threads", "2"]);
    let whole_time = started.elapsed();
    let expect = records(&world.path().join("whole"));
    assert!(expect.iter().filter(|record| matches!(record, Record::Learn(_))).count() == 3);

    let mut rng = autodidact_core::Seed::root(20).rng();
    let (mut kills, mut midway) = (0, 0);
    for run in 0.. {
        if kills == 20 {
            break;
        }
        let name = format!("killed-{run}");
        let workspace = world.path().join(&name);
        loop {
            let mut child = start(&world, &name, has_begun(&workspace));
            let instant = whole_time.mul_f64(rand::Rng::random_range(&mut rng, 0.0..0.9));
            let ended = if kills < 20 { wait(&mut child, instant) } else { false };
            if !ended && kills < 20 {
                child.kill().expect("the child can be killed");
                kills += 1;
            }
            child.wait().expect("the child ends");
            midway += usize::from(!ended && has_begun(&workspace) && !records(&workspace).is_empty());
            if has_begun(&workspace) && is_complete(&workspace) {
                break;
            }
        }
        same_but_times(&expect, &records(&workspace)).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    }
    assert!(midway >= 10, "only {midway} of {kills} kills hit a run that had begun");
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let world = World::with_tiny_model();
    world.right(&["run", "tiny.toml", "--dir", "one", "--threads", "1"]);
    world.right(&["run", "tiny.toml", "--dir", "two", "--threads", "2"]);
    world.right(&["run", "tiny.toml", "--dir", "five", "--threads", "5"]);
    let of = |name: &str| records(&world.path().join(name));
    same_but_times(&of("one"), &of("two")).expect("one and two threads agree");
    same_but_times(&of("one"), &of("five")).expect("one and five threads agree");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_says_how_to_resume_and_does() {
    use rustix::process::{Pid, Signal, kill_process};
    let world = World::with_tiny_model();
    let long = world.read("tiny.toml").replace("rounds = 3", "rounds = 200");
    world.write("long.toml", &long);
    let child = world.command(&["run", "long.toml"]).spawn().expect("the program starts");
    while !has_begun(&world.workspace()) {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(200));
    let pid = Pid::from_raw(child.id() as i32).expect("a child has an id");
    kill_process(pid, Signal::INT).expect("the child can be interrupted");
    let output = child.wait_with_output().expect("the child ends");
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{words}");
    assert!(words.contains("autodidact resume raft-1"), "{words}");

    let done = world.run(&["resume", "raft-1", "--set", "caps.judge_calls=1"]);
    assert_eq!(done.code, 6, "{}", done.stderr);
    assert!(done.stderr.contains("the cap on judge_calls is reached"), "{}", done.stderr);
}
