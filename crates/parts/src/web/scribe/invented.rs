//! Tasks that the stand-in makes up for a page that nobody acted on.

use super::Scribe;
use crate::web::action::Action;
use crate::web::article::concepts;
use crate::web::goal::{filled, made_up};
use crate::web::lexicon::{ASIDES, Pool, labels};
use crate::web::site::{IDS, stated};
use crate::web::template::{Aim, Move, SiteKind};
use crate::web::tree::{Node, Page};
use autodidact_core::{Rng, Seed};
use rand::Rng as _;
use rand::seq::IndexedRandom;
use std::collections::BTreeMap;

/// A task made up for a page.
pub(super) struct Invented {
    pub goal: String,
    /// Past actions with the labels of their elements.
    pub past: Vec<(Action, String)>,
    pub next: Action,
    /// The label of the next action's element.
    pub label: String,
}

impl Invented {
    /// Makes up a task, or nothing where the page offers no step of that mode.
    pub fn of(
        window: &Page,
        mode: &str,
        target: Option<u32>,
        history: usize,
        scribe: &Scribe,
        seed: Seed,
    ) -> Option<Invented> {
        let rng = &mut seed.rng();
        let kind = domain(window, rng)?;
        let item =
            window.nodes.iter().find(|node| node.role == "searchbox").and_then(|node| node.value.clone());
        let item = item.filter(|item| kind.template().items.is_some_and(|pool| pool.has(item)));
        let aims = kind.template().aims;
        // Steps of known tasks that this page could be in the middle of: the aim and the step's place.
        let mut fitting: Vec<(&Aim, usize)> = Vec::new();
        let mut each = |wanted: &dyn Fn(&Aim, Move) -> bool| {
            for aim in aims {
                let places = (0..aim.moves.len()).filter(|&at| wanted(aim, aim.moves[at]));
                fitting.extend(places.map(|at| (aim, at)));
            }
        };
        let mut node = None;
        match mode {
            "done" => each(&|_, step| step == Move::Stop),
            "answer" => {
                let states = |node: &&Node| node.role == "StaticText" && stated(&node.name).is_some();
                if let Some(fact) = window.nodes.iter().find(states) {
                    node = Some(fact.clone());
                    each(&|_, step| step == Move::Tell);
                } else {
                    let holds = |node: &&Node| {
                        node.is_input()
                            && node.value.is_some()
                            && labels("city").contains(&node.name.as_str())
                    };
                    node = window.nodes.iter().find(holds).cloned();
                    node.as_ref()?;
                    each(&|_, step| matches!(step, Move::TellHeld(_)));
                }
            }
            _ => {
                let found = match target {
                    Some(id) => window.node(id)?.clone(),
                    None => {
                        let input = !rng.random_bool(scribe.clicks);
                        let open: Vec<&Node> = window
                            .nodes
                            .iter()
                            .filter(|node| node.is_interactable() && node.is_input() == input)
                            .collect();
                        (*open.choose(rng)?).clone()
                    }
                };
                let has = |concept: &str| labels(concept).contains(&found.name.as_str());
                let listed = kind.template().items.is_some_and(|pool| pool.has(&found.name));
                each(&|_, step| match step {
                    Move::Click(concept) => !found.is_input() && has(concept),
                    Move::Type(concept, _) => found.is_input() && has(concept),
                    Move::Pick => !found.is_input() && listed,
                    _ => false,
                });
                node = Some(found);
            }
        }
        // The task whose history is about as long as asked for.
        let nearest = fitting.iter().map(|(_, at)| at.abs_diff(history)).min();
        fitting.retain(|(_, at)| Some(at.abs_diff(history)) == nearest);
        let Some(&(aim, at)) = fitting.choose(rng) else {
            return Invented::plain(window, node?, history, rng);
        };
        let mut values = made_up(aim, rng);
        let picked = node.as_ref().filter(|_| aim.moves[at] == Move::Pick).map(|node| node.name.clone());
        if let Some(item) = picked.or(item)
            && values.contains_key("item")
        {
            values.insert("item".to_owned(), item);
        }
        let says = aim.says.choose(rng).copied().unwrap_or_default();
        let id = node.as_ref().map_or(0, |node| node.id);
        let next = match aim.moves[at] {
            Move::Type(_, slot) => Action::Type { id, text: values.get(slot).cloned().unwrap_or_default() },
            Move::Tell => {
                let fact =
                    node.as_ref().and_then(|node| stated(&node.name)).map(|(_, value)| value.to_owned());
                Action::Stop { answer: fact? }
            }
            Move::TellHeld(_) => Action::Stop { answer: node.as_ref()?.value.clone()? },
            Move::Stop => Action::Stop { answer: String::new() },
            _ => Action::Click { id },
        };
        let mut past = detours(history.saturating_sub(at), rng);
        for step in &aim.moves[..at] {
            past.push(made(*step, &values, window, rng));
        }
        let label = node.map_or(String::new(), |node| node.name);
        Some(Invented { goal: filled(says, &values), past, next, label })
    }

    /// A task without more to it than its step.
    fn plain(window: &Page, node: Node, history: usize, rng: &mut Rng) -> Option<Invented> {
        let label = node.name.clone();
        let (goal, next) = if node.is_input() {
            let text = Pool::Word.draw(rng);
            (format!("Write {text} in {label}"), Action::Type { id: node.id, text })
        } else if node.is_interactable() {
            let verb = ["Open", "Show", "Use"].choose(rng).copied().unwrap_or("Open");
            (format!("{verb} {label}"), Action::Click { id: node.id })
        } else {
            return None;
        };
        let _ = window;
        Some(Invented { goal, past: detours(history, rng), next, label })
    }
}

/// Steps that lead away and back, about so many and at most four.
fn detours(n: usize, rng: &mut Rng) -> Vec<(Action, String)> {
    let mut past = Vec::new();
    for _ in 0..(n / 2).min(2) {
        let label = ASIDES.choose(rng).copied().unwrap_or("News");
        past.push((Action::Click { id: rng.random_range(1..=IDS) }, label.to_owned()));
        past.push((Action::GoBack, String::new()));
    }
    past
}

/// A step of a plan as it was taken on pages that nobody saw.
fn made(step: Move, values: &BTreeMap<String, String>, window: &Page, rng: &mut Rng) -> (Action, String) {
    let id = rng.random_range(1..=IDS);
    let label = |concept: &str, rng: &mut Rng| {
        let shown = labels(concept).iter().find(|label| window.nodes.iter().any(|node| node.name == **label));
        shown.or(labels(concept).choose(rng)).copied().unwrap_or_default().to_owned()
    };
    match step {
        Move::Type(concept, slot) => {
            let text = values.get(slot).cloned().unwrap_or_default();
            (Action::Type { id, text }, label(concept, rng))
        }
        Move::Click(concept) => (Action::Click { id }, label(concept, rng)),
        Move::Pick => (Action::Click { id }, values.get("item").cloned().unwrap_or_default()),
        Move::GoBack => (Action::GoBack, String::new()),
        Move::Tell | Move::TellHeld(_) | Move::Stop => {
            (Action::Stop { answer: String::new() }, String::new())
        }
    }
}

/// The kind of site that a page looks like: the one most of whose labels and items it shows.
fn domain(window: &Page, rng: &mut Rng) -> Option<SiteKind> {
    let score = |kind: SiteKind| {
        let known = concepts(kind);
        let template = kind.template();
        let fits = |node: &&Node| {
            known.iter().any(|concept| labels(concept).contains(&node.name.as_str()))
                || template.items.is_some_and(|pool| pool.has(&node.name))
                || stated(&node.name).is_some_and(|(name, _)| name == template.fact.0)
                || template.titles.contains(&node.name.as_str())
        };
        window.nodes.iter().filter(fits).count()
    };
    let scores: Vec<(usize, SiteKind)> = SiteKind::ALL.iter().map(|&kind| (score(kind), kind)).collect();
    let most = scores.iter().map(|(score, _)| *score).max().filter(|&most| most > 0)?;
    let best: Vec<SiteKind> =
        scores.iter().filter(|(score, _)| *score == most).map(|(_, kind)| *kind).collect();
    best.choose(rng).copied()
}
