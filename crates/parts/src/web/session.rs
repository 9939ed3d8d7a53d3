//! Working on a site: a goal, what was done, and whether the goal is reached.

use super::action::Action;
use super::goal::Goal;
use super::site::{Does, IDS, Site, State};
use super::tree::{Node, Page};
use autodidact_core::Seed;

/// What an action led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// The page or a field changed.
    Changed,
    /// Nothing changed.
    Nothing,
    /// The page has no element of that id.
    NoElement,
    /// That cannot be done with the element: a click on text, typing into a button.
    WrongKind,
    /// The field held that very text already.
    Retyped,
    /// The work is over.
    Stopped,
}

/// Someone at work on a site.
#[derive(Clone, Debug)]
pub struct Session<'a> {
    site: &'a Site,
    state: State,
    seed: Seed,
    answer: Option<String>,
}

impl<'a> Session<'a> {
    /// The beginning of the work on a goal; `seed` draws the pages' ids.
    pub fn new(site: &'a Site, goal: &Goal, seed: Seed) -> Session<'a> {
        Session { site, state: site.entered(goal.detour), seed, answer: None }
    }

    /// The page in sight. A page has the same ids whenever it is seen in this session.
    pub fn page(&self) -> Page {
        self.seen().0
    }

    fn seen(&self) -> (Page, Vec<Does>) {
        let (mut page, does) = self.site.page(&self.state);
        let place = self.seed.at(&self.state.view, 0).at(self.state.item.as_deref().unwrap_or_default(), 0);
        page.number(IDS, &mut place.rng());
        (page, does)
    }

    /// The site.
    pub fn site(&self) -> &'a Site {
        self.site
    }

    /// The element on the page that `wanted` asks for.
    pub(super) fn find(&self, wanted: impl Fn(&Node, &Does) -> bool) -> Option<Node> {
        let (page, does) = self.seen();
        let mut both = page.nodes.into_iter().zip(&does);
        both.find(|(node, does)| wanted(node, does)).map(|(node, _)| node)
    }

    /// Does something. After a stop nothing has an effect.
    pub fn act(&mut self, action: &Action) -> Effect {
        if self.answer.is_some() {
            return Effect::Stopped;
        }
        let (page, does) = self.seen();
        let at = |id: u32| page.nodes.iter().position(|node| node.id == id);
        match action {
            Action::Click { id } => match at(*id) {
                None => Effect::NoElement,
                Some(at) if !page.nodes[at].is_interactable() => Effect::WrongKind,
                Some(at) => match self.state.press(&does[at]) {
                    true => Effect::Changed,
                    false => Effect::Nothing,
                },
            },
            Action::Type { id, text } => match at(*id).map(|at| (&page.nodes[at], &does[at])) {
                None => Effect::NoElement,
                Some((node, _)) if !node.is_input() => Effect::WrongKind,
                Some((node, _)) if node.value.as_deref() == Some(text) => Effect::Retyped,
                Some((_, Does::Hold { concept })) => {
                    self.state.fields.insert(concept.clone(), text.clone());
                    Effect::Changed
                }
                Some(_) => Effect::Nothing,
            },
            Action::Hover { id } => match at(*id) {
                None => Effect::NoElement,
                Some(_) => Effect::Nothing,
            },
            Action::GoBack => match self.state.before.pop() {
                None => Effect::Nothing,
                Some((view, item)) => {
                    (self.state.view, self.state.item, self.state.notice) = (view, item, false);
                    Effect::Changed
                }
            },
            Action::Stop { answer } => {
                self.answer = Some(answer.clone());
                Effect::Stopped
            }
            // Pages are shown whole and in one tab.
            _ => Effect::Nothing,
        }
    }

    /// Whether the work is over.
    pub fn is_over(&self) -> bool {
        self.answer.is_some()
    }

    /// Whether the goal is reached: the work is over, what should happen on the site happened and nothing
    /// else, and the answer is the one asked for.
    pub fn reached(&self, goal: &Goal) -> bool {
        let wanted = goal.event();
        let right = match goal.answer(self.site) {
            Some(answer) => self.answer.as_deref().is_some_and(|said| {
                let stop = |answer: &str| Action::Stop { answer: answer.to_owned() };
                stop(said).matches(&stop(answer))
            }),
            None => self.is_over(),
        };
        right && self.state.events.iter().eq(wanted.iter())
    }
}
