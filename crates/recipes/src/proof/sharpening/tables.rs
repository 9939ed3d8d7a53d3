//! Part one: sampling against closed forms, and adaptive against fixed numbers of draws.
//!
//! 200 prompts have 50 responses each, drawn from Dirichlet laws whose concentration differs from prompt to
//! prompt, so that some prompts are easy and some are hard. Fine-tuning by counting on one best-of-N a
//! prompt is right on a prompt exactly where the likeliest response was drawn.

use super::super::{Chart, Line, ProofOptions, ProofReport, Scale, Table, between};
use super::shown;
use autodidact_core::{Error, Result, Rng, Seed};
use autodidact_math::sharpening::law::{best_of, dirichlet, logs, miss};
use autodidact_math::sharpening::{Patience, coverage};
use autodidact_math::summary::mean;
use rand::Rng as _;

const TRIES: [u32; 6] = [1, 2, 5, 10, 25, 50];
const RESPONSES: usize = 50;
/// The share of prompts that may be wrong where fixed and adaptive numbers of draws are compared.
const EPSILON: f64 = 0.02;
/// Chances of failure that the adaptive rule is tried with.
const DELTAS: [f64; 12] = [0.9, 0.7, 0.5, 0.35, 0.25, 0.18, 0.13, 0.09, 0.06, 0.04, 0.02, 0.01];
/// Where sampling a prompt is given up.
const MOST: u32 = 100_000;

/// What is measured with one seed.
struct Outcome {
    /// By N: the error of counting, and the closed form.
    errors: Vec<(f64, f64)>,
    /// By N: the largest difference between a rank's frequency and its law.
    laws: Vec<f64>,
    /// Draws a prompt at which a share [`EPSILON`] is wrong: fixed and adaptive.
    needed: (f64, f64),
    /// The same where all prompts are alike.
    alike: (f64, f64),
    coverage: f64,
}

pub(super) fn add(report: &mut ProofReport, options: &ProofOptions<'_>) -> Result<()> {
    let (prompts, repeats) = match options.scale {
        Scale::Full => (200, 400),
        Scale::Quick => (40, 20),
    };
    let mut outcomes = Vec::new();
    for &seed in &options.seeds {
        if options.stop.requested() {
            return Err(Error::Interrupted);
        }
        outcomes.push(measure(Seed::root(seed).at("tables", 0), prompts, repeats));
    }
    let all = |value: &dyn Fn(&Outcome) -> f64| outcomes.iter().map(value).collect::<Vec<f64>>();
    let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);

    let mut table = Table::of(
        "Table: P[fit(y*) <= 1/2] of counting on best-of-N, 200 prompts of 50 responses",
        &["N", "measured", "mean (1 - p)^N", "largest error of a rank's frequency"],
    );
    for (i, n) in TRIES.iter().enumerate() {
        table.push([
            n.to_string(),
            shown(&all(&|one| one.errors[i].0), 4),
            shown(&all(&|one| one.errors[i].1), 4),
            shown(&all(&|one| one.laws[i]), 4),
        ]);
    }
    report.tables.push(table);

    let mut table = Table::of(
        "Table: draws a prompt until 2 % of the prompts are wrong",
        &["prompts", "fixed N", "adaptive", "adaptive over fixed"],
    );
    for (name, needed) in [("of all kinds", 0), ("all alike", 1)] {
        let pick = |one: &Outcome| if needed == 0 { one.needed } else { one.alike };
        table.push([
            name.to_owned(),
            shown(&all(&|one| pick(one).0), 1),
            shown(&all(&|one| pick(one).1), 1),
            shown(&all(&|one| pick(one).1 / pick(one).0), 3),
        ]);
    }
    report.tables.push(table);

    let mut chart = Chart::of("Prompts that counting on best-of-N gets wrong", "N", "share of prompts");
    for (name, closed) in [("measured", false), ("mean (1 - p)^N", true)] {
        let pick = |one: &Outcome, i: usize| if closed { one.errors[i].1 } else { one.errors[i].0 };
        let point =
            |(i, n): (usize, &u32)| (f64::from(*n), mean(&all(&|one| pick(one, i))).unwrap_or(f64::NAN));
        chart
            .lines
            .push(Line { name: name.to_owned(), points: TRIES.iter().enumerate().map(point).collect() });
    }
    report.charts.push(chart);

    report.claims.extend([
        between(
            "table: largest difference over N between the error of counting and mean (1 - p)^N",
            &all(&|one| largest(&mut one.errors.iter().map(|(measured, law)| (measured - law).abs()))),
            f64::NEG_INFINITY,
            0.01,
        ),
        between(
            "table: largest difference between the frequency of a rank under best-of-N and its law",
            &all(&|one| largest(&mut one.laws.iter().copied())),
            f64::NEG_INFINITY,
            0.01,
        ),
        between(
            "table: draws at 2 % wrong, adaptive over fixed, prompts of all kinds",
            &all(&|one| one.needed.1 / one.needed.0),
            f64::NEG_INFINITY,
            1.0,
        ),
        between(
            "table: the same where all prompts are alike and runners-up close (control: nothing to adapt to)",
            &all(&|one| one.alike.1 / one.alike.0),
            0.9,
            f64::INFINITY,
        ),
    ]);
    report.notes.push(format!(
        "Table: concentrations are log-uniform between 0.02 and 1, so that the mean of 1 / max p is {}; where \
         all prompts are alike, the likeliest of 50 responses has a probability of 0.2 and four others of 0.19.",
        shown(&all(&|one| one.coverage), 1)
    ));
    Ok(())
}

fn measure(seed: Seed, prompts: usize, repeats: usize) -> Outcome {
    let mut rng = seed.at("prompts", 0).rng();
    let bases: Vec<Vec<f64>> = (0..prompts)
        .map(|_| {
            let concentration: f64 = rng.random_range(0.02f64.ln()..0.0).exp();
            dirichlet(RESPONSES, concentration, &mut rng)
        })
        .collect();
    let mut alike = vec![0.04 / (RESPONSES - 5) as f64; RESPONSES];
    alike[..5].copy_from_slice(&[0.2, 0.19, 0.19, 0.19, 0.19]);
    let alike = vec![alike; prompts];
    let mut rng = seed.at("draws", 0).rng();
    let mut errors = Vec::new();
    let mut laws = Vec::new();
    for n in TRIES {
        let (mut wrong, mut counts, mut law) = (0, vec![0.0; RESPONSES], vec![0.0; RESPONSES]);
        for base in &bases {
            best_of(base, n).iter().enumerate().for_each(|(rank, mass)| law[rank] += mass / prompts as f64);
            for _ in 0..repeats {
                let rank = (0..n).map(|_| draw(base, &mut rng)).min().unwrap_or(0);
                counts[rank] += 1.0 / (prompts * repeats) as f64;
                wrong += usize::from(rank != 0);
            }
        }
        errors.push((wrong as f64 / (prompts * repeats) as f64, mean_miss(&bases, n)));
        laws.push(counts.iter().zip(&law).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max));
    }
    Outcome {
        errors,
        laws,
        needed: (fixed(&bases), adaptive(&bases, repeats / 10, &mut rng)),
        alike: (fixed(&alike), adaptive(&alike, repeats / 10, &mut rng)),
        coverage: coverage::coverage_of_one(&bases),
    }
}

/// The rank of a draw, 0 for the likeliest.
fn draw(law: &[f64], rng: &mut Rng) -> usize {
    let mut left: f64 = rng.random();
    law.iter()
        .position(|mass| {
            left -= mass;
            left < 0.0
        })
        .unwrap_or(law.len() - 1)
}

fn mean_miss(bases: &[Vec<f64>], n: u32) -> f64 {
    bases.iter().map(|base| miss(base[0], n)).sum::<f64>() / bases.len() as f64
}

/// The least N at which a share [`EPSILON`] of the prompts is missed, exactly.
fn fixed(bases: &[Vec<f64>]) -> f64 {
    let (mut low, mut high) = (0, MOST);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if mean_miss(bases, middle) <= EPSILON { high = middle } else { low = middle }
    }
    f64::from(high)
}

/// The mean draws of the adaptive rule at which that share is missed, between the chances of failure tried.
fn adaptive(bases: &[Vec<f64>], repeats: usize, rng: &mut Rng) -> f64 {
    let repeats = repeats.max(1);
    let mut before: Option<(f64, f64)> = None;
    for delta in DELTAS {
        let rule = Patience::of(delta);
        let (mut draws, mut wrong) = (0.0, 0.0);
        for base in bases {
            let known = logs(base);
            for _ in 0..repeats {
                let (mut best, mut k) = (RESPONSES - 1, 0);
                while k < MOST && (k == 0 || !rule.enough(known[best], k)) {
                    best = best.min(draw(base, rng));
                    k += 1;
                }
                draws += f64::from(k);
                wrong += f64::from(u8::from(best != 0));
            }
        }
        let n = (bases.len() * repeats) as f64;
        let now = (draws / n, (wrong / n).max(0.1 / n));
        if now.1 <= EPSILON {
            // In a line between logarithms of the share missed.
            let Some(last) = before else { return now.0 };
            let part = (last.1.ln() - EPSILON.ln()) / (last.1.ln() - now.1.ln());
            return last.0 + part * (now.0 - last.0);
        }
        before = Some(now);
    }
    f64::INFINITY
}
