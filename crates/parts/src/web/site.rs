//! A generated site: labels, contents and arrangement are drawn once, pages follow from a state.

use super::lexicon::{ASIDES, REMARKS, labels};
use super::template::{Commit, SiteKind, Slot};
use super::tree::{Node, Page};
use autodidact_core::Seed;
use rand::Rng as _;
use rand::seq::{IndexedRandom, SliceRandom};
use std::collections::BTreeMap;

/// The most elements of a page, so that it has at most 25 lines with its tab and the empty line.
const MOST: usize = 23;
/// Ids of a site's pages lie between 1 and this.
pub const IDS: u32 = 99;
/// Items of a site with a search; other sites list all of theirs.
pub(super) const ITEMS: usize = 8;
/// The view that links without a use lead to.
const ASIDE: &str = "aside";

/// A site.
#[derive(Clone, Debug)]
pub struct Site {
    /// What kind it is.
    pub kind: SiteKind,
    /// What it is called.
    pub title: String,
    /// What it calls things, by concept.
    labels: BTreeMap<String, String>,
    /// What it lists, with the fact about each.
    items: Vec<(String, String)>,
    /// What its fields hold from the beginning.
    held: BTreeMap<String, String>,
    seed: Seed,
}

/// What is known of a site before it is drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Given {
    /// What it calls things, by concept.
    pub labels: BTreeMap<String, String>,
    /// An item that it lists.
    pub item: Option<String>,
    /// The fact about that item.
    pub fact: Option<String>,
    /// What fields hold from the beginning, by concept.
    pub held: BTreeMap<String, String>,
}

/// Where a visitor is and what was done so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub view: String,
    /// The item that is open.
    pub item: Option<String>,
    /// What fields hold where it is not what they held from the beginning.
    pub fields: BTreeMap<String, String>,
    /// What happened on the site.
    pub events: Vec<Event>,
    /// Whether the last step brought something about.
    pub notice: bool,
    /// Views to return to, with their items.
    pub before: Vec<(String, Option<String>)>,
}

/// Something that happened on a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What.
    pub name: String,
    /// To which item, where one was open.
    pub item: Option<String>,
    /// With which texts, by concept; only those that were changed.
    pub with: BTreeMap<String, String>,
}

/// What acting on an element does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Does {
    Nothing,
    Go { concept: String, view: String },
    Commit { concept: String, event: String, with: Vec<String>, view: String },
    Hold { concept: String },
    Check { concept: String },
    Open { item: String, view: String },
}

impl Does {
    /// The concept of the element, where it has one.
    pub fn concept(&self) -> Option<&str> {
        match self {
            Does::Go { concept, .. } | Does::Commit { concept, .. } => Some(concept),
            Does::Hold { concept } | Does::Check { concept } => Some(concept),
            Does::Nothing | Does::Open { .. } => None,
        }
    }
}

impl Site {
    /// The site of that kind which a seed draws.
    pub fn new(kind: SiteKind, seed: Seed) -> Site {
        Site::with(kind, seed, &Given::default())
    }

    /// One of the two sites of a kind that this world is known for: number 0 is for training, number 1 for tests.
    pub fn known(kind: SiteKind, number: u32) -> Site {
        Site::new(kind, Seed::root(50).at(kind.name(), u64::from(number)))
    }

    /// A site of which some things are known already.
    pub(super) fn with(kind: SiteKind, seed: Seed, given: &Given) -> Site {
        let template = kind.template();
        let mut rng = seed.at("site", 0).rng();
        let title = (*template.titles.choose(&mut rng).expect("four titles")).to_owned();
        let mut named = BTreeMap::new();
        let concepts = template.views.iter().flat_map(|view| view.slots).filter_map(Slot::concept);
        for concept in concepts {
            let label = labels(concept).choose(&mut rng).expect("three labels");
            let label = given.labels.get(concept).map_or(*label, String::as_str);
            named.entry(concept.to_owned()).or_insert_with(|| label.to_owned());
        }
        let mut items: Vec<(String, String)> = Vec::new();
        if let Some(pool) = template.items {
            let mut names: Vec<String> = given.item.clone().into_iter().collect();
            while names.len() < template.listed() {
                let name = pool.draw(&mut rng);
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            names.shuffle(&mut rng);
            let mut fact = |name: &String| match &given.fact {
                Some(fact) if given.item.as_ref() == Some(name) => fact.clone(),
                _ => template.fact.1.draw(&mut rng),
            };
            items = names.into_iter().map(|name| (name.clone(), fact(&name))).collect();
        }
        let held = template.held.iter().map(|(concept, pool)| ((*concept).to_owned(), pool.draw(&mut rng)));
        let mut held: BTreeMap<String, String> = held.collect();
        held.extend(given.held.clone());
        Site { kind, title, labels: named, items, held, seed }
    }

    /// What the site calls a concept.
    pub fn label(&self, concept: &str) -> Option<&str> {
        self.labels.get(concept).map(String::as_str)
    }

    /// The items it lists.
    pub fn items(&self) -> impl Iterator<Item = &str> {
        self.items.iter().map(|(name, _)| name.as_str())
    }

    /// The fact about an item.
    pub fn fact(&self, item: &str) -> Option<&str> {
        self.items.iter().find(|(name, _)| name == item).map(|(_, fact)| fact.as_str())
    }

    /// What a field holds from the beginning.
    pub fn held(&self, concept: &str) -> Option<&str> {
        self.held.get(concept).map(String::as_str)
    }

    /// The state of a visitor who just came, on the home page or on one that leads nowhere.
    pub(super) fn entered(&self, detour: bool) -> State {
        let home = self.kind.template().views[0].key.to_owned();
        let mut state = State {
            view: home,
            item: None,
            fields: BTreeMap::new(),
            events: Vec::new(),
            notice: false,
            before: Vec::new(),
        };
        if detour {
            state.go(ASIDE, None);
        }
        state
    }

    /// The page of a state, with what each of its elements does.
    pub(super) fn page(&self, state: &State) -> (Page, Vec<Does>) {
        let mut elements: Vec<(Node, Does)> = Vec::new();
        let template = self.kind.template();
        let seed = self.seed.at(&state.view, 0);
        let mut rng = seed.rng();
        let aside = state.view == ASIDE;
        if let Some(view) = template.view(&state.view) {
            for slot in view.slots {
                self.slot(slot, state, &mut elements);
            }
            elements.push((node("heading", view.heading), Does::Nothing));
        }
        let room = MOST - 2 - elements.len();
        let asides = rng.random_range(1..=4usize).min(room);
        let remarks = rng.random_range(if aside { 4..=6 } else { 0..=2usize }).min(room - asides);
        let noise =
            |words: &[&str], n: usize, role: &str, rng: &mut autodidact_core::Rng| -> Vec<(Node, Does)> {
                let does = |concept: &str| match role {
                    "link" => Does::Go { concept: concept.to_owned(), view: ASIDE.to_owned() },
                    _ => Does::Nothing,
                };
                words.choose_multiple(rng, n).map(|word| (node(role, word), does(word))).collect()
            };
        elements.extend(noise(&ASIDES, asides, "link", &mut rng));
        elements.extend(noise(&REMARKS, remarks, "StaticText", &mut rng));
        elements.shuffle(&mut rng);
        if state.notice {
            elements.insert(0, (node("alert", "Done"), Does::Nothing));
        }
        elements.insert(0, (Node { depth: 0, ..node("RootWebArea", &self.title) }, Does::Nothing));
        let (nodes, does) = elements.into_iter().unzip();
        (Page { title: self.title.clone(), nodes }, does)
    }

    fn slot(&self, slot: &Slot, state: &State, elements: &mut Vec<(Node, Does)>) {
        let labelled = |role: &str, concept: &str| node(role, self.label(concept).unwrap_or(concept));
        let go = |concept: &str, view: &str| Does::Go { concept: concept.to_owned(), view: view.to_owned() };
        let holding = |role: &str, concept: &str| {
            let value = state.fields.get(concept).or(self.held.get(concept)).cloned();
            let node = Node { value: value.filter(|value| !value.is_empty()), ..labelled(role, concept) };
            (node, Does::Hold { concept: concept.to_owned() })
        };
        let open = |item: &String, view: &str| {
            (node("link", item), Does::Open { item: item.clone(), view: view.to_owned() })
        };
        match *slot {
            Slot::Link(concept, view) => elements.push((labelled("link", concept), go(concept, view))),
            Slot::Button(concept, view) => elements.push((labelled("button", concept), go(concept, view))),
            Slot::Commit(&Commit { concept, event, with, view }) => elements.push((
                labelled("button", concept),
                Does::Commit {
                    concept: concept.to_owned(),
                    event: event.to_owned(),
                    with: with.iter().map(|&one| one.to_owned()).collect(),
                    view: view.to_owned(),
                },
            )),
            Slot::Field(concept) => elements.push(holding("textbox", concept)),
            Slot::Search(concept) => elements.push(holding("searchbox", concept)),
            Slot::Check(concept) => {
                let (node, _) = holding("checkbox", concept);
                elements.push((node, Does::Check { concept: concept.to_owned() }));
            }
            Slot::Items(n, view) => {
                elements.extend(self.items.iter().take(n).map(|(item, _)| open(item, view)));
            }
            Slot::Found(view) => {
                let asked = state.fields.get("search").map(String::as_str).unwrap_or_default();
                let shares = |item: &str| item.split(' ').any(|word| asked.split(' ').any(|one| one == word));
                let related = self.items.iter().filter(|(item, _)| shares(item));
                let exact = self.items.iter().any(|(item, _)| item == asked);
                let others = self.items.iter().filter(|(item, _)| exact && !shares(item));
                let found: Vec<_> = related.chain(others).take(4).map(|(item, _)| open(item, view)).collect();
                if found.is_empty() {
                    elements.push((node("StaticText", "Nothing found"), Does::Nothing));
                }
                elements.extend(found);
            }
            Slot::Fact => {
                let fact = state.item.as_deref().and_then(|item| self.fact(item)).unwrap_or_default();
                let text = format!("{}: {fact}", self.kind.template().fact.0);
                elements.push((node("StaticText", &text), Does::Nothing));
            }
        }
    }
}

impl State {
    /// Goes to a view from which one can return.
    pub fn go(&mut self, view: &str, item: Option<String>) {
        let before = std::mem::replace(&mut self.view, view.to_owned());
        self.before.push((before, std::mem::replace(&mut self.item, item)));
        self.notice = false;
    }

    /// Presses an element; false where that does nothing.
    pub fn press(&mut self, does: &Does) -> bool {
        match does {
            Does::Nothing | Does::Hold { .. } => return false,
            Does::Go { view, .. } => self.go(view, None),
            Does::Open { item, view } => self.go(view, Some(item.clone())),
            Does::Check { concept } => {
                if self.fields.remove(concept).is_none() {
                    self.fields.insert(concept.clone(), "on".to_owned());
                }
            }
            Does::Commit { event, with, view, .. } => {
                let changed =
                    with.iter().filter_map(|one| Some((one.clone(), self.fields.get(one)?.clone())));
                let with = changed.collect();
                self.events.push(Event { name: event.clone(), item: self.item.clone(), with });
                if *view != self.view {
                    self.go(view, None);
                }
                self.notice = true;
            }
        }
        true
    }
}

impl Slot {
    pub(super) fn concept(&self) -> Option<&'static str> {
        match *self {
            Slot::Link(concept, _)
            | Slot::Button(concept, _)
            | Slot::Field(concept)
            | Slot::Search(concept)
            | Slot::Check(concept) => Some(concept),
            Slot::Commit(commit) => Some(commit.concept),
            Slot::Items(..) | Slot::Found(_) | Slot::Fact => None,
        }
    }
}

/// Whether a text on a page may state a fact, and what it says of whom: `Price: 45`.
pub fn stated(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once(": ")?;
    let known = |kind: &SiteKind| kind.template().fact.0 == name;
    SiteKind::ALL.iter().any(known).then_some((name, value))
}

fn node(role: &str, name: &str) -> Node {
    Node { id: 0, depth: 1, role: role.to_owned(), name: name.to_owned(), value: None }
}
