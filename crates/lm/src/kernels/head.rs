//! What a row of logits says about its target, and how a pull on that flows back to the logits.

use super::vector::{exp, max, settled, sum};
use super::{BLOCK, vectorised};

/// Log-probability of the target, entropy, and `ln sum exp` of a row, in nats.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Read {
    /// Log-probability of the target.
    pub logprob: f32,
    /// Entropy of the distribution.
    pub entropy: f32,
    /// `ln sum exp` of the logits.
    pub norm: f32,
}

/// Reads each row of `logits` against its target, in one pass over the exponentials.
pub fn read(logits: &[f32], vocab: usize, targets: &[u32], out: &mut [Read]) {
    vectorised!(for ((row, &target), out) in logits.chunks_exact(vocab).zip(targets).zip(out) {
        *out = read_row(row, target);
    });
}

#[inline(always)]
fn read_row(row: &[f32], target: u32) -> Read {
    let top = max(row);
    let (blocks, rest) = row.as_chunks::<BLOCK>();
    let (mut totals, mut means) = ([0.0; BLOCK], [0.0; BLOCK]);
    for block in blocks {
        for i in 0..BLOCK {
            let shifted = block[i] - top;
            let e = exp(shifted);
            totals[i] += e;
            means[i] = e.mul_add(shifted, means[i]);
        }
    }
    let (mut total, mut mean) = (sum(&totals), sum(&means));
    for x in rest {
        let e = exp(x - top);
        total += e;
        mean += e * (x - top);
    }
    let log_total = total.ln();
    Read {
        logprob: row[target as usize] - top - log_total,
        entropy: log_total - mean / total,
        norm: top + log_total,
    }
}

/// Overwrites each row of logits with the gradient of the loss, given the pull on its
/// log-probability and on its entropy: with `p` the distribution and `H` its entropy,
/// `pull_logprob (1[target] - p) - pull_entropy p (ln p + H)`.
pub fn pull(logits: &mut [f32], vocab: usize, targets: &[u32], reads: &[Read], pulls: &[(f32, f32)]) {
    let rows = logits.chunks_exact_mut(vocab).zip(targets).zip(reads).zip(pulls);
    vectorised!(for (((row, &target), read), &(on_logprob, on_entropy)) in rows {
        if on_entropy == 0.0 {
            for x in row.iter_mut() {
                *x = settled(-on_logprob * exp(*x - read.norm));
            }
        } else {
            for x in row.iter_mut() {
                let logprob = *x - read.norm;
                *x = settled(exp(logprob) * -(on_logprob + on_entropy * (logprob + read.entropy)));
            }
        }
        row[target as usize] += on_logprob;
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::check::{assert_gradient, noise};

    #[test]
    fn logprob_and_entropy_are_those_of_the_softmax() {
        let logits = noise(3 * 37, 1);
        let mut reads = [Read::default(); 3];
        read(&logits, 37, &[0, 36, 5], &mut reads);
        for (row, (read, target)) in logits.chunks(37).zip(reads.iter().zip([0, 36, 5])) {
            let total: f64 = row.iter().map(|&x| (x as f64).exp()).sum();
            let logprobs: Vec<f64> = row.iter().map(|&x| x as f64 - total.ln()).collect();
            let entropy: f64 = logprobs.iter().map(|l| -l.exp() * l).sum();
            assert!((read.logprob as f64 - logprobs[target]).abs() < 1e-5);
            assert!((read.entropy as f64 - entropy).abs() < 1e-5);
        }
    }

    #[test]
    fn a_certain_row_has_no_entropy_and_stays_finite() {
        let mut logits = vec![-200.0; 20];
        logits[3] = 200.0;
        let mut reads = [Read::default()];
        read(&logits, 20, &[4], &mut reads);
        assert_eq!(reads[0].logprob, -400.0);
        assert!(reads[0].entropy.abs() < 1e-6);
        pull(&mut logits, 20, &[4], &reads, &[(-1.0, 0.5)]);
        assert!(logits.iter().all(|x| x.is_finite()));
    }

    #[test]
    fn the_pull_is_the_slope_of_logprob_and_entropy() {
        let (vocab, targets) = (37, [2, 30]);
        let logits = noise(2 * vocab, 3);
        for pulls in [[(0.7, 0.0), (-0.3, 0.0)], [(0.7, 0.4), (0.0, -1.1)]] {
            let mut reads = [Read::default(); 2];
            read(&logits, vocab, &targets, &mut reads);
            let mut grad = logits.clone();
            pull(&mut grad, vocab, &targets, &reads, &pulls);
            assert_gradient(&logits, &grad, |logits| {
                let mut reads = [Read::default(); 2];
                read(logits, vocab, &targets, &mut reads);
                let pulled = reads.iter().zip(&pulls);
                pulled.map(|(r, p)| (p.0 * r.logprob) as f64 + (p.1 * r.entropy) as f64).sum()
            });
        }
    }
}
