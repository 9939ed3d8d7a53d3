//! Linear systems of the five-point stencil and the solvers that have a parameter to tune.
//!
//! Relaxation methods solve `A x = b` by sweeps; how many they need depends steeply on the factor
//! omega. [`sor`] and [`ssor`] count sweeps, [`young`] says what theory expects of them, and
//! [`FivePoint`] is the matrix, which is nothing but two numbers on a square grid.

mod five_point;
mod lanes;
pub mod sor;
pub mod ssor;
pub mod young;

pub use five_point::FivePoint;

/// When a solver ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop {
    /// It ends once the norm of the residual is below this times the norm that it is compared with.
    pub tolerance: f64,
    /// It ends after so many iterations, solved or not.
    pub limit: u32,
}
