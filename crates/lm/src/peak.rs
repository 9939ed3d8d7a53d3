//! How fast this machine multiplies matrices: the ceiling that training speed is measured against.

use crate::kernels::matmul::{self, Mat, MatMut};
use rayon::prelude::*;
use std::time::{Duration, Instant};

/// Rows and columns of the factors: large enough to hide everything but arithmetic.
const SIZE: usize = 1024;

/// The best rate of an f32 product of two square matrices on the current thread pool, in GFLOP/s,
/// found by repeating it for about `time`, at least three times.
pub fn sgemm_peak(time: Duration) -> f64 {
    let a: Vec<f32> = (0..SIZE * SIZE).map(|i| (i % 13) as f32 - 6.0).collect();
    let b: Vec<f32> = (0..SIZE * SIZE).map(|i| (i % 11) as f32 - 5.0).collect();
    let mut out = vec![0.0; SIZE * SIZE];
    let threads = rayon::current_num_threads().max(1);
    let rows = SIZE.div_ceil(threads).next_multiple_of(16);
    let started = Instant::now();
    let mut best = f64::INFINITY;
    let mut n_repeats = 0;
    while n_repeats < 3 || started.elapsed() < time {
        let one = Instant::now();
        out.par_chunks_mut(rows * SIZE).enumerate().for_each(|(i, out)| {
            let here = out.len() / SIZE;
            let a = &a[i * rows * SIZE..][..here * SIZE];
            matmul::set(MatMut::new(out, here, SIZE), Mat::new(a, here, SIZE), Mat::new(&b, SIZE, SIZE), 1.0);
        });
        best = best.min(one.elapsed().as_secs_f64());
        n_repeats += 1;
    }
    2.0 * (SIZE as f64).powi(3) / best / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_a_positive_rate() {
        let peak = sgemm_peak(Duration::ZERO);
        assert!(peak.is_finite() && peak > 0.0);
    }
}
