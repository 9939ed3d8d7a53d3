//! Bounds on the length of a text, given or read off a few examples.

use super::Rule;
use serde::{Deserialize, Serialize};

/// What a length counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Characters, spaces among them.
    #[default]
    Characters,
    /// Words between white space.
    Words,
}

impl Unit {
    /// The length of a text.
    pub fn of(self, text: &str) -> usize {
        match self {
            Unit::Characters => text.chars().count(),
            Unit::Words => text.split_whitespace().count(),
        }
    }
}

/// Drops texts whose length is not in `least..below`, as `length`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// What is counted.
    pub unit: Unit,
    /// The shortest text that is kept.
    pub least: usize,
    /// Texts of this length or more are dropped.
    pub below: usize,
}

impl Length {
    /// Bounds two (population) standard deviations around the mean length of a few examples, both truncated
    /// to integers: examples of 10, 20 and 30 characters keep 3..36.
    ///
    /// Examples that are all as long as each other would drop everything, so their bounds are half and one
    /// and a half times that length, the latter kept too. No examples drop nothing.
    pub fn around<S: AsRef<str>>(examples: &[S], unit: Unit) -> Length {
        let lengths: Vec<f64> = examples.iter().map(|text| unit.of(text.as_ref()) as f64).collect();
        let n = lengths.len() as f64;
        let mean = lengths.iter().sum::<f64>() / n;
        let deviation = (lengths.iter().map(|length| (length - mean).powi(2)).sum::<f64>() / n).sqrt();
        let (least, below) = match deviation {
            _ if lengths.is_empty() => (0, usize::MAX),
            0.0 => ((0.5 * mean) as usize, (1.5 * mean) as usize + 1),
            // `as` truncates, and takes what is below 0 to 0.
            _ => ((mean - 2.0 * deviation) as usize, (mean + 2.0 * deviation) as usize),
        };
        Length { unit, least, below }
    }
}

impl Rule for Length {
    fn name(&self) -> &str {
        "length"
    }

    fn drops(&self, item: &str) -> bool {
        !(self.least..self.below).contains(&self.unit.of(item))
    }
}
