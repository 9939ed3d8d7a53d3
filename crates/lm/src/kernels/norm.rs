//! Root-mean-square normalisation, forward and backward.

use super::vector::{dot, sum};
use super::{BLOCK, vectorised};

/// `y = x / rms(x) * w` for each row of width `w.len()`.
pub fn forward(x: &[f32], w: &[f32], eps: f32, y: &mut [f32]) {
    let d = w.len();
    vectorised!(for (x, y) in x.chunks_exact(d).zip(y.chunks_exact_mut(d)) {
        row(x, w, eps, y);
    });
}

/// Adds the gradient of [`forward`] to `dx` and `dw`, given that of `y`.
pub fn backward(x: &[f32], w: &[f32], eps: f32, dy: &[f32], dx: &mut [f32], dw: &mut [f32]) {
    let d = w.len();
    vectorised!(for ((x, dy), dx) in x.chunks_exact(d).zip(dy.chunks_exact(d)).zip(dx.chunks_exact_mut(d)) {
        row_backward(x, w, eps, dy, dx, dw);
    });
}

/// [`forward`] on one row.
#[inline(always)]
pub fn row(x: &[f32], w: &[f32], eps: f32, y: &mut [f32]) {
    let r = 1.0 / (dot(x, x) / x.len() as f32 + eps).sqrt();
    for ((y, x), w) in y.iter_mut().zip(x).zip(w) {
        *y = x * r * w;
    }
}

/// [`backward`] on one row: with `r = 1 / rms`, `dx += r (dy w - x r^2 mean(dy w x))`.
#[inline(always)]
pub fn row_backward(x: &[f32], w: &[f32], eps: f32, dy: &[f32], dx: &mut [f32], dw: &mut [f32]) {
    let n = x.len() as f32;
    let r = 1.0 / (dot(x, x) / n + eps).sqrt();
    let k = triple(x, dy, w) * r * r / n;
    for ((((x, w), dy), dx), dw) in x.iter().zip(w).zip(dy).zip(dx).zip(dw) {
        *dx += r * (dy * w - x * k);
        *dw += dy * x * r;
    }
}

/// `sum(a b c)` in a fixed order.
#[inline(always)]
fn triple(a: &[f32], b: &[f32], c: &[f32]) -> f32 {
    let (a_blocks, a_rest) = a.as_chunks::<BLOCK>();
    let (b_blocks, b_rest) = b.as_chunks::<BLOCK>();
    let (c_blocks, c_rest) = c.as_chunks::<BLOCK>();
    let mut sums = [0.0; BLOCK];
    for ((a, b), c) in a_blocks.iter().zip(b_blocks).zip(c_blocks) {
        for i in 0..BLOCK {
            sums[i] = (a[i] * b[i]).mul_add(c[i], sums[i]);
        }
    }
    let rest = a_rest.iter().zip(b_rest).zip(c_rest).map(|((a, b), c)| a * b * c);
    sum(&sums) + rest.sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::check::{assert_gradient, noise};

    #[test]
    fn the_backward_pass_is_the_slope_of_the_forward_pass() {
        for d in [16, 24, 7] {
            let (x, w, dy) = (noise(3 * d, 1), noise(d, 2), noise(3 * d, 3));
            let loss = |x: &[f32], w: &[f32]| -> f64 {
                let mut y = vec![0.0; x.len()];
                forward(x, w, 1e-5, &mut y);
                y.iter().zip(&dy).map(|(y, g)| *y as f64 * *g as f64).sum()
            };
            let (mut dx, mut dw) = (vec![0.0; 3 * d], vec![0.0; d]);
            backward(&x, &w, 1e-5, &dy, &mut dx, &mut dw);
            assert_gradient(&x, &dx, |x| loss(x, &w));
            assert_gradient(&w, &dw, |w| loss(&x, w));
        }
    }
}
