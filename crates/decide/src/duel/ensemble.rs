//! Double Thompson sampling over an ensemble: each member learns from the steps it happens to get.
//!
//! All members begin as copies of one network and are pulled back to it. A step trains one member, drawn
//! at random, on one batch; a candidate is the favourite of one member, drawn at random.

use super::fit::Batch;
use super::{Answered, FitConfig};
use autodidact_core::Seed;
use autodidact_nets::{Adam, AdamConfig, Mlp, Tape};
use rand::Rng as _;

/// Answers a step trains on, where there are as many.
const BATCH: usize = 32;

/// The members' parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Ensemble {
    /// One vector a member.
    pub members: Vec<Vec<f64>>,
}

impl Ensemble {
    /// Trains `members` copies of `start` on `answers`: `config.steps` passes over them, with
    /// `lambda * ||member - start||^2` added to the loss.
    pub fn fit(
        net: &Mlp,
        start: &[f64],
        members: usize,
        embeddings: &[Vec<f64>],
        answers: &[Answered],
        (config, lambda): (&FitConfig, f64),
        seed: Seed,
    ) -> Ensemble {
        let mut trained = vec![start.to_vec(); members];
        let adam = AdamConfig { lr: config.lr, ..AdamConfig::default() };
        let mut adams = vec![Adam::new(net.len(), adam); members];
        let mut rng = seed.rng();
        let lambda = lambda * (BATCH as f64 / answers.len().max(1) as f64).min(1.0);
        let batches: Vec<Batch> = batches(answers).iter().map(|part| Batch::of(embeddings, part)).collect();
        let (mut tape, mut gradient) = (Tape::default(), vec![0.0; net.len()]);
        for _ in 0..config.steps {
            for batch in &batches {
                let member = rng.random_range(0..members);
                let parameters = &mut trained[member];
                for ((pull, now), then) in gradient.iter_mut().zip(&*parameters).zip(start) {
                    *pull = 2.0 * lambda * (now - then);
                }
                batch.gradient(net, parameters, &mut tape, &mut gradient);
                adams[member].step(parameters, &gradient);
            }
        }
        Ensemble { members: trained }
    }
}

/// Stretches of 32 answers, the rest in the last; all of them in one where there are fewer.
fn batches(answers: &[Answered]) -> Vec<&[Answered]> {
    if answers.is_empty() {
        return Vec::new();
    }
    let n = (answers.len() / BATCH).max(1);
    (0..n)
        .map(|i| if i + 1 < n { &answers[i * BATCH..(i + 1) * BATCH] } else { &answers[i * BATCH..] })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::Pair;
    use super::*;

    #[test]
    fn the_rest_of_the_answers_joins_the_last_batch() {
        let answers = vec![Answered { pair: Pair { first: 0, second: 1 }, first_won: true }; 70];
        let sizes = |n: usize| batches(&answers[..n]).iter().map(|part| part.len()).collect::<Vec<_>>();
        assert_eq!((sizes(70), sizes(31), sizes(64)), (vec![32, 38], vec![31], vec![32, 32]));
        assert!(sizes(0).is_empty());
    }
}
