//! The six kinds of sites: their views, what can be done on them and how articles explain it.

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

use Move::{Click, GoBack, Pick, Stop, Tell, TellHeld, Type};

/// The first step where one begins on a page that leads nowhere.
pub(super) const RETURN: Move = GoBack;

pub(super) static TEMPLATES: [Template; 6] = [
    Template {
        name: "shop",
        titles: ["Corner Shop", "Big Store", "Home Goods", "Sunny Market"],
        items: Some(Pool::Thing),
        fact: ("Price", Pool::Number),
        held: &[],
        views: &[
            View {
                key: "home",
                heading: "Today",
                slots: &[
                    Slot::Search("search"),
                    Slot::Button("go", "results"),
                    Slot::Link("cart", "cart"),
                    Slot::Link("wishes", "cart"),
                    Slot::Items(3, "item"),
                ],
            },
            View {
                key: "results",
                heading: "Results",
                slots: &[
                    Slot::Search("search"),
                    Slot::Button("go", "results"),
                    Slot::Found("item"),
                    Slot::Link("cart", "cart"),
                ],
            },
            View {
                key: "item",
                heading: "Details",
                slots: &[
                    Slot::Fact,
                    Slot::Commit(&Commit {
                        concept: "add",
                        event: "bought",
                        with: &["coupon"],
                        view: "cart",
                    }),
                    Slot::Commit(&Commit { concept: "wish", event: "wished", with: &[], view: "item" }),
                    Slot::Field("coupon"),
                    Slot::Link("cart", "cart"),
                ],
            },
            View {
                key: "cart",
                heading: "Your things",
                slots: &[Slot::Field("coupon"), Slot::Link("wishes", "cart"), Slot::Search("search")],
            },
        ],
        aims: &[
            Aim {
                name: "buy",
                says: ["Buy the {item}", "Order the {item}", "Put the {item} in the cart"],
                titles: ["How to buy something in a web shop", "Ordering online"],
                slots: &[("item", Pool::Thing)],
                moves: &[Type("search", "item"), Click("go"), Pick, Click("add"), Stop],
                event: Some(("bought", &[])),
            },
            Aim {
                name: "wish",
                says: ["Keep the {item} for later", "Put the {item} on the wishlist", "Remember the {item}"],
                titles: ["How to remember a product", "Using a wishlist"],
                slots: &[("item", Pool::Thing)],
                moves: &[Type("search", "item"), Click("go"), Pick, Click("wish"), Stop],
                event: Some(("wished", &[])),
            },
            Aim {
                name: "price",
                says: ["Tell the price of the {item}", "How much is the {item}", "What does the {item} cost"],
                titles: ["How to find out what a product costs", "Checking a price"],
                slots: &[("item", Pool::Thing)],
                moves: &[Type("search", "item"), Click("go"), Pick, Tell],
                event: None,
            },
        ],
    },
    Template {
        name: "mail",
        titles: ["Quick Mail", "Blue Post", "Letter Box", "Mail Desk"],
        items: Some(Pool::Person),
        fact: ("About", Pool::Word),
        held: &[],
        views: &[
            View {
                key: "home",
                heading: "Inbox",
                slots: &[
                    Slot::Link("compose", "compose"),
                    Slot::Link("drafts", "drafts"),
                    Slot::Items(6, "letter"),
                ],
            },
            View {
                key: "compose",
                heading: "Letter",
                slots: &[
                    Slot::Field("to"),
                    Slot::Field("subject"),
                    Slot::Field("message"),
                    Slot::Commit(&Commit {
                        concept: "send",
                        event: "sent",
                        with: &["to", "subject", "message"],
                        view: "home",
                    }),
                    Slot::Button("discard", "home"),
                ],
            },
            View {
                key: "letter",
                heading: "Letter",
                slots: &[
                    Slot::Fact,
                    Slot::Commit(&Commit { concept: "delete", event: "deleted", with: &[], view: "home" }),
                    Slot::Commit(&Commit { concept: "archive", event: "archived", with: &[], view: "home" }),
                    Slot::Commit(&Commit { concept: "spam", event: "reported", with: &[], view: "home" }),
                    Slot::Link("compose", "compose"),
                ],
            },
            View {
                key: "drafts",
                heading: "Letter",
                slots: &[Slot::Link("compose", "compose"), Slot::Button("discard", "home")],
            },
        ],
        aims: &[
            Aim {
                name: "write",
                says: [
                    "Write {message} to {to}",
                    "Send {to} a mail saying {message}",
                    "Mail {message} to {to}",
                ],
                titles: ["How to send a mail", "Writing to someone by mail"],
                slots: &[("to", Pool::Person), ("message", Pool::Word)],
                moves: &[Click("compose"), Type("to", "to"), Type("message", "message"), Click("send"), Stop],
                event: Some(("sent", &[("to", "to"), ("message", "message")])),
            },
            Aim {
                name: "delete",
                says: [
                    "Delete the mail of {item}",
                    "Throw the mail of {item} away",
                    "Remove what {item} wrote",
                ],
                titles: ["How to get rid of a mail", "Deleting mail"],
                slots: &[("item", Pool::Person)],
                moves: &[Pick, Click("delete"), Stop],
                event: Some(("deleted", &[])),
            },
            Aim {
                name: "archive",
                says: ["Archive the mail of {item}", "Put the mail of {item} away", "File what {item} wrote"],
                titles: ["How to tidy up your mailbox", "Archiving mail"],
                slots: &[("item", Pool::Person)],
                moves: &[Pick, Click("archive"), Stop],
                event: Some(("archived", &[])),
            },
            Aim {
                name: "about",
                says: [
                    "What is the mail of {item} about",
                    "Tell what {item} wrote",
                    "Read the mail of {item}",
                ],
                titles: ["How to read a mail", "Reading what someone wrote"],
                slots: &[("item", Pool::Person)],
                moves: &[Pick, Tell],
                event: None,
            },
        ],
    },
    Template {
        name: "forum",
        titles: ["Talk Place", "Open Forum", "Round Table", "Chat Hall"],
        items: Some(Pool::Topic),
        fact: ("Votes", Pool::Number),
        held: &[],
        views: &[
            View {
                key: "home",
                heading: "Topics",
                slots: &[
                    Slot::Link("new-topic", "new"),
                    Slot::Link("members", "members"),
                    Slot::Items(6, "topic"),
                ],
            },
            View {
                key: "new",
                heading: "Draft",
                slots: &[
                    Slot::Field("title"),
                    Slot::Field("words"),
                    Slot::Commit(&Commit {
                        concept: "publish",
                        event: "opened",
                        with: &["title", "words"],
                        view: "home",
                    }),
                    Slot::Button("discard", "home"),
                ],
            },
            View {
                key: "topic",
                heading: "Thread",
                slots: &[
                    Slot::Fact,
                    Slot::Field("comment"),
                    Slot::Commit(&Commit {
                        concept: "post",
                        event: "said",
                        with: &["comment"],
                        view: "topic",
                    }),
                    Slot::Commit(&Commit { concept: "vote", event: "voted", with: &[], view: "topic" }),
                    Slot::Commit(&Commit { concept: "follow", event: "followed", with: &[], view: "topic" }),
                ],
            },
            View {
                key: "members",
                heading: "Thread",
                slots: &[Slot::Search("search"), Slot::Link("new-topic", "new")],
            },
        ],
        aims: &[
            Aim {
                name: "comment",
                says: [
                    "Comment {comment} on {item}",
                    "Answer {comment} to {item}",
                    "Say {comment} in {item}",
                ],
                titles: ["How to comment on a topic", "Taking part in a discussion"],
                slots: &[("item", Pool::Topic), ("comment", Pool::Word)],
                moves: &[Pick, Type("comment", "comment"), Click("post"), Stop],
                event: Some(("said", &[("comment", "comment")])),
            },
            Aim {
                name: "vote",
                says: ["Vote for {item}", "Like the topic {item}", "Give {item} a vote"],
                titles: ["How to show that you like a topic", "Voting in a forum"],
                slots: &[("item", Pool::Topic)],
                moves: &[Pick, Click("vote"), Stop],
                event: Some(("voted", &[])),
            },
            Aim {
                name: "open",
                says: [
                    "Open a topic {title} saying {words}",
                    "Start a thread named {title} with {words}",
                    "Ask about {title} saying {words}",
                ],
                titles: ["How to start a discussion", "Opening a topic"],
                slots: &[("title", Pool::Topic), ("words", Pool::Word)],
                moves: &[
                    Click("new-topic"),
                    Type("title", "title"),
                    Type("words", "words"),
                    Click("publish"),
                    Stop,
                ],
                event: Some(("opened", &[("title", "title"), ("words", "words")])),
            },
        ],
    },
    Template {
        name: "settings",
        titles: ["My Account", "Control Room", "Preferences", "User Panel"],
        items: None,
        fact: ("Since", Pool::Number),
        held: &[("name", Pool::Person), ("city", Pool::Town), ("phone", Pool::Number)],
        views: &[
            View {
                key: "home",
                heading: "Options",
                slots: &[
                    Slot::Link("profile", "profile"),
                    Slot::Link("privacy", "privacy"),
                    Slot::Link("display", "display"),
                ],
            },
            View {
                key: "profile",
                heading: "You",
                slots: &[
                    Slot::Field("name"),
                    Slot::Field("city"),
                    Slot::Field("phone"),
                    Slot::Commit(&Commit {
                        concept: "save",
                        event: "changed",
                        with: &["name", "city", "phone"],
                        view: "home",
                    }),
                    Slot::Button("reset", "home"),
                ],
            },
            View {
                key: "privacy",
                heading: "Options",
                slots: &[
                    Slot::Check("hide"),
                    Slot::Check("ads"),
                    Slot::Commit(&Commit {
                        concept: "save",
                        event: "protected",
                        with: &["hide", "ads"],
                        view: "home",
                    }),
                    Slot::Button("reset", "home"),
                ],
            },
            View {
                key: "display",
                heading: "Options",
                slots: &[
                    Slot::Check("dark"),
                    Slot::Check("large"),
                    Slot::Commit(&Commit {
                        concept: "save",
                        event: "shown",
                        with: &["dark", "large"],
                        view: "home",
                    }),
                    Slot::Button("reset", "home"),
                ],
            },
        ],
        aims: &[
            Aim {
                name: "city",
                says: ["Set the city to {city}", "Change the town to {city}", "Say that you live in {city}"],
                titles: ["How to change where you live", "Moving to another city"],
                slots: &[("city", Pool::Town)],
                moves: &[Click("profile"), Type("city", "city"), Click("save"), Stop],
                event: Some(("changed", &[("city", "city")])),
            },
            Aim {
                name: "phone",
                says: [
                    "Set the phone to {phone}",
                    "Change the number to {phone}",
                    "Your new phone is {phone}",
                ],
                titles: ["How to change your phone number", "A new number"],
                slots: &[("phone", Pool::Number)],
                moves: &[Click("profile"), Type("phone", "phone"), Click("save"), Stop],
                event: Some(("changed", &[("phone", "phone")])),
            },
            Aim {
                name: "hide",
                says: ["Hide the status", "Become invisible", "Turn private mode on"],
                titles: ["How to be invisible online", "Hiding your status"],
                slots: &[],
                moves: &[Click("privacy"), Click("hide"), Click("save"), Stop],
                event: Some(("protected", &[("hide", "on")])),
            },
            Aim {
                name: "ads",
                says: ["Block the ads", "Turn the ads off", "See no more ads"],
                titles: ["How to see fewer ads", "Blocking ads"],
                slots: &[],
                moves: &[Click("privacy"), Click("ads"), Click("save"), Stop],
                event: Some(("protected", &[("ads", "on")])),
            },
            Aim {
                name: "dark",
                says: ["Make the page dark", "Turn dark mode on", "Use night colours"],
                titles: ["How to read at night", "Turning on a dark theme"],
                slots: &[],
                moves: &[Click("display"), Click("dark"), Click("save"), Stop],
                event: Some(("shown", &[("dark", "on")])),
            },
            Aim {
                name: "lives",
                says: ["Which city is set", "Tell the town", "Where do you live"],
                titles: ["How to check your address", "Looking up your city"],
                slots: &[],
                moves: &[Click("profile"), TellHeld("city")],
                event: None,
            },
        ],
    },
    Template {
        name: "bank",
        titles: ["First Bank", "River Bank", "Safe Money", "Trust Bank"],
        items: Some(Pool::Account),
        fact: ("Balance", Pool::Number),
        held: &[],
        views: &[
            View {
                key: "home",
                heading: "Accounts",
                slots: &[
                    Slot::Link("transfer", "transfer"),
                    Slot::Link("loans", "loans"),
                    Slot::Items(5, "account"),
                ],
            },
            View {
                key: "transfer",
                heading: "Order",
                slots: &[
                    Slot::Field("payee"),
                    Slot::Field("amount"),
                    Slot::Field("subject"),
                    Slot::Commit(&Commit {
                        concept: "confirm",
                        event: "paid",
                        with: &["payee", "amount", "subject"],
                        view: "home",
                    }),
                    Slot::Button("discard", "home"),
                ],
            },
            View {
                key: "account",
                heading: "Order",
                slots: &[
                    Slot::Fact,
                    Slot::Link("statement", "loans"),
                    Slot::Commit(&Commit { concept: "freeze", event: "frozen", with: &[], view: "account" }),
                    Slot::Link("transfer", "transfer"),
                ],
            },
            View {
                key: "loans",
                heading: "Order",
                slots: &[
                    Slot::Link("transfer", "transfer"),
                    Slot::Field("amount"),
                    Slot::Link("loans", "loans"),
                ],
            },
        ],
        aims: &[
            Aim {
                name: "pay",
                says: [
                    "Pay {amount} to {payee}",
                    "Transfer {amount} to {payee}",
                    "Send {payee} {amount} dollars",
                ],
                titles: ["How to transfer money", "Paying someone online"],
                slots: &[("payee", Pool::Person), ("amount", Pool::Number)],
                moves: &[
                    Click("transfer"),
                    Type("payee", "payee"),
                    Type("amount", "amount"),
                    Click("confirm"),
                    Stop,
                ],
                event: Some(("paid", &[("payee", "payee"), ("amount", "amount")])),
            },
            Aim {
                name: "balance",
                says: [
                    "How much is in the {item} account",
                    "Tell the balance of {item}",
                    "What is left in the {item} account",
                ],
                titles: ["How to see how much money you have", "Checking a balance"],
                slots: &[("item", Pool::Account)],
                moves: &[Pick, Tell],
                event: None,
            },
            Aim {
                name: "freeze",
                says: [
                    "Freeze the card of {item}",
                    "Lock the {item} card",
                    "Block the card of the {item} account",
                ],
                titles: ["How to lock a lost card", "Freezing a card"],
                slots: &[("item", Pool::Account)],
                moves: &[Pick, Click("freeze"), Stop],
                event: Some(("frozen", &[])),
            },
        ],
    },
    Template {
        name: "map",
        titles: ["City Map", "World Atlas", "Way Finder", "Street View"],
        items: Some(Pool::Place),
        fact: ("Telephone", Pool::Number),
        held: &[],
        views: &[
            View {
                key: "home",
                heading: "Nearby",
                slots: &[
                    Slot::Search("search"),
                    Slot::Button("go", "results"),
                    Slot::Link("directions", "directions"),
                    Slot::Link("traffic", "roads"),
                    Slot::Items(2, "place"),
                ],
            },
            View {
                key: "results",
                heading: "Results",
                slots: &[
                    Slot::Search("search"),
                    Slot::Button("go", "results"),
                    Slot::Found("place"),
                    Slot::Link("directions", "directions"),
                ],
            },
            View {
                key: "place",
                heading: "Place",
                slots: &[
                    Slot::Fact,
                    Slot::Commit(&Commit { concept: "keep", event: "kept", with: &[], view: "place" }),
                    Slot::Link("directions", "directions"),
                    Slot::Link("traffic", "roads"),
                ],
            },
            View {
                key: "directions",
                heading: "Trip",
                slots: &[
                    Slot::Field("from"),
                    Slot::Field("goal"),
                    Slot::Commit(&Commit {
                        concept: "route",
                        event: "routed",
                        with: &["from", "goal"],
                        view: "roads",
                    }),
                    Slot::Link("traffic", "roads"),
                ],
            },
            View {
                key: "roads",
                heading: "Trip",
                slots: &[Slot::Link("directions", "directions"), Slot::Search("search")],
            },
        ],
        aims: &[
            Aim {
                name: "route",
                says: [
                    "Show the way from {from} to {goal}",
                    "Plan a trip from {from} to {goal}",
                    "How do you get from {from} to {goal}",
                ],
                titles: ["How to find your way", "Planning a trip on a map"],
                slots: &[("from", Pool::Place), ("goal", Pool::Place)],
                moves: &[
                    Click("directions"),
                    Type("from", "from"),
                    Type("goal", "goal"),
                    Click("route"),
                    Stop,
                ],
                event: Some(("routed", &[("from", "from"), ("goal", "goal")])),
            },
            Aim {
                name: "call",
                says: [
                    "Tell the telephone of the {item}",
                    "How to call the {item}",
                    "Which number has the {item}",
                ],
                titles: ["How to find out the number of a place", "Calling a place"],
                slots: &[("item", Pool::Place)],
                moves: &[Type("search", "item"), Click("go"), Pick, Tell],
                event: None,
            },
            Aim {
                name: "keep",
                says: ["Save the {item} on the map", "Bookmark the {item}", "Keep the place {item}"],
                titles: ["How to keep a place for later", "Bookmarks on a map"],
                slots: &[("item", Pool::Place)],
                moves: &[Type("search", "item"), Click("go"), Pick, Click("keep"), Stop],
                event: Some(("kept", &[])),
            },
        ],
    },
];
