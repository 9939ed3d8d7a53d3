//! A finite ensemble as a posterior sampler: fits that disagree where the answers leave room.
//!
//! Each member has a draw from the prior as the centre of its penalty and a random weight for every
//! answer; both stay with it. Where many answers speak, the members agree; where none does, they differ
//! as the prior does. Works for every model that can be fitted to weighted answers.

use super::question::disagreement;
use autodidact_core::Rng;
use autodidact_math::bradley_terry::{Comparison, Likelihood};
use rand::Rng as _;
use rand_distr::{Distribution, Exp1, StandardNormal};
use serde::{Deserialize, Serialize};

/// Fits of one model to the same comparisons, each under chance of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ensemble {
    members: Vec<Member>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Member {
    /// Empty until the prior is drawn.
    centre: Vec<f64>,
    weights: Vec<f64>,
    theta: Vec<f64>,
}

impl Ensemble {
    /// That many members of models with `dim` weights. Until they follow, all are zero.
    pub fn new(members: usize, dim: usize) -> Ensemble {
        let member = Member { centre: Vec::new(), weights: Vec::new(), theta: vec![0.0; dim] };
        Ensemble { members: vec![member; members] }
    }

    /// Draws weights for comparisons that are new and fits every member again. The first call draws the
    /// centres from the prior `N(0, I / ridge)`.
    pub fn follow(&mut self, likelihood: &Likelihood, comparisons: &[Comparison], rng: &mut Rng) {
        for member in &mut self.members {
            let first = member.centre.is_empty();
            if first {
                let deviation = likelihood.ridge.sqrt().recip();
                let draw = |_: &f64| -> f64 {
                    let noise: f64 = StandardNormal.sample(rng);
                    deviation * noise
                };
                member.centre = member.theta.iter().map(draw).collect();
            }
            let new = comparisons.len() - member.weights.len();
            if new == 0 && !first {
                continue;
            }
            member.weights.extend((0..new).map(|_| -> f64 { Exp1.sample(rng) }));
            let Member { centre, weights, theta } = member;
            // Only numbers that overflow make a fit impossible; then the last one stays.
            if let Some(fit) = likelihood.fit_around(centre, comparisons, weights, theta) {
                member.theta = fit.theta;
            }
        }
    }

    /// A member drawn evenly, moved away from `mean` by `scale` times its distance.
    pub fn draw(&self, mean: &[f64], scale: f64, rng: &mut Rng) -> Vec<f64> {
        let member = &self.members[rng.random_range(0..self.members.len())];
        mean.iter().zip(&member.theta).map(|(mean, theta)| mean + scale * (theta - mean)).collect()
    }

    /// The mean disagreement of two members on `<difference, theta>`.
    pub fn spread(&self, difference: &[f64]) -> f64 {
        let worth = |member: &Member| difference.iter().zip(&member.theta).map(|(x, y)| x * y).sum();
        let worths: Vec<f64> = self.members.iter().map(worth).collect();
        disagreement(&worths).unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Seed;

    #[test]
    fn members_agree_where_answers_speak_and_differ_as_the_prior_elsewhere() {
        let likelihood = Likelihood { slope: 1.0, ridge: 0.5, ..Likelihood::default() };
        let mut ensemble = Ensemble::new(400, 2);
        let mut rng = Seed::root(5).rng();
        ensemble.follow(&likelihood, &[], &mut rng);
        // Two draws of N(0, 1 / 0.5) differ by 2 sqrt(2 / pi) on average.
        let prior = 2.0 * (2.0 / std::f64::consts::PI).sqrt();
        assert!((ensemble.spread(&[1.0, 0.0]) / prior - 1.0).abs() < 0.15);
        let heard: Vec<Comparison> =
            (0..200).map(|i| Comparison { difference: vec![1.0, 0.0], first_won: i % 4 != 0 }).collect();
        ensemble.follow(&likelihood, &heard, &mut rng);
        // The curvature is 200 * 0.75 * 0.25 = 37.5, the deviation about 0.16.
        let expect = 2.0 / std::f64::consts::PI.sqrt() / 38f64.sqrt();
        let found = ensemble.spread(&[1.0, 0.0]);
        assert!((found / expect - 1.0).abs() < 0.2, "{found} {expect}");
        assert!((ensemble.spread(&[0.0, 1.0]) / prior - 1.0).abs() < 0.15);
        let draw = ensemble.draw(&[3.0, 3.0], 0.0, &mut rng);
        assert_eq!(draw, [3.0, 3.0]);
        let before = ensemble.clone();
        ensemble.follow(&likelihood, &heard, &mut rng);
        assert_eq!(ensemble, before, "nothing new was heard");
    }
}
