//! Chebyshev polynomials of the first kind: smooth functions of one variable as a few numbers.

/// `P_0(x), ..., P_(m-1)(x)` for `x` in `-1..=1`, where `P_j(cos a) = cos(j a)`; each within `-1..=1`.
pub fn features(x: f64, m: usize) -> Vec<f64> {
    let (mut before, mut here) = (x, 1.0);
    (0..m)
        .map(|_| {
            let now = here;
            // P_(j+1) = 2 x P_j - P_(j-1), where P_(-1) = P_1 = x.
            (before, here) = (here, 2.0 * x * here - before);
            now
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_cosines_of_multiples_and_stay_within_one() {
        for k in 0..=200 {
            let x = f64::from(k) / 100.0 - 1.0;
            for (j, found) in features(x, 9).into_iter().enumerate() {
                assert!((found - (j as f64 * x.acos()).cos()).abs() < 1e-12, "P_{j}({x}) = {found}");
                assert!(found.abs() <= 1.0 + 1e-12);
            }
        }
        assert_eq!(features(0.5, 3), [1.0, 0.5, -0.5]);
        assert_eq!(features(0.5, 0), [0.0; 0]);
    }
}
