//! Relax: a solver's parameter is tuned while it solves a sequence of related linear systems.
//!
//! Before each system a relaxation factor is chosen from a grid; the number of iterations that the solver
//! then needs is all that comes back. Tsallis-INF approaches the best factor for all systems; given a
//! number that describes the system, Tsallis-INF-CB does so bin by bin, and ChebCB regresses the cost of
//! each factor on Chebyshev polynomials of that number and approaches the best factor for each system.
//!
//! * Paper: Khodak, Chow, Balcan and Talwalkar 2024 (ICLR), arXiv 2310.02246.
//! * Code: mkhodak/learning-to-relax @ 973a880 (MATLAB).
//! * Differs: the normaliser of Tsallis-INF is found inside a bracket (upstream's Newton overflows, then
//!   draws evenly and divides by the wrong probability); regressions keep sums instead of all data, and
//!   a rank-deficient one is of least norm to six digits; the heat equation advances by its exact
//!   solution and its context is the coefficient at the half step.
//! * Reports: `iterations` a system, `iterations_total` so far, and the mean `parameter` of each stretch.

use autodidact_core::{Card, Error, Loop, Metric, Recipe, Result, Run};
use autodidact_decide::dial::{Bins, Chebyshev, Dial, Grid, Method, TsallisInf, Tuner};
use autodidact_decide::systems::{Heat, InOrder, Shifted, Solve, Systems};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Settings of relax; the defaults are those of the paper's first experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Relax {
    /// Where the systems come from.
    pub world: World,
    /// How the parameter is chosen.
    pub tuner: TunerConfig,
    /// The settings to choose among.
    pub grid: Grid,
    /// Systems in all (T).
    pub systems: u32,
    /// Systems between two reports.
    pub stretch: u32,
}

/// Where the systems come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum World {
    /// Shifted Laplacians, solved by successive over-relaxation.
    Shifted(Shifted),
    /// The time steps of the heat equation, solved by preconditioned conjugate gradients.
    Heat(Heat),
}

/// How the parameter is chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TunerConfig {
    /// Always the same.
    Fixed {
        /// The parameter.
        value: f64,
    },
    /// Young's optimum of each system, from its shift: an oracle to compare with.
    Young,
    /// Tsallis-INF with eta = `rate / sqrt(t)`.
    TsallisInf {
        /// 2 in the paper.
        rate: f64,
    },
    /// One Tsallis-INF a bin of contexts.
    TsallisInfCb {
        /// 2 in the paper.
        rate: f64,
        /// How many bins; 5 for shifts, 6 for heat.
        bins: u32,
    },
    /// Chebyshev regression and inverse gap weighting.
    ChebCb {
        /// Chebyshev polynomials, the constant among them (m).
        features: u32,
    },
}

impl Default for Relax {
    fn default() -> Relax {
        Relax {
            world: World::Shifted(Shifted::default()),
            tuner: TunerConfig::ChebCb { features: 6 },
            grid: Grid::default(),
            systems: 5000,
            stretch: 250,
        }
    }
}

impl Recipe for Relax {
    const CARD: Card = Card {
        id: "relax",
        summary: "tune a linear solver's parameter while it solves a sequence of systems",
        paper: "2310.02246",
        code: "mkhodak/learning-to-relax @ 973a880",
        reports: &[
            Metric { name: "iterations", meaning: "mean iterations a system in a stretch of systems" },
            Metric { name: "iterations_total", meaning: "iterations of all systems so far" },
            Metric { name: "parameter", meaning: "mean setting of the solver in a stretch of systems" },
        ],
    };

    fn check(&self) -> Result<()> {
        for (field, found) in [("systems", self.systems), ("stretch", self.stretch)] {
            if found == 0 {
                return Err(Error::invalid(field, "at least 1", found));
            }
        }
        self.grid.check()?;
        match &self.world {
            World::Shifted(world) => world.check()?,
            World::Heat(world) => world.check()?,
        }
        self.tuner.check(&self.world)
    }

    fn run(&self, run: &mut Run<'_>) -> Result<()> {
        self.counts(run).map(|_| ())
    }
}

impl TunerConfig {
    fn check(&self, world: &World) -> Result<()> {
        match self {
            TunerConfig::Fixed { value } if !(*value > 0.0 && *value < 2.0) => {
                Err(Error::invalid("tuner.value", "above 0 and below 2", value))
            }
            TunerConfig::Young if !matches!(world, World::Shifted(_)) => {
                Err(Error::invalid("tuner.kind", "other than young in a world without shifts", "young"))
            }
            TunerConfig::TsallisInf { rate } | TunerConfig::TsallisInfCb { rate, .. }
                if !(*rate > 0.0 && rate.is_finite()) =>
            {
                Err(Error::invalid("tuner.rate", "above 0 and finite", rate))
            }
            TunerConfig::TsallisInfCb { bins: 0, .. } => Err(Error::invalid("tuner.bins", "at least 1", 0)),
            TunerConfig::ChebCb { features } if !(1..=32).contains(features) => {
                Err(Error::invalid("tuner.features", "between 1 and 32", features))
            }
            _ => Ok(()),
        }
    }
}

impl Relax {
    /// Runs it and returns how many iterations each system took.
    pub(crate) fn counts(&self, run: &mut Run<'_>) -> Result<Vec<f64>> {
        let systems: Arc<dyn Systems> = match &self.world {
            World::Shifted(world) => Arc::new(world.open(run.seed("world"))),
            World::Heat(world) => Arc::new(world.open()),
        };
        let tuner = Tuner::of(self.method(&*systems));
        let mut parts = Loop::<Dial> {
            explore: Box::new(InOrder::of(systems.clone())),
            policy: Box::new(tuner.clone()),
            judge: Box::new(Solve::of(systems)),
            learn: Box::new(tuner.clone()),
        };
        let mut counts = Vec::with_capacity(self.systems as usize);
        let mut total = 0.0;
        while run.next_round(self.systems.div_ceil(self.stretch)) {
            let left = self.systems as usize - counts.len();
            let groups = run.play("solve", &mut parts, left.min(self.stretch as usize) as u64, 1)?;
            let took: Vec<f64> = groups.iter().flat_map(|group| group.scores().map(|score| -score)).collect();
            let tries = groups.iter().flat_map(|group| &group.tries);
            let set: Vec<f64> = tries.map(|one| one.answer.value).collect();
            total += took.iter().sum::<f64>();
            run.note("iterations", autodidact_math::summary::mean(&took).unwrap_or(f64::NAN))?;
            run.note("iterations_total", total)?;
            run.note("parameter", autodidact_math::summary::mean(&set).unwrap_or(f64::NAN))?;
            counts.extend(took);
        }
        run.output("last", &parts.learn.save()?)?;
        Ok(counts)
    }

    fn method(&self, systems: &dyn Systems) -> Method {
        let (grid, range) = (self.grid, systems.range());
        match (&self.tuner, &self.world) {
            (TunerConfig::Young, World::Shifted(world)) => Method::Young { side: world.side },
            // Refused by `check`; the middle of the grid is as good as any.
            (TunerConfig::Young, World::Heat(_)) => Method::Fixed { value: 0.5 * (grid.low + grid.high) },
            (TunerConfig::Fixed { value }, _) => Method::Fixed { value: *value },
            (TunerConfig::TsallisInf { rate }, _) => {
                Method::TsallisInf { state: TsallisInf::new(grid, *rate) }
            }
            (TunerConfig::TsallisInfCb { rate, bins }, _) => {
                Method::Bins { state: Bins::new(grid, *rate, *bins, range) }
            }
            (TunerConfig::ChebCb { features }, _) => {
                Method::Chebyshev { state: Chebyshev::new(grid, *features, range) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{execute, resumes_exactly};
    use autodidact_core::MemoryLedger;

    fn small() -> Relax {
        Relax { systems: 60, stretch: 25, ..Relax::default() }
    }

    #[test]
    fn a_killed_run_goes_on_as_if_nothing_had_happened() {
        for tuner in [
            TunerConfig::ChebCb { features: 6 },
            TunerConfig::TsallisInf { rate: 2.0 },
            TunerConfig::TsallisInfCb { rate: 2.0, bins: 5 },
        ] {
            resumes_exactly(Relax::CARD, |run| Relax { tuner: tuner.clone(), ..small() }.run(run));
        }
        let world = World::Heat(Heat { nx: 6, ..Heat::default() });
        resumes_exactly(Relax::CARD, |run| Relax { world: world.clone(), ..small() }.run(run));
    }

    #[test]
    fn every_method_meets_the_same_systems_and_the_oracle_needs_fewest_sweeps() {
        let total = |tuner| {
            let recipe = Relax { tuner, ..small() };
            let mut counts = Vec::new();
            execute(&MemoryLedger::default(), Relax::CARD, |run| {
                counts = recipe.counts(run)?;
                Ok(())
            })
            .expect("runs");
            assert_eq!(counts.len(), 60);
            counts.iter().sum::<f64>()
        };
        let fixed: Vec<f64> = [1.0, 1.4, 1.6, 1.8].map(|value| total(TunerConfig::Fixed { value })).to_vec();
        let oracle = total(TunerConfig::Young);
        assert!(fixed.iter().all(|fixed| oracle < *fixed), "{oracle} and {fixed:?}");
        assert_eq!(fixed[2], total(TunerConfig::Fixed { value: 1.6 }));
    }

    #[test]
    fn settings_that_cannot_be_are_named() {
        let cases = [
            (Relax { systems: 0, ..small() }, "systems"),
            (Relax { tuner: TunerConfig::Fixed { value: 2.0 }, ..small() }, "tuner.value"),
            (Relax { tuner: TunerConfig::ChebCb { features: 0 }, ..small() }, "tuner.features"),
            (
                Relax { world: World::Heat(Heat::default()), tuner: TunerConfig::Young, ..small() },
                "tuner.kind",
            ),
            (Relax { grid: Grid { points: 1, ..Grid::default() }, ..small() }, "grid.points"),
        ];
        for (recipe, field) in cases {
            let error = recipe.check().expect_err("refused").to_string();
            assert!(error.starts_with(field), "{error}");
        }
        assert!(Relax::default().check().is_ok());
    }
}
