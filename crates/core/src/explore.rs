//! Who decides what to ask next.

use crate::{Ask, Domain, Group, Result, Rng, Snapshot};

/// Chooses asks and learns from what came back.
pub trait Explore<D: Domain>: Send {
    /// `n` asks, fewer only when there are no more.
    fn ask(&mut self, n: usize, rng: &mut Rng) -> Result<Vec<Ask<D>>>;

    /// Takes note of judged groups, which may come late, in any order, or never.
    fn tell(&mut self, groups: &[Group<D>]) -> Result<()>;

    /// Everything that asking and telling change, as named files.
    fn save(&self) -> Result<Snapshot>;

    /// Puts back what [`Explore::save`] gave, bit for bit.
    fn restore(&mut self, snapshot: &Snapshot) -> Result<()>;
}
