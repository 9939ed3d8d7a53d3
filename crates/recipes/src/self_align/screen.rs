//! What is kept of a model's aligned and of its verbose replies, and why the rest is not.

use autodidact_core::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where turns begin and end in the transcripts of a recipe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Turns {
    /// Begins the user's next turn.
    pub user: String,
    /// Begins the reply after the thoughts.
    pub reply: String,
    /// Stands before a reply that is trained on.
    pub lead: String,
    /// Stands after one that ended its turn, in the place of an end-of-sequence token; where it is empty,
    /// such replies end with that token.
    pub end: String,
}

impl Default for Turns {
    fn default() -> Turns {
        Turns {
            user: "### User".to_owned(),
            reply: "### Reply".to_owned(),
            lead: String::new(),
            end: "\n\n### User:".to_owned(),
        }
    }
}

impl Turns {
    /// Fails on marks that stand everywhere; `field` is the dotted name of this value.
    pub fn check(&self, field: &str) -> Result<()> {
        for (name, mark) in [("user", &self.user), ("reply", &self.reply)] {
            if mark.trim().is_empty() {
                return Err(Error::invalid(format!("{field}.{name}"), "a text", format!("{mark:?}")));
            }
        }
        Ok(())
    }

    /// A kept reply as it is trained on.
    pub fn target(&self, reply: &Reply) -> String {
        format!("{}{}{}", self.lead, reply.text, if reply.ended { self.end.as_str() } else { "" })
    }
}

/// A reply that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What is said to the user.
    pub text: String,
    /// Whether it ended its turn; one that was cut off is learned from without an end.
    pub ended: bool,
}

/// Which aligned replies are kept; an answer is thoughts, a mark, a reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Screen {
    /// Whether anything is dropped at all.
    pub rules: Rules,
    /// The sentence that thoughts must begin with.
    pub identification: String,
    /// Characters that a reply which ended its turn must have, its end mark among them.
    pub least: u32,
    /// Phrases that give away a canned reply; the words of the exemplars that were shown count as well.
    pub canned: Vec<String>,
    /// Beginnings of replies that apologise.
    pub apologies: Vec<String>,
    /// Names of the assistant, and what they become: the first the model's own, the second what the student
    /// calls itself.
    pub rename: Vec<[String; 2]>,
}

/// Whether a screen drops what breaks its rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rules {
    /// It does.
    #[default]
    Kept,
    /// It only cuts replies out: the ablation.
    Ignored,
}

impl Default for Screen {
    fn default() -> Screen {
        let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Screen {
            rules: Rules::Kept,
            identification: "I am Helper, an assistant that follows written rules.".to_owned(),
            least: 160,
            canned: own(&["as an ai language model", "internal thoughts", "the rules apply"]),
            apologies: own(&["sorry", "i'm sorry", "i am sorry", "apologies", "i apologize", "i apologise"]),
            rename: Vec::new(),
        }
    }
}

impl Screen {
    /// The reply in an answer, or why it is dropped: `no_identification`, `no_marker`, `empty`, `short`,
    /// `exemplar`, `canned`, `apology`.
    ///
    /// `stopped` says that the model ended by itself, as endpoints leave stop texts out of what they
    /// return. `words` are those of the exemplars that the prompt showed.
    pub fn read(
        &self,
        answer: &str,
        stopped: bool,
        turns: &Turns,
        words: &[String],
    ) -> Result<Reply, &'static str> {
        let strict = self.rules == Rules::Kept;
        if strict && !answer.trim_start().starts_with(&self.identification) {
            return Err("no_identification");
        }
        let text = match answer.split_once(turns.reply.as_str()) {
            Some((_, text)) => text,
            None if strict => return Err("no_marker"),
            None => answer,
        };
        let mut reply = cut_out(text, stopped, turns);
        for [from, to] in &self.rename {
            reply.text = reply.text.replace(from.as_str(), to);
        }
        let end = if reply.ended { turns.end.chars().count() } else { 0 };
        let length = reply.text.chars().count() + end;
        if reply.text.is_empty() {
            return Err("empty");
        }
        if !strict {
            return Ok(reply);
        }
        let said = reply.text.to_lowercase();
        let holds = |phrases: &[String]| phrases.iter().any(|one| said.contains(&one.to_lowercase()));
        if reply.ended && length < self.least as usize {
            return Err("short");
        }
        if holds(words) {
            return Err("exemplar");
        }
        if holds(&self.canned) {
            return Err("canned");
        }
        if self.apologies.iter().any(|one| said.starts_with(&one.to_lowercase())) {
            return Err("apology");
        }
        Ok(reply)
    }
}

/// Which verbose replies are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Verbose {
    /// Characters that a reply which did not end its turn must have.
    pub least: u32,
    /// Items of a list that are kept.
    pub items: u32,
    /// Phrases of the persona's description, which no reply may repeat.
    pub persona: Vec<String>,
}

impl Default for Verbose {
    fn default() -> Verbose {
        Verbose { least: 128, items: 12, persona: vec!["long and thorough replies".to_owned()] }
    }
}

impl Verbose {
    /// The reply in an answer, or why it is dropped: `empty`, `short`, `persona`.
    pub fn read(&self, answer: &str, stopped: bool, turns: &Turns) -> Result<Reply, &'static str> {
        let mut reply = cut_out(answer, stopped, turns);
        let beyond = format!("\n{}.", self.items + 1);
        if let Some(place) = reply.text.find(&beyond) {
            reply.text.truncate(place);
        }
        let said = reply.text.to_lowercase();
        if reply.text.is_empty() {
            return Err("empty");
        }
        if !reply.ended && reply.text.chars().count() < self.least as usize {
            return Err("short");
        }
        if self.persona.iter().any(|one| said.contains(&one.to_lowercase())) {
            return Err("persona");
        }
        Ok(reply)
    }
}

/// The reply at the beginning of a text: cut at the first repetition, then before the next turn of the user.
/// Where neither a turn follows nor the model stopped, the last partial word goes and the reply stays open.
fn cut_out(text: &str, stopped: bool, turns: &Turns) -> Reply {
    let whole = repeat_cut(text);
    let said = |text: &str| text.trim().to_owned();
    match whole.find(&turns.user) {
        Some(place) => Reply { text: said(&whole[..place]), ended: true },
        None if whole.len() < text.len() => Reply { text: said(whole), ended: false },
        None if stopped => Reply { text: said(whole), ended: true },
        None => {
            let kept = whole.rfind(char::is_whitespace).map_or("", |place| &whole[..place]);
            Reply { text: said(kept), ended: false }
        }
    }
}

/// The text up to its first repeated fragment. A fragment ends with a line or with one of `.?!;:,` and begins
/// right after the one before, blanks and all; separators alone are no fragment.
pub fn repeat_cut(text: &str) -> &str {
    const ENDS: &[char] = &['\n', '.', '?', '!', ';', ':', ','];
    let mut seen = BTreeSet::new();
    let mut end = 0;
    for fragment in text.split_inclusive(ENDS) {
        let says = fragment.trim_matches(|letter: char| letter.is_whitespace() || ENDS.contains(&letter));
        if !says.is_empty() && !seen.insert(fragment) {
            break;
        }
        end += fragment.len();
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_its_first_repeated_fragment() {
        assert_eq!(repeat_cut("A. B. C. B. D."), "A. B. C.");
        // "A." and " A." differ.
        assert_eq!(repeat_cut("A. A. B"), "A. A. B");
        assert_eq!(repeat_cut("A. A. A. B"), "A. A.");
        assert_eq!(repeat_cut("Wait... what?! no..., yes"), "Wait... what?! no..., yes");
        assert_eq!(repeat_cut("one\n\n\ntwo\n\n\nthree"), "one\n\n\ntwo\n\n\nthree");
        assert_eq!(repeat_cut("a, b; a, b"), "a, b; a, b");
        assert_eq!(repeat_cut("x, a, b; a, b"), "x, a, b;");
        assert_eq!(repeat_cut(""), "");
    }

    fn read(answer: &str, stopped: bool) -> Result<Reply, &'static str> {
        Screen::default().read(answer, stopped, &Turns::default(), &["lighthouse".to_owned()])
    }

    fn answer(reply: &str) -> String {
        format!(
            " I am Helper, an assistant that follows written rules. Rule 7.\n### Reply\n{reply}\n### User\nNext"
        )
    }

    /// Text without repetitions, of so many characters.
    fn of(length: usize) -> String {
        let words: String = (0..length).map(|i| format!("w{i} ")).collect();
        words[..length - 1].to_owned() + "x"
    }

    #[test]
    fn an_answer_needs_its_identification_its_mark_and_its_length() {
        assert_eq!(read("Sure. ### Reply yes", true), Err("no_identification"));
        assert_eq!(
            read("I am Helper, an assistant that follows written rules. Yes.", true),
            Err("no_marker")
        );
        assert_eq!("\n\n### User:".len(), 11);
        // 148 + 11 = 159 is below 160, 149 + 11 = 160 is not.
        assert_eq!(read(&answer(&of(148)), true), Err("short"));
        assert_eq!(read(&answer(&of(149)), true), Ok(Reply { text: of(149), ended: true }));
        assert_eq!(read(&answer(""), true), Err("empty"));
    }

    #[test]
    fn a_reply_that_was_cut_off_loses_its_last_word_and_stays_open() {
        let begun = answer("One two thr").replace("\n### User\nNext", "");
        assert_eq!(read(&begun, false), Ok(Reply { text: "One two".into(), ended: false }));
        // What an endpoint returns ends before its stop text.
        let long = answer(&of(200)).replace("\n### User\nNext", "");
        assert_eq!(read(&long, true), Ok(Reply { text: of(200), ended: true }));
        let again = answer("One. Two. Two. Three. Two.").replace("Two. Three", "Two, three");
        let expect = "One. Two. Two, three.";
        assert_eq!(read(&again, false), Ok(Reply { text: expect.into(), ended: false }));
    }

    #[test]
    fn words_of_the_exemplars_canned_phrases_and_apologies_are_dropped() {
        assert_eq!(read(&answer(&format!("The Lighthouse {}", of(200))), true), Err("exemplar"));
        assert_eq!(read(&answer(&format!("As an AI language model {}", of(200))), true), Err("canned"));
        assert_eq!(read(&answer(&format!("Sorry, {}", of(200))), true), Err("apology"));
        let sorry = format!("I feel sorry {}", of(200));
        assert_eq!(read(&answer(&sorry), true), Ok(Reply { text: sorry, ended: true }));
    }

    #[test]
    fn the_assistant_is_renamed_and_a_lax_screen_drops_nothing_but_emptiness() {
        let renaming = Screen { rename: vec![["Helper".into(), "Ada".into()]], ..Screen::default() };
        let turns = Turns::default();
        let reply = renaming.read(&answer(&format!("Helper here {}", of(200))), true, &turns, &[]);
        assert!(reply.expect("kept").text.starts_with("Ada here"));
        let lax = Screen { rules: Rules::Ignored, ..Screen::default() };
        let said = |text: &str| lax.read(text, true, &turns, &[]);
        assert_eq!(said("Sorry."), Ok(Reply { text: "Sorry.".into(), ended: true }));
        assert_eq!(said("thoughts ### Reply no ### User"), Ok(Reply { text: "no".into(), ended: true }));
        assert_eq!(said(" "), Err("empty"));
    }

    #[test]
    fn verbose_replies_are_cut_before_item_thirteen_and_must_not_repeat_the_persona() {
        let verbose = Verbose::default();
        let turns = Turns::default();
        let list: String = (1..=14).map(|n| format!("{n}. item number {n}x\n")).collect();
        let kept = verbose.read(&list, true, &turns).expect("kept");
        assert!(kept.text.ends_with("12. item number 12x") && kept.ended);
        let persona = "I give long and thorough replies to all.";
        assert_eq!(verbose.read(persona, true, &turns), Err("persona"));
        // 127 characters that did not end their turn, the last word of 3 taken off 131.
        assert_eq!(verbose.read(&format!("{} ab", of(127)), false, &turns), Err("short"));
        assert!(verbose.read(&format!("{} ab", of(128)), false, &turns).is_ok());
        assert!(verbose.read("Yes.", true, &turns).is_ok());
    }

    #[test]
    fn a_target_has_its_lead_and_ends_with_the_mark_only_where_its_turn_ended() {
        let turns = Turns { lead: " ".into(), ..Turns::default() };
        let reply = |ended| Reply { text: "Yes.".into(), ended };
        assert_eq!(turns.target(&reply(true)), " Yes.\n\n### User:");
        assert_eq!(turns.target(&reply(false)), " Yes.");
    }
}
