//! A scripted model that plays a chat model for the prompts of self-guide, self and self-align.
//!
//! It knows a recipe's prompt by its words, as a chat model would, and draws what it says from the request's
//! seed. It is right most of the time, and sometimes writes what a recipe has to drop.

use autodidact_core::chat::Message;
use autodidact_core::{Rng, Seed};
use autodidact_testkit::endpoint::{Reply, Request};
use rand::Rng as _;
use rand::seq::IndexedRandom;

/// What the model says.
pub fn reply(request: &Request) -> Reply {
    let messages = request.messages();
    let system = messages.iter().find(|turn| turn.role == "system").map_or("", |turn| turn.content.as_str());
    let said = request.prompt();
    // The same seed means another thing to another prompt.
    let mut rng = Seed::root(request.seed().unwrap_or(0)).at(&request.text(), 0).rng();
    let text = match () {
        () if system.starts_with("You write test inputs for a task.") => input(&said, &mut rng),
        () if system.starts_with("You follow a task's instruction exactly") => weather(&messages, &mut rng),
        () if system.starts_with("You answer questions.") => worked(&said, &mut rng),
        () if system.starts_with("You check worked answers") => checked(&said),
        () if system.starts_with("You write exercise questions") => exercises(&said, &mut rng),
        () if system.starts_with("You think of tasks") => tasks(&said, &mut rng),
        () if system.starts_with("You think of topics") => topics(&said, &mut rng),
        () if system.starts_with("You write questions that an assistant") => hard_questions(&said),
        () if system.starts_with("You write the next part of a transcript") => helper(&said, &mut rng),
        () => return Reply::error(400, "the scripted model does not know this prompt"),
    };
    Reply::text(text)
}

const GOOD: [&str; 6] = [
    "in warm sunshine",
    "under a clear sky",
    "in a gentle breeze",
    "on a bright day",
    "without a cloud",
    "in the sun",
];
const BAD: [&str; 6] = [
    "in pouring rain",
    "through a hailstorm",
    "in thick fog",
    "during a gale",
    "in freezing sleet",
    "in the sleet",
];
const WHO: [&str; 8] = [
    "My sister",
    "The whole class",
    "Our neighbour",
    "The old dog",
    "A friend",
    "The team",
    "Grandfather",
    "She",
];
const DID: [&str; 8] = [
    "walked along the river",
    "waited for the last bus",
    "had lunch in the garden",
    "climbed the hill again",
    "repaired the garden fence",
    "sailed across the bay",
    "cycled to the market",
    "played until the evening",
];

fn one<'a>(words: &[&'a str], rng: &mut Rng) -> &'a str {
    words.choose(rng).copied().expect("not empty")
}

/// A sentence about the weather, of the label that is asked for where one is.
fn input(said: &str, rng: &mut Rng) -> String {
    let good = match said.split_once("whose right output is \"") {
        Some((_, label)) => label.starts_with("good"),
        None => rng.random_bool(0.5),
    };
    let sentence =
        format!("{} {} {}.", one(&WHO, rng), one(&DID, rng), one(if good { &GOOD } else { &BAD }, rng));
    match rng.random_range(0..12) {
        0 => format!("Sure! Here is one: {sentence}"),
        1..6 => format!("\"{sentence}\""),
        _ => sentence,
    }
}

/// Whether the last sentence speaks of good weather; wrong once in ten times.
fn weather(messages: &[Message], rng: &mut Rng) -> String {
    let sentence = messages.last().map_or("", |turn| turn.content.as_str());
    let good = GOOD.iter().any(|phrase| sentence.contains(phrase)) != rng.random_bool(0.1);
    (if good { "good" } else { "bad" }).to_owned()
}

fn numbers(text: &str) -> Vec<i64> {
    text.split(|letter: char| !letter.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

/// The solution in steps of a two-step problem.
fn solved(question: &str) -> Option<String> {
    let (a, b, c) = match numbers(question).as_slice() {
        [a, b, c] => (*a, *b, *c),
        [a, b] => (*a, *b, 0),
        _ => return None,
    };
    Some(match question.contains("both?") {
        true => format!("{a}+{b}={};{a}+{}={}", a + b, a + b, a + a + b),
        false => format!("{a}+{b}={};{}+{c}={}", a + b, a + b, a + b + c),
    })
}

/// An answer, wrong by ten in three of ten.
fn worked(question: &str, rng: &mut Rng) -> String {
    let Some(right) = solved(question.trim()) else { return "I do not know.".to_owned() };
    let (steps, last) = right.rsplit_once('=').expect("a solution has steps");
    match rng.random_bool(0.3) {
        true => format!("{steps}={}", last.parse::<i64>().expect("a number") + 10),
        false => right,
    }
}

/// The part of a prompt between two headings.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or(("", text));
    rest.split_once(to).map_or(rest, |(part, _)| part).trim()
}

/// Criticism that sees every mistake.
fn checked(said: &str) -> String {
    let question = between(said, "Question:\n", "\n\nAnswer:");
    let answer = between(said, "Answer:\n", "\n\nFirst go through");
    match solved(question) {
        Some(right) if right == answer => "Analysis:\nBoth steps are right.\n\nVerdict: correct".to_owned(),
        Some(right) => {
            format!("Analysis:\nThe last sum is wrong.\n\nVerdict: incorrect\n\nRefined answer:\n{right}")
        }
        None => "Analysis:\nThis cannot be checked.".to_owned(),
    }
}

/// Five more sums.
fn exercises(said: &str, rng: &mut Rng) -> String {
    let next = between(said, "numbered from ", ".").parse::<usize>().unwrap_or(1);
    let mut line = |i: usize| {
        let mut number = || rng.random_range(10..100);
        format!("{}. {}+{}+{}?", next + i, number(), number(), number())
    };
    (0..5).map(&mut line).collect::<Vec<_>>().join("\n")
}

const SUBJECTS: [&str; 16] = [
    "volcanoes",
    "sourdough",
    "chess openings",
    "tidal power",
    "haiku",
    "bees",
    "taxes",
    "glaciers",
    "violins",
    "compost",
    "lighthouses",
    "fractions",
    "deserts",
    "printing",
    "owls",
    "harbours",
];
const ORDERS: [&str; 10] = [
    "Tell a beginner what matters most about",
    "Write four rhyming lines on",
    "List three common mistakes people make with",
    "Invent a short dialogue between two friends over",
    "Which questions would an expert put about",
    "Summarise for a busy reader the history of",
    "Prepare a quiz with answers about",
    "Argue in two sentences against",
    "Compose a polite letter that asks for help with",
    "Describe step by step how to get started with",
];

/// A list goes on from its last number up to the one that is asked for.
fn numbers_to(said: &str, list: &str) -> std::ops::RangeInclusive<usize> {
    let to = numbers(between(said, "up to number ", "\n")).first().map_or(0, |to| *to as usize);
    let shown = said.rsplit("\n\n").next().unwrap_or(list);
    let last = shown.lines().filter_map(|line| line.split_once(". ")?.0.parse::<usize>().ok()).max();
    last.unwrap_or(0) + 1..=to
}

fn tasks(said: &str, rng: &mut Rng) -> String {
    let task = |n: usize| match rng.random_range(0..8) {
        0 => format!("{n}. Draw a picture of {}.", one(&SUBJECTS, rng)),
        _ => format!("{n}. {} {} and {}.", one(&ORDERS, rng), one(&SUBJECTS, rng), one(&SUBJECTS, rng)),
    };
    numbers_to(said, "").map(task).collect::<Vec<_>>().join("\n")
}

fn topics(said: &str, rng: &mut Rng) -> String {
    const FIRST: [&str; 12] = [
        "Lake", "Mount", "Old", "New", "North", "Grand", "Silver", "Green", "Upper", "Little", "Royal",
        "Blue",
    ];
    const SECOND: [&str; 12] = [
        "Arden", "Bellow", "Carrick", "Dorn", "Elm", "Farrow", "Garth", "Holm", "Ister", "Juno", "Kestrel",
        "Lorn",
    ];
    let topic = |n: usize| format!("{n}. {} {}", one(&FIRST, rng), one(&SECOND, rng));
    numbers_to(said, "").map(topic).collect::<Vec<_>>().join("\n")
}

/// Each line repeated, with a question.
fn hard_questions(said: &str) -> String {
    let hints = said.rsplit("\n\n").next().unwrap_or_default();
    let line = |hint: &str| {
        let topic = hint.rsplit_once(" / ").map_or(hint, |(_, topic)| topic.trim_end_matches(':'));
        format!("{hint} What is happening around {topic} right now, and who says so?")
    };
    hints.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Thoughts, then a reply that the user is meant to see.
fn helper(said: &str, rng: &mut Rng) -> String {
    let query = between(said.rsplit("### User\n").next().unwrap_or_default(), "", "\n### Thoughts");
    let rule = rng.random_range(1..=16);
    let asked: Vec<&str> = query.split_whitespace().take(12).collect();
    format!(
        "I am Helper, an assistant that follows written rules. Rule {rule} applies here.\n### Reply\nYou asked: {}. \
         What I can say with confidence is little, since my knowledge ends at some date; a good library or an \
         expert in {} will tell you more.",
        asked.join(" "),
        one(&SUBJECTS, rng)
    )
}
