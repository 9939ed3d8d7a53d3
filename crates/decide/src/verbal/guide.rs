//! The numbers of an algorithm, worked out from a trajectory: what it would add for exploring an arm,
//! and what it thinks the arm pays.

use super::history::Step;
use nalgebra::{DMatrix, DVector};

/// What an algorithm says of one arm; it would choose the arm with the largest sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guide {
    /// The exploration bonus, infinite for an arm that UCB has not pulled.
    pub bonus: f64,
    /// The exploitation value; 0 for an arm that was not pulled.
    pub value: f64,
}

/// The same, with how often the arm was pulled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counted {
    /// How often.
    pub pulls: u64,
    /// The numbers.
    pub guide: Guide,
}

/// UCB's numbers after these steps, one an arm: bonus `sqrt(alpha ln t / n)`, t being all pulls so far,
/// those that replaced an unreadable answer included; value the mean.
pub fn ucb_guide(steps: &[Step], arms: usize, alpha: f64) -> Vec<Counted> {
    let mut sums = vec![(0u64, 0.0); arms];
    for step in steps {
        if let Some((n, sum)) = sums.get_mut(step.arm as usize) {
            *n += 1;
            *sum += step.reward;
        }
    }
    let log = (steps.len() as f64).ln();
    let of_arm = |&(pulls, sum): &(u64, f64)| {
        let n = pulls as f64;
        let guide = match pulls {
            0 => Guide { bonus: f64::INFINITY, value: 0.0 },
            _ => Guide { bonus: (alpha * log / n).sqrt(), value: sum / n },
        };
        Counted { pulls, guide }
    };
    sums.iter().map(of_arm).collect()
}

/// LinUCB with one model an arm, as a guide: `A = I + sum x x'`, `theta = A^-1 sum r x`.
pub struct LinearGuide {
    alpha: f64,
    models: Vec<Model>,
}

struct Model {
    inverse: DMatrix<f64>,
    target: DVector<f64>,
}

impl LinearGuide {
    /// A guide that was told nothing.
    pub fn of(arms: usize, features: usize, alpha: f64) -> LinearGuide {
        let model =
            |_| Model { inverse: DMatrix::identity(features, features), target: DVector::zeros(features) };
        LinearGuide { alpha, models: (0..arms).map(model).collect() }
    }

    /// Learns from a step. Steps of other arms or lengths are passed over.
    pub fn tell(&mut self, step: &Step) {
        let Some(model) = self.models.get_mut(step.arm as usize) else { return };
        if step.features.len() != model.target.len() {
            return;
        }
        let x = DVector::from_column_slice(&step.features);
        let ax = &model.inverse * &x;
        // Sherman and Morrison: (A + x x')^-1 = A^-1 - A^-1 x x' A^-1 / (1 + x' A^-1 x).
        let scale = 1.0 + x.dot(&ax);
        model.inverse -= &ax * ax.transpose() / scale;
        model.target += x * step.reward;
    }

    /// The numbers for this context, one an arm: bonus `alpha sqrt(x' A^-1 x)`, value `theta' x`.
    pub fn all(&self, features: &[f64]) -> Vec<Guide> {
        let x = DVector::from_column_slice(features);
        let of_arm = |model: &Model| {
            if x.len() != model.target.len() {
                return Guide { bonus: f64::INFINITY, value: 0.0 };
            }
            let ax = &model.inverse * &x;
            Guide { bonus: self.alpha * x.dot(&ax).max(0.0).sqrt(), value: ax.dot(&model.target) }
        };
        self.models.iter().map(of_arm).collect()
    }
}
