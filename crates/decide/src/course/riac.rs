//! RIAC: a tree of boxes, split where learning progress differs (Baranes and Oudeyer 2009, with the split
//! rules of Portelas et al. 2019).
//!
//! Every box on the way of a task remembers it. Tasks come mostly from boxes, leaves and their ancestors
//! alike, in proportion to the progress of each.

mod region;

pub use region::progress;

use super::{Space, Teacher, history, in_proportion, state};
use autodidact_core::{Error, Result, Rng, Seed, Snapshot};
use rand::Rng as _;
use rand_distr::StandardNormal;
use region::{Region, split};
use serde::{Deserialize, Serialize};

/// The share of tasks that are a hard task of a box, moved a little.
const MUTATED: f64 = 0.1;

/// The share of tasks that are uniform in the whole space.
const UNIFORM: f64 = 0.2;

/// How far inside a box a moved task is kept, as a share of the space's range.
const INSIDE: f64 = 1e-5;

/// Settings of RIAC.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RiacConfig {
    /// A leaf with more episodes splits; every box remembers one more than this.
    pub capacity: u32,
    /// Progress compares the halves of this many last episodes.
    pub window: u32,
    /// Splits tried before one is chosen.
    pub attempts: u32,
    /// Episodes that each side of a split must have.
    pub fewest: u32,
    /// The least width of a box as a share of the space's range.
    pub narrowest: f64,
    /// The share of the oldest episodes that a leaf forgets when no split will do.
    pub discard: f64,
    /// Standard deviation of a moved task, in units of the task's parameters.
    pub noise: f64,
    /// How splits are compared.
    pub rule: Rule,
}

/// How splits are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// As in the paper: by the difference of the sides' progress times the numbers of their episodes.
    #[default]
    Paper,
    /// As in the released code: by the difference alone, and new boxes have the progress of the sides of
    /// the last split tried until an episode reaches them.
    Released,
}

impl Default for RiacConfig {
    fn default() -> RiacConfig {
        RiacConfig {
            capacity: 200,
            window: 200,
            attempts: 50,
            fewest: 10,
            narrowest: 1.0 / 15.0,
            discard: 0.25,
            noise: 0.1,
            rule: Rule::Paper,
        }
    }
}

impl RiacConfig {
    /// Fails on settings that cannot work.
    pub fn check(&self) -> Result<()> {
        if self.window < 2 || self.window > self.capacity {
            return Err(Error::invalid("teacher.window", "at least 2 and not above `capacity`", self.window));
        }
        if self.fewest == 0 || 2 * self.fewest > self.capacity {
            return Err(Error::invalid(
                "teacher.fewest",
                "at least 1 and half of `capacity` at most",
                self.fewest,
            ));
        }
        if !(0.0..0.5).contains(&self.narrowest) {
            return Err(Error::invalid("teacher.narrowest", "at least 0 and below 0.5", self.narrowest));
        }
        // A leaf that forgets nothing would try to split at every episode.
        if !(self.discard > 0.0 && self.discard < 1.0) {
            return Err(Error::invalid("teacher.discard", "between 0 and 1", self.discard));
        }
        if !(self.noise >= 0.0 && self.noise.is_finite()) {
            return Err(Error::invalid("teacher.noise", "at least 0 and finite", self.noise));
        }
        Ok(())
    }
}

/// The teacher. The first region is the whole space; a parent stands before its children.
pub struct Riac {
    config: RiacConfig,
    space: Space,
    seed: Seed,
    /// A row (point, return) an episode.
    rows: Vec<f64>,
    regions: Vec<Region>,
}

#[derive(Serialize, Deserialize)]
struct State {
    episodes: usize,
    regions: Vec<Region>,
}

impl Riac {
    /// The teacher at its start. Splits draw from `seed`.
    pub fn of(config: RiacConfig, space: Space, seed: Seed) -> Riac {
        let regions = vec![Region::over(space.clone())];
        Riac { config, space, seed, rows: Vec::new(), regions }
    }

    /// The boxes and their progress, parents before children.
    pub fn regions(&self) -> impl Iterator<Item = (&Space, f64)> {
        self.regions.iter().map(|region| (&region.space, region.progress))
    }

    fn episodes(&self) -> usize {
        self.rows.len() / (self.space.dims() + 1)
    }

    /// Adds an episode; splits of full leaves are drawn by `draw`, which gives a dimension and a threshold
    /// inside the box.
    pub(super) fn add(&mut self, point: &[f64], gain: f64, mut draw: impl FnMut(&Space) -> (usize, f64)) {
        let number = self.episodes();
        self.rows.extend_from_slice(point);
        self.rows.push(gain);

        let mut path = vec![0];
        while let Some(children) = self.regions[path[path.len() - 1]].children {
            // A task at the threshold belongs to the first child.
            let inside = children.into_iter().find(|&child| self.regions[child].space.contains(point));
            path.push(inside.unwrap_or(children[1]));
        }
        for &on in &path {
            self.regions[on].remember(number, self.config.capacity as usize + 1);
        }
        let leaf = path[path.len() - 1];
        if self.regions[leaf].episodes.len() > self.config.capacity as usize {
            match split(&self.regions[leaf], &self.rows, &self.space, &self.config, &mut draw) {
                Some(sides) => {
                    let next = self.regions.len();
                    self.regions[leaf].children = Some([next, next + 1]);
                    self.regions.extend(sides);
                }
                None => {
                    let old = (f64::from(self.config.capacity) * self.config.discard) as usize;
                    self.regions[leaf].episodes.drain(..old.max(1));
                }
            }
        }
        for &on in &path {
            let gains = self.regions[on].gains(&self.rows, self.space.dims());
            self.regions[on].progress = progress(&gains, self.config.window as usize);
        }
    }

    /// The task with the lowest return that the region remembers, moved by noise and kept inside.
    fn mutated(&self, region: &Region, rng: &mut Rng) -> Option<Vec<f64>> {
        let width = self.space.dims() + 1;
        let gain = |number: usize| self.rows[number * width + width - 1];
        let numbers = region.episodes.iter().copied();
        let worst = numbers.reduce(|worst, next| if gain(next) < gain(worst) { next } else { worst })?;
        let moved = |dim: usize| {
            let noise: f64 = rng.sample(StandardNormal);
            let margin = INSIDE * self.space.range(dim);
            let (low, high) = (region.space.low[dim] + margin, region.space.high[dim] - margin);
            (self.rows[worst * width + dim] + self.config.noise * noise).max(low).min(high)
        };
        Some((0..self.space.dims()).map(moved).collect())
    }
}

impl Teacher for Riac {
    fn propose(&self, rng: &mut Rng) -> Vec<f64> {
        let mode: f64 = rng.random();
        let mut region = || {
            let progress: Vec<f64> = self.regions.iter().map(|region| region.progress).collect();
            &self.regions[in_proportion(&progress, rng).unwrap_or(0)]
        };
        if mode < MUTATED {
            let region = region();
            self.mutated(region, rng).unwrap_or_else(|| self.space.uniform(rng))
        } else if mode < MUTATED + UNIFORM {
            self.space.uniform(rng)
        } else {
            region().space.uniform(rng)
        }
    }

    fn update(&mut self, point: &[f64], gain: f64) {
        let mut rng = self.seed.at("split", self.episodes() as u64).rng();
        self.add(point, gain, |space| {
            let dim = rng.random_range(0..space.dims());
            (dim, space.low[dim] + space.range(dim) * rng.random::<f64>())
        });
    }

    fn save(&self) -> Result<Snapshot> {
        let width = self.space.dims() + 1;
        let row = |number: usize, rows: &mut Vec<f64>| rows.extend(&self.rows[number * width..][..width]);
        let mut files = history::files(0, self.episodes(), row);
        let state = State { episodes: self.episodes(), regions: self.regions.clone() };
        files.push(state::file("riac.json", &state)?);
        Ok(state::snapshot(files))
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        let state: State = state::read(snapshot, "riac.json")?;
        let rows = history::read(snapshot, self.space.dims(), 0, state.episodes)?;
        // Children stand behind their parents, so that a way down the tree ends.
        let sound = |(idx, region): (usize, &Region)| {
            let Space { low, high } = &region.space;
            (low.len(), high.len()) == (self.space.dims(), self.space.dims())
                && region.episodes.iter().all(|&number| number < state.episodes)
                && region.children.iter().flatten().all(|&child| idx < child && child < state.regions.len())
        };
        if state.regions.is_empty() || !state.regions.iter().enumerate().all(sound) {
            return Err(Error::invalid("riac.json", "a tree of boxes over the stored episodes", "another"));
        }
        (self.rows, self.regions) = (rows, state.regions);
        Ok(())
    }
}
