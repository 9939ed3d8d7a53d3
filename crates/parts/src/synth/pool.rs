//! A growing pool of made items: a few that people wrote and can be trusted, and the model's own that
//! survived the filters.
//!
//! Prompts for new items show some of both. What is drawn depends on the pool's items and the generator it
//! is drawn with, so a prompt with a seed of its own always shows the same.

use autodidact_core::Rng;
use rand::Rng as _;
use rand::seq::index;
use serde::{Deserialize, Serialize};

/// An item with the id under which others name it as their parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seedling<T = String> {
    /// Unique in the pool.
    pub id: String,
    /// The item itself.
    pub item: T,
}

/// Trusted items and grown ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pool<T = String> {
    trusted: Vec<Seedling<T>>,
    grown: Vec<Seedling<T>>,
}

/// How many items of a kind a prompt shows; no more than there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Demand {
    /// All of them.
    All,
    /// This many.
    Just(u32),
    /// At least 1 and at most this many, each number as likely as the others.
    UpTo(u32),
}

/// What a prompt shows, in random order.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn<'a, T = String> {
    /// Of the trusted items.
    pub trusted: Vec<&'a Seedling<T>>,
    /// Of the grown ones.
    pub grown: Vec<&'a Seedling<T>>,
}

impl<T> Pool<T> {
    /// A pool of trusted items alone; the ids are `seed/0`, `seed/1`, ...
    pub fn of(trusted: impl IntoIterator<Item = T>) -> Pool<T> {
        let seedling = |(place, item)| Seedling { id: format!("seed/{place}"), item };
        Pool { trusted: trusted.into_iter().enumerate().map(seedling).collect(), grown: Vec::new() }
    }

    /// Adds a survivor.
    pub fn grow(&mut self, id: impl Into<String>, item: T) {
        self.grown.push(Seedling { id: id.into(), item });
    }

    /// The trusted items, in the order given.
    pub fn trusted(&self) -> &[Seedling<T>] {
        &self.trusted
    }

    /// The survivors, in the order of growth.
    pub fn grown(&self) -> &[Seedling<T>] {
        &self.grown
    }

    /// Distinct items of both kinds in random order.
    pub fn draw(&self, trusted: Demand, grown: Demand, rng: &mut Rng) -> Drawn<'_, T> {
        Drawn { trusted: some(&self.trusted, trusted, rng), grown: some(&self.grown, grown, rng) }
    }
}

impl<T> Drawn<'_, T> {
    /// The ids of all that is shown, trusted ones first.
    pub fn ids(&self) -> impl Iterator<Item = String> + '_ {
        self.trusted.iter().chain(&self.grown).map(|one| one.id.clone())
    }
}

fn some<'a, T>(items: &'a [Seedling<T>], demand: Demand, rng: &mut Rng) -> Vec<&'a Seedling<T>> {
    let most = |n: u32| items.len().min(n as usize);
    let n = match demand {
        Demand::All => items.len(),
        Demand::Just(n) => most(n),
        Demand::UpTo(n) if most(n) > 0 => rng.random_range(1..=most(n)),
        Demand::UpTo(_) => 0,
    };
    index::sample(rng, items.len(), n).into_iter().map(|place| &items[place]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Seed;
    use std::collections::BTreeSet;

    #[test]
    fn a_prompt_shows_every_trusted_item_and_up_to_ten_grown_ones_none_twice() {
        let mut pool = Pool::of(["a", "b", "c"]);
        let mut rng = Seed::root(1).rng();
        let drawn = pool.draw(Demand::All, Demand::UpTo(10), &mut rng);
        assert_eq!((drawn.trusted.len(), drawn.grown.len()), (3, 0));
        for place in 0..30 {
            pool.grow(format!("g/{place}"), "x");
        }
        let mut numbers = BTreeSet::new();
        let mut orders = BTreeSet::new();
        for _ in 0..300 {
            let drawn = pool.draw(Demand::All, Demand::UpTo(10), &mut rng);
            let ids: BTreeSet<String> = drawn.ids().collect();
            assert_eq!(ids.len(), drawn.trusted.len() + drawn.grown.len());
            numbers.insert(drawn.grown.len());
            orders.insert(drawn.trusted.iter().map(|one| one.item).collect::<String>());
        }
        assert_eq!(numbers, (1..=10).collect());
        assert_eq!(orders.len(), 6);
        assert_eq!(pool.draw(Demand::Just(2), Demand::Just(99), &mut rng).ids().count(), 32);
    }

    #[test]
    fn a_prompt_with_a_seed_of_its_own_always_shows_the_same() {
        let mut pool = Pool::of(["a", "b", "c"]);
        pool.grow("g/0", "x");
        pool.grow("g/1", "y");
        let draw = |_| -> Vec<String> {
            let mut rng = Seed::root(3).at("prompt", 5).rng();
            pool.draw(Demand::All, Demand::UpTo(10), &mut rng).ids().collect()
        };
        assert_eq!(draw(0), draw(1));
    }
}
