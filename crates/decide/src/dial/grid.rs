//! The settings that a method chooses among.

use super::Setting;
use autodidact_core::{Error, Result, Rng};
use rand::Rng as _;
use serde::{Deserialize, Serialize};

/// Evenly spaced settings, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Grid {
    /// The least setting.
    pub low: f64,
    /// The largest.
    pub high: f64,
    /// How many there are.
    pub points: u32,
}

impl Default for Grid {
    fn default() -> Grid {
        Grid { low: 1.0, high: 1.95, points: 20 }
    }
}

impl Grid {
    /// Fails unless there are two settings at least, in rising order.
    pub fn check(&self) -> Result<()> {
        if self.points < 2 {
            return Err(Error::invalid("grid.points", "at least 2", self.points));
        }
        if !(self.low < self.high && self.low.is_finite() && self.high.is_finite()) {
            return Err(Error::invalid("grid.high", format!("above grid.low = {}", self.low), self.high));
        }
        Ok(())
    }

    /// The setting number `step`.
    pub fn value(&self, step: u32) -> f64 {
        let share = f64::from(step) / f64::from(self.points - 1);
        self.low * (1.0 - share) + self.high * share
    }

    /// Draws a setting with these probabilities, one a point.
    pub fn draw(&self, chances: &[f64], rng: &mut Rng) -> Setting {
        let mut left = rng.random::<f64>() * chances.iter().sum::<f64>();
        let mut drawn = None;
        for (step, chance) in chances.iter().enumerate().filter(|(_, chance)| **chance > 0.0) {
            drawn = Some((step as u32, *chance));
            left -= chance;
            if left < 0.0 {
                break;
            }
        }
        let (step, chance) = drawn.expect("probabilities are positive somewhere");
        Setting { value: self.value(step), step: Some(step), chance }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Seed;

    #[test]
    fn the_papers_grid_goes_by_twentieths() {
        let grid = Grid::default();
        assert_eq!((grid.value(0), grid.value(19)), (1.0, 1.95));
        assert!((grid.value(7) - 1.35).abs() < 1e-12);
    }

    #[test]
    fn draws_follow_the_chances_and_never_take_what_has_none() {
        let grid = Grid { points: 4, ..Grid::default() };
        let mut counts = [0u32; 4];
        let mut rng = Seed::root(1).rng();
        for _ in 0..4000 {
            let setting = grid.draw(&[0.5, 0.0, 0.25, 0.25], &mut rng);
            counts[setting.step.expect("on the grid") as usize] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((f64::from(counts[0]) / 4000.0 - 0.5).abs() < 0.03, "{counts:?}");
    }

    #[test]
    fn a_grid_of_one_point_is_none() {
        assert!(Grid { points: 1, ..Grid::default() }.check().is_err());
        assert!(Grid { low: 2.0, ..Grid::default() }.check().is_err());
    }
}
