//! Small sums over rows of logits.

use autodidact_core::Rng;
use rand::Rng as _;

/// Turns logits into probabilities in place; minus infinity gives 0.
pub(super) fn softmax(row: &mut [f64]) {
    let high = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for x in row.iter_mut() {
        *x = (*x - high).exp();
        sum += *x;
    }
    row.iter_mut().for_each(|x| *x /= sum);
}

/// An index drawn with these probabilities, which sum to 1 but for rounding.
pub(super) fn draw(probabilities: &[f64], rng: &mut Rng) -> usize {
    let mut left: f64 = rng.random();
    let mut last = 0;
    for (i, &p) in probabilities.iter().enumerate().filter(|(_, p)| **p > 0.0) {
        left -= p;
        last = i;
        if left < 0.0 {
            break;
        }
    }
    last
}

/// The index of the largest value, the first of equals.
pub(super) fn largest(values: &[f64]) -> usize {
    (1..values.len()).fold(0, |best, i| if values[i] > values[best] { i } else { best })
}

/// All weight on one of `n`.
pub(super) fn one_hot(index: usize, n: usize) -> Vec<f64> {
    let mut row = vec![0.0; n];
    row[index] = 1.0;
    row
}
