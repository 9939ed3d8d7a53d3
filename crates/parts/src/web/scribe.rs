//! A stand-in for the strong model that writes demonstrations: it follows rules and errs at known rates.
//!
//! It is a policy like a chat model behind an endpoint, and answers in the same forms: a yes or no, scenarios
//! in code, a page in HTML, a task with its history and next step. It reads a prompt's *fields* instead of its
//! text. The field `asks` says what is wanted:
//!
//! * `title`: whether the article of that `title` can be done on a screen;
//! * `scenarios`: the article of that `title` and `steps` (a list) as up to `scenarios` concrete scenarios;
//! * `page`: for the article of that `title`, the page between the calls `past` and the call `next`;
//! * `steps`: for the page `window`, a task with about `history` past steps and a next step: any (`mode` is
//!   `free`), typing into the element `element_id` (`type`), or a stop with an answer (`answer`) or without
//!   (`done`).

mod invented;

use invented::Invented;

use super::action::{Action, Call, quoted};
use super::article::{Told, aim_of, concepts, told};
use super::goal::{filled, made_up};
use super::html;
use super::lexicon::{ASIDES, Pool, labels};
use super::sample::{reason, summary};
use super::site::{Given, IDS, Site, State};
use super::template::{Aim, Move, SiteKind, Slot};
use super::tree::{Node, Page};
use autodidact_core::chat::{Chat, Completion, Prompt};
use autodidact_core::{Ask, Error, Policy, Proposals, Result, Rng, Seed, Spend, Version};
use rand::Rng as _;
use rand::seq::IndexedRandom;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// The stand-in and how often it errs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scribe {
    /// The share of steps that name a wrong element, and of answers that are broken in some other way.
    pub wrong: f64,
    /// The share of steps that are left out.
    pub lost: f64,
    /// The share of clicks among the steps that it makes up when it is free to choose.
    pub clicks: f64,
}

impl Default for Scribe {
    fn default() -> Scribe {
        Scribe { wrong: 0.05, lost: 0.05, clicks: 0.95 }
    }
}

impl Scribe {
    /// Fails on rates that are none; `field` is the dotted name of this value.
    pub fn check(&self, field: &str) -> Result<()> {
        for (name, rate) in [("wrong", self.wrong), ("lost", self.lost), ("clicks", self.clicks)] {
            if !(0.0..=1.0).contains(&rate) {
                return Err(Error::invalid(format!("{field}.{name}"), "between 0 and 1", rate));
            }
        }
        Ok(())
    }
}

impl Policy<Chat> for Scribe {
    fn propose(&self, asks: &[Ask<Chat>], seeds: &[Seed]) -> Result<Proposals<Chat>> {
        self.check("scribe")?;
        let one = |(ask, seed): (&Ask<Chat>, &Seed)| -> Result<Vec<Completion>> {
            let answer = |t: u32| {
                let text = self.answer(&ask.query, seed.at("try", u64::from(t)))?;
                Ok(Completion { text, ..Completion::default() })
            };
            (0..ask.tries).map(answer).collect()
        };
        let answers = asks.iter().zip(seeds).map(one).collect::<Result<_>>()?;
        Ok(Proposals { answers, spend: Spend::default() })
    }

    fn version(&self) -> Result<Version> {
        Ok(Version(format!("scribe {} {} {}", self.wrong, self.lost, self.clicks)))
    }
}

/// A page of some site of that kind as one comes across it: after a few random steps, with ids, and the name
/// of the site.
pub fn surfed(kind: SiteKind, seed: Seed) -> Page {
    let site = Site::new(kind, seed);
    let mut rng = seed.at("surf", 0).rng();
    let mut state = site.entered(false);
    for _ in 0..rng.random_range(0..=3) {
        let (page, does) = site.page(&state);
        let open: Vec<usize> = (0..does.len()).filter(|&at| page.nodes[at].is_interactable()).collect();
        let Some(&at) = open.choose(&mut rng) else { break };
        match (does[at].concept(), page.nodes[at].is_input()) {
            (Some(concept), true) => {
                let word = value_for(kind, concept).draw(&mut rng);
                state.fields.insert(concept.to_owned(), word);
            }
            _ if page.nodes[at].role == "link" && ASIDES.contains(&page.nodes[at].name.as_str()) => {}
            _ => {
                state.press(&does[at]);
            }
        }
    }
    let (mut page, _) = site.page(&state);
    page.number(IDS, &mut rng);
    page
}

/// What is typed into a field of that concept.
fn value_for(kind: SiteKind, concept: &str) -> Pool {
    for aim in kind.template().aims {
        for step in aim.moves {
            if let Move::Type(known, slot) = step
                && *known == concept
                && let Some((_, pool)) = aim.slots.iter().find(|(name, _)| name == slot)
            {
                return *pool;
            }
        }
    }
    Pool::Word
}

impl Scribe {
    fn answer(&self, query: &Prompt, seed: Seed) -> Result<String> {
        let field = |name: &str| query.field(name).unwrap_or_default();
        let number = |name: &str| query.fields.get(name).and_then(serde_json::Value::as_u64).unwrap_or(0);
        let title = field("title");
        Ok(match field("asks") {
            "title" => (if aim_of(title).is_some() { "yes" } else { "no" }).to_owned(),
            "scenarios" => {
                let steps = query.fields.get("steps").and_then(serde_json::Value::as_array);
                let steps: Vec<&str> = steps.into_iter().flatten().filter_map(|one| one.as_str()).collect();
                let mut text = String::new();
                for scenario in 0..number("scenarios") {
                    let code = self.scenario(title, &steps, seed.at("scenario", scenario));
                    let _ = write!(text, "```python\n# scenario {}\n{code}```\n\n", scenario + 1);
                }
                text
            }
            "page" => self.page(title, field("past"), field("next"), seed),
            "steps" => {
                let window = Page::parse(field("window"));
                let target = field("element_id").parse().ok();
                let steps =
                    Invented::of(&window, field("mode"), target, number("history") as usize, self, seed);
                steps
                    .map_or("There is nothing to do on this page.".to_owned(), |one| self.written(&one, seed))
            }
            other => {
                return Err(Error::unknown(
                    "kind of prompt for the scribe",
                    other,
                    ["title", "scenarios", "page", "steps"],
                ));
            }
        })
    }

    /// A scenario for an article: the task, then a comment and a call for each step.
    fn scenario(&self, title: &str, steps: &[&str], seed: Seed) -> String {
        let mut rng = seed.rng();
        let Some((kind, aim)) = aim_of(title) else { return "SKIP\n".to_owned() };
        let values = made_up(aim, &mut rng);
        let says = aim.says.choose(&mut rng).copied().unwrap_or_default();
        let mut code = format!("# task: {}\n", filled(says, &values));
        let mut step = 0;
        for sentence in steps {
            let Some(told) = told(kind, sentence) else { continue };
            let end = matches!(told, Told::Read | Told::ReadHeld { .. } | Told::End);
            if !end && rng.random_bool(self.lost) {
                continue;
            }
            let wrong = !end && rng.random_bool(self.wrong);
            let other = |rng: &mut Rng| {
                let concept = concepts(kind).choose(rng).copied().unwrap_or("save");
                labels(concept).choose(rng).copied().unwrap_or_default()
            };
            let (call, reason) = match told {
                Told::Press { label, .. } => {
                    let said = if wrong { other(&mut rng) } else { label };
                    (format!("click({})", quoted(said)), format!("click '{label}'"))
                }
                Told::Pick => {
                    let item = values.get("item").cloned().unwrap_or_default();
                    let said = match (wrong, kind.template().items) {
                        (true, Some(pool)) => pool.draw(&mut rng),
                        _ => item.clone(),
                    };
                    (format!("click({})", quoted(&said)), format!("click '{item}'"))
                }
                Told::Fill { concept, label } => {
                    let slot = aim.moves.iter().find_map(|step| match step {
                        Move::Type(known, slot) if *known == concept => Some(*slot),
                        _ => None,
                    });
                    let value = slot.and_then(|slot| values.get(slot)).cloned().unwrap_or_default();
                    let said = if wrong { other(&mut rng) } else { label };
                    let call = format!("click_and_type({}, {})", quoted(said), quoted(&value));
                    (call, format!("type '{value}' in '{label}'"))
                }
                Told::Read | Told::ReadHeld { .. } => {
                    let pool = match told {
                        Told::ReadHeld { concept } => value_for(kind, concept),
                        _ => kind.template().fact.1,
                    };
                    let answer = pool.draw(&mut rng);
                    (format!("stop({})", quoted(&answer)), format!("tell '{answer}'"))
                }
                Told::End => ("stop()".to_owned(), "stop".to_owned()),
            };
            step += 1;
            let _ = writeln!(code, "# step {step}: {reason}\n{call}");
        }
        code
    }

    /// A page that shows what the past calls led to and holds the element of the next call, with the reason
    /// for it and its summary.
    fn page(&self, title: &str, past: &str, next: &str, seed: Seed) -> String {
        let mut rng = seed.at("page", 0).rng();
        let calls = |text: &str| -> Vec<Call> {
            text.lines().filter(|line| Call::begins(line)).filter_map(|line| Call::parse(line).ok()).collect()
        };
        let (past, next) = (calls(past), calls(next));
        let (Some((kind, aim)), Some(next)) = (aim_of(title), next.into_iter().next()) else {
            return "I cannot draw this page.".to_owned();
        };
        let given = Given::of(kind, aim, &past, &next);
        let site = Site::with(kind, seed.at("site", 0), &given);
        let mut state = site.entered(false);
        past.iter().for_each(|call| replay(&site, &mut state, call));
        let label = next.element().filter(|_| matches!(next.name, "click" | "type"));
        let holds = |state: &State| label.is_none_or(|label| find(&site, state, label, next.name).is_some());
        if !holds(&state) {
            // The writer of a page makes it fit the next step.
            for view in kind.template().views {
                let mut other = state.clone();
                other.go(view.key, given.item.clone());
                if holds(&other) {
                    state = other;
                    break;
                }
            }
        }
        let at = label.and_then(|label| find(&site, &state, label, next.name));
        let (mut page, _) = site.page(&state);
        page.number(IDS, &mut rng);
        let node = at.map(|at| page.nodes[at].clone());
        let marked = node.as_ref().map(|node| node.id).filter(|_| !rng.random_bool(self.wrong / 2.0));
        let action = match next.name {
            "type" => Action::Type { id: 0, text: next.typed().unwrap_or_default().to_owned() },
            "click" => Action::Click { id: 0 },
            "go_back" => Action::GoBack,
            _ => Action::Stop { answer: next.get(&["answer"], 0).unwrap_or_default().to_owned() },
        };
        format!(
            "```html\n{}\n```\n\n```python\n# step: {}\n# step summary: {}\n```\n",
            html::write(&page, marked),
            reason(&action, node.as_ref()),
            summary(&action, node.as_ref())
        )
    }

    /// A made-up task in the form that is asked for.
    fn written(&self, steps: &Invented, seed: Seed) -> String {
        let mut rng = seed.at("written", 0).rng();
        let broken = rng.random_bool(self.wrong);
        let call = |action: &Action, label: &str| match action {
            Action::Click { id } => format!("click(element={}, element_id={id})", quoted(label)),
            Action::Type { id, text } => {
                format!(
                    "click_and_type(element={}, content={}, element_id={id})",
                    quoted(label),
                    quoted(text)
                )
            }
            other => other.render(),
        };
        let mut text = format!("```python\n# task: {}\n# {DASHES}\n# past actions (history)\n", steps.goal);
        for (step, (action, label)) in steps.past.iter().enumerate() {
            let node = Node { name: label.clone(), ..Node::default() };
            let _ = writeln!(
                text,
                "# step {}: {}\n{}",
                step + 1,
                reason(action, Some(&node)),
                call(action, label)
            );
        }
        let mut next = steps.next.clone();
        if broken {
            match rng.random_range(0..3) {
                0 => next = next.on(IDS + 1 + rng.random_range(0..100)),
                1 => text.push_str("click(element=\"<element>\", element_id=7)\n"),
                _ => text.push_str("...\n"),
            }
        }
        let node = Node { name: steps.label.clone(), ..Node::default() };
        let _ = write!(
            text,
            "# {DASHES}\n# next action:\n# step {}: {}\n{}\n# step summary: {}\n```\n",
            steps.past.len() + 1,
            reason(&next, Some(&node)),
            call(&next, &steps.label),
            summary(&next, Some(&node))
        );
        text
    }
}

/// What separates the parts of a made-up task.
const DASHES: &str = "--------------------";

/// Does what a call says, where the page has its element.
fn replay(site: &Site, state: &mut State, call: &Call) {
    match (call.name, call.element()) {
        ("go_back", _) => {
            if let Some((view, item)) = state.before.pop() {
                (state.view, state.item) = (view, item);
            }
        }
        (name @ ("click" | "type"), Some(label)) => {
            let Some(at) = find(site, state, label, name) else { return };
            let (_, does) = site.page(state);
            match (does[at].concept(), call.typed()) {
                (Some(concept), Some(text)) if name == "type" => {
                    state.fields.insert(concept.to_owned(), text.to_owned());
                }
                _ => {
                    state.press(&does[at]);
                }
            }
        }
        _ => {}
    }
}

/// The place of the element of that label that can be clicked, or typed into, on the page.
fn find(site: &Site, state: &State, label: &str, name: &str) -> Option<usize> {
    let (page, _) = site.page(state);
    let fits =
        |node: &Node| node.name == label && node.is_input() == (name == "type") && node.is_interactable();
    page.nodes.iter().position(fits)
}

impl Given {
    /// What calls say of the site that they happen on.
    fn of(kind: SiteKind, aim: &Aim, past: &[Call], next: &Call) -> Given {
        let mut given = Given::default();
        for call in past.iter().chain([next]) {
            let Some(label) = call.element() else { continue };
            let typed = call.name == "type";
            let slots = kind.template().views.iter().flat_map(|view| view.slots);
            let fits = |slot: &&Slot| {
                let input = matches!(slot, Slot::Field(_) | Slot::Search(_));
                input == typed && slot.concept().is_some_and(|concept| labels(concept).contains(&label))
            };
            if let Some(concept) = slots.filter(fits).find_map(Slot::concept) {
                given.labels.entry(concept.to_owned()).or_insert_with(|| label.to_owned());
            } else if !typed && kind.template().items.is_some_and(|pool| pool.has(label)) {
                given.item = Some(label.to_owned());
            }
        }
        // What is looked for is listed.
        let searched = past.iter().filter(|call| call.name == "type").filter_map(Call::typed);
        let is_item = |text: &&str| kind.template().items.is_some_and(|pool| pool.has(text));
        let has_item = aim.slots.iter().any(|(slot, _)| *slot == "item");
        if given.item.is_none() && has_item {
            given.item = searched.chain(next.typed()).find(is_item).map(str::to_owned);
        }
        if let (Some(answer), "stop") = (next.get(&["answer"], 0), next.name) {
            match aim.moves.last() {
                Some(Move::Tell) => given.fact = Some(answer.to_owned()),
                Some(Move::TellHeld(concept)) => {
                    given.held.insert((*concept).to_owned(), answer.to_owned());
                }
                _ => {}
            }
        }
        given
    }
}

#[cfg(test)]
mod tests {
    use super::super::article::Article;
    use super::super::sample::Next;
    use super::*;
    use autodidact_core::chat::Sampling;

    fn answer(scribe: Scribe, query: Prompt, seed: u64) -> String {
        let ask = Ask { query, knobs: Sampling::default(), tries: 1 };
        scribe.propose(&[ask], &[Seed::root(seed)]).expect("answers").answers[0][0].text.clone()
    }

    fn asks(what: &str) -> Prompt {
        Prompt::text("p", "").with("asks", what)
    }

    const EXACT: Scribe = Scribe { wrong: 0.0, lost: 0.0, clicks: 1.0 };

    #[test]
    fn scenarios_repeat_the_articles_steps_with_values() {
        let mut rng = Seed::root(1).rng();
        for seed in 0..60 {
            let article = Article::draw(0.0, &mut rng);
            let (_, aim) = aim_of(&article.title).expect("about an aim");
            let query =
                asks("scenarios").with("title", article.title.clone()).with("steps", article.steps.clone());
            let text = answer(EXACT, query.with("scenarios", 3), seed);
            let blocks: Vec<&str> = text.split("```python").skip(1).collect();
            assert_eq!(blocks.len(), 3);
            for block in blocks {
                let calls: Vec<Call> = block.lines().filter_map(|line| Call::parse(line).ok()).collect();
                assert_eq!(calls.len(), aim.moves.len(), "{block}");
                assert_eq!(calls.last().map(|call| call.name), Some("stop"));
                assert!(block.contains("# task: ") && !block.contains('{'));
            }
        }
    }

    #[test]
    fn errors_come_at_their_rates() {
        let mut rng = Seed::root(2).rng();
        let (mut told_of, mut calls, mut different) = (0, 0, 0);
        for seed in 0..300 {
            let article = Article::draw(0.0, &mut rng);
            told_of += aim_of(&article.title).expect("about an aim").1.moves.len() - 1;
            let query =
                asks("scenarios").with("title", article.title.clone()).with("steps", article.steps.clone());
            let text = answer(Scribe::default(), query.with("scenarios", 1), seed);
            for (comment, call) in text.lines().zip(text.lines().skip(1)) {
                if let (Some((_, reason)), Ok(call)) = (comment.split_once(": "), Call::parse(call))
                    && call.name != "stop"
                {
                    calls += 1;
                    different +=
                        usize::from(!reason.contains(&format!("'{}'", call.element().unwrap_or("?"))));
                }
            }
        }
        let lost = 1.0 - f64::from(calls) / told_of as f64;
        assert!((0.02..0.08).contains(&lost), "{lost}");
        let wrong = different as f64 / f64::from(calls);
        assert!((0.02..0.08).contains(&wrong), "{wrong}");
    }

    #[test]
    fn a_page_shows_what_was_done_and_marks_the_next_element() {
        let past = "# step 1: go\nclick(\"New mail\")\nclick_and_type(\"Recipient\", \"anna\")";
        let query = asks("page")
            .with("title", "How to send a mail")
            .with("past", past)
            .with("next", "click_and_type(\"Body\", \"hello\")");
        for seed in 0..20 {
            let text = answer(EXACT, query.clone(), seed);
            let html =
                text.split("```html").nth(1).and_then(|rest| rest.split("```").next()).expect("a page");
            let read = html::read(html);
            let marked: Vec<&Node> = read.marked.iter().map(|&at| &read.page.nodes[at]).collect();
            assert!(matches!(marked[..], [node] if node.name == "Body" && node.is_input()), "{text}");
            let to = read.page.nodes.iter().find(|node| node.name == "Recipient").expect("is there");
            assert_eq!(to.value.as_deref(), Some("anna"));
            assert!(
                text.contains("# step: type 'hello' in 'Body'")
                    && text.contains("# step summary: typed 'Body'")
            );
        }
    }

    #[test]
    fn a_made_up_step_acts_on_the_page_it_was_made_up_for() {
        let (mut found, mut typed, mut stopped) = (0, 0, 0);
        for seed in 0..240u64 {
            let kind = SiteKind::ALL[seed as usize % 6];
            let page = surfed(kind, Seed::root(seed));
            for mode in ["free", "type", "answer", "done"] {
                let input = page.nodes.iter().find(|node| node.is_input());
                let query = asks("steps").with("window", page.text()).with("mode", mode).with("history", 2);
                let query = match (mode, input) {
                    ("type", Some(node)) => query.with("element_id", node.id.to_string()),
                    ("type", None) => continue,
                    _ => query,
                };
                let text = answer(EXACT, query, seed);
                let Some((_, next)) = text.split_once("# next action:") else { continue };
                let next = Next::parse(next).expect("a step");
                found += 1;
                match (mode, &next.action) {
                    ("type", Action::Type { id, text: typed_text }) => {
                        typed += 1;
                        assert_eq!(Some(*id), input.map(|node| node.id));
                        assert!(text.contains(typed_text.as_str()));
                    }
                    ("answer" | "done", Action::Stop { .. }) => stopped += 1,
                    ("free", Action::Click { id }) => {
                        assert!(page.node(*id).is_some_and(Node::is_interactable), "{text}");
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
        assert!(found > 500 && typed > 60 && stopped > 200, "{found} {typed} {stopped}");
    }
}
