//! The gate of the feed-forward layer: `silu(gate) * up`, forward and backward.

use super::vector::{exp, sigmoid};
use super::vectorised;

/// `out = silu(gate) * up`; each row of `gate_up` holds `inner` gates, then `inner` ups.
pub fn forward(gate_up: &[f32], inner: usize, out: &mut [f32]) {
    vectorised!(for (row, out) in gate_up.chunks_exact(2 * inner).zip(out.chunks_exact_mut(inner)) {
        let (gate, up) = row.split_at(inner);
        for ((out, g), u) in out.iter_mut().zip(gate).zip(up) {
            *out = g / (1.0 + exp(-g)) * u;
        }
    });
}

/// Given the gradient of the output in `grad`, overwrites `gate_up` with its own gradient and
/// `grad` with the output itself, which the next product needs.
pub fn backward(gate_up: &mut [f32], inner: usize, grad: &mut [f32]) {
    vectorised!(for (row, grad) in gate_up.chunks_exact_mut(2 * inner).zip(grad.chunks_exact_mut(inner)) {
        let (gate, up) = row.split_at_mut(inner);
        for ((grad, g), u) in grad.iter_mut().zip(gate).zip(up) {
            let s = sigmoid(*g);
            let silu = *g * s;
            let (out, dy) = (silu * *u, *grad);
            *g = dy * *u * (s + silu * (1.0 - s));
            *u = dy * silu;
            *grad = out;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::check::{assert_gradient, noise};

    #[test]
    fn the_backward_pass_is_the_slope_of_the_forward_pass_and_repeats_its_output() {
        let (inner, rows) = (20, 3);
        let (x, dy) = (noise(rows * 2 * inner, 1), noise(rows * inner, 2));
        let mut out = vec![0.0; rows * inner];
        forward(&x, inner, &mut out);
        let (mut dx, mut again) = (x.clone(), dy.clone());
        backward(&mut dx, inner, &mut again);
        for (a, b) in out.iter().zip(&again) {
            assert!((a - b).abs() <= 1e-6 * a.abs().max(1e-3));
        }
        assert_gradient(&x, &dx, |x| {
            let mut y = vec![0.0; rows * inner];
            forward(x, inner, &mut y);
            y.iter().zip(&dy).map(|(y, g)| *y as f64 * *g as f64).sum()
        });
    }
}
