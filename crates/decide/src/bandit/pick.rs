//! Choosing: the rules of [`Algorithm`] over what is known of the arms.

use super::tally::Tally;
use super::{Algorithm, Bandit, Mind, State};
use crate::choice::{Context, Pull};
use autodidact_core::{Result, Rng, Seed};
use autodidact_math::bandit::best::{largest_beta, largest_gaussian};
use autodidact_math::bandit::index;
use autodidact_math::bandit::posterior::{Beta, Gaussian};
use rand::Rng as _;
use rand_distr::{Distribution, StandardNormal};

impl Bandit {
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
            (&Algorithm::LinThompson { scale, .. }, Mind::Linear { models }) => {
                let mut laws = Vec::new();
                allowed.each(|arm| {
                    let forecast = models[arm].forecast(&context.features);
                    laws.push(Gaussian { mean: forecast.mean, variance: scale * scale * forecast.variance });
                });
                spread(largest_gaussian(&laws));
            }
            (Algorithm::Exp3 { .. }, Mind::Exponential(weights)) => spread(weights.probabilities(allowed)),
            (Algorithm::TsallisInf, Mind::Losses(losses)) => {
                spread(losses.probabilities(allowed, state.told));
            }
            _ => {
                // Without chance: the generator is never asked.
                let mut unused = Seed::root(0).rng();
                out[self.pick(&state, context, allowed, &mut unused).arm as usize] = 1.0;
            }
        }
        Ok(out)
    }

    /// The choice itself, of a context that was checked.
    pub(super) fn pick(&self, state: &State, context: &Context, allowed: Allowed<'_>, rng: &mut Rng) -> Pull {
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
            (&Algorithm::LinUcb { alpha, .. }, Mind::Linear { models }) => sure(allowed.argmax(|arm| {
                let forecast = models[arm].forecast(x);
                forecast.mean + alpha * forecast.variance.sqrt()
            })),
            (&Algorithm::LinThompson { scale, .. }, Mind::Linear { models }) => {
                drawn(allowed.argmax(|arm| {
                    let forecast = models[arm].forecast(x);
                    forecast.mean + scale * forecast.variance.sqrt() * normal(rng)
                }))
            }
            (&Algorithm::GlmUcb { alpha, .. }, Mind::Logistic { models }) => sure(allowed.argmax(|arm| {
                let forecast = models[arm].forecast(x);
                forecast.mean + alpha * forecast.variance.sqrt()
            })),
            (Algorithm::Exp3 { .. }, Mind::Exponential(weights)) => {
                draw(&weights.probabilities(allowed), allowed, rng)
            }
            (Algorithm::TsallisInf, Mind::Losses(losses)) => {
                draw(&losses.probabilities(allowed, told), allowed, rng)
            }
            _ => unreachable!("a bandit's mind is made for its algorithm"),
        }
    }
}

fn normal(rng: &mut Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// One of the allowed arms, with these probabilities.
fn draw(shares: &[f64], allowed: Allowed<'_>, rng: &mut Rng) -> Pull {
    let mut left = rng.random::<f64>();
    let mut place = 0;
    while place + 1 < shares.len() && left >= shares[place] {
        left -= shares[place];
        place += 1;
    }
    Pull { arm: allowed.nth(place) as u32, propensity: shares[place] }
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
pub(super) enum Allowed<'a> {
    All(usize),
    Only(&'a [u32]),
}

impl Allowed<'_> {
    pub fn len(&self) -> usize {
        match self {
            Allowed::All(arms) => *arms,
            Allowed::Only(list) => list.len(),
        }
    }

    pub fn nth(&self, place: usize) -> usize {
        match self {
            Allowed::All(_) => place,
            Allowed::Only(list) => list[place] as usize,
        }
    }

    #[inline]
    pub fn each(&self, mut visit: impl FnMut(usize)) {
        match self {
            Allowed::All(arms) => (0..*arms).for_each(visit),
            Allowed::Only(list) => list.iter().for_each(|arm| visit(*arm as usize)),
        }
    }

    /// The values of the arms.
    pub fn of(&self, values: &[f64]) -> Vec<f64> {
        let mut of = Vec::with_capacity(self.len());
        self.each(|arm| of.push(values[arm]));
        of
    }

    /// The first arm of the largest value.
    #[inline]
    pub fn argmax(&self, mut value: impl FnMut(usize) -> f64) -> usize {
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
