//! Topic-guided red-teaming: hard questions from topics that a model thinks of itself.
//!
//! For each type of question the model continues a list of topics; what is well formed and new is kept and
//! shown to it again. Every type is then cut to the count of the smallest, so that no type crowds out
//! another. Last the model writes one question for each (type, topic), under a numbered hint that its line
//! must repeat.

use super::numbered::items;
use std::collections::{BTreeMap, BTreeSet};

/// Why a topic or a line was dropped; the names of drop reasons.
pub type Reason = &'static str;

/// What is wrong with a topic's shape, if anything: it must have 1 to 3 words (`words`), begin with a
/// capital (`case`) and not end in punctuation (`punctuation`).
pub fn fault(topic: &str) -> Option<Reason> {
    let words = topic.split_whitespace().count();
    if !(1..=3).contains(&words) {
        return Some("words");
    }
    if !topic.starts_with(char::is_uppercase) {
        return Some("case");
    }
    topic.ends_with(|letter: char| letter.is_ascii_punctuation()).then_some("punctuation")
}

/// Topics by type of question, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topics {
    by_type: BTreeMap<String, Vec<String>>,
}

impl Topics {
    /// Topics that people gave, as (type, topic); repetitions count once.
    pub fn of<'a>(seeds: impl IntoIterator<Item = (&'a str, &'a str)>) -> Topics {
        let mut topics = Topics::default();
        for (kind, topic) in seeds {
            let known = topics.by_type.entry(kind.to_owned()).or_default();
            if !known.iter().any(|other| same(other, topic)) {
                known.push(topic.to_owned());
            }
        }
        topics
    }

    /// The types, sorted.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        self.by_type.keys().map(String::as_str)
    }

    /// The topics of a type.
    pub fn known(&self, kind: &str) -> &[String] {
        self.by_type.get(kind).map_or(&[], Vec::as_slice)
    }

    /// How many topics each type has.
    pub fn counts(&self) -> BTreeMap<&str, usize> {
        self.by_type.iter().map(|(kind, known)| (kind.as_str(), known.len())).collect()
    }

    /// All pairs of type and topic.
    pub fn pairs(&self) -> usize {
        self.by_type.values().map(Vec::len).sum()
    }

    /// Reads a continued list of topics of `kind`, whose next number was `next`; gives what was dropped,
    /// with the reason. A list that was cut off loses its last entry (`cut`).
    pub fn read(&mut self, kind: &str, text: &str, next: usize, cut_off: bool) -> Vec<(String, Reason)> {
        let mut entries: Vec<String> = items(text, next).into_iter().map(|(_, topic)| topic).collect();
        let mut dropped = Vec::new();
        if cut_off {
            dropped.extend(entries.pop().map(|topic| (topic, "cut")));
        }
        for topic in entries {
            if let Err(reason) = self.add(kind, &topic) {
                dropped.push((topic, reason));
            }
        }
        dropped
    }

    /// Adds one topic; the reason where it is badly formed, or known but for its case (`known`).
    pub fn add(&mut self, kind: &str, topic: &str) -> Result<(), Reason> {
        if let Some(reason) = fault(topic) {
            return Err(reason);
        }
        let known = self.by_type.entry(kind.to_owned()).or_default();
        if known.iter().any(|other| same(other, topic)) {
            return Err("known");
        }
        known.push(topic.to_owned());
        Ok(())
    }

    /// Every type cut to the count of the smallest; those that came first stay.
    pub fn balanced(&self) -> Topics {
        let least = self.by_type.values().map(Vec::len).min().unwrap_or(0);
        let cut = |known: &Vec<String>| known[..least].to_vec();
        Topics { by_type: self.by_type.iter().map(|(kind, known)| (kind.clone(), cut(known))).collect() }
    }

    /// Every pair as (type, topic), the types by turns, so that the first `n` hold each about equally often.
    pub fn by_turns(&self) -> Vec<(String, String)> {
        let most = self.by_type.values().map(Vec::len).max().unwrap_or(0);
        let turn = |n: usize| {
            self.by_type.iter().filter_map(move |(kind, known)| Some((kind.clone(), known.get(n)?.clone())))
        };
        (0..most).flat_map(turn).collect()
    }
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// What a line of a list of questions must begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Its number in the list.
    pub number: usize,
    /// The type of the question.
    pub kind: String,
    /// Its topic.
    pub topic: String,
}

impl Hint {
    /// The beginning of the line: `6. real-time events / Lisbon:`.
    pub fn prefix(&self) -> String {
        format!("{}. {} / {}:", self.number, self.kind, self.topic)
    }

    /// A line as it stands among examples.
    pub fn line(&self, question: &str) -> String {
        format!("{} {question}", self.prefix())
    }
}

/// A question that was written for a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The type of the question.
    pub kind: String,
    /// Its topic.
    pub topic: String,
    /// The question.
    pub text: String,
}

/// Questions that were written so far, one a (type, topic).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Questions {
    kept: Vec<Question>,
    asked: BTreeSet<(String, String)>,
}

impl Questions {
    /// Reads the lines that a model wrote under `hints`; gives what was dropped, with the reason: a line that
    /// does not begin with one of the hints (`hint`), that holds no question (`empty`), a second question
    /// for a type and topic (`known`), the last line of an answer that was cut off (`cut`).
    pub fn read(&mut self, hints: &[Hint], text: &str, cut_off: bool) -> Vec<(String, Reason)> {
        let mut lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let mut dropped = Vec::new();
        if cut_off {
            dropped.extend(lines.pop().map(|line| (line.to_owned(), "cut")));
        }
        for line in lines {
            if let Err(reason) = self.line(hints, line) {
                dropped.push((line.to_owned(), reason));
            }
        }
        dropped
    }

    /// The questions, in the order in which they came.
    pub fn kept(&self) -> &[Question] {
        &self.kept
    }

    /// Whether the pair has its question.
    pub fn holds(&self, kind: &str, topic: &str) -> bool {
        self.asked.contains(&(kind.to_owned(), topic.to_lowercase()))
    }

    fn line(&mut self, hints: &[Hint], line: &str) -> Result<(), Reason> {
        let hinted = hints.iter().find_map(|hint| Some((hint, line.strip_prefix(hint.prefix().as_str())?)));
        let (hint, text) = hinted.ok_or("hint")?;
        let text = text.trim();
        if text.is_empty() {
            return Err("empty");
        }
        if !self.asked.insert((hint.kind.clone(), hint.topic.to_lowercase())) {
            return Err("known");
        }
        let Hint { kind, topic, .. } = hint.clone();
        self.kept.push(Question { kind, topic, text: text.to_owned() });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_has_up_to_three_words_begins_with_a_capital_and_ends_in_no_punctuation() {
        assert_eq!(fault("Great Barrier Reef of Australia"), Some("words"));
        assert_eq!(fault("lady Gaga"), Some("case"));
        assert_eq!(fault("Water."), Some("punctuation"));
        assert_eq!(fault(""), Some("words"));
        assert_eq!(fault("Great Barrier Reef"), None);
        assert_eq!(fault("Zürich"), None);
    }

    #[test]
    fn every_type_is_cut_to_the_smallest_count() {
        let seeds: Vec<(&str, String)> = [("A", 7), ("B", 3), ("C", 5)]
            .into_iter()
            .flat_map(|(kind, n)| (0..n).map(move |i| (kind, format!("{kind}{i}"))))
            .collect();
        let topics = Topics::of(seeds.iter().map(|(kind, topic)| (*kind, topic.as_str())));
        assert_eq!(topics.counts(), BTreeMap::from([("A", 7), ("B", 3), ("C", 5)]));
        let balanced = topics.balanced();
        assert_eq!(balanced.counts(), BTreeMap::from([("A", 3), ("B", 3), ("C", 3)]));
        assert_eq!((topics.pairs(), balanced.pairs()), (15, 9));
        let first: Vec<String> = balanced.by_turns().into_iter().take(4).map(|(_, topic)| topic).collect();
        assert_eq!(first, ["A0", "B0", "C0", "A1"]);
    }

    #[test]
    fn topics_are_new_but_for_their_case() {
        let mut topics = Topics::of([("A", "Rome"), ("A", "rome"), ("B", "Rome")]);
        let dropped = topics.read("A", " Oslo\n4. ROME\n5. Lady Gaga\n6. oslo\n7. Par", 3, true);
        let reasons: Vec<Reason> = dropped.iter().map(|(_, reason)| *reason).collect();
        assert_eq!(reasons, ["cut", "known", "case"]);
        assert_eq!(topics.known("A"), ["Rome", "Oslo", "Lady Gaga"]);
        assert_eq!(topics.known("B"), ["Rome"]);
    }

    #[test]
    fn a_line_counts_only_under_its_hint_and_once_a_topic_and_type() {
        let hint = |number, kind: &str, topic: &str| Hint { number, kind: kind.into(), topic: topic.into() };
        let hints = [hint(6, "now", "Oslo"), hint(7, "legal", "Oslo")];
        let mut questions = Questions::default();
        let text = "6. now / Oslo: What time is it?\n7. now / Oslo: Is it late?\nWhat else?\n\
            7. legal / Oslo:\n7. legal / Oslo: May I park there?\n6. now / Oslo: Is it raining?";
        let dropped = questions.read(&hints, text, false);
        let reasons: Vec<Reason> = dropped.iter().map(|(_, reason)| *reason).collect();
        assert_eq!(reasons, ["hint", "hint", "empty", "known"]);
        let kept: Vec<&str> = questions.kept().iter().map(|question| question.text.as_str()).collect();
        assert_eq!(kept, ["What time is it?", "May I park there?"]);
        assert!(questions.holds("now", "OSLO") && !questions.holds("now", "Rome"));
        // The same pair under another number is no new pair.
        let again = [hint(1, "now", "Oslo")];
        assert_eq!(questions.read(&again, "1. now / Oslo: And now?", false)[0].1, "known");
        assert_eq!(questions.read(&again, "1. now / Oslo: And no", true)[0].1, "cut");
    }
}
