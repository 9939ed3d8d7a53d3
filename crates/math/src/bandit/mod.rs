//! Bandits as pure functions: indices, posteriors, bounds and weights, one arm or one slice at a time.

pub mod adversarial;
pub mod best;
pub mod exp2;
pub mod index;
pub mod inverse_gap;
pub mod logistic;
pub mod one_sided;
pub mod posterior;
pub mod ridge;
pub mod tsallis;
