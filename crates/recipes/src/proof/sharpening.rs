//! The proof of sharpening: its theory on tables, what exploration is for, and a language model that
//! improves by its own likelihood.
//!
//! Three parts. On tables of probabilities, sampling is compared with its closed forms. On a softmax in
//! which one response in a thousand is the likeliest, XPO is compared with what does not explore. A small
//! transformer is trained on sums of four steps until it solves half of them; the best of its answers by
//! its own likelihood, and models fine-tuned on those, are compared with it.

mod arithmetic;
mod curves;
mod separation;
mod tables;

use super::{Claim, Proof, ProofOptions, ProofReport, claim, spread};
use autodidact_core::Result;

/// The proof.
pub const PROOF: Proof = Proof {
    id: "sharpening",
    about: "likelihood alone improves a model: best-of-N, distilled or as a reward, and what exploration adds",
    run,
};

fn run(options: &ProofOptions<'_>) -> Result<ProofReport> {
    let mut report = ProofReport::of(PROOF.id, options);
    tables::add(&mut report, options)?;
    separation::add(&mut report, options)?;
    arithmetic::add(&mut report, options)?;
    Ok(report)
}

/// The claim that the mean of `values` is above `bound`.
fn above(name: impl Into<String>, values: &[f64], bound: f64) -> Claim {
    let mut claim = claim(name, values, bound);
    claim.required = format!("above {bound}");
    claim.met = claim.value.is_finite() && claim.value > bound;
    claim
}

/// The mean over seeds and half the width of its interval.
fn shown(values: &[f64], digits: usize) -> String {
    match spread(values) {
        (value, Some((_, high))) => format!("{value:.digits$} ± {:.digits$}", high - value),
        (value, None) => format!("{value:.digits$}"),
    }
}

#[cfg(test)]
mod tests;
