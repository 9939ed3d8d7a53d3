//! Bandits in runs that are stopped between two parts and taken up again.

use super::*;
use crate::world::{Bernoulli, WorldConfig};
use autodidact_core::{
    Alarms, Caps, Event, Ledger, Loop, MemoryLedger, Observer, Record, Run, RunId, RunOptions, RunSpec, Stop,
};

/// Asks a run to stop once it recorded so many rounds.
struct After {
    rounds: u64,
    stop: Stop,
}

impl Observer for After {
    fn see(&self, event: &Event<'_>) {
        if let Event::Attempted { done, recalled: false, .. } = event
            && *done >= self.rounds
        {
            self.stop.request();
        }
    }
}

/// Plays in `ledger` until `stop_after` rounds are recorded, with bandit and world made anew. The pulls,
/// if it got to the end, and what the bandit then knows.
fn attempt(ledger: &MemoryLedger, config: &BanditConfig, stop_after: u64) -> Option<(Vec<Pull>, Version)> {
    let world = WorldConfig::Bernoulli(Bernoulli { arms: config.arms, gap: 0.2, horizon: 8000 });
    let world = world.open(Seed::root(1)).expect("settings are valid");
    let bandit = Bandit::new(config).expect("settings are valid");
    let observer = After { rounds: stop_after, stop: Stop::default() };
    let mut run = Run::new(RunOptions {
        ledger,
        id: RunId("bandit-1".to_owned()),
        seed: 1,
        caps: Caps::default(),
        alarms: Alarms::default(),
        stop: observer.stop.clone(),
        observer: &observer,
        complete: false,
    })
    .expect("options are valid");
    let mut parts = Loop::<Choice> {
        explore: Box::new(world.explore()),
        policy: Box::new(bandit.clone()),
        judge: Box::new(world.judge()),
        learn: Box::new(bandit.clone()),
    };
    match run.play("play", &mut parts, 8000, 1) {
        Ok(groups) => {
            let pulls = groups.iter().map(|group| group.tries[0].answer).collect();
            Some((pulls, bandit.version().expect("it has one")))
        }
        Err(Error::Interrupted) => None,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_run_that_is_stopped_between_parts_ends_as_if_it_had_not_been() {
    for algorithm in [
        Algorithm::Ucb1 { alpha: 0.5 },
        Algorithm::ThompsonBeta { successes: 1.0, failures: 1.0 },
        Algorithm::Exp3 { gamma: 0.1 },
    ] {
        let config = BanditConfig { arms: 5, algorithm, ..BanditConfig::default() };
        let begun = || {
            let ledger = MemoryLedger::default();
            let begin = [Record::Begin(RunSpec::default())];
            ledger.append(&RunId("bandit-1".to_owned()), &begin).expect("the ledger is empty");
            ledger
        };
        let whole = attempt(&begun(), &config, u64::MAX).expect("nobody stops it");
        // The first part has 2,048 rounds, the second 4,096, the last what is left.
        let ledger = begun();
        assert!(attempt(&ledger, &config, 1).is_none());
        assert!(attempt(&ledger, &config, 2049).is_none());
        assert_eq!(attempt(&ledger, &config, u64::MAX).expect("nobody stops it"), whole, "{config:?}");
    }
}
