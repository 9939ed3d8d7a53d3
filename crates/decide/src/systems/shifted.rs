//! Shifted Laplacians with random right sides, solved from zero by successive over-relaxation.

use super::Systems;
use autodidact_core::{Error, Result, Rng, Seed};
use autodidact_math::relax::{FivePoint, Stop, sor};
use rand::Rng as _;
use rand_distr::{Beta, Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

/// `A + c I`, where A is the five-point Laplacian of a square grid and c the context; each entry of the
/// right side is normal, and the side is drawn again until its norm is at most sqrt(n).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shifted {
    /// Points on a side of the grid.
    pub side: u32,
    /// How far the shifts spread.
    pub spread: Spread,
    /// Solved once the residual is below this times the first.
    pub tolerance: f64,
    /// Sweeps at most; a system that is not solved by then has cost as many.
    pub limit: u32,
}

/// How the shift c is drawn: `-0.15 + 0.6 B`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spread {
    /// B of Beta(2, 6): mostly near 0.
    #[default]
    Low,
    /// B of Beta(1/2, 3/2): often where the matrix is nearly singular.
    High,
}

impl Default for Shifted {
    fn default() -> Shifted {
        Shifted { side: 10, spread: Spread::Low, tolerance: 1e-8, limit: 10_000 }
    }
}

impl Shifted {
    /// Fails on systems that cannot be solved.
    pub fn check(&self) -> Result<()> {
        if !(2..=1000).contains(&self.side) {
            return Err(Error::invalid("world.side", "between 2 and 1000", self.side));
        }
        if !(self.tolerance > 0.0 && self.tolerance < 1.0) {
            return Err(Error::invalid("world.tolerance", "above 0 and below 1", self.tolerance));
        }
        if self.limit == 0 {
            return Err(Error::invalid("world.limit", "at least 1", self.limit));
        }
        Ok(())
    }

    /// The sequence that belongs to `seed`.
    pub fn open(self, seed: Seed) -> impl Systems {
        Sequence { world: self, seed }
    }

    /// The right side of a system.
    fn right_side(&self, rng: &mut Rng) -> Vec<f64> {
        let n = (self.side * self.side) as usize;
        loop {
            let b: Vec<f64> = (0..n).map(|_| rng.sample(StandardNormal)).collect();
            if b.iter().map(|b| b * b).sum::<f64>() <= n as f64 {
                return b;
            }
        }
    }
}

struct Sequence {
    world: Shifted,
    seed: Seed,
}

impl Systems for Sequence {
    fn context(&self, round: u64) -> f64 {
        let (alpha, beta) = match self.world.spread {
            Spread::Low => (2.0, 6.0),
            Spread::High => (0.5, 1.5),
        };
        let shares = Beta::new(alpha, beta).expect("both shapes are positive");
        -0.15 + 0.6 * shares.sample(&mut self.seed.at("shift", round).rng())
    }

    fn range(&self) -> (f64, f64) {
        // The released code's, beyond the largest shift of 0.45.
        (-0.15, 0.65)
    }

    fn iterations(&self, round: u64, value: f64) -> u32 {
        let world = &self.world;
        let matrix = FivePoint::laplacian(world.side as usize).shifted(self.context(round));
        let b = world.right_side(&mut self.seed.at("right side", round).rng());
        let mut x = vec![0.0; b.len()];
        sor::solve(&matrix, &b, &mut x, value, Stop { tolerance: world.tolerance, limit: world.limit })
    }

    fn name(&self) -> String {
        format!("{:?}", self.world)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts_have_the_means_of_their_distributions_and_stay_in_range() {
        // -0.15 + 0.6 a / (a + b): both have B of mean 1/4; the deviations are 0.6 times .144 and .25.
        for (spread, deviation) in [(Spread::Low, 0.0866), (Spread::High, 0.15)] {
            let sequence = Shifted { spread, ..Shifted::default() }.open(Seed::root(1));
            let shifts: Vec<f64> = (0..4000).map(|round| sequence.context(round)).collect();
            let mean = shifts.iter().sum::<f64>() / 4000.0;
            let variance = shifts.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / 4000.0;
            assert!(mean.abs() < 0.008, "{mean}");
            assert!((variance.sqrt() - deviation).abs() < 0.005, "{}", variance.sqrt());
            assert!(shifts.iter().all(|c| (-0.15..=0.45).contains(c)));
        }
    }

    #[test]
    fn a_round_is_one_system_and_right_sides_are_cut_to_their_ball() {
        let sequence = Shifted::default().open(Seed::root(2));
        assert_eq!(sequence.iterations(7, 1.6), sequence.iterations(7, 1.6));
        assert_eq!(sequence.context(7).to_bits(), sequence.context(7).to_bits());
        for round in 0..50 {
            let b = Shifted::default().right_side(&mut Seed::root(round).rng());
            assert!(b.iter().map(|b| b * b).sum::<f64>() <= 100.0);
        }
    }

    #[test]
    fn settings_that_cannot_be_are_named() {
        let error = Shifted { tolerance: 1.0, ..Shifted::default() }.check().expect_err("refused");
        assert!(error.to_string().contains("world.tolerance"), "{error}");
        assert!(Shifted { side: 1, ..Shifted::default() }.check().is_err());
    }
}
