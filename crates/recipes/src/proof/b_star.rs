//! The proof of B-STaR: chained arithmetic, its three ancestors, and settings that stay fixed.
//!
//! The bundled model learns the form of chained arithmetic modulo 100 from 400 solved problems, until it
//! solves a quarter of new ones, and then improves itself on unsolved ones, judged by the answer and by an
//! imperfect checker of steps. Every arm begins with the same weights; only what chooses temperature
//! and threshold, and what a round restarts, differs.

mod report;
mod world;

use super::{Proof, ProofOptions, ProofReport, Scale, Track, arm};
use crate::b_star::{Ancestor, BStar};
use crate::grid::Grid;
use crate::watch::WatchConfig;
use autodidact_core::chat::Sampling;
use autodidact_core::{Recipe, Result, Split};
use autodidact_math::schedule::{Schedule, Shape as Course};
use autodidact_parts::Shape;
use autodidact_parts::evaluate::Evaluation;
use autodidact_parts::learn::{Amount, Batch, SftConfig};
use autodidact_parts::task::modular::Modular;
use world::World;

/// The proof.
pub const PROOF: Proof = Proof {
    id: "b-star",
    about: "choosing temperature and threshold anew beats keeping them, and keeps exploration alive",
    run,
};

/// How large everything is.
struct Settings {
    /// The recipe itself, on all of its grid.
    recipe: BStar,
    /// The shape of a model with fresh weights; the bundled model without.
    shape: Option<Shape>,
    /// Chains of arithmetic.
    task: Modular,
    /// What every arm begins with.
    warm_up: WarmUp,
    /// Unsolved problems to improve on.
    unsolved: usize,
    /// Temperature and threshold of the arms that keep them, beside online RFT's 1 and 0.
    fixed: Vec<(f64, f64)>,
}

/// How the model comes to know the form and some of the steps.
struct WarmUp {
    /// Solved problems.
    solved: usize,
    /// Rows an update, and the learning rate.
    rows: usize,
    lr: f64,
    /// Updates between two looks, and the most in all.
    every: u64,
    most: u64,
    /// What a look measures, and the greedy share at which it ends.
    look: Evaluation,
    until: f64,
}

/// The arms of one seed.
struct Arms {
    /// In the order of [`Ancestor::ALL`].
    ancestors: Vec<Track>,
    b_star: Track,
    /// In the order of [`Settings::fixed`].
    fixed: Vec<Track>,
}

fn run(options: &ProofOptions<'_>) -> Result<ProofReport> {
    let settings = Settings::of(options.scale);
    let seeds: Result<Vec<Arms>> = options.seeds.iter().map(|&seed| arms(&settings, seed, options)).collect();
    Ok(report::report(&settings, &seeds?, options))
}

fn arms(settings: &Settings, seed: u64, options: &ProofOptions<'_>) -> Result<Arms> {
    let world = World::of(settings, seed, options)?;
    let run_arm = |name: &str, recipe: &BStar| -> Result<Track> {
        let lm = world.model()?;
        Ok(arm(name, seed, options, BStar::CARD, |run| recipe.run_on(&lm, &world.task()?, run))?.1)
    };
    let b_star = run_arm("b-star", &settings.recipe)?;
    let ancestor = |ancestor: &Ancestor| {
        let mut recipe = ancestor.of(&settings.recipe);
        if *ancestor != Ancestor::OnlineRft {
            recipe.watch.validation.tries = 0;
        }
        run_arm(ancestor.name(), &recipe)
    };
    let ancestors = Ancestor::ALL.iter().map(ancestor).collect::<Result<_>>()?;
    let fixed = |&(temperature, threshold): &(f64, f64)| {
        let mut recipe = settings.recipe.clone();
        recipe.temperatures = Grid::point(temperature);
        recipe.thresholds = Grid::point(threshold);
        recipe.watch.validation.problems = 0;
        run_arm(&format!("fixed-{temperature}-{threshold}"), &recipe)
    };
    let fixed = settings.fixed.iter().map(fixed).collect::<Result<_>>()?;
    Ok(Arms { ancestors, b_star, fixed })
}

impl Settings {
    fn of(scale: Scale) -> Settings {
        match scale {
            Scale::Full => Settings::full(),
            Scale::Quick => Settings::quick(),
        }
    }

    fn full() -> Settings {
        let sampling = Sampling { max_tokens: 64, ..Sampling::default() };
        let evaluation = Evaluation { sampling: sampling.clone(), ..Evaluation::default() };
        Settings {
            recipe: BStar {
                rounds: 8,
                queries: 300,
                tries: 16,
                wanted: 1200,
                probe: 100,
                temperatures: Grid { from: 0.4, to: 1.2, step: 0.2 },
                thresholds: Grid { from: -1.0, to: 1.0, step: 0.1 },
                sampling,
                sft: SftConfig {
                    lr: 4e-4,
                    schedule: Schedule { shape: Course::Linear, warmup: 10, floor: 0.2 },
                    amount: Amount::Steps { steps: 60 },
                    batch: Batch::Rows { rows: 32 },
                    ..SftConfig::default()
                },
                watch: WatchConfig {
                    test: Evaluation { problems: 1000, tries: 0, ..evaluation.clone() },
                    validation: Evaluation {
                        problems: 150,
                        split: Split::Validation,
                        tries: 16,
                        k: 16,
                        ..evaluation.clone()
                    },
                    ..WatchConfig::default()
                },
                watch_s: 4,
                ..BStar::default()
            },
            shape: None,
            task: Modular::default(),
            warm_up: WarmUp {
                solved: 400,
                rows: 32,
                lr: 5e-4,
                every: 10,
                most: 400,
                look: Evaluation { problems: 300, split: Split::Validation, tries: 0, ..evaluation },
                until: 0.25,
            },
            unsolved: 1500,
            fixed: vec![(0.6, 0.0), (0.8, 0.0), (1.2, 0.0), (1.0, 0.5)],
        }
    }

    fn quick() -> Settings {
        let mut settings = Settings::full();
        settings.recipe = BStar {
            rounds: 3,
            queries: 10,
            tries: 4,
            wanted: 40,
            probe: 4,
            temperatures: Grid { from: 0.6, to: 1.0, step: 0.4 },
            ..settings.recipe
        };
        settings.recipe.watch.test.problems = 10;
        settings.recipe.watch.validation.problems = 10;
        settings.recipe.watch.validation.tries = 4;
        settings.recipe.watch.validation.k = 4;
        settings.recipe.watch_s = 2;
        settings.recipe.sft.amount = Amount::Steps { steps: 3 };
        settings.recipe.sft.schedule.warmup = 1;
        settings.shape = Some(Shape {
            hidden_size: 32,
            layers: 1,
            heads: 4,
            kv_heads: 2,
            intermediate_size: 64,
            context: 128,
        });
        settings.unsolved = 40;
        settings.warm_up = WarmUp { solved: 60, rows: 8, every: 5, most: 10, ..settings.warm_up };
        settings.warm_up.look.problems = 10;
        settings.fixed.truncate(1);
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::{Silent, Stop};

    #[test]
    fn a_quick_proof_reports_every_claim_and_is_the_same_each_time() {
        let options =
            ProofOptions { seeds: vec![0, 1], scale: Scale::Quick, observer: &Silent, stop: Stop::default() };
        let report = run(&options).expect("runs to its end");
        assert_eq!((report.recipe.as_str(), &report.seeds[..]), ("b-star", &[0, 1][..]));
        assert_eq!(report.claims.len(), 10);
        for table in &report.tables {
            assert!(!table.rows.is_empty(), "{}", table.title);
            assert!(table.rows.iter().all(|row| row.len() == table.columns.len()), "{}", table.title);
        }
        // Every arm is measured before the first and after each of three rounds.
        let accuracy = report.charts.first().expect("accuracy comes first");
        assert_eq!(accuracy.lines.len(), 1 + Ancestor::ALL.len());
        assert!(accuracy.lines.iter().all(|line| line.points.len() == 4));
        // A model that solves nothing has no diversity to draw.
        assert!(report.charts.iter().all(|chart| chart.lines.iter().all(|line| !line.points.is_empty())));
        assert_eq!(format!("{report:?}"), format!("{:?}", run(&options).expect("runs again")));
    }

    #[test]
    fn both_scales_have_sound_settings() {
        for scale in [Scale::Full, Scale::Quick] {
            let settings = Settings::of(scale);
            assert!(settings.recipe.check().is_ok());
            assert!(settings.recipe.queries as usize <= settings.unsolved);
        }
    }
}
