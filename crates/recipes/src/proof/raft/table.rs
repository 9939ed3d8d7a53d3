//! The power law, exact and sampled.

use super::tabular::{Table, distance};
use crate::proof::{Chart, ProofOptions, ProofReport, between};
use autodidact_core::Seed;
use autodidact_math::order::cdf_after;

/// Answers on the table.
const ANSWERS: usize = 64;
/// Tries a prompt.
const TRIES: u32 = 4;
/// Prompts of the sampled version.
const PROMPTS: usize = 2048;
/// Rounds.
const ROUNDS: u32 = 3;

/// Above this, one distribution function of 2,048 draws differs from the true one once in 1,000 times
/// (Kolmogorov: 1.95 / sqrt(n)).
const SAMPLING_ERROR: f64 = 0.0431;

/// Adds the claims on the power law.
pub fn show(options: &ProofOptions<'_>, report: &mut ProofReport) {
    let (mut exact_gaps, mut sampled_gaps) = (Vec::new(), Vec::new());
    let mut chart =
        Chart::of("reward distribution on a table, K = 4", "answer by reward", "share at most as good");
    for &seed in &options.seeds {
        let first = Table::random(ANSWERS, Seed::root(seed).at("table", 0));
        let before = first.distribution();
        let mut rng = Seed::root(seed).at("table draws", 0).rng();
        let (mut exact, mut sampled) = (first.clone(), first);
        let (mut exact_gap, mut sampled_gap) = (0.0f64, 0.0f64);
        for round in 1..=ROUNDS {
            exact = exact.after(TRIES);
            let law: Vec<f64> = before.iter().map(|&cdf| cdf_after(cdf, TRIES, round)).collect();
            exact_gap = exact_gap.max(distance(&exact.distribution(), &law));

            // Where this round's own start would lead without sampling error.
            let expect = sampled.after(TRIES).distribution();
            sampled = sampled.sampled_after(TRIES, PROMPTS, &mut rng);
            sampled_gap = sampled_gap.max(distance(&sampled.distribution(), &expect));
            if seed == options.seeds[0] {
                chart.push(&format!("exact, round {round}"), 0, &exact.distribution());
                chart.push(&format!("sampled, round {round}"), 0, &sampled.distribution());
            }
        }
        exact_gaps.push(exact_gap);
        sampled_gaps.push(sampled_gap);
    }
    report.claims.push(between(
        "largest gap between the exact rounds on a table and F^(K^t)",
        &exact_gaps,
        f64::NEG_INFINITY,
        1e-12,
    ));
    report.claims.push(between(
        "largest gap between a sampled round (b = 2048) and the K-th power of its start",
        &sampled_gaps,
        f64::NEG_INFINITY,
        SAMPLING_ERROR,
    ));
    report.charts.push(chart);
}
