//! The families of generated problems, each named by one letter.

use super::assignments::Assignments;
use super::chain::Chain;
use super::countdown::Countdown;
use super::facts::Fact;
use super::path::Path;
use super::problem::Problem;
use super::product::Product;
use super::puzzle::Puzzle;
use super::rules::Rules;
use super::words::Words;
use autodidact_core::{Error, Result, Rng};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// A family of problems that are generated, worked out and checked by code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Family {
    /// Single facts: `D:17+25?`.
    #[serde(rename = "D")]
    Facts,
    /// Chains of sums and differences: `A:7+10-4?`.
    #[serde(rename = "A")]
    Chain,
    /// Long multiplication by one digit: `M:88*5?`.
    #[serde(rename = "M")]
    Product,
    /// Straight-line programs: `P:a=3;b=a+4;a=b*2;a?`.
    #[serde(rename = "P")]
    Assignments,
    /// Word problems: `W:tom has 3 more than ann. ann has 5 cups. tom?`.
    #[serde(rename = "W")]
    Words,
    /// Countdown: `C:4,1,10>7?`.
    #[serde(rename = "C")]
    Countdown,
    /// The way through a tree: `G:oc,eo,er,rw e>w?`.
    #[serde(rename = "G")]
    Path,
    /// Texts that keep rules: `T:3 words, contains red, no o?`.
    #[serde(rename = "T")]
    Rules,
}

impl Family {
    /// All families, in the order of their letters' first mention.
    pub const ALL: [Family; 8] = [
        Family::Facts,
        Family::Chain,
        Family::Product,
        Family::Assignments,
        Family::Words,
        Family::Countdown,
        Family::Path,
        Family::Rules,
    ];

    /// The letter that begins every problem of this family.
    pub fn tag(self) -> char {
        match self {
            Family::Facts => 'D',
            Family::Chain => 'A',
            Family::Product => 'M',
            Family::Assignments => 'P',
            Family::Words => 'W',
            Family::Countdown => 'C',
            Family::Path => 'G',
            Family::Rules => 'T',
        }
    }

    /// What the problems are, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Family::Facts => "facts of arithmetic",
            Family::Chain => "chains of sums and differences",
            Family::Product => "long multiplication by one digit",
            Family::Assignments => "straight-line programs",
            Family::Words => "word problems",
            Family::Countdown => "countdown",
            Family::Path => "the way through a tree",
            Family::Rules => "texts that keep rules",
        }
    }

    /// The family of that letter.
    pub fn of(tag: &str) -> Result<Family> {
        let found = Family::ALL.into_iter().find(|family| tag.chars().eq([family.tag()]));
        found.ok_or_else(|| Error::unknown("problem family", tag, Family::ALL.map(|one| one.tag())))
    }

    /// The levels that exist.
    pub fn levels(self) -> RangeInclusive<u32> {
        match self {
            Family::Facts => 1..=1,
            Family::Chain | Family::Assignments | Family::Path => 1..=8,
            Family::Product => 1..=4,
            Family::Words => 1..=6,
            Family::Countdown => 3..=5,
            Family::Rules => 1..=5,
        }
    }

    /// The levels that the base model is trained on; the others are held out.
    pub fn trained(self) -> RangeInclusive<u32> {
        match self {
            Family::Facts => 1..=1,
            Family::Chain | Family::Assignments | Family::Words | Family::Path => 1..=4,
            Family::Product => 1..=2,
            Family::Rules => 1..=3,
            Family::Countdown => 3..=4,
        }
    }

    /// Fails when this family has no such level.
    pub fn check_level(self, level: u32) -> Result<()> {
        if self.levels().contains(&level) {
            return Ok(());
        }
        let known = self.levels().map(|one| format!("{}{one}", self.tag()));
        Err(Error::unknown(
            format!("level of family {}", self.tag()),
            format!("{}{level}", self.tag()),
            known,
        ))
    }

    /// Draws one problem of any split.
    pub fn generate(self, level: u32, rng: &mut Rng) -> Result<Problem> {
        self.check_level(level)?;
        let puzzle: Box<dyn Puzzle> = match self {
            Family::Facts => Box::new(Fact::draw(rng)),
            Family::Chain => Box::new(Chain::draw(level, rng)),
            Family::Product => Box::new(Product::draw(level, rng)),
            Family::Assignments => Box::new(Assignments::draw(level, rng)),
            Family::Words => Box::new(Words::draw(level, rng)),
            Family::Countdown => Box::new(Countdown::draw(level, rng)),
            Family::Path => Box::new(Path::draw(level, rng)),
            Family::Rules => Box::new(Rules::draw(level, rng)),
        };
        Ok(Problem::of(self, puzzle))
    }

    /// Every problem of a level, where they are few enough to list: facts, chains of one
    /// operation and products of up to two digits.
    pub fn all(self, level: u32) -> Option<Vec<Problem>> {
        let bodies: Vec<String> = match (self, level) {
            (Family::Facts, 1) => Fact::all().collect(),
            (Family::Chain, 1) => Chain::all_of_one().collect(),
            (Family::Product, 1..=2) => Product::all(level).collect(),
            _ => return None,
        };
        let parsed = |body: String| Some(Problem::of(self, self.parse(&body)?));
        Some(bodies.into_iter().filter_map(parsed).collect())
    }

    /// The problem behind a text without its tag.
    pub(crate) fn parse(self, body: &str) -> Option<Box<dyn Puzzle>> {
        fn boxed(puzzle: impl Puzzle + 'static) -> Box<dyn Puzzle> {
            Box::new(puzzle)
        }
        match self {
            Family::Facts => Fact::parse(body).map(boxed),
            Family::Chain => Chain::parse(body).map(boxed),
            Family::Product => Product::parse(body).map(boxed),
            Family::Assignments => Assignments::parse(body).map(boxed),
            Family::Words => Words::parse(body).map(boxed),
            Family::Countdown => Countdown::parse(body).map(boxed),
            Family::Path => Path::parse(body).map(boxed),
            Family::Rules => Rules::parse(body).map(boxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_family_or_level_is_named_with_those_that_are_known() {
        let said = Family::of("Q").expect_err("no such family").to_string();
        assert_eq!(said, "no problem family is named \"Q\"; known: D, A, M, P, W, C, G, T");
        let said = Family::Countdown.check_level(2).expect_err("no such level").to_string();
        assert_eq!(said, "no level of family C is named \"C2\"; known: C3, C4, C5");
    }
}
