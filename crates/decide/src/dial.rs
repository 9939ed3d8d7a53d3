//! Turning a dial: the domain of numeric parameters that are set again and again and cost each time.
//!
//! A solver's relaxation factor, a step size, a timeout: before each use a context may be read, one
//! number is set, and what comes back is a cost, nothing else. [`Tuner`] is policy and learner of this
//! domain; its methods are the bandits of its sub-modules.

mod bins;
mod chebyshev;
mod grid;
mod tsallis;
mod tuner;

pub use bins::Bins;
pub use chebyshev::Chebyshev;
pub use grid::Grid;
pub use tsallis::TsallisInf;
pub use tuner::{Method, Tuner};

use autodidact_core::{Answer, Domain};
use serde::{Deserialize, Serialize};

/// The domain of dials: a reading is shown, a setting comes back. A verdict's score is minus the cost.
#[derive(Clone, Copy, Debug)]
pub struct Dial;

impl Domain for Dial {
    type Query = Reading;
    type Answer = Setting;
    type Knobs = ();
}

/// What is known when the dial must be set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The round, from 0, and the name of the round's random streams.
    pub round: u64,
    /// The context, within the range that the world names.
    pub context: f64,
}

/// Where the dial was set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// The number.
    pub value: f64,
    /// Its place on the grid, from 0, where it is of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// The probability with which it was chosen in this context, in (0, 1].
    pub chance: f64,
}

impl Setting {
    /// A setting that chance had no part in.
    pub fn certain(value: f64) -> Setting {
        Setting { value, step: None, chance: 1.0 }
    }
}

impl Answer for Setting {}
