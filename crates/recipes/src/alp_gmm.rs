//! ALP-GMM: teach a student at the frontier of its own progress.
//!
//! Every ask is a point of a continuous task space. A Gaussian mixture over tasks and their absolute
//! learning progress (how much a return differs from that of the nearest earlier task) is fitted anew
//! every 250 episodes, and tasks are drawn from its Gaussians in proportion to their mean progress, a
//! fifth of them uniformly. The teacher knows neither what is easy nor what is impossible.
//!
//! * Paper: Portelas, Colas, Hofmann and Oudeyer 2019, arXiv 1910.07224.
//! * Code: flowersteam/teachDeepRL @ 747cda2, `teachDRL/teachers/algos/`, `teachDRL/toy_env/toy_env.py`.
//! * Differs: of tasks at the same distance the oldest is the nearest (upstream: whichever its tree finds);
//!   AICc counts all free numbers (upstream forgets those of the progress); when every fit fails, tasks are
//!   uniform (upstream stops); RIAC weighs splits as the paper does unless `rule = "released"`; tasks are
//!   of double precision; a seed of 0 is a seed (upstream takes it for none).
//! * Reports: `mastered` and `competence` of the student; `dead_share` where cubes are closed for ever.

use autodidact_core::{Card, Error, Group, Learn, Loop, Metric, Recipe, Result, Run};
use autodidact_decide::course::cubes::{Cubes, Returns, Student};
use autodidact_decide::course::{Course, TeacherConfig, Teaching};
use serde::{Deserialize, Serialize};

/// Settings of ALP-GMM; the defaults are the paper's on its toy world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlpGmm {
    /// Episodes in all (K).
    pub episodes: u32,
    /// Episodes between two looks at the student, who is never tested in between.
    pub report_every: u32,
    /// The task space and what there is to learn in it.
    pub world: Cubes,
    /// Who chooses tasks; the recipe's own or one that it is compared with.
    pub teacher: TeacherConfig,
}

impl Default for AlpGmm {
    fn default() -> AlpGmm {
        AlpGmm {
            episodes: 20_000,
            report_every: 1_000,
            world: Cubes::default(),
            teacher: TeacherConfig::default(),
        }
    }
}

impl Recipe for AlpGmm {
    const CARD: Card = Card {
        id: "alp-gmm",
        summary: "draw tasks where absolute learning progress is high in a continuous task space",
        paper: "1910.07224",
        code: "flowersteam/teachDeepRL @ 747cda2",
        reports: &[
            Metric { name: "mastered", meaning: "share of task space that the student masters, in percent" },
            Metric { name: "competence", meaning: "mean competence over task space, in 0 to 1" },
            Metric {
                name: "dead_share",
                meaning: "share of the stretch's tasks at which nothing can ever be learned",
            },
        ],
    };

    fn check(&self) -> Result<()> {
        for (field, found) in [("episodes", self.episodes), ("report_every", self.report_every)] {
            if found == 0 {
                return Err(Error::invalid(field, "at least 1", found));
            }
        }
        self.world.check()?;
        self.teacher.check()
    }

    fn run(&self, run: &mut Run<'_>) -> Result<()> {
        let student = Student::of(self.world)?;
        let teaching = Teaching::of(&self.teacher, &self.world.space(), run.seed("teacher"))?;
        let mut lesson = Loop {
            explore: Box::new(teaching),
            policy: Box::new(student.clone()),
            judge: Box::new(Returns),
            learn: Box::new(student.clone()),
        };
        let mut left = self.episodes;
        while run.next_round(self.episodes.div_ceil(self.report_every)) {
            let stretch = left.min(self.report_every);
            let groups = run.play("practise", &mut lesson, u64::from(stretch), 1)?;
            left -= stretch;
            run.note("mastered", student.mastered())?;
            run.note("competence", student.competence())?;
            if self.world.closed_from.is_some() {
                run.note("dead_share", self.dead_share(&groups))?;
            }
        }
        run.output("teacher", &lesson.explore.save()?)?;
        run.output("last", &student.save()?)
    }
}

impl AlpGmm {
    fn dead_share(&self, groups: &[Group<Course>]) -> f64 {
        let dead = groups.iter().filter(|group| self.world.is_dead(&group.ask.query.point)).count();
        dead as f64 / groups.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{execute, records, resumes_exactly};
    use autodidact_core::{MemoryLedger, Record};
    use autodidact_decide::course::{CovarGmmConfig, OracleConfig, RiacConfig};

    fn short(teacher: TeacherConfig) -> AlpGmm {
        let world = Cubes { cubes: 4, closed_from: Some(3), ..Cubes::default() };
        AlpGmm { episodes: 1_300, report_every: 400, world, teacher }
    }

    fn noted(records: &[Record], name: &str) -> Vec<f64> {
        let value = |record: &Record| match record {
            Record::Note(note) if note.key.stage == name => Some(note.value),
            _ => None,
        };
        records.iter().filter_map(value).collect()
    }

    #[test]
    fn a_killed_run_resumes_with_the_same_records_whoever_teaches() {
        for teacher in [
            TeacherConfig::default(),
            TeacherConfig::CovarGmm(CovarGmmConfig::default()),
            TeacherConfig::Riac(RiacConfig::default()),
            TeacherConfig::Oracle(OracleConfig::default()),
            TeacherConfig::Random {},
        ] {
            let recipe = short(teacher);
            resumes_exactly(AlpGmm::CARD, |run| recipe.run(run));
        }
    }

    #[test]
    fn a_run_notes_the_student_after_every_stretch_and_all_episodes_are_played() {
        let recipe = short(TeacherConfig::default());
        let found = records(AlpGmm::CARD, |run| recipe.run(run));
        for name in ["mastered", "competence", "dead_share"] {
            assert_eq!(noted(&found, name).len(), 4, "{name}");
        }
        let samples = found.iter().map(|record| match record {
            Record::Attempt(row) => row.samples.len(),
            _ => 0,
        });
        assert_eq!(samples.sum::<usize>(), 1_300);
        let competence = noted(&found, "competence");
        assert!(competence.is_sorted() && competence[3] > 0.1, "{competence:?}");
    }

    #[test]
    fn settings_read_from_a_run_file_replace_the_teacher_whole() {
        let recipe = autodidact_core::DynRecipe::of::<AlpGmm>();
        let over = autodidact_core::Override {
            table: "[teacher]\nkind = \"riac\"\nrule = \"released\"".parse().expect("a table"),
        };
        let table = (recipe.resolve)(&[over]).expect("sound");
        assert_eq!(table["teacher"]["capacity"].as_integer(), Some(200));
        let wrong = autodidact_core::set("teacher.mixing.every=0").expect("an override");
        let error = (recipe.resolve)(&[wrong]).expect_err("no fit at all").to_string();
        assert_eq!(error, "teacher.mixing.every must be at least 1, but is 0");
        let none = AlpGmm { episodes: 0, ..AlpGmm::default() };
        assert!(none.check().is_err());
        let ledger = MemoryLedger::default();
        assert!(execute(&ledger, AlpGmm::CARD, |run| short(TeacherConfig::Random {}).run(run)).is_ok());
    }
}
