//! What a scoring pass changes on its way: vectors added to the residual stream, units dropped.

use super::shard::Shard;
use crate::{Config, Error, Result};
use autodidact_core::Seed;

/// Adds a vector to the residual stream of every position.
#[derive(Clone, Debug, PartialEq)]
pub struct Steer {
    /// After how many layers; 0 is the embedding.
    pub layer: usize,
    /// As wide as the stream.
    pub vector: Vec<f32>,
}

/// Drops units at inference (Monte-Carlo dropout): inputs of the two projections that write to the
/// residual stream are set to zero with probability `share`, and the others scaled up.
///
/// What is dropped in a row depends on the seed, the row's index in the batch and the place alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// In [0, 1).
    pub share: f64,
    /// The stream of draws.
    pub seed: Seed,
}

/// All that a pass changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alter {
    /// Vectors to add, in this order.
    pub steer: Vec<Steer>,
    /// Units to drop.
    pub dropout: Option<Dropout>,
}

/// The two places in a layer where units are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// The attention output before its projection.
    Attended,
    /// The gated feed-forward activations.
    Gated,
}

impl Alter {
    /// Fails on a layer, width or share that the model does not have.
    pub fn check(&self, config: &Config) -> Result<()> {
        for steer in &self.steer {
            if steer.layer > config.num_hidden_layers {
                let rule = format!("at most num_hidden_layers = {}", config.num_hidden_layers);
                return Err(Error::invalid("steer.layer", rule, steer.layer));
            }
            if steer.vector.len() != config.hidden_size {
                let rule = format!("as long as the stream is wide, {}", config.hidden_size);
                return Err(Error::invalid("length of steer.vector", rule, steer.vector.len()));
            }
        }
        match self.dropout {
            Some(dropout) if !(0.0..1.0).contains(&dropout.share) => {
                Err(Error::invalid("dropout.share", "in [0, 1)", dropout.share))
            }
            _ => Ok(()),
        }
    }

    /// Adds what belongs after `layer` layers to every row of the stream.
    pub fn steer(&self, layer: usize, stream: &mut [f32]) {
        for steer in self.steer.iter().filter(|steer| steer.layer == layer) {
            for row in stream.chunks_exact_mut(steer.vector.len()) {
                for (x, s) in row.iter_mut().zip(&steer.vector) {
                    *x += s;
                }
            }
        }
    }

    /// Drops units of a shard's rows, each `width` wide.
    pub fn drop(&self, shard: &Shard, layer: usize, site: Site, rows: &mut [f32], width: usize) {
        let Some(Dropout { share, seed }) = self.dropout else { return };
        let (limit, scale) = ((share * 2f64.powi(64)) as u64, (1.0 / (1.0 - share)) as f32);
        for s in &shard.sequences {
            let place = (2 * layer + usize::from(site == Site::Gated)) as u64;
            let key = seed.at("row", s.at as u64).at("place", place).number();
            let units = &mut rows[s.start * width..][..s.len * width];
            for (i, x) in units.iter_mut().enumerate() {
                *x = if mix(key.wrapping_add(i as u64)) < limit { 0.0 } else { *x * scale };
            }
        }
    }
}

/// The finaliser of SplitMix64: one well-mixed number a counter.
fn mix(counter: u64) -> u64 {
    let z = counter.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::super::shard::Sequence;
    use super::*;

    #[test]
    fn the_share_of_units_is_dropped_and_the_mean_is_kept() {
        let dropout = Some(Dropout { share: 0.25, seed: Seed::root(5) });
        let alter = Alter { dropout, ..Alter::default() };
        let sequences = vec![Sequence { at: 3, start: 0, len: 1000 }];
        let shard = Shard { sequences, rows: 1000, targets: Vec::new() };
        let mut units = vec![1.0; 20_000];
        alter.drop(&shard, 1, Site::Gated, &mut units, 20);
        let dropped = units.iter().filter(|x| **x == 0.0).count() as f64 / 20_000.0;
        assert!((dropped - 0.25).abs() < 0.01, "{dropped}"); // 3 deviations of sqrt(p q / n) = 0.003
        let mean = units.iter().sum::<f32>() / 20_000.0;
        assert!((mean - 1.0).abs() < 0.02, "{mean}");
    }
}
