//! A process reward model made of a step checker and noise.
//!
//! Every step scores +1 when it is right and -1 when it is not, plus normal noise, clipped to
//! [-1, 1]; a response scores as its weakest step. The noise is a function of the problem and of
//! the response up to the step, so the same text always gets the same score.

use super::{ModularProblem, asked, written_steps};
use autodidact_core::chat::{Chat, Completion};
use autodidact_core::{Ask, Error, Judge, Judged, Result, Seed, Verdict};
use rand_distr::{Distribution, Normal};
use serde::{Deserialize, Serialize};

/// The judge of steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StepCritic {
    /// Standard deviation of the noise on each step.
    pub noise: f64,
    /// Which noise: another seed is another critic of the same quality.
    pub seed: u64,
}

impl Default for StepCritic {
    fn default() -> StepCritic {
        StepCritic { noise: 0.6, seed: 0 }
    }
}

impl StepCritic {
    /// Fails when the noise is negative or not finite; `field` is the dotted name of this value.
    pub fn check(&self, field: &str) -> Result<()> {
        if self.noise >= 0.0 && self.noise.is_finite() {
            return Ok(());
        }
        Err(Error::invalid(format!("{field}.noise"), "a finite number of at least 0", self.noise))
    }

    /// One score a written step, each in [-1, 1].
    pub fn step_scores(&self, problem: &ModularProblem, completion: &str) -> Result<Vec<f64>> {
        self.check("critic")?;
        let normal = Normal::new(0.0, self.noise).map_err(Error::part)?;
        let mut seed = Seed::root(self.seed).at("step critic", 0).at(&problem.text(), 0);
        let steps = written_steps(completion).zip(problem.check_steps(completion));
        Ok(steps
            .map(|(step, right)| {
                seed = seed.at(step, 0);
                let truth = if right { 1.0 } else { -1.0 };
                (truth + normal.sample(&mut seed.rng())).clamp(-1.0, 1.0)
            })
            .collect())
    }
}

impl Judge<Chat> for StepCritic {
    /// The score of the weakest step, -1 for a response without steps; detail `steps`.
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        self.check("critic")?;
        Ok(Judged::each(asks, answers, |ask, answer| {
            let Some(problem) = asked(&ask.query) else {
                return Verdict::error("the prompt has no field text with a modular problem", 0.0);
            };
            match self.step_scores(&problem, &answer.text) {
                Ok(scores) => {
                    let weakest = scores.iter().copied().reduce(f64::min).unwrap_or(-1.0);
                    Verdict::score(weakest).with("steps", scores.len() as f64)
                }
                Err(error) => Verdict::error(error.to_string(), 0.0),
            }
        }))
    }

    fn name(&self) -> String {
        format!("step critic with noise {} and seed {}", self.noise, self.seed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Modular;
    use super::*;

    fn problem() -> ModularProblem {
        ModularProblem::parse("17;+8;*3;-20?").expect("a problem")
    }

    const GOLD: &str = "17+8=25;25*3=75;75-20=55#55";

    #[test]
    fn without_noise_a_step_is_one_or_minus_one() {
        let critic = StepCritic { noise: 0.0, seed: 0 };
        let scores = |said: &str| critic.step_scores(&problem(), said).expect("scores");
        assert_eq!(scores(GOLD), [1.0, 1.0, 1.0]);
        assert_eq!(scores("17+8=25;25*3=74;74-20=54#54"), [1.0, -1.0, 1.0]);
        assert_eq!(scores("#55"), [] as [f64; 0]);
    }

    #[test]
    fn the_same_text_always_gets_the_same_score_and_a_prefix_keeps_its_scores() {
        let critic = StepCritic::default();
        let all = critic.step_scores(&problem(), GOLD).expect("scores");
        assert_eq!(all, critic.step_scores(&problem(), GOLD).expect("scores"));
        assert_eq!(all[..2], critic.step_scores(&problem(), "17+8=25;25*3=75").expect("scores"));
        let other = StepCritic { seed: 1, ..critic }.step_scores(&problem(), GOLD).expect("scores");
        assert_ne!(all, other);
    }

    #[test]
    fn noise_of_point_six_misjudges_the_sign_of_one_step_in_twenty() {
        // P(N(0, 0.6) < -1) = 0.0478; clipping to [-1, 1] keeps the sign.
        let critic = StepCritic::default();
        let mut rng = Seed::root(6).rng();
        let (mut wrong, mut all) = (0, 0);
        for _ in 0..2_000 {
            let problem = ModularProblem::draw(5, &Modular::default(), &mut rng);
            for score in critic.step_scores(&problem, &problem.solve().text()).expect("scores") {
                assert!((-1.0..=1.0).contains(&score));
                wrong += usize::from(score < 0.0);
                all += 1;
            }
        }
        let share = wrong as f64 / all as f64;
        assert!((share - 0.0478).abs() < 0.007, "{share}");
    }

    #[test]
    fn a_negative_noise_is_refused() {
        let said = StepCritic { noise: -0.1, seed: 0 }.check("judge").expect_err("refused").to_string();
        assert_eq!(said, "judge.noise must be a finite number of at least 0, but is -0.1");
    }
}
