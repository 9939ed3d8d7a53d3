//! From pages without goals to examples: a window of a page, a made-up history and next step.

use super::validity::{Fault, acts, blocks, described, history, next_call};
use autodidact_core::{Error, Result, Rng, Seed};
use autodidact_parts::web::action::Call;
use autodidact_parts::web::tree::HEADER;
use autodidact_parts::web::window::{HISTORY_COUNTS, Window, history_length, unindented};
use autodidact_parts::web::{Next, Page, Sample};
use rand::Rng as _;
use rand::seq::IndexedRandom;
use serde::{Deserialize, Serialize};

/// How many of the made-up steps are forced to be of a kind; without balancing nearly all are clicks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Balance {
    /// The share of steps that type.
    pub typed: f64,
    /// The share of steps that stop with an answer.
    pub answered: f64,
    /// The share of steps that stop because the task is done.
    pub done: f64,
}

impl Default for Balance {
    fn default() -> Balance {
        Balance { typed: 0.35, answered: 0.1, done: 0.1 }
    }
}

impl Balance {
    /// Nothing is forced.
    pub const NONE: Balance = Balance { typed: 0.0, answered: 0.0, done: 0.0 };

    /// Fails on shares that are more than all.
    pub fn check(&self, field: &str) -> Result<()> {
        let shares = [self.typed, self.answered, self.done];
        let sum: f64 = shares.iter().sum();
        if !shares.iter().all(|share| (0.0..=1.0).contains(share)) || sum > 1.0 {
            return Err(Error::invalid(field, "shares of at most 1 together", format!("{shares:?}")));
        }
        Ok(())
    }

    /// What the next step has to be.
    pub fn draw(&self, rng: &mut Rng) -> Mode {
        let place: f64 = rng.random();
        match place {
            _ if place < self.typed => Mode::Type,
            _ if place < self.typed + self.answered => Mode::Answer,
            _ if place < self.typed + self.answered + self.done => Mode::Done,
            _ => Mode::Free,
        }
    }
}

/// What a made-up step has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Anything.
    Free,
    /// Typing into a given element.
    Type,
    /// A stop with an answer.
    Answer,
    /// A stop because the task is done.
    Done,
}

impl Mode {
    /// Its name in prompts.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Free => "free",
            Mode::Type => "type",
            Mode::Answer => "answer",
            Mode::Done => "done",
        }
    }
}

/// The part of a page that an example keeps and the smaller part that the writer sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// What the example keeps.
    pub chunk: String,
    /// What the writer sees: lines of the chunk.
    pub shown: String,
    /// The element that must be typed into.
    pub target: Option<u32>,
}

/// A view of a page for a step of that mode; `None` where a step must type and the page has no field.
///
/// The field is drawn first, search fields half as likely as others, and both parts hold it.
pub fn view(page: &str, mode: Mode, chunk: &Window, shown: &Window, rng: &mut Rng) -> Option<View> {
    let target = match mode {
        Mode::Type => {
            let read = Page::parse(page);
            let fields: Vec<(u32, f64)> = read
                .nodes
                .iter()
                .filter(|node| node.is_input())
                .map(|node| (node.id, if node.role == "searchbox" { 1.0 } else { 2.0 }))
                .collect();
            Some(fields.choose_weighted(rng, |(_, weight)| *weight).ok()?.0)
        }
        _ => None,
    };
    let place = |text: &str| {
        let id = target?;
        let line = |line: &str| autodidact_parts::web::Node::parse(line).is_some_and(|node| node.id == id);
        text.lines().skip(HEADER).position(line)
    };
    let chunk = chunk.of(page, place(page), rng);
    let whole = shown.of(&chunk, place(&chunk), rng);
    let lines: Vec<&str> = whole.lines().skip(HEADER).collect();
    Some(View { chunk, shown: unindented(&lines, 0).join("\n"), target })
}

/// A history length from human demonstrations and the form that the writer fills in for it.
pub fn asked_history(rng: &mut Rng) -> (usize, String) {
    let length = history_length(&HISTORY_COUNTS, rng);
    let starts = subtasks(length, rng);
    let mut form = String::new();
    for step in 0..length {
        if let Some(place) = starts.iter().position(|start| *start == step) {
            form.push_str(&format!("# sub-task {}: <what this part is for>\n", place + 1));
        }
        form.push_str(&format!("# step {}: <why>\n<action>\n", step + 1));
    }
    (length, form)
}

/// The whole form of a made-up task with that history.
pub fn form(history: &str) -> String {
    let dashes = "-".repeat(20);
    format!(
        "```python\n# task: <the task as one command>\n# {dashes}\n# past actions (history)\n{history}# {dashes}\n# next \
         action:\n# step <number>: <why>\n<action>\n# step summary: <what is reached>\n```\n"
    )
}

/// What the writer is told about the next action.
pub fn rule(mode: Mode, target: &str) -> String {
    match mode {
        Mode::Free => "The next action acts on an element of the page above.".to_owned(),
        Mode::Type => format!("The next action types into the element with the id {target}."),
        Mode::Answer => {
            "The task asks for something that the page above tells; the next action is stop(answer) with it."
                .to_owned()
        }
        Mode::Done => {
            "The page above shows that the task is done; the next action is stop() without an answer."
                .to_owned()
        }
    }
}

/// The steps with which parts of a task begin; parts are about three steps long, a normal draw of at least one.
fn subtasks(length: usize, rng: &mut Rng) -> Vec<usize> {
    let part = Window { mean: 3.0, deviation: 1.0, least: 1 };
    let mut starts = Vec::new();
    let mut at = 0;
    while at < length {
        starts.push(at);
        at += part.lines(rng);
    }
    starts
}

/// The examples of a writer's text about a view of a page of that website; past actions get random ids up to
/// `ids`.
pub fn invented(
    text: &str,
    website: &str,
    chunk: &str,
    shown: &str,
    ids: u32,
    seed: Seed,
) -> Vec<Result<Sample, Fault>> {
    let found = blocks(text, "python");
    if found.is_empty() {
        return vec![Err(Fault::Missing)];
    }
    let one = |(place, code): (usize, &&str)| {
        example(code, website, chunk, shown, ids, &mut seed.at("task", place as u64).rng())
    };
    found.iter().enumerate().map(one).collect()
}

fn example(
    code: &str,
    website: &str,
    chunk: &str,
    shown: &str,
    ids: u32,
    rng: &mut Rng,
) -> Result<Sample, Fault> {
    let dashes = |line: &str| {
        let line = line.trim().trim_start_matches('#').trim();
        line.len() >= 5 && line.chars().all(|one| one == '-')
    };
    let lines: Vec<&str> = code.lines().collect();
    let parts: Vec<String> = lines.split(|line| dashes(line)).map(|part| part.join("\n")).collect();
    let [task, past, next] = parts.as_slice() else { return Err(Fault::Missing) };
    let goal = task.lines().find_map(|line| line.split_once("task:")).map_or("", |(_, goal)| goal).trim();
    if goal.is_empty() {
        return Err(Fault::Missing);
    }
    let past = history(past, ids, rng)?;
    let call: Call = next_call(next)?;
    // Positions count in this notation too: the id is the last integer of the call.
    let next = Next::parse(next)?;
    // The writer saw the window; an id from elsewhere would be a guess.
    let node = acts(&next.action, &Page::parse(shown))?;
    if let Some(node) = &node {
        described(&call, node)?;
    }
    if next.comment.is_none() || next.summary.is_none() {
        return Err(Fault::Missing);
    }
    Ok(Sample { website: website.to_owned(), page: chunk.to_owned(), goal: goal.to_owned(), past, next })
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_parts::web::{Action, Detail, Past};

    fn page(n: usize) -> String {
        let mut text = String::from("Tab 0 (current): T\n\n[900] RootWebArea 'T'");
        for line in 0..n {
            let role = match line % 10 {
                0 => "searchbox",
                5 => "textbox",
                _ => "link",
            };
            text.push_str(&format!("\n\t[{}] {role} 'e{line}'", line + 1));
        }
        text
    }

    const CHUNK: Window = Window { mean: 20.0, deviation: 8.0, least: 5 };
    const SHOWN: Window = Window { mean: 8.0, deviation: 3.0, least: 2 };

    #[test]
    fn the_writer_sees_lines_of_what_the_example_keeps_and_the_field_is_among_them() {
        let whole = page(60);
        let mut searched = 0;
        for seed in 0..400 {
            let mode = [Mode::Free, Mode::Type][seed as usize % 2];
            let view = view(&whole, mode, &CHUNK, &SHOWN, &mut Seed::root(seed).rng()).expect("has fields");
            let (chunk, shown) = (Page::parse(&view.chunk), Page::parse(&view.shown));
            assert!(!shown.nodes.is_empty() && shown.nodes.len() < 60);
            assert!(shown.nodes.iter().all(|node| chunk.node(node.id).is_some()));
            if let Some(id) = view.target {
                let node = shown.node(id).expect("the window holds the field");
                assert!(node.is_input());
                searched += usize::from(node.role == "searchbox");
            }
            assert_eq!(view.target.is_some(), mode == Mode::Type);
        }
        // Six of each kind, search fields half as likely: one in three of 200.
        assert!((40..95).contains(&searched), "{searched}");
        let none = view(
            "Tab 0 (current): T\n\n[1] RootWebArea 'T'\n\t[2] link 'x'",
            Mode::Type,
            &CHUNK,
            &SHOWN,
            &mut Seed::root(1).rng(),
        );
        assert_eq!(none, None);
    }

    #[test]
    fn a_form_has_a_place_for_every_past_step() {
        let mut rng = Seed::root(3).rng();
        let mut parts = Vec::new();
        for _ in 0..500 {
            let (length, form) = asked_history(&mut rng);
            assert_eq!(form.matches("# step ").count(), length);
            assert_eq!(form.starts_with("# sub-task 1"), length > 0);
            parts.push((length, form.matches("# sub-task ").count()));
        }
        assert!(parts.iter().all(|(length, parts)| parts <= length && parts * 7 >= *length));
    }

    #[test]
    fn modes_come_in_their_shares() {
        let mut rng = Seed::root(4).rng();
        let drawn: Vec<Mode> = (0..2_000).map(|_| Balance::default().draw(&mut rng)).collect();
        let typed = drawn.iter().filter(|mode| **mode == Mode::Type).count();
        assert!((600..800).contains(&typed), "{typed}");
        assert!((0..100).all(|_| Balance::NONE.draw(&mut rng) == Mode::Free));
        assert!(Balance { typed: 0.9, answered: 0.2, done: 0.0 }.check("balance").is_err());
    }

    fn code(past: &str, next: &str) -> String {
        format!(
            "```python\n# task: Buy it\n# {0}\n# past actions (history)\n{past}\n# {0}\n# next action:\n{next}\n```",
            "-".repeat(20)
        )
    }

    const SEEN: &str = "[3] textbox 'To'\n[4] button 'Send mail'";

    fn read(text: &str) -> Vec<Result<Sample, Fault>> {
        invented(
            text,
            "w",
            "T\n\n[1] RootWebArea 'T'\n\t[3] textbox 'To'\n\t[4] button 'Send mail'\n\t[5] link 'x'",
            SEEN,
            99,
            Seed::root(1),
        )
    }

    fn one(past: &str, next: &str) -> Result<Sample, Fault> {
        read(&code(past, next)).remove(0)
    }

    const NEXT: &str = "# step 2: go\nclick(element=\"Send mail\", element_id=4)\n# step summary: gone";

    #[test]
    fn a_made_up_task_becomes_an_example_on_the_longer_chunk() {
        let sample = one("# sub-task 1: a\n# step 1: b\nclick_and_type(element=\"To\", content=\"x \\\"y\\\"\", element_id=3)", NEXT).expect("valid");
        assert_eq!((sample.goal.as_str(), sample.next.action.clone()), ("Buy it", Action::Click { id: 4 }));
        assert!(sample.page.contains("[5] link 'x'"));
        assert!(matches!(&sample.past[0].action, Action::Type { text, .. } if text == "x \"y\""));
        assert_eq!(sample.next.summary.as_deref(), Some("gone"));
        let several = format!("{}\n{}", code("", NEXT), code("...", NEXT));
        assert_eq!(read(&several).iter().filter(|one| one.is_ok()).count(), 1);
    }

    #[test]
    fn every_way_to_break_the_form_has_its_reason() {
        let fault = |past: &str, next: &str| one(past, next).expect_err("dropped");
        assert_eq!(read("no code"), [Err(Fault::Missing)]);
        assert_eq!(read("```python\n# task: x\n# -----\nclick(4)\n```"), [Err(Fault::Missing)]);
        assert_eq!(fault("", "# step 1: nothing"), Fault::Missing);
        assert_eq!(fault("", "# step 1: a\nclick(4)"), Fault::Missing); // no summary
        assert_eq!(fault("...", NEXT), Fault::Elided);
        assert_eq!(fault("click(\"<element>\")", NEXT), Fault::Placeholder);
        assert_eq!(fault("swim(3)", NEXT), Fault::History);
        assert_eq!(fault("", &NEXT.replace("click(", "swim(")), Fault::UnknownAction);
        assert_eq!(fault("", &NEXT.replace("4)", "4")), Fault::Unparsable);
        assert_eq!(fault("", &NEXT.replace("=4", "=5")), Fault::NoElement); // in the chunk, but not seen
        assert_eq!(fault("", &NEXT.replace("=4", "=77")), Fault::NoElement);
        assert_eq!(fault("", &NEXT.replace("Send mail", "Cancel")), Fault::OtherWords);
        assert_eq!(fault("", "# step 1: a\ntype(4, \"x\")\n# step summary: b"), Fault::NotInteractable);
    }

    #[test]
    fn the_ids_of_the_past_are_random_and_the_label_does_not_depend_on_them() {
        let past =
            "click(element=\"New\", element_id=40)\ntype(element=\"To\", content=\"a\", element_id=41)";
        let text = code(past, NEXT);
        let samples: Vec<Sample> = (0..20)
            .map(|seed| invented(&text, "w", SEEN, SEEN, 9999, Seed::root(seed)).remove(0).expect("valid"))
            .collect();
        let ids =
            |sample: &Sample| sample.past.iter().map(|past: &Past| past.action.target()).collect::<Vec<_>>();
        assert!(samples.iter().skip(1).any(|sample| ids(sample) != ids(&samples[0])));
        for sample in &samples {
            assert_eq!(sample.next, samples[0].next);
            assert_eq!(sample.response(), samples[0].response());
            assert_eq!(Detail::Reasoned.of(sample), *sample);
        }
    }
}
