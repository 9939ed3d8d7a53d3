//! Judges of steps that stand beside the check of the final answer.

use crate::TaskConfig;
use crate::judge::Sum;
use crate::task::modular::StepCritic;
use autodidact_core::chat::Chat;
use autodidact_core::{Error, Judge, Result};
use serde::{Deserialize, Serialize};

/// What scores the steps of an answer, beside the check of its end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CriticConfig {
    /// Nothing: the final answer is all that counts.
    #[default]
    None,
    /// The weakest step of a modular chain, by a checker made imperfect.
    Steps {
        /// What the critic's score in -1 to 1 counts; a right answer counts 1.
        weight: f64,
        /// Standard deviation of the noise on each step.
        noise: f64,
        /// Which noise.
        seed: u64,
    },
}

impl CriticConfig {
    /// Fails on a critic that does not know this task's answers.
    pub fn check(&self, task: &TaskConfig) -> Result<()> {
        match (self, task) {
            (CriticConfig::None, _) => Ok(()),
            (CriticConfig::Steps { weight, noise, seed }, TaskConfig::Modular(_)) => {
                StepCritic { noise: *noise, seed: *seed }.check("critic")?;
                match weight.is_finite() {
                    true => Ok(()),
                    false => Err(Error::invalid("critic.weight", "a finite number", weight)),
                }
            }
            (CriticConfig::Steps { .. }, _) => {
                Err(Error::invalid("critic.kind", "none unless task.kind is modular", "steps"))
            }
        }
    }

    /// The judge of the final answer with this critic's score beside it, as the part `step`.
    pub fn beside(&self, answer: Box<dyn Judge<Chat>>) -> Result<Box<dyn Judge<Chat>>> {
        Ok(match *self {
            CriticConfig::None => answer,
            CriticConfig::Steps { weight, noise, seed } => {
                Box::new(Sum::of(answer).plus("step", weight, Box::new(StepCritic { noise, seed })))
            }
        })
    }
}
