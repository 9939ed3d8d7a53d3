//! Family W: word problems, `W:tom has 3 more than ann. ann has 5 cups. tom?ann=5;tom=5+3=8#8`.
//!
//! The facts form a chain from the person asked for to one whose number is given; the level is
//! the number of relations on it. Facts are shuffled and one of them has nothing to do with it.

use super::checked::{Checked, integer};
use super::hand::{Hand, Worked};
use super::operation::Operation;
use super::puzzle::Puzzle;
use autodidact_core::Rng;
use rand::Rng as _;
use rand::seq::SliceRandom;

const PEOPLE: [&str; 12] =
    ["ann", "bob", "eve", "ian", "jim", "kim", "leo", "max", "pam", "roy", "sue", "tom"];
const THINGS: [&str; 6] = ["cups", "hats", "keys", "nuts", "pens", "toys"];
/// The largest number in a fact.
const OPERAND: i64 = 12;
/// The largest number anybody has.
const VALUE: i64 = 99;

/// What is known of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Known {
    /// `ann has 5 cups`
    Number(i64, String),
    /// `tom has 3 more than ann`: the operation, its right operand and whom it starts from.
    Relation(Operation, i64, String),
}

/// Facts in the order of the text and the person asked for.
pub(crate) struct Words {
    facts: Vec<(String, Known)>,
    asked: String,
}

impl Words {
    pub(crate) fn draw(level: u32, rng: &mut Rng) -> Words {
        let mut people = PEOPLE;
        people.shuffle(rng);
        let chain = &people[..=level as usize];
        let thing = THINGS[rng.random_range(0..THINGS.len() as u32) as usize];
        let mut value = rng.random_range(1..=OPERAND);
        let mut facts = vec![(chain[0].to_owned(), Known::Number(value, thing.to_owned()))];
        for pair in chain.windows(2) {
            let (operation, operand, next) = next_relation(value, rng);
            facts.push((pair[1].to_owned(), Known::Relation(operation, operand, pair[0].to_owned())));
            value = next;
        }
        let stranger = people[level as usize + 1].to_owned();
        let about = if rng.random_bool(0.5) {
            let whom = chain[rng.random_range(0..chain.len() as u32) as usize];
            let (operation, operand, _) = next_relation(OPERAND, rng);
            Known::Relation(operation, operand, whom.to_owned())
        } else {
            Known::Number(rng.random_range(1..=OPERAND), thing.to_owned())
        };
        facts.push((stranger, about));
        facts.shuffle(rng);
        Words { facts, asked: chain[level as usize].to_owned() }
    }

    pub(crate) fn parse(body: &str) -> Option<Words> {
        let (facts, asked) = body.strip_suffix('?')?.rsplit_once(". ")?;
        let facts: Option<Vec<_>> = facts.split(". ").map(parse_fact).collect();
        let words = Words { facts: facts?, asked: asked.to_owned() };
        (words.level() > 0 && words.value().is_some()).then_some(words)
    }

    fn about(&self, person: &str) -> Option<&Known> {
        self.facts.iter().find(|(who, _)| who == person).map(|(_, known)| known)
    }

    /// From the person whose number is given to the person asked for; `None` when that breaks off
    /// or runs in a circle.
    fn chain(&self) -> Option<Vec<(&str, &Known)>> {
        let mut chain: Vec<(&str, &Known)> = Vec::new();
        let mut person = self.asked.as_str();
        loop {
            let known = self.about(person)?;
            chain.push((person, known));
            match known {
                Known::Number(..) => break,
                Known::Relation(_, _, whom) => person = whom,
            }
            if chain.len() > self.facts.len() {
                return None;
            }
        }
        chain.reverse();
        Some(chain)
    }

    fn value(&self) -> Option<i64> {
        self.chain()?.into_iter().try_fold(0, |value, (_, known)| match known {
            Known::Number(number, _) => Some(*number),
            Known::Relation(operation, operand, _) => operation.apply(value, *operand),
        })
    }
}

/// A relation that keeps the number in range, and the number it leads to.
fn next_relation(value: i64, rng: &mut Rng) -> (Operation, i64, i64) {
    loop {
        let (operation, operand) = match rng.random_range(0..5u32) {
            0 | 1 => (Operation::Plus, rng.random_range(1..=OPERAND)),
            2 | 3 => (Operation::Minus, rng.random_range(1..=OPERAND)),
            _ => (Operation::Times, 2),
        };
        match operation.apply(value, operand) {
            Some(next) if (1..=VALUE).contains(&next) => return (operation, operand, next),
            _ => {}
        }
    }
}

fn sentence(person: &str, known: &Known) -> String {
    match known {
        Known::Number(number, thing) => format!("{person} has {number} {thing}"),
        Known::Relation(Operation::Times, _, whom) => format!("{person} has twice as many as {whom}"),
        Known::Relation(Operation::Minus, by, whom) => format!("{person} has {by} fewer than {whom}"),
        Known::Relation(_, by, whom) => format!("{person} has {by} more than {whom}"),
    }
}

fn parse_fact(sentence: &str) -> Option<(String, Known)> {
    let words: Vec<&str> = sentence.split(' ').collect();
    let (who, known) = match words[..] {
        [who, "has", number, thing] => (who, Known::Number(integer(number)?, thing.to_owned())),
        [who, "has", "twice", "as", "many", "as", whom] => {
            (who, Known::Relation(Operation::Times, 2, whom.to_owned()))
        }
        [who, "has", by, "more", "than", whom] => {
            (who, Known::Relation(Operation::Plus, integer(by)?, whom.to_owned()))
        }
        [who, "has", by, "fewer", "than", whom] => {
            (who, Known::Relation(Operation::Minus, integer(by)?, whom.to_owned()))
        }
        _ => return None,
    };
    Some((who.to_owned(), known))
}

impl Puzzle for Words {
    fn body(&self) -> String {
        let mut body = String::new();
        for (who, known) in &self.facts {
            body.push_str(&sentence(who, known));
            body.push_str(". ");
        }
        body + &self.asked + "?"
    }

    fn key(&self) -> String {
        let mut sentences: Vec<String> = self.facts.iter().map(|(who, known)| sentence(who, known)).collect();
        sentences.sort();
        sentences.join(". ") + &self.asked
    }

    fn sentence(&self) -> String {
        let facts: Vec<String> = self.facts.iter().map(|(who, known)| sentence(who, known)).collect();
        format!("{}. How many does {} have?", facts.join(". "), self.asked)
    }

    fn level(&self) -> u32 {
        self.chain().map_or(0, |chain| chain.len() as u32 - 1)
    }

    fn answer(&self) -> String {
        self.value().map_or_else(String::new, |value| value.to_string())
    }

    fn work(&self, mut hand: Hand<'_>) -> Worked {
        let mut value = 0;
        for (person, known) in self.chain().unwrap_or_default() {
            match known {
                Known::Number(number, _) => {
                    hand.lead(format!("{person}={number};"));
                    value = *number;
                }
                Known::Relation(operation, operand, _) => {
                    let head = format!("{person}={value}{}{operand}=", operation.sign());
                    value = hand.compute(&head, operation.apply(value, *operand).unwrap_or(value));
                }
            }
        }
        hand.finish(";", Some(value.to_string()))
    }

    fn check(&self, said: &str) -> Checked {
        self.value().map_or_else(Checked::malformed, |gold| Checked::integer(said, gold))
    }
}
