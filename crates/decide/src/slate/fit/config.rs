//! Settings of the model and of its fit.

use crate::slate::{Prior, Score};
use autodidact_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// Settings of the model and of its fit; the defaults are the paper's, for a log of millions of users.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FitConfig {
    /// Numbers in an item's vector and in a user's state.
    pub dims: usize,
    /// How well an item fits a taste.
    pub score: Score,
    /// How a user's state follows what they click.
    pub user: UserModel,
    /// What a click is compared with.
    pub likelihood: Likelihood,
    /// How items are tied together. A flat prior puts all of them in one group.
    pub prior: Prior,
    /// Divides the log-likelihood; below 1 the posterior is narrower than Bayes' rule makes it.
    pub likelihood_temperature: f64,
    /// Divides the log-prior.
    pub prior_temperature: f64,
    /// Prior standard deviation of group means (kappa_mu).
    pub group_spread: f64,
    /// Prior standard deviation of a group's spread (kappa_s).
    pub spread_spread: f64,
    /// Prior standard deviation of the recurrent weights (kappa_rnn).
    pub weight_spread: f64,
    /// Prior standard deviation of a user's first state.
    pub start_spread: f64,
    /// Prior standard deviation of the utility of clicking nothing.
    pub no_click_spread: f64,
    /// Posterior standard deviation of items and groups before anything was learned. The paper's is for
    /// logs that leave no doubt; with little data start near the prior's, so that doubt falls as clicks come.
    pub first_sd: f64,
    /// Largest posterior standard deviation.
    pub most_sd: f64,
    /// Largest posterior mean, in absolute value, of anything but items and groups.
    pub most_mean: f64,
    /// How fast clicks lose weight in a user's first state: the k-th counts `k^-decay` (rho).
    pub decay: f64,
    /// Draws from the posterior for each gradient.
    pub particles: u32,
    /// Adam's step size.
    pub lr: f64,
    /// Adam's decays.
    pub betas: (f64, f64),
    /// Gradients longer than this are shortened to it.
    pub clip: f64,
    /// Users an update.
    pub batch: u32,
    /// Passes through the log at most, both phases together.
    pub passes: u32,
    /// Passes without a better validation loss before a phase ends.
    pub patience: u32,
    /// Share of the lists without a click that are kept.
    pub no_click_share: f64,
    /// Share of users held out to validate; as many more to test.
    pub held_out: f64,
    /// Of these users, steps from this one on are held out; the ones before are learned from.
    pub first_held_out: u32,
}

impl Default for FitConfig {
    fn default() -> FitConfig {
        FitConfig {
            dims: 25,
            score: Score::Distance,
            user: UserModel::Gru,
            likelihood: Likelihood::Slate,
            prior: Prior::Hierarchical,
            likelihood_temperature: 0.01,
            prior_temperature: 1.0,
            group_spread: 5.0,
            spread_spread: 5.0,
            weight_spread: 5.0,
            start_spread: 0.5,
            no_click_spread: 1.0,
            first_sd: 0.01,
            most_sd: 10.0,
            most_mean: 10.0,
            decay: 4.0,
            particles: 4,
            lr: 3e-4,
            betas: (0.1, 0.1),
            clip: 100.0,
            batch: 30_000,
            passes: 400,
            patience: 25,
            no_click_share: 0.1,
            held_out: 0.05,
            first_held_out: 5,
        }
    }
}

/// How a user's state follows what they click. No click leaves it as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UserModel {
    /// A share of the state is kept, the rest is the clicked item; one share for all users.
    Linear,
    /// The state is the last clicked item.
    Markov,
    /// A gated recurrent unit without biases, with a matrix from its state to the taste.
    #[default]
    Gru,
}

/// What a click is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Likelihood {
    /// The list that was shown.
    #[default]
    Slate,
    /// Items drawn from all that there are, as if the user had looked at everything: the clicked one,
    /// if any, and others up to `entries` in all.
    AllItems {
        /// Items a comparison.
        entries: u32,
    },
}

impl FitConfig {
    /// Fails on settings that cannot work.
    pub fn check(&self) -> Result<()> {
        let counts = [("particles", self.particles), ("batch", self.batch), ("passes", self.passes)];
        for (field, found) in counts.into_iter().chain([("dims", self.dims.min(u32::MAX as usize) as u32)]) {
            if found == 0 {
                return Err(Error::invalid(format!("fit.{field}"), "at least 1", found));
            }
        }
        if self.likelihood == (Likelihood::AllItems { entries: 0 }) {
            return Err(Error::invalid("fit.likelihood.entries", "at least 1", 0));
        }
        let positive = [
            ("likelihood_temperature", self.likelihood_temperature),
            ("prior_temperature", self.prior_temperature),
            ("group_spread", self.group_spread),
            ("spread_spread", self.spread_spread),
            ("weight_spread", self.weight_spread),
            ("start_spread", self.start_spread),
            ("no_click_spread", self.no_click_spread),
            ("first_sd", self.first_sd),
            ("most_sd", self.most_sd),
            ("most_mean", self.most_mean),
            ("lr", self.lr),
            ("clip", self.clip),
        ];
        for (field, found) in positive {
            if !(found > 0.0 && found.is_finite()) {
                return Err(Error::invalid(format!("fit.{field}"), "above 0 and finite", found));
            }
        }
        let betas = [("betas.0", self.betas.0), ("betas.1", self.betas.1)];
        for (field, found) in betas {
            if !(0.0..1.0).contains(&found) {
                return Err(Error::invalid(format!("fit.{field}"), "at least 0 and below 1", found));
            }
        }
        if !(0.0..=1.0).contains(&self.no_click_share) {
            return Err(Error::invalid("fit.no_click_share", "between 0 and 1", self.no_click_share));
        }
        if !(0.0..=0.5).contains(&self.held_out) {
            return Err(Error::invalid("fit.held_out", "between 0 and 0.5", self.held_out));
        }
        if !(self.decay >= 0.0 && self.decay.is_finite()) {
            return Err(Error::invalid("fit.decay", "at least 0 and finite", self.decay));
        }
        Ok(())
    }
}
