//! What is wanted of a site, in words and as the state that it must end in.

use super::action::Action;
use super::lexicon::Pool;
use super::session::Session;
use super::site::{Does, Event, Site};
use super::template::{Aim, Move, RETURN, SiteKind};
use super::tree::{Node, Page};
use autodidact_core::{Rng, Seed};
use rand::Rng as _;
use rand::seq::IndexedRandom;
use std::collections::BTreeMap;

/// A goal on a site of some kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goal {
    /// The kind of site.
    pub kind: SiteKind,
    /// The name of the wish, unique for the kind (`buy`).
    pub aim: &'static str,
    /// The values in it, by slot.
    pub values: BTreeMap<String, String>,
    /// Which of its wordings is used.
    pub wording: usize,
    /// Whether one begins on a page that leads nowhere and has to return first.
    pub detour: bool,
}

/// A step that a human took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The page before.
    pub page: Page,
    /// What was done.
    pub action: Action,
    /// The element that it was done with.
    pub node: Option<Node>,
}

impl Goal {
    /// A goal that the site can fulfil.
    pub fn draw(site: &Site, detours: f64, rng: &mut Rng) -> Goal {
        let aim = site.kind.template().aims.choose(rng).expect("every kind has aims");
        let mut values = BTreeMap::new();
        let items: Vec<&str> = site.items().collect();
        for (slot, pool) in aim.slots {
            let value = loop {
                let value = match *slot {
                    "item" => (*items.choose(rng).expect("the site lists items")).to_owned(),
                    _ => pool.draw(rng),
                };
                // Two places of a trip differ, and a field is set to something new.
                if !values.values().any(|known| *known == value) && site.held(slot) != Some(value.as_str()) {
                    break value;
                }
            };
            values.insert((*slot).to_owned(), value);
        }
        let wording = rng.random_range(0..aim.says.len());
        Goal { kind: site.kind, aim: aim.name, values, wording, detour: rng.random_bool(detours) }
    }

    /// The goal as a command.
    pub fn text(&self) -> String {
        filled(self.of().says[self.wording % 3], &self.values)
    }

    /// The way to the goal, step by step.
    pub(super) fn moves(&self) -> Vec<Move> {
        let first = self.detour.then_some(RETURN);
        first.into_iter().chain(self.of().moves.iter().copied()).collect()
    }

    /// The event that must happen, or none.
    pub fn event(&self) -> Option<Event> {
        let (name, with) = self.of().event?;
        let value = |slot: &str| self.values.get(slot).cloned().unwrap_or_else(|| slot.to_owned());
        Some(Event {
            name: name.to_owned(),
            item: self.values.get("item").cloned(),
            with: with.iter().map(|(concept, slot)| ((*concept).to_owned(), value(slot))).collect(),
        })
    }

    /// The answer that is asked for, or none.
    pub fn answer<'a>(&self, site: &'a Site) -> Option<&'a str> {
        match self.of().moves.last() {
            Some(Move::Tell) => site.fact(self.values.get("item")?),
            Some(Move::TellHeld(concept)) => site.held(concept),
            _ => None,
        }
    }

    /// The steps of someone who knows the site, from the beginning to the stop.
    pub fn demonstrate(&self, site: &Site, seed: Seed) -> Vec<Shown> {
        let mut session = Session::new(site, self, seed);
        let mut shown = Vec::new();
        for step in self.moves() {
            let page = session.page();
            let node = session.find(|_, does| self.targets(step, does));
            let id = node.as_ref().map_or(0, |node| node.id);
            let action = match step {
                Move::Click(_) | Move::Pick => Action::Click { id },
                Move::Type(_, slot) => {
                    Action::Type { id, text: self.values.get(slot).cloned().unwrap_or_default() }
                }
                Move::GoBack => Action::GoBack,
                Move::Tell | Move::TellHeld(_) | Move::Stop => {
                    Action::Stop { answer: self.answer(site).unwrap_or_default().to_owned() }
                }
            };
            session.act(&action);
            shown.push(Shown { page, action, node });
        }
        shown
    }

    /// Whether a step is done with an element that does this.
    pub(super) fn targets(&self, step: Move, does: &Does) -> bool {
        match (step, does) {
            (Move::Click(concept), Does::Go { .. } | Does::Commit { .. } | Does::Check { .. })
            | (Move::Type(concept, _), Does::Hold { .. }) => does.concept() == Some(concept),
            (Move::Pick, Does::Open { item, .. }) => self.values.get("item") == Some(item),
            _ => false,
        }
    }

    fn of(&self) -> &'static Aim {
        let aims = self.kind.template().aims;
        aims.iter().find(|aim| aim.name == self.aim).expect("a goal names an aim of its kind")
    }
}

/// A text with `{slot}` replaced by the slot's value.
pub(super) fn filled(text: &str, values: &BTreeMap<String, String>) -> String {
    let fill = |text: String, (slot, value): (&String, &String)| text.replace(&format!("{{{slot}}}"), value);
    values.iter().fold(text.to_owned(), fill)
}

/// Values for the slots of an aim, as someone makes them up.
pub(super) fn made_up(aim: &Aim, rng: &mut Rng) -> BTreeMap<String, String> {
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    for (slot, pool) in aim.slots {
        let value = loop {
            let value = Pool::draw(*pool, rng);
            if !values.values().any(|known| *known == value) {
                break value;
            }
        };
        values.insert((*slot).to_owned(), value);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::super::session::Effect;
    use super::super::tree::HEADER;
    use super::*;

    #[test]
    fn every_aim_on_every_site_is_reached_by_its_demonstration_in_two_to_six_steps() {
        let mut rng = Seed::root(0).rng();
        let mut lengths = [0; 8];
        for kind in SiteKind::ALL {
            for number in 0..2 {
                let site = Site::known(kind, number);
                for round in 0..60 {
                    let goal = Goal::draw(&site, 0.2, &mut rng);
                    let seed = Seed::root(round);
                    let shown = goal.demonstrate(&site, seed);
                    assert!((2..=6).contains(&shown.len()), "{goal:?}");
                    lengths[shown.len()] += 1;
                    let mut session = Session::new(&site, &goal, seed);
                    for step in &shown {
                        assert_eq!(session.page(), step.page);
                        let lines = step.page.text().lines().count();
                        assert!((8..=25).contains(&lines), "{lines} lines: {}", step.page.text());
                        assert!(!session.reached(&goal));
                        let effect = session.act(&step.action);
                        let stop = matches!(step.action, Action::Stop { .. });
                        assert_eq!(effect, if stop { Effect::Stopped } else { Effect::Changed }, "{step:?}");
                        if let Some(id) = step.action.target() {
                            assert_eq!(step.page.node(id), step.node.as_ref());
                        }
                    }
                    assert!(session.reached(&goal), "{goal:?}\n{shown:?}");
                }
            }
        }
        assert!(lengths[2..=6].iter().all(|&n| n > 0), "{lengths:?}");
    }

    #[test]
    fn a_goal_is_missed_by_stopping_early_by_a_wrong_value_and_by_a_side_effect() {
        let site = Site::known(SiteKind::Mail, 0);
        let values = [("to", "anna"), ("message", "hello")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        let goal = Goal {
            kind: SiteKind::Mail,
            aim: "write",
            values: values.into_iter().collect(),
            wording: 0,
            detour: false,
        };
        assert_eq!(goal.text(), "Write hello to anna");
        let shown = goal.demonstrate(&site, Seed::root(1));
        let end = |change: &dyn Fn(usize, &Action) -> Vec<Action>| {
            let mut session = Session::new(&site, &goal, Seed::root(1));
            for (at, step) in shown.iter().enumerate() {
                change(at, &step.action).iter().for_each(|action| {
                    session.act(action);
                });
            }
            session.reached(&goal)
        };
        assert!(end(&|_, action| vec![action.clone()]));
        // The mail is not sent.
        assert!(!end(&|at, action| if at == 3 { vec![] } else { vec![action.clone()] }));
        // It says something else.
        let other = |at: usize, action: &Action| match action {
            Action::Type { id, .. } if at == 2 => vec![Action::Type { id: *id, text: "bye".into() }],
            action => vec![action.clone()],
        };
        assert!(!end(&other));
        // A letter is sent without anything in it before.
        let send = shown[3].action.clone();
        let twice = |at: usize, action: &Action| match at {
            1 => vec![send.clone(), shown[0].action.clone(), action.clone()],
            _ => vec![action.clone()],
        };
        assert!(!end(&twice));
        // Typing the same text again changes nothing and does no harm.
        let again = |at: usize, action: &Action| {
            if at == 1 { vec![action.clone(), action.clone()] } else { vec![action.clone()] }
        };
        assert!(end(&again));
    }

    #[test]
    fn what_cannot_be_done_is_told_apart() {
        let site = Site::known(SiteKind::Shop, 0);
        let goal = Goal::draw(&site, 0.0, &mut Seed::root(3).rng());
        let mut session = Session::new(&site, &goal, Seed::root(3));
        let page = session.page();
        let of = |role: &str| page.nodes.iter().find(|node| node.role == role).expect("is there").id;
        let unused = (1..=IDS_AND_MORE).find(|id| page.node(*id).is_none()).expect("ids are sparse");
        assert_eq!(session.act(&Action::Click { id: unused }), Effect::NoElement);
        assert_eq!(session.act(&Action::Click { id: of("heading") }), Effect::WrongKind);
        let typed = |id| Action::Type { id, text: "x".into() };
        assert_eq!(session.act(&typed(of("button"))), Effect::WrongKind);
        assert_eq!(session.act(&typed(of("searchbox"))), Effect::Changed);
        assert_eq!(session.act(&typed(of("searchbox"))), Effect::Retyped);
        assert_eq!(session.act(&Action::GoBack), Effect::Nothing);
        assert_eq!(session.act(&Action::Scroll { direction: "down".into() }), Effect::Nothing);
        assert_eq!(session.act(&Action::Stop { answer: String::new() }), Effect::Stopped);
        assert!(session.is_over() && page.text().lines().count() > HEADER);
    }

    const IDS_AND_MORE: u32 = 100;
}
