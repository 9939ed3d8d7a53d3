//! A toy world of cubes that open one another, and a student who learns in them (Portelas et al. 2019,
//! the n-dimensional toy parameter spaces).
//!
//! The unit box is cut into equal cubes with a competence of 0 to 100 each. The cube at the origin is open;
//! any other opens once a neighbour before it has 75. An episode in an open cube adds 1 to its competence,
//! in a closed one nothing, and returns the competence over 100.

use super::{Course, Episode, Space, state};
use autodidact_core::{
    Ask, BlobId, Domain, Error, Group, Judge, Judged, Learn, Lesson, Policy, Proposals, Result, Seed,
    Snapshot, Spend, Verdict, Version,
};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The competence at which a cube opens its neighbours; a cube with more is mastered.
const OPENS: u8 = 75;

/// The highest competence.
const FULL: u8 = 100;

/// Cubes at most.
const MOST: u64 = 10_000_000;

/// Settings of the world.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cubes {
    /// Coordinates that matter (n).
    pub dims: u32,
    /// Cubes along each of them (c).
    pub cubes: u32,
    /// Further coordinates that the teacher has to fill and the world never reads (m).
    pub irrelevant: u32,
    /// Cubes whose first index is at least this are closed for ever; none when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_from: Option<u32>,
}

impl Default for Cubes {
    fn default() -> Cubes {
        Cubes { dims: 2, cubes: 10, irrelevant: 0, closed_from: None }
    }
}

impl Cubes {
    /// Fails on settings that cannot work.
    pub fn check(&self) -> Result<()> {
        if !(1..=16).contains(&self.dims) {
            return Err(Error::invalid("world.dims", "between 1 and 16", self.dims));
        }
        if self.irrelevant > 1000 {
            return Err(Error::invalid("world.irrelevant", "at most 1000", self.irrelevant));
        }
        let count = u64::from(self.cubes).checked_pow(self.dims);
        if !count.is_some_and(|count| (1..=MOST).contains(&count)) {
            let rule = format!("at least 1, and {MOST} cubes in all at most");
            return Err(Error::invalid("world.cubes", rule, self.cubes));
        }
        if self.closed_from == Some(0) {
            return Err(Error::invalid("world.closed_from", "at least 1", 0));
        }
        Ok(())
    }

    /// Where tasks come from: the unit box of all coordinates.
    pub fn space(&self) -> Space {
        Space::unit((self.dims + self.irrelevant) as usize)
    }

    /// How many cubes there are.
    pub fn count(&self) -> usize {
        (self.cubes as usize).pow(self.dims)
    }

    /// The cube's index along each coordinate that matters.
    fn indices(&self, point: &[f64]) -> Vec<usize> {
        point[..self.dims as usize].iter().map(|&x| self.index(x)).collect()
    }

    /// The cube's index along one coordinate; a coordinate of 1 falls in the last cube.
    fn index(&self, x: f64) -> usize {
        ((x * f64::from(self.cubes)) as usize).min(self.cubes as usize - 1)
    }

    /// The place of a cube among all of them.
    fn place(&self, indices: impl IntoIterator<Item = usize>) -> usize {
        indices.into_iter().fold(0, |place, index| place * self.cubes as usize + index)
    }

    /// Whether nothing can ever be learned at that point.
    pub fn is_dead(&self, point: &[f64]) -> bool {
        let first = point.first().map(|&x| self.index(x));
        self.closed_from.zip(first).is_some_and(|(from, index)| index >= from as usize)
    }
}

/// The student: policy and learner in one, its clones share what it knows.
#[derive(Clone, Debug)]
pub struct Student {
    world: Cubes,
    /// The competence of each cube.
    competences: Arc<Mutex<Vec<u8>>>,
}

impl Student {
    /// A student who knows nothing. Fails on a world that cannot be.
    pub fn of(world: Cubes) -> Result<Student> {
        world.check()?;
        Ok(Student { world, competences: Arc::new(Mutex::new(vec![0; world.count()])) })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.competences.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The mastered cubes, those with a competence above 75, as a percentage of all.
    pub fn mastered(&self) -> f64 {
        let competences = self.lock();
        let mastered = competences.iter().filter(|&&competence| competence > OPENS).count();
        100.0 * mastered as f64 / competences.len() as f64
    }

    /// The mean competence of a cube, in 0 to 1.
    pub fn competence(&self) -> f64 {
        let competences = self.lock();
        let sum: u64 = competences.iter().map(|&competence| u64::from(competence)).sum();
        sum as f64 / (competences.len() as f64 * f64::from(FULL))
    }

    /// The cube of a task and its competence after one more episode there.
    fn after(&self, point: &[f64], competences: &[u8]) -> (usize, u8) {
        let indices = self.world.indices(point);
        let place = self.world.place(indices.iter().copied());
        let competence = competences[place];
        let open = !self.world.is_dead(point) && self.opened(&indices, competences);
        (place, if open { FULL.min(competence + 1) } else { competence })
    }

    /// Whether the cube is the first, or some neighbour before it, diagonals included, opens it.
    fn opened(&self, indices: &[usize], competences: &[u8]) -> bool {
        if indices.iter().all(|&index| index == 0) {
            return true;
        }
        (1..1usize << indices.len()).any(|back| {
            let steps = || indices.iter().enumerate().map(|(d, &index)| (index, (back >> d) & 1));
            // A step back from an index of 0 leads out of the world.
            steps().all(|(index, step)| index >= step)
                && competences[self.world.place(steps().map(|(index, step)| index - step))] >= OPENS
        })
    }

    fn check_task(&self, point: &[f64]) -> Result<()> {
        if self.world.space().contains(point) {
            return Ok(());
        }
        Err(Error::invalid("task", "a point of the unit box", format!("{point:?}")))
    }
}

impl Policy<Course> for Student {
    /// Every episode returns the competence that it ends with.
    fn propose(&self, asks: &[Ask<Course>], _seeds: &[Seed]) -> Result<Proposals<Course>> {
        let competences = self.lock();
        let episodes = |ask: &Ask<Course>| {
            self.check_task(&ask.query.point)?;
            let (_, competence) = self.after(&ask.query.point, &competences);
            Ok(vec![Episode { gain: f64::from(competence) / f64::from(FULL) }; ask.tries as usize])
        };
        let answers = asks.iter().map(episodes).collect::<Result<_>>()?;
        Ok(Proposals { answers, spend: Spend::default() })
    }

    fn version(&self) -> Result<Version> {
        Ok(Version(BlobId::of(&self.lock()).0))
    }
}

impl Learn<Course> for Student {
    fn learn(&mut self, groups: &[Group<Course>], _seed: Seed) -> Result<Lesson> {
        let mut competences = self.lock();
        for group in groups {
            self.check_task(&group.ask.query.point)?;
            for _ in group.scores() {
                let (place, competence) = self.after(&group.ask.query.point, &competences);
                competences[place] = competence;
            }
        }
        Ok(Lesson::default())
    }

    fn save(&self) -> Result<Snapshot> {
        Ok(state::snapshot(vec![("competences".to_owned(), self.lock().clone())]))
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        let stored = snapshot.file("competences").unwrap_or_default();
        if stored.len() != self.world.count() || stored.iter().any(|&competence| competence > FULL) {
            let rule = format!("{} competences of at most {FULL}", self.world.count());
            return Err(Error::invalid("competences", rule, format!("{} bytes", stored.len())));
        }
        *self.lock() = stored.to_vec();
        Ok(())
    }
}

/// The judge who believes the return.
#[derive(Clone, Copy, Debug, Default)]
pub struct Returns;

impl Judge<Course> for Returns {
    fn judge(&self, asks: &[Ask<Course>], answers: &[Vec<<Course as Domain>::Answer>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |_, episode| Verdict::score(episode.gain)))
    }

    fn name(&self) -> String {
        "return of the episode".to_owned()
    }
}
