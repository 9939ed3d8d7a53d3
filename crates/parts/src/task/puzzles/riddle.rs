//! Number riddles: two digits by their sum and difference, or a number by what is done to it.

use super::{Item, pick};
use autodidact_core::Rng;
use rand::Rng as _;

/// The recurring parts of its texts.
pub const WORDS: &[&str] = &[
    "I have two digits. They sum to ",
    ". Reversed I grow by ",
    ". Reversed I shrink by ",
    ". The first is ",
    " more than the second.",
    " less than the second.",
    "Add ",
    " to me, then double.",
    " to me, then triple.",
    "Double me, then ",
    "Triple me, then ",
    "add ",
    "take ",
    " You get ",
    ". You get ",
];

pub fn draw(rng: &mut Rng) -> Item {
    match rng.random_range(0..8u32) {
        0 => reversed(rng),
        1 => compared(rng),
        2..=3 => added_first(rng),
        _ => multiplied_first(rng),
    }
}

/// Two different digits, the first of them not 0.
fn digits(rng: &mut Rng) -> (u32, u32) {
    loop {
        let (first, second) = (rng.random_range(1..=9u32), rng.random_range(0..=9u32));
        if first != second {
            return (first, second);
        }
    }
}

/// From the sum and the difference to the smaller digit and then the larger.
fn halved(sum: u32, difference: u32) -> String {
    let twice = sum - difference;
    let small = twice / 2;
    format!("{sum}-{difference}={twice}. {twice}/2={small}. {small}+{difference}={}.", small + difference)
}

fn reversed(rng: &mut Rng) -> Item {
    let (first, second) = digits(rng);
    let (sum, difference) = (first + second, first.abs_diff(second));
    let by = 9 * difference;
    let verb = if second > first { "grow" } else { "shrink" };
    let question = format!("I have two digits. They sum to {sum}. Reversed I {verb} by {by}.");
    let rationale = format!("{by}/9={difference}. {}", halved(sum, difference));
    Item { key: question.clone(), question, rationale, answer: format!("{first}{second}") }
}

fn compared(rng: &mut Rng) -> Item {
    let (first, second) = digits(rng);
    let (sum, difference) = (first + second, first.abs_diff(second));
    let word = if first > second { "more" } else { "less" };
    let question =
        format!("I have two digits. They sum to {sum}. The first is {difference} {word} than the second.");
    Item {
        key: question.clone(),
        question,
        rationale: halved(sum, difference),
        answer: format!("{first}{second}"),
    }
}

const TIMES: [(u32, &str, &str); 2] = [(2, "double", "Double"), (3, "triple", "Triple")];

fn added_first(rng: &mut Rng) -> Item {
    let (number, more) = (rng.random_range(1..=30u32), rng.random_range(1..=9u32));
    let (times, word, _) = pick(&TIMES, rng);
    let (sum, result) = (number + more, (number + more) * times);
    let question = format!("Add {more} to me, then {word}. You get {result}.");
    let rationale = format!("{result}/{times}={sum}. {sum}-{more}={number}.");
    Item { key: question.clone(), question, rationale, answer: number.to_string() }
}

fn multiplied_first(rng: &mut Rng) -> Item {
    let (number, other) = (rng.random_range(2..=30u32), rng.random_range(1..=9u32));
    let (times, _, word) = pick(&TIMES, rng);
    let product = number * times;
    let (verb, back, result) = if rng.random() || product <= other {
        ("add", '-', product + other)
    } else {
        ("take", '+', product - other)
    };
    let question = format!("{word} me, then {verb} {other}. You get {result}.");
    let rationale = format!("{result}{back}{other}={product}. {product}/{times}={number}.");
    Item { key: question.clone(), question, rationale, answer: number.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Seed;

    /// The numbers in a text.
    fn numbers(text: &str) -> Vec<i64> {
        text.split(|one: char| !one.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
    }

    /// Whether the number is what the riddle asks for, read from its words alone.
    fn fits(question: &str, number: i64) -> bool {
        let given = numbers(question);
        let (tens, ones) = (number / 10, number % 10);
        if question.starts_with("I have two digits") {
            let apart = match question {
                text if text.contains("grow") => 10 * ones + tens == number + given[1],
                text if text.contains("shrink") => 10 * ones + tens == number - given[1],
                text if text.contains("more") => tens - ones == given[1],
                _ => ones - tens == given[1],
            };
            return (10..100).contains(&number) && tens + ones == given[0] && apart;
        }
        let times = if question.to_lowercase().contains("double") { 2 } else { 3 };
        match question {
            text if text.starts_with("Add") => (number + given[0]) * times == given[1],
            text if text.contains("add") => number * times + given[0] == given[1],
            _ => number * times - given[0] == given[1],
        }
    }

    #[test]
    fn every_riddle_has_one_answer_and_its_sums_are_right() {
        let mut rng = Seed::root(1).rng();
        for _ in 0..2_000 {
            let item = draw(&mut rng);
            let found: Vec<i64> = (0..100).filter(|&number| fits(&item.question, number)).collect();
            assert_eq!(found, [item.answer.parse::<i64>().expect("a number")], "{}", item.question);
            for step in item.rationale.trim_end_matches('.').split(". ") {
                let (left, right) = step.split_once('=').expect("a step has a result");
                let operation = left.find(['-', '+', '/']).expect("a step has an operation");
                let (a, b) = (numbers(&left[..operation])[0], numbers(&left[operation + 1..])[0]);
                let value = match &left[operation..=operation] {
                    "-" => a - b,
                    "+" => a + b,
                    _ if a % b == 0 => a / b,
                    _ => panic!("{step} is not whole"),
                };
                assert_eq!(value.to_string(), right, "{}", item.rationale);
            }
        }
    }

    #[test]
    fn the_riddle_of_the_books_page_is_solved_as_there() {
        assert_eq!(halved(9, 3), "9-3=6. 6/2=3. 3+3=6.");
        assert!(fits("I have two digits. They sum to 9. Reversed I grow by 27.", 36));
    }
}
