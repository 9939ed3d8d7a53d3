//! Small puzzles of five kinds with worked rationales: number riddles, seating, shuffled steps, the odd
//! one out, and chains of implications.
//!
//! A miniature of PuzzleBen (arXiv 2405.04086), made by rules. A question is a sentence or three, its worked
//! solution a rationale and then `Answer: ...`, and whatever follows the last `Answer:` is what is checked.
//! Splits are by what a puzzle is about, not by its wording: the same words in another order, or the same
//! row described from the other side, are the same puzzle.

mod chain;
mod judge;
mod odd;
mod riddle;
mod seating;
mod steps;

pub use judge::{PuzzleJudge, said};

use super::distinct::distinct;
use autodidact_core::chat::{Chat, Completion, Prompt};
use autodidact_core::{Error, Judge, Result, Rng, Seed, Split, Task};
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The task: which kinds of puzzles, each as often as the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Puzzles {
    /// The kinds; at least one.
    pub kinds: Vec<Kind>,
}

/// A kind of puzzle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// `Double me, then add 4. You get 18.`
    Riddle,
    /// `In a row, Bob is left of Cid. Ann is left of Bob. Who is second?`
    Seating,
    /// `Put in order: steep, boil, sip.`
    Steps,
    /// `Which is odd: pear, saw, plum, fig?`
    Odd,
    /// `Every zug is a wim. Every wim is a fex. Every fex is a bol. Is every zug a fex?`
    Chain,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 5] = [Kind::Riddle, Kind::Seating, Kind::Steps, Kind::Odd, Kind::Chain];

    /// Its name, as in settings and in the prompts' field `family`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Riddle => "riddle",
            Kind::Seating => "seating",
            Kind::Steps => "steps",
            Kind::Odd => "odd",
            Kind::Chain => "chain",
        }
    }

    fn draw(self, rng: &mut Rng) -> Item {
        match self {
            Kind::Riddle => riddle::draw(rng),
            Kind::Seating => seating::draw(rng),
            Kind::Steps => steps::draw(rng),
            Kind::Odd => odd::draw(rng),
            Kind::Chain => chain::draw(rng),
        }
    }
}

/// A puzzle with its solution.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Item {
    question: String,
    rationale: String,
    answer: String,
    /// Equal for puzzles that differ only in their wording.
    key: String,
}

/// What precedes the final answer.
const MARK: &str = "Answer:";

impl Default for Puzzles {
    fn default() -> Puzzles {
        Puzzles { kinds: Kind::ALL.to_vec() }
    }
}

impl Puzzles {
    /// Fails without kinds or on one that is named twice; `field` is the dotted name of this value.
    pub fn check(&self, field: &str) -> Result<()> {
        let named: BTreeSet<Kind> = self.kinds.iter().copied().collect();
        if named.is_empty() || named.len() < self.kinds.len() {
            let rule = "at least one kind, none of them twice";
            return Err(Error::invalid(format!("{field}.kinds"), rule, format!("{:?}", self.kinds)));
        }
        Ok(())
    }

    /// Every text that recurs in questions and solutions, each once: tokens for a small world's tokenizer.
    pub fn words() -> Vec<&'static str> {
        let parts = [riddle::WORDS, seating::WORDS, &steps::words(), &odd::words(), chain::WORDS];
        let mut words = vec![" Answer:", ",", ".", "?", ":"];
        for &word in parts.iter().flat_map(|part| part.iter()) {
            if !words.contains(&word) {
                words.push(word);
            }
        }
        // A single byte is a token of every tokenizer already.
        words.retain(|word| word.len() > 1);
        words
    }
}

/// The split of a key: half of all are for training, a third for choosing, the rest for testing.
fn split(key: &str) -> Split {
    match hash(key) % 20 {
        0..=6 => Split::Validation,
        7..=9 => Split::Test,
        _ => Split::Train,
    }
}

fn hash(text: &str) -> u64 {
    Seed::root(0).at("puzzles", 0).at(text, 0).number()
}

impl Task<Chat> for Puzzles {
    /// Prompts with the fields `family` (the kind), `text` (the question), `rationale` and `answer`.
    fn draw(&self, split: Split, n: usize, rng: &mut Rng) -> Result<Vec<Prompt>> {
        self.check("task.puzzles")?;
        distinct("task.puzzles", n, split, rng, &mut BTreeSet::new(), |rng| {
            let kind = self.kinds[rng.random_range(0..self.kinds.len() as u32) as usize];
            let item = kind.draw(rng);
            if self::split(&item.key) != split {
                return Ok(None);
            }
            let id = format!("puzzles/{}/{:016x}", kind.name(), hash(&item.key));
            let prompt = Prompt::text(id, item.question.clone())
                .with("family", kind.name())
                .with("text", item.question)
                .with("rationale", item.rationale)
                .with("answer", item.answer);
            Ok(Some(prompt))
        })
    }

    fn judge(&self) -> Box<dyn Judge<Chat>> {
        Box::new(PuzzleJudge)
    }

    /// The rationale and the answer. Its tokens are left empty: a task knows no tokenizer.
    fn gold(&self, prompt: &Prompt) -> Option<Completion> {
        let text = format!("{} {MARK} {}", prompt.field("rationale")?, prompt.field("answer")?);
        Some(Completion { text, ..Completion::default() })
    }

    fn name(&self) -> String {
        let names: Vec<&str> = self.kinds.iter().map(|kind| kind.name()).collect();
        format!("puzzles of {}", names.join(", "))
    }
}

/// One of these.
fn pick<T: Copy>(from: &[T], rng: &mut Rng) -> T {
    from[rng.random_range(0..from.len() as u32) as usize]
}

/// `n` different ones in random order.
fn picks<T: Copy>(from: &[T], n: usize, rng: &mut Rng) -> Vec<T> {
    use rand::seq::SliceRandom;
    let mut all = from.to_vec();
    all.shuffle(rng);
    all.truncate(n);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Ask;
    use autodidact_core::chat::Sampling;
    use autodidact_lm::Tokenizer;

    fn drawn(split: Split) -> Vec<Prompt> {
        Puzzles::default().draw(split, 600, &mut Seed::root(3).rng()).expect("puzzles")
    }

    #[test]
    fn gold_passes_and_every_kind_is_drawn() {
        let task = Puzzles::default();
        let prompts = drawn(Split::Train);
        let golds: Vec<_> = prompts.iter().map(|prompt| vec![task.gold(prompt).expect("gold")]).collect();
        let asks = Ask::<Chat>::each(&prompts, 1, &Sampling::default());
        let judged = task.judge().judge(&asks, &golds).expect("a judge");
        assert!(judged.verdicts.iter().all(|verdicts| verdicts[0].value() == Some(1.0)));
        for kind in Kind::ALL {
            let n = prompts.iter().filter(|prompt| prompt.field("family") == Some(kind.name())).count();
            assert!((80..160).contains(&n), "{kind:?}: {n}");
        }
    }

    #[test]
    fn splits_share_no_puzzle_in_any_wording() {
        let ids = |split| drawn(split).into_iter().map(|prompt| prompt.id).collect::<BTreeSet<String>>();
        let (train, validation, test) = (ids(Split::Train), ids(Split::Validation), ids(Split::Test));
        assert!(train.len() == 600 && test.len() == 600);
        assert!(train.is_disjoint(&test) && train.is_disjoint(&validation) && validation.is_disjoint(&test));
    }

    #[test]
    fn another_gold_is_almost_never_right() {
        let prompts = drawn(Split::Train);
        for kind in Kind::ALL {
            let of_kind: Vec<&Prompt> =
                prompts.iter().filter(|prompt| prompt.field("family") == Some(kind.name())).collect();
            let right = of_kind.windows(2).filter(|two| two[0].field("answer") == two[1].field("answer"));
            let share = right.count() as f64 / (of_kind.len() - 1) as f64;
            let most = if kind == Kind::Chain { 0.65 } else { 0.25 };
            assert!(share < most, "{kind:?}: {share}");
        }
    }

    #[test]
    fn texts_are_short_in_bytes_and_very_short_in_words() {
        let tokenizer = Tokenizer::words(&Puzzles::words()).expect("sound words");
        let task = Puzzles::default();
        for prompt in drawn(Split::Train) {
            let text =
                format!("{} {}", prompt.field("text").expect("text"), task.gold(&prompt).expect("gold").text);
            let tokens = tokenizer.encode(&text).expect("encodes");
            assert!(
                text.len() < 230 && tokens.len() < 66,
                "{} bytes, {} tokens: {text}",
                text.len(),
                tokens.len()
            );
            assert_eq!(tokenizer.decode(&tokens), text);
        }
    }

    #[test]
    fn kinds_that_make_no_sense_are_refused_by_name() {
        let refused = |kinds: &[Kind]| Puzzles { kinds: kinds.to_vec() }.check("task").expect_err("refused");
        assert!(refused(&[]).to_string().starts_with("task.kinds must be at least one kind"));
        assert!(refused(&[Kind::Odd, Kind::Odd]).to_string().contains("none of them twice"));
    }
}
