//! Self-instruct: tasks that a model invents by continuing a numbered list of tasks.
//!
//! A prompt shows some known tasks as a list, the model goes on with it, and its items are read back, each an
//! instruction and perhaps an input. Badly formed ones and those too like a known one are dropped by
//! [`Form::rules`]; the rest joins the pool.

use super::numbered::items;
use crate::filter::{Chain, Length, Near, Rule, Start, Unit, When};
use autodidact_core::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A task for an assistant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// What is to be done.
    pub text: String,
    /// What it is to be done to; often empty.
    pub input: String,
}

impl Instruction {
    /// A line of a file of seeds: `text` or `text || input`.
    pub fn seed(line: &str) -> Instruction {
        let (text, input) = line.split_once("||").unwrap_or((line, ""));
        Instruction { text: text.trim().to_owned(), input: input.trim().to_owned() }
    }

    /// An item of a list: the instruction, then its input after a line that begins with `Input:`. Such inputs
    /// as `<noinput>`, `none` and `n/a` are none.
    pub fn parse(item: &str) -> Instruction {
        let item = item.trim_start();
        let item = item.strip_prefix("Instruction:").unwrap_or(item);
        let (text, input) = match item.split_once("\nInput:") {
            Some((text, input)) => (text, input.trim()),
            None => (item, ""),
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        let none = ["<noinput>", "none", "n/a"].contains(&input.to_lowercase().trim_end_matches('.'));
        Instruction { text: words.join(" "), input: if none { String::new() } else { input.to_owned() } }
    }

    /// The item as a list shows it.
    pub fn line(&self, number: usize) -> String {
        match self.input.as_str() {
            "" => format!("{number}. {}", self.text),
            input => format!("{number}. {}\nInput: {input}", self.text),
        }
    }

    /// What a user would ask.
    pub fn query(&self) -> String {
        match self.input.as_str() {
            "" => self.text.clone(),
            input => format!("{}\n\n{input}", self.text),
        }
    }
}

/// When an instruction is badly formed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Form {
    /// An instruction of so many words is too short.
    pub short: u32,
    /// The most words of an instruction.
    pub most: u32,
    /// Words that a text-only assistant cannot serve; whole words, whatever their case.
    pub banned: Vec<String>,
}

impl Default for Form {
    fn default() -> Form {
        let banned = [
            "image",
            "images",
            "picture",
            "pictures",
            "photo",
            "photos",
            "graph",
            "graphs",
            "chart",
            "charts",
            "diagram",
            "diagrams",
            "plot",
            "plots",
            "map",
            "maps",
            "video",
            "videos",
            "audio",
            "music",
            "song",
            "file",
            "files",
            "draw",
            "flowchart",
            "website",
            "link",
        ];
        Form { short: 3, most: 150, banned: banned.map(str::to_owned).to_vec() }
    }
}

impl Form {
    /// Fails on bounds that leave nothing; `field` is the dotted name of this value.
    pub fn check(&self, field: &str) -> Result<()> {
        match self.most > self.short {
            true => Ok(()),
            false => Err(Error::invalid(
                format!("{field}.most"),
                format!("above short = {}", self.short),
                self.most,
            )),
        }
    }

    /// The rules that an instruction must pass to join a pool that holds `known`: its `length` in words, no
    /// `banned` word, a `start` that is a letter or a digit, and no ROUGE-L F1 above `near` with any that
    /// joined before (`near_duplicate`).
    pub fn rules<'a>(&self, near: f64, known: impl IntoIterator<Item = &'a str>) -> Chain {
        let banned: BTreeSet<String> = self.banned.iter().map(|word| word.to_lowercase()).collect();
        let bare = |word: &str| word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase();
        let says = move |text: &str| text.split_whitespace().any(|word| banned.contains(&bare(word)));
        let (least, below) = (self.short as usize + 1, self.most as usize + 1);
        let mut chain = Chain::of(vec![
            Box::new(Length { unit: Unit::Words, least, below }) as Box<dyn Rule>,
            Box::new(When::of("banned", says)),
            Box::new(Start::Alphanumeric),
            Box::new(Near::above(near, Unit::Words)),
        ]);
        known.into_iter().for_each(|text| chain.know(text));
        chain
    }
}

/// The tasks in a list that was continued from number `next` on; a list that was cut off loses its last.
pub fn continued(text: &str, next: usize, cut_off: bool) -> Vec<Instruction> {
    let mut found: Vec<Instruction> =
        items(text, next).iter().map(|(_, item)| Instruction::parse(item)).collect();
    if cut_off {
        found.pop();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_is_dropped_by_its_length_its_words_and_its_beginning() {
        let check = |text: &str, expect: Option<&str>| {
            let mut rules = Form::default().rules(0.7, []);
            assert_eq!(rules.offer(text).as_deref(), expect, "{text}");
        };
        check("Name three rivers", Some("length"));
        check("Name three long rivers", None);
        check(&"word ".repeat(150), None);
        check(&"word ".repeat(151), Some("length"));
        check("Describe what the Image shows.", Some("banned"));
        check("Imagine what a day is like.", None);
        check("- Name three long rivers", Some("start"));
        check("\u{c9}cris trois phrases sur Paris", Some("start"));
    }

    #[test]
    fn what_is_too_like_a_seed_or_a_kept_instruction_is_dropped() {
        let mut rules = Form::default().rules(0.7, ["Name three long rivers of Europe."]);
        // Five of six words in common: F1 = 2 * 5 / 12 = 0.83.
        assert_eq!(rules.offer("Name three long rivers of Asia.").as_deref(), Some("near_duplicate"));
        // Four of six: 0.67.
        assert_eq!(rules.offer("Name three old towns of Europe."), None);
        assert_eq!(rules.offer("Name three old towns of Asia.").as_deref(), Some("near_duplicate"));
    }

    #[test]
    fn items_are_read_with_their_inputs_and_written_as_they_were_read() {
        let one = Instruction::parse("Sort these\n words.\nInput: b, a");
        assert_eq!(one, Instruction { text: "Sort these words.".into(), input: "b, a".into() });
        assert_eq!(one.line(3), "3. Sort these words.\nInput: b, a");
        assert_eq!(one.query(), "Sort these words.\n\nb, a");
        assert_eq!(Instruction::parse("Tell a joke.\nInput: <noinput>").line(1), "1. Tell a joke.");
        assert_eq!(Instruction::seed("Sort these words. || b, a"), one);
    }

    #[test]
    fn a_list_that_was_cut_off_loses_its_last_task() {
        let text = " Name three old towns.\n3. Sort them.\nInput: b, a\n4. Name three big la";
        let expect = [Instruction::seed("Name three old towns."), Instruction::seed("Sort them. || b, a")];
        assert_eq!(continued(text, 2, true), expect);
        assert_eq!(continued(text, 2, false).len(), 3);
    }
}
