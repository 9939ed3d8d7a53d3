//! A chain that must be walked to its right end against the current: little on the left, much on the right.

use super::{Mdp, Space};
use autodidact_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// Settings of the chain. Action 0 goes left and always gets there; action 1 goes right, or stays, or
/// slips back. At an end, what would leave the chain stays. Going left at the left end pays `small`,
/// going right at the right end pays `large`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Chain {
    /// States.
    pub states: u32,
    /// Steps an episode, from the left end.
    pub horizon: u32,
    /// The chance that going right does.
    pub right: f64,
    /// The chance that it stays; the rest slips left.
    pub stay: f64,
    /// The reward at the left end.
    pub small: f64,
    /// The reward at the right end.
    pub large: f64,
}

impl Default for Chain {
    fn default() -> Chain {
        Chain { states: 4, horizon: 6, right: 0.7, stay: 0.25, small: 0.1, large: 1.0 }
    }
}

impl Chain {
    /// The world, with one feature a state and action.
    pub fn build(&self) -> Result<Mdp> {
        for (field, found) in [("world.states", self.states), ("world.horizon", self.horizon)] {
            if !(2..=1_000).contains(&found) {
                return Err(Error::invalid(field, "between 2 and 1000", found));
            }
        }
        let share = |x: f64| (0.0..=1.0).contains(&x);
        if !(share(self.right) && share(self.stay) && self.right + self.stay <= 1.0 + 1e-12) {
            let found = format!("{} and {}", self.right, self.stay);
            return Err(Error::invalid("world.right and world.stay", "chances that sum to 1 at most", found));
        }
        if !(self.small.is_finite() && self.large.is_finite()) {
            let found = format!("{} and {}", self.small, self.large);
            return Err(Error::invalid("world.small and world.large", "finite", found));
        }
        let (states, last) = (self.states as usize, self.states as usize - 1);
        let space = Space::tabular(states, 2, self.horizon as usize);
        let mut transition = vec![0.0; states * 2 * states];
        let mut reward = vec![0.0; states * 2];
        for state in 0..states {
            let (left, right) = (state.saturating_sub(1), (state + 1).min(last));
            transition[state * 2 * states + left] += 1.0;
            let going_right = &mut transition[(state * 2 + 1) * states..][..states];
            going_right[right] += self.right;
            going_right[state] += self.stay;
            going_right[left] += (1.0 - self.right - self.stay).max(0.0);
        }
        reward[0] = self.small;
        reward[last * 2 + 1] = self.large;
        Ok(Mdp { space, transition, reward })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_steps_of_the_chain_are_worth_what_the_sums_say() {
        let chain = Chain::default().build().expect("sound");
        let (plan, values) = chain.optimum();
        // One step to go: 0.1 at the left end, 1 at the right. Two: 0.1 + 0.1, and at the right end
        // 1 + 0.95 (the end holds those who go right and those who stay).
        assert_eq!(values[5], [0.1, 0.0, 0.0, 1.0]);
        assert!((values[4][3] - 1.95).abs() < 1e-12 && (values[4][0] - 0.2).abs() < 1e-12);
        assert!((values[4][2] - 0.7).abs() < 1e-12);
        assert_eq!(plan[0][0], 1);
        // Always left: 6 * 0.1.
        assert!((chain.value(&chain.space.first_plan()) - 0.6).abs() < 1e-12);
        assert!((chain.value(&plan) - values[0][0]).abs() < 1e-12);
        assert!(Chain { right: 0.8, ..Chain::default() }.build().is_err());
    }
}
