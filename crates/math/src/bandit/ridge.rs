//! Ridge regression that is updated one row at a time: the model of one arm in LinUCB and in linear
//! Thompson sampling, and the posterior of a linear-Gaussian model.
//!
//! The inverse of `A = ridge I + sum x x'` is kept by the formula of Sherman and Morrison, `O(d^2)` a
//! row instead of `O(d^3)`, and computed anew from `A` every [`REFACTOR_EVERY`] rows, so that rounding
//! does not pile up. Matrices are row-major slices of length `d * d`.

/// After how many rows the inverse is computed anew.
pub const REFACTOR_EVERY: u64 = 512;

/// The inner product.
#[inline]
pub fn dot(x: &[f64], y: &[f64]) -> f64 {
    // Four sums, so that the compiler may use vectors; the order is part of the result.
    let mut sums = [0.0f64; 4];
    let (x4, x_rest) = x.as_chunks::<4>();
    let (y4, y_rest) = y.as_chunks::<4>();
    for (x, y) in x4.iter().zip(y4) {
        for lane in 0..4 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    let rest: f64 = x_rest.iter().zip(y_rest).map(|(x, y)| x * y).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// `x' M x` of a square `matrix`.
#[inline]
pub fn quadratic(matrix: &[f64], x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for (row, xi) in matrix.chunks_exact(x.len()).zip(x) {
        sum += xi * dot(row, x);
    }
    sum
}

/// `out = M x` of a square `matrix`.
#[inline]
pub fn times(matrix: &[f64], x: &[f64], out: &mut [f64]) {
    for (row, out) in matrix.chunks_exact(x.len()).zip(out) {
        *out = dot(row, x);
    }
}

/// `M += factor x x'`.
#[inline]
pub fn add_outer(matrix: &mut [f64], x: &[f64], factor: f64) {
    for (row, xi) in matrix.chunks_exact_mut(x.len()).zip(x) {
        let scale = factor * xi;
        for (cell, xj) in row.iter_mut().zip(x) {
            *cell += scale * xj;
        }
    }
}

/// `(A + factor x x')^-1` from `A^-1`, in place (Sherman & Morrison 1950). `scratch` has the length of
/// `x` and holds `A^-1 x` of the old inverse afterwards. Returns `1 + factor x' A^-1 x`.
#[inline]
pub fn sherman_morrison(inverse: &mut [f64], x: &[f64], factor: f64, scratch: &mut [f64]) -> f64 {
    times(inverse, x, scratch);
    let denominator = 1.0 + factor * dot(x, scratch);
    add_outer(inverse, scratch, -factor / denominator);
    denominator
}

/// The inverse of a symmetric positive definite `matrix` of `d` rows, or `None` when it is not one.
pub fn inverse(matrix: &[f64], d: usize) -> Option<Vec<f64>> {
    let lower = cholesky(matrix, d)?;
    // The rows of L^-1, then A^-1 = L^-T L^-1.
    let mut below = vec![0.0; d * d];
    for column in 0..d {
        below[column * d + column] = 1.0 / lower[column * d + column];
        for row in column + 1..d {
            let mut sum = 0.0;
            for k in column..row {
                sum += lower[row * d + k] * below[k * d + column];
            }
            below[row * d + column] = -sum / lower[row * d + row];
        }
    }
    let mut inverse = vec![0.0; d * d];
    for k in 0..d {
        for i in 0..=k {
            let scale = below[k * d + i];
            for j in 0..=k {
                inverse[i * d + j] += scale * below[k * d + j];
            }
        }
    }
    Some(inverse)
}

/// The lower triangle `L` with `L L' = matrix`, or `None` when the matrix is not positive definite.
pub fn cholesky(matrix: &[f64], d: usize) -> Option<Vec<f64>> {
    let mut lower = vec![0.0; d * d];
    for i in 0..d {
        for j in 0..=i {
            let sum = dot(&lower[i * d..i * d + j], &lower[j * d..j * d + j]);
            let left = matrix[i * d + j] - sum;
            if i == j {
                if left <= 0.0 || !left.is_finite() {
                    return None;
                }
                lower[i * d + i] = left.sqrt();
            } else {
                lower[i * d + j] = left / lower[j * d + j];
            }
        }
    }
    Some(lower)
}
