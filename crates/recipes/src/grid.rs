//! Evenly spaced values to choose among.

use autodidact_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// The values `from, from + step, ...` up to and with `to`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grid {
    /// The first value.
    pub from: f64,
    /// The last value; equal to `from` for a grid of one point.
    pub to: f64,
    /// The distance between neighbours.
    pub step: f64,
}

/// More points than anyone means.
const MOST: f64 = 10_000.0;

impl Grid {
    /// A grid of one point.
    pub const fn point(value: f64) -> Grid {
        Grid { from: value, to: value, step: 1.0 }
    }

    /// The values in ascending order, each rounded to nine decimals, so that 0.1 + 2 * 0.1 is 0.3.
    pub fn values(&self) -> Vec<f64> {
        (0..=self.intervals() as u64)
            .map(|i| ((self.from + i as f64 * self.step) * 1e9).round() / 1e9)
            .collect()
    }

    /// Fails when there is no value, or when `field`'s values leave `low..=high`.
    pub fn check(&self, field: &str, low: f64, high: f64) -> Result<()> {
        let finite = self.from.is_finite() && self.to.is_finite() && self.step.is_finite();
        if !(finite && self.step > 0.0) {
            return Err(Error::invalid(format!("{field}.step"), "above 0, with finite ends", self.step));
        }
        if self.to < self.from {
            return Err(Error::invalid(
                format!("{field}.to"),
                format!("at least from = {}", self.from),
                self.to,
            ));
        }
        if self.intervals() > MOST {
            return Err(Error::invalid(format!("{field}.step"), "large enough for 10,000 values", self.step));
        }
        for (end, value) in [("from", self.from), ("to", self.to)] {
            if !(low..=high).contains(&value) {
                return Err(Error::invalid(format!("{field}.{end}"), format!("in {low} to {high}"), value));
            }
        }
        Ok(())
    }

    fn intervals(&self) -> f64 {
        ((self.to - self.from) / self.step + 1e-6).floor()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_the_decimals_one_would_write() {
        let grid = Grid { from: 0.5, to: 1.2, step: 0.1 };
        assert_eq!(grid.values(), [0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2]);
        assert_eq!(Grid { from: -1.0, to: 1.0, step: 0.1 }.values().len(), 21);
        assert_eq!(Grid::point(1.0).values(), [1.0]);
        assert!(Grid { from: -1.0, to: 1.0, step: 0.01 }.values().contains(&0.0));
    }

    #[test]
    fn grids_that_cannot_be_are_refused() {
        let check = |from, to, step| Grid { from, to, step }.check("temperatures", 0.0, 10.0);
        assert!(check(0.5, 1.2, 0.1).is_ok());
        for (from, to, step) in
            [(0.5, 0.4, 0.1), (0.5, 1.0, 0.0), (-1.0, 1.0, 0.1), (0.0, 1.0, 1e-9), (f64::NAN, 1.0, 0.1)]
        {
            assert!(check(from, to, step).is_err(), "{from} {to} {step}");
        }
    }
}
