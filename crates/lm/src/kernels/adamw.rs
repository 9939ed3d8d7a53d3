//! The element-wise part of an AdamW step, and the sums it needs.

use super::{vector, vectorised};

/// The factors of one step, the same for every weight.
#[derive(Clone, Copy, Debug)]
pub struct Factors {
    /// Multiplies the gradient first (clipping).
    pub scale: f32,
    /// Decay of the first moment.
    pub beta1: f32,
    /// Decay of the second moment.
    pub beta2: f32,
    /// Learning rate over the bias correction of the first moment.
    pub rate: f32,
    /// One over the root of the bias correction of the second moment.
    pub root: f32,
    /// Added to the root of the second moment.
    pub eps: f32,
    /// Multiplies the weight first: `1 - lr * decay`.
    pub keep: f32,
}

/// One AdamW step on a stretch of weights. Clears the gradient.
pub fn update(w: &mut [f32], m: &mut [f32], v: &mut [f32], g: &mut [f32], f: Factors) {
    vectorised!(for (((w, m), v), g) in w.iter_mut().zip(m).zip(v).zip(g) {
        let slope = *g * f.scale;
        *m = vector::settled(f.beta1 * *m + (1.0 - f.beta1) * slope);
        *v = vector::settled(f.beta2 * *v + (1.0 - f.beta2) * slope * slope);
        *w = *w * f.keep - f.rate * *m / (v.sqrt() * f.root + f.eps);
        *g = 0.0;
    });
}

/// `into += from`, and clears `from`.
pub fn drain(into: &mut [f32], from: &mut [f32]) {
    vectorised!(for (a, b) in into.iter_mut().zip(from) {
        *a += *b;
        *b = 0.0;
    });
}

/// The sum of squares: in f32 over runs of 16 KiB, then in f64, in a fixed order.
pub fn square_sum(x: &[f32]) -> f64 {
    let mut total = 0.0;
    vectorised!(for run in x.chunks(4096) {
        total += vector::dot(run, run) as f64;
    });
    total
}
