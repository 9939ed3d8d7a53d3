//! The model before fine-tuning: it has read pages, code and lists, but no page with a call on it.

use crate::proof::{ProofOptions, lab};
use autodidact_core::chat::{Chat, Completion, Prompt, Sampling};
use autodidact_core::{Ask, Judge, Judged, Result, Rng, Run, Seed, Verdict};
use autodidact_lm::Lm;
use autodidact_math::Row;
use autodidact_parts::Shape;
use autodidact_parts::web::sample::{past_text, reason};
use autodidact_parts::web::{Action, IDS, Node, Past, Pool, SiteKind, surfed, words};
use rand::Rng as _;
use rand::seq::{IndexedRandom, index};
use std::collections::BTreeSet;

/// How the base is made.
pub(super) struct Base {
    pub shape: Shape,
    /// Updates.
    pub steps: u64,
    /// Rows an update.
    pub rows: usize,
    pub lr: f64,
    /// Look-ups that the other skill is measured on.
    pub looked_up: usize,
}

impl Base {
    /// A base of that seed.
    pub fn train(&self, seed: u64, options: &ProofOptions<'_>) -> Result<Lm> {
        let words = words();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let lm = lab::fresh_words(self.shape, seed, &words)?;
        let root = Seed::root(seed).at("base", 0);
        lab::train(&lm, self.lr, self.steps, options, |step| {
            let seed = root.at("step", step);
            (0..self.rows as u64).map(|row| read(&lm, &text(seed.at("row", row)))).collect()
        })?;
        Ok(lm)
    }

    /// Text of the base's kind that it was not trained on.
    pub fn held_out(&self, lm: &Lm, seed: u64) -> Result<Vec<Row>> {
        let root = Seed::root(seed).at("base held out", 0);
        (0..60).map(|row| read(lm, &text(root.at("row", row)))).collect()
    }

    /// The share of look-ups that the model answers right.
    pub fn looks_up(&self, lm: &Lm, run: &mut Run<'_>) -> Result<f64> {
        let mut rng = Seed::root(0).at("look-ups", 0).rng();
        let query = |place: usize| {
            let (list, asked, answer) = list(&mut rng);
            Prompt::text(format!("look-up/{place}"), format!("{list}{asked}? ")).with("answer", answer)
        };
        let queries: Vec<Prompt> = (0..self.looked_up).map(query).collect();
        let greedy =
            Sampling { temperature: 0.0, max_tokens: 3, stop: vec!["\n".to_owned()], ..Sampling::default() };
        let groups = run.evaluate("look-ups", lm, &Said, Ask::each(&queries, 1, &greedy))?;
        Ok(lab::mean_of(&groups, "score"))
    }
}

/// 1 where the answer is the prompt's field `answer`.
struct Said;

impl Judge<Chat> for Said {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, answer| {
            Verdict::right(ask.query.field("answer") == Some(answer.text.trim()))
        }))
    }

    fn name(&self) -> String {
        "looked up".to_owned()
    }
}

/// A text of the base's kind: a page, a list with look-ups, or code with calls.
fn text(seed: Seed) -> String {
    let mut rng = seed.rng();
    match rng.random_range(0..10) {
        0..=2 => surfed(*SiteKind::ALL.choose(&mut rng).expect("six"), seed.at("page", 0)).text(),
        3..=4 => code(&mut rng),
        _ => {
            let (mut text, asked, answer) = list(&mut rng);
            text.push_str(&format!("{asked}? {answer}\n"));
            let lines: Vec<(String, String)> = text
                .lines()
                .filter_map(|line| line.split_once(' ').filter(|(_, name)| !name.contains('?')))
                .map(|(number, name)| (number.to_owned(), name.to_owned()))
                .collect();
            for _ in 0..5 {
                if let Some((number, name)) =
                    lines.choose(&mut rng).filter(|(number, _)| number.parse::<u32>().is_ok())
                {
                    text.push_str(&format!("{name}? {number}\n"));
                }
            }
            text
        }
    }
}

/// A list of numbered words, one of the words, and its number.
fn list(rng: &mut Rng) -> (String, String, String) {
    const POOLS: [Pool; 6] = [Pool::Person, Pool::Topic, Pool::Account, Pool::Place, Pool::Word, Pool::Town];
    let mut names = BTreeSet::new();
    while names.len() < 8 {
        names.insert(POOLS.choose(rng).expect("six").draw(rng));
    }
    let ids = index::sample(rng, IDS as usize, names.len());
    let mut lines: Vec<(usize, String)> = ids.into_iter().map(|id| id + 1).zip(names).collect();
    rand::seq::SliceRandom::shuffle(&mut lines[..], rng);
    let text = lines.iter().map(|(id, name)| format!("{id} {name}\n")).collect();
    let (id, name) = lines.choose(rng).cloned().expect("eight");
    (text, name, id.to_string())
}

/// A function body of calls on random elements.
fn code(rng: &mut Rng) -> String {
    let past: Vec<Past> = (0..rng.random_range(2..6))
        .map(|_| {
            let id = rng.random_range(1..=IDS);
            let name = [Pool::Thing, Pool::Person, Pool::Place].choose(rng).expect("three").draw(rng);
            let node = Node { name, ..Node::default() };
            let action = match rng.random_range(0..3) {
                0 => Action::Type { id, text: Pool::Word.draw(rng) },
                1 if rng.random_bool(0.2) => Action::GoBack,
                _ => Action::Click { id },
            };
            Past { subtask: None, comment: Some(reason(&action, Some(&node))), action }
        })
        .collect();
    format!("# past\n{}\n# next\n", past_text(&past))
}

/// A text to read, every token of it.
fn read(lm: &Lm, text: &str) -> Result<Row> {
    let mut tokens = lm.render(&Prompt::text("text", text))?;
    tokens.extend(lm.eos().first());
    let weight = vec![1.0; tokens.len() - 1];
    Ok(Row { tokens, weight })
}
