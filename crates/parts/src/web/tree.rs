//! A page as an agent reads it: the lines of an accessibility tree, each with the id of its element.
//!
//! ```text
//! Tab 0 (current): Corner Shop
//!
//! [4] RootWebArea 'Corner Shop'
//!     [31] searchbox 'Search' value 'lamp'
//!     [12] button 'Go'
//! ```

use autodidact_core::Rng;
use rand::seq::index;
use std::fmt::Write as _;

/// Lines before a page's elements: the tab, an empty line and the root.
pub const HEADER: usize = 3;

/// Roles of elements that text can be typed into.
pub const INPUT_ROLES: [&str; 5] = ["textbox", "searchbox", "search", "spinbutton", "combobox"];

/// Roles of other elements that can be acted upon.
const PRESSED_ROLES: [&str; 9] =
    ["link", "button", "checkbox", "radio", "switch", "tab", "menuitem", "option", "slider"];

/// A page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The tab's title.
    pub title: String,
    /// Its elements in reading order, the root first.
    pub nodes: Vec<Node>,
}

/// An element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// Its number on this page.
    pub id: u32,
    /// How many elements it lies in.
    pub depth: usize,
    /// What kind of element it is (`link`, `textbox`, `StaticText`).
    pub role: String,
    /// Its label or text.
    pub name: String,
    /// What a field holds, where it holds something.
    pub value: Option<String>,
}

impl Node {
    /// Whether text can be typed into it.
    pub fn is_input(&self) -> bool {
        INPUT_ROLES.contains(&self.role.as_str())
    }

    /// Whether anything can be done with it.
    pub fn is_interactable(&self) -> bool {
        self.is_input() || PRESSED_ROLES.contains(&self.role.as_str())
    }

    /// Its line.
    pub fn line(&self) -> String {
        let mut line = format!("{}[{}] {} '{}'", "\t".repeat(self.depth), self.id, self.role, self.name);
        if let Some(value) = &self.value {
            let _ = write!(line, " value '{value}'");
        }
        line
    }

    /// The element of a line, if the line is one of an element.
    pub fn parse(line: &str) -> Option<Node> {
        let inner = line.trim_start_matches('\t');
        let (id, rest) = inner.strip_prefix('[')?.split_once("] ")?;
        let (role, rest) = rest.split_once(" '")?;
        let rest = rest.strip_suffix('\'')?;
        let (name, value) = match rest.split_once("' value '") {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (rest, None),
        };
        let depth = line.len() - inner.len();
        Some(Node { id: id.parse().ok()?, depth, role: role.to_owned(), name: name.to_owned(), value })
    }
}

impl Page {
    /// The page as text, without a newline at its end.
    pub fn text(&self) -> String {
        let mut text = format!("Tab 0 (current): {}\n", self.title);
        for node in &self.nodes {
            text.push('\n');
            text.push_str(&node.line());
        }
        text
    }

    /// The elements that a text shows; lines that are none are passed over, so a window of a page reads too.
    pub fn parse(text: &str) -> Page {
        let title = text.lines().next().and_then(|line| line.strip_prefix("Tab 0 (current): "));
        Page {
            title: title.unwrap_or_default().to_owned(),
            nodes: text.lines().filter_map(Node::parse).collect(),
        }
    }

    /// The element of that id.
    pub fn node(&self, id: u32) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }

    /// Gives every element an id of its own, drawn from 1 to `most` or as far as needed.
    pub fn number(&mut self, most: u32, rng: &mut Rng) {
        let n = self.nodes.len();
        let ids = index::sample(rng, n.max(most as usize), n);
        for (node, id) in self.nodes.iter_mut().zip(ids) {
            node.id = id as u32 + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Seed;
    use std::collections::BTreeSet;

    fn node(id: u32, depth: usize, role: &str, name: &str) -> Node {
        Node { id, depth, role: role.into(), name: name.into(), value: None }
    }

    #[test]
    fn a_page_reads_back_from_its_text() {
        let page = Page {
            title: "Corner Shop".into(),
            nodes: vec![
                node(4, 0, "RootWebArea", "Corner Shop"),
                Node { value: Some("red lamp".into()), ..node(31, 1, "searchbox", "Search") },
                node(12, 2, "button", "Today's offers"),
            ],
        };
        let text = page.text();
        assert_eq!(
            text,
            "Tab 0 (current): Corner Shop\n\n[4] RootWebArea 'Corner Shop'\n\t[31] searchbox 'Search' value \
             'red lamp'\n\t\t[12] button 'Today's offers'"
        );
        assert_eq!(text.lines().count(), HEADER + 2);
        assert_eq!(Page::parse(&text), page);
        assert!(
            page.nodes[1].is_input() && page.nodes[2].is_interactable() && !page.nodes[0].is_interactable()
        );
    }

    #[test]
    fn ids_are_distinct_and_within_the_limit_where_it_suffices() {
        let mut page = Page { nodes: vec![Node::default(); 60], ..Page::default() };
        page.number(99, &mut Seed::root(1).rng());
        let ids: BTreeSet<u32> = page.nodes.iter().map(|node| node.id).collect();
        assert!(ids.len() == 60 && ids.iter().all(|id| (1..=99).contains(id)));
        page.number(10, &mut Seed::root(1).rng());
        assert_eq!(page.nodes.iter().map(|node| node.id).collect::<BTreeSet<u32>>().len(), 60);
    }
}
