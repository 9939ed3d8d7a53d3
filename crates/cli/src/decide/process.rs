//! A bandit and its rows in the ledger: asked and told by any number of programs at once.

use super::{ProcessConfig, Situation};
use autodidact_core::{Error, Result, Seed, Snapshot};
use autodidact_decide::bandit::Bandit;
use autodidact_decide::choice::Pull;
use autodidact_ledger::{Checkpoint, Choosing, Decision, ProcessSpec, Store, Turn};
use serde::Serialize;

/// How many rewards lie between two stored states.
const CHECKPOINT_EVERY: u64 = 1024;

/// A decision process, open in this program.
///
/// The bandit in memory is the fold of the rewards told so far, in the order of telling. Each turn
/// first learns what other programs told since the last one, so decision `n` depends on the process's
/// seed, `n` and the rewards told before it: not on who asks, or how often the process was opened.
pub struct Process<'a> {
    store: &'a Store,
    name: String,
    config: ProcessConfig,
    seed: Seed,
    bandit: Bandit,
    /// How many rewards the bandit has learned from.
    learned: u64,
}

/// A decision, recorded.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Asked {
    /// What its reward is told for.
    pub decision: u64,
    /// The chosen arm.
    pub arm: String,
    /// The probability with which it was chosen.
    pub propensity: f64,
}

/// Why no reward of a call was told.
#[derive(Debug)]
pub struct Untold {
    /// Which of the rewards is at fault, if one of them is: its place in the call.
    pub at: Option<usize>,
    /// What is wrong.
    pub error: Error,
}

impl<'a> Process<'a> {
    /// Begins a process. Fails when there is one of that name.
    pub fn begin(store: &'a Store, name: &str, config: ProcessConfig, seed: u64) -> Result<Process<'a>> {
        config.check()?;
        let recorded = |source| Error::Recorded { what: "decision process", source };
        let spec = ProcessSpec {
            name: name.to_owned(),
            config: serde_json::to_string(&config).map_err(recorded)?,
            seed,
            program: env!("CARGO_PKG_VERSION").to_owned(),
        };
        store.begin_process(&spec)?;
        Process::of(store, spec)
    }

    /// Opens the process of that name.
    pub fn open(store: &'a Store, name: &str) -> Result<Process<'a>> {
        Process::of(store, store.process(name)?.spec)
    }

    fn of(store: &'a Store, spec: ProcessSpec) -> Result<Process<'a>> {
        let config: ProcessConfig = serde_json::from_str(&spec.config)
            .map_err(|source| Error::Recorded { what: "decision process", source })?;
        let bandit = Bandit::new(&config.bandit())?;
        let seed = Seed::root(spec.seed);
        Ok(Process { store, name: spec.name, config, seed, bandit, learned: 0 })
    }

    /// Its arms, features and rule.
    pub fn config(&self) -> &ProcessConfig {
        &self.config
    }

    /// Chooses and records, in one turn; all are durable when this returns.
    pub fn ask(&mut self, situations: &[Situation]) -> Result<Vec<Asked>> {
        self.turn(|process, turn| {
            situations.iter().map(|situation| process.choose(turn, situation)).collect()
        })
    }

    /// Learns rewards by decision, in one turn: all of them or, on an error, none. Returns how many
    /// were new; a reward told twice counts once.
    pub fn tell(&mut self, rewards: &[(u64, f64)]) -> Result<u64, Untold> {
        let mut at = None;
        let told = self.turn(|process, turn| {
            let before = turn.told();
            for (place, &(number, reward)) in rewards.iter().enumerate() {
                at = Some(place);
                let decision = turn.decision(number)?;
                if turn.tell(number, reward)? {
                    process.learn(&decision, reward)?;
                }
            }
            at = None;
            let told = turn.told();
            if told / CHECKPOINT_EVERY > before / CHECKPOINT_EVERY {
                turn.set_checkpoint(&Checkpoint { told, state: state(&process.bandit)? })?;
            }
            Ok(told - before)
        });
        told.map_err(|error| Untold { at, error })
    }

    /// The bandit as all rewards told so far have made it.
    pub fn bandit(&mut self) -> Result<&Bandit> {
        self.turn(|_, _| Ok(()))?;
        Ok(&self.bandit)
    }

    fn choose(&self, turn: &mut Turn<'_>, situation: &Situation) -> Result<Asked> {
        let number = turn.asked();
        let context = situation.context(number, &self.config)?;
        let mut pull = self.bandit.choose(&context, &mut self.seed.at("decision", number).rng())?;
        if pull.propensity <= 0.0 {
            // Not known to the choice itself: an off-policy estimate needs it, so it is worked out here.
            // What numerical error leaves of a rare choice must not be nothing.
            let shares = self.bandit.probabilities(&context)?;
            pull.propensity = shares.get(pull.arm as usize).copied().unwrap_or(0.0).clamp(1e-12, 1.0);
        }
        let context =
            serde_json::to_string(situation).map_err(|source| Error::Recorded { what: "context", source })?;
        let decision = turn.record(&Choosing { context, arm: pull.arm, propensity: pull.propensity })?;
        Ok(Asked { decision, arm: self.config.name(pull.arm).to_owned(), propensity: pull.propensity })
    }

    fn learn(&mut self, decision: &Decision, reward: f64) -> Result<()> {
        let situation: Situation = serde_json::from_str(&decision.context)
            .map_err(|source| Error::Recorded { what: "context", source })?;
        let context = situation.context(decision.number, &self.config)?;
        let pull = Pull { arm: decision.arm, propensity: decision.propensity };
        self.bandit.tell(&context, pull, reward).map_err(|error| match error {
            Error::Invalid { field, rule, found } => {
                let name = self.config.name(decision.arm);
                Error::Invalid {
                    field: format!("{field} ({name}, decision {})", decision.number),
                    rule,
                    found,
                }
            }
            other => other,
        })?;
        self.learned += 1;
        Ok(())
    }

    /// One turn in the ledger with a bandit that has learned everything told before.
    fn turn<T>(&mut self, work: impl FnOnce(&mut Process<'a>, &mut Turn<'_>) -> Result<T>) -> Result<T> {
        let (store, name) = (self.store, self.name.clone());
        let done = store.process_turn(&name, |turn| {
            self.catch_up(turn)?;
            work(self, turn)
        });
        if done.is_err() {
            // The ledger forgot the turn; a bandit that learned from it must forget it too.
            self.bandit = Bandit::new(&self.config.bandit())?;
            self.learned = 0;
        }
        done
    }

    fn restored(&self, checkpoint: &Checkpoint) -> Result<Bandit> {
        let files: Vec<(String, String)> = serde_json::from_slice(&checkpoint.state)
            .map_err(|source| Error::Recorded { what: "bandit", source })?;
        let files = files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
        let bandit = Bandit::new(&self.config.bandit())?;
        bandit.restore(&Snapshot { files })?;
        Ok(bandit)
    }

    fn catch_up(&mut self, turn: &Turn<'_>) -> Result<()> {
        if turn.told() > self.learned + CHECKPOINT_EVERY
            && let Some(checkpoint) = turn.checkpoint()?
            && checkpoint.told > self.learned
        {
            // It is only a shortcut: where it cannot be read, the rows are learned from again.
            match self.restored(&checkpoint) {
                Ok(bandit) => (self.bandit, self.learned) = (bandit, checkpoint.told),
                Err(error) => tracing::warn!(%error, "a checkpoint of {} cannot be read", self.name),
            }
        }
        for decision in turn.told_since(self.learned)? {
            if let Some(feedback) = &decision.feedback {
                self.learn(&decision, feedback.reward)?;
            }
        }
        Ok(())
    }
}

/// A bandit's snapshot, whose files are text, as JSON.
fn state(bandit: &Bandit) -> Result<Vec<u8>> {
    let files = bandit.save()?.files;
    let files: Vec<(&str, std::borrow::Cow<'_, str>)> =
        files.iter().map(|(name, bytes)| (name.as_str(), String::from_utf8_lossy(bytes))).collect();
    serde_json::to_vec(&files).map_err(|source| Error::Recorded { what: "bandit", source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_decide::bandit::Memory;
    use serde_json::json;

    fn config(algorithm: &str) -> ProcessConfig {
        let names = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect();
        ProcessConfig::new(names(&["a", "b", "c"]), names(&["x", "y"]), algorithm, Memory::All, &[])
            .expect("valid")
    }

    fn store() -> (tempfile::TempDir, Store) {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let store = Store::open(directory.path()).expect("opens");
        (directory, store)
    }

    fn situation(i: u64, config: &ProcessConfig) -> Situation {
        Situation::parse(json!([i % 5, 1.0]), None, config).expect("fits")
    }

    /// Asks and tells `n` times, with a reward of every third decision left out, and returns the arms.
    fn live(store: &Store, name: &str, n: u64, reopen_every: u64) -> Vec<Asked> {
        let mut process = Process::open(store, name).expect("there");
        let mut all = Vec::new();
        for i in 0..n {
            if i % reopen_every == 0 {
                process = Process::open(store, name).expect("there");
            }
            let situation = situation(i, process.config());
            let asked = process.ask(&[situation]).expect("chosen").remove(0);
            if i % 3 != 2 {
                let reward = f64::from(u8::from(asked.arm == "b"));
                assert_eq!(process.tell(&[(asked.decision, reward)]).expect("told"), 1);
            }
            all.push(asked);
        }
        all
    }

    #[test]
    fn a_process_opened_again_and_again_decides_as_one_that_stays_open() {
        for algorithm in ["thompson-beta", "lin-thompson", "exp3", "ucb1"] {
            let (_directory, store) = store();
            for name in ["open", "reopened"] {
                Process::begin(&store, name, config(algorithm), 7).expect("new");
            }
            let (open, reopened) = (live(&store, "open", 60, 1000), live(&store, "reopened", 60, 1));
            assert_eq!(open, reopened, "{algorithm}");
        }
    }

    #[test]
    fn a_state_from_a_checkpoint_decides_as_one_that_learned_every_reward() {
        let (_directory, store) = store();
        let n = 2 * CHECKPOINT_EVERY + 100;
        let (mut arms, mut states) = (Vec::new(), Vec::new());
        for name in ["checkpointed", "kept"] {
            let mut process = Process::begin(&store, name, config("lin-thompson"), 7).expect("new");
            let situations: Vec<Situation> = (0..n).map(|i| situation(i, process.config())).collect();
            let asked = process.ask(&situations).expect("chosen");
            let rewards: Vec<(u64, f64)> =
                asked.iter().map(|one| (one.decision, f64::from(u8::from(one.arm == "b")))).collect();
            assert_eq!(process.tell(&rewards).expect("told"), n);
            if name == "checkpointed" {
                process = Process::open(&store, name).expect("there");
            }
            let more: Vec<Situation> = (0..50).map(|i| situation(i, process.config())).collect();
            arms.push(process.ask(&more).expect("chosen"));
            states.push(process.bandit.save().expect("saved"));
        }
        assert_eq!(arms[0], arms[1]);
        assert_eq!(states[0], states[1]);
    }

    #[test]
    fn a_wrong_reward_in_a_batch_leaves_nothing_behind() {
        let (_directory, store) = store();
        let mut process = Process::begin(&store, "p", config("thompson-beta"), 0).expect("new");
        let situations = vec![situation(0, process.config()); 2];
        process.ask(&situations).expect("chosen");
        let fresh = process.bandit.save().expect("saved");
        let untold = process.tell(&[(0, 1.0), (1, 7.0)]).expect_err("out of range");
        assert_eq!(untold.at, Some(1));
        let error = untold.error.to_string();
        assert!(
            error.starts_with("the reward of arm ") && error.contains("decision 1) must be between 0 and 1"),
            "{error}"
        );
        assert_eq!(store.process("p").expect("there").told, 0);
        assert_eq!(process.bandit.save().expect("saved"), fresh);
        assert_eq!(process.tell(&[(0, 1.0), (1, 0.0)]).expect("told"), 2);
    }
}
