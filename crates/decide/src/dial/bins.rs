//! Tsallis-INF-CB: the context's range is cut into bins, and each has a Tsallis-INF of its own.

use super::{Grid, Setting, TsallisInf};
use autodidact_core::Rng;
use serde::{Deserialize, Serialize};

/// One learner a bin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bins {
    low: f64,
    high: f64,
    learners: Vec<TsallisInf>,
}

impl Bins {
    /// `bins` equal parts of the contexts between `range.0` and `range.1`.
    pub fn new(grid: Grid, rate: f64, bins: u32, range: (f64, f64)) -> Bins {
        let learners = (0..bins.max(1)).map(|_| TsallisInf::new(grid, rate)).collect();
        Bins { low: range.0, high: range.1, learners }
    }

    /// The bin of a context; those outside the range belong to the nearest.
    fn bin(&self, context: f64) -> usize {
        let n = self.learners.len();
        let place = (context - self.low) / (self.high - self.low) * n as f64;
        (place.max(0.0) as usize).min(n - 1)
    }

    /// Draws a setting.
    pub fn ask(&self, context: f64, rng: &mut Rng) -> Setting {
        self.learners[self.bin(context)].ask(rng)
    }

    /// Takes note of what a setting cost in a context.
    pub fn tell(&mut self, context: f64, setting: &Setting, cost: f64) {
        let bin = self.bin(context);
        self.learners[bin].tell(setting, cost);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_fall_into_equal_bins_and_strays_into_the_nearest() {
        let bins = Bins::new(Grid::default(), 2.0, 5, (-0.15, 0.65));
        let cases = [(-0.15, 0), (0.0, 0), (0.02, 1), (0.25, 2), (0.64, 4), (0.65, 4), (9.0, 4), (-9.0, 0)];
        for (context, bin) in cases {
            assert_eq!(bins.bin(context), bin, "{context}");
        }
    }

    #[test]
    fn bins_learn_apart() {
        let mut bins = Bins::new(Grid::default(), 2.0, 2, (0.0, 1.0));
        bins.tell(0.1, &Setting { value: 1.0, step: Some(0), chance: 0.05 }, 90.0);
        assert_eq!(bins.learners[1], TsallisInf::new(Grid::default(), 2.0));
        assert_ne!(bins.learners[0], bins.learners[1]);
    }
}
