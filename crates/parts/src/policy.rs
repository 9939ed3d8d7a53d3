//! Who answers a recipe's prompts: the model under training, a model behind HTTP, recorded answers.

pub mod endpoint;
mod replay;
pub mod transcript;

pub use replay::Replay;

mod best_of;

pub use best_of::{BestOf, Draws, enough};

use autodidact_core::chat::Chat;
use autodidact_core::{Policy, Result};
use autodidact_lm::Lm;
use endpoint::{Endpoint, EndpointConfig};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Who answers: a recipe sends all that it asks through the policy that this opens, and so runs unchanged on
/// each.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PolicyConfig {
    /// The model under training itself, in this process.
    #[default]
    Model,
    /// A model behind HTTP.
    Endpoint(Box<EndpointConfig>),
    /// Recorded answers: an endpoint's journal, or an exported transcript.
    Replay {
        /// The file.
        path: PathBuf,
        /// The version of the policy whose answers are meant, where the file holds those of several and
        /// they are not those of the model under training.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        policy: Option<String>,
    },
}

impl PolicyConfig {
    /// Fails on settings that cannot work.
    pub fn check(&self) -> Result<()> {
        match self {
            PolicyConfig::Model | PolicyConfig::Replay { .. } => Ok(()),
            PolicyConfig::Endpoint(config) => config.check(),
        }
    }

    /// Opens it; `lm` is the model under training, whose every update a policy of kind `model` follows.
    pub fn open(&self, lm: &Lm) -> Result<Box<dyn Policy<Chat>>> {
        match self {
            PolicyConfig::Model => Ok(Box::new(lm.clone())),
            PolicyConfig::Endpoint(config) => Ok(Box::new(Endpoint::open(config)?)),
            PolicyConfig::Replay { path, policy } => Ok(Box::new(Replay::open(path, policy.as_deref(), lm)?)),
        }
    }
}
