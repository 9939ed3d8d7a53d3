//! Beliefs that are fitted anew to the whole log every so many lessons, as production systems are each night.

use super::fit::{Fitted, History, Posterior, fit};
use super::{Beliefs, Draw, Shared, Slate, Visit};
use autodidact_core::{Error, Group, Learn, Lesson, Metrics, Result, Seed, Snapshot};
use serde::{Deserialize, Serialize};

/// The posterior in use, and the log it will be fitted to next.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefitState {
    posterior: Posterior,
    history: History,
    lessons: u64,
}

impl RefitState {
    /// Beliefs before anything was seen.
    pub fn of(prior: Posterior) -> RefitState {
        RefitState { posterior: prior, history: History::default(), lessons: 0 }
    }

    /// The posterior in use.
    pub fn posterior(&self) -> &Posterior {
        &self.posterior
    }

    /// The log.
    pub fn history(&self) -> &History {
        &self.history
    }
}

impl Beliefs for RefitState {
    fn items(&self) -> usize {
        self.posterior.items()
    }

    fn scores(&self, visit: &Visit, draw: Draw<'_>) -> Result<Vec<f64>> {
        self.posterior.scores(visit, draw)
    }

    fn sd(&self, item: u32) -> f64 {
        self.posterior.sd(item)
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        self.posterior.bytes()
    }
}

/// Appends to the log, and fits the posterior in use to it, from where it is, every `every` lessons.
#[derive(Debug)]
pub struct Refit {
    state: Shared<RefitState>,
    every: u64,
    /// Which users are held out.
    split: Seed,
}

impl Refit {
    /// A learner of these beliefs; `every` counts lessons, 0 never fits. Users are held out by `split`.
    pub fn of(state: &Shared<RefitState>, every: u64, split: Seed) -> Refit {
        Refit { state: state.clone(), every, split }
    }
}

impl Learn<Slate> for Refit {
    fn learn(&mut self, groups: &[Group<Slate>], seed: Seed) -> Result<Lesson> {
        let mut metrics = Metrics::default();
        self.state.write(|state| {
            let mut history = std::mem::take(&mut state.history);
            history.extend(groups);
            let checked = state.posterior.check(&history);
            state.history = history;
            checked?;
            state.lessons += 1;
            if self.every == 0 || state.lessons % self.every != 0 {
                return Ok(());
            }
            let Fitted { posterior, passes, test } = fit(&state.posterior, &state.history, self.split, seed)?;
            if let Some(last) = passes.last() {
                metrics.push("loss", last.loss);
            }
            if let Some(test) = test {
                metrics.push("log_likelihood", test);
            }
            state.posterior = posterior;
            Ok(())
        })?;
        Ok(Lesson { metrics, ..Lesson::default() })
    }

    fn save(&self) -> Result<Snapshot> {
        let bytes = self.state.read(serde_json::to_vec);
        let bytes = bytes.map_err(|source| Error::Recorded { what: "posterior and log", source })?;
        Ok(Snapshot { files: vec![("posterior.json".to_owned(), bytes)] })
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        let bytes = snapshot.file("posterior.json").unwrap_or_default();
        let saved = serde_json::from_slice(bytes);
        let saved: RefitState =
            saved.map_err(|source| Error::Recorded { what: "posterior and log", source })?;
        self.state.write(|state| {
            if saved.items() != state.items() {
                let rule = format!("a posterior over {} items", state.items());
                return Err(Error::invalid("posterior.json", rule, format!("one over {}", saved.items())));
            }
            *state = saved;
            Ok(())
        })
    }
}
