//! What the base of the proof has seen before anybody teaches it: the stand-in for a chat model that knows its
//! digits, can repeat a text and has met a few questions.

use crate::proof::{ProofOptions, lab};
use autodidact_core::chat::{Chat, Completion, Prompt, Sampling};
use autodidact_core::{Ask, Error, Judge, Judged, Result, Rng, Run, Seed, Split, Verdict};
use autodidact_lm::Lm;
use autodidact_math::Row;
use autodidact_math::schedule::{Schedule, Shape as Course};
use autodidact_math::sft::{MaskedNll, normalise};
use autodidact_parts::learn::{TuneConfig, Tuner};
use autodidact_parts::task::slip;
use autodidact_parts::task::two_steps::{columns, words};
use autodidact_parts::{Shape, TaskConfig};
use rand::Rng as _;
use rand::seq::IndexedRandom;

/// Tags that the prompts of this world begin with.
const TAGS: [&str; 7] = ["[a]", "[f]", "[r]", "[q]\n", "[k]", "[y]", "[w]"];

/// When the training of a base ends.
pub(super) struct Until {
    /// The most updates.
    pub most: u64,
    /// Rows an update.
    pub rows: usize,
    /// Updates between two looks.
    pub every: u64,
    /// The share of problems solved that ends it.
    pub share: f64,
}

/// Rows of everything that the base sees.
pub(super) struct World {
    problems: Vec<(String, String)>,
    seed: Seed,
}

impl World {
    /// The world of that seed.
    pub(super) fn of(task: &TaskConfig, seed: u64) -> Result<World> {
        let seed = Seed::root(seed).at("base", 0);
        let task = task.open()?.task;
        let queries = task.draw(Split::Train, 6_000, &mut seed.at("problems", 0).rng())?;
        let problem = |query: &Prompt| {
            let gold = task.gold(query).map(|gold| gold.text).unwrap_or_default();
            (query.field("text").unwrap_or_default().to_owned(), gold)
        };
        Ok(World { problems: queries.iter().map(problem).collect(), seed })
    }

    /// A base of that shape, trained until the share that `solved` measures is reached.
    pub(super) fn base(
        &self,
        shape: Shape,
        until: &Until,
        options: &ProofOptions<'_>,
        solved: impl Fn(&Lm) -> Result<f64>,
    ) -> Result<Lm> {
        let words = words();
        let all: Vec<&str> = words.iter().map(String::as_str).chain(TAGS).collect();
        let lm = lab::fresh_words(shape, self.seed.number(), &all)?;
        let schedule = Schedule { shape: Course::Constant, warmup: until.most / 50, floor: 0.0 };
        let tune = TuneConfig { lr: 3e-3, schedule, horizon: until.most, ..TuneConfig::default() };
        let mut tuner = Tuner::around(&lm, tune)?;
        tuner.begin(until.most)?;
        for step in 1..=until.most {
            if options.stop.requested() {
                return Err(Error::Interrupted);
            }
            let mut rng = self.seed.at("step", step).rng();
            let pairs: Vec<(String, String)> = (0..until.rows).map(|_| self.pair(&mut rng)).collect();
            let mut batch = lab::rows_of_text(&lm, &pairs)?;
            normalise(&mut batch);
            tuner.update(&batch, &MaskedNll)?;
            if step.is_multiple_of(until.every) && solved(&lm)? >= until.share {
                break;
            }
        }
        Ok(lm)
    }

    /// A prompt and its answer: a problem solved, the columns of the sums in an answer, an answer repeated, a
    /// list of questions continued, or the letters that follow those of a word.
    fn pair(&self, rng: &mut Rng) -> (String, String) {
        match rng.random_range(0..100u32) {
            0..30 => {
                let (text, gold) = self.one(rng);
                (format!("[a]{text}>"), gold)
            }
            30..55 => {
                let (text, gold) = self.one(rng);
                let columns: Vec<String> = sums(&gold).map(|(a, b)| columns(a, b)).collect();
                (format!("[k]{text}>{}:", slipped(&gold, rng)), columns.join(";"))
            }
            55..70 => {
                let (text, gold) = self.one(rng);
                let said = slipped(&gold, rng);
                (format!("[y]{text}>{said}:"), said)
            }
            70..85 => self.list(rng),
            _ => following(rng),
        }
    }

    fn one(&self, rng: &mut Rng) -> (String, String) {
        self.problems.choose(rng).cloned().unwrap_or_default()
    }

    fn list(&self, rng: &mut Rng) -> (String, String) {
        let four: Vec<String> = (0..4).map(|_| self.one(rng).0).collect();
        let [a, b, c, d] = [&four[0], &four[1], &four[2], &four[3]];
        (format!("[q]\n1. {a}\n2. {b}\n3."), format!(" {c}\n4. {d}"))
    }

    /// Rows of all kinds but problems, for the drift of arms.
    pub(super) fn held_out(&self, lm: &Lm) -> Result<Vec<Row>> {
        let mut rng = self.seed.at("held out", 0).rng();
        let pairs = (0..100).map(|i| if i % 2 == 0 { self.list(&mut rng) } else { following(&mut rng) });
        lab::rows_of_text(lm, &pairs.collect::<Vec<_>>())
    }

    /// The share of words to which `lm` writes the letters that follow.
    pub(super) fn other_skills(&self, lm: &Lm, n: usize, run: &mut Run<'_>) -> Result<f64> {
        let mut rng = Seed::root(0).at("following", 0).rng();
        let query = |i: usize| {
            let (prompt, answer) = following(&mut rng);
            Prompt::text(format!("following/{i}"), prompt).with("answer", answer)
        };
        let queries: Vec<Prompt> = (0..n).map(query).collect();
        let knobs = Sampling { temperature: 0.0, max_tokens: 8, ..Sampling::default() };
        let groups = run.evaluate("other", lm, &Exactly, Ask::each(&queries, 1, &knobs))?;
        Ok(lab::mean_of(&groups, "score"))
    }
}

/// The operands of the steps of a worked answer.
fn sums(gold: &str) -> impl Iterator<Item = (i64, i64)> {
    let number = |text: &str| text.parse::<i64>().ok();
    gold.split(';').filter_map(move |step| {
        let (a, b) = step.split_once('=')?.0.split_once('+')?;
        Some((number(a)?, number(b)?))
    })
}

/// A worked answer, half of the time with a slip in one of its steps that the next one goes on from.
fn slipped(gold: &str, rng: &mut Rng) -> String {
    let [(a, b), (c, d)] = sums(gold).collect::<Vec<_>>()[..] else { return gold.to_owned() };
    let wrong = rng.random_range(0..4u32);
    let first = if wrong == 0 { slip(a + b, rng) } else { a + b };
    // The first value is one operand of the second step.
    let (c, d) = if c == a + b { (first, d) } else { (c, first) };
    let second = if wrong == 1 { slip(c + d, rng) } else { c + d };
    format!("{a}+{b}={first};{c}+{d}={second}")
}

/// `[w]fade>` and `gbef`.
fn following(rng: &mut Rng) -> (String, String) {
    let letters: Vec<u8> = (0..4).map(|_| b'a' + rng.random_range(0..8u8)).collect();
    let text = |by: u8| letters.iter().map(|letter| char::from(letter + by)).collect::<String>();
    (format!("[w]{}>", text(0)), text(1))
}

/// 1 for the text of the field `answer`, else 0.
struct Exactly;

impl Judge<Chat> for Exactly {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, answer| {
            Verdict::right(ask.query.field("answer") == Some(answer.text.as_str()))
        }))
    }

    fn name(&self) -> String {
        "the very text".to_owned()
    }
}
