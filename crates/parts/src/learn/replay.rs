//! Other rows mixed into a lesson, so that what was learned before is not lost.

use crate::task::{PretrainStream, StreamConfig};
use autodidact_core::{Error, Result, Seed};
use autodidact_lm::Lm;
use autodidact_math::Row;
use serde::{Deserialize, Serialize};

/// Which other rows are mixed in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Replay {
    /// None.
    #[default]
    None,
    /// Fresh rows of the stream that the bundled models were trained on, from its last stretch.
    Pretraining {
        /// Their share of an update's rows; in [0, 1).
        share: f64,
    },
}

impl Replay {
    /// Fails on a share that is none.
    pub fn check(&self) -> Result<()> {
        match *self {
            Replay::Pretraining { share } if !(0.0..1.0).contains(&share) => {
                Err(Error::invalid("sft.replay.share", "in [0, 1)", share))
            }
            _ => Ok(()),
        }
    }

    /// Fails where the rows mean nothing to this model.
    pub fn fits(&self, lm: &Lm) -> Result<()> {
        let bytes = autodidact_lm::Tokenizer::bytes();
        match self {
            Replay::Pretraining { .. } if lm.tokenizer().files() != bytes.files() => Err(Error::invalid(
                "sft.replay.kind",
                "none for a model that does not read bytes as the bundled ones do",
                "pretraining",
            )),
            _ => Ok(()),
        }
    }

    /// The rows to mix with `own` rows. They depend on `seed` and their number alone.
    pub fn rows(&self, own: usize, seed: Seed) -> Result<Vec<Row>> {
        let Replay::Pretraining { share } = *self else { return Ok(Vec::new()) };
        let n = (own as f64 * share / (1.0 - share)).round() as u64;
        // A stream of length one is at its last stretch from row one on.
        let stream = PretrainStream::new(StreamConfig::default(), seed, 1)?;
        (1..=n).map(|index| Ok(stream.row(index)?.tokens())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_mixed_in_by_their_share_of_the_update() {
        let rows = |share, own| Replay::Pretraining { share }.rows(own, Seed::root(1)).expect("rows");
        assert_eq!(rows(0.5, 8).len(), 8);
        assert_eq!(rows(0.2, 8).len(), 2);
        assert_eq!(rows(0.0, 8).len(), 0);
        assert_eq!(rows(0.5, 8), rows(0.5, 8));
        assert!(Replay::None.rows(8, Seed::root(1)).expect("none").is_empty());
        assert!(Replay::Pretraining { share: 1.0 }.check().is_err());
    }
}
