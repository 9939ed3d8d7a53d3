//! The five-point stencil with constant coefficients on a square grid.

/// A symmetric matrix of `side * side` rows: `diagonal` on its diagonal, `coupling` between neighbours
/// of the grid, whose points are numbered row by row. Outside the grid the solution is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FivePoint {
    /// Points on a side of the grid.
    pub side: usize,
    /// The entry of every point with itself; not 0.
    pub diagonal: f64,
    /// The entry of every point with each of its up to four neighbours.
    pub coupling: f64,
}

impl FivePoint {
    /// Minus the Laplacian times the squared mesh width: 4 and -1.
    pub fn laplacian(side: usize) -> FivePoint {
        FivePoint { side, diagonal: 4.0, coupling: -1.0 }
    }

    /// The same plus `by` times the identity.
    pub fn shifted(self, by: f64) -> FivePoint {
        FivePoint { diagonal: self.diagonal + by, ..self }
    }

    /// Number of rows.
    pub fn size(&self) -> usize {
        self.side * self.side
    }

    /// `out = A x`, both of [`FivePoint::size`] entries.
    pub fn times(&self, x: &[f64], out: &mut [f64]) {
        let n = self.side;
        for (row, out) in out.chunks_exact_mut(n).enumerate() {
            let here = &x[row * n..][..n];
            for (out, x) in out.iter_mut().zip(here) {
                *out = self.diagonal * x;
            }
            let mut neighbours = |from: &[f64], to: std::ops::Range<usize>| {
                for (out, x) in out[to].iter_mut().zip(from) {
                    *out += self.coupling * x;
                }
            };
            neighbours(&here[..n - 1], 1..n);
            neighbours(&here[1..], 0..n - 1);
            if row > 0 {
                neighbours(&x[(row - 1) * n..][..n], 0..n);
            }
            if row + 1 < n {
                neighbours(&x[(row + 1) * n..][..n], 0..n);
            }
        }
    }

    /// `r = b - A x`.
    pub fn residual(&self, x: &[f64], b: &[f64], r: &mut [f64]) {
        self.times(x, r);
        for (r, b) in r.iter_mut().zip(b) {
            *r = b - *r;
        }
    }

    /// The spectral radius of Jacobi's iteration matrix `I - A / diagonal`.
    pub fn jacobi_radius(&self) -> f64 {
        let angle = std::f64::consts::PI / (self.side + 1) as f64;
        (4.0 * self.coupling * angle.cos() / self.diagonal).abs()
    }

    /// The least eigenvalue of a matrix whose coupling is not positive.
    pub fn least_eigenvalue(&self) -> f64 {
        let angle = std::f64::consts::PI / (self.side + 1) as f64;
        self.diagonal + 4.0 * self.coupling * angle.cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_by_hand() {
        // 2 x 2: every point has two neighbours, [4 -1 -1 0] in the first row.
        let a = FivePoint::laplacian(2);
        let mut out = [0.0; 4];
        a.times(&[1.0, 2.0, 3.0, 4.0], &mut out);
        assert_eq!(out, [4.0 - 2.0 - 3.0, 8.0 - 1.0 - 4.0, 12.0 - 1.0 - 4.0, 16.0 - 2.0 - 3.0]);
        let mut r = [0.0; 4];
        a.residual(&[1.0; 4], &[0.0; 4], &mut r);
        assert_eq!(r, [-2.0; 4]);
    }

    #[test]
    fn the_radius_of_jacobi_is_a_cosine() {
        let a = FivePoint::laplacian(10);
        assert!((a.jacobi_radius() - 0.959493).abs() < 1e-6);
        let shifted = a.shifted(-0.15);
        let expect = 4.0 * (std::f64::consts::PI / 11.0).cos() / 3.85;
        assert!((shifted.jacobi_radius() - expect).abs() < 1e-15);
        // 3.85 - 4 * 0.959493: nearly singular.
        assert!((shifted.least_eigenvalue() - 0.012028).abs() < 1e-6);
    }
}
