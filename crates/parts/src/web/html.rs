//! Plain HTML to pages and back: what a model that writes web pages writes, read without a browser.
//!
//! Only what an accessibility tree shows is kept. A link's or button's text is its name, a field's name is its
//! label or placeholder, other text becomes `StaticText`; styles, scripts and comments are passed over. Markup
//! that is not well formed reads as far as it makes sense, as in a browser.

use super::tree::{Node, Page};
use std::collections::BTreeMap;

/// The attribute value that marks the element of the next action.
pub const MARK: &str = "next-action-target";

/// A page that was read, without ids, and which of its elements carry the mark.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// The page; every id is 0.
    pub page: Page,
    /// Places of the marked elements among the page's.
    pub marked: Vec<usize>,
}

/// Reads HTML.
pub fn read(text: &str) -> Read {
    let mut reader = Reader::default();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        reader.text(&rest[..at]);
        rest = match tag(&rest[at..]) {
            Some((tag, after)) => reader.tag(tag, after),
            None => {
                reader.text("<");
                &rest[at + 1..]
            }
        };
    }
    reader.text(rest);
    reader.end()
}

/// Writes a page as HTML with the mark on the element of that id, one element a line.
pub fn write(page: &Page, marked: Option<u32>) -> String {
    let title = escaped(&page.title);
    let mut out = format!("<html>\n<head><title>{title}</title></head>\n<body>\n");
    for node in page.nodes.iter().filter(|node| node.role != "RootWebArea") {
        let mark = if marked == Some(node.id) { format!(" id=\"{MARK}\"") } else { String::new() };
        let (name, value) = (escaped(&node.name), escaped(node.value.as_deref().unwrap_or_default()));
        let input =
            |kind: &str| format!("<input type=\"{kind}\"{mark} aria-label=\"{name}\" value=\"{value}\">");
        let around = |tag: &str| format!("<{tag}{mark}>{name}</{tag}>");
        out.push_str(&match node.role.as_str() {
            "link" => around("a"),
            "button" => around("button"),
            "heading" => around("h2"),
            "textbox" => input("text"),
            "searchbox" => input("search"),
            "checkbox" if value.is_empty() => {
                format!("<input type=\"checkbox\"{mark} aria-label=\"{name}\">")
            }
            "checkbox" => format!("<input type=\"checkbox\"{mark} aria-label=\"{name}\" checked>"),
            _ => around("p"),
        });
        out.push('\n');
    }
    out.push_str("</body>\n</html>");
    out
}

#[derive(Default)]
struct Reader {
    read: Read,
    title: String,
    /// Open tags, and the element that each of them made.
    open: Vec<(String, Option<usize>)>,
    /// Text of labels by what they are for.
    labels: BTreeMap<String, String>,
    /// What the label that is open is for.
    label: Option<String>,
    /// Elements by their attribute `id`.
    by_id: BTreeMap<String, usize>,
}

struct Tag {
    name: String,
    closing: bool,
    empty: bool,
    attributes: BTreeMap<String, String>,
}

const VOID: [&str; 9] = ["area", "br", "col", "hr", "img", "input", "link", "meta", "source"];

/// Tags whose text is their element's name.
const NAMED: [(&str, &str); 13] = [
    ("a", "link"),
    ("button", "button"),
    ("h1", "heading"),
    ("h2", "heading"),
    ("h3", "heading"),
    ("h4", "heading"),
    ("h5", "heading"),
    ("h6", "heading"),
    ("option", "option"),
    ("summary", "button"),
    ("th", "columnheader"),
    ("legend", "LegendText"),
    ("caption", "caption"),
];

/// Tags that are elements without a name of their own.
const GROUPS: [(&str, &str); 8] = [
    ("ul", "list"),
    ("ol", "list"),
    ("li", "listitem"),
    ("nav", "navigation"),
    ("main", "main"),
    ("form", "form"),
    ("table", "table"),
    ("tr", "row"),
];

impl Reader {
    /// Takes a tag and returns the text to go on with.
    fn tag<'a>(&mut self, tag: Tag, after: &'a str) -> &'a str {
        if tag.closing {
            if let Some(at) = self.open.iter().rposition(|(name, _)| *name == tag.name) {
                self.open.truncate(at);
            }
            if tag.name == "label" {
                self.label = None;
            }
            return after;
        }
        if matches!(tag.name.as_str(), "script" | "style" | "noscript" | "svg" | "template") {
            let close = format!("</{}", tag.name);
            let lower = after.to_ascii_lowercase();
            return match lower.find(&close) {
                Some(at) => after[at..].split_once('>').map_or("", |(_, rest)| rest),
                None => "",
            };
        }
        if tag.name == "label" {
            self.label = Some(tag.attributes.get("for").cloned().unwrap_or_default());
            self.labels.remove("");
        }
        let node = self.element(&tag);
        if !tag.empty && !VOID.contains(&tag.name.as_str()) {
            self.open.push((tag.name, node));
        }
        after
    }

    /// The element that a tag makes, if it makes one.
    fn element(&mut self, tag: &Tag) -> Option<usize> {
        let get = |name: &str| tag.attributes.get(name).map(String::as_str).filter(|value| !value.is_empty());
        if get("type") == Some("hidden") || tag.attributes.contains_key("hidden") {
            return None;
        }
        let of = |table: &[(&str, &'static str)]| {
            table.iter().find(|(name, _)| *name == tag.name).map(|one| one.1)
        };
        let role = match tag.name.as_str() {
            "input" => match get("type").unwrap_or("text") {
                "submit" | "button" | "reset" | "image" => "button",
                "checkbox" => "checkbox",
                "radio" => "radio",
                "search" => "searchbox",
                "number" => "spinbutton",
                "range" => "slider",
                _ => "textbox",
            },
            "textarea" => "textbox",
            "select" => "combobox",
            "img" => "img",
            _ => get("role").or(of(&NAMED)).or(of(&GROUPS))?,
        };
        let by_value = (role == "button" && tag.name == "input").then(|| get("value")).flatten();
        let own = get("aria-label").or(by_value).or(get("placeholder")).or(get("alt")).or(get("title"));
        let value = match role {
            "textbox" | "searchbox" | "spinbutton" => get("value").map(str::to_owned),
            "checkbox" | "radio" if tag.attributes.contains_key("checked") => Some("on".to_owned()),
            _ => None,
        };
        let depth = 1 + self.open.iter().filter(|(_, node)| node.is_some()).count();
        let at = self.read.page.nodes.len();
        let is_marked = tag.attributes.values().any(|value| value == MARK);
        if is_marked {
            self.read.marked.push(at);
        }
        if let Some(id) = get("id") {
            self.by_id.insert(id.to_owned(), at);
        }
        let wrapped = self.label.as_ref().and_then(|_| self.labels.get("")).cloned();
        let name = own.map(str::to_owned).or(wrapped).unwrap_or_default();
        self.read.page.nodes.push(Node { id: 0, depth, role: role.to_owned(), name, value });
        Some(at)
    }

    fn text(&mut self, text: &str) {
        let text = unescaped(&text.split_whitespace().collect::<Vec<_>>().join(" "));
        if text.is_empty() {
            return;
        }
        let inside = |name: &str| self.open.iter().any(|(open, _)| open == name);
        if inside("title") {
            push(&mut self.title, &text);
            return;
        }
        if inside("textarea") {
            if let Some((_, Some(at))) = self.open.last() {
                self.read.page.nodes[*at].value = Some(text);
            }
            return;
        }
        if let Some(label) = &self.label {
            push(self.labels.entry(label.clone()).or_default(), &text);
            return;
        }
        let named = self
            .open
            .iter()
            .rev()
            .find(|(name, node)| node.is_some() && NAMED.iter().any(|(tag, _)| tag == name));
        match named {
            Some((_, Some(at))) => push(&mut self.read.page.nodes[*at].name, &text),
            _ => {
                let depth = 1 + self.open.iter().filter(|(_, node)| node.is_some()).count();
                let node = Node { depth, role: "StaticText".to_owned(), name: text, ..Node::default() };
                self.read.page.nodes.push(node);
            }
        }
    }

    fn end(mut self) -> Read {
        for (id, &at) in &self.by_id {
            let node = &mut self.read.page.nodes[at];
            if let Some(label) = self.labels.get(id).filter(|_| node.name.is_empty()) {
                node.name.clone_from(label);
            }
        }
        let root = Node { role: "RootWebArea".to_owned(), name: self.title.clone(), ..Node::default() };
        self.read.page.nodes.insert(0, root);
        self.read.marked.iter_mut().for_each(|at| *at += 1);
        self.read.page.title = self.title;
        self.read
    }
}

fn push(name: &mut String, text: &str) {
    if !name.is_empty() {
        name.push(' ');
    }
    name.push_str(text);
}

/// The tag at the start of a text and what follows it; comments and declarations are tags without a name.
fn tag(text: &str) -> Option<(Tag, &str)> {
    let inner = &text[1..];
    let nothing = || Tag { name: String::new(), closing: true, empty: true, attributes: BTreeMap::new() };
    if let Some(comment) = inner.strip_prefix("!--") {
        let after = comment.split_once("-->").map_or("", |(_, after)| after);
        return Some((nothing(), after));
    }
    let closing = inner.starts_with('/');
    let inner = inner.trim_start_matches('/');
    if !inner.starts_with(|one: char| one.is_ascii_alphabetic() || one == '!') {
        return None;
    }
    let end = inner.find(|one: char| one.is_whitespace() || one == '>' || one == '/').unwrap_or(inner.len());
    let name = inner[..end].to_ascii_lowercase();
    let mut attributes = BTreeMap::new();
    let mut rest = &inner[end..];
    let mut empty = false;
    loop {
        rest = rest.trim_start();
        match rest.chars().next() {
            None => break,
            Some('>') => {
                rest = &rest[1..];
                break;
            }
            Some('/') => {
                empty = true;
                rest = &rest[1..];
            }
            Some(_) => rest = attribute(rest, &mut attributes),
        }
    }
    if name.starts_with('!') {
        return Some((nothing(), rest));
    }
    Some((Tag { name, closing, empty, attributes }, rest))
}

/// Takes one attribute off a text and returns what follows.
fn attribute<'a>(text: &'a str, attributes: &mut BTreeMap<String, String>) -> &'a str {
    let ends = |one: char| one.is_whitespace() || matches!(one, '=' | '>' | '/');
    // At least one character goes, so that stray marks cannot hold the reader up.
    let first = text.chars().next().map_or(0, char::len_utf8);
    let end = text[first..].find(ends).map_or(text.len(), |at| at + first);
    let name = text[..end].to_ascii_lowercase();
    let rest = &text[end..];
    let Some(value) = rest.trim_start().strip_prefix('=') else {
        attributes.insert(name, String::new());
        return rest;
    };
    let value = value.trim_start();
    let (value, rest) = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
        _ => {
            let end = value.find(|one: char| one.is_whitespace() || one == '>').unwrap_or(value.len());
            value.split_at(end)
        }
    };
    attributes.insert(name, unescaped(value));
    rest
}

const ENTITIES: [(&str, &str); 7] = [
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&apos;", "'"),
    ("&nbsp;", " "),
    ("&amp;", "&"),
];

fn unescaped(text: &str) -> String {
    ENTITIES.iter().fold(text.to_owned(), |text, (entity, plain)| text.replace(entity, plain))
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(html: &str) -> Vec<String> {
        let one = |node: &Node| node.line().trim_start().trim_start_matches("[0] ").to_owned();
        read(html).page.nodes.iter().skip(1).map(one).collect()
    }

    #[test]
    fn elements_get_the_roles_and_names_that_a_browser_gives_them() {
        let html = r#"<!DOCTYPE html><html><head><title>My shop</title><style>a > b { }</style></head><body>
            <h1>Today &amp; now</h1><nav><a href="/x">Cart <b>(2)</b></a></nav>
            <label for="q">Find</label><input id='q' type=search value="lamp">
            <label>Town <input></label><textarea placeholder="Note">hello</textarea>
            <input type="checkbox" aria-label="Gift" checked><input type="hidden" name="t" value="1">
            <input type="submit" value="Send"><img src="a.png" alt="a lamp"><p>Only <i>today</i></p>
            <script>if (a < b) { document.write("<a>no</a>") }</script><!-- <a>no</a> --></body></html>"#;
        assert_eq!(read(html).page.title, "My shop");
        assert_eq!(
            shown(html),
            [
                "heading 'Today & now'",
                "navigation ''",
                "link 'Cart (2)'",
                "searchbox 'Find' value 'lamp'",
                "textbox 'Town'",
                "textbox 'Note' value 'hello'",
                "checkbox 'Gift' value 'on'",
                "button 'Send'",
                "img 'a lamp'",
                "StaticText 'Only'",
                "StaticText 'today'",
            ]
        );
    }

    #[test]
    fn the_mark_is_found_on_whatever_element_carries_it() {
        let html =
            format!("<a>one</a><button class='b' id={MARK}>two</button><a data-test-id='{MARK}'>three</a>");
        let read = read(&html);
        let names: Vec<&str> = read.marked.iter().map(|&at| read.page.nodes[at].name.as_str()).collect();
        assert_eq!(names, ["two", "three"]);
        assert!(super::read("<a>one</a>").marked.is_empty());
    }

    #[test]
    fn broken_markup_reads_as_far_as_it_makes_sense() {
        assert_eq!(
            shown("a < b <a href=\"x>one"),
            ["StaticText 'a'", "StaticText '<'", "StaticText 'b'", "link ''"]
        );
        assert_eq!(shown("<ul><li>x</ul></p><a>y"), ["list ''", "listitem ''", "StaticText 'x'", "link 'y'"]);
    }

    #[test]
    fn a_page_survives_writing_and_reading() {
        let node = |role: &str, name: &str, value: Option<&str>| Node {
            depth: 1,
            role: role.into(),
            name: name.into(),
            value: value.map(str::to_owned),
            ..Node::default()
        };
        let root = Node { depth: 0, ..node("RootWebArea", "A \"B\" & <C>", None) };
        let page = Page {
            title: "A \"B\" & <C>".into(),
            nodes: vec![
                root,
                node("link", "x", None),
                node("button", "y <z>", None),
                node("textbox", "To", Some("a \"b\"")),
                node("searchbox", "Search", None),
                node("checkbox", "on", Some("on")),
                node("checkbox", "off", None),
                node("heading", "h", None),
                node("StaticText", "1 & 2", None),
            ],
        };
        assert_eq!(read(&write(&page, None)).page, page);
        let numbered = Page {
            nodes: page.nodes.iter().zip(1..).map(|(node, id)| Node { id, ..node.clone() }).collect(),
            ..page
        };
        assert_eq!(read(&write(&numbered, Some(4))).marked, [3]);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[<>a-z/!='\" &;-]{0,60}", any in any::<String>()) {
            read(&text);
            read(&any);
        }
    }
}
