//! Whether one thing implies another, through a chain of three implications about things that are not.

use super::{Item, picks};
use autodidact_core::Rng;
use rand::Rng as _;
use rand::seq::SliceRandom;

const NOUNS: [&str; 10] = ["zug", "wim", "fex", "bol", "dax", "kip", "lor", "mun", "pov", "tas"];

/// The recurring parts of its texts.
pub const WORDS: &[&str] = &[
    "Every",
    " Every",
    " is a",
    " Is every",
    " a",
    "From",
    " to",
    ", no further.",
    " yes",
    " no",
    " zug",
    " wim",
    " fex",
    " bol",
    " dax",
    " kip",
    " lor",
    " mun",
    " pov",
    " tas",
];

pub fn draw(rng: &mut Rng) -> Item {
    let chain = picks(&NOUNS, 4, rng);
    let from = rng.random_range(0..4u32) as usize;
    let to = (from + rng.random_range(1..4u32) as usize) % 4;
    let mut facts: Vec<String> =
        chain.windows(2).map(|two| format!("Every {} is a {}.", two[0], two[1])).collect();
    facts.shuffle(rng);
    let follows = to > from;
    let way = if follows { &chain[from..=to] } else { &chain[from..] };
    let end = if follows { "." } else { ", no further." };
    Item {
        question: format!("{} Is every {} a {}?", facts.join(" "), chain[from], chain[to]),
        rationale: format!("From {}{end}", way.join(" to ")),
        answer: if follows { "yes" } else { "no" }.to_owned(),
        key: format!("{}: {from} {to}", chain.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Seed;
    use std::collections::BTreeMap;

    #[test]
    fn the_answer_is_whether_the_facts_lead_there() {
        let mut rng = Seed::root(5).rng();
        let mut yes = 0;
        for _ in 0..600 {
            let item = draw(&mut rng);
            let (facts, asked) = item.question.rsplit_once(". Is every ").expect("a question");
            let facts: BTreeMap<&str, &str> = facts
                .split(". ")
                .map(|fact| {
                    let words: Vec<&str> = fact.split(' ').collect();
                    (words[1], words[4])
                })
                .collect();
            let (from, to) = asked.trim_end_matches('?').split_once(" a ").expect("two nouns");
            let mut at = Some(from);
            while at.is_some_and(|noun| noun != to) {
                at = facts.get(at.expect("is some")).copied();
            }
            assert_eq!(item.answer, if at.is_some() { "yes" } else { "no" }, "{}", item.question);
            yes += usize::from(at.is_some());
        }
        assert!((240..360).contains(&yes), "{yes} of 600 are answered yes");
    }
}
