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
    /// The most bytes of a row; a skill that takes more becomes a plain answer.
    pub longest: usize,
}

impl Writer {
    /// A row that shows `skill` on `problem`. `more` draws further problems of the same family for
    /// examples. A skill that the problem has no room for (the row grows too long, or no wrong
    /// answer to compare with turns up) becomes a plain answer.
    pub fn row(
        &self,
        skill: Skill,
        problem: &Problem,
        rng: &mut Rng,
        more: impl FnMut(&mut Rng) -> Result<Problem>,
    ) -> Result<TextRow> {
        let row = self.shown(skill, problem, rng, more)?;
        if row.text.len() <= self.longest || skill == Skill::Answer {
            return Ok(row);
        }
        let plain = TextRow::new().then(&problem.text, self.problem_weight);
        Ok(plain.then(&problem.demonstrate(self.noise, rng).text(), 1.0))
    }

    fn shown(
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

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Seed;

    const NOISE: Noise = Noise { slip: 0.3, fail: 0.5, retry: 0.0 };
    const WRITER: Writer = Writer { noise: NOISE, problem_weight: 0.1, longest: 1_000 };

    /// Rows of one skill over all trained levels of all families but facts.
    fn rows(skill: Skill) -> Vec<(Problem, TextRow)> {
        let mut rng = Seed::root(9).at("rows", skill as u64).rng();
        let mut rows = Vec::new();
        for family in Family::ALL.into_iter().filter(|family| *family != Family::Facts) {
            for level in family.trained() {
                for _ in 0..40 {
                    let problem = family.generate(level, &mut rng).expect("a trained level");
                    let more = |rng: &mut Rng| family.generate(level, rng);
                    let row = WRITER.row(skill, &problem, &mut rng, more).expect("a row");
                    rows.push((problem, row));
                }
            }
        }
        rows
    }

    /// The part of a row after its problem.
    fn reply<'a>(problem: &Problem, row: &'a TextRow) -> &'a str {
        row.text.strip_prefix(&problem.text).expect("the row begins with the problem")
    }

    #[test]
    fn problem_text_counts_a_tenth_and_answers_fully() {
        for (problem, row) in rows(Skill::Answer) {
            let (asked, answered) = row.weight.split_at(problem.text.len());
            assert!(
                asked.iter().all(|weight| *weight == 0.1) && answered.iter().all(|weight| *weight == 1.0)
            );
            assert_eq!(row.end, 1.0);
        }
    }

    #[test]
    fn verdicts_agree_with_the_checker() {
        let rows = rows(Skill::Verdict);
        for (problem, row) in &rows {
            let said = reply(problem, row);
            assert_eq!(problem.check(said).right, said.ends_with("~y"), "{}", row.text);
            assert!(row.text.starts_with(&probe::verdict(&problem.text, said)));
        }
        assert!(rows.iter().any(|(_, row)| row.text.ends_with("~n")));
    }

    #[test]
    fn a_confidence_is_the_tenth_of_problems_that_the_demonstrator_solves() {
        for (problem, row) in rows(Skill::Confidence) {
            let rest =
                row.text.strip_prefix(&probe::confidence(&problem.text)).expect("the probe comes first");
            // 0.7 at one step, 0.49 at two, 0.343, 0.2401; countdown 0.5.
            let expected = match problem.family {
                Family::Countdown => '5',
                _ => ['7', '4', '3', '2', '1'][problem.solve().steps.len() - 1],
            };
            assert!(rest.starts_with(expected), "{}", row.text);
            assert!(problem.check(reply(&problem, &row)).well_formed);
        }
    }

    #[test]
    fn a_critique_of_a_right_answer_without_wrong_steps_is_zero() {
        for (problem, row) in rows(Skill::Critique) {
            let said = reply(&problem, &row);
            let step = said.chars().last().expect("a digit");
            assert!(step.is_ascii_digit() && said.contains('&'));
            if step == '0' {
                assert!(problem.check(said).right, "{}", row.text);
            }
        }
    }

    #[test]
    fn steps_that_are_taken_back_do_not_spoil_the_answer() {
        let rows = rows(Skill::Retry);
        let struck = rows.iter().filter(|(_, row)| row.text.contains('<')).count();
        assert!(struck * 3 > rows.len(), "{struck} of {}", rows.len());
        assert!(rows.iter().all(|(problem, row)| problem.check(reply(problem, row)).well_formed));
        assert!(
            rows.iter()
                .any(|(problem, row)| row.text.contains('<') && problem.check(reply(problem, row)).right)
        );
    }

    #[test]
    fn second_attempts_are_right_and_follow_right_and_wrong_ones_alike() {
        let rows = rows(Skill::SecondAttempt);
        let mut kept = 0;
        for (problem, row) in &rows {
            let (first, second) = reply(problem, row).split_once('!').expect("two attempts");
            assert!(problem.check(second).right);
            kept += usize::from(problem.check(first).right);
        }
        let share = kept as f64 / rows.len() as f64;
        assert!((share - 0.5).abs() < 0.08, "{share}");
    }

    #[test]
    fn a_comparison_names_the_right_answer() {
        let mut compared = 0;
        for (problem, row) in rows(Skill::Comparison) {
            let said = reply(&problem, &row);
            let Some((first, rest)) = said.split_once('|') else { continue };
            let (second, better) = rest.rsplit_once('>').expect("a choice");
            assert_eq!(problem.check(first).right, better == "1", "{}", row.text);
            assert_eq!(problem.check(second).right, better == "2", "{}", row.text);
            compared += 1;
        }
        assert!(compared > 700, "{compared}");
    }

    #[test]
    fn examples_are_solved_right_and_only_the_last_answer_counts() {
        for (problem, row) in rows(Skill::FewShot) {
            let pieces: Vec<&str> = row.text.split('|').collect();
            assert!((3..=4).contains(&pieces.len()));
            for piece in &pieces[..pieces.len() - 1] {
                let (asked, said) = piece.split_at(piece.find('?').expect("a problem") + 1);
                assert!(super::super::check(asked, said).expect("a problem").right, "{piece}");
            }
            let last = pieces[pieces.len() - 1].len() - problem.text.len();
            assert!(row.weight[..row.text.len() - last].iter().all(|weight| *weight == 0.1));
        }
    }

    #[test]
    fn a_skill_that_takes_too_much_room_becomes_a_plain_answer() {
        let mut rng = Seed::root(4).rng();
        let writer = Writer { longest: 100, ..WRITER };
        for _ in 0..50 {
            let problem = Family::Words.generate(3, &mut rng).expect("a trained level");
            let more = |rng: &mut Rng| Family::Words.generate(1, rng);
            let row = writer.row(Skill::FewShot, &problem, &mut rng, more).expect("a row");
            assert!(row.text.starts_with(&problem.text) && !row.text.contains('|'));
        }
    }

    #[test]
    fn a_judged_answer_teaches_its_verdict_alone() {
        let row = judged("A:1+2?", "1+2=4#4~y", false);
        assert_eq!(row.text, "A:1+2?1+2=4#4~n");
        let weights = row.tokens().weight;
        assert_eq!(weights.iter().sum::<f32>(), 1.0);
        assert_eq!(weights[row.text.len() - 1], 1.0);
        assert_eq!(rated("A:1+2?", 0.3).text, "A:1+2?%3");
        assert_eq!(rated("A:1+2?", 1.0).text, "A:1+2?%9");
    }
}
