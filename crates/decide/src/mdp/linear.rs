//! Random linear MDPs: rewards and next-state chances are linear in d features.

use super::{Mdp, Space};
use autodidact_core::{Error, Result, Seed};
use rand::Rng;
use rand_distr::{Distribution, Gamma};
use serde::{Deserialize, Serialize};

/// Settings of a random linear MDP. Each state and action is a mixture (the features) of d hidden causes;
/// each cause has a next-state distribution and a reward evenly drawn from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RandomLinear {
    /// Hidden causes, the length of the features (d).
    pub dim: u32,
    /// States.
    pub states: u32,
    /// Actions.
    pub actions: u32,
    /// Steps an episode.
    pub horizon: u32,
    /// Concentration of the mixtures and of the next-state distributions; small ones are peaked.
    pub concentration: f64,
}

impl Default for RandomLinear {
    fn default() -> RandomLinear {
        RandomLinear { dim: 10, states: 20, actions: 4, horizon: 6, concentration: 0.2 }
    }
}

impl RandomLinear {
    /// Draws a world.
    pub fn build(&self, seed: Seed) -> Result<Mdp> {
        let counts = [
            ("world.dim", self.dim),
            ("world.states", self.states),
            ("world.actions", self.actions),
            ("world.horizon", self.horizon),
        ];
        for (field, found) in counts {
            if !(1..=1_000).contains(&found) {
                return Err(Error::invalid(field, "between 1 and 1000", found));
            }
        }
        let gamma = (self.concentration.is_finite() && self.concentration > 0.0)
            .then(|| Gamma::new(self.concentration, 1.0).ok())
            .flatten();
        let Some(gamma) = gamma else {
            return Err(Error::invalid("world.concentration", "above 0 and finite", self.concentration));
        };
        let mut rng = seed.at("world", 0).rng();
        let mut shares = |n: usize| -> Vec<f64> {
            let row: Vec<f64> = (0..n).map(|_| gamma.sample(&mut rng)).collect();
            let sum: f64 = row.iter().sum();
            row.iter().map(|x| if sum > 0.0 { x / sum } else { 1.0 / n as f64 }).collect()
        };
        let (states, actions) = (self.states as usize, self.actions as usize);
        let features: Vec<Vec<f64>> = (0..states * actions).map(|_| shares(self.dim as usize)).collect();
        let causes: Vec<Vec<f64>> = (0..self.dim).map(|_| shares(states)).collect();
        let worth: Vec<f64> = (0..self.dim).map(|_| rng.random()).collect();
        let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
        let reward = features.iter().map(|x| dot(x, &worth)).collect();
        let mut transition = Vec::with_capacity(states * actions * states);
        for x in &features {
            let chance = |t: usize| x.iter().zip(&causes).map(|(x, cause)| x * cause[t]).sum::<f64>();
            transition.extend((0..states).map(chance));
        }
        let space = Space { states, actions, horizon: self.horizon as usize, features };
        Ok(Mdp { space, transition, reward })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_sum_to_one_and_rewards_lie_between_0_and_1() {
        let world = RandomLinear::default().build(Seed::root(5)).expect("sound");
        for row in world.transition.chunks_exact(20) {
            assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12 && row.iter().all(|p| *p >= 0.0));
        }
        assert!(world.reward.iter().all(|r| (0.0..=1.0).contains(r)));
        assert_eq!(world.space.dim(), 10);
        assert_eq!(world, RandomLinear::default().build(Seed::root(5)).expect("sound"));
        assert!(RandomLinear { concentration: 0.0, ..RandomLinear::default() }.build(Seed::root(5)).is_err());
    }
}
