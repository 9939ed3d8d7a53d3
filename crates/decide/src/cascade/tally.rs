//! What was seen of a cascading MDP: counts of looks and clicks, and the means that they give.

use super::{CascadeShape, CascadeWorld, Episode};
use serde::{Deserialize, Serialize};

/// What those who learn know from the start: the sizes, and what clicks pay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// The sizes.
    pub shape: CascadeShape,
    /// `reward[s * N + a]`.
    pub reward: Vec<f64>,
}

impl Known {
    /// What is known of that world.
    pub fn of(world: &CascadeWorld) -> Known {
        Known { shape: world.shape.clone(), reward: world.reward.clone() }
    }

    pub(super) fn states(&self) -> usize {
        self.shape.states as usize
    }

    pub(super) fn items(&self) -> usize {
        self.shape.items as usize
    }

    pub(super) fn horizon(&self) -> usize {
        self.shape.horizon as usize
    }
}

/// Counts and means. Items are indexed `s * N + a`, clicks `s * (N + 1) + a` with `a = N` for no click.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// How often the item was looked at (n_q).
    pub looks: Vec<f64>,
    /// How often it was clicked then, as a share; 0 where it was never looked at.
    pub attraction: Vec<f64>,
    /// How often the click happened (n_p).
    pub clicks: Vec<f64>,
    /// The shares of the next states after the click, S an entry; zeros where it never happened.
    pub transition: Vec<f64>,
    attracted: Vec<f64>,
    arrivals: Vec<f64>,
}

impl Tally {
    /// Nothing was seen.
    pub fn of(shape: &CascadeShape) -> Tally {
        let (states, items) = (shape.states as usize, shape.items as usize);
        let clicks = states * (items + 1);
        Tally {
            looks: vec![0.0; states * items],
            attraction: vec![0.0; states * items],
            clicks: vec![0.0; clicks],
            transition: vec![0.0; clicks * states],
            attracted: vec![0.0; states * items],
            arrivals: vec![0.0; clicks * states],
        }
    }

    /// As if everything had been seen `n` times, in its true shares.
    pub fn exact(world: &CascadeWorld, n: f64) -> Tally {
        let scaled = |shares: &[f64]| shares.iter().map(|share| share * n).collect::<Vec<f64>>();
        Tally {
            looks: vec![n; world.attraction.len()],
            attraction: world.attraction.clone(),
            clicks: vec![n; world.transition.len() / world.shape.states as usize],
            transition: world.transition.clone(),
            attracted: scaled(&world.attraction),
            arrivals: scaled(&world.transition),
        }
    }

    /// Counts an episode: every item down to the click was looked at, what stands below was not.
    pub fn count(&mut self, shape: &CascadeShape, episode: &Episode) {
        let (states, items) = (shape.states as usize, shape.items as usize);
        for (state, list, place, next) in episode.steps() {
            for (i, &item) in list.iter().enumerate().take(place + 1) {
                let at = state * items + item as usize;
                self.looks[at] += 1.0;
                self.attracted[at] += f64::from(u8::from(i == place));
                self.attraction[at] = self.attracted[at] / self.looks[at];
            }
            let clicked = list.get(place).map_or(items, |&item| item as usize);
            let at = state * (items + 1) + clicked;
            self.clicks[at] += 1.0;
            self.arrivals[at * states + next] += 1.0;
            for t in at * states..(at + 1) * states {
                self.transition[t] = self.arrivals[t] / self.clicks[at];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_below_the_click_are_not_counted() {
        let shape = CascadeShape { states: 2, items: 4, horizon: 2, ..CascadeShape::default() };
        let mut tally = Tally::of(&shape);
        // In state 0 the second of three is clicked, in state 1 nothing of two.
        let plan = vec![vec![vec![2, 0, 1]; 2], vec![vec![3, 1]; 2]];
        tally.count(&shape, &Episode { plan, states: vec![0, 1, 1], places: vec![1, 2] });
        assert_eq!(tally.looks, [1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0]);
        assert_eq!(tally.attraction, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        // State 0: item 0 clicked, on to state 1. State 1: no click (index 4), stays.
        assert_eq!(tally.clicks, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
        assert_eq!(&tally.transition[..2], [0.0, 1.0]);
        assert_eq!(&tally.transition[18..], [0.0, 1.0]);
        assert_eq!(tally.transition.iter().sum::<f64>(), 2.0);
    }
}
