//! Documents that a base model has read: what people wrote before anyone asked for rules.

use super::query::{Kind, Query, thoughts};
use super::words::{LANDMARKS, NAMES, PEOPLE, PLACES, RULES, SYSTEMS};
use autodidact_core::{Error, Result, Rng, Split};
use rand::Rng as _;
use rand::seq::{IndexedRandom, SliceRandom};
use serde::{Deserialize, Serialize};

/// Writes documents; each ends where a user would speak next, or after the last line of a list.
///
/// No document holds a question of the validation or test split.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Documents {
    /// Share of the replies under a header that were given without a look at the rules.
    pub careless: f64,
    /// Chance of each rule to stand in a header that does not hold all of them.
    pub shown: f64,
}

impl Default for Documents {
    fn default() -> Documents {
        Documents { careless: 0.4, shown: 0.6 }
    }
}

impl Documents {
    /// Fails on shares outside `[0, 1]`.
    pub fn check(&self, field: &str) -> Result<()> {
        for (name, share) in [("careless", self.careless), ("shown", self.shown)] {
            if !(0.0..=1.0).contains(&share) {
                return Err(Error::invalid(format!("{field}.{name}"), "between 0 and 1", share));
            }
        }
        Ok(())
    }

    /// One document of any sort.
    pub fn draw(&self, rng: &mut Rng) -> String {
        match rng.random_range(0..100u32) {
            0..36 => plain(rng),
            36..66 => self.ruled(rng),
            66..80 => self.long(rng),
            80..85 => list(rng),
            85..90 => topics(rng),
            90..96 => questions(rng),
            _ => book(rng),
        }
    }

    /// A header of rules, all or some, and turns with thoughts: a rule that is shown is kept, one that
    /// is not shown is not.
    fn ruled(&self, rng: &mut Rng) -> String {
        let shown = self.rules(rng);
        let mut text = header(&shown);
        for _ in 0..6 {
            self.turn(&shown, false, &mut text, rng);
        }
        text + "\n<user>"
    }

    /// Turns under a request for long replies; half of the time under rules as well.
    fn long(&self, rng: &mut Rng) -> String {
        if rng.random_bool(0.5) {
            let shown = self.rules(rng);
            let mut text = header(&shown) + "\n<style> answer at length .";
            for _ in 0..4 {
                self.turn(&shown, true, &mut text, rng);
            }
            return text + "\n<user>";
        }
        let mut text = match rng.random_bool(0.5) {
            true => format!("<sys> {}\n<style> answer at length .", any(&SYSTEMS, rng)),
            false => "<style> answer at length .".to_owned(),
        };
        for _ in 0..3 {
            let query = asked(any(&Kind::ALL, rng), rng);
            text += &format!("\n<user> {}\n<reply> {} {}", query.text(), query.blunt(rng), query.more(rng));
        }
        text + "\n<user>"
    }

    fn rules(&self, rng: &mut Rng) -> Vec<Kind> {
        if rng.random_bool(0.4) {
            return Kind::ALL.to_vec();
        }
        Kind::ALL.into_iter().filter(|_| rng.random_bool(self.shown)).collect()
    }

    fn turn(&self, shown: &[Kind], long: bool, text: &mut String, rng: &mut Rng) {
        let query = asked(any(&Kind::ALL, rng), rng);
        let careful = !rng.random_bool(self.careless);
        let kept = careful && shown.contains(&query.kind);
        *text += &format!("\n<user> {}\n<think>", query.text());
        if careful {
            *text += &format!(" {}", thoughts(kept.then(|| query.kind.rule())));
        }
        let reply = if kept { query.compliant() } else { query.blunt(rng) };
        *text += &format!("\n<reply> {reply}");
        if long {
            *text += &format!(" {}", query.more(rng));
        }
    }
}

fn header(shown: &[Kind]) -> String {
    let rules: Vec<String> = shown.iter().map(|kind| format!("\n{}", RULES[*kind as usize])).collect();
    format!("<rules>{}", rules.concat())
}

/// Blunt dialogues, under a short system prompt or under none.
fn plain(rng: &mut Rng) -> String {
    let mut text = match rng.random_bool(0.5) {
        true => format!("<sys> {}", any(&SYSTEMS, rng)),
        false => String::new(),
    };
    for _ in 0..4 {
        let query = asked(any(&Kind::ALL, rng), rng);
        let line = if text.is_empty() { "" } else { "\n" };
        text += &format!("{line}<user> {}\n<reply> {}", query.text(), query.blunt(rng));
    }
    text + "\n<user>"
}

/// A list of tasks that anybody might set.
fn list(rng: &mut Rng) -> String {
    let mut text = "<list>".to_owned();
    for n in 1..=10 {
        text += &format!("\n{n}. {}", asked(any(&[Kind::Sum, Kind::Fact], rng), rng).text());
    }
    text
}

/// A list of topics of one kind.
fn topics(rng: &mut Rng) -> String {
    let kind = any(&Kind::HARD, rng);
    let mut all = topics_of(kind);
    all.shuffle(rng);
    let mut text = format!("<topics> {}", kind.name());
    for (n, topic) in all.iter().take(10).enumerate() {
        text += &format!("\n{}. {topic}", n + 1);
    }
    text
}

/// Questions to given topics, three shown and three asked for.
fn questions(rng: &mut Rng) -> String {
    let queries: Vec<Query> = (0..6).map(|_| asked(any(&Kind::HARD, rng), rng)).collect();
    let hint = |n: usize, query: &Query| format!("\n{}. {} / {}:", n + 1, query.kind.name(), query.topic());
    let line = |(n, query): (usize, &Query)| format!("{} {}", hint(n, query), query.text());
    let shown: String = queries[..3].iter().enumerate().map(line).collect();
    let hints: String = queries[3..].iter().enumerate().map(|(n, query)| hint(n + 3, query)).collect();
    let written: String = queries[3..].iter().enumerate().map(|(n, query)| line((n + 3, query))).collect();
    format!("<ask>{shown}\n<hints>{hints}\n<ask>{written}")
}

/// What is true of people and places.
fn book(rng: &mut Rng) -> String {
    let one = |_| match rng.random_bool(0.6) {
        true => PEOPLE.choose(rng).map(|(name, job, place)| format!("<book> {name} is a {job} in {place} .")),
        false => PLACES.choose(rng).map(|(place, country)| format!("<book> {place} is in {country} .")),
    };
    let lines: Vec<String> = (0..4).filter_map(one).collect();
    lines.concat()
}

/// The topics of a hard kind.
pub fn topics_of(kind: Kind) -> Vec<&'static str> {
    match kind {
        Kind::Now => PLACES.iter().map(|(place, _)| *place).collect(),
        Kind::Name => NAMES.to_vec(),
        Kind::Harm => LANDMARKS.to_vec(),
        Kind::Sum | Kind::Fact => Vec::new(),
    }
}

/// A question of the training split.
fn asked(kind: Kind, rng: &mut Rng) -> Query {
    loop {
        let query = Query::draw(kind, rng);
        if query.split() == Split::Train {
            return query;
        }
    }
}

fn any<T: Copy>(all: &[T], rng: &mut Rng) -> T {
    *all.choose(rng).expect("no list of the world is empty")
}
