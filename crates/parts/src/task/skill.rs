//! The skills that one stream of text teaches besides answering: judging, correcting, comparing.
//!
//! Marks: `~y` or `~n` is a verdict on the answer before it, `%7` a confidence before answering,
//! `&2` the first wrong step (0 for none), `<` takes a step back, `!` begins a second attempt,
//! `|` separates texts and `>` asks which of two was better. What a prober writes has the weight
//! of problem text; what the model writes counts fully.

use super::hand::Noise;
use super::problem::Problem;
use super::row::TextRow;
use super::{Family, probe};
use autodidact_core::{Result, Rng};
use rand::Rng as _;

/// A form of training text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Skill {
    /// An answer alone.
    Answer,
    /// An answer and whether it is right: `...#13~y`.
    Verdict,
    /// How likely such problems are solved, then an answer: `?%7...`.
    Confidence,
    /// An answer and its first wrong step: `...#13&0`.
    Critique,
    /// An answer in which wrong steps are taken back at once: `7+10=18<7+10=17`.
    Retry,
    /// An answer, right or wrong, and a right second one: `#12!...#13`.
    SecondAttempt,
    /// Two answers, one right and one wrong, and which is right: `...|...>1`.
    Comparison,
    /// Solved examples before the problem.
    FewShot,
}

impl Skill {
    /// All skills but the plain answer.
    pub const ALL: [Skill; 7] = [
        Skill::Verdict,
        Skill::Confidence,
        Skill::Critique,
        Skill::Retry,
        Skill::SecondAttempt,
        Skill::Comparison,
        Skill::FewShot,
    ];
}

/// Writes rows: what the demonstrator gets wrong and how much problem text counts.
#[derive(Clone, Copy, Debug)]
pub struct Writer {
    /// How the demonstrator errs.
    pub noise: Noise,
    /// The weight of problem text in the loss.
    pub problem_weight: f32,
}

impl Writer {
    /// A row that shows `skill` on `problem`. `more` draws further problems of the same family for
    /// examples. A skill that the problem has no room for (a comparison where no wrong answer
    /// turns up) becomes a plain answer.
    pub fn row(
        &self,
        skill: Skill,
        problem: &Problem,
        rng: &mut Rng,
        mut more: impl FnMut(&mut Rng) -> Result<Problem>,
    ) -> Result<TextRow> {
        let given = self.problem_weight;
        let asked = TextRow::new().then(&problem.text, given);
        Ok(match skill {
            Skill::Answer => asked.then(&problem.demonstrate(self.noise, rng).text(), 1.0),
            Skill::Verdict => {
                let answer = problem.demonstrate(self.noise, rng).text();
                let reply = if problem.check(&answer).right { "~y" } else { "~n" };
                asked.then(&answer, 1.0).then(reply, 1.0)
            }
            Skill::Confidence => {
                let decile = (self.success(problem) * 10.0 + 1e-9).floor().clamp(0.0, 9.0);
                let answer = problem.demonstrate(self.noise, rng).text();
                asked.then("%", given).then(&format!("{decile:.0}"), 1.0).then(&answer, 1.0)
            }
            Skill::Critique => {
                let worked = problem.demonstrate(self.noise, rng);
                let reply = format!("&{}", worked.first_wrong().min(9));
                asked.then(&worked.text(), 1.0).then(&reply, 1.0)
            }
            Skill::Retry => {
                let noise = Noise { retry: 0.3, ..self.noise };
                asked.then(&problem.demonstrate(noise, rng).text(), 1.0)
            }
            Skill::SecondAttempt => {
                let want = rng.random_bool(0.5);
                let first = self.attempt(problem, want, rng).unwrap_or_else(|| problem.solve().text());
                asked.then(&first, given).then("!", 1.0).then(&problem.solve().text(), 1.0)
            }
            Skill::Comparison => {
                match (self.attempt(problem, true, rng), self.attempt(problem, false, rng)) {
                    (Some(right), Some(wrong)) => {
                        let (first, second, reply) =
                            if rng.random_bool(0.5) { (&right, &wrong, "1") } else { (&wrong, &right, "2") };
                        TextRow::new()
                            .then(&probe::comparison(&problem.text, first, second), given)
                            .then(reply, 1.0)
                    }
                    _ => asked.then(&problem.demonstrate(self.noise, rng).text(), 1.0),
                }
            }
            Skill::FewShot => {
                let mut row = TextRow::new();
                for _ in 0..rng.random_range(2..=3u32) {
                    let example = more(rng)?;
                    row = row.then(&format!("{}{}|", example.text, example.solve().text()), given);
                }
                row.then(&problem.text, given).then(&problem.demonstrate(self.noise, rng).text(), 1.0)
            }
        })
    }

    /// A demonstration that is right, or wrong, if 32 tries find one.
    fn attempt(&self, problem: &Problem, right: bool, rng: &mut Rng) -> Option<String> {
        (0..32).find_map(|_| {
            let text = problem.demonstrate(self.noise, rng).text();
            (problem.check(&text).right == right).then_some(text)
        })
    }

    /// How often this writer's demonstrator solves problems of this family and level.
    fn success(&self, problem: &Problem) -> f64 {
        match problem.family {
            Family::Countdown => 1.0 - self.noise.fail,
            _ => (1.0 - self.noise.slip).powi(problem.solve().steps.len() as i32),
        }
    }
}

/// A row that teaches the verdict on one of the model's own answers and nothing else.
pub fn judged(problem: &str, answer: &str, right: bool) -> TextRow {
    let reply = if right { "y" } else { "n" };
    TextRow::new().then(&probe::verdict(problem, answer), 0.0).then(reply, 1.0).ending(0.0)
}

/// A row that teaches how often the model itself solves a problem and nothing else; `share` is
/// taken to lie in 0..=1.
pub fn rated(problem: &str, share: f64) -> TextRow {
    let decile = (share * 10.0 + 1e-9).floor().clamp(0.0, 9.0);
    TextRow::new().then(&probe::confidence(problem), 0.0).then(&format!("{decile:.0}"), 1.0).ending(0.0)
}
