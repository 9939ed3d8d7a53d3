//! Rules that drop what is the same, or nearly the same, as something kept.

use super::Rule;
use super::length::Unit;
use autodidact_math::rouge::{common, f1, words};
use std::collections::{BTreeMap, BTreeSet};

/// Drops what was kept already, character by character and white space around it aside, as `duplicate`.
#[derive(Clone, Debug, Default)]
pub struct Duplicate {
    kept: BTreeSet<String>,
}

impl Rule for Duplicate {
    fn name(&self) -> &str {
        "duplicate"
    }

    fn drops(&self, item: &str) -> bool {
        self.kept.contains(item.trim())
    }

    fn keep(&mut self, item: &str) {
        self.kept.insert(item.trim().to_owned());
    }
}

/// Drops what is close to something kept by ROUGE-L, as `near_duplicate`: its F1 with some kept item is
/// above the threshold. Every item is compared with every kept one; for many items see
/// [`super::MinHash`].
#[derive(Clone, Debug)]
pub struct Near {
    above: f64,
    unit: Unit,
    /// What words and characters are called in `kept`.
    ids: BTreeMap<String, u32>,
    kept: Vec<Known>,
}

#[derive(Clone, Debug)]
struct Known {
    tokens: Vec<u32>,
    /// The same in ascending order.
    sorted: Vec<u32>,
}

impl Near {
    /// Drops what has an F1 above `above` (self-instruct: 0.7) over those units.
    pub fn above(above: f64, unit: Unit) -> Near {
        Near { above, unit, ids: BTreeMap::new(), kept: Vec::new() }
    }

    fn tokens(&self, item: &str) -> Vec<String> {
        match self.unit {
            Unit::Words => words(item),
            Unit::Characters => item.chars().map(String::from).collect(),
        }
    }

    fn close(&self, item: &Known, kept: &Known) -> bool {
        let (a, b) = (item.tokens.len(), kept.tokens.len());
        // A common subsequence is no longer than the shorter text, and uses no token more often than
        // both have it: two bounds that spare most comparisons.
        let possible = |common: usize| f1(common, a, b) > self.above;
        possible(a.min(b))
            && possible(shared(&item.sorted, &kept.sorted))
            && possible(common(&item.tokens, &kept.tokens))
    }
}

impl Known {
    fn of(tokens: Vec<u32>) -> Known {
        let mut sorted = tokens.clone();
        sorted.sort_unstable();
        Known { tokens, sorted }
    }
}

/// How many tokens two sorted lists have in common, each as often as both have it.
fn shared(a: &[u32], b: &[u32]) -> usize {
    let (mut i, mut j, mut n) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => (i, j, n) = (i + 1, j + 1, n + 1),
        }
    }
    n
}

impl Rule for Near {
    fn name(&self) -> &str {
        "near_duplicate"
    }

    fn drops(&self, item: &str) -> bool {
        // Tokens that no kept item has get numbers from the top, all different from known ones.
        let id = |(place, token): (usize, String)| match self.ids.get(&token) {
            Some(&id) => id,
            None => u32::MAX - place as u32,
        };
        let item = Known::of(self.tokens(item).into_iter().enumerate().map(id).collect());
        self.kept.iter().any(|kept| self.close(&item, kept))
    }

    fn keep(&mut self, item: &str) {
        let mut known = Vec::new();
        for token in self.tokens(item) {
            let next = self.ids.len() as u32;
            known.push(*self.ids.entry(token).or_insert(next));
        }
        self.kept.push(Known::of(known));
    }
}
