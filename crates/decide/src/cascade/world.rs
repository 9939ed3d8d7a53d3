//! A cascading MDP: its chance, its exact plans, and the judge that knows what a plan is worth.

use super::oracle::{self, Oracle};
use super::{Cascade, Episode, Plan};
use crate::visit::Visit;
use autodidact_core::{Ask, Error, Judge, Judged, Result, Seed, Verdict};
use rand::Rng;
use rand_distr::{Distribution, Gamma};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The sizes of a world, and how its numbers are drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CascadeShape {
    /// States of the user (S); every episode starts in state 0.
    pub states: u32,
    /// Items (N).
    pub items: u32,
    /// Items a list at most (m).
    pub longest: u32,
    /// Lists an episode (H).
    pub horizon: u32,
    /// Attractions are drawn evenly from this range.
    pub attraction: (f64, f64),
    /// Next-state distributions are Dirichlet with this concentration; small ones are peaked.
    pub concentration: f64,
}

impl Default for CascadeShape {
    fn default() -> CascadeShape {
        CascadeShape {
            states: 5,
            items: 8,
            longest: 3,
            horizon: 3,
            attraction: (0.1, 0.6),
            concentration: 0.3,
        }
    }
}

impl CascadeShape {
    /// Fails on sizes and ranges that make no world.
    pub fn check(&self) -> Result<()> {
        let counts = [
            ("world.states", self.states),
            ("world.items", self.items),
            ("world.longest", self.longest),
            ("world.horizon", self.horizon),
        ];
        for (field, found) in counts {
            if !(1..=10_000).contains(&found) {
                return Err(Error::invalid(field, "between 1 and 10000", found));
            }
        }
        let (low, high) = self.attraction;
        if !(0.0 <= low && low <= high && high <= 1.0) {
            return Err(Error::invalid(
                "world.attraction",
                "a range within 0 to 1",
                format!("{low}..{high}"),
            ));
        }
        if !(self.concentration > 0.0 && self.concentration.is_finite()) {
            return Err(Error::invalid("world.concentration", "above 0 and finite", self.concentration));
        }
        Ok(())
    }
}

/// A world with all that is hidden from those who learn in it.
#[derive(Clone, Debug, PartialEq)]
pub struct CascadeWorld {
    /// Its sizes.
    pub shape: CascadeShape,
    /// `attraction[s * N + a]`, the chance that item a attracts in state s (q).
    pub attraction: Vec<f64>,
    /// `reward[s * N + a]` of a click, in 0 to 1; known to all.
    pub reward: Vec<f64>,
    /// `transition[(s * (N + 1) + a) * S + t]`, the chance of state t after a click on a in s (p); `a = N`
    /// stands for no click.
    pub transition: Vec<f64>,
    seed: Seed,
}

impl CascadeWorld {
    /// Draws a world. Fails on a shape that makes none.
    pub fn random(shape: &CascadeShape, seed: Seed) -> Result<CascadeWorld> {
        shape.check()?;
        let mut rng = seed.at("world", 0).rng();
        let (states, items) = (shape.states as usize, shape.items as usize);
        let (low, high) = shape.attraction;
        let attraction = (0..states * items).map(|_| low + (high - low) * rng.random::<f64>()).collect();
        let reward = (0..states * items).map(|_| rng.random::<f64>()).collect();
        let gamma = Gamma::new(shape.concentration, 1.0)
            .map_err(|_| Error::invalid("world.concentration", "above 0", shape.concentration))?;
        let mut transition = Vec::with_capacity(states * (items + 1) * states);
        for _ in 0..states * (items + 1) {
            let row: Vec<f64> = (0..states).map(|_| gamma.sample(&mut rng)).collect();
            let sum: f64 = row.iter().sum();
            // All of a row can underflow where the concentration is tiny.
            let even = 1.0 / states as f64;
            transition.extend(row.iter().map(|x| if sum > 0.0 { x / sum } else { even }));
        }
        Ok(CascadeWorld { shape: shape.clone(), attraction, reward, transition, seed })
    }

    /// The attractions of the items in a state.
    pub fn attractions(&self, state: usize) -> &[f64] {
        let items = self.shape.items as usize;
        &self.attraction[state * items..][..items]
    }

    /// What each click leads to where the next states have these values: reward plus expected value.
    /// One entry an item and a last one for no click.
    pub fn weights(&self, state: usize, next: &[f64]) -> Vec<f64> {
        let (states, items) = (self.shape.states as usize, self.shape.items as usize);
        let rows = self.transition[state * (items + 1) * states..].chunks_exact(states);
        let expected = rows.take(items + 1).map(|row| row.iter().zip(next).map(|(p, v)| p * v).sum::<f64>());
        let rewards = &self.reward[state * items..][..items];
        expected.enumerate().map(|(a, value)| value + rewards.get(a).unwrap_or(&0.0)).collect()
    }

    /// The best plan and its values `[h][s]`, one row a step and one of zeros after the last, by
    /// backward induction with that oracle.
    pub fn optimum(&self, oracle: Oracle) -> (Plan, Vec<Vec<f64>>) {
        let longest = self.shape.longest as usize;
        self.backwards(|_, state, w, nothing| {
            let best = oracle.best(self.attractions(state), w, nothing, longest);
            let best = best.expect("a checked shape has an item and a place");
            (best.list, best.value)
        })
    }

    /// The exact values `[h][s]` of a plan.
    pub fn values(&self, plan: &Plan) -> Vec<Vec<f64>> {
        let worth = |h: usize, state: usize, w: &[f64], nothing: f64| {
            ((), oracle::value(&plan[h][state], self.attractions(state), w, nothing))
        };
        self.backwards(worth).1
    }

    /// Backward induction: `decide(h, state, weights, weight of no click)` gives a choice and its value.
    fn backwards<T>(
        &self,
        decide: impl Fn(usize, usize, &[f64], f64) -> (T, f64),
    ) -> (Vec<Vec<T>>, Vec<Vec<f64>>) {
        let (states, horizon) = (self.shape.states as usize, self.shape.horizon as usize);
        let mut values = vec![vec![0.0; states]];
        let mut choices = Vec::new();
        for h in (0..horizon).rev() {
            let next = values.last().expect("it begins with the row after the last step");
            let (row, value): (Vec<T>, Vec<f64>) = (0..states)
                .map(|state| {
                    let mut w = self.weights(state, next);
                    let nothing = w.pop().expect("no click is the last weight");
                    decide(h, state, &w, nothing)
                })
                .unzip();
            choices.push(row);
            values.push(value);
        }
        choices.reverse();
        values.reverse();
        (choices, values)
    }

    /// Plays the plan in the episode of that number. Whether an item would attract is drawn for every
    /// item and step, shown or not, so that all plans meet the same user.
    pub fn play(&self, plan: &Plan, visit: Visit) -> Episode {
        let mut rng = self.seed.at("episode", visit.round).rng();
        let (states, items) = (self.shape.states as usize, self.shape.items as usize);
        let mut episode = Episode { plan: plan.clone(), states: vec![0], places: Vec::new() };
        let mut state = 0;
        for row in plan {
            let moods: Vec<f64> = (0..items).map(|_| rng.random()).collect();
            let list = &row[state];
            let attracts = |&item: &u32| moods[item as usize] < self.attractions(state)[item as usize];
            let place = list.iter().position(attracts).unwrap_or(list.len());
            let clicked = list.get(place).map_or(items, |&item| item as usize);
            let chances = &self.transition[(state * (items + 1) + clicked) * states..][..states];
            state = crate::mdp::drawn(chances, rng.random());
            episode.places.push(place as u32);
            episode.states.push(state as u32);
        }
        episode
    }

    /// The sum of the rewards that an episode's clicks paid.
    pub fn paid(&self, episode: &Episode) -> f64 {
        let items = self.shape.items as usize;
        let reward = |(state, list, place, _): (usize, &[u32], usize, usize)| {
            list.get(place).map_or(0.0, |&item| self.reward[state * items + item as usize])
        };
        episode.steps().map(reward).sum()
    }

    /// Why the plan cannot be followed, if it cannot.
    fn fault(&self, episode: &Episode) -> Option<String> {
        let shape = &self.shape;
        let (states, horizon) = (shape.states as usize, shape.horizon as usize);
        if episode.plan.len() != horizon || episode.plan.iter().any(|row| row.len() != states) {
            return Some(format!("the plan is not {horizon} steps of {states} states"));
        }
        if episode.places.len() != horizon
            || episode.states.len() != horizon + 1
            || episode.states.iter().any(|&state| state >= shape.states)
        {
            return Some(format!("the episode is not {horizon} steps in {states} states"));
        }
        let legal = |list: &Vec<u32>| {
            let known = list.iter().all(|&item| item < shape.items);
            let once = (1..list.len()).all(|i| !list[..i].contains(&list[i]));
            (1..=shape.longest as usize).contains(&list.len()) && known && once
        };
        let illegal = episode.plan.iter().flatten().find(|list| !legal(list));
        illegal.map(|list| format!("{list:?} is no list of 1 to {} different items", shape.longest))
    }
}

/// The judge of episodes: the return, and how far the plan's exact value lies below the best (`regret`).
#[derive(Clone, Debug)]
pub struct Returns {
    world: Arc<CascadeWorld>,
    best: f64,
}

impl Returns {
    /// A judge that knows the world.
    pub fn of(world: &Arc<CascadeWorld>) -> Returns {
        let best = world.optimum(Oracle::BestPerm).1[0][0];
        Returns { world: Arc::clone(world), best }
    }
}

impl Judge<Cascade> for Returns {
    fn judge(&self, asks: &[Ask<Cascade>], answers: &[Vec<Episode>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |_, episode| match self.world.fault(episode) {
            Some(fault) => Verdict::error(fault, 0.0),
            None => {
                let value = self.world.values(&episode.plan)[0][0];
                Verdict::score(self.world.paid(episode)).with("regret", self.best - value)
            }
        }))
    }

    fn name(&self) -> String {
        format!("returns of {:?}", self.world.shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(seed: u64) -> CascadeWorld {
        let shape = CascadeShape { items: 4, ..CascadeShape::default() };
        CascadeWorld::random(&shape, Seed::root(seed)).expect("a sound shape")
    }

    #[test]
    fn the_best_plan_is_that_of_enumeration() {
        for seed in 0..20 {
            let world = world(seed);
            let (plan, values) = world.optimum(Oracle::BestPerm);
            let (_, brute) = world.optimum(Oracle::Enumerate);
            let again = world.values(&plan);
            for (a, (b, c)) in values.iter().flatten().zip(brute.iter().flatten().zip(again.iter().flatten()))
            {
                assert!((a - b).abs() < 1e-12 && (a - c).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn the_mean_return_is_the_value_of_the_plan() {
        let world = Arc::new(world(3));
        let (plan, values) = world.optimum(Oracle::BestPerm);
        let n = 20_000;
        let paid = |round| world.paid(&world.play(&plan, Visit { round }));
        let returns: Vec<f64> = (0..n).map(paid).collect();
        let mean = returns.iter().sum::<f64>() / n as f64;
        let spread = returns.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
        assert!((mean - values[0][0]).abs() < 5.0 * (spread / n as f64).sqrt(), "{mean} {}", values[0][0]);
    }

    #[test]
    fn an_episode_replays_and_an_illegal_list_is_no_low_score() {
        let world = Arc::new(world(1));
        let (mut plan, _) = world.optimum(Oracle::BestPerm);
        let visit = Visit { round: 7 };
        assert_eq!(world.play(&plan, visit), world.play(&plan, visit));
        let judge = Returns::of(&world);
        let asks = Ask::<Cascade>::each(&[visit], 1, &());
        let judged = judge.judge(&asks, &[vec![world.play(&plan, visit)]]).expect("judges");
        assert!(judged.verdicts[0][0].part("regret").expect("exact").abs() < 1e-12);
        plan[1][2] = vec![3, 0, 3];
        let judged = judge.judge(&asks, &[vec![world.play(&plan, visit)]]).expect("judges");
        assert!(judged.verdicts[0][0].is_error());
        let wrong = CascadeShape { attraction: (0.5, 1.5), ..CascadeShape::default() };
        assert!(CascadeWorld::random(&wrong, Seed::root(0)).is_err());
    }
}
