//! Supervised fine-tuning: the masked negative log-likelihood.

use crate::objective::{Objective, Pull, Row, Scored};

/// `loss = -sum(weight * logprob)` over all targets.
///
/// The weights carry the normaliser: `1 / targets` gives the mean over tokens, `1 / (rows *
/// targets of the row)` the mean over sequences, and a sequence's own weight multiplies either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MaskedNll;

impl Objective for MaskedNll {
    fn separable(&self) -> bool {
        true
    }

    fn pull(&self, _at: &[usize], rows: &[&Row], scored: &[Scored]) -> (f64, Vec<Pull>) {
        let mut loss = 0.0;
        let pulls = rows.iter().zip(scored).map(|(row, scored)| {
            for (&weight, &logprob) in row.weight.iter().zip(&scored.logprob) {
                if weight != 0.0 {
                    loss -= weight as f64 * logprob as f64;
                }
            }
            Pull { logprob: row.weight.iter().map(|w| -w).collect(), entropy: Vec::new() }
        });
        let pulls = pulls.collect();
        (loss, pulls)
    }
}

/// Scales the weights of a batch so that their absolute values sum to one: with weights of 0 and 1
/// the loss of [`MaskedNll`] is then the mean over the targets that count. All zeros stay.
pub fn normalise(rows: &mut [Row]) {
    let total: f64 = rows.iter().flat_map(|row| &row.weight).map(|w| w.abs() as f64).sum();
    if total > 0.0 {
        for weight in rows.iter_mut().flat_map(|row| &mut row.weight) {
            *weight = (*weight as f64 / total) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loss_is_the_weighted_sum_and_masked_targets_are_ignored() {
        let row = Row { tokens: vec![1, 2, 3, 4], weight: vec![0.0, 0.5, 0.25] };
        let scored = Scored { logprob: vec![f32::NAN, -2.0, -4.0], entropy: vec![0.0; 3] };
        let (loss, pulls) = MaskedNll.pull(&[0], &[&row], &[scored]);
        assert_eq!(loss, 2.0); // 0.5 * 2 + 0.25 * 4
        assert_eq!(pulls[0].logprob, [0.0, -0.5, -0.25]);
    }

    #[test]
    fn normalised_weights_sum_to_one() {
        let mut rows = vec![
            Row { tokens: vec![0; 3], weight: vec![1.0, 0.0] },
            Row { tokens: vec![0; 4], weight: vec![1.0, 1.0, 1.0] },
        ];
        normalise(&mut rows);
        assert_eq!(rows[1].weight, [0.25; 3]);
        assert_eq!(rows[0].weight, [0.25, 0.0]);
    }
}
