//! Causal grouped-query attention over one sequence, forward and backward.
//!
//! Scores are formed for a block of queries at a time against the keys they may see; the backward
//! pass forms them again from the stored normalisers instead of keeping them.

use super::arena::QUERY_BLOCK;
use crate::Config;
use crate::kernels::matmul::{self, Mat, MatMut};
use crate::kernels::softmax;

/// The widths that attention needs to know.
#[derive(Clone, Copy)]
pub struct Heads {
    queries: usize,
    per_key: usize,
    width: usize,
    qkv: usize,
    keys_at: usize,
    values_at: usize,
    scale: f32,
}

impl Heads {
    /// The widths of a model.
    pub fn of(config: &Config) -> Heads {
        let width = config.head_dim;
        let keys_at = config.num_attention_heads * width;
        Heads {
            queries: config.num_attention_heads,
            per_key: config.num_attention_heads / config.num_key_value_heads,
            width,
            qkv: config.qkv_size(),
            keys_at,
            values_at: keys_at + config.num_key_value_heads * width,
            scale: 1.0 / (width as f32).sqrt(),
        }
    }

    /// Columns of the query, key and value of a query head in a row of `qkv`.
    fn columns(&self, head: usize) -> (usize, usize, usize) {
        let shared = head / self.per_key * self.width;
        (head * self.width, self.keys_at + shared, self.values_at + shared)
    }
}

/// The blocks of queries of a sequence, as `(first, number, keys seen)`.
fn blocks(len: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..len).step_by(QUERY_BLOCK).map(move |first| {
        let end = (first + QUERY_BLOCK).min(len);
        (first, end - first, end)
    })
}

/// Writes the attention output of a sequence's rows into `attended` and the normalisers of its
/// scores, head by head, into `norms`.
pub fn forward(
    h: Heads,
    len: usize,
    qkv: &[f32],
    attended: &mut [f32],
    norms: &mut [f32],
    probs: &mut [f32],
) {
    let (wide, d) = (h.qkv, h.width);
    let out_wide = h.queries * d;
    for head in 0..h.queries {
        let (q, k, v) = h.columns(head);
        for (first, n, keys) in blocks(len) {
            let query = Mat::strided(&qkv[first * wide + q..], n, d, wide);
            let key = Mat::strided(&qkv[k..], keys, d, wide);
            matmul::set(MatMut::new(probs, n, keys), query, key.t(), h.scale);
            let norms = &mut norms[head * len + first..][..n];
            softmax::causal(&mut probs[..n * keys], keys, keys, first, norms);
            let out = &mut attended[first * out_wide + head * d..];
            let value = Mat::strided(&qkv[v..], keys, d, wide);
            matmul::set(MatMut::strided(out, n, d, out_wide), Mat::new(probs, n, keys), value, 1.0);
        }
    }
}

/// What the backward pass of a sequence reads.
pub struct Saved<'a> {
    /// The rows of queries, keys and values.
    pub qkv: &'a [f32],
    /// What [`forward`] wrote.
    pub attended: &'a [f32],
    /// What [`forward`] wrote.
    pub norms: &'a [f32],
    /// The gradient of `attended`.
    pub grad_attended: &'a [f32],
}

/// Writes the gradient of a sequence's queries, keys and values into `grad_qkv`.
pub fn backward(
    h: Heads,
    len: usize,
    saved: &Saved<'_>,
    grad_qkv: &mut [f32],
    probs: &mut [f32],
    grad_probs: &mut [f32],
) {
    let (wide, d) = (h.qkv, h.width);
    let out_wide = h.queries * d;
    grad_qkv[..len * wide].fill(0.0);
    for head in 0..h.queries {
        let (q, k, v) = h.columns(head);
        for (first, n, keys) in blocks(len) {
            let query = Mat::strided(&saved.qkv[first * wide + q..], n, d, wide);
            let key = Mat::strided(&saved.qkv[k..], keys, d, wide);
            let value = Mat::strided(&saved.qkv[v..], keys, d, wide);
            let at = first * out_wide + head * d;
            let (out, dout) = (&saved.attended[at..], &saved.grad_attended[at..]);
            let grad_out = Mat::strided(dout, n, d, out_wide);

            matmul::set(MatMut::new(probs, n, keys), query, key.t(), h.scale);
            let norms = &saved.norms[head * len + first..][..n];
            softmax::causal_again(&mut probs[..n * keys], keys, keys, first, norms);
            matmul::set(MatMut::new(grad_probs, n, keys), grad_out, value.t(), 1.0);
            let grads = &mut grad_probs[..n * keys];
            softmax::causal_backward(
                &probs[..n * keys],
                grads,
                keys,
                keys,
                h.scale,
                (out, dout),
                d,
                out_wide,
            );

            let (p, ds) = (Mat::new(probs, n, keys), Mat::new(grad_probs, n, keys));
            matmul::add(MatMut::strided(&mut grad_qkv[v..], keys, d, wide), p.t(), grad_out, 1.0);
            matmul::set(MatMut::strided(&mut grad_qkv[first * wide + q..], n, d, wide), ds, key, 1.0);
            matmul::add(MatMut::strided(&mut grad_qkv[k..], keys, d, wide), ds.t(), query, 1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::check::{assert_gradient, noise};

    fn heads(queries: usize, keys: usize, width: usize) -> Heads {
        let keys_at = queries * width;
        Heads {
            queries,
            per_key: queries / keys,
            width,
            qkv: (queries + 2 * keys) * width,
            keys_at,
            values_at: keys_at + keys * width,
            scale: 1.0 / (width as f32).sqrt(),
        }
    }

    #[test]
    fn each_position_attends_to_itself_and_what_came_before() {
        let h = heads(2, 1, 4);
        let len = 70; // more than one block of queries
        let qkv = noise(len * h.qkv, 1);
        let (mut out, mut norms) = (vec![0.0; len * 8], vec![0.0; len * 2]);
        forward(h, len, &qkv, &mut out, &mut norms, &mut vec![0.0; 64 * len]);
        for head in 0..2 {
            for t in [0, 1, 63, 64, 69] {
                let (q, k, v) = h.columns(head);
                let score = |s: usize| -> f64 {
                    (0..4).map(|i| (qkv[t * h.qkv + q + i] * qkv[s * h.qkv + k + i]) as f64 * 0.5).sum()
                };
                let weights: Vec<f64> = (0..=t).map(|s| score(s).exp()).collect();
                let total: f64 = weights.iter().sum();
                for i in 0..4 {
                    let value = |s: usize| qkv[s * h.qkv + v + i] as f64;
                    let mean: f64 = (0..=t).map(|s| weights[s] / total * value(s)).sum();
                    assert!((mean - out[t * 8 + head * 4 + i] as f64).abs() < 1e-5);
                }
            }
        }
    }

    #[test]
    fn the_backward_pass_is_the_slope_of_the_forward_pass() {
        for (queries, keys, width, len) in [(2, 1, 4, 5), (2, 2, 2, 67), (4, 2, 6, 3)] {
            let h = heads(queries, keys, width);
            let out_len = len * queries * width;
            let (qkv, dout) = (noise(len * h.qkv, 1), noise(out_len, 2));
            let run = |qkv: &[f32]| {
                let (mut out, mut norms) = (vec![0.0; out_len], vec![0.0; len * queries]);
                forward(h, len, qkv, &mut out, &mut norms, &mut vec![0.0; 64 * len]);
                (out, norms)
            };
            let (out, norms) = run(&qkv);
            let saved = Saved { qkv: &qkv, attended: &out, norms: &norms, grad_attended: &dout };
            let mut grad = vec![0.0; len * h.qkv];
            backward(h, len, &saved, &mut grad, &mut vec![0.0; 64 * len], &mut vec![0.0; 64 * len]);
            assert_gradient(&qkv, &grad, |qkv| {
                run(qkv).0.iter().zip(&dout).map(|(y, g)| *y as f64 * *g as f64).sum()
            });
        }
    }
}
