//! Worlds of tables: thresholds on a line, twenty questions, jokes and those who like them.

use super::Table;
use autodidact_core::{Rng, Seed};
use rand::Rng as _;
use rand_distr::{Distribution, StandardNormal};

/// Finding a threshold among `points` points of a line: points from the threshold on are labelled 1, each
/// label flipped with probability `flip`. A decision is a threshold and loses the share of points on which
/// it labels differently.
pub fn thresholds(points: usize, budget: usize, flip: f64) -> Table {
    let logit = ((1.0 - flip) / flip).ln();
    let row = |z: usize| (0..points).map(|x| if x >= z { logit } else { -logit }).collect::<Vec<f64>>();
    let loss = |z: usize| (0..=points).map(|other| z.abs_diff(other) as f64 / points as f64).collect();
    let mut table =
        Table::new((0..=points).map(row).collect(), (0..=points).map(loss).collect(), budget, true);
    table.unit = 1.0 / points as f64;
    table
}

/// Guessing which of `objects` is meant: chances of yes between 0.05 and 0.95 from a random model of
/// `rank` traits. Questions are asked once; a decision loses 1 unless it names the object.
pub fn twenty_questions(objects: usize, questions: usize, budget: usize, seed: Seed) -> Table {
    let rank = 4;
    let mut rng = seed.at("table", 0).rng();
    let traits = normals(objects, rank, &mut rng);
    let asked = normals(questions, rank, &mut rng);
    let limit = 19f64.ln();
    let logit = |object: &[f64], question: &[f64]| {
        let product: f64 = object.iter().zip(question).map(|(a, b)| a * b).sum();
        (1.2 * product).clamp(-limit, limit)
    };
    let logits = traits.iter().map(|one| asked.iter().map(|q| logit(one, q)).collect()).collect();
    let losses = (0..objects).map(|i| (0..objects).map(|j| f64::from(u8::from(i != j))).collect()).collect();
    Table::new(logits, losses, budget, false)
}

/// Recommending one of `jokes` to one of `users`, who come from three clusters of taste. A question shows a
/// joke and hears whether it is liked; a decision loses the best joke's chance of being liked less its own.
pub fn jokes(users: usize, jokes: usize, budget: usize, seed: Seed) -> Table {
    let mut rng = seed.at("table", 0).rng();
    let clusters = normals(3, jokes, &mut rng);
    let logits: Vec<Vec<f64>> = (0..users)
        .map(|_| {
            let cluster = &clusters[rng.random_range(0..3)];
            cluster.iter().map(|centre| centre + 0.8 * normal(&mut rng)).collect()
        })
        .collect();
    let losses = logits.iter().map(|row| {
        let chances: Vec<f64> = row.iter().map(|logit| 1.0 / (1.0 + (-logit).exp())).collect();
        let best = chances.iter().copied().fold(0.0, f64::max);
        chances.iter().map(|chance| best - chance).collect()
    });
    let losses = losses.collect();
    let mut table = Table::new(logits, losses, budget, true);
    table.unit = 0.05;
    table.tolerance = 0.1;
    table
}

fn normal(rng: &mut Rng) -> f64 {
    StandardNormal.sample(rng)
}

fn normals(rows: usize, columns: usize, rng: &mut Rng) -> Vec<Vec<f64>> {
    (0..rows).map(|_| (0..columns).map(|_| normal(rng)).collect()).collect()
}
