//! Finding the best of a few arms without structure: questions and decisions are the arms.

use super::{Memory, Problem, Views, World};
use autodidact_core::Rng;
use rand::Rng as _;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

/// The hint of an arm that was not asked: above every bound that an answer may leave.
const UNASKED: f64 = 4.0;

/// Arms with means in [-1, 1]; a decision loses its gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Arms {
    /// How many, at least 2.
    pub arms: u32,
    /// How many answers may be had.
    pub budget: u32,
    /// How they answer.
    pub answers: Answers,
}

/// How an arm of mean `m` in [-1, 1] answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answers {
    /// From N(m, 1).
    #[default]
    Normal,
    /// 1 with probability `(1 + m) / 2`, else 0.
    Bernoulli,
}

impl Default for Arms {
    fn default() -> Arms {
        Arms { arms: 8, budget: 16, answers: Answers::Normal }
    }
}

impl Arms {
    /// Gaps to the best mean, the best arm's own set to the smallest of the others, and which is best.
    fn gaps(theta: &[f64]) -> (Vec<f64>, usize, usize) {
        let best = super::choose::largest(theta);
        let others = (0..theta.len()).filter(|&i| i != best);
        let second = others.fold(usize::MAX, |second, i| {
            if second == usize::MAX || theta[i] > theta[second] { i } else { second }
        });
        let gap = |i| if i == best { theta[best] - theta[second] } else { theta[best] - theta[i] };
        ((0..theta.len()).map(gap).collect(), best, second)
    }
}

impl World for Arms {
    fn queries(&self) -> usize {
        self.arms as usize
    }

    fn decisions(&self) -> usize {
        self.arms as usize
    }

    fn budget(&self) -> usize {
        self.budget as usize
    }

    fn repeats(&self) -> bool {
        true
    }

    fn interchangeable(&self) -> bool {
        true
    }

    fn features(&self) -> usize {
        2 * self.arms as usize + 1
    }

    fn views(&self, memories: &[Memory]) -> Views {
        let n = self.queries();
        let mut views = Views::default();
        for memory in memories {
            views.inputs.extend(memory.counts.iter().map(|count| count * 0.5));
            views.inputs.extend((0..n).map(|i| memory.mean(i).unwrap_or(0.0)));
            views.inputs.push(memory.history.len() as f64 / self.budget as f64);
            let bound =
                |i: usize| memory.mean(i).map_or(UNASKED, |mean| mean + 1.0 / memory.counts[i].sqrt());
            views.hints.extend((0..n).map(bound));
            // An arm nobody asked is the last choice.
            views.scores.extend((0..n).map(|i| memory.mean(i).unwrap_or(-1e6)));
        }
        views
    }

    fn draw(&self, level: f64, rng: &mut Rng) -> Problem {
        // A best arm, a smallest gap log-uniform over what the level allows, other gaps above it.
        let n = self.arms as usize;
        for _ in 0..200 {
            let least = (2.0 / level).sqrt();
            let gap = if least < 2.0 { (rng.random_range(least.ln()..2f64.ln())).exp() } else { 2.0 };
            let top = rng.random_range(-1.0 + gap..=1.0);
            let spread: f64 = rng.random_range(0.0..=1.0);
            let mut theta: Vec<f64> = (0..n)
                .map(|_| top - gap - spread * rng.random_range(0.0..=1.0) * (top - gap + 1.0))
                .collect();
            theta[rng.random_range(0..n)] = top;
            let problem = Problem { theta, kind: 0 };
            if self.complexity(&problem) <= level {
                return problem;
            }
        }
        // The easiest there is: one arm at the top, all others at the bottom.
        let mut theta = vec![-1.0; n];
        theta[rng.random_range(0..n)] = 1.0;
        Problem { theta, kind: 0 }
    }

    fn prior(&self, rng: &mut Rng) -> Problem {
        Problem { theta: (0..self.arms).map(|_| rng.random_range(-1.0..=1.0)).collect(), kind: 0 }
    }

    fn clip(&self, problem: &mut Problem) {
        problem.theta.iter_mut().for_each(|mean| *mean = mean.clamp(-1.0, 1.0));
    }

    fn complexity(&self, problem: &Problem) -> f64 {
        Arms::gaps(&problem.theta).0.iter().map(|gap| 1.0 / (gap * gap)).sum()
    }

    fn log_complexity_gradient(&self, problem: &Problem) -> Vec<f64> {
        let (gaps, best, second) = Arms::gaps(&problem.theta);
        let total: f64 = gaps.iter().map(|gap| 1.0 / (gap * gap)).sum();
        let mut gradient = vec![0.0; gaps.len()];
        for (i, gap) in gaps.iter().enumerate() {
            let slope = -2.0 / (gap * gap * gap) / total;
            gradient[best] += slope;
            gradient[if i == best { second } else { i }] -= slope;
        }
        gradient
    }

    fn answer(&self, problem: &Problem, query: usize, rng: &mut Rng) -> f64 {
        let mean = problem.theta[query];
        match self.answers {
            Answers::Normal => {
                let noise: f64 = StandardNormal.sample(rng);
                mean + noise
            }
            Answers::Bernoulli => f64::from(u8::from(rng.random::<f64>() < (1.0 + mean) / 2.0)),
        }
    }

    fn add_answer_gradient(&self, problem: &Problem, query: usize, answer: f64, scale: f64, out: &mut [f64]) {
        let mean = problem.theta[query];
        out[query] += scale
            * match self.answers {
                Answers::Normal => answer - mean,
                // p = (1 + m) / 2: (y - p) / (p (1 - p)) / 2, kept finite at the ends.
                Answers::Bernoulli => (2.0 * answer - 1.0 - mean) / (1.0 - mean * mean).max(1e-3),
            };
    }

    fn loss(&self, problem: &Problem, decision: usize) -> f64 {
        problem.theta.iter().copied().fold(f64::NEG_INFINITY, f64::max) - problem.theta[decision]
    }

    fn add_loss_gradient(&self, problem: &Problem, decision: usize, scale: f64, out: &mut [f64]) {
        out[super::choose::largest(&problem.theta)] += scale;
        out[decision] -= scale;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Seed;

    #[test]
    fn complexity_falls_with_the_square_of_the_scale() {
        let world = Arms::default();
        let problem = Problem { theta: vec![0.5, 0.1, -0.3, 0.2, -0.9, 0.0, -0.5, 0.3], kind: 0 };
        let half = Problem { theta: problem.theta.iter().map(|x| x * 0.5).collect(), kind: 0 };
        assert!((world.complexity(&half) / world.complexity(&problem) - 4.0).abs() < 1e-12);
        // Two arms, gap 0.5: 1 / 0.25 each; the exact 4 / gap^2 = 16 of the best design is twice that.
        let two = Arms { arms: 2, budget: 2, ..Arms::default() };
        assert_eq!(two.complexity(&Problem { theta: vec![0.5, 0.0], kind: 0 }), 8.0);
    }

    #[test]
    fn problems_of_a_level_belong_to_every_higher_level() {
        let world = Arms::default();
        let mut rng = Seed::root(1).rng();
        for level in [8.0, 50.0, 300.0] {
            for _ in 0..50 {
                let problem = world.draw(level, &mut rng);
                assert!(world.complexity(&problem) <= level);
                assert!(problem.theta.iter().all(|mean| mean.abs() <= 1.0));
            }
        }
    }

    #[test]
    fn gradients_match_finite_differences() {
        let world = Arms { arms: 4, budget: 4, ..Arms::default() };
        let problem = Problem { theta: vec![0.5, 0.1, -0.3, 0.2], kind: 0 };
        let gradient = world.log_complexity_gradient(&problem);
        let mut score = vec![0.0; 4];
        world.add_answer_gradient(&problem, 2, 0.7, 1.0, &mut score);
        for i in 0..4 {
            let at = |step: f64| {
                let mut moved = problem.clone();
                moved.theta[i] += step;
                let miss = 0.7 - moved.theta[2];
                (world.complexity(&moved).ln(), -0.5 * miss * miss)
            };
            let ((high, up), (low, down)) = (at(1e-6), at(-1e-6));
            assert!((gradient[i] - (high - low) / 2e-6).abs() < 1e-5);
            assert!((score[i] - (up - down) / 2e-6).abs() < 1e-5);
        }
    }
}
