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
mod linear;
mod logistic;
mod tally;
#[cfg(test)]
mod tests;

pub use config::{Algorithm, BanditConfig, Memory};

use crate::choice::{Choice, Context, Pull};
use adversarial::Exponential;
use autodidact_core::{
    Ask, BlobId, Error, Group, Learn, Lesson, Policy, Proposals, Result, Rng, Seed, Snapshot, Spend, Version,
};
use autodidact_math::bandit::best::{largest_beta, largest_gaussian};
use autodidact_math::bandit::index;
use autodidact_math::bandit::posterior::{Beta, Gaussian};
use linear::Linear;
use logistic::Logistic;
use rand::Rng as _;
use rand_distr::{Distribution, StandardNormal};
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
    Linear(Linear),
    Logistic(Logistic),
    Exponential(Exponential),
}

impl Mind {
    fn new(config: &BanditConfig) -> Mind {
        let (arms, features) = (config.arms as usize, config.features as usize);
        match config.algorithm {
            Algorithm::LinUcb { ridge, .. } | Algorithm::LinThompson { ridge, .. } => {
                Mind::Linear(Linear::new(arms, features, ridge))
            }
            Algorithm::GlmUcb { ridge, .. } => Mind::Logistic(Logistic::new(arms, features, ridge)),
            Algorithm::Exp3 { .. } => Mind::Exponential(Exponential::new(arms)),
            _ => Mind::Tally(Tally::new(arms)),
        }
    }

    /// Whether the lengths are those of a bandit of these settings.
    fn fits(&self, config: &BanditConfig) -> bool {
        let (arms, features) = (config.arms as usize, config.features as usize);
        match (self, Mind::new(config)) {
            (Mind::Tally(tally), Mind::Tally(_)) => tally.fits(arms),
            (Mind::Linear(linear), Mind::Linear(_)) => linear.fits(arms, features),
            (Mind::Logistic(logistic), Mind::Logistic(_)) => logistic.fits(arms, features),
            (Mind::Exponential(weights), Mind::Exponential(_)) => weights.fits(arms),
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
    /// and EXP3. For Thompson sampling it costs an integral and is left at 0, "not known"; where it is
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
    /// rules that need it, not between 0 and 1, or when EXP3 gets a propensity outside `(0, 1]`.
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
        let arm = pull.arm as usize;
        let state = &mut *self.lock();
        match &mut state.mind {
            Mind::Tally(tally) => tally.tell(arm, reward, self.config.memory),
            Mind::Linear(linear) => linear.tell(arm, &context.features, reward),
            Mind::Logistic(logistic) => logistic.tell(arm, &context.features, reward),
            Mind::Exponential(weights) => {
                if !(pull.propensity > 0.0 && pull.propensity <= 1.0) {
                    let field = format!("the propensity of arm {}", pull.arm);
                    return Err(Error::invalid(field, "above 0 and at most 1", pull.propensity));
                }
                let Algorithm::Exp3 { gamma } = self.config.algorithm else {
                    unreachable!("only EXP3 keeps weights")
                };
                weights.tell(arm, reward, pull.propensity, gamma);
            }
        }
        state.told += 1;
        Ok(())
    }

    /// The probability with which each arm would be chosen now, one an arm, 0 for arms that are not
    /// allowed; they sum to 1. What off-policy estimates divide by.
    ///
    /// Exact for all rules; for Thompson sampling by quadrature, good to about 1e-9.
    pub fn probabilities(&self, context: &Context) -> Result<Vec<f64>> {
        let allowed = self.allowed(context)?;
        let state = self.lock();
        let mut out = vec![0.0; self.config.arms as usize];
        let mut spread = |shares: Vec<f64>| {
            let mut shares = shares.into_iter();
            allowed.each(|arm| out[arm] = shares.next().unwrap_or(0.0));
        };
        match (&self.config.algorithm, &state.mind) {
            (Algorithm::Random, _) => spread(vec![1.0 / allowed.len() as f64; allowed.len()]),
            (Algorithm::EpsilonGreedy { epsilon }, Mind::Tally(tally)) => {
                let even = epsilon / allowed.len() as f64;
                allowed.each(|arm| out[arm] = even);
                out[greedy(tally, context, state.told, allowed)] += 1.0 - epsilon;
            }
            (&Algorithm::ThompsonBeta { successes, failures }, Mind::Tally(tally)) => {
                let mut laws = Vec::new();
                allowed.each(|arm| laws.push(Beta::after(successes, failures, tally.n[arm], tally.sum[arm])));
                spread(largest_beta(&laws));
            }
            (&Algorithm::ThompsonGaussian { mean, variance, noise }, Mind::Tally(tally)) => {
                let prior = Gaussian { mean, variance };
                let mut laws = Vec::new();
                allowed.each(|arm| laws.push(prior.after(tally.n[arm], tally.sum[arm], noise)));
                spread(largest_gaussian(&laws));
            }
            (&Algorithm::LinThompson { scale, .. }, Mind::Linear(linear)) => {
                let mut laws = Vec::new();
                allowed.each(|arm| {
                    let forecast = linear.forecast(arm, &context.features);
                    laws.push(Gaussian { mean: forecast.mean, variance: scale * scale * forecast.variance });
                });
                spread(largest_gaussian(&laws));
            }
            (&Algorithm::Exp3 { gamma }, Mind::Exponential(weights)) => {
                spread(weights.probabilities(allowed, gamma));
            }
            _ => {
                // Without chance: the generator is never asked.
                let mut unused = Seed::root(0).rng();
                out[self.pick(&state, context, allowed, &mut unused).arm as usize] = 1.0;
            }
        }
        Ok(out)
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

    /// The choice itself, of a context that was checked.
    fn pick(&self, state: &State, context: &Context, allowed: Allowed<'_>, rng: &mut Rng) -> Pull {
        let told = state.told;
        let x = &context.features;
        let sure = |arm: usize| Pull { arm: arm as u32, propensity: 1.0 };
        let drawn = |arm: usize| Pull { arm: arm as u32, propensity: 0.0 };
        match (&self.config.algorithm, &state.mind) {
            (Algorithm::Random, _) => {
                let arm = allowed.argmax(|_| rng.random::<f64>());
                Pull { arm: arm as u32, propensity: 1.0 / allowed.len() as f64 }
            }
            (Algorithm::Greedy, Mind::Tally(tally)) => sure(greedy(tally, context, told, allowed)),
            (Algorithm::EpsilonGreedy { epsilon }, Mind::Tally(tally)) => {
                let best = greedy(tally, context, told, allowed);
                // MABWiser's way, so that its streams can be followed: a coin, and where it says so
                // a number for each arm, of which the largest wins.
                let explores = rng.random::<f64>() < *epsilon;
                let arm = if explores { allowed.argmax(|_| rng.random::<f64>()) } else { best };
                let even = epsilon / allowed.len() as f64;
                let propensity = if arm == best { 1.0 - epsilon + even } else { even };
                Pull { arm: arm as u32, propensity }
            }
            (&Algorithm::Ucb1 { alpha }, Mind::Tally(tally)) => {
                let inside = alpha * tally.t.max(1.0).ln();
                sure(optimist(tally, context, told, allowed, |arm| {
                    let n = tally.n[arm];
                    tally.sum[arm] / n + (inside / n).sqrt()
                }))
            }
            (&Algorithm::UcbV { zeta, c }, Mind::Tally(tally)) => {
                sure(optimist(tally, context, told, allowed, |arm| {
                    let (mean, variance) = (tally.mean(arm), tally.variance(arm));
                    index::ucb_v(mean, variance, tally.n[arm], tally.t, zeta, c, 1.0)
                }))
            }
            (&Algorithm::KlUcb { c }, Mind::Tally(tally)) => {
                let level = index::kl_ucb_level(tally.t, c);
                sure(optimist(tally, context, told, allowed, |arm| {
                    index::kl_ucb(tally.mean(arm), tally.n[arm], level)
                }))
            }
            (&Algorithm::Moss { horizon }, Mind::Tally(tally)) => {
                let arms = f64::from(self.config.arms);
                sure(optimist(tally, context, told, allowed, |arm| {
                    index::moss(tally.mean(arm), tally.n[arm], arms, horizon as f64)
                }))
            }
            (&Algorithm::ThompsonBeta { successes, failures }, Mind::Tally(tally)) => {
                drawn(allowed.argmax(|arm| {
                    let law = Beta::after(successes, failures, tally.n[arm], tally.sum[arm]);
                    // Both parameters are above 0: the prior's are, and rewards only add.
                    rand_distr::Beta::new(law.a, law.b).map_or(law.mean(), |beta| beta.sample(rng))
                }))
            }
            (&Algorithm::ThompsonGaussian { mean, variance, noise }, Mind::Tally(tally)) => {
                let prior = Gaussian { mean, variance };
                drawn(allowed.argmax(|arm| {
                    let law = prior.after(tally.n[arm], tally.sum[arm], noise);
                    law.mean + law.variance.sqrt() * normal(rng)
                }))
            }
            (&Algorithm::LinUcb { alpha, .. }, Mind::Linear(linear)) => sure(allowed.argmax(|arm| {
                let forecast = linear.forecast(arm, x);
                forecast.mean + alpha * forecast.variance.sqrt()
            })),
            (&Algorithm::LinThompson { scale, .. }, Mind::Linear(linear)) => drawn(allowed.argmax(|arm| {
                let forecast = linear.forecast(arm, x);
                forecast.mean + scale * forecast.variance.sqrt() * normal(rng)
            })),
            (&Algorithm::GlmUcb { alpha, .. }, Mind::Logistic(logistic)) => sure(allowed.argmax(|arm| {
                let forecast = logistic.forecast(arm, x);
                forecast.mean + alpha * forecast.variance.sqrt()
            })),
            (&Algorithm::Exp3 { gamma }, Mind::Exponential(weights)) => {
                let shares = weights.probabilities(allowed, gamma);
                let place = draw(&shares, rng);
                Pull { arm: allowed.nth(place) as u32, propensity: shares[place] }
            }
            _ => unreachable!("a bandit's mind is made for its algorithm"),
        }
    }
}

fn normal(rng: &mut Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// A place, with these probabilities.
fn draw(shares: &[f64], rng: &mut Rng) -> usize {
    let mut left = rng.random::<f64>();
    for (place, share) in shares.iter().enumerate() {
        left -= share;
        if left < 0.0 {
            return place;
        }
    }
    shares.len() - 1
}

/// The arm with the largest mean, arms without a reward first.
fn greedy(tally: &Tally, context: &Context, told: u64, allowed: Allowed<'_>) -> usize {
    optimist(tally, context, told, allowed, |arm| tally.mean(arm))
}

/// The arm with the largest index, arms without a reward first.
///
/// Of several arms without a reward it is the one at `round - told`, the number of rewards that are
/// still to come, counted from the lowest: told at once, the arms are pulled in rising order; told
/// late, they are pulled in rising order all the same instead of the first one again and again.
#[inline]
fn optimist(
    tally: &Tally,
    context: &Context,
    told: u64,
    allowed: Allowed<'_>,
    mut index: impl FnMut(usize) -> f64,
) -> usize {
    let mut fresh = 0;
    let mut best = (allowed.nth(0), f64::NEG_INFINITY);
    allowed.each(|arm| {
        if tally.n[arm] <= 0.0 {
            fresh += 1;
        } else if fresh == 0 {
            let value = index(arm);
            if value > best.1 {
                best = (arm, value);
            }
        }
    });
    if fresh == 0 {
        return best.0;
    }
    let pending = context.round.saturating_sub(told) % fresh;
    let mut passed = 0;
    let mut chosen = best.0;
    allowed.each(|arm| {
        if tally.n[arm] <= 0.0 {
            if passed == pending {
                chosen = arm;
            }
            passed += 1;
        }
    });
    chosen
}

/// The arms that may be chosen, checked: at least one, all there, in rising order.
#[derive(Clone, Copy, Debug)]
enum Allowed<'a> {
    All(usize),
    Only(&'a [u32]),
}

impl Allowed<'_> {
    fn len(&self) -> usize {
        match self {
            Allowed::All(arms) => *arms,
            Allowed::Only(list) => list.len(),
        }
    }

    fn nth(&self, place: usize) -> usize {
        match self {
            Allowed::All(_) => place,
            Allowed::Only(list) => list[place] as usize,
        }
    }

    #[inline]
    fn each(&self, mut visit: impl FnMut(usize)) {
        match self {
            Allowed::All(arms) => (0..*arms).for_each(visit),
            Allowed::Only(list) => list.iter().for_each(|arm| visit(*arm as usize)),
        }
    }

    /// The first arm of the largest value.
    #[inline]
    fn argmax(&self, mut value: impl FnMut(usize) -> f64) -> usize {
        let mut best = (self.nth(0), f64::NEG_INFINITY);
        self.each(|arm| {
            let value = value(arm);
            if value > best.1 {
                best = (arm, value);
            }
        });
        best.0
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
