//! What things are called: each concept of a site has several labels, and values come from pools.

use autodidact_core::Rng;
use rand::Rng as _;
use rand::seq::IndexedRandom;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A concept by its key with the labels that sites give it.
pub(super) const LABELS: [(&str, [&str; 3]); 51] = [
    ("search", ["Search", "Find", "Look up"]),
    ("go", ["Go", "Submit", "Start search"]),
    ("cart", ["Cart", "Basket", "Bag"]),
    ("wishes", ["Wishlist", "Favourites", "Saved items"]),
    ("add", ["Add to cart", "Put in basket", "Buy now"]),
    ("wish", ["Add to wishlist", "Save for later", "Remember"]),
    ("coupon", ["Coupon", "Voucher", "Promo code"]),
    ("compose", ["Compose", "New mail", "Write"]),
    ("to", ["To", "Recipient", "Address"]),
    ("subject", ["Subject", "About", "Topic line"]),
    ("message", ["Message", "Body", "Text"]),
    ("send", ["Send", "Send mail", "Deliver"]),
    ("discard", ["Discard", "Cancel draft", "Throw away"]),
    ("drafts", ["Drafts", "Unsent", "In progress"]),
    ("delete", ["Delete", "Remove", "Move to bin"]),
    ("archive", ["Archive", "Put away", "File away"]),
    ("spam", ["Spam", "Junk", "Report mail"]),
    ("new-topic", ["New topic", "Start thread", "Ask"]),
    ("title", ["Title", "Headline", "Thread name"]),
    ("words", ["Post", "Content", "Your words"]),
    ("publish", ["Publish", "Create", "Open thread"]),
    ("comment", ["Comment", "Answer", "Your reply"]),
    ("post", ["Post comment", "Submit answer", "Add reply"]),
    ("vote", ["Upvote", "Like", "Thumbs up"]),
    ("follow", ["Follow", "Subscribe", "Watch"]),
    ("members", ["Members", "People", "Users"]),
    ("profile", ["Profile", "Account", "Personal data"]),
    ("privacy", ["Privacy", "Security", "Protection"]),
    ("display", ["Display", "Appearance", "Screen"]),
    ("name", ["Full name", "Your name", "Display name"]),
    ("city", ["City", "Town", "Place"]),
    ("phone", ["Phone", "Telephone", "Mobile"]),
    ("hide", ["Hide status", "Invisible", "Private mode"]),
    ("ads", ["Block ads", "No ads", "Stop ads"]),
    ("dark", ["Dark mode", "Night colours", "Dark theme"]),
    ("large", ["Large text", "Big letters", "Bigger font"]),
    ("save", ["Save", "Apply", "Save changes"]),
    ("reset", ["Reset", "Undo all", "Defaults"]),
    ("transfer", ["Transfer", "Pay", "Send money"]),
    ("payee", ["Payee", "Receiver", "Pay to"]),
    ("amount", ["Amount", "Sum", "How much"]),
    ("confirm", ["Confirm", "Execute", "Pay now"]),
    ("freeze", ["Freeze card", "Lock card", "Block card"]),
    ("statement", ["Statement", "History", "Transactions"]),
    ("loans", ["Loans", "Credit", "Mortgage"]),
    ("directions", ["Directions", "Route", "Way"]),
    ("from", ["From", "Start", "Origin"]),
    ("goal", ["Destination", "Target", "Where to"]),
    ("route", ["Show route", "Find way", "Plan trip"]),
    ("keep", ["Save place", "Bookmark", "Keep place"]),
    ("traffic", ["Traffic", "Roads", "Jams"]),
];

/// Labels of links that lead nowhere useful.
pub(super) const ASIDES: [&str; 12] = [
    "News", "Help", "Terms", "Jobs", "Language", "Blog", "Offers", "Contact", "Sitemap", "Feedback", "Press",
    "Partners",
];

/// Lines of text without a use.
pub(super) const REMARKS: [&str; 6] = [
    "Welcome back",
    "Open all day",
    "All rights reserved",
    "New version",
    "Best of the week",
    "Made with care",
];

/// What a value of a goal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pool {
    /// A thing on sale, an adjective and a noun.
    Thing,
    /// A first name.
    Person,
    /// A topic of a forum.
    Topic,
    /// A bank account.
    Account,
    /// A place on a map.
    Place,
    /// A town.
    Town,
    /// A word to write.
    Word,
    /// A number from 1 to 99.
    Number,
}

const COLOURS: [&str; 8] = ["red", "blue", "green", "white", "black", "yellow", "small", "old"];
const THINGS: [&str; 10] =
    ["lamp", "chair", "table", "shirt", "watch", "phone case", "clock", "mug", "bag", "tent"];
const PEOPLE: [&str; 16] = [
    "anna", "ben", "carla", "david", "emma", "felix", "greta", "henry", "iris", "jonas", "kim", "lena",
    "milo", "nora", "oscar", "paula",
];
const TOPICS: [&str; 14] = [
    "gardens", "cooking", "chess", "hiking", "music", "travel", "books", "films", "robots", "history",
    "cats", "trains", "knitting", "physics",
];
const ACCOUNTS: [&str; 10] =
    ["savings", "checking", "holiday", "house", "car", "family", "business", "pension", "rent", "school"];
const PLACES: [&str; 14] = [
    "museum", "harbour", "library", "station", "castle", "market", "park", "theatre", "bridge", "tower",
    "zoo", "airport", "hospital", "stadium",
];
const TOWNS: [&str; 12] =
    ["Rome", "Paris", "Oslo", "Cairo", "Lima", "Delhi", "Quito", "Bern", "Kyoto", "Dakar", "Porto", "Riga"];
const WORDS: [&str; 20] = [
    "hello", "thanks", "lunch", "tickets", "sunday", "great", "sorry", "welcome", "party", "meeting",
    "agreed", "maybe", "tomorrow", "photos", "coffee", "weather", "yes", "never", "birthday", "plans",
];

impl Pool {
    /// One of its values.
    pub fn draw(self, rng: &mut Rng) -> String {
        let one =
            |words: &[&str], rng: &mut Rng| (*words.choose(rng).expect("a pool is never empty")).to_owned();
        match self {
            Pool::Thing => format!("{} {}", one(&COLOURS, rng), one(&THINGS, rng)),
            Pool::Number => rng.random_range(1..=99u32).to_string(),
            _ => one(self.words(), rng),
        }
    }

    /// Whether a text may be one of its values.
    pub fn has(self, text: &str) -> bool {
        match self {
            Pool::Number => text.parse::<u32>().is_ok_and(|number| (1..=99).contains(&number)),
            Pool::Thing => text
                .split_once(' ')
                .is_some_and(|(colour, thing)| COLOURS.contains(&colour) && THINGS.contains(&thing)),
            _ => self.words().contains(&text),
        }
    }

    fn words(self) -> &'static [&'static str] {
        match self {
            Pool::Thing => &THINGS,
            Pool::Person => &PEOPLE,
            Pool::Topic => &TOPICS,
            Pool::Account => &ACCOUNTS,
            Pool::Place => &PLACES,
            Pool::Town => &TOWNS,
            Pool::Word => &WORDS,
            Pool::Number => &[],
        }
    }
}

/// The labels of a concept.
pub fn labels(concept: &str) -> &'static [&'static str; 3] {
    let found = LABELS.iter().find(|(known, _)| *known == concept);
    &found.expect("templates use known concepts").1
}

/// What elements are called: every label, and every value that pages show.
pub fn names() -> Vec<String> {
    let labels = LABELS.iter().flat_map(|(_, labels)| labels).chain(&ASIDES);
    let mut names: Vec<String> = labels.map(|&label| label.to_owned()).collect();
    for pool in [Pool::Person, Pool::Topic, Pool::Account, Pool::Place, Pool::Town, Pool::Word] {
        names.extend(pool.words().iter().map(|&word| word.to_owned()));
    }
    names.extend(COLOURS.iter().flat_map(|colour| THINGS.map(|thing| format!("{colour} {thing}"))));
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

/// Texts of this world that a small vocabulary should hold as one token each: what elements are called, the words
/// of sentences, numbers and the marks of its notation. A name is the same token wherever it stands; the spaces
/// of a sentence are tokens of their own.
pub fn words() -> Vec<String> {
    let mut words = names();
    words.extend((1..=99).map(|number: u32| number.to_string()));
    words.extend(REMARKS.map(str::to_owned));
    let texts = super::template::TEMPLATES.iter().flat_map(super::template::Template::texts);
    let parts = texts.flat_map(str::split_whitespace).filter(|word| !word.contains('{'));
    words.extend(parts.map(str::to_owned));
    words.extend(NOTATION.iter().map(|&mark| mark.to_owned()));
    let mut seen = BTreeSet::new();
    words.retain(|word| word.len() > 1 && seen.insert(word.clone()));
    words
}

/// Marks of pages and calls.
const NOTATION: [&str; 42] = [
    "Tab 0 (current): ",
    "\n\n[",
    "\n\t[",
    "'\n\t[",
    "' value '",
    "] RootWebArea '",
    "] link '",
    "] button '",
    "] textbox '",
    "] searchbox '",
    "] checkbox '",
    "] heading '",
    "] StaticText '",
    "] alert '",
    "\n# step ",
    "# step ",
    "# step summary: ",
    "# sub-task ",
    ": click '",
    ": type '",
    ": go back\n",
    ": stop\n",
    ": tell '",
    "' in '",
    "'\nclick(element_id=\"",
    "'\ntype(element_id=\"",
    "click(element_id=\"",
    "type(element_id=\"",
    "\",string=\"",
    "\")\n",
    "\")",
    "'\nstop(answer=\"",
    "stop(answer=\"",
    "go_back()\n",
    "go_back()",
    "clicked '",
    "typed '",
    "went back",
    "stopped",
    "told '",
    ": ",
    "'\n",
];
