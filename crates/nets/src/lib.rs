//! Small networks that are not language models: perceptrons, recurrent cells, their optimiser.
//!
//! Explicit forward and backward passes on flat slices of `f64`, one network a file, each checked by
//! finite differences. Results do not depend on the number of threads, and gradients of the *output*
//! with respect to the parameters, one a row, are as cheap as those of a loss: neural bandits need them.

mod adam;
pub mod gru;
mod mlp;
mod product;

pub use adam::{Adam, AdamConfig, Decay};
pub use mlp::{Activation, Init, Mlp, Tape};
