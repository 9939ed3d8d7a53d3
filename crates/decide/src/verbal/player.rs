//! A language model as a player of a bandit: it reads the history, names an arm, and hears what it gave.

use super::demonstrations::prompt;
use super::history::{History, Step};
use super::wording::{Instruction, Speech};
use crate::choice::{Choice, Pull};
use autodidact_core::chat::{Chat, Prompt, Sampling};
use autodidact_core::{
    Ask, BlobId, Error, Group, Learn, Lesson, Metrics, Policy, Proposals, Result, Seed, Snapshot, Version,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How a player is asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Manner {
    /// How much the instruction says.
    pub instruction: Instruction,
    /// Examples between instruction and history, as [`super::FewShot::text`] makes them; empty without.
    pub examples: String,
    /// How the past is shown.
    pub history: History,
    /// How answers are sampled.
    pub sampling: Sampling,
}

/// A policy of the domain [`Choice`] around one of the domain [`Chat`]. Clones share the history.
///
/// An answer that names no arm is replaced by an arm drawn evenly; such a pull has the propensity 1 / K, one
/// that was read has 1. Learning is remembering: the weights of the model stay as they are.
#[derive(Clone)]
pub struct InWords {
    speech: Arc<Speech>,
    manner: Arc<Manner>,
    model: Arc<dyn Policy<Chat>>,
    steps: Arc<Mutex<Vec<Step>>>,
}

/// The file of a player's snapshot.
const FILE: &str = "steps.json";

impl InWords {
    /// A player that has seen nothing.
    pub fn of(model: Arc<dyn Policy<Chat>>, speech: Speech, manner: Manner) -> InWords {
        InWords { speech: Arc::new(speech), manner: Arc::new(manner), model, steps: Arc::default() }
    }

    /// What it remembers.
    pub fn steps(&self) -> Vec<Step> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Step>> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn prompt(&self, round: u64, features: &[f64]) -> Prompt {
        let (manner, steps) = (&self.manner, self.lock());
        let text = prompt(
            &self.speech.instruction(manner.instruction),
            &manner.examples,
            &manner.history.text(&self.speech, &steps),
            &manner.history.query(&self.speech, &steps, features),
        );
        Prompt::text(format!("round/{round}"), text)
    }
}

impl Policy<Choice> for InWords {
    fn propose(&self, asks: &[Ask<Choice>], seeds: &[Seed]) -> Result<Proposals<Choice>> {
        let in_words = |ask: &Ask<Choice>| Ask {
            query: self.prompt(ask.query.round, &ask.query.features),
            knobs: self.manner.sampling.clone(),
            tries: ask.tries,
        };
        let asked: Vec<Ask<Chat>> = asks.iter().map(in_words).collect();
        let said = self.model.propose(&asked, seeds)?;
        let mut answers = Vec::with_capacity(asks.len());
        for (completions, seed) in said.answers.iter().zip(seeds) {
            let read = |(t, completion): (usize, &autodidact_core::chat::Completion)| {
                let mut rng = seed.at("unread", t as u64).rng();
                let reading = self.speech.read_or_draw(&completion.text, &mut rng);
                let propensity = if reading.is_random { 1.0 / self.speech.names.len() as f64 } else { 1.0 };
                Pull { arm: reading.arm, propensity }
            };
            answers.push(completions.iter().enumerate().map(read).collect());
        }
        Ok(Proposals { answers, spend: said.spend })
    }

    fn version(&self) -> Result<Version> {
        let mut bytes = self.model.version()?.0.into_bytes();
        bytes.extend(serde_json::to_vec(&*self.lock()).map_err(Error::part)?);
        Ok(Version(BlobId::of(&bytes).0))
    }
}

impl Learn<Choice> for InWords {
    /// Remembers the steps that something was heard of.
    fn learn(&mut self, groups: &[Group<Choice>], _seed: Seed) -> Result<Lesson> {
        let mut metrics = Metrics::default();
        for group in groups {
            for one in &group.tries {
                let is_random = one.answer.propensity < 1.0;
                metrics.push("unread_ratio", f64::from(u8::from(is_random)));
                if let Some(reward) = one.verdict.value() {
                    let features = group.ask.query.features.clone();
                    self.lock().push(Step { features, arm: one.answer.arm, reward, is_random });
                }
            }
        }
        Ok(Lesson { metrics, ..Lesson::default() })
    }

    fn save(&self) -> Result<Snapshot> {
        let bytes = serde_json::to_vec(&*self.lock()).map_err(Error::part)?;
        Ok(Snapshot { files: vec![(FILE.to_owned(), bytes)] })
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        let names = || snapshot.files.iter().map(|(name, _)| name);
        let bytes =
            snapshot.file(FILE).ok_or_else(|| Error::unknown("file of the snapshot", FILE, names()))?;
        let steps =
            serde_json::from_slice(bytes).map_err(|source| Error::Recorded { what: "trajectory", source })?;
        *self.lock() = steps;
        Ok(())
    }
}
