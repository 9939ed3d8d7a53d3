//! The model before fine-tuning: it has read pages, code and lists, but no page with a call on it.

use crate::proof::{ProofOptions, lab};
use autodidact_core::chat::{Chat, Completion, Prompt, Sampling};
use autodidact_core::{Ask, Judge, Judged, Result, Rng, Run, Seed, Verdict};
use autodidact_lm::Lm;
use autodidact_math::Row;
use autodidact_parts::Shape;
use autodidact_parts::web::sample::{past_text, reason, summary};
use autodidact_parts::web::{Action, IDS, Next, Node, Past, Pool, SiteKind, names, surfed, words};
use rand::Rng as _;
use rand::seq::{IndexedRandom, SliceRandom, index};

/// The most lines of a list.
const MOST: usize = 12;

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
        let lm = lab::fresh_wide(self.shape, seed, &words)?;
        let root = Seed::root(seed).at("base", 0);
        lab::train(&lm, self.lr, self.steps, options, |step| {
            let seed = root.at("step", step);
            // Lists grow, so that what they teach is within reach at first.
            let cap = 2 + (step * 15 / self.steps).min(MOST as u64 - 2) as usize;
            let rows = (self.rows * MOST / cap).min(self.rows * 4) as u64;
            (0..rows).map(|place| row(&lm, seed.at("row", place), cap)).collect()
        })?;
        Ok(lm)
    }

    /// Text of the base's kind that it was not trained on.
    pub fn held_out(&self, lm: &Lm, seed: u64) -> Result<Vec<Row>> {
        let root = Seed::root(seed).at("base held out", 0);
        (0..60).map(|place| row(lm, root.at("row", place), MOST)).collect()
    }

    /// The share of look-ups that the model answers right.
    pub fn looks_up(&self, lm: &Lm, run: &mut Run<'_>) -> Result<f64> {
        let mut rng = Seed::root(0).at("look-ups", 0).rng();
        let query = |place: usize| {
            let lines = list(&mut rng, MOST);
            let (id, name) = lines.choose(&mut rng).expect("some");
            Prompt::text(format!("look-up/{place}"), format!("{}{name}=", listed(&lines)))
                .with("answer", id.to_string())
        };
        let queries: Vec<Prompt> = (0..self.looked_up).map(query).collect();
        let greedy =
            Sampling { temperature: 0.0, max_tokens: 3, stop: vec![";".to_owned()], ..Sampling::default() };
        let groups = run.evaluate("look-ups", lm, &Said, Ask::each(&queries, 1, &greedy))?;
        Ok(lab::mean_of(&groups, "score"))
    }
}

/// 1 where the answer is the prompt's field `answer`.
struct Said;

impl Judge<Chat> for Said {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, answer| {
            Verdict::right(ask.query.field("answer") == Some(answer.text.trim_end_matches(';')))
        }))
    }

    fn name(&self) -> String {
        "looked up".to_owned()
    }
}

/// A row of the base's kind: a page, code with calls, or a list of at most `cap` names that are looked up. Of a list
/// only what was looked up counts; the rest is chance.
fn row(lm: &Lm, seed: Seed, cap: usize) -> Result<Row> {
    let mut rng = seed.rng();
    match rng.random_range(0..20) {
        0 => read(lm, &surfed(*SiteKind::ALL.choose(&mut rng).expect("six"), seed.at("page", 0)).text()),
        1..4 => read(lm, &code(&mut rng)),
        _ => {
            let n = rng.random_range(2..=cap);
            let lines = list(&mut rng, n);
            let mut tokens = lm.render(&Prompt::text("text", listed(&lines)))?;
            let mut weight = vec![0.0; tokens.len() - 1];
            for _ in 0..2 * n {
                let (id, name) = lines.choose(&mut rng).expect("some").clone();
                let mut add = |text: &str, counts: f32| -> Result<()> {
                    tokens.extend(lm.tokenizer().encode(text)?);
                    weight.resize(tokens.len() - 1, counts);
                    Ok(())
                };
                add(&format!("{name}="), 0.0)?;
                add(&format!("{id};"), 1.0)?;
            }
            Ok(Row { tokens, weight })
        }
    }
}

/// Names with their numbers.
fn list(rng: &mut Rng, n: usize) -> Vec<(usize, String)> {
    let all = names();
    let names = index::sample(rng, all.len(), n).into_iter().map(|place| all[place].clone());
    let ids = index::sample(rng, IDS as usize, n);
    let mut lines: Vec<(usize, String)> = ids.into_iter().map(|id| id + 1).zip(names).collect();
    lines.shuffle(rng);
    lines
}

fn listed(lines: &[(usize, String)]) -> String {
    lines.iter().map(|(id, name)| format!("{id}={name};")).collect::<String>() + "\n"
}

/// A function body of calls on random elements, and its next step.
fn code(rng: &mut Rng) -> String {
    let mut step = || {
        let id = rng.random_range(1..=IDS);
        let name = [Pool::Thing, Pool::Person, Pool::Place].choose(rng).expect("three").draw(rng);
        let node = Node { name, ..Node::default() };
        let action = match rng.random_range(0..4) {
            0 | 1 => Action::Click { id },
            2 => Action::Type { id, text: Pool::Word.draw(rng) },
            _ if rng.random() => Action::GoBack,
            _ => Action::Stop { answer: String::new() },
        };
        let said = (reason(&action, Some(&node)), summary(&action, Some(&node)));
        (action, said)
    };
    let next = step();
    let mut past = Vec::new();
    while let (action, (comment, _)) = step()
        && !matches!(action, Action::Stop { .. })
        && past.len() < 5
    {
        past.push(Past { subtask: None, comment: Some(comment), action });
    }
    let (action, (comment, summary)) = next;
    let next = Next { subtask: None, comment: Some(comment), action, summary: Some(summary) };
    format!("# past\n{}\n# next\n{}", past_text(&past), next.text(past.len(), 0))
}

/// A text to read, every token of it.
fn read(lm: &Lm, text: &str) -> Result<Row> {
    let mut tokens = lm.render(&Prompt::text("text", text))?;
    tokens.extend(lm.eos().first());
    let weight = vec![1.0; tokens.len() - 1];
    Ok(Row { tokens, weight })
}
