//! Which of the writer's texts become examples, and why the others do not.

use autodidact_core::Verdict;
use autodidact_parts::web::action::{Call, Unread};
use autodidact_parts::web::{Action, Node, Page, Past};
use rand::Rng as _;
use std::collections::BTreeMap;

/// Why a text does not become an example. Every text that is dropped has one reason, the first that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The writer saw nothing to do.
    Skipped,
    /// A part that was asked for is not there.
    Missing,
    /// Steps are left out by dots.
    Elided,
    /// A hole of the form is still there.
    Placeholder,
    /// A past action is none.
    History,
    /// The next action is not a call that can be read.
    Unparsable,
    /// The next action calls something else.
    UnknownAction,
    /// No element of the page is marked as that of the next action.
    NoMark,
    /// The page has no element of the id that is called.
    NoElement,
    /// The element cannot be acted upon in that way.
    NotInteractable,
    /// The call describes its element in words that its line does not have.
    OtherWords,
}

impl Fault {
    /// The name under which it is counted.
    pub fn name(self) -> &'static str {
        match self {
            Fault::Skipped => "skipped",
            Fault::Missing => "missing-part",
            Fault::Elided => "elided",
            Fault::Placeholder => "placeholder",
            Fault::History => "invalid-history",
            Fault::Unparsable => "unparsable-call",
            Fault::UnknownAction => "unknown-action",
            Fault::NoMark => "no-mark",
            Fault::NoElement => "no-element",
            Fault::NotInteractable => "not-interactable",
            Fault::OtherWords => "other-words",
        }
    }
}

impl From<Unread> for Fault {
    fn from(unread: Unread) -> Fault {
        match unread {
            Unread::Unknown { .. } => Fault::UnknownAction,
            Unread::NotACall | Unread::Argument { .. } => Fault::Unparsable,
        }
    }
}

/// What became of candidates: those kept and those dropped add up to those that came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many became examples.
    pub kept: u64,
    /// How many did not, by reason.
    pub dropped: BTreeMap<Fault, u64>,
}

impl Tally {
    /// Counts a candidate and passes on what it became.
    pub fn count<T>(&mut self, candidate: Result<T, Fault>) -> Option<T> {
        match candidate {
            Ok(kept) => {
                self.kept += 1;
                Some(kept)
            }
            Err(fault) => {
                *self.dropped.entry(fault).or_default() += 1;
                None
            }
        }
    }

    /// How many came in.
    pub fn candidates(&self) -> u64 {
        self.kept + self.dropped.values().sum::<u64>()
    }

    /// The verdict on a text with these candidates in it: how many were kept, and `dropped/REASON` each.
    pub fn verdict(&self) -> Verdict {
        let dropped = |verdict: Verdict, (fault, n): (&Fault, &u64)| {
            verdict.with(&format!("dropped/{}", fault.name()), *n as f64)
        };
        self.dropped.iter().fold(Verdict::score(self.kept as f64), dropped)
    }
}

/// The blocks of code that a text fences with the name of that language.
pub fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("```") {
        let inner = &rest[at + 3..];
        let Some(end) = inner.find("```") else { break };
        let (block, after) = (&inner[..end], &inner[end + 3..]);
        if let Some(code) = block.strip_prefix(language)
            && code.starts_with(char::is_whitespace)
        {
            found.push(code.trim());
        }
        rest = after;
    }
    found
}

/// The next action's call: the first line that calls something.
pub fn next_call(code: &str) -> Result<Call, Fault> {
    let calls = |line: &&str| !line.trim_start().starts_with('#') && line.contains('(');
    let line = code.lines().find(calls).ok_or(Fault::Missing)?;
    Ok(Call::parse(line)?)
}

/// Past actions from code, each on an element of a random id up to `ids`: those of pages that are gone mean
/// nothing.
pub fn history(code: &str, ids: u32, rng: &mut autodidact_core::Rng) -> Result<Vec<Past>, Fault> {
    if code.lines().any(|line| line.trim().trim_start_matches('#').trim() == "...") {
        return Err(Fault::Elided);
    }
    if code.contains('<') && code.split('<').skip(1).any(|rest| rest.contains('>')) {
        return Err(Fault::Placeholder);
    }
    let mut past = Vec::new();
    let (mut subtask, mut comment) = (None, None);
    for line in code.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(text) = line.strip_prefix('#') {
            let text = text.trim_start_matches('#').trim();
            if let Some((_, said)) = text.split_once(':').filter(|(name, _)| name.starts_with("sub-task")) {
                subtask = Some(said.trim().to_owned());
            } else if let Some((_, said)) = text.split_once(':').filter(|(name, _)| name.starts_with("step"))
            {
                comment = Some(said.trim().to_owned());
            }
            continue;
        }
        let call = Call::parse(line).map_err(|_| Fault::History)?;
        let action = bound(&call, rng.random_range(1..=ids)).ok_or(Fault::History)?;
        if matches!(action, Action::Stop { .. }) {
            return Err(Fault::History);
        }
        past.push(Past { subtask: subtask.take(), comment: comment.take(), action });
    }
    Ok(past)
}

/// The action of a call on the element of that id, whatever element it names; `None` where arguments are
/// missing.
pub fn bound(call: &Call, id: u32) -> Option<Action> {
    match call.name {
        "click" => Some(Action::Click { id }),
        "hover" => Some(Action::Hover { id }),
        "type" => Some(Action::Type { id, text: call.typed()?.to_owned() }),
        _ => Action::of(call).ok(),
    }
}

/// Fails unless the page has the action's element, if it has one, and it can be acted upon so.
pub fn acts(action: &Action, page: &Page) -> Result<Option<Node>, Fault> {
    let Some(id) = action.target() else { return Ok(None) };
    let node = page.node(id).ok_or(Fault::NoElement)?;
    let fits = match action {
        Action::Type { .. } => node.is_input(),
        _ => node.is_interactable(),
    };
    if fits { Ok(Some(node.clone())) } else { Err(Fault::NotInteractable) }
}

/// Fails unless the words by which the call describes its element occur in the element's line.
pub fn described(call: &Call, node: &Node) -> Result<(), Fault> {
    let Some(said) = call.get(&["element"], 0) else { return Ok(()) };
    let shown = format!("{} {}", node.role, node.name).to_lowercase();
    let words = said.split(|one: char| !one.is_alphanumeric()).filter(|word| word.len() > 1);
    let mut letters = words.filter(|word| !word.chars().all(|one| one.is_ascii_digit())).peekable();
    let none = letters.peek().is_none();
    let any = letters.any(|word| shown.contains(&word.to_lowercase()));
    if none || any { Ok(()) } else { Err(Fault::OtherWords) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Seed;

    fn past(code: &str) -> Result<Vec<Past>, Fault> {
        history(code, 99, &mut Seed::root(1).rng())
    }

    #[test]
    fn every_candidate_is_kept_or_dropped_under_one_reason() {
        let mut tally = Tally::default();
        let candidates =
            [Ok(1), Err(Fault::Elided), Ok(2), Err(Fault::NoMark), Err(Fault::Elided), Err(Fault::Missing)];
        let kept: Vec<i32> = candidates.into_iter().filter_map(|one| tally.count(one)).collect();
        assert_eq!(kept, [1, 2]);
        assert_eq!((tally.kept, tally.candidates()), (2, 6));
        assert_eq!(tally.dropped[&Fault::Elided], 2);
        let verdict = tally.verdict();
        assert_eq!((verdict.value(), verdict.part("dropped/elided")), (Some(2.0), Some(2.0)));
        let parts: f64 = verdict.detail.iter().map(|(_, n)| n).sum();
        assert_eq!(parts + 2.0, 6.0);
    }

    #[test]
    fn a_history_is_refused_for_what_is_wrong_with_it() {
        let good =
            past("# sub-task 1: a\n# step 1: b\nclick(\"Send\")\n\ntype('To', 'x (y)')").expect("reads");
        assert_eq!(good.len(), 2);
        assert_eq!((good[0].subtask.as_deref(), good[0].comment.as_deref()), (Some("a"), Some("b")));
        assert!(matches!(&good[1].action, Action::Type { text, .. } if text == "x (y)"));
        assert_eq!(past("click(1)\n...\nclick(2)"), Err(Fault::Elided));
        assert_eq!(past("# step 1: go\n# ..."), Err(Fault::Elided));
        assert_eq!(past("click(\"<element>\")"), Err(Fault::Placeholder));
        assert_eq!(past("drag(1)"), Err(Fault::History));
        assert_eq!(past("type(\"To\")"), Err(Fault::History));
        assert_eq!(past("then press Send"), Err(Fault::History));
        assert_eq!(past("stop()\nclick(1)"), Err(Fault::History));
        assert_eq!(past(""), Ok(Vec::new()));
    }

    #[test]
    fn a_call_must_fit_its_element() {
        let page = Page::parse("[3] textbox 'Your name'\n[4] button 'Send mail'\n[5] StaticText 'Hi'");
        assert_eq!(acts(&Action::Stop { answer: "x".into() }, &page), Ok(None));
        assert_eq!(acts(&Action::Click { id: 9 }, &page), Err(Fault::NoElement));
        assert_eq!(acts(&Action::Click { id: 5 }, &page), Err(Fault::NotInteractable));
        assert_eq!(acts(&Action::Type { id: 4, text: "x".into() }, &page), Err(Fault::NotInteractable));
        let node = acts(&Action::Click { id: 4 }, &page).expect("fits").expect("has an element");
        let said = |call: &str| described(&Call::parse(call).expect("a call"), &node);
        assert_eq!(said("click(element=\"the send button\", element_id=4)"), Ok(()));
        assert_eq!(said("click(element=\"Cancel\", element_id=4)"), Err(Fault::OtherWords));
        assert_eq!(said("click(4)"), Ok(()));
    }

    #[test]
    fn fenced_blocks_are_told_apart_by_their_language() {
        let text = "Sure:\n```html\n<a>x</a>\n```\nand\n```python\nclick(1)\n```\n```python\nclick(2)\n``` ```pythonic\n```";
        assert_eq!(blocks(text, "python"), ["click(1)", "click(2)"]);
        assert_eq!(blocks(text, "html"), ["<a>x</a>"]);
        assert!(blocks("```python\nnever ends", "python").is_empty());
    }
}
