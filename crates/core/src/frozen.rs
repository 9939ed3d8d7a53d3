//! The learner of systems that do not learn.

use crate::{Domain, Group, Learn, Lesson, Result, Seed, Snapshot};

/// Learns nothing: for search, voting and other methods that only spend compute.
#[derive(Clone, Copy, Debug, Default)]
pub struct Frozen;

impl<D: Domain> Learn<D> for Frozen {
    fn learn(&mut self, _groups: &[Group<D>], _seed: Seed) -> Result<Lesson> {
        Ok(Lesson::default())
    }

    fn save(&self) -> Result<Snapshot> {
        Ok(Snapshot::default())
    }

    fn restore(&mut self, _snapshot: &Snapshot) -> Result<()> {
        Ok(())
    }
}
