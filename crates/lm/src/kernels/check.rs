//! Finite differences for the tests of kernels.

use autodidact_core::Seed;
use rand_distr::{Distribution, StandardNormal};

/// Standard normal numbers, the same for the same stream.
pub fn noise(n: usize, stream: u64) -> Vec<f32> {
    let mut rng = Seed::root(0).at("noise", stream).rng();
    (0..n).map(|_| StandardNormal.sample(&mut rng)).collect()
}

/// Asserts that `grad` is the gradient of `loss` at `x`, by central differences on every entry.
pub fn assert_gradient(x: &[f32], grad: &[f32], loss: impl Fn(&[f32]) -> f64) {
    let step = 1e-2_f32;
    let scale = grad.iter().fold(0.0_f32, |a, g| a.max(g.abs())).max(1e-6) as f64;
    for i in 0..x.len() {
        let (mut up, mut down) = (x.to_vec(), x.to_vec());
        up[i] += step;
        down[i] -= step;
        let slope = (loss(&up) - loss(&down)) / (up[i] as f64 - down[i] as f64);
        let gap = (slope - grad[i] as f64).abs();
        assert!(gap <= 2e-3 * scale, "entry {i}: slope {slope}, gradient {}", grad[i]);
    }
}
