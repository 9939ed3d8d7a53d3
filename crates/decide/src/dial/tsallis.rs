//! Tsallis-INF on a grid of settings, whatever the context.

use super::{Grid, Setting};
use autodidact_core::Rng;
use autodidact_math::bandit::tsallis;
use serde::{Deserialize, Serialize};

/// The state of Tsallis-INF with a rate of `rate / sqrt(t)` and losses in units of their running mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TsallisInf {
    grid: Grid,
    rate: f64,
    /// Sums of importance-weighted losses, one a setting.
    losses: Vec<f64>,
    /// How often a cost was told, and the sum of what was told.
    told: u64,
    sum: f64,
}

impl TsallisInf {
    /// Nothing learned yet. The paper's rate is 2.
    pub fn new(grid: Grid, rate: f64) -> TsallisInf {
        TsallisInf { grid, rate, losses: vec![0.0; grid.points as usize], told: 0, sum: 0.0 }
    }

    /// The probabilities of the settings now.
    pub fn chances(&self) -> Vec<f64> {
        let mean = self.sum / self.told.max(1) as f64;
        // Before any cost, and where none was ever above the least, there is no unit.
        let unit = if mean > 0.0 { mean } else { 1.0 };
        let eta = self.rate / ((self.told + 1) as f64).sqrt();
        let scaled: Vec<f64> = self.losses.iter().map(|loss| loss / unit).collect();
        tsallis::probabilities(&scaled, eta)
    }

    /// Draws a setting.
    pub fn ask(&self, rng: &mut Rng) -> Setting {
        self.grid.draw(&self.chances(), rng)
    }

    /// Takes note of what a setting cost, at least 1.
    pub fn tell(&mut self, setting: &Setting, cost: f64) {
        let Some(loss) = setting.step.and_then(|step| self.losses.get_mut(step as usize)) else { return };
        // The least that a system costs is one iteration; it is no one's fault.
        *loss += (cost - 1.0) / setting.chance;
        self.told += 1;
        self.sum += cost - 1.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Seed;

    #[test]
    fn it_settles_on_the_cheap_setting_and_its_first_draw_is_even() {
        let grid = Grid { low: 0.0, high: 3.0, points: 4 };
        let mut learner = TsallisInf::new(grid, 2.0);
        assert!(learner.chances().iter().all(|p| (p - 0.25).abs() < 1e-12));
        for t in 0..3000 {
            let setting = learner.ask(&mut Seed::root(5).at("draw", t).rng());
            learner.tell(&setting, if setting.step == Some(2) { 20.0 } else { 60.0 });
        }
        assert!(learner.chances()[2] > 0.9, "{:?}", learner.chances());
    }

    #[test]
    fn only_the_cost_above_one_counts() {
        let mut learner = TsallisInf::new(Grid::default(), 2.0);
        learner.tell(&Setting { value: 1.0, step: Some(0), chance: 0.25 }, 1.0);
        assert!(learner.losses.iter().all(|loss| *loss == 0.0));
        learner.tell(&Setting { value: 1.0, step: Some(0), chance: 0.25 }, 3.0);
        // (3 - 1) / 0.25
        assert_eq!(learner.losses[0], 8.0);
    }
}
