//! Finite Markov decision processes with features: exact plans, episodes, a chain and random linear ones.

mod chain;
mod linear;
mod model;

pub use chain::Chain;
pub use linear::RandomLinear;
pub use model::{Mdp, Plan, Run, Space};

/// The index that the uniform number `u` in [0, 1) picks from shares that sum to 1.
pub(crate) fn drawn(shares: &[f64], mut u: f64) -> usize {
    for (i, share) in shares.iter().enumerate() {
        u -= share;
        if u < 0.0 {
            return i;
        }
    }
    // Rounding can leave a little of u over; the last index with a share is then the one.
    shares.iter().rposition(|share| *share > 0.0).unwrap_or(0)
}
