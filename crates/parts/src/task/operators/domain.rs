//! The domains of the ambiguous operator: their words, their roles and what `#` means in them.

use serde::{Deserialize, Serialize};

/// A field of talk in which `#` has a meaning of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Domain {
    /// Clocks: the sum, counted round ten.
    Clock,
    /// Labels: one digit after the other.
    Label,
    /// Races: the larger.
    Race,
    /// Markets: the smaller.
    Market,
    /// Bridges: the distance between both.
    Bridge,
    /// Gardens: the last digit of the product.
    Garden,
    /// Lessons: the sum, written with its own sign `+`, so that nothing is ambiguous.
    Lesson,
}

impl Domain {
    /// The six in which `#` means six things.
    pub const AMBIGUOUS: [Domain; 6] =
        [Domain::Clock, Domain::Label, Domain::Race, Domain::Market, Domain::Bridge, Domain::Garden];

    /// All of them.
    pub const ALL: [Domain; 7] = [
        Domain::Clock,
        Domain::Label,
        Domain::Race,
        Domain::Market,
        Domain::Bridge,
        Domain::Garden,
        Domain::Lesson,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Domain::Clock => "clock",
            Domain::Label => "label",
            Domain::Race => "race",
            Domain::Market => "market",
            Domain::Bridge => "bridge",
            Domain::Garden => "garden",
            Domain::Lesson => "lesson",
        }
    }

    /// Its operator.
    pub fn sign(self) -> char {
        if self == Domain::Lesson { '+' } else { '#' }
    }

    /// What the operator gives for two digits, as text.
    pub fn value(self, a: u32, b: u32) -> String {
        match self {
            Domain::Clock => ((a + b) % 10).to_string(),
            Domain::Label => format!("{a}{b}"),
            Domain::Race => a.max(b).to_string(),
            Domain::Market => a.min(b).to_string(),
            Domain::Bridge => a.abs_diff(b).to_string(),
            Domain::Garden => (a * b % 10).to_string(),
            Domain::Lesson => (a + b).to_string(),
        }
    }

    /// A role for who answers: a sentence that names the procedure and no number.
    pub fn role(self) -> &'static str {
        match self {
            Domain::Clock => "you keep clocks and add round ten",
            Domain::Label => "you print labels and join the digits",
            Domain::Race => "you judge races and take the larger",
            Domain::Market => "you run markets and take the smaller",
            Domain::Bridge => "you build bridges and measure the gap",
            Domain::Garden => "you plant gardens and multiply in rows",
            Domain::Lesson => "you teach sums and add both numbers",
        }
    }

    /// The domain of that role.
    pub fn of_role(role: &str) -> Option<Domain> {
        Domain::ALL.into_iter().find(|domain| domain.role() == role.trim())
    }

    /// Its words: the first [`SEEN`] stand in training questions, the others only in held-out ones. No
    /// domain has a word of another.
    pub fn words(self) -> [&'static str; 18] {
        match self {
            Domain::Clock => [
                "noon", "dawn", "tick", "hour", "alarm", "dial", "minute", "chime", "dusk", "late", "early",
                "snooze", "pendulum", "midnight", "second", "wrist", "tower", "sunset",
            ],
            Domain::Label => [
                "tag", "sticker", "parcel", "shelf", "ink", "badge", "stamp", "carton", "barcode", "jar",
                "folder", "envelope", "crate", "serial", "print", "name", "bottle", "index",
            ],
            Domain::Race => [
                "sprint", "runner", "track", "medal", "finish", "podium", "lap", "rider", "pace", "cheer",
                "start", "whistle", "relay", "hurdle", "champion", "stadium", "jockey", "derby",
            ],
            Domain::Market => [
                "price", "stall", "bargain", "apple", "coin", "vendor", "basket", "cheap", "trade", "offer",
                "wallet", "discount", "fish", "haggle", "spice", "receipt", "cloth", "penny",
            ],
            Domain::Bridge => [
                "river", "span", "arch", "cable", "bank", "pillar", "steel", "cross", "deck", "rope",
                "valley", "ferry", "canal", "plank", "girder", "shore", "ravine", "beam",
            ],
            Domain::Garden => [
                "rose", "seed", "soil", "bloom", "hedge", "lawn", "spade", "tulip", "bee", "petal", "rake",
                "fern", "root", "ivy", "compost", "daisy", "pond", "weed",
            ],
            Domain::Lesson => [
                "school", "pupil", "chalk", "desk", "lesson", "board", "class", "pencil", "bell", "book",
                "page", "teacher", "exam", "notebook", "ruler", "homework", "grade", "eraser",
            ],
        }
    }
}

/// How many words of a domain stand in training questions.
pub const SEEN: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_word_belongs_to_two_domains() {
        let words: BTreeSet<&str> = Domain::ALL.iter().flat_map(|domain| domain.words()).collect();
        assert_eq!(words.len(), 7 * 18);
    }

    #[test]
    fn a_role_has_five_to_eight_words_and_no_digit_and_names_its_domain() {
        for domain in Domain::ALL {
            let role = domain.role();
            assert!((5..=8).contains(&role.split(' ').count()), "{role}");
            assert!(!role.contains(|letter: char| letter.is_ascii_digit()), "{role}");
            assert_eq!(Domain::of_role(role), Some(domain));
        }
    }

    #[test]
    fn the_same_digits_mean_different_things() {
        let said: Vec<String> = Domain::ALL.iter().map(|domain| domain.value(7, 5)).collect();
        assert_eq!(said, ["2", "75", "7", "5", "2", "5", "12"]);
    }
}
