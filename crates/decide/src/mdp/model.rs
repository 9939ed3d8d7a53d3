//! A finite MDP of H steps: what all know of it, what is hidden, and what plans in it are worth.

use super::drawn;
use rand::Rng;
use serde::{Deserialize, Serialize};

/// `plan[h][s]`: the action in step h, from 0, in state s.
pub type Plan = Vec<Vec<u32>>;

/// What is known to those who act: sizes and features. Steps begin in state 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Space {
    /// States (S).
    pub states: usize,
    /// Actions in each state (A).
    pub actions: usize,
    /// Steps an episode (H).
    pub horizon: usize,
    /// `features[s * A + a]`, all of one length d: rewards and next-state chances are linear in them.
    pub features: Vec<Vec<f64>>,
}

/// One episode.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The states, one a step and the one after the last.
    pub states: Vec<u32>,
    /// The actions, one a step.
    pub actions: Vec<u32>,
}

impl Run {
    /// One entry a step: state, action, next state.
    pub fn steps(&self) -> impl Iterator<Item = (usize, usize, usize)> + '_ {
        let moves = self.states.windows(2).zip(&self.actions);
        moves.map(|(pair, &action)| (pair[0] as usize, action as usize, pair[1] as usize))
    }

    /// The sum over its steps of a number for each state and action, `s * A + a`.
    pub fn sum(&self, numbers: &[f64], actions: usize) -> f64 {
        self.steps().map(|(state, action, _)| numbers[state * actions + action]).sum()
    }
}

impl Space {
    /// The features of the tabular case: one of each pair of state and action.
    pub fn tabular(states: usize, actions: usize, horizon: usize) -> Space {
        let pairs = states * actions;
        let one_hot = |pair: usize| (0..pairs).map(|i| f64::from(u8::from(i == pair))).collect();
        Space { states, actions, horizon, features: (0..pairs).map(one_hot).collect() }
    }

    /// The length of the features (d).
    pub fn dim(&self) -> usize {
        self.features.first().map_or(0, Vec::len)
    }

    /// The features of a state and action.
    pub fn features(&self, state: usize, action: usize) -> &[f64] {
        &self.features[state * self.actions + action]
    }

    /// The sum of an episode's features: its return is linear in it.
    pub fn features_of(&self, run: &Run) -> Vec<f64> {
        let mut sum = vec![0.0; self.dim()];
        for (state, action, _) in run.steps() {
            for (sum, x) in sum.iter_mut().zip(self.features(state, action)) {
                *sum += x;
            }
        }
        sum
    }

    /// Sums of the features of the first episode less those of the second.
    pub fn difference(&self, runs: &[Run; 2]) -> Vec<f64> {
        let mut difference = self.features_of(&runs[0]);
        for (left, right) in difference.iter_mut().zip(self.features_of(&runs[1])) {
            *left -= right;
        }
        difference
    }

    /// The plan that takes action 0 everywhere.
    pub fn first_plan(&self) -> Plan {
        vec![vec![0; self.states]; self.horizon]
    }

    /// Backward induction where an action's value is `q(h, state, action, values of the next step)`. Of
    /// equal actions the first is taken. Values are `[h][s]` with a row of zeros after the last step.
    pub fn backwards(&self, mut q: impl FnMut(usize, usize, usize, &[f64]) -> f64) -> (Plan, Vec<Vec<f64>>) {
        let mut plan = self.first_plan();
        let mut values = vec![vec![0.0; self.states]; self.horizon + 1];
        for h in (0..self.horizon).rev() {
            for state in 0..self.states {
                let mut best = q(h, state, 0, &values[h + 1]);
                for action in 1..self.actions {
                    let value = q(h, state, action, &values[h + 1]);
                    if value > best {
                        (best, plan[h][state]) = (value, action as u32);
                    }
                }
                values[h][state] = best;
            }
        }
        (plan, values)
    }
}

/// A world with all that is hidden.
#[derive(Clone, Debug, PartialEq)]
pub struct Mdp {
    /// What is known.
    pub space: Space,
    /// `transition[(s * A + a) * S + t]`, the chance of state t.
    pub transition: Vec<f64>,
    /// `reward[s * A + a]`.
    pub reward: Vec<f64>,
}

impl Mdp {
    fn q(&self, state: usize, action: usize, next: &[f64]) -> f64 {
        let at = state * self.space.actions + action;
        let chances = &self.transition[at * self.space.states..][..self.space.states];
        self.reward[at] + chances.iter().zip(next).map(|(p, v)| p * v).sum::<f64>()
    }

    /// The best plan and its values.
    pub fn optimum(&self) -> (Plan, Vec<Vec<f64>>) {
        self.space.backwards(|_, state, action, next| self.q(state, action, next))
    }

    /// The exact value of a plan from the first state.
    pub fn value(&self, plan: &Plan) -> f64 {
        let mut next = vec![0.0; self.space.states];
        for row in plan.iter().rev() {
            next = row.iter().enumerate().map(|(s, &action)| self.q(s, action as usize, &next)).collect();
        }
        next[0]
    }

    /// Plays the plan; one uniform number a step, whatever happens.
    pub fn play(&self, plan: &Plan, rng: &mut impl Rng) -> Run {
        let mut run = Run { states: vec![0], actions: Vec::with_capacity(plan.len()) };
        let mut state = 0;
        for row in plan {
            let at = state * self.space.actions + row[state] as usize;
            run.actions.push(row[state]);
            state = drawn(&self.transition[at * self.space.states..][..self.space.states], rng.random());
            run.states.push(state as u32);
        }
        run
    }

    /// What an episode paid.
    pub fn paid(&self, run: &Run) -> f64 {
        run.sum(&self.reward, self.space.actions)
    }
}
