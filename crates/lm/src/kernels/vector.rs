//! The few functions on vectors that every kernel needs, always inlined into their callers.

use super::BLOCK;

/// `exp(x)` to a relative error of about 1e-7; NaN stays NaN. The range is clamped so that neither
/// end overflows.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    // Adding 1.5 * 2^23 rounds to a whole number and leaves it in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.3, 88.3);
    let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-0.693_359_4, x);
    let r = n.mul_add(2.121_944_4e-4, r);
    let mut p = 1.987_569_1e-4_f32;
    p = p.mul_add(r, 1.398_199_9e-3);
    p = p.mul_add(r, 8.333_452e-3);
    p = p.mul_add(r, 4.166_579_6e-2);
    p = p.mul_add(r, 1.666_666_5e-1);
    p = p.mul_add(r, 0.5);
    let y = (p * r).mul_add(r, r) + 1.0;
    f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23)) * y
}

/// `x`, or zero where it is so small that products with it would leave the normal range: arithmetic on
/// subnormal numbers is up to a hundred times slower, and a model that is certain makes millions of them.
#[inline(always)]
pub fn settled(x: f32) -> f32 {
    const SMALLEST: f32 = 1e-30;
    if x.abs() < SMALLEST { 0.0 } else { x }
}

/// `1 / (1 + exp(-x))`.
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// The inner product, summed in a fixed order.
#[inline(always)]
pub fn dot(x: &[f32], y: &[f32]) -> f32 {
    let (x_blocks, x_rest) = x.as_chunks::<BLOCK>();
    let (y_blocks, y_rest) = y.as_chunks::<BLOCK>();
    let mut sums = [0.0; BLOCK];
    for (a, b) in x_blocks.iter().zip(y_blocks) {
        for i in 0..BLOCK {
            sums[i] = a[i].mul_add(b[i], sums[i]);
        }
    }
    sum(&sums) + x_rest.iter().zip(y_rest).map(|(a, b)| a * b).sum::<f32>()
}

/// The sum of a block, as a tree.
#[inline(always)]
pub fn sum(block: &[f32; BLOCK]) -> f32 {
    let mut sums = *block;
    let mut width = BLOCK / 2;
    while width > 0 {
        for i in 0..width {
            sums[i] += sums[i + width];
        }
        width /= 2;
    }
    sums[0]
}

/// The largest entry; minus infinity for none. NaN entries are passed over.
#[inline(always)]
pub fn max(x: &[f32]) -> f32 {
    let (blocks, rest) = x.as_chunks::<BLOCK>();
    let mut best = [f32::NEG_INFINITY; BLOCK];
    for block in blocks {
        for i in 0..BLOCK {
            best[i] = if block[i] > best[i] { block[i] } else { best[i] };
        }
    }
    let larger = |a: f32, &b: &f32| if b > a { b } else { a };
    rest.iter().fold(best.iter().fold(f32::NEG_INFINITY, larger), larger)
}

/// Replaces each `x` by `exp(x - shift)` and returns their sum.
#[inline(always)]
pub fn exp_sum(x: &mut [f32], shift: f32) -> f32 {
    let (blocks, rest) = x.as_chunks_mut::<BLOCK>();
    let mut sums = [0.0; BLOCK];
    for block in blocks {
        for i in 0..BLOCK {
            block[i] = exp(block[i] - shift);
            sums[i] += block[i];
        }
    }
    let mut total = sum(&sums);
    for x in rest {
        *x = exp(*x - shift);
        total += *x;
    }
    total
}

/// `y += x`.
#[inline(always)]
pub fn add(y: &mut [f32], x: &[f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += x;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_right_to_two_ulps_over_its_range() {
        for i in -87_000..88_000 {
            let x = i as f32 * 1e-3;
            let exact = (x as f64).exp();
            assert!(((exp(x) as f64 - exact) / exact).abs() < 2.5e-7, "exp({x})");
        }
    }

    #[test]
    fn exp_keeps_not_a_number_and_never_overflows() {
        assert!(exp(f32::NAN).is_nan());
        assert!(exp(f32::INFINITY).is_finite());
        assert!(exp(f32::NEG_INFINITY) < 1.3e-38);
    }

    #[test]
    fn what_is_tiny_settles_at_zero_and_nothing_else_does() {
        for (x, expect) in [(1e-31, 0.0), (-1e-40, 0.0), (2e-30, 2e-30), (-1.0, -1.0), (0.0, 0.0)] {
            assert_eq!(settled(x), expect);
        }
        assert!(settled(f32::NAN).is_nan());
        assert_eq!(settled(f32::NEG_INFINITY), f32::NEG_INFINITY);
    }

    #[test]
    fn dot_max_and_exp_sum_take_every_entry_whatever_the_length() {
        for n in 0..70 {
            let x: Vec<f32> = (0..n).map(|i| ((i * 7) % 13) as f32 - 5.0).collect();
            let naive: f32 = x.iter().map(|a| a * a).sum();
            assert_eq!(dot(&x, &x), naive, "small integers sum exactly");
            assert_eq!(max(&x), x.iter().copied().fold(f32::NEG_INFINITY, f32::max));
            let mut e = x.clone();
            let total = exp_sum(&mut e, 1.0);
            let exact: f64 = x.iter().map(|&a| (a as f64 - 1.0).exp()).sum();
            assert!((total as f64 - exact).abs() <= 1e-5 * exact);
        }
    }
}
