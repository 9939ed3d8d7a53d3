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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::modular::Modular;
    use autodidact_core::Ask;
    use autodidact_core::chat::{Completion, Prompt, Sampling};

    const STEPS: CriticConfig = CriticConfig::Steps { weight: 0.5, noise: 0.0, seed: 0 };

    #[test]
    fn a_critic_of_steps_is_refused_where_there_are_none() {
        assert!(STEPS.check(&TaskConfig::Modular(Modular::default())).is_ok());
        let error = STEPS.check(&TaskConfig::default()).expect_err("a suite has other steps").to_string();
        assert_eq!(error, "critic.kind must be none unless task.kind is modular, but is steps");
    }

    #[test]
    fn the_critics_score_counts_by_its_weight_beside_the_answer() {
        let task = TaskConfig::Modular(Modular::default()).open().expect("opens").task;
        let judge = STEPS.beside(task.judge()).expect("a judge");
        let query = Prompt::text("m", "17;+8;*3;-20?").with("text", "17;+8;*3;-20?");
        let answer = |text: &str| Completion { text: text.to_owned(), ..Completion::default() };
        let answers =
            vec![vec![answer("17+8=25;25*3=75;75-20=55#55"), answer("17+8=26;26*3=78;78-20=55#55")]];
        let asks = Ask::each(&[query], 2, &Sampling::default());
        let verdicts = judge.judge(&asks, &answers).expect("judges").verdicts.remove(0);
        // Right and every step right; right by luck with wrong steps.
        assert_eq!(verdicts[0].value(), Some(1.5));
        assert_eq!(verdicts[1].value(), Some(0.5));
        assert_eq!((verdicts[1].part("right"), verdicts[1].part("step")), (Some(1.0), Some(-1.0)));
    }
}
