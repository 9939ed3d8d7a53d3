//! Context-Semi-Bandit-FTPL over thresholds on a line: each round follows the leader of a freshly perturbed
//! past, and needs no more of the class than an oracle that finds the best rule for weighted samples.
//!
//! The line of scores `x + direction g` is cut into cells, and rules accept from some cell on. One sample in
//! each cell tells all rules apart: these are the separators, and a round's perturbation gives each of them
//! a random cost. The oracle is exact: one pass of suffix sums over the cells.

use super::{Decision, Feedback, Labels, Person};
use autodidact_core::{Rng, Seed};
use autodidact_math::bandit::one_sided;
use rand::Rng as _;
use serde::{Deserialize, Serialize};

/// The scores that are told apart; those outside belong to the first or the last cell.
const RANGE: (f64, f64) = (-0.25, 1.25);

/// The state: what accepting the people of each cell has cost more than rejecting them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ftpl {
    direction: f64,
    costs: Vec<f64>,
    perturbation: Perturbation,
    weight: f64,
    labels: Labels,
    redraws: u32,
    cap: u32,
}

/// The random cost that each separator gets.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Perturbation {
    /// Two-sided exponential with this scale.
    Laplace {
        /// The mean size.
        scale: f64,
    },
    /// Even between minus this and this.
    Uniform {
        /// The largest size.
        scale: f64,
    },
}

impl Perturbation {
    fn draw(&self, rng: &mut Rng) -> f64 {
        match self {
            Perturbation::Laplace { scale } => {
                // From 1 - u in (0, 1], whose logarithm is finite.
                let size = -(1.0 - rng.random::<f64>()).ln() * scale;
                if rng.random() { size } else { -size }
            }
            Perturbation::Uniform { scale } => scale * (2.0 * rng.random::<f64>() - 1.0),
        }
    }
}

impl Ftpl {
    /// Nothing learned yet: `cells` separators on the line of `x + direction g`, `weight` (C) on a reported
    /// pair, `redraws` (R) of the policy for the panel to see, at most `cap` (M) in estimating a chance.
    pub fn new(
        direction: f64,
        cells: u32,
        perturbation: Perturbation,
        weight: f64,
        labels: Labels,
        (redraws, cap): (u32, u32),
    ) -> Ftpl {
        Ftpl { direction, costs: vec![0.0; cells as usize], perturbation, weight, labels, redraws, cap }
    }

    fn cell(&self, person: &Person) -> usize {
        let share = (person.x + self.direction * person.g - RANGE.0) / (RANGE.1 - RANGE.0);
        ((share * self.costs.len() as f64).max(0.0) as usize).min(self.costs.len() - 1)
    }

    /// The first cell that the leader of a freshly perturbed past accepts.
    fn leader(&self, rng: &mut Rng) -> usize {
        let noisy: Vec<f64> = self.costs.iter().map(|cost| cost + self.perturbation.draw(rng)).collect();
        oracle(&noisy)
    }

    /// The leader's decisions, with chances of acceptance counted over redraws.
    pub fn decide(&self, people: &[Person], rng: &mut Rng) -> Decision {
        let cells: Vec<usize> = people.iter().map(|person| self.cell(person)).collect();
        let leader = self.leader(rng);
        let mut counts = vec![0u32; cells.len()];
        for _ in 0..self.redraws {
            let other = self.leader(rng);
            cells.iter().zip(&mut counts).for_each(|(cell, count)| *count += u32::from(*cell >= other));
        }
        let chance = counts.iter().map(|count| f64::from(*count) / f64::from(self.redraws)).collect();
        Decision { accept: cells.iter().map(|cell| *cell >= leader).collect(), chance }
    }

    /// Adds a round's estimated costs; the redraws of the estimate come from `seed`.
    pub fn learn(&mut self, people: &[Person], decision: &Decision, feedback: &Feedback, seed: Seed) {
        let cells: Vec<usize> = people.iter().map(|person| self.cell(person)).collect();
        let counts = match self.labels {
            Labels::All => vec![1; cells.len()],
            Labels::OneSided => self.resample(&cells, &decision.accept, &mut seed.rng()),
        };
        for ((cell, label), count) in cells.iter().zip(&feedback.labels).zip(counts) {
            self.costs[*cell] += one_sided::accept_estimate(*label, 1.0 / f64::from(count));
        }
        if let Some((favoured, slighted)) = feedback.report {
            self.costs[cells[favoured]] += 0.5 * self.weight;
            self.costs[cells[slighted]] -= 0.5 * self.weight;
        }
    }

    /// Geometric resampling: for each accepted person, how many fresh draws it takes until one accepts the
    /// person again, at most `cap`. With a chance of p its mean is `(1 - (1 - p)^cap) / p` (Neu and Bartok
    /// 2013). All people share the draws, which leaves each count's distribution as it is.
    fn resample(&self, cells: &[usize], accepted: &[bool], rng: &mut Rng) -> Vec<u32> {
        let mut counts = vec![self.cap; cells.len()];
        let mut open: Vec<usize> = (0..cells.len()).filter(|i| accepted[*i]).collect();
        for draw in 1..=self.cap {
            if open.is_empty() {
                break;
            }
            let leader = self.leader(rng);
            open.retain(|i| {
                let again = cells[*i] >= leader;
                if again {
                    counts[*i] = draw;
                }
                !again
            });
        }
        counts
    }
}

/// The first cell to accept such that accepting all from there on costs least: a number from 0 to the
/// number of cells, where nothing is accepted; of equals the one that accepts least.
fn oracle(costs: &[f64]) -> usize {
    let (mut best, mut least, mut sum) = (costs.len(), 0.0, 0.0);
    for (cell, cost) in costs.iter().enumerate().rev() {
        sum += cost;
        if sum < least {
            (best, least) = (cell, sum);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LAPLACE: Perturbation = Perturbation::Laplace { scale: 3.0 };

    fn learner(weight: f64, perturbation: Perturbation) -> Ftpl {
        Ftpl::new(0.5, 30, perturbation, weight, Labels::OneSided, (50, 100))
    }

    proptest! {
        #[test]
        fn the_oracle_is_exact(costs in prop::collection::vec(-5.0..5.0f64, 1..40)) {
            let total = |first: usize| costs[first..].iter().sum::<f64>();
            let found = oracle(&costs);
            for first in 0..=costs.len() {
                prop_assert!(total(found) <= total(first) + 1e-9);
            }
        }
    }

    #[test]
    fn resampling_counts_as_its_formula_says() {
        let mut learner = learner(0.0, LAPLACE);
        learner.costs = (0..30).map(|i| 1.0 - 0.05 * f64::from(i)).collect();
        let mut rng = Seed::root(1).rng();
        for cell in [4, 15, 25] {
            let n = 20_000;
            let accepted = (0..n).filter(|_| cell >= learner.leader(&mut rng)).count();
            let p = accepted as f64 / f64::from(n);
            learner.cap = 5;
            let counted: u32 = (0..n).map(|_| learner.resample(&[cell], &[true], &mut rng)[0]).sum();
            let expect = (1.0 - (1.0 - p).powi(5)) / p;
            let found = f64::from(counted) / f64::from(n);
            assert!((found - expect).abs() < 0.06, "p = {p}: {found} is not {expect}");
        }
    }

    #[test]
    fn chances_seen_are_chances_had() {
        for perturbation in [LAPLACE, Perturbation::Uniform { scale: 6.0 }] {
            let mut learner = learner(0.0, perturbation);
            learner.costs = (0..30).map(|i| 1.0 - 0.08 * f64::from(i)).collect();
            learner.redraws = 4000;
            let people = [Person { x: 0.2, g: 0.5 }, Person { x: 0.9, g: -0.5 }];
            let mut rng = Seed::root(2).rng();
            let seen = learner.decide(&people, &mut rng).chance;
            learner.redraws = 1;
            for (i, seen) in seen.iter().enumerate() {
                let had =
                    (0..4000).filter(|_| learner.decide(&people, &mut rng).accept[i]).count() as f64 / 4000.0;
                assert!((seen - had).abs() < 0.05, "{seen} is not {had}");
            }
        }
    }

    #[test]
    fn a_report_pushes_the_pair_together() {
        let mut learner = learner(4.0, LAPLACE);
        let people = [Person { x: 0.6, g: 0.5 }, Person { x: 0.6, g: -0.5 }];
        let decision = Decision { accept: vec![false; 2], chance: vec![0.9, 0.1] };
        let feedback = Feedback { labels: vec![None; 2], report: Some((0, 1)) };
        learner.learn(&people, &decision, &feedback, Seed::root(0));
        // Half of C each way, beside the 1/2 that rejecting costs: -1/2 + 2 and -1/2 - 2.
        assert_eq!(learner.costs[learner.cell(&people[0])], 1.5);
        assert_eq!(learner.costs[learner.cell(&people[1])], -2.5);
    }
}
