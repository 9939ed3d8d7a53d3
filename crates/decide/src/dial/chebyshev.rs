//! ChebCB: of each setting the cost is learned as a smooth function of the context, and settings are drawn
//! by inverse gap weighting of the predictions.
//!
//! The cost of a setting is a row of Chebyshev coefficients, refitted by least squares in a box each
//! time. The box follows from the largest cost K and from how fast costs change with the context
//! (Lip), both estimated on the way; costs are in units of K N, where N bounds the coefficients' sum.
//! A fit needs only sums over the data, so that a round costs the same however many came before.

use super::{Grid, Setting};
use autodidact_core::Rng;
use autodidact_math::bandit::inverse_gap;
use autodidact_math::{box_least_squares, chebyshev};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// The state of ChebCB.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chebyshev {
    grid: Grid,
    low: f64,
    high: f64,
    settings: Vec<Fit>,
    features: usize,
    /// K, the largest cost so far, and the least.
    most: f64,
    least: f64,
    /// K N, the unit of the losses.
    unit: f64,
    /// The weight of the gaps.
    eta: f64,
    told: u64,
    /// Sums over rounds of prediction^2, prediction * cost and cost^2; predictions are in the unit of
    /// their time, costs plain.
    predicted: f64,
    crossed: f64,
    squared: f64,
}

/// One setting's data as sums, and its coefficients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Fit {
    gram: Vec<f64>,
    /// Sums of features times (cost - 1), and of (cost - 1)^2.
    moment: Vec<f64>,
    squares: f64,
    coefficients: Vec<f64>,
}

impl Chebyshev {
    /// Nothing learned yet; contexts are expected between `range.0` and `range.1`. The released code has
    /// 6 features.
    pub fn new(grid: Grid, features: u32, range: (f64, f64)) -> Chebyshev {
        let m = features.max(1) as usize;
        let fit =
            Fit { gram: vec![0.0; m * m], moment: vec![0.0; m], squares: 0.0, coefficients: vec![0.0; m] };
        Chebyshev {
            grid,
            low: range.0,
            high: range.1,
            settings: vec![fit; grid.points as usize],
            features: m,
            most: 0.0,
            least: f64::INFINITY,
            unit: 0.0,
            eta: 0.0,
            told: 0,
            predicted: 0.0,
            crossed: 0.0,
            squared: 0.0,
        }
    }

    fn features(&self, context: f64) -> Vec<f64> {
        let x = 2.0 * (context - self.low) / (self.high - self.low) - 1.0;
        chebyshev::features(x.clamp(-1.0, 1.0), self.features)
    }

    /// Draws a setting.
    pub fn ask(&self, context: f64, rng: &mut Rng) -> Setting {
        let features = self.features(context);
        let costs: Vec<f64> = self.settings.iter().map(|fit| dot(&fit.coefficients, &features)).collect();
        self.grid.draw(&inverse_gap::probabilities(&costs, self.eta), rng)
    }

    /// Takes note of what a setting cost in a context, at least 1.
    pub fn tell(&mut self, context: f64, setting: &Setting, cost: f64) {
        let Some(step) = setting.step.map(|step| step as usize).filter(|step| *step < self.settings.len())
        else {
            return;
        };
        let features = self.features(context);
        let prediction = dot(&self.settings[step].coefficients, &features);
        self.settings[step].add(&features, cost - 1.0);
        self.told += 1;
        self.predicted += prediction * prediction;
        self.crossed += prediction * cost;
        self.squared += cost * cost;
        self.most = self.most.max(cost);
        self.least = self.least.min(cost);

        let m = self.features as f64;
        // (b - a) Lip
        let rise = self.most - self.least;
        let sum_bound = 2.0 + 4.0 * rise / self.most * (1.0 + m.ln());
        let unit = self.most * sum_bound;
        let rescaled = unit != self.unit;
        self.unit = unit;
        let bound = |j: usize| if j == 0 { 1.0 / sum_bound } else { 2.0 * rise / (unit * j as f64) };
        let bounds: Vec<f64> = (0..self.features).map(bound).collect();
        // The residual of the last fit that met its box, as in the released code.
        let mut residual = 0.0;
        for (index, fit) in self.settings.iter_mut().enumerate() {
            if (rescaled && fit.squares > 0.0) || index == step {
                residual = fit.refit(unit, &bounds).unwrap_or(residual);
            }
        }
        self.eta = self.gap_weight(rise, residual);
    }

    /// eta for the next round: it grows with time, and the faster the better costs are predicted.
    fn gap_weight(&self, rise: f64, residual: f64) -> f64 {
        let (m, t, d) = (self.features as f64, self.told as f64, self.settings.len() as f64);
        // How far a function of that slope can be from its truncated expansion.
        let alpha = (PI + 2.0 / PI * (2.0 * m + 1.0).ln()) * rise / (2.0 * self.unit * (m + 1.0));
        let errors = self.predicted - 2.0 * self.crossed / self.unit + self.squared / (self.unit * self.unit);
        let regret = errors - residual + 2.0 * alpha * alpha * t;
        // Where nothing was ever mispredicted the greedy choice is right.
        if regret > 0.0 { 2.0 * t * (d * t / regret).sqrt() } else { f64::MAX }
    }
}

impl Fit {
    fn add(&mut self, features: &[f64], loss: f64) {
        let m = features.len();
        for j in 0..m {
            self.moment[j] += features[j] * loss;
            for k in 0..m {
                self.gram[j * m + k] += features[j] * features[k];
            }
        }
        self.squares += loss * loss;
    }

    /// Fits the coefficients in `unit`s; returns the sum of squared residuals where the box was met.
    fn refit(&mut self, unit: f64, bounds: &[f64]) -> Option<f64> {
        let m = self.moment.len();
        let moment: Vec<f64> = self.moment.iter().map(|sum| sum / unit).collect();
        self.coefficients = box_least_squares::fit(&self.gram, &moment, bounds);
        let theta = &self.coefficients;
        let met = theta.iter().zip(bounds).any(|(theta, bound)| theta.abs() >= *bound);
        met.then(|| {
            let square: f64 = (0..m).map(|j| theta[j] * dot(&self.gram[j * m..][..m], theta)).sum();
            let loss = square - 2.0 * dot(theta, &moment) + self.squares / (unit * unit);
            loss.max(0.0)
        })
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Seed;

    #[test]
    fn the_first_draw_is_even() {
        let learner = Chebyshev::new(Grid::default(), 6, (0.0, 1.0));
        let mut counts = [0u32; 20];
        for t in 0..4000 {
            let setting = learner.ask(0.3, &mut Seed::root(2).at("draw", t).rng());
            assert!((setting.chance - 0.05).abs() < 1e-12);
            counts[setting.step.expect("on the grid") as usize] += 1;
        }
        assert!(counts.iter().all(|count| (120..=290).contains(count)), "{counts:?}");
    }

    #[test]
    fn it_learns_which_setting_is_cheap_in_which_context() {
        // Cost 10 + 100 |context - value|: the best setting is the context itself.
        let grid = Grid { low: 0.0, high: 1.0, points: 5 };
        let mut learner = Chebyshev::new(grid, 6, (0.0, 1.0));
        let context = |t: u64| (t as f64 * 0.618_033_988_75).fract();
        let (mut late, mut n) = (0.0, 0.0);
        for t in 0..4000 {
            let setting = learner.ask(context(t), &mut Seed::root(3).at("draw", t).rng());
            let cost = 10.0 + 100.0 * (context(t) - setting.value).abs();
            learner.tell(context(t), &setting, cost);
            if t >= 3000 {
                late += cost - 10.0;
                n += 1.0;
            }
        }
        // Chosen evenly it would be about 40, at best 100 / 16 = 6.25.
        assert!(late / n < 12.0, "{}", late / n);
    }

    #[test]
    fn the_sums_give_what_the_data_would() {
        let mut learner = Chebyshev::new(Grid::default(), 3, (0.0, 1.0));
        let mut seen = Vec::new();
        for t in 0..200u64 {
            let context = (t as f64 * 0.37).fract();
            let setting = learner.ask(context, &mut Seed::root(4).at("draw", t).rng());
            let step = setting.step.expect("on the grid") as usize;
            let prediction = dot(&learner.settings[step].coefficients, &learner.features(context));
            let cost = 20.0 + (t * 31 % 17) as f64;
            seen.push((prediction, cost));
            learner.tell(context, &setting, cost);
        }
        let direct: f64 = seen.iter().map(|(p, cost)| (p - cost / learner.unit).powi(2)).sum();
        let sums =
            learner.predicted - 2.0 * learner.crossed / learner.unit + learner.squared / learner.unit.powi(2);
        assert!((direct - sums).abs() < 1e-9 * direct, "{direct} and {sums}");
    }
}
