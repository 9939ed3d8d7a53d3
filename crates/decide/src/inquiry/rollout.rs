//! Many inquiries at once, every one with random streams of its own.

use super::choose::one_hot;
use super::{Memory, Problem, Views, World};
use autodidact_core::{Rng, Seed};
use rand::seq::SliceRandom;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Inquiries that go through a network together. Results do not depend on it.
pub(super) const LANE: usize = 64;

/// What a strategy sees when it must choose: memories of the same length, and views of them.
pub struct Scene<'a> {
    /// The world.
    pub world: &'a dyn World,
    /// One memory an inquiry.
    pub memories: &'a [Memory],
    /// Views of the memories, in their order.
    pub views: &'a Views,
}

/// Anything that asks and decides.
pub trait Strategy: Sync {
    /// A question for each memory; chance for memory `i` comes from `rngs[i]` alone.
    fn ask(&self, scene: &Scene<'_>, rngs: &mut [Rng]) -> Vec<u32>;

    /// The probability of each decision, `(memories, decisions)`; rows sum to 1.
    fn decide(&self, scene: &Scene<'_>) -> Vec<f64> {
        let n = scene.world.decisions();
        scene.views.scores.chunks_exact(n).flat_map(|row| one_hot(super::choose::largest(row), n)).collect()
    }
}

/// One inquiry from start to end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rollout {
    /// Questions and answers in order, numbered as the world numbers them.
    pub history: Vec<(u32, f64)>,
    /// The probability of each decision.
    pub decision: Vec<f64>,
    /// What the decision loses on average.
    pub loss: f64,
}

/// Plays one inquiry a problem; inquiry `j` draws from `seed.at("rollout", j)`.
pub fn rollouts(
    world: &dyn World,
    strategy: &dyn Strategy,
    problems: &[&Problem],
    seed: Seed,
) -> Vec<Rollout> {
    let lane = |(i, problems): (usize, &[&Problem])| {
        play(world, strategy, problems, seed, i * LANE, &mut |_, _| {}).0
    };
    problems.par_chunks(LANE).enumerate().flat_map_iter(lane).collect()
}

/// Plays a lane and shows `watch` what was seen and asked at each step, and at the end with no questions.
/// Also returns in which order each inquiry met the questions: its question `i` is the world's `order[i]`.
pub(super) fn play(
    world: &dyn World,
    strategy: &dyn Strategy,
    problems: &[&Problem],
    seed: Seed,
    first: usize,
    watch: &mut dyn FnMut(&Scene<'_>, &[u32]),
) -> (Vec<Rollout>, Vec<Vec<u32>>) {
    let n = world.queries();
    let mut rngs: Vec<Rng> =
        (0..problems.len()).map(|j| seed.at("rollout", (first + j) as u64).rng()).collect();
    let order = |rng: &mut Rng| {
        let mut order: Vec<u32> = (0..n as u32).collect();
        if world.interchangeable() {
            order.shuffle(rng);
        }
        order
    };
    let orders: Vec<Vec<u32>> = rngs.iter_mut().map(order).collect();
    let mut memories = vec![Memory::new(n); problems.len()];
    for _ in 0..world.budget() {
        let views = world.views(&memories);
        let scene = Scene { world, memories: &memories, views: &views };
        let asked = strategy.ask(&scene, &mut rngs);
        watch(&scene, &asked);
        for (j, &query) in asked.iter().enumerate() {
            let answer = world.answer(problems[j], orders[j][query as usize] as usize, &mut rngs[j]);
            memories[j].note(query, answer);
        }
    }
    let views = world.views(&memories);
    let scene = Scene { world, memories: &memories, views: &views };
    watch(&scene, &[]);
    let decisions = strategy.decide(&scene);
    let mut played = Vec::with_capacity(problems.len());
    for (j, row) in decisions.chunks_exact(world.decisions()).enumerate() {
        let mut decision = row.to_vec();
        if world.interchangeable() {
            orders[j].iter().zip(row).for_each(|(&arm, &share)| decision[arm as usize] = share);
        }
        let history =
            memories[j].history.iter().map(|&(query, answer)| (orders[j][query as usize], answer)).collect();
        let loss = decision
            .iter()
            .enumerate()
            .filter(|(_, share)| **share > 0.0)
            .map(|(z, share)| share * world.loss(problems[j], z))
            .sum();
        played.push(Rollout { history, decision, loss });
    }
    (played, orders)
}
