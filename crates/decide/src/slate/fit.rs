//! The paper's model of a log of lists and clicks, and its variational posterior.
//!
//! Items scatter around the mean of their group; a user's state follows what they click; a click is
//! drawn from the softmax over what was shown and the choice of nothing. The posterior over all of it is
//! a Gaussian without correlations, fitted by stochastic gradients of a tempered evidence bound: first
//! the items under a user model that just remembers, then the recurrent user model with the items held.

mod config;
mod elbo;
mod guide;
mod history;
mod layout;
mod posterior;
mod sequence;
mod start;
mod train;

pub use config::{FitConfig, Likelihood, UserModel};
pub use history::{History, Sequence, Step};
pub use posterior::Posterior;
pub use train::{Fitted, Pass, fit};

#[cfg(test)]
mod tests;
