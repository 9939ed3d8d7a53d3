//! One box of the tree, its progress, and how it splits.

use super::{RiacConfig, Rule, Space};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Thresholds drawn for one attempt at a split, at most: tasks that all lie on one spot have no split
/// with enough of them on both sides.
const DRAWS: u32 = 1000;

/// A box, the numbers of its last episodes, and its place in the tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Region {
    pub space: Space,
    pub episodes: VecDeque<usize>,
    pub progress: f64,
    pub children: Option<[usize; 2]>,
}

impl Region {
    /// A leaf without episodes.
    pub fn over(space: Space) -> Region {
        Region { space, episodes: VecDeque::new(), progress: 0.0, children: None }
    }

    /// Adds an episode and forgets the oldest beyond `most`.
    pub fn remember(&mut self, number: usize, most: usize) {
        self.episodes.push_back(number);
        while self.episodes.len() > most {
            self.episodes.pop_front();
        }
    }

    /// The returns of its episodes, oldest first.
    pub fn gains(&self, rows: &[f64], dims: usize) -> Vec<f64> {
        self.episodes.iter().map(|&number| rows[number * (dims + 1) + dims]).collect()
    }
}

/// Absolute learning progress of returns in the order of time: the difference between the means of the
/// older and the newer half of the last `window`; 0 for two returns or fewer. Of an odd number the older
/// half is the larger.
pub fn progress(gains: &[f64], window: usize) -> f64 {
    if gains.len() <= 2 {
        return 0.0;
    }
    let last = &gains[gains.len() - window.min(gains.len())..];
    let (older, newer) = last.split_at(last.len() - last.len() / 2);
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    (mean(older) - mean(newer)).abs()
}

/// The two sides of the best of several drawn splits of a full leaf, the last one on ties; `None` when
/// every drawn split leaves a side too narrow.
pub(super) fn split(
    leaf: &Region,
    rows: &[f64],
    whole: &Space,
    config: &RiacConfig,
    draw: &mut impl FnMut(&Space) -> (usize, f64),
) -> Option<[Region; 2]> {
    let mut best: Option<(f64, [Region; 2])> = None;
    let mut last = [0.0; 2];
    for _ in 0..config.attempts {
        let drawn = (0..DRAWS).map(|_| draw(&leaf.space)).find_map(|(dim, at)| {
            let sides = sides(leaf, rows, dim, at);
            let least = config.fewest as usize;
            sides.iter().all(|side| side.episodes.len() >= least).then_some((dim, sides))
        });
        let Some((dim, mut sides)) = drawn else { break };
        for side in &mut sides {
            side.progress = progress(&side.gains(rows, whole.dims()), config.window as usize);
        }
        last = sides.each_ref().map(|side| side.progress);
        let apart = (last[0] - last[1]).abs();
        let score = match config.rule {
            Rule::Paper => sides.iter().map(|side| side.episodes.len() as f64).product::<f64>() * apart,
            Rule::Released => apart,
        };
        let wide = sides.iter().all(|side| side.space.range(dim) >= whole.range(dim) * config.narrowest);
        if wide && best.as_ref().is_none_or(|(known, _)| score >= *known) {
            best = Some((score, sides));
        }
    }
    let (_, mut sides) = best?;
    if config.rule == Rule::Released {
        for (side, progress) in sides.iter_mut().zip(last) {
            side.progress = progress;
        }
    }
    Some(sides)
}

/// The leaf cut at a threshold; episodes at it are on the first side.
fn sides(leaf: &Region, rows: &[f64], dim: usize, at: f64) -> [Region; 2] {
    let dims = leaf.space.dims();
    let mut sides = [Region::over(leaf.space.clone()), Region::over(leaf.space.clone())];
    sides[0].space.high[dim] = at;
    sides[1].space.low[dim] = at;
    for &number in &leaf.episodes {
        let side = usize::from(rows[number * (dims + 1) + dim] > at);
        sides[side].episodes.push_back(number);
    }
    sides
}
