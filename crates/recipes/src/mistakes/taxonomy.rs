//! Types of mistakes: categories with their keywords, given or grouped by a model.

use autodidact_core::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The type of a mistake that no category covers.
pub const OTHER: &str = "other";

/// Categories with the keywords that they cover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Taxonomy {
    /// Keywords by category; a category covers its own name.
    pub categories: BTreeMap<String, Vec<String>>,
}

impl Default for Taxonomy {
    /// The paper's categories for arithmetic and for common sense.
    fn default() -> Taxonomy {
        Taxonomy::of(&["calculation", "numeric", "logical", "commonsense", "linguistic", "context"])
    }
}

impl Taxonomy {
    /// Categories that cover their own names.
    pub fn of(names: &[&str]) -> Taxonomy {
        Taxonomy { categories: names.iter().map(|&name| (name.to_owned(), Vec::new())).collect() }
    }

    /// Reads lines of the form `[category]: keyword, keyword`; others are passed over. A keyword that comes
    /// twice stays in its first category.
    pub fn parse(text: &str) -> Taxonomy {
        let mut taxonomy = Taxonomy { categories: BTreeMap::new() };
        for line in text.lines() {
            let Some((category, keywords)) =
                line.trim().strip_prefix('[').and_then(|line| line.split_once(']'))
            else {
                continue;
            };
            let (category, keywords) = (plain(category), keywords.trim_start().trim_start_matches(':'));
            if category.is_empty() {
                continue;
            }
            let keywords: Vec<String> = keywords
                .split(',')
                .map(plain)
                .filter(|keyword| !keyword.is_empty() && taxonomy.of_keyword(keyword) == OTHER)
                .collect();
            taxonomy.categories.entry(category).or_default().extend(keywords);
        }
        taxonomy
    }

    /// The category of a keyword: the one that lists it, else the one whose name it holds, else [`OTHER`].
    pub fn of_keyword(&self, keyword: &str) -> &str {
        let keyword = plain(keyword);
        let listed = self.categories.iter().find(|(_, words)| words.contains(&keyword));
        let named = || {
            let holds = |name: &str| keyword.split(' ').any(|word| word == name) || keyword == name;
            self.categories.iter().find(|(name, _)| holds(name))
        };
        listed.or_else(named).map_or(OTHER, |(name, _)| name.as_str())
    }

    /// Fails on categories that are empty or called [`OTHER`].
    pub fn check(&self, field: &str) -> Result<()> {
        match self.categories.keys().find(|name| plain(name) != **name || name.is_empty() || *name == OTHER) {
            None => Ok(()),
            Some(name) => {
                Err(Error::invalid(field, "categories in lower case, none of them \"other\"", name))
            }
        }
    }
}

/// Lower case, without blanks and full stops around it and without the word for a mistake behind it.
fn plain(text: &str) -> String {
    let lower = text.trim().trim_matches(['.', '"', '*']).trim().to_lowercase();
    let tail = [" errors", " error", " mistakes", " mistake"];
    tail.iter().find_map(|tail| lower.strip_suffix(tail)).unwrap_or(&lower).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyword_has_the_category_that_lists_or_names_it() {
        let text = "Here you are:\n[Calculation Errors]: arithmetic, wrong sum\n[logical]: bad inference, arithmetic\n[]: x";
        let taxonomy = Taxonomy::parse(text);
        taxonomy.check("taxonomy").expect("sound");
        let check =
            |keyword: &str, expect: &str| assert_eq!(taxonomy.of_keyword(keyword), expect, "{keyword}");
        check("Arithmetic error.", "calculation");
        check("Wrong sum", "calculation");
        check("calculation mistake", "calculation");
        check("logical leap", "logical");
        check("spelling", OTHER);
        assert_eq!(Taxonomy::default().of_keyword("numeric"), "numeric");
    }

    #[test]
    fn the_rest_is_no_category() {
        assert!(Taxonomy::of(&["other"]).check("taxonomy").is_err());
        assert!(Taxonomy::of(&["Copy"]).check("taxonomy").is_err());
    }
}
