//! From procedures without pages to examples: scenarios, break points, and a page for each of them.

use super::validity::{Fault, acts, blocks, bound, history, next_call};
use autodidact_core::{Rng, Seed};
use autodidact_parts::web::action::Call;
use autodidact_parts::web::window::Window;
use autodidact_parts::web::{Next, Sample, html};
use rand::seq::index;

/// A concrete case of an article: the task in one line, and the code that does it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// The task as a command.
    pub task: String,
    /// Comments and calls, one a line.
    pub code: String,
}

/// A place between two calls of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakPoint {
    /// Everything up to the call before, that included.
    pub past: String,
    /// What follows, up to the next call: its comments and itself.
    pub next: String,
}

/// The scenarios of a writer's text, at most `most`.
pub fn scenarios(text: &str, most: usize) -> Vec<Result<Scenario, Fault>> {
    let found = blocks(text, "python");
    if found.is_empty() {
        return vec![Err(if text.contains("SKIP") { Fault::Skipped } else { Fault::Missing })];
    }
    found.into_iter().take(most).map(scenario).collect()
}

fn scenario(code: &str) -> Result<Scenario, Fault> {
    if code.contains("SKIP") {
        return Err(Fault::Skipped);
    }
    let task = |line: &&str| line.trim_start_matches('#').trim().starts_with("task:");
    let line = code.lines().find(task).ok_or(Fault::Missing)?;
    let task = line.split_once("task:").map_or("", |(_, task)| task).trim().to_owned();
    let kept = |other: &&str| *other != line && !other.trim_start_matches('#').trim().starts_with("scenario");
    let code: Vec<&str> = code.lines().filter(kept).collect();
    match task.is_empty() {
        true => Err(Fault::Missing),
        false => Ok(Scenario { task, code: code.join("\n") }),
    }
}

/// Up to `most` places before the second to last calls of some code, drawn without replacement.
pub fn break_points(code: &str, most: usize, rng: &mut Rng) -> Vec<BreakPoint> {
    let lines: Vec<&str> = code.lines().collect();
    let calls: Vec<usize> = (0..lines.len()).filter(|&at| Call::begins(lines[at])).collect();
    if calls.len() <= 1 {
        return Vec::new();
    }
    let places = calls.len() - 1;
    let cut = |place: usize| {
        let (before, at) = (calls[place], calls[place + 1]);
        let part = |lines: &[&str]| lines.join("\n").trim().to_owned();
        BreakPoint { past: part(&lines[..=before]), next: part(&lines[before + 1..=at]) }
    };
    index::sample(rng, places, most.min(places)).into_iter().map(cut).collect()
}

/// What a page is written for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The task.
    pub task: &'a str,
    /// The code before the page.
    pub past: &'a str,
    /// The code of the next step.
    pub next: &'a str,
}

/// The example of a page that a writer wrote for a break point.
///
/// The page's elements get random ids up to `ids`, and its lines are cut to a `window` around the next
/// action's element where they are more than its mean.
pub fn observed(
    text: &str,
    wanted: Wanted<'_>,
    window: &Window,
    ids: u32,
    seed: Seed,
) -> Result<Sample, Fault> {
    let mut rng = seed.rng();
    let html = blocks(text, "html").into_iter().next().ok_or(Fault::Missing)?;
    let said = blocks(text, "python").into_iter().next().ok_or(Fault::Missing)?;
    let about = |name: &str| {
        let said = said.lines().map(|line| line.trim_start_matches('#').trim());
        said.filter_map(|line| line.split_once(':')).find(|(known, _)| known.trim() == name)
    };
    let (Some((_, comment)), Some((_, summary))) = (about("step"), about("step summary")) else {
        return Err(Fault::Missing);
    };
    let past = history(wanted.past, ids, &mut rng)?;
    let call = next_call(wanted.next)?;
    let html::Read { mut page, marked } = html::read(html);
    page.number(ids, &mut rng);
    let on_element = matches!(call.name, "click" | "type" | "hover");
    let at = match (on_element, marked.first()) {
        (true, None) => return Err(Fault::NoMark),
        (true, Some(&at)) => Some(at),
        (false, _) => None,
    };
    let id = at.map_or(0, |at| page.nodes[at].id);
    let action = bound(&call, id).ok_or(Fault::Unparsable)?;
    acts(&action, &page)?;
    let mut shown = page.text();
    if page.nodes.len() > window.mean as usize {
        // The root is the last line of the header.
        let around = at.and_then(|at| at.checked_sub(1));
        shown = window.of(&shown, around, &mut rng);
    }
    let one = |text: &str| Some(text.trim().to_owned());
    Ok(Sample {
        website: page.title,
        page: shown,
        goal: wanted.task.to_owned(),
        past,
        next: Next { subtask: None, comment: one(comment), action, summary: one(summary) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_parts::web::{Action, Page};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const CODE: &str = "# sub-task 1: write\n# step 1: open\nclick(\"New\")\n# step 2: name\n# by hand\n\
                        type(\"To\", \"a\")\nclick(\"Send\")\n# step 4: end\nstop()";

    #[test]
    fn the_comments_above_a_call_go_with_it() {
        let points = break_points(CODE, 9, &mut Seed::root(1).rng());
        assert_eq!(points.len(), 3); // four calls
        let nexts: BTreeSet<&str> = points.iter().map(|point| point.next.as_str()).collect();
        let expect =
            ["# step 2: name\n# by hand\ntype(\"To\", \"a\")", "click(\"Send\")", "# step 4: end\nstop()"];
        assert_eq!(nexts, BTreeSet::from(expect));
        for BreakPoint { past, next } in &points {
            assert!(CODE.starts_with(past.as_str()) && CODE.contains(next.as_str()));
        }
    }

    proptest! {
        #[test]
        fn a_scenario_of_n_calls_has_its_break_points(n in 0usize..9, k in 0usize..6, seed in 0u64..50) {
            let code: String = (0..n).map(|i| format!("# step {i}: x\nclick({i})\n")).collect();
            let points = break_points(&code, k, &mut Seed::root(seed).rng());
            prop_assert_eq!(points.len(), k.min(n.saturating_sub(1)));
            let mut places = BTreeSet::new();
            for BreakPoint { past, next } in points {
                let calls = |text: &str| text.lines().filter(|line| Call::begins(line)).count();
                // The next action is call j = past + 1 of them, counted from 1, and never the first.
                prop_assert_eq!(calls(&next), 1);
                prop_assert!(calls(&past) >= 1);
                let call = format!("click({})", calls(&past));
                prop_assert!(next.ends_with(&call));
                places.insert(calls(&past));
            }
            prop_assert_eq!(places.len(), k.min(n.saturating_sub(1)));
        }
    }

    #[test]
    fn scenarios_without_a_task_or_with_nothing_to_vary_are_dropped_for_that() {
        let text = format!(
            "```python\n# scenario 1\n# task: Write\n{CODE}\n```\n```python\nclick(1)\n```\n```python\nSKIP\n```"
        );
        let found = scenarios(&text, 3);
        assert_eq!(found[0].as_ref().map(|one| one.task.as_str()), Ok("Write"));
        assert_eq!(found[0].as_ref().map(|one| one.code.as_str()), Ok(CODE));
        assert_eq!(found[1..], [Err(Fault::Missing), Err(Fault::Skipped)]);
        assert_eq!(scenarios(&text, 1).len(), 1);
        assert_eq!(scenarios("SKIP", 3), [Err(Fault::Skipped)]);
        assert_eq!(scenarios("no", 3), [Err(Fault::Missing)]);
    }

    fn written(html: &str) -> String {
        format!("```html\n{html}\n```\n```python\n# step: say whom\n# step summary: said whom\n```")
    }

    const WANTED: Wanted<'_> = Wanted {
        task: "Write",
        past: "# step 1: open\nclick(\"New\")",
        next: "# step 2: name\ntype(\"To\", \"a\")",
    };

    fn sample(text: &str, wanted: Wanted<'_>) -> Result<Sample, Fault> {
        observed(text, wanted, &Window::default(), 99, Seed::root(1))
    }

    #[test]
    fn the_marked_element_becomes_the_next_actions() {
        let html =
            "<title>T</title><button>Go</button><input id='next-action-target' aria-label='To'><a>x</a>";
        let found = sample(&written(html), WANTED).expect("valid");
        let page = Page::parse(&found.page);
        let Action::Type { id, text } = &found.next.action else { panic!("types") };
        assert_eq!((page.node(*id).map(|node| node.name.as_str()), text.as_str()), (Some("To"), "a"));
        assert_eq!(
            (found.next.comment.as_deref(), found.next.summary.as_deref()),
            (Some("say whom"), Some("said whom"))
        );
        assert_eq!((found.past.len(), found.website.as_str()), (1, "T"));
        // A stop needs no mark.
        let stop = Wanted { next: "stop('5')", ..WANTED };
        let found = sample(&written("<a>x</a>"), stop).expect("valid");
        assert_eq!(found.next.action, Action::Stop { answer: "5".into() });
    }

    #[test]
    fn pages_that_do_not_hold_the_next_step_are_dropped() {
        let fault = |text: &str, wanted| sample(text, wanted).expect_err("dropped");
        assert_eq!(fault(&written("<input aria-label='To'>"), WANTED), Fault::NoMark);
        assert_eq!(
            fault(&written("<button id=next-action-target>To</button>"), WANTED),
            Fault::NotInteractable
        );
        assert_eq!(fault("```html\n<a>x</a>\n```", WANTED), Fault::Missing);
        let other = Wanted { next: "drag(\"To\")", ..WANTED };
        assert_eq!(fault(&written("<a id=next-action-target>x</a>"), other), Fault::UnknownAction);
        let holes = Wanted { past: "click(\"<x>\")", ..WANTED };
        assert_eq!(fault(&written("<a>x</a>"), holes), Fault::Placeholder);
    }

    #[test]
    fn a_long_page_is_cut_around_the_marked_element() {
        let window = Window { mean: 12.0, deviation: 3.0, least: 4 };
        for place in [0, 20, 59] {
            let mut html = String::new();
            for line in 0..60 {
                let mark = if line == place { "id=next-action-target" } else { "" };
                html.push_str(&format!("<input {mark} aria-label='f{line}'>"));
            }
            for seed in 0..20 {
                let found = observed(&written(&html), WANTED, &window, 99, Seed::root(seed)).expect("valid");
                let page = Page::parse(&found.page);
                let id = found.next.action.target().expect("types");
                assert_eq!(page.node(id).map(|node| node.name.clone()), Some(format!("f{place}")));
                assert!(page.nodes.len() < 40);
            }
        }
    }
}
