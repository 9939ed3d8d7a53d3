//! The six kinds of sites: their views, what can be done on them and how articles explain it.

mod sites;

pub(super) use sites::TEMPLATES;

use super::lexicon::Pool;
use serde::{Deserialize, Serialize};

/// A kind of site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SiteKind {
    /// A shop.
    Shop,
    /// A mailbox.
    Mail,
    /// A forum.
    Forum,
    /// The settings of an account.
    Settings,
    /// A bank.
    Bank,
    /// A map.
    Map,
}

impl SiteKind {
    /// All kinds.
    pub const ALL: [SiteKind; 6] =
        [SiteKind::Shop, SiteKind::Mail, SiteKind::Forum, SiteKind::Settings, SiteKind::Bank, SiteKind::Map];

    /// Its name.
    pub fn name(self) -> &'static str {
        self.template().name
    }

    pub(super) fn template(self) -> &'static Template {
        &TEMPLATES[SiteKind::ALL.iter().position(|kind| *kind == self).expect("all are listed")]
    }
}

/// What all sites of a kind have in common.
pub(super) struct Template {
    pub name: &'static str,
    /// What sites are called.
    pub titles: [&'static str; 4],
    /// What the site lists: links to pages of their own.
    pub items: Option<Pool>,
    /// The fact on an item's page, and what it is.
    pub fact: (&'static str, Pool),
    /// Fields that hold something from the beginning.
    pub held: &'static [(&'static str, Pool)],
    pub views: &'static [View],
    pub aims: &'static [Aim],
}

/// A page of a site; the first of a template is the site's home.
pub(super) struct View {
    pub key: &'static str,
    pub heading: &'static str,
    pub slots: &'static [Slot],
}

/// An element of a view.
#[derive(Clone, Copy)]
pub(super) enum Slot {
    /// A link with that concept to that view.
    Link(&'static str, &'static str),
    /// A button that leads to a view.
    Button(&'static str, &'static str),
    /// A button that brings an event about.
    Commit(&'static Commit),
    /// A text field.
    Field(&'static str),
    /// A search field.
    Search(&'static str),
    /// A box to check.
    Check(&'static str),
    /// Links to so many items' views.
    Items(usize, &'static str),
    /// Links to the views of the items that the field `search` finds.
    Found(&'static str),
    /// The fact about the item that is open.
    Fact,
}

/// What pressing a button brings about.
pub(super) struct Commit {
    pub concept: &'static str,
    pub event: &'static str,
    /// Fields and boxes that the event carries where they were changed.
    pub with: &'static [&'static str],
    /// The view afterwards.
    pub view: &'static str,
}

/// Something that can be wanted of a site.
pub(super) struct Aim {
    pub name: &'static str,
    /// The wish as a command, with `{slot}` for values.
    pub says: [&'static str; 3],
    /// How articles about it are called.
    pub titles: [&'static str; 2],
    pub slots: &'static [(&'static str, Pool)],
    /// The way to it from the site's home.
    pub moves: &'static [Move],
    /// The event that must have happened, and only it; without one nothing may have.
    pub event: Option<(&'static str, &'static [(&'static str, &'static str)])>,
}

/// A step of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// Press the element of that concept.
    Click(&'static str),
    /// Press the link of the item in the slot `item`.
    Pick,
    /// Type the slot's value into the field.
    Type(&'static str, &'static str),
    /// Return.
    GoBack,
    /// Stop with the fact of the open item.
    Tell,
    /// Stop with what the field holds.
    TellHeld(&'static str),
    /// Stop.
    Stop,
}

impl Template {
    /// Every text that sites of this kind or wishes about them show.
    pub fn texts(&self) -> Vec<&'static str> {
        let mut texts: Vec<&'static str> = self.titles.to_vec();
        texts.push(self.fact.0);
        texts.extend(self.views.iter().map(|view| view.heading));
        texts.extend(self.aims.iter().flat_map(|aim| aim.says));
        texts.extend(["Done", "Nothing found", "on"]);
        texts
    }

    /// How many items a site has: those that it lists, or more where they can be searched.
    pub fn listed(&self) -> usize {
        let slots = || self.views.iter().flat_map(|view| view.slots);
        let listed = slots().filter_map(|slot| if let Slot::Items(n, _) = slot { Some(*n) } else { None });
        match slots().any(|slot| matches!(slot, Slot::Found(_))) {
            true => super::site::ITEMS,
            false => listed.max().unwrap_or(0),
        }
    }

    pub fn view(&self, key: &str) -> Option<&'static View> {
        self.views.iter().find(|view| view.key == key)
    }
}

/// The first step where one begins on a page that leads nowhere.
pub(super) const RETURN: Move = Move::GoBack;
