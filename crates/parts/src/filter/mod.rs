//! Rules that drop made items one after another, each drop under one reason.
//!
//! A [`Chain`] offers every item to its rules in their order; the first that objects drops it, and the item
//! counts as dropped by that rule alone. What passes all rules is kept and told to every rule, so that those
//! with a memory (duplicates, near duplicates) compare with what was kept and nothing else. Kept and dropped
//! items together are the items offered.

mod contamination;
mod duplicate;
mod length;
mod minhash;
mod text;

pub use contamination::Contaminated;
pub use duplicate::{Duplicate, Near};
pub use length::{Length, Unit};
pub use minhash::{MinHash, MinHashConfig};
pub use text::{Banned, Empty, Odd, Start};

use autodidact_core::{Result, Run, Verdict};

/// Says of an item whether it must go. Most items are texts; a recipe may filter its own kind.
pub trait Rule<T: ?Sized = str>: Send + Sync {
    /// The reason under which drops are counted, a word or two (`too_long`).
    fn name(&self) -> &str;

    /// Whether the item must go.
    fn drops(&self, item: &T) -> bool;

    /// Told of an item that passed the whole chain.
    fn keep(&mut self, _item: &T) {}
}

/// A rule of a name and a condition, without a memory.
pub struct When<F> {
    name: String,
    condition: F,
}

impl<F> When<F> {
    /// Drops, under that name, the items for which `condition` holds.
    pub fn of(name: &str, condition: F) -> When<F> {
        When { name: name.to_owned(), condition }
    }
}

impl<T: ?Sized, F: Fn(&T) -> bool + Send + Sync> Rule<T> for When<F> {
    fn name(&self) -> &str {
        &self.name
    }

    fn drops(&self, item: &T) -> bool {
        (self.condition)(item)
    }
}

/// Rules in their order, and what became of the items offered to them.
pub struct Chain<T: ?Sized = str> {
    rules: Vec<Box<dyn Rule<T>>>,
    counts: Counts,
}

/// What became of the items offered to a chain; `kept` and all of `dropped` add up to `candidates`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Items offered.
    pub candidates: u64,
    /// Items that passed every rule.
    pub kept: u64,
    /// Items dropped, by rule, in the order of the rules; rules of one name count together.
    pub dropped: Vec<(String, u64)>,
}

impl<T: ?Sized> Chain<T> {
    /// A chain of these rules.
    pub fn of(rules: Vec<Box<dyn Rule<T>>>) -> Chain<T> {
        let mut dropped: Vec<(String, u64)> = Vec::new();
        for rule in &rules {
            if !dropped.iter().any(|(name, _)| name == rule.name()) {
                dropped.push((rule.name().to_owned(), 0));
            }
        }
        Chain { rules, counts: Counts { dropped, ..Counts::default() } }
    }

    /// The name of the rule that drops the item; `None` keeps it, and every rule remembers it.
    pub fn offer(&mut self, item: &T) -> Option<String> {
        self.counts.candidates += 1;
        if let Some(reason) = first(&self.rules, item) {
            let reason = reason.to_owned();
            self.counts.add(&reason, 1);
            return Some(reason);
        }
        self.counts.kept += 1;
        self.rules.iter_mut().for_each(|rule| rule.keep(item));
        None
    }

    /// Tells every rule of an item that is there already (a seed, an earlier round's) without counting it.
    pub fn know(&mut self, item: &T) {
        self.rules.iter_mut().for_each(|rule| rule.keep(item));
    }

    /// What became of everything offered so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The counts since the last call; memories stay.
    pub fn take_counts(&mut self) -> Counts {
        let dropped = self.counts.dropped.iter().map(|(name, _)| (name.clone(), 0)).collect();
        std::mem::replace(&mut self.counts, Counts { dropped, ..Counts::default() })
    }
}

/// The name of the first rule that drops the item.
pub fn first<'a, T: ?Sized>(rules: &'a [Box<dyn Rule<T>>], item: &T) -> Option<&'a str> {
    rules.iter().find(|rule| rule.drops(item)).map(|rule| rule.name())
}

/// The reason in a verdict that says why an item was dropped (the part `dropped/<reason>`).
pub fn reason(verdict: &Verdict) -> Option<&str> {
    verdict.detail.iter().find_map(|(name, _)| name.strip_prefix("dropped/"))
}

impl Counts {
    /// Counts `n` more items as dropped for that reason, without counting them as offered.
    fn add(&mut self, reason: &str, n: u64) {
        match self.dropped.iter_mut().find(|(name, _)| name == reason) {
            Some((_, count)) => *count += n,
            None => self.dropped.push((reason.to_owned(), n)),
        }
    }

    /// Counts one item for which the reason is known, or which is kept.
    pub fn count(&mut self, reason: Option<&str>) {
        self.candidates += 1;
        match reason {
            Some(reason) => self.add(reason, 1),
            None => self.kept += 1,
        }
    }

    /// How many items the rule of that name dropped.
    pub fn dropped_by(&self, rule: &str) -> u64 {
        self.dropped.iter().find(|(name, _)| name == rule).map_or(0, |(_, count)| *count)
    }

    /// Notes `candidates`, `kept` and `dropped` under the rule's name. With a stage they stand after it:
    /// `inputs/kept`, `inputs-empty/dropped`.
    pub fn note(&self, stage: &str, run: &mut Run<'_>) -> Result<()> {
        let (slash, dash) = if stage.is_empty() { ("", "") } else { ("/", "-") };
        run.note(&format!("{stage}{slash}candidates"), self.candidates as f64)?;
        run.note(&format!("{stage}{slash}kept"), self.kept as f64)?;
        for (rule, count) in &self.dropped {
            run.note(&format!("{stage}{dash}{rule}/dropped"), *count as f64)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
