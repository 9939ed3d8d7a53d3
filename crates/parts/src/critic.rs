//! Judges of steps that stand beside the check of the final answer.

use crate::TaskConfig;
use autodidact_core::chat::Chat;
use autodidact_core::{Judge, Result};
use serde::{Deserialize, Serialize};

/// What scores the steps of an answer, beside the check of its end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CriticConfig {
    /// Nothing: the final answer is all that counts.
    #[default]
    None,
}

impl CriticConfig {
    /// Fails on a critic that does not know this task's answers.
    pub fn check(&self, _task: &TaskConfig) -> Result<()> {
        match self {
            CriticConfig::None => Ok(()),
        }
    }

    /// The judge of the final answer with this critic's score beside it.
    pub fn beside(&self, answer: Box<dyn Judge<Chat>>) -> Result<Box<dyn Judge<Chat>>> {
        match self {
            CriticConfig::None => Ok(answer),
        }
    }
}
