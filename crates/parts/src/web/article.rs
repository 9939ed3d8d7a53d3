//! How-to articles about what can be done on sites: procedures in words, without pages and without values.
//!
//! Sentences name what is pressed or filled in by any of its labels, never what to fill in; some are branches
//! or remarks. A few articles are about things that no screen helps with.

use super::lexicon::{Pool, labels};
use super::template::{Aim, Move, SiteKind, Slot};
use autodidact_core::{Error, Result, Rng};
use rand::Rng as _;
use rand::seq::IndexedRandom;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// An article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Article {
    /// What it is about.
    pub title: String,
    /// Its sentences.
    pub steps: Vec<String>,
}

/// Titles of articles that need hands and not a screen.
const PHYSICAL: [&str; 6] = [
    "How to bake bread",
    "How to repair a bicycle",
    "How to paint a fence",
    "How to plant a tree",
    "How to tie a knot",
    "How to clean a window",
];

const PRESS: [&str; 5] = ["Press", "Click", "Choose", "Select", "Hit"];
const ENTER: [&str; 4] = ["Enter", "Type", "Fill in", "Write"];

impl Article {
    /// A generated article: about a random aim, or for a `physical` share about none.
    pub fn draw(physical: f64, rng: &mut Rng) -> Article {
        if rng.random_bool(physical) {
            let title = (*PHYSICAL.choose(rng).expect("some")).to_owned();
            return Article {
                title,
                steps: vec!["Take your tools.".into(), "Work until it is done.".into()],
            };
        }
        let kind = *SiteKind::ALL.choose(rng).expect("six");
        let aim = kind.template().aims.choose(rng).expect("every kind has aims");
        let mut steps = Vec::new();
        for &step in aim.moves {
            if rng.random_bool(0.15) {
                steps.push("This takes a moment.".to_owned());
            }
            steps.push(sentence(kind, aim, step, rng));
            if rng.random_bool(0.1) {
                let other = concepts(kind).choose(rng).copied().unwrap_or("save");
                let label = labels(other).choose(rng).copied().unwrap_or_default();
                steps.push(format!("If you changed your mind, press '{label}' instead."));
            }
        }
        let title = (*aim.titles.choose(rng).expect("two")).to_owned();
        Article { title, steps }
    }

    /// The articles of a file with one JSON object a line.
    pub fn read(path: &Path) -> Result<Vec<Article>> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Io {
            path: path.to_owned(),
            doing: "reading",
            source,
        })?;
        let parse = |(line, text): (usize, &str)| {
            serde_json::from_str(text).map_err(|error| Error::Data {
                path: path.to_owned(),
                rule: "each line is an object with a title and steps".to_owned(),
                found: format!("line {} is not: {error}", line + 1),
            })
        };
        text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(parse).collect()
    }

    /// The article as text.
    pub fn text(&self) -> String {
        format!("{}\n\n{}", self.title, self.steps.join("\n"))
    }

    /// Whether it can be done on a screen alone, for the generated ones.
    pub fn on_screen(title: &str) -> bool {
        !PHYSICAL.contains(&title)
    }
}

/// The aim that a generated article's title is about.
pub(super) fn aim_of(title: &str) -> Option<(SiteKind, &'static Aim)> {
    let aims = SiteKind::ALL.iter().flat_map(|kind| kind.template().aims.iter().map(|aim| (*kind, aim)));
    let mut found = aims.filter(|(_, aim)| aim.titles.contains(&title));
    found.next()
}

/// The concepts of a kind of sites, each once, in the order of their views.
pub(super) fn concepts(kind: SiteKind) -> Vec<&'static str> {
    let mut found = Vec::new();
    for slot in kind.template().views.iter().flat_map(|view| view.slots) {
        if let Some(concept) = Slot::concept(slot)
            && !found.contains(&concept)
        {
            found.push(concept);
        }
    }
    found
}

/// What a sentence asks to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Press what carries that label.
    Press { concept: &'static str, label: &'static str },
    /// Fill in what carries that label.
    Fill { concept: &'static str, label: &'static str },
    /// Open the item that one means.
    Pick,
    /// Read something and be done.
    Read,
    /// Read what carries that label and be done.
    ReadHeld { concept: &'static str },
    /// Be done.
    End,
}

fn sentence(kind: SiteKind, aim: &Aim, step: Move, rng: &mut Rng) -> String {
    let label = |concept: &str, rng: &mut Rng| *labels(concept).choose(rng).expect("three");
    match step {
        Move::Click(concept) => {
            let verb = PRESS.choose(rng).expect("five");
            let label = label(concept, rng);
            let tail = ["", " to go on", ", it is easy to find"].choose(rng).copied().unwrap_or_default();
            format!("{verb} '{label}'{tail}.")
        }
        Move::Type(concept, slot) => {
            let verb = ENTER.choose(rng).expect("four");
            let pool = aim.slots.iter().find(|(known, _)| *known == slot).map(|(_, pool)| *pool);
            let what = match pool {
                Some(Pool::Person) => "a name",
                Some(Pool::Number) => "a number",
                Some(Pool::Thing) => "what is wanted",
                _ => "some words",
            };
            format!("{verb} {what} in '{}'.", label(concept, rng))
        }
        Move::Pick => {
            let what = match kind {
                SiteKind::Shop => "product",
                SiteKind::Mail => "mail",
                SiteKind::Forum => "topic",
                SiteKind::Bank => "account",
                SiteKind::Settings | SiteKind::Map => "place",
            };
            format!("{} the right {what} in the list.", PRESS.choose(rng).expect("five"))
        }
        Move::Tell => "Read what the page says about it.".to_owned(),
        Move::TellHeld(concept) => format!("Read what stands in '{}'.", label(concept, rng)),
        Move::GoBack => "Go back.".to_owned(),
        Move::Stop => "Now it is done.".to_owned(),
    }
}

/// What a sentence of an article about that kind of sites asks to do; `None` for remarks and branches.
pub(super) fn told(kind: SiteKind, sentence: &str) -> Option<Told> {
    let begins = |verbs: &[&str]| verbs.iter().any(|verb| sentence.starts_with(verb));
    let named = || {
        let label = sentence.split('\'').nth(1)?;
        let of = |concept: &&&'static str| labels(concept).contains(&label);
        let known = concepts(kind);
        let concept = known.iter().find(of)?;
        let label = labels(concept).iter().find(|known| **known == label)?;
        Some((*concept, *label))
    };
    if begins(&PRESS) {
        return Some(match named() {
            Some((concept, label)) => Told::Press { concept, label },
            None => Told::Pick,
        });
    }
    if begins(&ENTER) {
        return named().map(|(concept, label)| Told::Fill { concept, label });
    }
    if sentence.starts_with("Read") {
        return Some(named().map_or(Told::Read, |(concept, _)| Told::ReadHeld { concept }));
    }
    sentence.starts_with("Now").then_some(Told::End)
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Seed;

    #[test]
    fn an_article_tells_its_steps_in_many_words_and_without_values() {
        let mut rng = Seed::root(2).rng();
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..400 {
            let article = Article::draw(0.0, &mut rng);
            let (kind, aim) = aim_of(&article.title).expect("about an aim");
            let told: Vec<Told> = article.steps.iter().filter_map(|step| told(kind, step)).collect();
            assert_eq!(told.len(), aim.moves.len(), "{article:?}");
            for (told, step) in told.iter().zip(aim.moves) {
                let same = match (told, *step) {
                    (Told::Press { concept, .. }, Move::Click(wanted))
                    | (Told::Fill { concept, .. }, Move::Type(wanted, _))
                    | (Told::ReadHeld { concept }, Move::TellHeld(wanted)) => *concept == wanted,
                    (Told::Pick, Move::Pick) | (Told::Read, Move::Tell) | (Told::End, Move::Stop) => true,
                    _ => false,
                };
                assert!(same, "{told:?} for {step:?}");
            }
            assert!(!article.text().contains('{'));
            seen.insert(article.text());
        }
        assert!(seen.len() > 350, "{} different ones", seen.len());
    }

    #[test]
    fn some_articles_need_no_screen() {
        let mut rng = Seed::root(3).rng();
        let articles: Vec<Article> = (0..400).map(|_| Article::draw(0.2, &mut rng)).collect();
        let physical = articles.iter().filter(|one| !Article::on_screen(&one.title)).count();
        assert!((50..110).contains(&physical), "{physical}");
        assert!(articles.iter().all(|one| Article::on_screen(&one.title) == aim_of(&one.title).is_some()));
    }

    #[test]
    fn articles_are_read_from_a_file_and_a_bad_line_is_named() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("articles.jsonl");
        std::fs::write(&path, "{\"title\": \"A\", \"steps\": [\"b\"]}\n\n{\"title\": 1}\n").expect("writes");
        let error = Article::read(&path).expect_err("line 3").to_string();
        assert!(error.contains("line 3"), "{error}");
        std::fs::write(&path, "{\"title\": \"A\", \"steps\": [\"b\"]}\n").expect("writes");
        assert_eq!(Article::read(&path).expect("reads")[0].text(), "A\n\nb");
    }
}
