//! Learning-rate schedules: a warm-up, then a constant, a line or half a cosine.

use serde::{Deserialize, Serialize};

/// The learning rate at each step of a run whose length is known.
///
/// The values are those of transformers' `get_scheduler` with the same arguments.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schedule {
    /// The shape after the warm-up.
    pub shape: Shape,
    /// Steps over which the rate rises in a line from 0.
    pub warmup: u64,
    /// The share of the peak that the shape ends at; in [0, 1].
    pub floor: f64,
}

/// How the rate goes on after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// It stays.
    #[default]
    Constant,
    /// It falls in a line to the floor.
    Linear,
    /// It falls along half a cosine to the floor.
    Cosine,
}

impl Default for Schedule {
    fn default() -> Schedule {
        Schedule { shape: Shape::Constant, warmup: 0, floor: 0.0 }
    }
}

impl Schedule {
    /// The factor on the peak rate at `step` (0 is the first) of `steps`; in [0, 1].
    pub fn factor(&self, step: u64, steps: u64) -> f64 {
        if step < self.warmup {
            return step as f64 / self.warmup as f64;
        }
        let length = steps.saturating_sub(self.warmup).max(1) as f64;
        let done = ((step - self.warmup) as f64 / length).min(1.0);
        let left = match self.shape {
            Shape::Constant => 1.0,
            Shape::Linear => 1.0 - done,
            Shape::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * done).cos()),
        };
        self.floor + (1.0 - self.floor) * left
    }

    /// The learning rate at `step` (0 is the first) of `steps`.
    pub fn rate(&self, peak: f64, step: u64, steps: u64) -> f64 {
        peak * self.factor(step, steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(shape: Shape, warmup: u64, floor: f64, expect: &[f64]) {
        let schedule = Schedule { shape, warmup, floor };
        let steps = expect.len() as u64 - 1;
        for (step, &expect) in expect.iter().enumerate() {
            let found = schedule.factor(step as u64, steps);
            assert!((found - expect).abs() < 1e-12, "{shape:?} at {step}: {found}, not {expect}");
        }
    }

    #[test]
    fn the_rate_warms_up_in_a_line_and_then_follows_the_shape() {
        check(Shape::Constant, 2, 0.0, &[0.0, 0.5, 1.0, 1.0, 1.0]);
        check(Shape::Linear, 2, 0.0, &[0.0, 0.5, 1.0, 0.75, 0.5, 0.25, 0.0]);
        check(Shape::Linear, 0, 0.5, &[1.0, 0.75, 0.5]);
        check(Shape::Cosine, 0, 0.0, &[1.0, 0.75, 0.25, 0.0]); // (1 + cos 60°) / 2 = 0.75
    }

    #[test]
    fn a_run_of_no_steps_and_steps_beyond_the_end_stay_in_range() {
        let schedule = Schedule { shape: Shape::Cosine, warmup: 3, floor: 0.1 };
        assert!((schedule.factor(1000, 10) - 0.1).abs() < 1e-12);
        assert!((0.0..=1.0).contains(&schedule.factor(3, 0)));
    }
}
