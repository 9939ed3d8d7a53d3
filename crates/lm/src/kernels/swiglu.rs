//! The gate of the feed-forward layer: `silu(gate) * up`, forward and backward.

use super::vector::{exp, sigmoid};
use super::{BLOCK, vectorised};

/// `out = silu(gate) * up`; each row of `gate_up` holds `inner` gates, then `inner` ups.
pub fn forward(gate_up: &[f32], inner: usize, out: &mut [f32]) {
    vectorised!(for (row, out) in gate_up.chunks_exact(2 * inner).zip(out.chunks_exact_mut(inner)) {
        let (gate, up) = row.split_at(inner);
        let (gates, ups, outs) =
            (gate.as_chunks::<BLOCK>(), up.as_chunks::<BLOCK>(), out.as_chunks_mut::<BLOCK>());
        for ((out, g), u) in outs.0.iter_mut().zip(gates.0).zip(ups.0) {
            *out = gated(g, u);
        }
        for ((out, &g), &u) in outs.1.iter_mut().zip(gates.1).zip(ups.1) {
            [*out] = gated(&[g], &[u]);
        }
    });
}

/// Given the gradient of the output in `grad`, overwrites `gate_up` with its own gradient and
/// `grad` with the output itself, which the next product needs.
pub fn backward(gate_up: &mut [f32], inner: usize, grad: &mut [f32]) {
    vectorised!(for (row, grad) in gate_up.chunks_exact_mut(2 * inner).zip(grad.chunks_exact_mut(inner)) {
        let (gate, up) = row.split_at_mut(inner);
        let (gates, ups, grads) =
            (gate.as_chunks_mut::<BLOCK>(), up.as_chunks_mut::<BLOCK>(), grad.as_chunks_mut::<BLOCK>());
        for ((grad, g), u) in grads.0.iter_mut().zip(gates.0).zip(ups.0) {
            (*g, *u, *grad) = gradients(g, u, grad);
        }
        for ((grad, g), u) in grads.1.iter_mut().zip(gates.1).zip(ups.1) {
            ([*g], [*u], [*grad]) = gradients(&[*g], &[*u], &[*grad]);
        }
    });
}

#[inline(always)]
fn gated<const N: usize>(gate: &[f32; N], up: &[f32; N]) -> [f32; N] {
    let mut out = [0.0; N];
    for i in 0..N {
        out[i] = gate[i] / (1.0 + exp(-gate[i])) * up[i];
    }
    out
}

/// The gradients of gate and up, and the output.
#[inline(always)]
fn gradients<const N: usize>(
    gate: &[f32; N],
    up: &[f32; N],
    grad: &[f32; N],
) -> ([f32; N], [f32; N], [f32; N]) {
    let (mut on_gate, mut on_up, mut out) = ([0.0; N], [0.0; N], [0.0; N]);
    for i in 0..N {
        let s = sigmoid(gate[i]);
        let silu = gate[i] * s;
        on_gate[i] = grad[i] * up[i] * (s + silu * (1.0 - s));
        on_up[i] = grad[i] * silu;
        out[i] = silu * up[i];
    }
    (on_gate, on_up, out)
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
