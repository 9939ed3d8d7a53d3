//! What training does to a model beside what it is for.

use autodidact_core::Result;
use autodidact_lm::{Lm, Scorer};
use autodidact_math::Row;

/// How far a model has moved from where it began, on rows that nothing learns from.
#[derive(Clone, Debug)]
pub struct Drift {
    rows: Vec<Row>,
    /// The base's log-probability of every target of non-zero weight.
    base: Vec<f64>,
}

impl Drift {
    /// Keeps what `base` says of `rows`; weights say only which targets count.
    pub fn of(base: &Lm, rows: Vec<Row>) -> Result<Drift> {
        let base = logprobs(base, &rows)?;
        Ok(Drift { rows, base })
    }

    /// The mean over targets of the base's log-probability minus the model's, in nats.
    ///
    /// On rows that the base sampled this estimates the divergence KL(base || model); on other text it is the
    /// rise of the loss. Not a number without targets.
    pub fn kl(&self, lm: &Lm) -> Result<f64> {
        let now = logprobs(lm, &self.rows)?;
        let sum: f64 = self.base.iter().zip(&now).map(|(base, now)| base - now).sum();
        Ok(sum / self.base.len() as f64)
    }
}

fn logprobs(lm: &Lm, rows: &[Row]) -> Result<Vec<f64>> {
    let scored = Scorer::new(lm.model()).score(rows)?;
    let targets = |(row, scored): (&Row, autodidact_math::Scored)| -> Vec<f64> {
        let counted = row.weight.iter().zip(scored.logprob).filter(|(weight, _)| **weight != 0.0);
        counted.map(|(_, logprob)| f64::from(logprob)).collect()
    };
    Ok(rows.iter().zip(scored).flat_map(targets).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ModelConfig, Shape};

    #[test]
    fn a_model_that_has_not_moved_has_no_drift_and_one_that_has_has_some() {
        let shape = Shape { hidden_size: 16, heads: 2, kv_heads: 1, layers: 1, ..Shape::default() };
        let lm = ModelConfig::Random { shape, seed: 1 }.open(|| unreachable!("it is random")).expect("opens");
        let row = Row { tokens: vec![256, 65, 66, 67], weight: vec![0.0, 1.0, 1.0] };
        let drift = Drift::of(&lm, vec![row.clone(), row]).expect("scores");
        assert_eq!(drift.kl(&lm).expect("scores"), 0.0);
        let id = 67 * 16;
        lm.model().update(|weights| weights[id..id + 16].iter_mut().for_each(|weight| *weight += 0.5));
        assert!(drift.kl(&lm).expect("scores").abs() > 1e-3);
    }
}
