//! Bandits: choose an arm, hear what it gave, choose better.
//!
//! A [`Bandit`] is a handle on one state; clones share it. [`Bandit::choose`] names an arm and the
//! probability with which it was chosen, [`Bandit::tell`] learns from a reward whenever it comes: late,
//! in another order, or never. A choice depends on the state, the context and the generator alone, so a
//! bandit that was saved and restored in mid-stream goes on with the same bits.
//!
//! A bandit is a [`Policy`] and a [`Learn`] of the domain [`Choice`]; the same handle serves as both.

mod adversarial;
mod config;
#[cfg(test)]
mod durable;
#[cfg(test)]
mod golden;
mod pick;
mod tally;
#[cfg(test)]
mod tests;

pub use config::{Algorithm, BanditConfig, Memory};

use crate::choice::{Choice, Context, Pull};
use adversarial::{Exponential, Losses};
use autodidact_core::{
    Ask, BlobId, Error, Group, Learn, Lesson, Policy, Proposals, Result, Rng, Seed, Snapshot, Spend, Version,
};
use autodidact_math::bandit::logistic::Logistic;
use autodidact_math::bandit::ridge::Ridge;
use pick::Allowed;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tally::Tally;

/// The file of a bandit's snapshot.
const FILE: &str = "bandit.json";

/// A bandit: one of the rules of [`Algorithm`] and what it has learned. Clones share both.
#[derive(Clone, Debug)]
pub struct Bandit {
    config: Arc<BanditConfig>,
    state: Arc<Mutex<State>>,
}

/// What learning changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    /// How many rewards were told.
    told: u64,
    mind: Mind,
}

/// What is known of the arms, by family of rules.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Mind {
    Tally(Tally),
    Linear { models: Vec<Ridge> },
    Logistic { models: Vec<Logistic> },
    Exponential(Exponential),
    Losses(Losses),
}

impl Mind {
    fn new(config: &BanditConfig) -> Mind {
        let (arms, features) = (config.arms as usize, config.features as usize);
        match config.algorithm {
            Algorithm::LinUcb { ridge, .. } | Algorithm::LinThompson { ridge, .. } => {
                Mind::Linear { models: vec![Ridge::new(features, ridge); arms] }
            }
            Algorithm::GlmUcb { ridge, .. } => {
                Mind::Logistic { models: vec![Logistic::new(features, ridge); arms] }
            }
            Algorithm::Exp3 { gamma } => Mind::Exponential(Exponential::new(arms, gamma)),
            Algorithm::TsallisInf => Mind::Losses(Losses::new(arms)),
            _ => Mind::Tally(Tally::new(arms)),
        }
    }

    /// Whether the lengths are those of a bandit of these settings.
    fn fits(&self, config: &BanditConfig) -> bool {
        let (arms, features) = (config.arms as usize, config.features as usize);
        match (self, Mind::new(config)) {
            (Mind::Tally(tally), Mind::Tally(_)) => tally.fits(arms),
            (Mind::Linear { models }, Mind::Linear { .. }) => {
                models.len() == arms && models.iter().all(|model| model.features() == Some(features))
            }
            (Mind::Logistic { models }, Mind::Logistic { .. }) => {
                models.len() == arms && models.iter().all(|model| model.features() == Some(features))
            }
            (Mind::Exponential(weights), Mind::Exponential(_)) => weights.fits(arms),
            (Mind::Losses(losses), Mind::Losses(_)) => losses.fits(arms),
            _ => false,
        }
    }
}

/// What a snapshot holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved<C, S> {
    config: C,
    state: S,
}

impl Bandit {
    /// A bandit that has learned nothing. Fails on settings that cannot be.
    pub fn new(config: &BanditConfig) -> Result<Bandit> {
        config.check()?;
        let state = State { told: 0, mind: Mind::new(config) };
        Ok(Bandit { config: Arc::new(config.clone()), state: Arc::new(Mutex::new(state)) })
    }

    /// Its settings.
    pub fn config(&self) -> &BanditConfig {
        &self.config
    }

    /// How many rewards it was told.
    pub fn told(&self) -> u64 {
        self.lock().told
    }

    /// Chooses an arm for this context.
    ///
    /// The propensity is exact: 1 for rules without chance, the closed form for random, epsilon-greedy
    /// EXP3 and Tsallis-INF. For Thompson sampling it costs an integral and is left at 0, "not known"; where it is
    /// needed, ask [`Bandit::probabilities`] before the next reward is told.
    ///
    /// Fails when the context does not fit the settings: another number of features, a feature that
    /// is not finite, no arm allowed, an arm that is not there, arms out of order.
    pub fn choose(&self, context: &Context, rng: &mut Rng) -> Result<Pull> {
        let allowed = self.allowed(context)?;
        Ok(self.pick(&self.lock(), context, allowed, rng))
    }

    /// Learns that `pull`, made in `context`, gave `reward`.
    ///
    /// Fails when the context does not fit, the arm is not there, the reward is not finite or, for
    /// rules that need it, not between 0 and 1, or when EXP3 or Tsallis-INF, which divide by the
    /// propensity, get one outside `(0, 1]`.
    pub fn tell(&self, context: &Context, pull: Pull, reward: f64) -> Result<()> {
        self.check_features(context)?;
        if pull.arm >= self.config.arms {
            return Err(Error::invalid("arm", format!("below {}", self.config.arms), pull.arm));
        }
        if !reward.is_finite() {
            let field = format!("the reward of arm {}", pull.arm);
            return Err(Error::invalid(field, "a finite number", reward));
        }
        if self.config.algorithm.bounded() && !(0.0..=1.0).contains(&reward) {
            let field = format!("the reward of arm {} for {}", pull.arm, self.config.algorithm.name());
            return Err(Error::invalid(field, "between 0 and 1", reward));
        }
        if self.config.algorithm.weighs() && !(pull.propensity > 0.0 && pull.propensity <= 1.0) {
            let field = format!("the propensity of arm {} for {}", pull.arm, self.config.algorithm.name());
            return Err(Error::invalid(field, "above 0 and at most 1", pull.propensity));
        }
        let arm = pull.arm as usize;
        let state = &mut *self.lock();
        match &mut state.mind {
            Mind::Tally(tally) => tally.tell(arm, reward, self.config.memory),
            Mind::Linear { models } => models[arm].tell(&context.features, reward),
            Mind::Logistic { models } => models[arm].tell(&context.features, reward),
            Mind::Exponential(weights) => weights.tell(arm, reward, pull.propensity),
            Mind::Losses(losses) => losses.tell(arm, reward, pull.propensity),
        }
        state.told += 1;
        Ok(())
    }

    /// Everything that it has learned, with its settings, in one file of JSON.
    pub fn save(&self) -> Result<Snapshot> {
        let saved = Saved { config: &*self.config, state: &*self.lock() };
        let bytes = serde_json::to_vec(&saved).map_err(Error::part)?;
        Ok(Snapshot { files: vec![(FILE.to_owned(), bytes)] })
    }

    /// Puts back what [`Bandit::save`] gave, bit for bit, for all clones. Fails on a snapshot of other
    /// settings and leaves the bandit as it was.
    pub fn restore(&self, snapshot: &Snapshot) -> Result<()> {
        let bytes = snapshot.file(FILE).ok_or_else(|| {
            Error::unknown("file of the snapshot", FILE, snapshot.files.iter().map(|(n, _)| n))
        })?;
        let saved: Saved<BanditConfig, State> =
            serde_json::from_slice(bytes).map_err(|source| Error::Recorded { what: "bandit", source })?;
        if saved.config != *self.config {
            let rule = format!("of the same settings ({:?})", self.config);
            return Err(Error::invalid("the snapshot of a bandit", rule, format!("{:?}", saved.config)));
        }
        if !saved.state.mind.fits(&self.config) {
            let rule =
                format!("of {} arms and {} features throughout", self.config.arms, self.config.features);
            return Err(Error::invalid("the snapshot of a bandit", rule, "of other lengths"));
        }
        *self.lock() = saved.state;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Inputs are checked before anything changes, so a panic elsewhere leaves a whole state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_features(&self, context: &Context) -> Result<()> {
        if context.features.len() != self.config.features as usize {
            let rule = format!("{} in number", self.config.features);
            return Err(Error::invalid("features", rule, context.features.len()));
        }
        match context.features.iter().position(|x| !x.is_finite()) {
            Some(i) => Err(Error::invalid(format!("features[{i}]"), "a finite number", context.features[i])),
            None => Ok(()),
        }
    }

    fn allowed<'a>(&self, context: &'a Context) -> Result<Allowed<'a>> {
        self.check_features(context)?;
        let Some(list) = &context.allowed else { return Ok(Allowed::All(self.config.arms as usize)) };
        if list.is_empty() {
            return Err(Error::invalid("allowed", "at least one arm, or absent for all", "empty"));
        }
        if let Some(arm) = list.iter().find(|arm| **arm >= self.config.arms) {
            return Err(Error::invalid("allowed", format!("arms below {}", self.config.arms), arm));
        }
        if let Some(pair) = list.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(Error::invalid(
                "allowed",
                "in rising order",
                format!("{} before {}", pair[0], pair[1]),
            ));
        }
        Ok(Allowed::Only(list))
    }
}

impl Policy<Choice> for Bandit {
    fn propose(&self, asks: &[Ask<Choice>], seeds: &[Seed]) -> Result<Proposals<Choice>> {
        let state = self.lock();
        let draws = self.config.algorithm.draws();
        let mut answers = Vec::with_capacity(asks.len());
        for (ask, seed) in asks.iter().zip(seeds) {
            let allowed = self.allowed(&ask.query)?;
            let mut pull = |attempt: u32| {
                // A stream is made only where it is read.
                let seed = if draws { seed.at("try", u64::from(attempt)) } else { *seed };
                self.pick(&state, &ask.query, allowed, &mut seed.rng())
            };
            answers.push((0..ask.tries).map(&mut pull).collect());
        }
        Ok(Proposals { answers, spend: Spend::default() })
    }

    fn version(&self) -> Result<Version> {
        let saved = self.save()?;
        Ok(Version(BlobId::of(saved.file(FILE).unwrap_or_default()).0))
    }
}

impl Learn<Choice> for Bandit {
    /// Tells every reward that came, in order; tries without a score are left out.
    fn learn(&mut self, groups: &[Group<Choice>], _seed: Seed) -> Result<Lesson> {
        for group in groups {
            for one in &group.tries {
                if let Some(reward) = one.verdict.value() {
                    self.tell(&group.ask.query, one.answer, reward)?;
                }
            }
        }
        Ok(Lesson::default())
    }

    fn save(&self) -> Result<Snapshot> {
        Bandit::save(self)
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        Bandit::restore(self, snapshot)
    }
}
