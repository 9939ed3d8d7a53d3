//! The words for a world: what the options are called, the instruction, the query.

use autodidact_core::Seed;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

/// Which story is told. The texts are ours; the stories are EVOLvE's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wording {
    /// Buttons named by colours.
    Buttons,
    /// Adverts named by letters.
    Adverts,
    /// Videos named by letters: names that mean nothing.
    #[default]
    Videos,
    /// Clothes with invented names: names that mean something, but nothing that helps.
    Clothes,
    /// Films for users of whom something is known: the words for a contextual world.
    Films,
}

/// How much the instruction says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Instruction {
    /// The task alone.
    Base,
    /// The task and a sentence of advice to balance exploration and exploitation.
    #[default]
    Detailed,
}

const ADVICE: &str = include_str!("prompts/advice.txt");
const HEADER: &str = include_str!("prompts/header.txt");
const QUERY: &str = include_str!("prompts/query.txt");
const QUERY_CONTEXT: &str = include_str!("prompts/query_context.txt");

impl Wording {
    /// The name in run files.
    pub fn name(self) -> &'static str {
        match self {
            Wording::Buttons => "buttons",
            Wording::Adverts => "adverts",
            Wording::Videos => "videos",
            Wording::Clothes => "clothes",
            Wording::Films => "films",
        }
    }

    /// What one option is.
    pub fn unit(self) -> &'static str {
        match self {
            Wording::Buttons => "button",
            Wording::Adverts => "advert",
            Wording::Videos => "video",
            Wording::Clothes => "item",
            Wording::Films => "film",
        }
    }

    fn task(self) -> &'static str {
        match self {
            Wording::Buttons => include_str!("prompts/buttons.txt"),
            Wording::Adverts => include_str!("prompts/adverts.txt"),
            Wording::Videos => include_str!("prompts/videos.txt"),
            Wording::Clothes => include_str!("prompts/clothes.txt"),
            Wording::Films => include_str!("prompts/films.txt"),
        }
    }

    /// Names in the order of the lists; the alphabet and then its pairs where there is no list.
    fn known_names(self) -> Vec<String> {
        let listed = |text: &str| text.lines().map(str::to_owned).collect();
        match self {
            Wording::Buttons => listed(include_str!("prompts/buttons.names.txt")),
            Wording::Clothes => listed(include_str!("prompts/clothes.names.txt")),
            Wording::Films => listed(include_str!("prompts/films.names.txt")),
            Wording::Adverts | Wording::Videos => ('A'..='Z').map(String::from).collect(),
        }
    }
}

/// The words for one world: a story and what its options are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speech {
    /// The story.
    pub wording: Wording,
    /// The options' names, arm 0 first; all different, whatever their case.
    pub names: Vec<String>,
}

impl Speech {
    /// Words for `arms` arms; which name an arm gets follows from `seed`.
    ///
    /// Where a list holds fewer names than there are arms, names are numbered: `red 2`.
    pub fn of(wording: Wording, arms: usize, seed: Seed) -> Speech {
        let mut names = wording.known_names();
        names.shuffle(&mut seed.at("names", 0).rng());
        let listed = names.len();
        for i in listed..arms {
            names.push(format!("{} {}", names[i % listed], i / listed + 1));
        }
        names.truncate(arms);
        Speech { wording, names }
    }

    /// What the player is told before everything else.
    pub fn instruction(&self, version: Instruction) -> String {
        let count = self.names.len().to_string();
        let separator = if self.wording == Wording::Films { "; " } else { ", " };
        let task = fill(self.wording.task(), &[("count", &count), ("names", &self.names.join(separator))]);
        match version {
            Instruction::Base => task,
            Instruction::Detailed => format!("{task}\n{ADVICE}"),
        }
    }

    /// The question of a world without context.
    pub fn query(&self) -> String {
        fill(QUERY, &[("unit", self.wording.unit()), ("names", &self.names.join(", "))])
    }

    /// The question of a contextual world: who has come, and what the guide says of the options, empty
    /// without one.
    pub fn query_in(&self, features: &[f64], guide: &str) -> String {
        let holes = [("unit", self.wording.unit()), ("context", &*numbers(features)), ("guide", guide)];
        // The cue ends the text: what follows is the answer.
        fill(QUERY_CONTEXT, &holes).trim_end().to_owned() + " "
    }

    /// What stands above the history.
    pub fn header(&self, steps: usize) -> String {
        fill(HEADER, &[("steps", &steps.to_string())])
    }
}

/// Features as text: four decimals, since entries of singular vectors are small.
pub(super) fn numbers(features: &[f64]) -> String {
    let each: Vec<String> = features.iter().map(|x| format!("{x:.4}")).collect();
    format!("[{}]", each.join(", "))
}

/// The template with its `{name}` holes filled, each once; values are not looked into.
pub(super) fn fill(template: &str, holes: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let (before, from) = rest.split_at(open);
        out.push_str(before);
        let hole = holes
            .iter()
            .find(|(name, _)| from[1..].strip_prefix(name).is_some_and(|after| after.starts_with('}')));
        match hole {
            Some((name, value)) => {
                out.push_str(value);
                rest = &from[name.len() + 2..];
            }
            None => {
                out.push('{');
                rest = &from[1..];
            }
        }
    }
    out + rest
}
