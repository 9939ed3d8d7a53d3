//! Sentences of the colours world, for pre-training and as beginnings to complete.

use crate::task::row::TextRow;
use autodidact_core::{Rng, Seed, Split};
use rand::Rng as _;

/// The words that the reward counts.
pub const COLOURS: [&str; 10] =
    ["red", "blue", "green", "white", "black", "brown", "pink", "grey", "yellow", "purple"];

const OPENERS: [&str; 6] = ["the", "a", "my", "your", "one", "this"];
const ANIMALS: [&str; 16] = [
    "fox", "cat", "dog", "owl", "hen", "pig", "cow", "bear", "wolf", "frog", "mouse", "horse", "duck",
    "goat", "crow", "deer",
];
const VERBS: [&str; 10] =
    ["saw", "found", "took", "lost", "made", "sold", "hid", "liked", "wanted", "carried"];
const THINGS: [&str; 16] = [
    "hat", "box", "cup", "ball", "book", "lamp", "boat", "door", "tree", "coat", "key", "stone", "leaf",
    "bell", "chair", "kite",
];
const SIZES: [&str; 4] = ["big", "small", "old", "new"];
const PLACES: [&str; 6] =
    ["near the house", "in the garden", "by the river", "on the hill", "at night", "today"];

/// One sentence in two parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// How it begins: `the fox saw`.
    pub opening: String,
    /// How it goes on, from the blank to the full stop.
    pub rest: String,
}

impl Sentence {
    /// Draws a sentence: one to three things, each coloured one time in four, and now and then a
    /// place; one in thirty carries a stray `#`.
    pub fn draw(rng: &mut Rng) -> Sentence {
        let size = if rng.random_bool(0.5) { format!("{} ", pick(&SIZES, rng)) } else { String::new() };
        let opening = format!("{} {size}{} {}", pick(&OPENERS, rng), pick(&ANIMALS, rng), pick(&VERBS, rng));
        let mut rest = String::new();
        for thing_idx in 0..rng.random_range(1..=3u32) {
            rest.push_str(if thing_idx > 0 { " and a" } else { " a" });
            if rng.random_bool(0.3) {
                rest.push(' ');
                rest.push_str(pick(&SIZES, rng));
            }
            if rng.random_bool(0.25) {
                rest.push(' ');
                rest.push_str(pick(&COLOURS, rng));
            }
            rest.push(' ');
            rest.push_str(pick(&THINGS, rng));
        }
        if rng.random_bool(0.5) {
            rest.push(' ');
            rest.push_str(pick(&PLACES, rng));
        }
        if rng.random_bool(1.0 / 30.0) {
            rest.push_str(" #");
        }
        rest.push('.');
        Sentence { opening, rest }
    }

    /// Which split the opening belongs to: 16 in 20 to train, 1 to validate, 3 to test.
    pub fn split(&self) -> Split {
        match Seed::root(0).at("colours", 0).at(&self.opening, 0).number() % 20 {
            0 => Split::Validation,
            1..=3 => Split::Test,
            _ => Split::Train,
        }
    }

    /// Row `index` of an endless stream of sentences of one split; all its text counts.
    pub fn row(split: Split, seed: Seed, index: u64) -> TextRow {
        let mut rng = seed.at("sentence", index).rng();
        loop {
            let sentence = Sentence::draw(&mut rng);
            if sentence.split() == split {
                return TextRow::new().then(&sentence.opening, 1.0).then(&sentence.rest, 1.0);
            }
        }
    }
}

fn pick<'a>(words: &[&'a str], rng: &mut Rng) -> &'a str {
    words[rng.random_range(0..words.len() as u32) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sentences_of_their_split_and_depend_on_seed_and_index_alone() {
        let seed = Seed::root(4);
        for index in 0..200 {
            let row = Sentence::row(Split::Train, seed, index);
            assert_eq!(row, Sentence::row(Split::Train, seed, index));
            assert!(row.text.ends_with('.') && row.weight.iter().all(|weight| *weight == 1.0));
        }
        assert_ne!(Sentence::row(Split::Train, seed, 0), Sentence::row(Split::Train, seed, 1));
        assert_ne!(Sentence::row(Split::Train, seed, 0), Sentence::row(Split::Test, seed, 0));
    }

    #[test]
    fn sentences_have_few_colours_and_rare_marks_to_begin_with() {
        let rows: Vec<TextRow> =
            (0..3_000).map(|index| Sentence::row(Split::Train, Seed::root(5), index)).collect();
        let share = |word: &str| rows.iter().filter(|row| row.text.contains(word)).count() as f64 / 3_000.0;
        assert!((share("#") - 1.0 / 30.0).abs() < 0.012);
        assert!(COLOURS.iter().all(|colour| (0.02..0.09).contains(&share(&format!(" {colour} ")))));
    }
}
