//! A rule that keeps evaluation problems out of what is learned from.

use super::Rule;
use autodidact_math::rouge::words;
use std::collections::BTreeSet;

/// Drops what the evaluation split holds, as `contaminated`: a text with the same words as one of its
/// texts, or one of whose runs of so many words at least a share occurs in the split.
#[derive(Clone, Debug)]
pub struct Contaminated {
    whole: BTreeSet<Vec<String>>,
    runs: BTreeSet<Vec<String>>,
    run: usize,
    share: f64,
}

impl Contaminated {
    /// Keeps out the texts of `evaluation`. `run` words make a run (GPT-3's clean-up: 13; 0 compares whole
    /// texts alone), and a text goes when at least `share` of its own runs, and at least one, occur.
    pub fn by<S: AsRef<str>>(evaluation: &[S], run: usize, share: f64) -> Contaminated {
        let whole: BTreeSet<Vec<String>> = evaluation.iter().map(|text| words(text.as_ref())).collect();
        let runs = match run {
            0 => BTreeSet::new(),
            _ => whole.iter().flat_map(|words| words.windows(run)).map(<[String]>::to_vec).collect(),
        };
        Contaminated { whole, runs, run, share }
    }
}

impl Rule for Contaminated {
    fn name(&self) -> &str {
        "contaminated"
    }

    fn drops(&self, item: &str) -> bool {
        let words = words(item);
        if self.whole.contains(&words) {
            return true;
        }
        if self.run == 0 || words.len() < self.run {
            return false;
        }
        let total = words.len() + 1 - self.run;
        let known = words.windows(self.run).filter(|run| self.runs.contains(*run)).count();
        known > 0 && known as f64 >= self.share * total as f64
    }
}
