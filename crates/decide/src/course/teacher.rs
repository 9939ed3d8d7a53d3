//! A teacher, its settings, and how it explores.

use super::{
    AlpGmm, AlpGmmConfig, Course, CovarGmm, CovarGmmConfig, Oracle, OracleConfig, Riac, RiacConfig, Space,
    Task, state,
};
use autodidact_core::{Ask, Error, Explore, Group, Result, Rng, Seed, Snapshot};
use serde::{Deserialize, Serialize};

/// Chooses tasks from the returns of earlier ones.
pub trait Teacher: Send {
    /// The next task, a point of the space.
    fn propose(&self, rng: &mut Rng) -> Vec<f64>;

    /// Takes note of the return of one episode at a point of the space.
    fn update(&mut self, point: &[f64], gain: f64);

    /// Everything that [`Teacher::update`] changes.
    fn save(&self) -> Result<Snapshot>;

    /// Puts back what [`Teacher::save`] gave, bit for bit.
    fn restore(&mut self, snapshot: &Snapshot) -> Result<()>;
}

/// Which teacher.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TeacherConfig {
    /// Gaussians over tasks and absolute learning progress.
    AlpGmm(AlpGmmConfig),
    /// Gaussians over tasks, time and returns.
    CovarGmm(CovarGmmConfig),
    /// A tree of boxes.
    Riac(RiacConfig),
    /// A window that a person moves.
    Oracle(OracleConfig),
    /// Uniform tasks.
    Random {},
}

impl Default for TeacherConfig {
    fn default() -> TeacherConfig {
        TeacherConfig::AlpGmm(AlpGmmConfig::default())
    }
}

impl TeacherConfig {
    /// Fails on settings that cannot work.
    pub fn check(&self) -> Result<()> {
        match self {
            TeacherConfig::AlpGmm(config) => config.check(),
            TeacherConfig::CovarGmm(config) => config.mixing.check(),
            TeacherConfig::Riac(config) => config.check(),
            TeacherConfig::Oracle(config) => config.check(),
            TeacherConfig::Random {} => Ok(()),
        }
    }

    /// The teacher at its start; what it draws by itself comes from `seed`.
    pub fn open(&self, space: &Space, seed: Seed) -> Result<Box<dyn Teacher>> {
        space.check()?;
        self.check()?;
        let space = space.clone();
        Ok(match self {
            TeacherConfig::AlpGmm(config) => Box::new(AlpGmm::of(*config, space, seed)),
            TeacherConfig::CovarGmm(config) => Box::new(CovarGmm::of(*config, space, seed)),
            TeacherConfig::Riac(config) => Box::new(Riac::of(*config, space, seed)),
            TeacherConfig::Oracle(config) => Box::new(Oracle::of(config.clone(), space)),
            TeacherConfig::Random {} => Box::new(Uniform { space }),
        })
    }
}

/// The teacher that learns nothing: uniform tasks.
pub struct Uniform {
    /// Where tasks come from.
    pub space: Space,
}

impl Teacher for Uniform {
    fn propose(&self, rng: &mut Rng) -> Vec<f64> {
        self.space.uniform(rng)
    }

    fn update(&mut self, _point: &[f64], _gain: f64) {}

    fn save(&self) -> Result<Snapshot> {
        Ok(Snapshot::default())
    }

    fn restore(&mut self, _snapshot: &Snapshot) -> Result<()> {
        Ok(())
    }
}

/// A teacher as an explorer: every ask is a task, told once its episode has a return.
pub struct Teaching {
    teacher: Box<dyn Teacher>,
    space: Space,
    asked: u64,
}

impl Teaching {
    /// The teacher of these settings at its start.
    pub fn of(config: &TeacherConfig, space: &Space, seed: Seed) -> Result<Teaching> {
        Ok(Teaching { teacher: config.open(space, seed)?, space: space.clone(), asked: 0 })
    }
}

impl Explore<Course> for Teaching {
    fn ask(&mut self, n: usize, rng: &mut Rng) -> Result<Vec<Ask<Course>>> {
        let mut one = || {
            let task = Task { episode: self.asked, point: self.teacher.propose(rng) };
            self.asked += 1;
            Ask { query: task, knobs: (), tries: 1 }
        };
        Ok((0..n).map(|_| one()).collect())
    }

    /// Several tries at one task count as one episode with their mean return; a task without a return is
    /// passed over.
    fn tell(&mut self, groups: &[Group<Course>]) -> Result<()> {
        for group in groups {
            let point = &group.ask.query.point;
            if !self.space.contains(point) {
                return Err(Error::invalid("task", "a point of the task space", format!("{point:?}")));
            }
            let gains: Vec<f64> = group.scores().collect();
            if let Some(gain) = autodidact_math::summary::mean(&gains) {
                self.teacher.update(point, gain);
            }
        }
        Ok(())
    }

    fn save(&self) -> Result<Snapshot> {
        let mut files = self.teacher.save()?.files;
        files.push(state::file("teaching.json", &self.asked)?);
        Ok(state::snapshot(files))
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.asked = state::read(snapshot, "teaching.json")?;
        self.teacher.restore(snapshot)
    }
}
