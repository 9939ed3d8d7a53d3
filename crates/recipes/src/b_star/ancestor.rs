//! The methods that B-STaR grew out of, as settings of it.

use super::BStar;
use crate::grid::Grid;
use autodidact_parts::learn::Restart;
use serde::{Deserialize, Serialize};

/// A method that shares every part with B-STaR and lacks some of its freedom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ancestor {
    /// Temperature 1 and threshold 0 in every round; weights, optimiser and schedule go on.
    OnlineRft,
    /// Like online RFT, with a fresh optimiser and schedule each round.
    IterativeRft,
    /// Like iterative RFT, with the first weights each round.
    RestEm,
}

impl Ancestor {
    /// All of them.
    pub const ALL: [Ancestor; 3] = [Ancestor::OnlineRft, Ancestor::IterativeRft, Ancestor::RestEm];

    /// The name in tables and run files.
    pub fn name(self) -> &'static str {
        match self {
            Ancestor::OnlineRft => "online-rft",
            Ancestor::IterativeRft => "iterative-rft",
            Ancestor::RestEm => "rest-em",
        }
    }

    /// These settings without what the ancestor lacks.
    pub fn of(self, settings: &BStar) -> BStar {
        let mut settings = settings.clone();
        settings.temperatures = Grid::point(1.0);
        settings.thresholds = Grid::point(0.0);
        settings.sft.restart = match self {
            Ancestor::OnlineRft => Restart::Inherit,
            Ancestor::IterativeRft => Restart::Weights,
            Ancestor::RestEm => Restart::Base,
        };
        settings
    }
}
