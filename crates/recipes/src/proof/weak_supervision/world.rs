//! The base model: it speaks of puzzles without knowing which answer belongs to which question.

use super::super::{ProofOptions, lab};
use autodidact_core::chat::{Chat, Completion, Prompt, Sampling};
use autodidact_core::{Ask, Domain, Judge, Judged, Result, Run, Seed, Split, Verdict};
use autodidact_lm::Lm;
use autodidact_math::Row;
use autodidact_parts::learn::{row_of, written};
use autodidact_parts::task::puzzles::Puzzles;
use autodidact_parts::{OpenTask, Shape};
use rand::Rng as _;

/// Rows an update.
const ROWS: usize = 64;

/// How the base is made.
pub(super) struct World {
    pub shape: Shape,
    /// Texts of a question and a rationale.
    pub texts: usize,
    /// Updates in which every rationale belongs to its question.
    pub lined_up: u64,
    /// Updates in which most do not.
    pub mixed: u64,
    /// Share of the rationales that belong to their question in these.
    pub own: f64,
}

impl World {
    /// A fresh model that has read the texts, and sums of two digits beside them. The questions are of the
    /// validation split, which nothing else reads.
    pub fn base(&self, task: &OpenTask, seed: u64, options: &ProofOptions<'_>) -> Result<Lm> {
        let lm = lab::fresh_words(self.shape, seed, &Puzzles::words())?;
        let root = Seed::root(seed).at("weak-supervision", 0);
        let mut rng = root.at("texts", 0).rng();
        // In parts: the split holds too few puzzles of some kinds for all texts to be different.
        let mut questions = Vec::with_capacity(self.texts);
        while questions.len() < self.texts {
            let part = (self.texts - questions.len()).min(1_000);
            questions.extend(task.task.draw(Split::Validation, part, &mut rng)?);
        }
        let (mut own, mut other) = (Vec::new(), Vec::new());
        for (place, question) in questions.iter().enumerate() {
            own.push(told(&lm, task, question, question)?);
            other.push(told(&lm, task, question, another(&questions, place, &mut rng))?);
        }
        let sums: Vec<Row> = (sums().iter())
            .map(|sum| row(&lm, sum, sum.field("answer").unwrap_or_default()))
            .collect::<Result<_>>()?;
        lab::train(&lm, 3e-3, self.lined_up + self.mixed, options, |step| {
            let mut rng = root.at("step", step).rng();
            let share = if step < self.lined_up { 1.0 } else { self.own };
            let mut one = |idx: usize| {
                // Sums are few, and come one in sixteen.
                let from = match idx % 16 {
                    0 => &sums,
                    _ if rng.random_bool(share) => &own,
                    _ => &other,
                };
                from[rng.random_range(0..from.len())].clone()
            };
            Ok((0..ROWS).map(&mut one).collect())
        })?;
        Ok(lm)
    }

    /// The share of sums that the model's likeliest answer solves.
    pub fn sums(&self, lm: &Lm, run: &mut Run<'_>) -> Result<f64> {
        let knobs = Sampling { temperature: 0.0, max_tokens: 4, ..Sampling::default() };
        let groups = run.evaluate("sums", lm, &Sums, Ask::each(&sums(), 1, &knobs))?;
        Ok(lab::mean_of(&groups, "score"))
    }
}

/// Another question of the same kind.
fn another<'a>(questions: &'a [Prompt], place: usize, rng: &mut autodidact_core::Rng) -> &'a Prompt {
    let family = questions[place].field("family");
    loop {
        let other = rng.random_range(0..questions.len());
        if other != place && questions[other].field("family") == family {
            return &questions[other];
        }
    }
}

/// A question with the rationale of one that may be another.
fn told(lm: &Lm, task: &OpenTask, question: &Prompt, about: &Prompt) -> Result<Row> {
    row(lm, question, &task.task.gold(about).map_or_else(String::new, |gold| gold.text))
}

fn row(lm: &Lm, prompt: &Prompt, text: &str) -> Result<Row> {
    Ok(row_of(&written(lm, prompt, text)?, 0.0))
}

/// Every sum of two digits.
fn sums() -> Vec<Prompt> {
    let sum = |i: u32| {
        let (a, b) = (i / 10, i % 10);
        Prompt::text(format!("sums/{a}+{b}"), format!("{a}+{b}=")).with("answer", (a + b).to_string())
    };
    (0..100).map(sum).collect()
}

/// Right when the answer is the sum and nothing else.
struct Sums;

impl Judge<Chat> for Sums {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<<Chat as Domain>::Answer>]) -> Result<Judged> {
        let right =
            |ask: &Ask<Chat>, answer: &Completion| Some(answer.text.trim()) == ask.query.field("answer");
        Ok(Judged::each(asks, answers, |ask, answer| Verdict::right(right(ask, answer))))
    }

    fn name(&self) -> String {
        "sums of two digits".to_owned()
    }
}
