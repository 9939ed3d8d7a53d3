//! The proof of ALP-GMM: the paper's toy figure with every teacher, more dimensions, irrelevant dimensions,
//! and a half of the space in which nothing can be learned.
//!
//! Nothing is scaled down: the toy worlds are the paper's, of 20,000 to 60,000 episodes. What the released
//! teachers reach in them was measured with the released code, a median of three seeds each.

mod released;
mod report;

use super::{Proof, ProofOptions, ProofReport, Scale, arm};
use crate::alp_gmm::AlpGmm;
use autodidact_core::{Error, Recipe, Result};
use autodidact_decide::course::cubes::Cubes;
use autodidact_decide::course::{
    AlpGmmConfig, CovarGmmConfig, OracleConfig, Progress, RiacConfig, Rule, TeacherConfig,
};

/// The proof.
pub const PROOF: Proof = Proof {
    id: "alp-gmm",
    about: "teachers on the paper's toy worlds: the figure, more dimensions, irrelevant ones, a dead half",
    run,
};

/// The teachers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Random,
    Riac,
    RiacReleased,
    AlpGmm,
    CovarGmm,
    CovarGmmChange,
    Oracle,
}

impl Who {
    fn name(self) -> &'static str {
        match self {
            Who::Random => "Random",
            Who::Riac => "RIAC",
            Who::RiacReleased => "RIAC as released",
            Who::AlpGmm => "ALP-GMM",
            Who::CovarGmm => "Covar-GMM",
            Who::CovarGmmChange => "Covar-GMM abs",
            Who::Oracle => "Oracle",
        }
    }

    fn teacher(self) -> TeacherConfig {
        match self {
            Who::Random => TeacherConfig::Random {},
            Who::Riac => TeacherConfig::Riac(RiacConfig::default()),
            Who::RiacReleased => {
                TeacherConfig::Riac(RiacConfig { rule: Rule::Released, ..RiacConfig::default() })
            }
            Who::AlpGmm => TeacherConfig::AlpGmm(AlpGmmConfig::default()),
            Who::CovarGmm => TeacherConfig::CovarGmm(CovarGmmConfig::default()),
            Who::CovarGmmChange => TeacherConfig::CovarGmm(CovarGmmConfig {
                progress: Progress::Change,
                ..CovarGmmConfig::default()
            }),
            Who::Oracle => TeacherConfig::Oracle(OracleConfig::default()),
        }
    }
}

/// The worlds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Where {
    /// Two dimensions, ten cubes each: the paper's figure.
    Flat,
    /// Three dimensions, five cubes each.
    Deep,
    /// The flat world and two dimensions that nobody reads.
    Padded,
    /// The flat world, closed for ever from the middle on.
    HalfDead,
}

impl Where {
    fn title(self) -> &'static str {
        match self {
            Where::Flat => "n = 2, c = 10",
            Where::Deep => "n = 3, c = 5",
            Where::Padded => "n = 2, c = 10, two irrelevant dimensions",
            Where::HalfDead => "n = 2, c = 10, half of it closed for ever",
        }
    }

    fn world(self) -> Cubes {
        match self {
            Where::Flat => Cubes::default(),
            Where::Deep => Cubes { dims: 3, cubes: 5, ..Cubes::default() },
            Where::Padded => Cubes { irrelevant: 2, ..Cubes::default() },
            Where::HalfDead => Cubes { closed_from: Some(5), ..Cubes::default() },
        }
    }

    /// Who teaches there, and for how many thousand episodes.
    fn arms(self, scale: Scale) -> Vec<(Who, u32)> {
        use Who::*;
        let full = match self {
            Where::Flat => vec![
                (Random, 60),
                (Riac, 20),
                (RiacReleased, 20),
                (AlpGmm, 55),
                (CovarGmm, 30),
                (CovarGmmChange, 20),
                (Oracle, 20),
            ],
            Where::Deep => vec![(Random, 40), (Riac, 40), (RiacReleased, 40), (AlpGmm, 40), (CovarGmm, 40)],
            Where::Padded => vec![(Random, 20), (Riac, 20), (AlpGmm, 20), (CovarGmm, 20)],
            Where::HalfDead => vec![(Random, 20), (Riac, 20), (AlpGmm, 20), (CovarGmm, 20)],
        };
        match scale {
            Scale::Full => full,
            Scale::Quick => full.into_iter().map(|(who, _)| (who, 1)).collect(),
        }
    }
}

const PLACES: [Where; 4] = [Where::Flat, Where::Deep, Where::Padded, Where::HalfDead];

/// One arm over all seeds. Curves hold one value every thousand episodes, the first after a thousand.
struct Arm {
    place: Where,
    who: Who,
    mastered: Vec<Vec<f64>>,
    dead: Vec<Vec<f64>>,
}

fn run(options: &ProofOptions<'_>) -> Result<ProofReport> {
    let mut arms = Vec::new();
    for place in PLACES {
        for (who, thousands) in place.arms(options.scale) {
            let recipe = AlpGmm {
                episodes: thousands * 1_000,
                world: place.world(),
                teacher: who.teacher(),
                ..AlpGmm::default()
            };
            recipe.check()?;
            let (mut mastered, mut dead) = (Vec::new(), Vec::new());
            for &seed in &options.seeds {
                if options.stop.requested() {
                    return Err(Error::Interrupted);
                }
                let name = format!("{} on {}", who.name(), place.title());
                let ((), track) = arm(&name, seed, options, AlpGmm::CARD, |run| recipe.run(run))?;
                mastered.push(track.values("mastered"));
                dead.push(track.values("dead_share"));
            }
            arms.push(Arm { place, who, mastered, dead });
        }
    }
    let mut report = ProofReport::of("alp-gmm", options);
    report::fill(&arms, &mut report);
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::{Silent, Stop};

    #[test]
    fn the_quick_proof_runs() {
        let options =
            ProofOptions { seeds: vec![0], scale: Scale::Quick, observer: &Silent, stop: Stop::default() };
        let report = run(&options).expect("runs");
        assert_eq!((report.claims.len(), report.tables.len(), report.charts.len()), (22, 4, 4));
        let wide =
            |table: &crate::proof::Table| table.rows.iter().all(|row| row.len() == table.columns.len());
        assert!(report.tables.iter().all(wide));
        assert!(report.charts.iter().all(|chart| !chart.lines.is_empty()));
    }
}
