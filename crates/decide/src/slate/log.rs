//! Click logs of real users, one list a line.
//!
//! ```text
//! {"user": "ann", "slate": ["skis", "boots", "poles"], "click": "boots"}
//! {"user": 17, "slate": ["tent", "skis"], "click": null}
//! ```
//!
//! Lines stand in the order of time; users and items are text or whole numbers. A catalogue may tell
//! which group an item belongs to, one item a line: `{"item": "skis", "group": "winter"}`. Items of the
//! catalogue that were never shown can be recommended like all others.

use super::fit::History;
use autodidact_core::{Error, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// A log that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    /// The sessions, each user one.
    pub history: History,
    /// The users' names by number, in the order of their first line.
    pub users: Vec<String>,
    /// The items' names by number, sorted.
    pub items: Vec<String>,
    /// The group of each item; those of no catalogue share one.
    pub groups: Vec<u32>,
    /// The groups' names by number, sorted; the empty name is that of items of no catalogue.
    pub group_names: Vec<String>,
}

/// A name in a log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Name {
    Number(i64),
    Text(String),
}

impl Name {
    fn text(self) -> String {
        match self {
            Name::Number(number) => number.to_string(),
            Name::Text(text) => text,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    user: Name,
    slate: Vec<Name>,
    click: Option<Name>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    item: Name,
    group: Name,
}

impl Log {
    /// Reads a log and, where there is one, a catalogue. Fails on what is no list with a click, naming
    /// file and line.
    pub fn read(log: &Path, catalogue: Option<&Path>) -> Result<Log> {
        let text = |path: &Path| {
            let io = |source| Error::Io { path: path.to_owned(), doing: "reading", source };
            std::fs::read_to_string(path).map_err(io)
        };
        let catalogue = catalogue.map(|path| Ok((text(path)?, path))).transpose()?;
        Log::parse((&text(log)?, log), catalogue.as_ref().map(|(text, path)| (text.as_str(), *path)))
    }

    /// The same from texts; the paths are for messages.
    pub fn parse((text, path): (&str, &Path), catalogue: Option<(&str, &Path)>) -> Result<Log> {
        let mut group_of: BTreeMap<String, String> = BTreeMap::new();
        if let Some((text, path)) = catalogue {
            for (number, entry) in lines::<Entry>(text, path, "an object with item and group") {
                let Entry { item, group } = entry?;
                let (item, group) = (item.text(), group.text());
                let known = group_of.insert(item.clone(), group.clone());
                if known.is_some_and(|known| known != group) {
                    return Err(wrong(path, number, "one group an item", format!("{item:?} has two")));
                }
            }
        }
        let mut read = Vec::new();
        for (number, line) in lines::<Line>(text, path, "an object with user, slate and click") {
            let Line { user, slate, click } = line?;
            let slate: Vec<String> = slate.into_iter().map(Name::text).collect();
            if let Some(twice) = slate.iter().enumerate().find(|(i, item)| slate[..*i].contains(item)) {
                return Err(wrong(
                    path,
                    number,
                    "distinct items in a slate",
                    format!("{:?} is there twice", twice.1),
                ));
            }
            let click = match click.map(Name::text) {
                None => None,
                Some(item) => match slate.iter().position(|shown| *shown == item) {
                    Some(place) => Some(place),
                    None => {
                        let found = format!("{item:?} was not shown");
                        return Err(wrong(path, number, "a click on an item of the slate, or null", found));
                    }
                },
            };
            read.push((user.text(), slate, click));
        }
        if read.is_empty() {
            let found = "it has none".to_owned();
            return Err(Error::Data { path: path.to_owned(), rule: "a log has lines".to_owned(), found });
        }
        for item in read.iter().flat_map(|(_, slate, _)| slate) {
            group_of.entry(item.clone()).or_default();
        }
        Ok(numbered(read, group_of))
    }
}

/// Names become numbers.
fn numbered(read: Vec<(String, Vec<String>, Option<usize>)>, group_of: BTreeMap<String, String>) -> Log {
    let mut group_names: Vec<String> = group_of.values().cloned().collect();
    group_names.sort();
    group_names.dedup();
    let place = |names: &[String], name: &String| names.binary_search(name).expect("it was put there") as u32;
    let items: Vec<String> = group_of.keys().cloned().collect();
    let groups = group_of.values().map(|name| place(&group_names, name)).collect();
    let (mut users, mut numbers, mut history) = (Vec::new(), BTreeMap::new(), History::default());
    for (user, slate, click) in read {
        let fresh = !numbers.contains_key(&user);
        let number = *numbers.entry(user.clone()).or_insert(users.len() as u32);
        if fresh {
            users.push(user);
        }
        let shown: Vec<u32> = slate.iter().map(|item| place(&items, item)).collect();
        let step = if fresh { 0 } else { history.next_step(number) };
        history.push(number, step, &shown, click);
    }
    Log { history, users, items, groups, group_names }
}

/// The lines that are not blank, with their numbers from 1.
fn lines<'a, T: Deserialize<'a>>(
    text: &'a str,
    path: &'a Path,
    rule: &'static str,
) -> impl Iterator<Item = (usize, Result<T>)> + 'a {
    let numbered = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    numbered.map(move |(i, line)| {
        (i + 1, serde_json::from_str(line).map_err(|error| wrong(path, i + 1, rule, error.to_string())))
    })
}

fn wrong(path: &Path, line: usize, rule: &str, found: String) -> Error {
    Error::Data { path: path.to_owned(), rule: format!("line {line} must hold {rule}"), found }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, catalogue: Option<&str>) -> Result<Log> {
        Log::parse((text, Path::new("log.jsonl")), catalogue.map(|text| (text, Path::new("items.jsonl"))))
    }

    #[test]
    fn names_become_numbers_and_users_keep_their_order_of_time() {
        let text = "{\"user\": \"b\", \"slate\": [7, \"x\"], \"click\": \"x\"}\n\n\
                    {\"user\": 3, \"slate\": [\"x\"], \"click\": null}\n\
                    {\"user\": \"b\", \"slate\": [7], \"click\": 7}\n";
        let catalogue = "{\"item\": 7, \"group\": \"odd\"}\n{\"item\": 8, \"group\": \"even\"}\n";
        let log = parse(text, Some(catalogue)).expect("reads");
        assert_eq!(
            (log.users, log.items),
            (vec!["b".into(), "3".into()], vec!["7".into(), "8".into(), "x".into()])
        );
        // Sorted names: "", "even", "odd".
        assert_eq!(log.groups, [2, 1, 0]);
        let steps = |user: usize| &log.history.sequences[user].steps;
        assert_eq!((steps(0).len(), steps(1).len()), (2, 1));
        assert_eq!(
            (steps(0)[0].clicked(), steps(0)[1].clicked(), steps(1)[0].clicked()),
            (Some(2), Some(0), None)
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let fails = |text: &str, part: &str| {
            let error = parse(text, None).expect_err("is wrong").to_string();
            assert!(error.contains(part), "{error}");
        };
        fails("", "a log has lines");
        fails("{\"user\": 1, \"slate\": [1], \"click\": null}\n{\"user\": 1}", "line 2");
        fails("{\"user\": 1, \"slate\": [1, 1], \"click\": null}", "\"1\" is there twice");
        fails("{\"user\": 1, \"slate\": [1], \"click\": 2}", "\"2\" was not shown");
        fails("{\"user\": 1, \"slate\": [1], \"click\": null, \"time\": 3}", "unknown field `time`");
        let line = "{\"user\": 1, \"slate\": [1], \"click\": null}";
        let twice = "{\"item\": 1, \"group\": 1}\n{\"item\": 1, \"group\": 2}";
        assert!(parse(line, Some(twice)).expect_err("is wrong").to_string().contains("one group an item"));
    }
}
