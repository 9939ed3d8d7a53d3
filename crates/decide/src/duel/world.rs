//! A pool of candidates with a hidden worth, and a person who prefers the worthier one, with noise.

use super::{Duel, Pair};
use autodidact_core::{Ask, Error, Judge, Judged, Result, Rng, Seed, Verdict};
use rand::Rng as _;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A synthetic pool.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PoolConfig {
    /// How many candidates, at least 2.
    pub items: u32,
    /// Numbers in an embedding, a random direction each; at least 2.
    pub dim: u32,
    /// How worth depends on the embedding.
    pub worth: Worth,
    /// Worth is standardised over the pool and multiplied by this: how consistent answers are.
    pub magnitude: f64,
}

/// How worth depends on the embedding.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Worth {
    /// Through a random perceptron of one hidden layer of hyperbolic tangents.
    Tanh {
        /// Hidden units.
        hidden: u32,
        /// Standard deviation of the weights into them: how far from linear.
        steepness: f64,
    },
    /// Through a random direction.
    Linear,
}

impl Default for PoolConfig {
    fn default() -> PoolConfig {
        PoolConfig { items: 200, dim: 16, worth: Worth::Tanh { hidden: 32, steepness: 3.0 }, magnitude: 10.0 }
    }
}

/// Candidates and what they are worth.
#[derive(Clone, Debug)]
pub struct Pool {
    /// One embedding a candidate, of length 1.
    pub embeddings: Arc<Vec<Vec<f64>>>,
    /// The hidden worth of each.
    pub worths: Arc<Vec<f64>>,
}

impl PoolConfig {
    /// Fails on settings that cannot be.
    pub fn check(&self) -> Result<()> {
        for (field, found) in [("pool.items", self.items), ("pool.dim", self.dim)] {
            if found < 2 {
                return Err(Error::invalid(field, "at least 2", found));
            }
        }
        if !(self.magnitude > 0.0 && self.magnitude.is_finite()) {
            return Err(Error::invalid("pool.magnitude", "above 0 and finite", self.magnitude));
        }
        match self.worth {
            Worth::Tanh { hidden: 0, .. } => Err(Error::invalid("pool.worth.hidden", "at least 1", 0)),
            Worth::Tanh { steepness, .. } if !(steepness > 0.0 && steepness.is_finite()) => {
                Err(Error::invalid("pool.worth.steepness", "above 0 and finite", steepness))
            }
            _ => Ok(()),
        }
    }

    /// The pool of that seed.
    pub fn open(&self, seed: Seed) -> Result<Pool> {
        self.check()?;
        let dim = self.dim as usize;
        let mut rng = seed.at("embeddings", 0).rng();
        let embeddings: Vec<Vec<f64>> = (0..self.items).map(|_| unit(normals(dim, &mut rng))).collect();
        let mut rng = seed.at("worth", 0).rng();
        let raw: Vec<f64> = match self.worth {
            Worth::Linear => {
                let direction = normals(dim, &mut rng);
                embeddings.iter().map(|x| dot(x, &direction)).collect()
            }
            Worth::Tanh { hidden, steepness } => {
                let units: Vec<(Vec<f64>, f64, f64)> = (0..hidden)
                    .map(|_| (normals(dim, &mut rng), normal(&mut rng), normal(&mut rng)))
                    .collect();
                let through = |x: &[f64], (weights, bias, out): &(Vec<f64>, f64, f64)| {
                    out * (steepness * dot(x, weights) + bias).tanh()
                };
                embeddings.iter().map(|x| units.iter().map(|unit| through(x, unit)).sum()).collect()
            }
        };
        let n = raw.len() as f64;
        let mean = raw.iter().sum::<f64>() / n;
        let sd = (raw.iter().map(|u| (u - mean).powi(2)).sum::<f64>() / n).sqrt();
        let worths = raw.iter().map(|u| self.magnitude * (u - mean) / sd).collect();
        Ok(Pool { embeddings: Arc::new(embeddings), worths: Arc::new(worths) })
    }
}

impl Pool {
    /// How far candidate `id` is from the best: 0 for the best, 1 for one of average worth.
    pub fn regret(&self, id: u32) -> f64 {
        let best = self.worths.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mean = self.worths.iter().sum::<f64>() / self.worths.len() as f64;
        (best - self.worths[id as usize]) / (best - mean)
    }
}

/// Prefers the first of a pair with probability `sigma(worth of the first - worth of the second)`.
#[derive(Clone, Debug)]
pub struct Human {
    worths: Arc<Vec<f64>>,
    seed: Seed,
}

impl Human {
    /// A person to whom candidates are worth that much; chance comes from `seed` and the round.
    pub fn new(worths: Arc<Vec<f64>>, seed: Seed) -> Human {
        Human { worths, seed }
    }

    /// Whether the first of the pair is preferred in that round; `None` for candidates unknown.
    pub fn prefers_first(&self, pair: Pair, round: u64) -> Option<bool> {
        let margin = self.worths.get(pair.first as usize)? - self.worths.get(pair.second as usize)?;
        let chance = autodidact_math::bradley_terry::chance(margin, 1.0);
        Some(self.seed.at("answer", round).rng().random::<f64>() < chance)
    }
}

impl Judge<Duel> for Human {
    fn judge(&self, asks: &[Ask<Duel>], answers: &[Vec<Pair>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, pair| match self.prefers_first(*pair, ask.query.round) {
            Some(first) => Verdict::right(first),
            None => Verdict::error(format!("{pair:?} is not of the pool"), 0.0),
        }))
    }

    fn name(&self) -> String {
        "a simulated person".to_owned()
    }
}

fn normal(rng: &mut Rng) -> f64 {
    StandardNormal.sample(rng)
}

fn normals(n: usize, rng: &mut Rng) -> Vec<f64> {
    (0..n).map(|_| normal(rng)).collect()
}

fn unit(mut x: Vec<f64>) -> Vec<f64> {
    let norm = dot(&x, &x).sqrt();
    x.iter_mut().for_each(|x| *x /= norm);
    x
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worth_is_standardised_and_the_best_has_no_regret() {
        let pool = PoolConfig::default().open(Seed::root(3)).expect("opens");
        let n = pool.worths.len() as f64;
        let mean = pool.worths.iter().sum::<f64>() / n;
        let square = pool.worths.iter().map(|u| u * u).sum::<f64>() / n;
        assert!(mean.abs() < 1e-9 && (square - 100.0).abs() < 1e-9);
        let regrets: Vec<f64> = (0..200).map(|id| pool.regret(id)).collect();
        assert!(regrets.contains(&0.0) && regrets.iter().all(|regret| *regret >= 0.0));
        assert!((regrets.iter().sum::<f64>() / n - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_person_answers_as_the_odds_say_and_the_same_round_alike() {
        let human = Human::new(Arc::new(vec![1.0, 0.0]), Seed::root(1));
        let pair = Pair { first: 0, second: 1 };
        let share = (0..4000).filter(|&round| human.prefers_first(pair, round) == Some(true)).count();
        // sigma(1) = 0.7311, give or take 3 * sqrt(0.73 * 0.27 / 4000) = 0.021.
        assert!((share as f64 / 4000.0 - 0.7311).abs() < 0.021, "{share}");
        assert_eq!(human.prefers_first(pair, 7), human.prefers_first(pair, 7));
        assert_eq!(human.prefers_first(Pair { first: 0, second: 2 }, 0), None);
    }
}
