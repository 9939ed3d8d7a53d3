//! Who answers a recipe's prompts.

use autodidact_core::chat::Chat;
use autodidact_core::{Policy, Result};
use autodidact_lm::Lm;
use serde::{Deserialize, Serialize};

/// Who answers: a recipe sends all that it asks through the policy that this opens, and so runs unchanged on
/// each.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PolicyConfig {
    /// The model under training itself, in this process.
    #[default]
    Model,
}

impl PolicyConfig {
    /// Fails on settings that cannot work.
    pub fn check(&self) -> Result<()> {
        match self {
            PolicyConfig::Model => Ok(()),
        }
    }

    /// Opens it; `lm` is the model under training, whose every update a policy of kind `model` follows.
    pub fn open(&self, lm: &Lm) -> Result<Box<dyn Policy<Chat>>> {
        match self {
            PolicyConfig::Model => Ok(Box::new(lm.clone())),
        }
    }
}
