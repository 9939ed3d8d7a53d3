//! The box from which tasks come.

use autodidact_core::{Error, Result};
use rand::Rng;
use serde::{Deserialize, Serialize};

/// A box of task parameters; both faces belong to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Space {
    /// The lowest value of each coordinate.
    pub low: Vec<f64>,
    /// The highest value of each coordinate.
    pub high: Vec<f64>,
}

impl Space {
    /// The unit box of that many coordinates.
    pub fn unit(dims: usize) -> Space {
        Space { low: vec![0.0; dims], high: vec![1.0; dims] }
    }

    /// Fails when there is no coordinate or one whose range is empty or not finite.
    pub fn check(&self) -> Result<()> {
        if self.low.is_empty() || self.low.len() != self.high.len() {
            let found = format!("{} and {}", self.low.len(), self.high.len());
            return Err(Error::invalid("space", "as many lowest as highest values, at least one", found));
        }
        for (low, high) in self.low.iter().zip(&self.high) {
            if !(low < high && (high - low).is_finite()) {
                let found = format!("{low} to {high}");
                return Err(Error::invalid("space", "a finite range in every coordinate", found));
            }
        }
        Ok(())
    }

    /// How many coordinates there are.
    pub fn dims(&self) -> usize {
        self.low.len()
    }

    /// The range of one coordinate.
    pub fn range(&self, dim: usize) -> f64 {
        self.high[dim] - self.low[dim]
    }

    /// Whether the point lies in the box.
    pub fn contains(&self, point: &[f64]) -> bool {
        point.len() == self.dims()
            && point.iter().zip(self.low.iter().zip(&self.high)).all(|(x, (low, high))| low <= x && x <= high)
    }

    /// A uniform point.
    pub fn uniform(&self, rng: &mut impl Rng) -> Vec<f64> {
        (0..self.dims()).map(|dim| self.low[dim] + self.range(dim) * rng.random::<f64>()).collect()
    }

    /// The nearest point of the box.
    pub fn clip(&self, mut point: Vec<f64>) -> Vec<f64> {
        for (x, (low, high)) in point.iter_mut().zip(self.low.iter().zip(&self.high)) {
            *x = x.clamp(*low, *high);
        }
        point
    }
}
