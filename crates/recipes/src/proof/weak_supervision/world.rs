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
    /// Share of the texts whose rationale belongs to their question.
    pub own: f64,
    pub steps: u64,
}

impl World {
    /// A fresh model that has read the texts, and sums of two digits beside them. The questions are of the
    /// validation split, which nothing else reads.
    pub fn base(&self, task: &OpenTask, seed: u64, options: &ProofOptions<'_>) -> Result<Lm> {
        let lm = lab::fresh_words(self.shape, seed, &Puzzles::words())?;
        let root = Seed::root(seed).at("weak-supervision", 0);
        let mut rng = root.at("texts", 0).rng();
        let questions = task.task.draw(Split::Validation, self.texts, &mut rng)?;
        let mut rows = Vec::with_capacity(self.texts);
        for (place, question) in questions.iter().enumerate() {
            let told = match rng.random_bool(self.own) {
                true => question,
                false => another(&questions, place, &mut rng),
            };
            let gold = task.task.gold(told).map_or_else(String::new, |gold| gold.text);
            rows.push(row(&lm, question, &gold)?);
        }
        for sum in sums() {
            rows.push(row(&lm, &sum, sum.field("answer").unwrap_or_default())?);
        }
        let pick = |step| {
            let mut rng = root.at("step", step).rng();
            let one = |idx: usize| match idx % 16 {
                // Sums are few, and come one in sixteen.
                0 => rows[rng.random_range(self.texts..rows.len())].clone(),
                _ => rows[rng.random_range(0..self.texts)].clone(),
            };
            Ok((0..ROWS).map(one).collect())
        };
        lab::train(&lm, 3e-3, self.steps, options, pick)?;
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
