//! Sequences of linear systems, to be solved one after the other by a solver with a dial.
//!
//! The explorer of this world hands out the systems in order, with a number that describes each; the
//! judge solves the system of the round with the setting that it is given and answers with minus the
//! iterations that it took. Systems depend on the world and the round alone, never on how earlier ones
//! were solved: every method meets the same, and a verdict can be had again from its query.

mod heat;
mod shifted;

pub use heat::{Heat, Solver};
pub use shifted::{Shifted, Spread};

use crate::dial::{Dial, Reading, Setting};
use autodidact_core::{Ask, Error, Explore, Group, Judge, Judged, Result, Rng, Snapshot, Verdict};
use std::sync::Arc;

/// A sequence of systems.
pub trait Systems: Send + Sync {
    /// The number that describes the system of a round.
    fn context(&self, round: u64) -> f64;

    /// The least and the largest context to expect.
    fn range(&self) -> (f64, f64);

    /// The iterations that the solver needs for the system of a round at a setting.
    fn iterations(&self, round: u64, value: f64) -> u32;

    /// The world and its settings, as recorded with its verdicts.
    fn name(&self) -> String;
}

/// Hands out the systems of a sequence in order.
pub struct InOrder {
    systems: Arc<dyn Systems>,
    next: u64,
}

impl InOrder {
    /// From the first system on.
    pub fn of(systems: Arc<dyn Systems>) -> InOrder {
        InOrder { systems, next: 0 }
    }
}

impl Explore<Dial> for InOrder {
    fn ask(&mut self, n: usize, _rng: &mut Rng) -> Result<Vec<Ask<Dial>>> {
        let from = self.next;
        self.next += n as u64;
        let ask = |round| Ask {
            query: Reading { round, context: self.systems.context(round) },
            knobs: (),
            tries: 1,
        };
        Ok((from..self.next).map(ask).collect())
    }

    fn tell(&mut self, _groups: &[Group<Dial>]) -> Result<()> {
        Ok(())
    }

    fn save(&self) -> Result<Snapshot> {
        Ok(Snapshot { files: vec![("next".to_owned(), self.next.to_string().into_bytes())] })
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        let text = String::from_utf8_lossy(snapshot.file("next").unwrap_or_default());
        self.next = text
            .parse()
            .map_err(|_| Error::invalid("the next system in a snapshot", "a whole number", &text))?;
        Ok(())
    }
}

/// Solves the systems of a sequence; the score is minus the number of iterations.
pub struct Solve(Arc<dyn Systems>);

impl Solve {
    /// The judge of that sequence.
    pub fn of(systems: Arc<dyn Systems>) -> Solve {
        Solve(systems)
    }
}

impl Judge<Dial> for Solve {
    fn judge(&self, asks: &[Ask<Dial>], answers: &[Vec<Setting>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, setting| {
            Verdict::score(-f64::from(self.0.iterations(ask.query.round, setting.value)))
        }))
    }

    fn name(&self) -> String {
        self.0.name()
    }
}
