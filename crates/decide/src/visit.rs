//! Episodes by number: what is asked where an answer is a whole episode in a world of states.

use autodidact_core::{Ask, Domain, Error, Explore, Group, Result, Rng, Snapshot};
use serde::{Deserialize, Serialize};

/// An episode to be played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// Its number, from 0: the name of the episode's random streams in the world.
    pub round: u64,
}

/// Asks for one episode after another, until there is no reason for more.
pub struct Visits {
    next: u64,
    enough: Option<Box<dyn Fn() -> bool + Send>>,
}

impl Visits {
    /// Episodes from the first on, without end.
    pub fn endless() -> Visits {
        Visits { next: 0, enough: None }
    }

    /// Episodes from the first on, until `enough` says so.
    pub fn until(enough: impl Fn() -> bool + Send + 'static) -> Visits {
        Visits { next: 0, enough: Some(Box::new(enough)) }
    }
}

impl<D: Domain<Query = Visit>> Explore<D> for Visits {
    fn ask(&mut self, n: usize, _rng: &mut Rng) -> Result<Vec<Ask<D>>> {
        if self.enough.as_ref().is_some_and(|enough| enough()) {
            return Ok(Vec::new());
        }
        let first = self.next;
        self.next += n as u64;
        let visits: Vec<Visit> = (first..self.next).map(|round| Visit { round }).collect();
        Ok(Ask::each(&visits, 1, &D::Knobs::default()))
    }

    fn tell(&mut self, _groups: &[Group<D>]) -> Result<()> {
        Ok(())
    }

    fn save(&self) -> Result<Snapshot> {
        Ok(Snapshot { files: vec![("next.txt".to_owned(), self.next.to_string().into_bytes())] })
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        let text = String::from_utf8_lossy(snapshot.file("next.txt").unwrap_or_default());
        self.next = text.parse().map_err(|_| Error::invalid("next.txt", "a number", &text))?;
        Ok(())
    }
}
