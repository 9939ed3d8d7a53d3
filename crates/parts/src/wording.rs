//! Prompts as files: text with holes, bare or in turns.
//!
//! A file is text with `{name}` holes; `{{` and `}}` stand for braces. Lines that hold only `[system]`,
//! `[user]` or `[assistant]` begin a turn, and the prompt is a conversation; a file without such lines is
//! bare text. A recipe ships each of its prompts twice: as a conversation for chat models, and as a few
//! tags for the small models of its proof. Whoever wants other words gives a folder of their own.

use crate::problems::Template;
use autodidact_core::chat::{Body, Message, Prompt};
use autodidact_core::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A prompt file, parsed.
#[derive(Clone, Debug, PartialEq)]
pub struct Wording {
    turns: Vec<(Option<String>, Template)>,
}

impl Wording {
    /// Parses a prompt file; `Err` says what is wrong with it. One line end at the end of the file, and
    /// blank lines around turns, do not count.
    pub fn parse(text: &str) -> Result<Wording, String> {
        let mut parts: Vec<(Option<String>, String)> = vec![(None, String::new())];
        for line in text.split_inclusive('\n') {
            match role(line) {
                Some(role) => parts.push((Some(role.to_owned()), String::new())),
                None => parts.last_mut().expect("there is a first part").1.push_str(line),
            }
        }
        if parts.len() == 1 {
            let (_, text) = parts.remove(0);
            let text = text.strip_suffix('\n').unwrap_or(&text);
            return Ok(Wording { turns: vec![(None, Template::parse(text)?)] });
        }
        let (_, before) = parts.remove(0);
        if !before.trim().is_empty() {
            return Err(format!("text before the first turn: {:?}", before.trim()));
        }
        let turn =
            |(role, text): (Option<String>, String)| Ok((role, Template::parse(text.trim_matches('\n'))?));
        Ok(Wording { turns: parts.into_iter().map(turn).collect::<Result<_, String>>()? })
    }

    /// The names of its holes, each once, in the order of first mention.
    pub fn holes(&self) -> Vec<&str> {
        let mut holes = Vec::new();
        for name in self.turns.iter().flat_map(|(_, template)| template.holes()) {
            if !holes.contains(&name) {
                holes.push(name);
            }
        }
        holes
    }

    /// The prompt with its holes filled; fails on a hole without a value. Values are shown as they are, braces
    /// and all.
    pub fn fill(&self, values: &[(&str, &str)]) -> Result<Body> {
        let columns: BTreeMap<String, serde_json::Value> =
            values.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        let text = |template: &Template| {
            template
                .render(&columns)
                .map_err(|found| Error::invalid("prompt", "filled from its holes", found))
        };
        if let [(None, template)] = self.turns.as_slice() {
            return Ok(Body::Text(text(template)?));
        }
        let message = |(role, template): &(Option<String>, Template)| {
            Ok(Message { role: role.clone().unwrap_or_default(), content: text(template)? })
        };
        Ok(Body::Messages(self.turns.iter().map(message).collect::<Result<_>>()?))
    }
}

fn role(line: &str) -> Option<&str> {
    let name = line.trim_end().strip_prefix('[')?.strip_suffix(']')?;
    matches!(name, "system" | "user" | "assistant").then_some(name)
}

/// One of a recipe's prompts in the wordings that ship with it.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// Its name, and the stem of its file.
    pub name: &'static str,
    /// For chat models.
    pub chat: &'static str,
    /// For the small models of the recipe's proof.
    pub small: &'static str,
}

/// Which wording of a recipe's prompts is used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PromptsConfig {
    /// Conversations for chat models.
    #[default]
    Chat,
    /// Tags for the small models of the recipe's proof.
    Small,
    /// The user's own files, `NAME.txt` each; a prompt without a file there keeps its wording for chat
    /// models.
    Folder {
        /// The folder.
        path: PathBuf,
    },
}

impl PromptsConfig {
    /// Parses the prompts, reading the user's files if there are any. A file may leave holes out, but has
    /// none that the shipped wording lacks.
    pub fn open(&self, files: &[File]) -> Result<Prompts> {
        let mut prompts = BTreeMap::new();
        for file in files {
            let shipped = match self {
                PromptsConfig::Small => file.small,
                PromptsConfig::Chat | PromptsConfig::Folder { .. } => file.chat,
            };
            let mut wording = parsed(&format!("prompt {}", file.name), shipped)?;
            if let PromptsConfig::Folder { path } = self {
                let path = path.join(format!("{}.txt", file.name));
                if path.exists() {
                    let text = std::fs::read_to_string(&path).map_err(|source| Error::Io {
                        path: path.clone(),
                        doing: "reading",
                        source,
                    })?;
                    let own = parsed(&path.display().to_string(), &text)?;
                    let known = wording.holes();
                    if let Some(hole) = own.holes().into_iter().find(|hole| !known.contains(hole)) {
                        let what = format!("hole of prompt {}", file.name);
                        return Err(Error::unknown(what, hole, known));
                    }
                    wording = own;
                }
            }
            prompts.insert(file.name.to_owned(), wording);
        }
        Ok(Prompts { prompts })
    }
}

fn parsed(what: &str, text: &str) -> Result<Wording> {
    Wording::parse(text).map_err(|found| Error::invalid(what, "text with {name} holes", found))
}

/// A recipe's prompts by name.
#[derive(Clone, Debug)]
pub struct Prompts {
    prompts: BTreeMap<String, Wording>,
}

impl Prompts {
    /// The prompt of that name with its holes filled, under that id.
    pub fn fill(&self, name: &str, id: impl Into<String>, values: &[(&str, &str)]) -> Result<Prompt> {
        let wording = self.wording(name)?;
        Ok(Prompt { id: id.into(), body: wording.fill(values)?, ..Prompt::default() })
    }

    /// The wording of that name.
    pub fn wording(&self, name: &str) -> Result<&Wording> {
        let known = || self.prompts.keys().map(String::as_str);
        self.prompts.get(name).ok_or_else(|| Error::unknown("prompt", name, known()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_file_without_turns_is_bare_text() {
        let wording = Wording::parse("F:{question}>{answer}=\n").expect("parses");
        assert_eq!(wording.holes(), ["question", "answer"]);
        let body = wording.fill(&[("question", "1+1{x}"), ("answer", "2")]).expect("fills");
        assert_eq!(body, Body::Text("F:1+1{x}>2=".to_owned()));
    }

    #[test]
    fn lines_with_a_role_begin_turns() {
        let wording =
            Wording::parse("[system]\nBe brief.\n\n[user]\nIs {question} a list [a]?\n").expect("parses");
        let Body::Messages(messages) = wording.fill(&[("question", "[user]")]).expect("fills") else {
            panic!("it has turns");
        };
        assert_eq!(messages[0], Message { role: "system".into(), content: "Be brief.".into() });
        assert_eq!(messages[1], Message { role: "user".into(), content: "Is [user] a list [a]?".into() });
    }

    #[test]
    fn a_hole_without_a_value_is_named() {
        let error =
            Wording::parse("{question}").expect("parses").fill(&[("answer", "2")]).expect_err("unfilled");
        assert!(error.to_string().contains("question"), "{error}");
        assert!(Wording::parse("before\n[user]\nafter").is_err());
        assert!(Wording::parse("[user]\n{").is_err());
    }

    #[test]
    fn a_users_folder_replaces_the_prompts_it_holds() {
        const FILES: &[File] = &[
            File { name: "answer", chat: "[user]\n{question}", small: "Q{question}" },
            File { name: "judge", chat: "[user]\nOk? {answer}", small: "J{answer}" },
        ];
        let dir = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(dir.path().join("judge.txt"), "Right? {answer}\n").expect("writes");
        let folder = PromptsConfig::Folder { path: dir.path().to_owned() };
        let prompts = folder.open(FILES).expect("opens");
        let judge = prompts.fill("judge", "j/1", &[("answer", "2")]).expect("fills");
        assert_eq!((judge.id.as_str(), judge.body), ("j/1", Body::Text("Right? 2".to_owned())));
        assert!(matches!(
            prompts.fill("answer", "a", &[("question", "1")]).expect("fills").body,
            Body::Messages(_)
        ));
        let small = PromptsConfig::Small.open(FILES).expect("opens");
        assert_eq!(
            small.fill("answer", "a", &[("question", "1")]).expect("fills").body,
            Body::Text("Q1".into())
        );
        std::fs::write(dir.path().join("judge.txt"), "Right? {reply}").expect("writes");
        let error = folder.open(FILES).expect_err("an unknown hole").to_string();
        assert_eq!(error, "no hole of prompt judge is named \"reply\"; known: answer");
    }

    proptest! {
        #[test]
        fn any_file_parses_or_is_refused(text in "(\\[(system|user|assistant|x)\\]\n|[{}a\n]{0,4}){0,6}") {
            if let Ok(wording) = Wording::parse(&text) {
                let _ = wording.fill(&[("a", "1")]);
            }
        }
    }
}
