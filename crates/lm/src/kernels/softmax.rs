//! The causal softmax of attention, forward, again from its stored normaliser, and backward.

use super::vector::{dot, exp, exp_sum, max, settled};
use super::vectorised;

/// Turns scores into probabilities in place. Row `i` of `scores` belongs to query `first + i`, sees
/// keys `0..=first + i` and has the rest of its `row_step` entries up to `keys` set to zero.
/// `norm[i]` receives `ln sum exp` of the row.
pub fn causal(scores: &mut [f32], row_step: usize, keys: usize, first: usize, norm: &mut [f32]) {
    vectorised!(for (i, (row, norm)) in scores.chunks_mut(row_step).zip(norm).enumerate() {
        let (seen, unseen) = row[..keys].split_at_mut(first + i + 1);
        let top = max(seen);
        let total = exp_sum(seen, top);
        let scale = 1.0 / total;
        for x in seen {
            *x = settled(*x * scale);
        }
        unseen.fill(0.0);
        *norm = top + total.ln();
    });
}

/// Turns scores into the probabilities of [`causal`] again, from the normaliser that it stored.
pub fn causal_again(scores: &mut [f32], row_step: usize, keys: usize, first: usize, norm: &[f32]) {
    vectorised!(for (i, (row, norm)) in scores.chunks_mut(row_step).zip(norm).enumerate() {
        let (seen, unseen) = row[..keys].split_at_mut(first + i + 1);
        for x in seen {
            *x = settled(exp(*x - norm));
        }
        unseen.fill(0.0);
    });
}

/// Turns the gradient of probabilities into the gradient of unscaled scores, in place:
/// `grad = p (grad - sum(p grad)) scale`, where the sum is given as `out . dout` of the query's
/// head, which equals it. `out` and `dout` rows are `head_step` apart and `width` wide.
#[allow(clippy::too_many_arguments)]
pub fn causal_backward(
    probs: &[f32],
    grad: &mut [f32],
    row_step: usize,
    keys: usize,
    scale: f32,
    (out, dout): (&[f32], &[f32]),
    width: usize,
    head_step: usize,
) {
    vectorised!(for (i, (p, g)) in probs.chunks(row_step).zip(grad.chunks_mut(row_step)).enumerate() {
        let head = i * head_step..i * head_step + width;
        let mean = dot(&out[head.clone()], &dout[head]);
        for (g, p) in g[..keys].iter_mut().zip(&p[..keys]) {
            *g = settled(p * (*g - mean) * scale);
        }
    });
}
