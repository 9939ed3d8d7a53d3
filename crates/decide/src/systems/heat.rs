//! The heat equation on the unit square, one linear system a time step.
//!
//! `u_t = kappa(t) Laplace(u) + f` with zero boundary, by Crank and Nicolson: a step solves
//! `(I - dt/2 kappa Lap) u' = (I + dt/2 kappa Lap) u + dt f` with kappa and f at the half step. The solver
//! starts at `u`. Between steps the field advances by the exact solution, which sine waves give in closed
//! form, instead of by whatever the solver left: so a step's system does not depend on earlier settings.

use super::Systems;
use autodidact_core::{Error, Result};
use autodidact_math::relax::{FivePoint, Stop, ssor};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;
use std::sync::{Mutex, PoisonError};

/// The simulation of the paper's figure 6: a diffusion coefficient that swells and fades once a second,
/// and a source that circles eight times.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Heat {
    /// Intervals on a side; there are `nx - 1` unknowns on each.
    pub nx: u32,
    /// Length of a time step.
    pub dt: f64,
    /// What solves the systems.
    pub solver: Solver,
    /// Solved once the residual's norm is at most this times that of the right side.
    pub tolerance: f64,
    /// Iterations at most.
    pub limit: u32,
}

/// What solves the systems.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Solver {
    /// Conjugate gradients preconditioned by symmetric sweeps; the dial is their factor.
    #[default]
    Ssor,
    /// Conjugate gradients alone, whatever the dial says.
    Plain,
}

impl Default for Heat {
    fn default() -> Heat {
        Heat { nx: 50, dt: 1e-3, solver: Solver::Ssor, tolerance: 1e-8, limit: 10_000 }
    }
}

impl Heat {
    /// Fails on simulations that cannot be.
    pub fn check(&self) -> Result<()> {
        if !(3..=1000).contains(&self.nx) {
            return Err(Error::invalid("world.nx", "between 3 and 1000", self.nx));
        }
        if !(self.dt > 0.0 && self.dt.is_finite()) {
            return Err(Error::invalid("world.dt", "above 0 and finite", self.dt));
        }
        if !(self.tolerance > 0.0 && self.tolerance < 1.0) {
            return Err(Error::invalid("world.tolerance", "above 0 and below 1", self.tolerance));
        }
        if self.limit == 0 {
            return Err(Error::invalid("world.limit", "at least 1", self.limit));
        }
        Ok(())
    }

    /// The simulation from its start.
    pub fn open(self) -> impl Systems {
        Simulation { world: self, waves: Waves::of(self.side()), field: Mutex::new(None) }
    }

    fn side(&self) -> usize {
        self.nx as usize - 1
    }

    /// The time in the middle of a step.
    fn half_step(&self, round: u64) -> f64 {
        (round as f64 + 0.5) * self.dt
    }

    /// The values of a bump on the grid, each grid row's points beside each other.
    fn bump(&self, centre: [f64; 2], radius: f64, height: f64) -> Vec<f64> {
        let (n, width) = (self.side(), 1.0 / f64::from(self.nx));
        (0..n * n)
            .map(|point| {
                let at = |index: usize| (index + 1) as f64 * width;
                let square = (at(point / n) - centre[0]).powi(2) + (at(point % n) - centre[1]).powi(2);
                let inside = 1.0 - (square / (radius * radius)).min(1.0);
                // 1 / 0 is infinite, and its exponential 0: outside there is nothing.
                height * (1.0 - 1.0 / inside).exp()
            })
            .collect()
    }

    fn source(&self, time: f64) -> Vec<f64> {
        let angle = 16.0 * PI * time;
        self.bump([0.5 + angle.cos() / 4.0, 0.5 + angle.sin() / 4.0], 0.125, 32.0)
    }

    /// dt/2 kappa / dx^2 at a step.
    fn strength(&self, round: u64) -> f64 {
        0.5 * self.dt * coefficient(self.half_step(round)) * f64::from(self.nx).powi(2)
    }

    /// The right side of a step from the field before it.
    fn right_side(&self, round: u64, u: &[f64]) -> Vec<f64> {
        let strength = self.strength(round);
        let matrix = FivePoint { side: self.side(), diagonal: 1.0 - 4.0 * strength, coupling: strength };
        let mut b = vec![0.0; u.len()];
        matrix.times(u, &mut b);
        let source = self.source(self.half_step(round));
        b.iter_mut().zip(source).for_each(|(b, f)| *b += self.dt * f);
        b
    }
}

/// The diffusion coefficient at a time, as in the released code (the paper prints 0.01 for 0.1).
fn coefficient(time: f64) -> f64 {
    let sine = (2.0 * PI * time).sin();
    (0.1 * sine).max(-10.0 * sine)
}

struct Simulation {
    world: Heat,
    waves: Waves,
    /// The next step and the field before it; a cache of what the step alone determines.
    field: Mutex<Option<(u64, Vec<f64>)>>,
}

impl Simulation {
    /// The field before a step, by way of all steps before.
    fn before(&self, round: u64) -> Vec<f64> {
        let mut cache = self.field.lock().unwrap_or_else(PoisonError::into_inner);
        let start = || (0, self.world.bump([0.5, 0.5], 0.25, 1.0));
        let (mut step, mut u) = cache.take().filter(|(step, _)| *step <= round).unwrap_or_else(start);
        while step < round {
            let b = self.world.right_side(step, &u);
            u = self.waves.solve(self.world.strength(step), &b);
            step += 1;
        }
        *cache = Some((step, u.clone()));
        u
    }
}

impl Systems for Simulation {
    fn context(&self, round: u64) -> f64 {
        coefficient(self.world.half_step(round))
    }

    fn range(&self) -> (f64, f64) {
        (0.0, 10.0)
    }

    fn iterations(&self, round: u64, value: f64) -> u32 {
        let world = &self.world;
        let mut u = self.before(round);
        let b = world.right_side(round, &u);
        let strength = world.strength(round);
        let matrix = FivePoint { side: world.side(), diagonal: 1.0 + 4.0 * strength, coupling: -strength };
        let stop = Stop { tolerance: world.tolerance, limit: world.limit };
        match world.solver {
            Solver::Ssor => ssor::solve(&matrix, &b, &mut u, value, stop),
            Solver::Plain => ssor::plain(&matrix, &b, &mut u, stop),
        }
    }

    fn name(&self) -> String {
        format!("{:?}", self.world)
    }
}

/// The eigenvectors of the grid's Laplacian: products of sines along both sides.
struct Waves {
    side: usize,
    /// `sin(pi (i + 1) (j + 1) / (side + 1))`, a symmetric matrix whose square is `(side + 1) / 2`.
    sines: Vec<f64>,
}

impl Waves {
    fn of(side: usize) -> Waves {
        let sine = |i: usize, j: usize| {
            // Reduced first: the sine of a large angle is less exact.
            let turns = (i + 1) * (j + 1) % (2 * (side + 1));
            (PI * turns as f64 / (side + 1) as f64).sin()
        };
        let sines = (0..side * side).map(|at| sine(at / side, at % side)).collect();
        Waves { side, sines }
    }

    /// The solution of `(I - strength Lap) u = b`, with Lap in units of the mesh.
    fn solve(&self, strength: f64, b: &[f64]) -> Vec<f64> {
        let n = self.side;
        let cosine: Vec<f64> = (0..n).map(|i| (PI * (i + 1) as f64 / (n + 1) as f64).cos()).collect();
        let mut waves = self.both_sides(b);
        // Each transform there and back leaves a factor of (side + 1) / 2 a side.
        let scale = (2.0 / (n + 1) as f64).powi(2);
        for (at, wave) in waves.iter_mut().enumerate() {
            let laplacian = 2.0 * cosine[at / n] + 2.0 * cosine[at % n] - 4.0;
            *wave *= scale / (1.0 - strength * laplacian);
        }
        self.both_sides(&waves)
    }

    /// S field S, for the matrix S of sines.
    fn both_sides(&self, field: &[f64]) -> Vec<f64> {
        let n = self.side;
        let times = |left: &[f64], right: &[f64]| {
            let mut out = vec![0.0; n * n];
            for (out, left) in out.chunks_exact_mut(n).zip(left.chunks_exact(n)) {
                for (factor, right) in left.iter().zip(right.chunks_exact(n)) {
                    // Sources and bumps are zero nearly everywhere.
                    if *factor != 0.0 {
                        out.iter_mut().zip(right).for_each(|(out, right)| *out += factor * right);
                    }
                }
            }
            out
        };
        times(&times(&self.sines, field), &self.sines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn steps_are_those_of_the_released_code() {
        let golden: Value =
            serde_json::from_str(include_str!("../../../../golden/relax/counts.json")).expect("JSON");
        for nx in [12, 25] {
            let world = Heat { nx, ..Heat::default() };
            let tuned = world.open();
            let plain = Heat { solver: Solver::Plain, ..world }.open();
            let fields = Simulation { world, waves: Waves::of(world.side()), field: Mutex::new(None) };
            let rows = golden["heat"].as_array().expect("a list");
            for row in rows.iter().filter(|row| row[0] == nx) {
                let number = |i: usize| row[i].as_f64().expect("a number");
                let step = number(1) as u64;
                assert!((tuned.context(step) - number(2)).abs() < 1e-12, "{row}");
                let b = world.right_side(step, &fields.before(step));
                let norm = b.iter().map(|b| b * b).sum::<f64>().sqrt();
                assert!((norm / number(3) - 1.0).abs() < 1e-11, "{row}: {norm}");
                let counts = [
                    plain.iterations(step, 1.0),
                    tuned.iterations(step, 1.0),
                    tuned.iterations(step, 1.5),
                    tuned.iterations(step, 1.9),
                ];
                assert_eq!(counts.map(f64::from), [number(4), number(5), number(6), number(7)], "{row}");
            }
        }
    }

    #[test]
    fn a_step_does_not_depend_on_which_steps_were_asked_for_before() {
        let world = Heat { nx: 8, ..Heat::default() };
        let (one, other) = (world.open(), world.open());
        let forth: Vec<u32> = (520..530).map(|step| one.iterations(step, 1.3)).collect();
        let back: Vec<u32> = (520..530).rev().map(|step| other.iterations(step, 1.3)).collect();
        assert!(forth.iter().eq(back.iter().rev()), "{forth:?} and {back:?}");
    }

    #[test]
    fn waves_solve_the_step() {
        let waves = Waves::of(7);
        let b: Vec<f64> = (0..49).map(|i| f64::from(i * 29 % 13) - 6.0).collect();
        let u = waves.solve(0.7, &b);
        let matrix = FivePoint { side: 7, diagonal: 1.0 + 4.0 * 0.7, coupling: -0.7 };
        let mut r = vec![0.0; 49];
        matrix.residual(&u, &b, &mut r);
        assert!(r.iter().all(|r| r.abs() < 1e-12), "{r:?}");
    }
}
