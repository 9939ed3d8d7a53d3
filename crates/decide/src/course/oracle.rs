//! Oracle: a window that a person moves from easy to hard (Portelas et al. 2019, appendix on baselines).
//!
//! The only teacher that must be told which way is hard: each coordinate's window starts at the easy end
//! and takes its step whenever the student is good enough inside.

use super::{Space, Teacher, state};
use autodidact_core::{Error, Result, Rng, Snapshot};
use rand::Rng as _;
use serde::{Deserialize, Serialize};

/// Settings of Oracle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OracleConfig {
    /// The window's step in each coordinate as a share of its range, negative from the top downwards; the
    /// last one stands for all coordinates that follow.
    pub steps: Vec<f64>,
    /// The window's width as a share of the range.
    pub width: f64,
    /// Episodes between looks at the student (a step is taken at most once in so many).
    pub every: u32,
    /// A step is taken when the mean return of these episodes is above.
    pub above: f64,
}

impl Default for OracleConfig {
    /// The paper's, on returns scaled to 0 to 1: 230 on the walker's scale of -150 to 350 is 0.76, and the
    /// steps on its tracks are a thirtieth of the range.
    fn default() -> OracleConfig {
        OracleConfig { steps: vec![1.0 / 30.0], width: 1.0 / 6.0, every: 50, above: 0.76 }
    }
}

impl OracleConfig {
    /// Fails on settings that cannot work.
    pub fn check(&self) -> Result<()> {
        if self.steps.is_empty() || self.steps.iter().any(|step| !step.is_finite()) {
            return Err(Error::invalid(
                "teacher.steps",
                "finite numbers, at least one",
                format!("{:?}", self.steps),
            ));
        }
        if !(self.width > 0.0 && self.width <= 1.0) {
            return Err(Error::invalid("teacher.width", "above 0 and at most 1", self.width));
        }
        if self.every == 0 {
            return Err(Error::invalid("teacher.every", "at least 1", self.every));
        }
        if !self.above.is_finite() {
            return Err(Error::invalid("teacher.above", "finite", self.above));
        }
        Ok(())
    }
}

/// The teacher.
pub struct Oracle {
    config: OracleConfig,
    space: Space,
    state: State,
}

#[derive(Clone, Serialize, Deserialize)]
struct State {
    /// The window's lowest corner.
    corner: Vec<f64>,
    /// The sum of the returns since the last look, and how many they are.
    sum: f64,
    count: u32,
}

impl Oracle {
    /// The teacher with its window at the easy end.
    pub fn of(config: OracleConfig, space: Space) -> Oracle {
        let mut oracle = Oracle { config, space, state: State { corner: Vec::new(), sum: 0.0, count: 0 } };
        let easy = |dim| {
            let top = oracle.space.high[dim] - oracle.width(dim);
            if oracle.step(dim) > 0.0 { oracle.space.low[dim] } else { top }
        };
        oracle.state.corner = (0..oracle.space.dims()).map(easy).collect();
        oracle
    }

    /// The lowest corner of the window.
    pub fn corner(&self) -> &[f64] {
        &self.state.corner
    }

    /// The width of the window in a coordinate.
    pub fn width(&self, dim: usize) -> f64 {
        self.config.width * self.space.range(dim)
    }

    fn step(&self, dim: usize) -> f64 {
        let steps = &self.config.steps;
        steps.get(dim).or(steps.last()).copied().unwrap_or(0.0) * self.space.range(dim)
    }
}

impl Teacher for Oracle {
    fn propose(&self, rng: &mut Rng) -> Vec<f64> {
        let inside = |dim: usize| self.state.corner[dim] + self.width(dim) * rng.random::<f64>();
        // A window at the top may reach past it by rounding.
        self.space.clip((0..self.space.dims()).map(inside).collect())
    }

    fn update(&mut self, _point: &[f64], gain: f64) {
        self.state.sum += gain;
        self.state.count += 1;
        if self.state.count < self.config.every {
            return;
        }
        if self.state.sum / f64::from(self.state.count) > self.config.above {
            for dim in 0..self.space.dims() {
                let (low, top) = (self.space.low[dim], self.space.high[dim] - self.width(dim));
                self.state.corner[dim] = (self.state.corner[dim] + self.step(dim)).clamp(low, top);
            }
        }
        (self.state.sum, self.state.count) = (0.0, 0);
    }

    fn save(&self) -> Result<Snapshot> {
        Ok(state::snapshot(vec![state::file("oracle.json", &self.state)?]))
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        let state: State = state::read(snapshot, "oracle.json")?;
        if !self.space.contains(&state.corner) {
            return Err(Error::invalid(
                "oracle.json",
                "a window in the task space",
                format!("{:?}", state.corner),
            ));
        }
        self.state = state;
        Ok(())
    }
}
