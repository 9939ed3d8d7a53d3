//! Who updates.

use crate::{Domain, Group, Metrics, Result, Seed, Spend};

/// Anything that gets better from judged groups: fine-tuning, a posterior, an archive.
///
/// A learner and its policy share weights by handle. The learner owns its selection rule.
pub trait Learn<D: Domain>: Send {
    /// Learns from `groups`. The outcome depends on the learner's state, `groups` and `seed` alone.
    fn learn(&mut self, groups: &[Group<D>], seed: Seed) -> Result<Lesson>;

    /// Everything that learning changes, as named files: weights, optimiser state, buffers.
    fn save(&self) -> Result<Snapshot>;

    /// Puts back what [`Learn::save`] gave, bit for bit.
    fn restore(&mut self, snapshot: &Snapshot) -> Result<()>;
}

/// What a learning step reports.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lesson {
    /// Numbers about the step, by declared metric name.
    pub metrics: Metrics,
    /// What the step spent.
    pub spend: Spend,
}

/// A learner's state as named files, in the layout other tools read where there is one.
///
/// For language models these are the files of a Hugging Face checkpoint (`config.json`,
/// `model.safetensors`, `tokenizer.json`, ...) and the optimiser's own `optimizer.safetensors`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// File name and contents, sorted by name.
    pub files: Vec<(String, Vec<u8>)>,
}

impl Snapshot {
    /// The contents of the file of that name.
    pub fn file(&self, name: &str) -> Option<&[u8]> {
        self.files.iter().find(|(known, _)| known == name).map(|(_, bytes)| bytes.as_slice())
    }
}
