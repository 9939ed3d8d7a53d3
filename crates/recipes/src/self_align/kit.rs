//! The recipe's files, read: principles, exemplars, seeds, system prompts.

use autodidact_core::chat::Body;
use autodidact_core::{Error, Result};
use autodidact_parts::synth::instruct::Instruction;
use autodidact_parts::synth::topics::Question;
use autodidact_parts::wording::{File, Prompts, PromptsConfig};

macro_rules! files {
    ($($name:literal),*) => {
        &[$(File {
            name: $name,
            chat: include_str!(concat!("../../prompts/self-align/chat/", $name, ".txt")),
            small: include_str!(concat!("../../prompts/self-align/small/", $name, ".txt")),
        }),*]
    };
}

/// All of the recipe's files.
pub const FILES: &[File] = files![
    "principles",
    "exemplars",
    "seeds",
    "red-team",
    "instruct",
    "topics",
    "questions",
    "align",
    "systems",
    "engrave",
    "identity",
    "verbose"
];

/// Everything that people wrote for a run.
pub struct Kit {
    /// The prompts with holes.
    pub prompts: Prompts,
    /// The principles, a line each.
    pub principles: String,
    /// Dialogues that show how principles are consulted.
    pub exemplars: Vec<Exemplar>,
    /// Generic tasks.
    pub seeds: Vec<Instruction>,
    /// Questions that a model cannot answer well.
    pub red_team: Vec<Question>,
    /// Short system prompts.
    pub systems: Vec<String>,
    /// Questions about the assistant itself, with their answers.
    pub identity: Vec<(String, String)>,
}

/// One dialogue of the long prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemplar {
    /// The turns as they are shown.
    pub text: String,
    /// Words that would give a copy of it away.
    pub words: Vec<String>,
}

impl Kit {
    /// Reads the files; fails on one that is empty or badly formed.
    pub fn open(config: &PromptsConfig) -> Result<Kit> {
        let prompts = config.open(FILES)?;
        let lines = |name: &str| -> Result<Vec<String>> {
            let text = text_of(&prompts, name)?;
            let lines: Vec<String> =
                text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
            match lines.is_empty() {
                true => Err(Error::invalid(format!("file {name}"), "at least one line", "empty")),
                false => Ok(lines),
            }
        };
        let exemplars: Vec<Exemplar> =
            text_of(&prompts, "exemplars")?.split("\n===\n").map(Exemplar::parse).collect();
        Ok(Kit {
            principles: lines("principles")?.join("\n"),
            exemplars,
            seeds: lines("seeds")?.iter().map(|line| Instruction::seed(line)).collect(),
            red_team: lines("red-team")?.iter().map(|line| question(line)).collect::<Result<_>>()?,
            systems: lines("systems")?,
            identity: lines("identity")?.iter().map(|line| pair(line)).collect::<Result<_>>()?,
            prompts,
        })
    }

    /// `n` exemplars for the query of that index: all in order where there are no more, else by turns, so
    /// that no words of theirs are always barred.
    pub fn shown(&self, n: usize, index: usize) -> Vec<&Exemplar> {
        let all = self.exemplars.len();
        let first = if all > n { index % all } else { 0 };
        (0..n.min(all)).map(|i| &self.exemplars[(first + i) % all]).collect()
    }

    /// The short system prompt for the example of that index.
    pub fn system(&self, index: usize) -> &str {
        &self.systems[index % self.systems.len()]
    }
}

impl Exemplar {
    /// A block of the file: a line `words: a, b` or none, then the turns.
    fn parse(block: &str) -> Exemplar {
        let (words, text) = match block.trim_matches('\n').split_once('\n') {
            Some((first, rest)) if first.starts_with("words:") => (&first["words:".len()..], rest),
            _ => ("", block),
        };
        let words = words.split(',').map(str::trim).filter(|word| !word.is_empty());
        Exemplar { words: words.map(str::to_owned).collect(), text: text.trim_matches('\n').to_owned() }
    }
}

fn text_of(prompts: &Prompts, name: &str) -> Result<String> {
    match prompts.wording(name)?.fill(&[])? {
        Body::Text(text) => Ok(text),
        Body::Messages(_) => Err(Error::invalid(format!("file {name}"), "bare text", "turns")),
    }
}

/// A line `type | topic | question`.
fn question(line: &str) -> Result<Question> {
    let parts: Vec<&str> = line.split('|').map(str::trim).collect();
    match parts.as_slice() {
        [kind, topic, text] if parts.iter().all(|part| !part.is_empty()) => {
            Ok(Question { kind: (*kind).into(), topic: (*topic).into(), text: (*text).into() })
        }
        _ => Err(Error::invalid("a line of file red-team", "type | topic | question", line)),
    }
}

/// A line `question || answer`.
fn pair(line: &str) -> Result<(String, String)> {
    match line.split_once("||") {
        Some((question, answer)) => Ok((question.trim().to_owned(), answer.trim().to_owned())),
        None => Err(Error::invalid("a line of file identity", "question || answer", line)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Split;
    use autodidact_parts::synth::{instruct, topics};
    use autodidact_parts::task::dialogues::{Query, reply_of};

    #[test]
    fn the_shipped_files_are_whole() {
        for config in [PromptsConfig::Chat, PromptsConfig::Small] {
            let kit = Kit::open(&config).expect("opens");
            assert_eq!(kit.exemplars.len(), 5, "{config:?}");
            assert!(kit.systems.len() >= 3 && kit.identity.len() >= 2);
            for seed in &kit.seeds {
                let mut rules = instruct::Form::default().rules(1.0, []);
                assert_eq!(rules.offer(&seed.text), None, "{}", seed.text);
            }
            for one in &kit.red_team {
                assert_eq!(topics::fault(&one.topic), None, "{}", one.topic);
            }
        }
        let chat = Kit::open(&PromptsConfig::Chat).expect("opens");
        assert_eq!((chat.principles.lines().count(), chat.red_team.len()), (16, 20));
        assert!(chat.exemplars.iter().all(|one| !one.words.is_empty() && one.text.starts_with("### User")));
    }

    #[test]
    fn the_small_files_hold_training_questions_alone_and_their_replies_keep_the_rules() {
        let kit = Kit::open(&PromptsConfig::Small).expect("opens");
        let verbose =
            match kit.prompts.wording("verbose").expect("is there").fill(&[("system", ""), ("query", "")]) {
                Ok(Body::Text(text)) => text,
                other => panic!("{other:?}"),
            };
        let mut bad = Vec::new();
        let mut check = |text: &str| match Query::parse(text) {
            Some(query) if query.split() == Split::Train => Some(query),
            found => {
                bad.push((text.to_owned(), found.is_some()));
                None
            }
        };
        for text in kit.exemplars.iter().map(|one| one.text.as_str()).chain([verbose.as_str()]) {
            let (asked, answer) =
                text.split_once("<user> ").expect("a turn").1.split_once('\n').expect("a reply");
            if let Some(query) = check(asked) {
                assert!(query.kept_by(reply_of(answer)), "{answer}");
            }
        }
        kit.seeds.iter().for_each(|seed| drop(check(&seed.text)));
        kit.red_team.iter().for_each(|one| {
            if let Some(query) = check(&one.text) {
                assert_eq!((query.kind.name(), query.topic()), (one.kind.as_str(), one.topic.as_str()));
            }
        });
        assert!(bad.is_empty(), "not of the training split: {bad:?}");
    }

    #[test]
    fn exemplars_come_by_turns_where_there_are_more_than_are_shown() {
        let kit = Kit::open(&PromptsConfig::Small).expect("opens");
        assert_eq!(kit.shown(5, 3), kit.exemplars.iter().collect::<Vec<_>>());
        let texts: Vec<&Exemplar> = kit.shown(2, 4);
        assert_eq!(texts, [&kit.exemplars[4], &kit.exemplars[0]]);
    }

    #[test]
    fn short_system_prompts_rotate_so_that_each_has_its_share() {
        let kit = Kit::open(&PromptsConfig::Chat).expect("opens");
        let n = 103;
        let k = kit.systems.len();
        for system in &kit.systems {
            let count = (0..n).filter(|&i| kit.system(i) == system).count();
            assert!(count.abs_diff(n / k) <= 1, "{system}: {count} of {n}");
        }
    }
}
