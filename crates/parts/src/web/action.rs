//! What an agent does on a page: twelve actions, written as one call each.
//!
//! A call is `click(element_id="12")`. Text of other writers is read generously: arguments by keyword or by
//! position, strings in either quote, numbers bare or inside a description (`click("Search 12")`), and the
//! older names `click_and_type`, `key_press` and `switch_tab`.

use std::fmt;

/// One action on a page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Presses an element.
    Click {
        /// The element's id.
        id: u32,
    },
    /// Replaces the text of a field.
    Type {
        /// The field's id.
        id: u32,
        /// The text.
        text: String,
    },
    /// Moves the pointer over an element.
    Hover {
        /// The element's id.
        id: u32,
    },
    /// Presses a key.
    Press {
        /// The key's name.
        key: String,
    },
    /// Scrolls the page.
    Scroll {
        /// `up` or `down`.
        direction: String,
    },
    /// Opens an address.
    Goto {
        /// The address.
        url: String,
    },
    /// Returns to the page before.
    GoBack,
    /// Undoes a return.
    GoForward,
    /// Opens a tab.
    NewTab,
    /// Closes the tab.
    CloseTab,
    /// Goes to another tab.
    TabFocus {
        /// The tab's place, from 0.
        index: u32,
    },
    /// Ends the work.
    Stop {
        /// What was asked for; empty where nothing was.
        answer: String,
    },
}

/// The names of the actions, in the order of [`Action`]'s variants.
pub const NAMES: [&str; 12] = [
    "click",
    "type",
    "hover",
    "press",
    "scroll",
    "goto",
    "go_back",
    "go_forward",
    "new_tab",
    "close_tab",
    "tab_focus",
    "stop",
];

/// Other names by which the actions are called.
const ALIASES: [(&str, &str); 3] =
    [("click_and_type", "type"), ("key_press", "press"), ("switch_tab", "tab_focus")];

/// A function call as written, before it is known to be an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The action's name, never an alias.
    pub name: &'static str,
    /// The arguments as written, in order.
    pub arguments: Vec<Argument>,
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its keyword, where it has one.
    pub keyword: Option<String>,
    /// Its value, without quotes.
    pub value: String,
}

/// Why a text is not an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is not a call that ends.
    NotACall,
    /// It calls something else.
    Unknown {
        /// What it calls.
        name: String,
    },
    /// An argument is missing or is not what it should be.
    Argument {
        /// Which.
        name: &'static str,
    },
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unread::NotACall => write!(f, "not a call"),
            Unread::Unknown { name } => write!(f, "a call of {name:?}, which is no action"),
            Unread::Argument { name } => write!(f, "a call without its argument {name}"),
        }
    }
}

impl Action {
    /// The action that a line calls.
    pub fn parse(line: &str) -> Result<Action, Unread> {
        Action::of(&Call::parse(line)?)
    }

    /// The action of a call. Fails when an argument is missing.
    pub fn of(call: &Call) -> Result<Action, Unread> {
        let named = |name: &'static str| call.get(&[name], 0).ok_or(Unread::Argument { name });
        let id = || call.element_id().ok_or(Unread::Argument { name: "element_id" });
        Ok(match call.name {
            "click" => Action::Click { id: id()? },
            "hover" => Action::Hover { id: id()? },
            "type" => Action::Type {
                id: id()?,
                text: call.typed().ok_or(Unread::Argument { name: "string" })?.to_owned(),
            },
            "press" => Action::Press { key: named("key")?.to_owned() },
            "scroll" => Action::Scroll { direction: named("direction")?.to_owned() },
            "goto" => Action::Goto { url: named("url")?.to_owned() },
            "go_back" => Action::GoBack,
            "go_forward" => Action::GoForward,
            "new_tab" => Action::NewTab,
            "close_tab" => Action::CloseTab,
            "tab_focus" => Action::TabFocus {
                index: last_integer(named("index")?).ok_or(Unread::Argument { name: "index" })?,
            },
            _ => Action::Stop { answer: call.get(&["answer"], 0).unwrap_or_default().to_owned() },
        })
    }

    /// The call, as models learn it.
    pub fn render(&self) -> String {
        let one = |keyword: &str, value: &str| format!("{}({keyword}={})", self.name(), quoted(value));
        match self {
            Action::Click { id } | Action::Hover { id } => one("element_id", &id.to_string()),
            Action::Type { id, text } => format!("type(element_id=\"{id}\",string={})", quoted(text)),
            Action::Press { key } => one("key", key),
            Action::Scroll { direction } => one("direction", direction),
            Action::Goto { url } => one("url", url),
            Action::TabFocus { index } => one("index", &index.to_string()),
            Action::Stop { answer } => one("answer", answer),
            Action::GoBack | Action::GoForward | Action::NewTab | Action::CloseTab => {
                format!("{}()", self.name())
            }
        }
    }

    /// The action's name, one of [`NAMES`].
    pub fn name(&self) -> &'static str {
        match self {
            Action::Click { .. } => "click",
            Action::Type { .. } => "type",
            Action::Hover { .. } => "hover",
            Action::Press { .. } => "press",
            Action::Scroll { .. } => "scroll",
            Action::Goto { .. } => "goto",
            Action::GoBack => "go_back",
            Action::GoForward => "go_forward",
            Action::NewTab => "new_tab",
            Action::CloseTab => "close_tab",
            Action::TabFocus { .. } => "tab_focus",
            Action::Stop { .. } => "stop",
        }
    }

    /// The element that it acts on, for the three that have one.
    pub fn target(&self) -> Option<u32> {
        match self {
            Action::Click { id } | Action::Type { id, .. } | Action::Hover { id } => Some(*id),
            _ => None,
        }
    }

    /// The same action on another element; unchanged where it has none.
    pub fn on(mut self, other: u32) -> Action {
        if let Action::Click { id } | Action::Type { id, .. } | Action::Hover { id } = &mut self {
            *id = other;
        }
        self
    }

    /// Whether two calls count as the same step: a hover is a click, and typed or answered text is compared by
    /// its letters and digits alone.
    pub fn matches(&self, reference: &Action) -> bool {
        let bare = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        match (self, reference) {
            (
                Action::Click { id } | Action::Hover { id },
                Action::Click { id: wanted } | Action::Hover { id: wanted },
            ) => id == wanted,
            (Action::Type { id, text }, Action::Type { id: wanted, text: other }) => {
                id == wanted && bare(text) == bare(other)
            }
            (Action::Stop { answer }, Action::Stop { answer: other }) => bare(answer) == bare(other),
            _ => self == reference,
        }
    }
}

impl Call {
    /// The call that a line makes: a known name, its arguments and the closing parenthesis. What follows it
    /// does not count.
    pub fn parse(line: &str) -> Result<Call, Unread> {
        let line = line.trim();
        let (name, rest) = line.split_once('(').ok_or(Unread::NotACall)?;
        let word = |text: &str| text.chars().all(|one| one.is_ascii_alphanumeric() || one == '_');
        if name.is_empty() || !word(name) {
            return Err(Unread::NotACall);
        }
        let name = known(name).ok_or_else(|| Unread::Unknown { name: name.to_owned() })?;
        Ok(Call { name, arguments: arguments(rest).ok_or(Unread::NotACall)? })
    }

    /// Whether a line calls an action: it begins with a known name and an opening parenthesis.
    pub fn begins(line: &str) -> bool {
        line.trim().split_once('(').is_some_and(|(name, _)| known(name).is_some())
    }

    /// The value of a keyword, or of the argument without a keyword at this place.
    pub fn get(&self, keywords: &[&str], place: usize) -> Option<&str> {
        let by_keyword = self
            .arguments
            .iter()
            .find(|one| one.keyword.as_deref().is_some_and(|keyword| keywords.contains(&keyword)));
        let by_place = || self.arguments.get(place).filter(|one| one.keyword.is_none());
        by_keyword.or_else(by_place).map(|one| one.value.as_str())
    }

    /// The text that a call types.
    pub fn typed(&self) -> Option<&str> {
        self.get(&TEXT_KEYWORDS, 1)
    }

    /// How the call describes its element: its first argument that is not the typed text.
    pub fn element(&self) -> Option<&str> {
        self.get(&["element", "element_id", "id"], 0)
    }

    /// The id of the call's element: the argument `element_id`, or else the last integer before the closing
    /// parenthesis that is not part of typed text.
    pub fn element_id(&self) -> Option<u32> {
        if let Some(id) = self.get(&["element_id", "id"], usize::MAX) {
            return last_integer(id);
        }
        let typed = |place: usize, one: &Argument| match &one.keyword {
            Some(keyword) => TEXT_KEYWORDS.contains(&keyword.as_str()),
            None => self.name == "type" && place == 1,
        };
        let others = self.arguments.iter().enumerate().filter(|(place, one)| !typed(*place, one));
        others.filter_map(|(_, one)| last_integer(&one.value)).next_back()
    }
}

/// Keywords under which typed text is given.
const TEXT_KEYWORDS: [&str; 4] = ["string", "content", "text", "value"];

fn known(name: &str) -> Option<&'static str> {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, name)| *name);
    alias.or_else(|| NAMES.iter().copied().find(|known| *known == name))
}

/// The last run of digits in a text, where it is a number.
fn last_integer(text: &str) -> Option<u32> {
    text.split(|one: char| !one.is_ascii_digit()).rfind(|run| !run.is_empty())?.parse().ok()
}

/// The arguments up to the closing parenthesis; `None` when there is none.
fn arguments(text: &str) -> Option<Vec<Argument>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    loop {
        if rest.starts_with(')') {
            return Some(found);
        }
        let word = rest.find(|one: char| !one.is_ascii_alphanumeric() && one != '_').unwrap_or(rest.len());
        let mut keyword = None;
        if let Some(value) = rest[word..].trim_start().strip_prefix('=')
            && word > 0
        {
            keyword = Some(rest[..word].to_owned());
            rest = value.trim_start();
        }
        let (value, after) = value(rest)?;
        found.push(Argument { keyword, value });
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(more) => rest = more.trim_start(),
            None if rest.starts_with(')') => {}
            None => return None,
        }
    }
}

/// A quoted or bare value and the text after it.
fn value(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|one| matches!(one, '"' | '\''));
    let Some(quote) = quote else {
        let end = text.find([',', ')'])?;
        return Some((text[..end].trim().to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut escaped = false;
    for (at, one) in text.char_indices().skip(1) {
        match (escaped, one) {
            (true, 'n') => value.push('\n'),
            (true, 't') => value.push('\t'),
            (true, 'r') => value.push('\r'),
            (true, other) => value.push(other),
            (false, '\\') => {
                escaped = true;
                continue;
            }
            (false, one) if one == quote => return Some((value, &text[at + one.len_utf8()..])),
            (false, one) => value.push(one),
        }
        escaped = false;
    }
    None
}

/// A text as a string on one line, which [`Call::parse`] reads back.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for one in text.chars() {
        match one {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            one => out.push(one),
        }
    }
    out.push('"');
    out
}

/// The text of a string that [`quoted`] wrote.
pub fn unquoted(text: &str) -> Option<String> {
    match value(text.trim())? {
        (value, "") if text.trim().starts_with(['"', '\'']) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(line: &str, expect: Action) {
        assert_eq!(Action::parse(line), Ok(expect), "{line}");
    }

    fn typed(id: u32, text: &str) -> Action {
        Action::Type { id, text: text.to_owned() }
    }

    #[test]
    fn arguments_are_read_by_keyword_or_by_position() {
        check(r#"click(element_id="12")"#, Action::Click { id: 12 });
        check("click(12)", Action::Click { id: 12 });
        check("hover(id=7)", Action::Hover { id: 7 });
        check(r#"type(element_id="3",string="a")"#, typed(3, "a"));
        check(r#"type(3, 'a, b')"#, typed(3, "a, b"));
        check(r#"type(string="a", element_id=3)"#, typed(3, "a"));
        check("scroll(down)", Action::Scroll { direction: "down".into() });
        check("tab_focus(index=2)", Action::TabFocus { index: 2 });
        check("stop()", Action::Stop { answer: String::new() });
        check("go_back()  # return", Action::GoBack);
    }

    #[test]
    fn the_elements_id_is_the_last_integer_before_the_closing_parenthesis() {
        check(r#"click("Page 2 of 10, link 57")"#, Action::Click { id: 57 });
        check(r#"click(element="Item 4", 31)"#, Action::Click { id: 31 });
        check(r#"click_and_type(element="Box 9", content="call 911", element_id=12)"#, typed(12, "call 911"));
        // Digits that are typed name no element.
        check(r#"click_and_type("Phone field 8", "555 01")"#, typed(8, "555 01"));
        assert_eq!(Action::parse("click(\"Send\")"), Err(Unread::Argument { name: "element_id" }));
    }

    #[test]
    fn other_names_are_read_as_the_actions_they_mean() {
        check("key_press(\"Enter\")", Action::Press { key: "Enter".into() });
        check("switch_tab(1)", Action::TabFocus { index: 1 });
        for name in NAMES {
            assert!(Call::begins(&format!("{name}(1)")), "{name}");
        }
        assert!(!Call::begins("# click(12)") && !Call::begins("drag(12)") && !Call::begins("click"));
    }

    #[test]
    fn what_is_no_action_says_why() {
        assert_eq!(Action::parse("press Send"), Err(Unread::NotACall));
        assert_eq!(Action::parse("click(12"), Err(Unread::NotACall));
        assert_eq!(Action::parse("type(12, \"never ends)"), Err(Unread::NotACall));
        assert_eq!(Action::parse("drag(12)"), Err(Unread::Unknown { name: "drag".into() }));
        assert_eq!(Action::parse("type(12)"), Err(Unread::Argument { name: "string" }));
    }

    #[test]
    fn steps_match_by_the_whole_call_with_hover_as_click_and_text_by_letters_and_digits() {
        assert!(Action::Hover { id: 4 }.matches(&Action::Click { id: 4 }));
        assert!(!Action::Click { id: 4 }.matches(&Action::Click { id: 5 }));
        assert!(typed(1, "555-0100 x").matches(&typed(1, "5550100x")));
        assert!(!typed(1, "a").matches(&typed(1, "b")) && !typed(1, "a").matches(&typed(2, "a")));
        assert!(!Action::GoBack.matches(&Action::GoForward));
        let stop = |answer: &str| Action::Stop { answer: answer.to_owned() };
        assert!(stop("$40.").matches(&stop("40")) && !stop("").matches(&stop("40")));
    }

    fn any_action() -> impl Strategy<Value = Action> {
        let id = 0u32..100_000;
        prop_oneof![
            id.clone().prop_map(|id| Action::Click { id }),
            (id.clone(), any::<String>()).prop_map(|(id, text)| Action::Type { id, text }),
            id.clone().prop_map(|id| Action::Hover { id }),
            any::<String>().prop_map(|key| Action::Press { key }),
            any::<String>().prop_map(|direction| Action::Scroll { direction }),
            any::<String>().prop_map(|url| Action::Goto { url }),
            Just(Action::GoBack),
            Just(Action::GoForward),
            Just(Action::NewTab),
            Just(Action::CloseTab),
            id.prop_map(|index| Action::TabFocus { index }),
            any::<String>().prop_map(|answer| Action::Stop { answer }),
        ]
    }

    proptest! {
        #[test]
        fn every_action_survives_writing_and_reading(action in any_action()) {
            let line = action.render();
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(Action::parse(&line), Ok(action));
        }

        #[test]
        fn no_line_makes_it_panic(line in any::<String>(), name in 0..NAMES.len()) {
            let _ = Action::parse(&line);
            let _ = Action::parse(&format!("{}({line}", NAMES[name]));
        }
    }
}
