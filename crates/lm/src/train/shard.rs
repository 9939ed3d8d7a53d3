//! How a batch of rows of different length is cut into shards of about equal size.
//!
//! The sequences of a shard lie one after the other, so that the linear layers see one tall matrix
//! without padding; attention works on each sequence by itself. The cut depends on the rows and
//! the settings alone, never on the number of threads.

use crate::{Config, Error, Result};
use autodidact_math::Row;

/// Some sequences of a batch, one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shard {
    /// In the order of the batch.
    pub sequences: Vec<Sequence>,
    /// Input rows of all sequences together.
    pub rows: usize,
    /// The targets that count, in the order of their rows.
    pub targets: Vec<Target>,
}

/// One sequence's place in its shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// Its index in the batch.
    pub at: usize,
    /// Its first row in the shard.
    pub start: usize,
    /// How many rows: up to the last target that counts.
    pub len: usize,
}

/// A target that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Index into [`Shard::sequences`].
    pub sequence: usize,
    /// Its index in the sequence: it is predicted from the input at this position.
    pub position: usize,
}

impl Shard {
    /// The shard row that predicts a target.
    pub fn row(&self, target: Target) -> usize {
        self.sequences[target.sequence].start + target.position
    }
}

/// Cuts a batch into shards of about `rows_per_shard` rows; their number is a multiple of `lanes`
/// unless there are fewer sequences. Rows without a target that counts are left out.
pub fn cut(rows: &[Row], rows_per_shard: usize, lanes: usize) -> Vec<Shard> {
    let reach = |row: &Row| row.weight.iter().rposition(|&w| w != 0.0).map_or(0, |last| last + 1);
    let mut by_length: Vec<(usize, usize)> =
        rows.iter().map(reach).enumerate().filter(|&(_, len)| len > 0).collect();
    // Longest first, each to the emptiest shard: sizes come out nearly equal.
    by_length.sort_by_key(|&(at, len)| (std::cmp::Reverse(len), at));
    let total: usize = by_length.iter().map(|&(_, len)| len).sum();
    let rounds = (total as f64 / (rows_per_shard * lanes) as f64).round().max(1.0) as usize;
    let n_shards = (rounds * lanes).min(by_length.len());

    let mut members: Vec<(usize, Vec<(usize, usize)>)> = vec![(0, Vec::new()); n_shards];
    let mut emptiest: std::collections::BTreeSet<(usize, usize)> = (0..n_shards).map(|i| (0, i)).collect();
    for (at, len) in by_length {
        let (filled, shard) = emptiest.pop_first().expect("there is a shard whenever there is a sequence");
        members[shard].0 += len;
        members[shard].1.push((at, len));
        emptiest.insert((filled + len, shard));
    }
    members.into_iter().map(|(_, sequences)| assemble(rows, sequences)).collect()
}

fn assemble(rows: &[Row], mut members: Vec<(usize, usize)>) -> Shard {
    members.sort_unstable();
    let mut shard = Shard::default();
    for (sequence, (at, len)) in members.into_iter().enumerate() {
        shard.sequences.push(Sequence { at, start: shard.rows, len });
        shard.rows += len;
        let counted = rows[at].weight[..len].iter().enumerate().filter(|(_, w)| **w != 0.0);
        shard.targets.extend(counted.map(|(position, _)| Target { sequence, position }));
    }
    shard
}

/// Fails on a row that the model cannot read; names the row and the place.
pub fn check(rows: &[Row], config: &Config) -> Result<()> {
    for (i, row) in rows.iter().enumerate() {
        let targets = row.tokens.len().saturating_sub(1);
        if row.weight.len() != targets {
            let rule = format!("one weight for each of its {targets} targets");
            return Err(Error::invalid(format!("rows[{i}].weight"), rule, row.weight.len()));
        }
        if row.tokens.len() > config.max_position_embeddings + 1 {
            let rule =
                format!("at most max_position_embeddings + 1 = {}", config.max_position_embeddings + 1);
            return Err(Error::invalid(format!("rows[{i}].tokens.len()"), rule, row.tokens.len()));
        }
        if let Some(t) = row.tokens.iter().position(|&id| id as usize >= config.vocab_size) {
            let rule = format!("below vocab_size = {}", config.vocab_size);
            return Err(Error::invalid(format!("rows[{i}].tokens[{t}]"), rule, row.tokens[t]));
        }
        if let Some(t) = row.weight.iter().position(|w| !w.is_finite()) {
            return Err(Error::invalid(format!("rows[{i}].weight[{t}]"), "finite", row.weight[t]));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(len: usize, counted: usize) -> Row {
        let mut weight = vec![0.0; len - 1];
        weight[..counted].fill(1.0);
        Row { tokens: vec![0; len], weight }
    }

    #[test]
    fn every_counted_target_is_in_exactly_one_shard() {
        let rows: Vec<Row> = (0..40).map(|i| row(3 + i * 7 % 50, (i * 7 % 50) / 2)).collect();
        let shards = cut(&rows, 64, 4);
        let mut seen = std::collections::BTreeSet::new();
        for shard in &shards {
            for target in &shard.targets {
                assert!(seen.insert((shard.sequences[target.sequence].at, target.position)));
                assert!(shard.row(*target) < shard.rows);
            }
        }
        let counted: usize = rows.iter().map(|r| r.weight.iter().filter(|w| **w != 0.0).count()).sum();
        assert_eq!(seen.len(), counted);
    }

    #[test]
    fn shards_are_even_and_fill_the_lanes() {
        let rows: Vec<Row> = (0..64).map(|i| row(20 + i, 19 + i)).collect();
        let shards = cut(&rows, 256, 4);
        let sizes: Vec<usize> = shards.iter().map(|s| s.rows).collect();
        assert_eq!(sizes.len() % 4, 0);
        assert!(sizes.iter().max() < sizes.iter().min().map(|m| m + 30).as_ref(), "{sizes:?}");
    }

    #[test]
    fn rows_without_targets_and_trailing_masked_tokens_cost_nothing() {
        let shards = cut(&[row(10, 0), row(10, 3)], 64, 4);
        assert_eq!(shards.len(), 1);
        assert_eq!(shards[0].rows, 3);
    }
}
