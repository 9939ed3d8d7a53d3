//! Self-instruct: tasks that a model invents by continuing a numbered list of tasks.
//!
//! A prompt shows some known tasks as a list, the model goes on with it, and its items are read back, each an
//! instruction and perhaps an input. Badly formed ones and those too like a known one are dropped; the
//! rest joins the pool.

use super::numbered::items;
use super::topics::Reason;
use autodidact_core::{Error, Result, Rng};
use rand::seq::{IndexedRandom, index};
use serde::{Deserialize, Serialize};

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

    /// What is wrong with an instruction, if anything: `short`, `long`, `banned`, or a `beginning` that is
    /// punctuation or no ASCII.
    pub fn fault(&self, text: &str) -> Option<Reason> {
        let words = text.split_whitespace().count();
        if words <= self.short as usize {
            return Some("short");
        }
        if words > self.most as usize {
            return Some("long");
        }
        let bare = |word: &str| word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase();
        if text.split_whitespace().any(|word| self.banned.contains(&bare(word))) {
            return Some("banned");
        }
        let odd = |letter: char| letter.is_ascii_punctuation() || !letter.is_ascii();
        text.starts_with(odd).then_some("beginning")
    }
}

/// Tasks that people gave and those that a model added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tasks {
    /// What people gave.
    pub seeds: Vec<Instruction>,
    /// What was added, in the order in which it came.
    pub kept: Vec<Instruction>,
}

impl Tasks {
    /// Up to `n` different tasks to show, `fresh` of them from those that were added, where there are so many.
    pub fn shown(&self, n: usize, fresh: usize, rng: &mut Rng) -> Vec<&Instruction> {
        let added = fresh.min(self.kept.len()).min(n);
        let mut shown: Vec<&Instruction> = self.seeds.choose_multiple(rng, n - added).collect();
        shown.extend(index::sample(rng, self.kept.len(), added).into_iter().map(|i| &self.kept[i]));
        shown
    }

    /// Reads a continued list whose next number was `next`; gives what was dropped, with the reason. `near`
    /// says whether an instruction is too like a known one (`near`) and remembers it if it is not. A
    /// list that was cut off loses its last item (`cut`).
    pub fn read(
        &mut self,
        (text, next, cut_off): (&str, usize, bool),
        form: &Form,
        near: &mut dyn FnMut(&str) -> bool,
    ) -> Vec<(String, Reason)> {
        let mut found: Vec<Instruction> =
            items(text, next).iter().map(|(_, item)| Instruction::parse(item)).collect();
        let mut dropped = Vec::new();
        if cut_off {
            dropped.extend(found.pop().map(|one| (one.text, "cut")));
        }
        for one in found {
            let fault = form.fault(&one.text).or_else(|| near(&one.text).then_some("near"));
            match fault {
                Some(reason) => dropped.push((one.text, reason)),
                None => self.kept.push(one),
            }
        }
        dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Seed;

    #[test]
    fn an_instruction_is_dropped_by_its_length_its_words_and_its_beginning() {
        let form = Form::default();
        let check = |text: &str, expect: Option<Reason>| assert_eq!(form.fault(text), expect, "{text}");
        check("Name three rivers", Some("short"));
        check("Name three long rivers", None);
        check(&"word ".repeat(150), None);
        check(&"word ".repeat(151), Some("long"));
        check("Describe what the Image shows.", Some("banned"));
        check("Imagine what a day is like.", None);
        check("- Name three long rivers", Some("beginning"));
        check("Écris trois phrases sur Paris", Some("beginning"));
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
    fn a_continued_list_grows_the_pool_by_what_is_new() {
        let mut tasks =
            Tasks { seeds: vec![Instruction::seed("Name three long rivers.")], ..Tasks::default() };
        let mut known: Vec<String> = vec!["Name three long rivers.".to_owned()];
        let mut near = |text: &str| {
            let like = known.iter().any(|other| other == text);
            known.push(text.to_owned());
            like
        };
        let text = " Name three old towns.\n3. Name three long rivers.\n4. Run\n5. Name three big la";
        let dropped = tasks.read((text, 2, true), &Form::default(), &mut near);
        let reasons: Vec<Reason> = dropped.iter().map(|(_, reason)| *reason).collect();
        assert_eq!(reasons, ["cut", "near", "short"]);
        assert_eq!(tasks.kept, [Instruction::seed("Name three old towns.")]);
        let mut rng = Seed::root(1).rng();
        let shown: Vec<&str> = tasks.shown(2, 1, &mut rng).iter().map(|one| one.text.as_str()).collect();
        assert_eq!(shown, ["Name three long rivers.", "Name three old towns."]);
    }
}
