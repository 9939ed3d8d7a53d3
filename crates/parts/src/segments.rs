//! Outputs in named parts, told apart by markers: a role and then an answer, feedback and then a
//! refinement, thoughts and then a reply.
//!
//! A layout ([`Segments`]) lists the parts with the texts that open and close them. What is joined splits
//! back into the same parts: a part that contains a marker itself is refused, or escaped with backslashes,
//! as the layout says. An output that does not follow the layout is answered with the reason
//! ([`Unsplit`]), so that what is dropped can be counted by cause.

mod mask;
mod tags;

pub use mask::{Mask, byte_spans};
pub use tags::Tags;

use autodidact_core::{Error, Result};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A layout of parts, in the order in which they are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segments {
    /// The parts.
    pub parts: Vec<Part>,
    /// What happens to a part whose text contains a marker.
    #[serde(default)]
    pub look_alikes: LookAlikes,
}

/// One part of an output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// What it is called.
    pub name: String,
    /// The text that opens it; may be empty where the part before it is closed.
    #[serde(default)]
    pub open: String,
    /// The text that closes it; may be empty where the next part is opened, or at the end.
    #[serde(default)]
    pub close: String,
}

/// What happens to a part whose text contains a marker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LookAlikes {
    /// It cannot be joined, and an output with a marker too many cannot be split.
    #[default]
    Reject,
    /// A backslash stands before each marker that is none. Backslashes elsewhere mean themselves; a run of
    /// them right before a marker is doubled.
    Escape,
}

/// Why an output does not split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsplit {
    /// A marker does not come.
    Missing {
        /// Which.
        marker: String,
    },
    /// Another marker comes than the next one.
    Unexpected {
        /// Which.
        marker: String,
    },
    /// There is text where no part stands.
    Stray {
        /// The text.
        text: String,
    },
}

impl Unsplit {
    /// The reason in one word, to count by.
    pub fn reason(&self) -> &'static str {
        match self {
            Unsplit::Missing { .. } => "missing_marker",
            Unsplit::Unexpected { .. } => "unexpected_marker",
            Unsplit::Stray { .. } => "stray_text",
        }
    }
}

impl std::fmt::Display for Unsplit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unsplit::Missing { marker } => write!(f, "the marker {marker:?} does not come"),
            Unsplit::Unexpected { marker } => write!(f, "the marker {marker:?} comes out of order"),
            Unsplit::Stray { text } => write!(f, "{text:?} belongs to no part"),
        }
    }
}

/// A part that cannot be joined: its text contains a marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookAlike {
    /// The part's name.
    pub part: String,
    /// The marker in its text.
    pub marker: String,
}

impl std::fmt::Display for LookAlike {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the {} contains the marker {:?}", self.part, self.marker)
    }
}

impl Segments {
    /// A layout of (name, opening marker, closing marker), look-alikes refused.
    pub fn of(parts: &[(&str, &str, &str)]) -> Segments {
        let part = |&(name, open, close): &(&str, &str, &str)| Part {
            name: name.to_owned(),
            open: open.to_owned(),
            close: close.to_owned(),
        };
        Segments { parts: parts.iter().map(part).collect(), look_alikes: LookAlikes::Reject }
    }

    /// `[role] ... [/role] answer`.
    pub fn role_then_answer() -> Segments {
        Segments::of(&[("role", "[role]", "[/role]"), ("answer", "", "")])
    }

    /// `[feedback] ... [refinement] ...`.
    pub fn feedback_then_refinement() -> Segments {
        Segments::of(&[("feedback", "[feedback]", ""), ("refinement", "[refinement]", "")])
    }

    /// `<think> ... </think> reply`.
    pub fn thoughts_then_reply() -> Segments {
        Segments::of(&[("thoughts", "<think>", "</think>"), ("reply", "", "")])
    }

    /// Fails on a layout whose outputs could not be split again; `field` is the dotted name of this value.
    pub fn check(&self, field: &str) -> Result<()> {
        let name = format!("{field}.parts");
        for (i, part) in self.parts.iter().enumerate() {
            if part.name.is_empty() || self.parts[..i].iter().any(|other| other.name == part.name) {
                return Err(Error::invalid(name, "parts with names that differ", format!("{:?}", part.name)));
            }
            if i > 0 && part.open.is_empty() && self.parts[i - 1].close.is_empty() {
                let found = format!("none before {}", part.name);
                return Err(Error::invalid(name, "parts with a marker between neighbours", found));
            }
        }
        let markers = self.markers();
        if self.parts.is_empty() || markers.is_empty() {
            return Err(Error::invalid(name, "at least one part with a marker", self.parts.len()));
        }
        for one in &markers {
            if one.contains('\\') {
                return Err(Error::invalid(name, "markers without backslashes", format!("{one:?}")));
            }
            for other in &markers {
                let clash = (one != other && one.contains(other)) || overlap(one, other);
                if clash {
                    let found = format!("{one:?} and {other:?}");
                    return Err(Error::invalid(name, "markers that neither hold nor overlap others", found));
                }
            }
        }
        Ok(())
    }

    /// The place of the part of that name.
    pub fn part(&self, name: &str) -> Option<usize> {
        self.parts.iter().position(|part| part.name == name)
    }

    /// One output of these texts, one a part.
    ///
    /// # Panics
    /// When there are more or fewer texts than parts.
    pub fn join(&self, texts: &[&str]) -> Result<String, LookAlike> {
        assert_eq!(texts.len(), self.parts.len(), "one text a part");
        let markers = self.markers();
        let mut out = String::new();
        for (i, (part, text)) in self.parts.iter().zip(texts).enumerate() {
            out.push_str(&part.open);
            match self.look_alikes {
                LookAlikes::Escape => out.push_str(&escape(text, &markers, self.followed(i))),
                LookAlikes::Reject => match find(text, 0, &markers, LookAlikes::Reject) {
                    None => out.push_str(text),
                    Some((_, marker)) => {
                        return Err(LookAlike { part: part.name.clone(), marker: marker.to_owned() });
                    }
                },
            }
            out.push_str(&part.close);
        }
        Ok(out)
    }

    /// The texts of the parts of an output, one a part.
    pub fn split(&self, text: &str) -> Result<Vec<String>, Unsplit> {
        let spans = self.spans(text)?;
        let markers = self.markers();
        let plain = |(i, span): (usize, Range<usize>)| match self.look_alikes {
            LookAlikes::Reject => text[span].to_owned(),
            LookAlikes::Escape => unescape(&text[span], &markers, self.followed(i)),
        };
        Ok(spans.into_iter().enumerate().map(plain).collect())
    }

    /// Where the parts stand in an output as it is written, in bytes, one range a part. Blanks between two
    /// markers, before the first and after the last are passed over.
    pub fn spans(&self, text: &str) -> Result<Vec<Range<usize>>, Unsplit> {
        let markers = self.markers();
        let mut spans = vec![0..0; self.parts.len()];
        let mut at = 0;
        let mut take = |part: Option<usize>, range: Range<usize>| match part {
            Some(part) => {
                spans[part] = range;
                Ok(())
            }
            None if text[range.clone()].trim().is_empty() => Ok(()),
            None => Err(Unsplit::Stray { text: text[range].to_owned() }),
        };
        for (marker, before) in self.course() {
            match find(text, at, &markers, self.look_alikes) {
                None => return Err(Unsplit::Missing { marker: marker.to_owned() }),
                Some((_, found)) if found != marker => {
                    return Err(Unsplit::Unexpected { marker: found.to_owned() });
                }
                Some((start, _)) => {
                    take(before, at..start)?;
                    at = start + marker.len();
                }
            }
        }
        if let Some((_, found)) = find(text, at, &markers, self.look_alikes) {
            return Err(Unsplit::Unexpected { marker: found.to_owned() });
        }
        let last = self.parts.len() - 1;
        take(self.parts[last].close.is_empty().then_some(last), at..text.len())?;
        Ok(spans)
    }

    /// The markers in the order in which they come, each with the part whose text ends there.
    fn course(&self) -> Vec<(&str, Option<usize>)> {
        let mut course = Vec::new();
        for (i, part) in self.parts.iter().enumerate() {
            if !part.open.is_empty() {
                let before = i.checked_sub(1).filter(|&before| self.parts[before].close.is_empty());
                course.push((part.open.as_str(), before));
            }
            if !part.close.is_empty() {
                course.push((part.close.as_str(), Some(i)));
            }
        }
        course
    }

    fn markers(&self) -> Vec<&str> {
        self.course().into_iter().map(|(marker, _)| marker).collect()
    }

    /// Whether a marker follows the text of a part.
    fn followed(&self, part: usize) -> bool {
        !self.parts[part].close.is_empty() || part + 1 < self.parts.len()
    }
}

/// Whether a proper end of `one` is a beginning of `other`.
fn overlap(one: &str, other: &str) -> bool {
    one.char_indices().skip(1).any(|(i, _)| other.starts_with(&one[i..]))
}

/// The first marker at or after a place, with where it begins; escaped ones are passed over.
fn find<'a>(
    text: &str,
    from: usize,
    markers: &[&'a str],
    look_alikes: LookAlikes,
) -> Option<(usize, &'a str)> {
    let mut at = from;
    while at < text.len() {
        let here = text.is_char_boundary(at).then(|| &text[at..]);
        match here.and_then(|here| markers.iter().find(|marker| here.starts_with(**marker))) {
            None => at += 1,
            Some(marker) => {
                if look_alikes == LookAlikes::Reject || backslashes(&text[from..at]).is_multiple_of(2) {
                    return Some((at, marker));
                }
                at += marker.len();
            }
        }
    }
    None
}

/// How many backslashes a text ends with.
fn backslashes(text: &str) -> usize {
    text.bytes().rev().take_while(|&byte| byte == b'\\').count()
}

/// The text of a part as it is written; `followed` by a marker or not.
fn escape(text: &str, markers: &[&str], followed: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some((start, marker)) = find(text, at, markers, LookAlikes::Reject) {
        let run = backslashes(&text[at..start]);
        out.push_str(&text[at..start]);
        out.extend(std::iter::repeat_n('\\', run + 1));
        out.push_str(marker);
        at = start + marker.len();
    }
    out.push_str(&text[at..]);
    if followed {
        out.extend(std::iter::repeat_n('\\', backslashes(&text[at..])));
    }
    out
}

/// What [`escape`] was given.
fn unescape(text: &str, markers: &[&str], followed: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some((start, marker)) = find(text, at, markers, LookAlikes::Reject) {
        // 2n + 1 backslashes stand for n and a marker that is none.
        let run = backslashes(&text[at..start]);
        out.push_str(&text[at..start - run.div_ceil(2)]);
        out.push_str(marker);
        at = start + marker.len();
    }
    let run = if followed { backslashes(&text[at..]) } else { 0 };
    out.push_str(&text[at..text.len() - run / 2]);
    out
}

#[cfg(test)]
mod tests;
