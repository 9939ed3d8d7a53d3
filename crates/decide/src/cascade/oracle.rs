//! The worth of a list, and the best list: BestPerm.
//!
//! For attractions u and weights w (what a click on the item leads to), a list is worth
//! `f = sum_i prod_{j<i} (1 - u_j) u_i w_i`, with the weight of no click as its last term. Whatever u
//! is, the items of the best list stand by falling weight; so one pass over the items in that order
//! decides for each whether it takes one of the places left.

use serde::{Deserialize, Serialize};

/// A list and what it is worth.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    /// The items, in order.
    pub list: Vec<u32>,
    /// Its worth.
    pub value: f64,
}

/// How the best list is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Oracle {
    /// By dynamic programming over the sorted items: O(N m + N log N).
    #[default]
    BestPerm,
    /// By going through every list.
    Enumerate,
}

impl Oracle {
    /// The best list of at most `longest` of the items `0..u.len()`; `None` when no list is legal.
    pub fn best(self, u: &[f64], w: &[f64], nothing: f64, longest: usize) -> Option<Best> {
        match self {
            Oracle::BestPerm => best_perm(u, w, nothing, longest),
            Oracle::Enumerate => enumerate(u, w, nothing, longest),
        }
    }
}

/// What a list is worth: item `a` attracts with probability `u[a]` and weighs `w[a]`, no click weighs
/// `nothing`.
pub fn value(list: &[u32], u: &[f64], w: &[f64], nothing: f64) -> f64 {
    list.iter().rev().fold(nothing, |rest, &item| {
        let item = item as usize;
        u[item] * w[item] + (1.0 - u[item]) * rest
    })
}

/// BestPerm: the best list by dynamic programming. Of equally good lists it takes the longer. `None`
/// when no list is legal: no place or no items.
pub fn best_perm(u: &[f64], w: &[f64], nothing: f64, longest: usize) -> Option<Best> {
    if longest == 0 || u.is_empty() {
        return None;
    }
    let mut order: Vec<u32> = (0..u.len() as u32).filter(|&item| w[item as usize] > nothing).collect();
    if order.is_empty() {
        return least_harmful(u, w, nothing);
    }
    order.sort_by(|&a, &b| w[b as usize].total_cmp(&w[a as usize]));
    let places = longest.min(order.len());
    let width = places + 1;
    // best[i * width + k]: the best of the items from i on with k places left.
    let mut best = vec![nothing; (order.len() + 1) * width];
    for (i, &item) in order.iter().enumerate().rev() {
        let (u, w) = (u[item as usize], w[item as usize]);
        for k in 1..=places {
            let taken = u * w + (1.0 - u) * best[(i + 1) * width + k - 1];
            best[i * width + k] = taken.max(best[(i + 1) * width + k]);
        }
    }
    let (mut list, mut k) = (Vec::with_capacity(places), places);
    for (i, &item) in order.iter().enumerate() {
        if k == 0 {
            break;
        }
        let (u, w) = (u[item as usize], w[item as usize]);
        let taken = u * w + (1.0 - u) * best[(i + 1) * width + k - 1];
        if taken >= best[(i + 1) * width + k] {
            list.push(item);
            k -= 1;
        }
    }
    Some(Best { list, value: best[places] })
}

/// Where every item is worse than no click: one must be shown all the same.
fn least_harmful(u: &[f64], w: &[f64], nothing: f64) -> Option<Best> {
    let alone = |item: usize| u[item] * w[item] + (1.0 - u[item]) * nothing;
    let first = Best { list: vec![0], value: alone(0) };
    Some((1..u.len()).fold(first, |best, item| match alone(item) {
        value if value > best.value => Best { list: vec![item as u32], value },
        _ => best,
    }))
}

/// The best list by looking at all of them; the first of the best in [`every_list`]'s order.
pub fn enumerate(u: &[f64], w: &[f64], nothing: f64, longest: usize) -> Option<Best> {
    let mut best: Option<Best> = None;
    every_list(u.len(), longest, |list| {
        let value = value(list, u, w, nothing);
        if best.as_ref().is_none_or(|best| value > best.value) {
            best = Some(Best { list: list.to_vec(), value });
        }
    });
    best
}

/// Calls `see` with every list of 1 to `longest` different items of `0..items`: each list before its
/// extensions, items rising.
pub fn every_list(items: usize, longest: usize, mut see: impl FnMut(&[u32])) {
    fn extend(items: usize, longest: usize, list: &mut Vec<u32>, see: &mut impl FnMut(&[u32])) {
        if list.len() == longest {
            return;
        }
        for item in 0..items as u32 {
            if !list.contains(&item) {
                list.push(item);
                see(list);
                extend(items, longest, list, see);
                list.pop();
            }
        }
    }
    extend(items, longest, &mut Vec::with_capacity(longest), &mut see);
}

#[cfg(test)]
mod tests;
