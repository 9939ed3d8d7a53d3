//! One step of an agent as text: what it reads of the past, and what it writes next.

use super::action::{Action, Call, Unread};
use super::tree::Node;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// A step that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// The part of the task that begins with it, where one does.
    pub subtask: Option<String>,
    /// Why it was taken, on one line.
    pub comment: Option<String>,
    /// What was done.
    pub action: Action,
}

/// A step to take: what a model writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// The part of the task that begins with it, where one does.
    pub subtask: Option<String>,
    /// Why it is taken, on one line.
    pub comment: Option<String>,
    /// What is done.
    pub action: Action,
    /// What is reached with it, on one line.
    pub summary: Option<String>,
}

/// An example of a next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Where it happens.
    pub website: String,
    /// The page, as text.
    pub page: String,
    /// What is wanted.
    pub goal: String,
    /// What was done so far.
    pub past: Vec<Past>,
    /// What to do now.
    pub next: Next,
}

/// How much a step says beside its call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detail {
    /// The reason before it and the summary after it.
    #[default]
    Reasoned,
    /// Nothing.
    Bare,
}

impl Detail {
    /// The same steps saying this much.
    pub fn of(self, sample: &Sample) -> Sample {
        let mut sample = sample.clone();
        if self == Detail::Bare {
            for past in &mut sample.past {
                (past.subtask, past.comment) = (None, None);
            }
            let next = sample.next;
            sample.next = Next { subtask: None, comment: None, summary: None, ..next };
        }
        sample
    }
}

/// The steps so far as lines; empty before the first.
pub fn past_text(past: &[Past]) -> String {
    let mut text = String::new();
    let mut subtasks = 0;
    for (step, Past { subtask, comment, action }) in past.iter().enumerate() {
        if let Some(subtask) = subtask {
            subtasks += 1;
            let _ = writeln!(text, "# sub-task {subtasks}: {}", line(subtask));
        }
        if let Some(comment) = comment {
            let _ = writeln!(text, "# step {}: {}", step + 1, line(comment));
        }
        let _ = writeln!(text, "{}", action.render());
    }
    text.pop();
    text
}

/// The steps that lines tell of. Lines that are neither a comment of these kinds nor a call are passed over;
/// fails on a call that is no action.
pub fn parse_past(text: &str) -> Result<Vec<Past>, Unread> {
    let mut past = Vec::new();
    let (mut subtask, mut comment) = (None, None);
    for line in text.lines() {
        match said(line) {
            Said::Subtask(text) => subtask = Some(text),
            Said::Step(text) => comment = Some(text),
            Said::Call => {
                let action = Action::parse(line)?;
                past.push(Past { subtask: subtask.take(), comment: comment.take(), action });
            }
            Said::Summary(_) | Said::Nothing => {}
        }
    }
    Ok(past)
}

impl Next {
    /// What a model writes after `n` steps of which `subtasks` began a part of the task.
    pub fn text(&self, n: usize, subtasks: usize) -> String {
        let mut text = String::new();
        if let Some(subtask) = &self.subtask {
            let _ = writeln!(text, "# sub-task {}: {}", subtasks + 1, line(subtask));
        }
        if let Some(comment) = &self.comment {
            let _ = writeln!(text, "# step {}: {}", n + 1, line(comment));
        }
        text.push_str(&self.action.render());
        if let Some(summary) = &self.summary {
            let _ = write!(text, "\n# step summary: {}", line(summary));
        }
        text
    }

    /// The first step that a text tells of: its first call, the comments before it and the summary after it.
    /// Fails where there is no call, or the first is no action.
    pub fn parse(text: &str) -> Result<Next, Unread> {
        let (mut subtask, mut comment, mut next) = (None, None, None::<Next>);
        for line in text.lines() {
            match said(line) {
                Said::Subtask(text) if next.is_none() => subtask = Some(text),
                Said::Step(text) if next.is_none() => comment = Some(text),
                Said::Summary(text) => {
                    if let Some(next) = &mut next {
                        next.summary = Some(text);
                        break;
                    }
                }
                Said::Call if next.is_some() => break,
                Said::Call => {
                    let action = Action::parse(line)?;
                    next = Some(Next {
                        subtask: subtask.take(),
                        comment: comment.take(),
                        action,
                        summary: None,
                    });
                }
                Said::Subtask(_) | Said::Step(_) | Said::Nothing => {}
            }
        }
        next.ok_or(Unread::NotACall)
    }
}

impl Sample {
    /// What the model writes.
    pub fn response(&self) -> String {
        let subtasks = self.past.iter().filter(|past| past.subtask.is_some()).count();
        self.next.text(self.past.len(), subtasks)
    }

    /// The sample of what a prompt shows and what is written.
    pub fn of_parts(
        website: &str,
        page: &str,
        goal: &str,
        past: &str,
        response: &str,
    ) -> Result<Sample, Unread> {
        Ok(Sample {
            website: website.to_owned(),
            page: page.to_owned(),
            goal: goal.to_owned(),
            past: parse_past(past)?,
            next: Next::parse(response)?,
        })
    }
}

/// The reason for a step in the words that this world uses: `click 'Send'`.
pub fn reason(action: &Action, node: Option<&Node>) -> String {
    let label = node.map_or("", |node| node.name.as_str());
    match action {
        Action::Click { .. } => format!("click '{label}'"),
        Action::Type { text, .. } => format!("type '{text}' in '{label}'"),
        Action::GoBack => "go back".to_owned(),
        Action::Stop { answer } if answer.is_empty() => "stop".to_owned(),
        Action::Stop { answer } => format!("tell '{answer}'"),
        other => other.name().replace('_', " "),
    }
}

/// What is reached with a step, in the words that this world uses: `clicked 'Send'`.
pub fn summary(action: &Action, node: Option<&Node>) -> String {
    let label = node.map_or("", |node| node.name.as_str());
    match action {
        Action::Click { .. } => format!("clicked '{label}'"),
        Action::Type { .. } => format!("typed '{label}'"),
        Action::GoBack => "went back".to_owned(),
        Action::Stop { answer } if answer.is_empty() => "stopped".to_owned(),
        Action::Stop { answer } => format!("told '{answer}'"),
        other => other.name().replace('_', " "),
    }
}

enum Said {
    Subtask(String),
    Step(String),
    Summary(String),
    Call,
    Nothing,
}

/// What a line of a model's code is.
fn said(line: &str) -> Said {
    let line = line.trim();
    let Some(comment) = line.strip_prefix('#') else {
        return if Call::begins(line) { Said::Call } else { Said::Nothing };
    };
    let comment = comment.trim_start_matches('#').trim_start();
    let after = |name: &str| {
        let rest = comment.strip_prefix(name)?;
        let (number, text) = rest.split_once(':')?;
        number.trim().chars().all(|one| one.is_ascii_digit()).then(|| text.trim().to_owned())
    };
    if let Some(text) = after("step summary") {
        return Said::Summary(text);
    }
    match (after("step"), after("sub-task")) {
        (Some(text), _) => Said::Step(text),
        (None, Some(text)) => Said::Subtask(text),
        (None, None) => Said::Nothing,
    }
}

/// A text on one line.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_step_is_written_with_its_reason_before_and_its_summary_after() {
        let next = Next {
            subtask: Some("write it".into()),
            comment: Some("type 'a' in 'To'".into()),
            action: Action::Type { id: 12, text: "say \"hi\"\nbye".into() },
            summary: Some("typed 'To'".into()),
        };
        let text = next.text(2, 0);
        assert_eq!(
            text,
            "# sub-task 1: write it\n# step 3: type 'a' in 'To'\ntype(element_id=\"12\",string=\"say \\\"hi\\\"\\nbye\")\n\
             # step summary: typed 'To'"
        );
        assert_eq!(Next::parse(&text), Ok(next));
    }

    #[test]
    fn the_first_call_of_a_text_is_its_step() {
        let text = "Sure.\n## step 4: look\n  click(7)\nclick(8)\n# step summary: late";
        let next = Next::parse(text).expect("a call");
        assert_eq!(
            (next.action, next.comment.as_deref(), next.summary),
            (Action::Click { id: 7 }, Some("look"), None)
        );
        assert_eq!(Next::parse("# step 1: nothing"), Err(Unread::NotACall));
        assert!(matches!(Next::parse("click(Send)"), Err(Unread::Argument { .. })));
    }

    #[test]
    fn a_bare_step_is_its_call_alone() {
        let past = Past { subtask: Some("a".into()), comment: Some("b".into()), action: Action::GoBack };
        let next = Next {
            subtask: None,
            comment: Some("c".into()),
            action: Action::Click { id: 3 },
            summary: Some("d".into()),
        };
        let sample =
            Sample { website: "w".into(), page: "p".into(), goal: "g".into(), past: vec![past], next };
        let bare = Detail::Bare.of(&sample);
        assert_eq!(
            (past_text(&bare.past).as_str(), bare.response().as_str()),
            ("go_back()", "click(element_id=\"3\")")
        );
        assert_eq!(Detail::Reasoned.of(&sample), sample);
    }

    /// One line of words.
    fn words() -> impl Strategy<Value = String> {
        "[a-zA-Z0-9'\"(),.=#:-]{1,8}( [a-z'\"()=]{1,8}){0,3}"
            .prop_filter("a comment of its own", |text| !text.trim_start_matches('#').trim().is_empty())
    }

    fn any_past() -> impl Strategy<Value = Past> {
        let action = prop_oneof![
            (0u32..9999).prop_map(|id| Action::Click { id }),
            (0u32..9999, any::<String>()).prop_map(|(id, text)| Action::Type { id, text }),
            Just(Action::GoBack),
            any::<String>().prop_map(|answer| Action::Stop { answer }),
        ];
        (prop::option::of(words()), prop::option::of(words()), action)
            .prop_map(|(subtask, comment, action)| Past { subtask, comment, action })
    }

    proptest! {
        #[test]
        fn every_sample_survives_writing_and_reading(
            past in prop::collection::vec(any_past(), 0..5),
            next in any_past(),
            summary in prop::option::of(words()),
        ) {
            let next = Next { subtask: next.subtask, comment: next.comment, action: next.action, summary };
            let sample = Sample { website: "w".into(), page: "[1] link 'x'".into(), goal: "g".into(), past, next };
            let read = Sample::of_parts("w", "[1] link 'x'", "g", &past_text(&sample.past), &sample.response());
            prop_assert_eq!(read, Ok(sample));
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = (Next::parse(&text), parse_past(&text));
        }
    }
}
