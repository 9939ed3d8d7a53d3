//! Where articles and pages come from: the user's files, or a small world.

use autodidact_core::{Error, Result, Rng, Seed};
use autodidact_parts::web::{Article, IDS, Page, SiteKind, html, surfed};
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Procedures without pages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Articles {
    /// Generated ones about the small world's sites.
    Generated {
        /// How many.
        count: u32,
        /// The share about things that need no screen.
        physical: f64,
    },
    /// A file with one JSON object a line: `title`, and `steps` as a list of sentences.
    File {
        /// The file.
        path: PathBuf,
    },
}

/// Pages without procedures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Pages {
    /// Pages of generated sites, none of them a known one.
    Generated {
        /// How many.
        count: u32,
    },
    /// A file with one JSON object a line: `website`, and the page as `html` or as its `tree`.
    File {
        /// The file.
        path: PathBuf,
    },
}

impl Default for Articles {
    fn default() -> Articles {
        Articles::Generated { count: 1_000, physical: 0.2 }
    }
}

impl Default for Pages {
    fn default() -> Pages {
        Pages::Generated { count: 4_000 }
    }
}

impl Articles {
    /// Fails on a share that is none.
    pub fn check(&self, field: &str) -> Result<()> {
        match self {
            Articles::Generated { physical, .. } if !(0.0..=1.0).contains(physical) => {
                Err(Error::invalid(format!("{field}.physical"), "between 0 and 1", physical))
            }
            Articles::Generated { .. } | Articles::File { .. } => Ok(()),
        }
    }

    /// The articles.
    pub fn open(&self, rng: &mut Rng) -> Result<Vec<Article>> {
        match self {
            Articles::Generated { count, physical } => {
                Ok((0..*count).map(|_| Article::draw(*physical, rng)).collect())
            }
            Articles::File { path } => Article::read(path),
        }
    }
}

/// A line of a file of pages.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    website: String,
    #[serde(default)]
    html: String,
    #[serde(default)]
    tree: String,
}

impl Pages {
    /// Fails on nothing yet: a file is looked at when it is opened.
    pub fn check(&self, field: &str) -> Result<()> {
        match self {
            Pages::Generated { count: 0 } => Err(Error::invalid(format!("{field}.count"), "at least 1", 0)),
            Pages::Generated { .. } | Pages::File { .. } => Ok(()),
        }
    }

    /// The pages as text, with the names of their websites; `ids` is the largest id where they get new ones.
    pub fn open(&self, ids: u32, seed: Seed) -> Result<Vec<(String, String)>> {
        let mut rng = seed.rng();
        let path = match self {
            Pages::Generated { count } => {
                let page = |place: u32| {
                    let kind = SiteKind::ALL[rng.random_range(0..SiteKind::ALL.len())];
                    let mut page = surfed(kind, seed.at("page", u64::from(place)));
                    if ids != IDS {
                        page.number(ids, &mut rng);
                    }
                    (page.title.clone(), page.text())
                };
                return Ok((0..*count).map(page).collect());
            }
            Pages::File { path } => path,
        };
        let text = std::fs::read_to_string(path).map_err(|source| Error::Io {
            path: path.clone(),
            doing: "reading",
            source,
        })?;
        let mut pages = Vec::new();
        for (line, text) in text.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
            let wrong = |found: String| Error::Data {
                path: path.clone(),
                rule: "each line is an object with a website and its html or tree".to_owned(),
                found: format!("line {} is not: {found}", line + 1),
            };
            let row: Row = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
            let page = match (row.html.is_empty(), row.tree.is_empty()) {
                (false, true) => {
                    let mut page: Page = html::read(&row.html).page;
                    page.number(ids, &mut rng);
                    page.text()
                }
                (true, false) => row.tree,
                _ => return Err(wrong("it has both or neither".to_owned())),
            };
            pages.push((row.website, page));
        }
        Ok(pages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_as_html_or_as_trees_and_a_bad_line_is_named() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("pages.jsonl");
        let tree = "Tab 0 (current): B\\n\\n[1] RootWebArea 'B'\\n\\t[2] link 'y'";
        let rows = format!(
            "{{\"website\": \"a\", \"html\": \"<title>A</title><a>x</a>\"}}\n\n{{\"website\": \"b\", \"tree\": \"{tree}\"}}\n"
        );
        std::fs::write(&path, rows).expect("writes");
        let pages = Pages::File { path: path.clone() }.open(99, Seed::root(1)).expect("opens");
        assert_eq!(pages.len(), 2);
        assert!(pages[0].1.contains("link 'x'") && pages[1].1.contains("[2] link 'y'"));
        std::fs::write(&path, "{\"website\": \"a\"}\n").expect("writes");
        let error = Pages::File { path }.open(99, Seed::root(1)).expect_err("neither").to_string();
        assert!(error.contains("line 1"), "{error}");
    }

    #[test]
    fn generated_pages_are_many_and_of_all_kinds() {
        let pages = Pages::Generated { count: 120 }.open(99, Seed::root(2)).expect("opens");
        let different: std::collections::BTreeSet<&String> = pages.iter().map(|(_, page)| page).collect();
        assert_eq!(different.len(), 120);
        let websites: std::collections::BTreeSet<&String> =
            pages.iter().map(|(website, _)| website).collect();
        assert!(websites.len() > 12, "{websites:?}");
    }
}
