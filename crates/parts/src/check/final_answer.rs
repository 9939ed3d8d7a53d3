//! Where in a text its final answer stands.
//!
//! Models mark their answer in a handful of ways. The first of these that the text has decides, and
//! of several of one kind the last: a field `<answer>...</answer>`; the rest of the line after
//! `####`; `\boxed{...}`; the rest of the line after `answer is`, `answer:` or `answer =`; the rest
//! of a line that begins with `A:`. What stands before `</think>` is thought, not answer.

use regex::Regex;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// Which part of a text a checker reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Find {
    /// What follows a mark, or the whole text where there is none.
    #[default]
    Marked,
    /// What follows a mark; a text without one has no answer.
    OnlyMarked,
    /// The whole text; marks mean nothing.
    Whole,
}

/// A part of a text, and whether a mark led to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// What follows a mark; empty when the text ends there.
    Marked(&'a str),
    /// The whole text.
    Whole(&'a str),
}

impl Find {
    /// The part to read, or `None` when there is none. `A:` counts as a mark only where `short` says.
    pub fn within(self, text: &str, short: Short) -> Option<Found<'_>> {
        let text = spoken(text)?;
        let marked = || marked(text).or_else(|| if short == Short::Mark { after_a(text) } else { None });
        match self {
            Find::Marked => Some(marked().map_or(Found::Whole(text), Found::Marked)),
            Find::OnlyMarked => marked().map(Found::Marked),
            Find::Whole => Some(Found::Whole(text)),
        }
    }
}

/// Whether a line that begins with `A:` marks an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Short {
    /// It does.
    Mark,
    /// It is the first option of a list.
    Option,
}

/// What is said once thinking ended: the text after the last `</think>`.
///
/// `None` when the text begins to think and never stops.
pub fn spoken(text: &str) -> Option<&str> {
    match text.rsplit_once("</think>") {
        Some((_, after)) => Some(after),
        None if text.trim_start().starts_with("<think>") => None,
        None => Some(text),
    }
}

static PHRASE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\banswer(?:\*\*)?\s*(?:is\b\s*:?|:|=)(?:\*\*)?").expect("a constant pattern")
});
static SHORT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?m)^[ \t]*A:").expect("a constant pattern"));

fn marked(text: &str) -> Option<&str> {
    tagged(text).or_else(|| hashed(text)).or_else(|| boxed(text)).or_else(|| {
        let end = PHRASE.find_iter(text).last()?.end();
        Some(line_with_content(&text[end..]))
    })
}

fn after_a(text: &str) -> Option<&str> {
    let end = SHORT.find_iter(text).last()?.end();
    Some(line_with_content(&text[end..]))
}

fn tagged(text: &str) -> Option<&str> {
    let start = text.rfind("<answer>")? + "<answer>".len();
    let inside = &text[start..];
    Some(inside[..inside.find("</answer>").unwrap_or(inside.len())].trim())
}

fn hashed(text: &str) -> Option<&str> {
    let start = text.rfind("####")? + "####".len();
    Some(text[start..].lines().next().unwrap_or("").trim())
}

/// The inside of the last `\boxed{...}`, its braces balanced; to the end where they never close.
fn boxed(text: &str) -> Option<&str> {
    let open = ["\\boxed{", "\\fbox{"].iter().filter_map(|mark| text.rfind(mark).map(|at| at + mark.len()));
    let inside = &text[open.max()?..];
    let mut depth = 1usize;
    for (idx, byte) in inside.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return Some(inside[..idx].trim());
        }
    }
    Some(inside.trim())
}

/// The rest of the line, or the first later line that says something; empty when none does.
fn line_with_content(rest: &str) -> &str {
    rest.lines().find(|line| line.chars().any(char::is_alphanumeric)).unwrap_or("").trim()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(Find::OnlyMarked.within(text, Short::Mark), Some(Found::Marked(expect)), "{text:?}");
    }

    #[test]
    fn each_mark_leads_to_the_answer() {
        check("2 + 2 = 4\n#### 4\n", "4");
        check("so \\boxed{\\frac{1}{2}} it is", "\\frac{1}{2}");
        check("The final answer is 12.\nBye", "12.");
        check("**Answer:** 7", "7");
        check("Answer:\n\n$$\n18\n$$", "18");
        check("steps\nA: 18", "18");
        check("<answer> 3 </answer>", "3");
        check("<answer>3", "3");
    }

    #[test]
    fn the_first_kind_of_mark_and_the_last_of_its_kind_decide() {
        check("#### 1\n\\boxed{2} the answer is 3\n#### 4", "4");
        check("\\boxed{2} and \\boxed{5}; the answer is 3", "5");
        check("<answer>1</answer> #### 2 <answer>9</answer>", "9");
    }

    #[test]
    fn a_mark_at_the_end_leaves_nothing() {
        check("2 + 2 = 4\n####", "");
        check("the answer is", "");
        check("\\boxed{4", "4");
    }

    #[test]
    fn thoughts_are_not_answers() {
        check("<think>the answer is 3</think>the answer is 4", "4");
        assert_eq!(Find::Marked.within("<think>the answer is 3", Short::Mark), None);
    }

    #[test]
    fn without_a_mark_the_whole_text_is_read() {
        assert_eq!(Find::Marked.within("just 5", Short::Mark), Some(Found::Whole("just 5")));
        assert_eq!(Find::OnlyMarked.within("just 5", Short::Mark), None);
        assert_eq!(Find::Whole.within("#### 5", Short::Mark), Some(Found::Whole("#### 5")));
        assert_eq!(Find::OnlyMarked.within("A: dog\nB: cat", Short::Option), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in any::<String>(), marks in r"(\\boxed|####|answer is|[{}<>/ \n:A0-9é]|</?think>|</?answer>){0,20}") {
            for text in [&text, &marks] {
                for find in [Find::Marked, Find::OnlyMarked, Find::Whole] {
                    if let Some(Found::Marked(part) | Found::Whole(part)) = find.within(text, Short::Mark) {
                        prop_assert!(text.contains(part));
                    }
                }
            }
        }
    }
}
