//! Three or four people in a row, by who sits beside whom.

use super::{Item, pick, picks};
use autodidact_core::Rng;
use rand::Rng as _;
use rand::seq::SliceRandom;

const PEOPLE: [&str; 8] = ["Ann", "Bob", "Cid", "Dee", "Eve", "Fay", "Gus", "Hal"];
const PLACES: [&str; 4] = ["first", "second", "third", "fourth"];

/// The recurring parts of its texts.
pub const WORDS: &[&str] = &[
    "In a row,",
    " is left of",
    " is right of",
    " Who is first?",
    " Who is second?",
    " Who is third?",
    " Who is fourth?",
    "From left:",
    " Ann",
    " Bob",
    " Cid",
    " Dee",
    " Eve",
    " Fay",
    " Gus",
    " Hal",
];

pub fn draw(rng: &mut Rng) -> Item {
    let n = pick(&[3, 4], rng);
    let row = picks(&PEOPLE, n, rng);
    let asked = rng.random_range(0..n as u32) as usize;
    let mut clues: Vec<String> = row
        .windows(2)
        .map(|two| match rng.random() {
            true => format!(" {} is left of {}.", two[0], two[1]),
            false => format!(" {} is right of {}.", two[1], two[0]),
        })
        .collect();
    clues.shuffle(rng);
    let row_text = row.join(", ");
    Item {
        question: format!("In a row,{} Who is {}?", clues.concat(), PLACES[asked]),
        rationale: format!("From left: {row_text}."),
        answer: row[asked].to_owned(),
        key: format!("{row_text}: {asked}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Seed;

    /// Every order of these.
    fn orders(of: &[&'static str]) -> Vec<Vec<&'static str>> {
        if of.is_empty() {
            return vec![Vec::new()];
        }
        let first = |i: usize| {
            let rest = [&of[..i], &of[i + 1..]].concat();
            orders(&rest).into_iter().map(move |order| [vec![of[i]], order].concat())
        };
        (0..of.len()).flat_map(first).collect()
    }

    #[test]
    fn exactly_one_row_keeps_all_clues_and_the_asked_place_is_right() {
        let mut rng = Seed::root(2).rng();
        for _ in 0..300 {
            let item = draw(&mut rng);
            let named: Vec<&str> = PEOPLE.into_iter().filter(|who| item.question.contains(who)).collect();
            let clues = item.question.strip_prefix("In a row,").expect("the opening");
            let (clues, place) = clues.rsplit_once(" Who is ").expect("a question");
            let keeps = |row: &[&str]| {
                clues.split('.').map(str::trim).filter(|clue| !clue.is_empty()).all(|clue| {
                    let words: Vec<&str> = clue.split(' ').collect();
                    let at = |who| row.iter().position(|one| *one == who).expect("is named") as i64;
                    let apart = at(words[4]) - at(words[0]);
                    apart == if words[2] == "left" { 1 } else { -1 }
                })
            };
            let rows: Vec<Vec<&str>> = orders(&named).into_iter().filter(|row| keeps(row)).collect();
            assert_eq!(rows.len(), 1, "{}", item.question);
            let place =
                PLACES.iter().position(|known| place.trim_end_matches('?') == *known).expect("a place");
            assert_eq!(rows[0][place], item.answer, "{}", item.question);
            assert!(item.rationale.contains(&rows[0].join(", ")));
        }
    }
}
