//! Family G: the way forward through a directed tree, `G:oc,eo,er,rw e>w?erw#2`.
//!
//! The level is the number of hops. Two to four side branches hang on any node, so a walk that
//! takes a random child each time arrives with a chance of 0.58, 0.44, 0.35, 0.31 at levels 1-4.

use super::checked::{Checked, integer};
use super::hand::{Hand, Step, Worked};
use super::puzzle::Puzzle;
use autodidact_core::Rng;
use rand::Rng as _;
use rand::seq::SliceRandom;

/// A directed tree and a pair of its nodes.
pub(crate) struct Path {
    edges: Vec<(char, char)>,
    from: char,
    to: char,
}

impl Path {
    pub(crate) fn draw(level: u32, rng: &mut Rng) -> Path {
        let mut letters: Vec<char> = ('a'..='z').collect();
        letters.shuffle(rng);
        let hops = level as usize;
        let mut edges: Vec<(char, char)> =
            letters[..=hops].windows(2).map(|pair| (pair[0], pair[1])).collect();
        for branch in 0..rng.random_range(2..=4usize) {
            let nodes = hops + 1 + branch;
            let parent = rng.random_range(0..nodes as u32) as usize;
            edges.push((letters[parent], letters[nodes]));
        }
        edges.shuffle(rng);
        Path { edges, from: letters[0], to: letters[hops] }
    }

    pub(crate) fn parse(body: &str) -> Option<Path> {
        let (edges, ends) = body.strip_suffix('?')?.split_once(' ')?;
        let edges: Option<Vec<_>> = edges.split(',').map(|edge| two_nodes(edge.chars())).collect();
        let (from, to) = ends.split_once('>')?;
        let (from, to) = two_nodes(from.chars().chain(to.chars()))?;
        let path = Path { edges: edges?, from, to };
        (from != to && path.nodes().is_some()).then_some(path)
    }

    /// The nodes from start to end; `None` when the graph is not a tree or has no such path.
    fn nodes(&self) -> Option<Vec<char>> {
        let mut nodes = vec![self.to];
        let mut node = self.to;
        while node != self.from {
            let mut parents = self.edges.iter().filter(|edge| edge.1 == node).map(|edge| edge.0);
            let parent = parents.next()?;
            if parents.next().is_some() || nodes.contains(&parent) {
                return None;
            }
            nodes.push(parent);
            node = parent;
        }
        nodes.reverse();
        Some(nodes)
    }

    /// Any node but the right one, as somebody who lost the way might write it.
    fn other_node(&self, right: char, rng: &mut Rng) -> char {
        let others: Vec<char> =
            self.edges.iter().flat_map(|edge| [edge.0, edge.1]).filter(|&node| node != right).collect();
        others[rng.random_range(0..others.len() as u32) as usize]
    }

    /// A walk from the start that takes a random child each time, until it arrives or can go no
    /// further, written as an answer.
    #[cfg(test)]
    pub(crate) fn random_walk(&self, rng: &mut Rng) -> String {
        let mut walk = self.from.to_string();
        let mut node = self.from;
        while node != self.to {
            let children: Vec<char> =
                self.edges.iter().filter(|edge| edge.0 == node).map(|edge| edge.1).collect();
            let Some(last) = children.len().checked_sub(1) else { break };
            node = children[rng.random_range(0..=last as u32) as usize];
            walk.push(node);
        }
        format!("{walk}#{}", walk.len() - 1)
    }
}

fn two_nodes(mut letters: impl Iterator<Item = char>) -> Option<(char, char)> {
    let pair = (letters.next()?, letters.next()?);
    let plain = pair.0.is_ascii_lowercase() && pair.1.is_ascii_lowercase();
    (plain && pair.0 != pair.1 && letters.next().is_none()).then_some(pair)
}

/// The nodes of a written path: a node before `<` is taken back. `None` when it is no path.
fn written(path: &str) -> Option<Vec<char>> {
    let mut nodes = Vec::new();
    for letter in path.chars() {
        match letter {
            '<' => drop(nodes.pop()?),
            'a'..='z' => nodes.push(letter),
            _ => return None,
        }
    }
    (!nodes.is_empty()).then_some(nodes)
}

impl Puzzle for Path {
    fn body(&self) -> String {
        let edges: Vec<String> = self.edges.iter().map(|edge| format!("{}{}", edge.0, edge.1)).collect();
        format!("{} {}>{}?", edges.join(","), self.from, self.to)
    }

    fn key(&self) -> String {
        let mut edges = self.edges.clone();
        edges.sort_unstable();
        Path { edges, ..*self }.body()
    }

    fn sentence(&self) -> String {
        let arrows: Vec<String> = self.edges.iter().map(|edge| format!("{}->{}", edge.0, edge.1)).collect();
        format!(
            "A graph has the arrows {}. Which nodes lead from {} to {}? Write their letters in order.",
            arrows.join(", "),
            self.from,
            self.to
        )
    }

    fn level(&self) -> u32 {
        self.nodes().map_or(0, |nodes| nodes.len() as u32 - 1)
    }

    fn answer(&self) -> String {
        self.nodes().unwrap_or_default().into_iter().collect()
    }

    fn work(&self, mut hand: Hand<'_>) -> Worked {
        let nodes = self.nodes().unwrap_or_default();
        hand.lead(self.from.to_string());
        let noise = hand.noise();
        let mut replaced = false;
        for &node in nodes.iter().skip(1) {
            let retried = hand.chance(noise.retry);
            let slipped = !retried && !replaced && hand.chance(noise.slip);
            let wrong = match hand.rng() {
                Some(rng) if retried || slipped => self.other_node(node, rng),
                _ => node,
            };
            replaced |= slipped;
            let said = if slipped { wrong } else { node };
            let struck = retried.then(|| wrong.to_string());
            hand.push(Step { text: said.to_string(), right: !slipped, struck });
        }
        hand.finish("", Some((nodes.len().saturating_sub(1)).to_string()))
    }

    fn check(&self, said: &str) -> Checked {
        let fields = said.rsplit_once('#').and_then(|(path, hops)| Some((written(path)?, integer(hops)?)));
        match (fields, self.nodes()) {
            (Some((path, hops)), Some(gold)) => {
                let counted = hops == path.len() as i64 - 1;
                let right = counted && path == gold;
                let path: String = path.into_iter().collect();
                Checked::formed(right, if counted { path } else { format!("{path}#{hops}") })
            }
            _ => Checked::malformed(),
        }
    }
}
