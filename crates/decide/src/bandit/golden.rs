//! Decisions of MABWiser, round by round.

use super::*;
use autodidact_math::numpy::{Generator, pcg64};
use serde::Deserialize;
use std::collections::BTreeMap;

const ARMS: usize = 10;
const FEATURES: usize = 20;
const ROUNDS: usize = 500;
const WORLD_SEED: u64 = 7;
const SEED: u64 = 11;

#[derive(Deserialize)]
struct Golden {
    decisions: BTreeMap<String, Vec<u32>>,
    thompson: Counts,
}

#[derive(Deserialize)]
struct Counts {
    successes: Vec<u32>,
    failures: Vec<u32>,
    draws: u32,
    counts: Vec<u32>,
}

fn golden() -> Golden {
    let text = include_str!("../../../../golden/decide/bandits.json");
    serde_json::from_str(text).expect("the golden file is well-formed")
}

/// Contexts and the reward of every arm, drawn as `golden/decide/bandits.py` draws them.
fn world(contextual: bool) -> Vec<(Vec<f64>, Vec<f64>)> {
    let mut rng = Generator::of(WORLD_SEED);
    let features = if contextual { FEATURES } else { 0 };
    let row = |rng: &mut Generator| -> Vec<f64> { (0..features).map(|_| 2.0 * rng.random() - 1.0).collect() };
    let theta: Vec<Vec<f64>> = (0..ARMS).map(|_| row(&mut rng)).collect();
    let mut round = |_| {
        let context = row(&mut rng);
        let mut reward = |arm: usize| {
            let luck = rng.random();
            if contextual {
                theta[arm].iter().zip(&context).fold(0.0, |sum, (weight, x)| sum + weight * x) + luck - 0.5
            } else {
                f64::from(u8::from(luck < 0.3 + 0.05 * arm as f64))
            }
        };
        let rewards = (0..ARMS).map(&mut reward).collect();
        (context, rewards)
    };
    (0..ARMS + ROUNDS).map(&mut round).collect()
}

#[track_caller]
fn check(name: &str, algorithm: Algorithm) {
    let features = if algorithm.contextual() { FEATURES as u32 } else { 0 };
    let bandit = Bandit::new(&BanditConfig { arms: ARMS as u32, features, algorithm, memory: Memory::All });
    let bandit = bandit.expect("settings are valid");
    let mut rng = pcg64(SEED);
    let mut chosen = Vec::new();
    for (round, (features, rewards)) in world(features > 0).into_iter().enumerate() {
        let context = Context { round: round as u64, features, allowed: None };
        let pull = if round < ARMS {
            Pull { arm: round as u32, propensity: 1.0 }
        } else {
            bandit.choose(&context, &mut rng).expect("it fits")
        };
        bandit.tell(&context, pull, rewards[pull.arm as usize]).expect("it fits");
        if round >= ARMS {
            chosen.push(pull.arm);
        }
    }
    assert_eq!(chosen, golden().decisions[name], "{name}");
}

#[test]
fn random_and_epsilon_greedy_follow_the_same_stream() {
    check("random", Algorithm::Random);
    check("epsilon-greedy 0", Algorithm::EpsilonGreedy { epsilon: 0.0 });
    check("epsilon-greedy 0.1", Algorithm::EpsilonGreedy { epsilon: 0.1 });
    check("epsilon-greedy 0.5", Algorithm::EpsilonGreedy { epsilon: 0.5 });
}

#[test]
fn greedy_is_epsilon_greedy_without_the_coin() {
    check("epsilon-greedy 0", Algorithm::Greedy);
}

#[test]
fn ucb1_decides_alike() {
    check("ucb1 0.5", Algorithm::ucb1_outside(0.5));
    check("ucb1 1", Algorithm::ucb1_outside(1.0));
    check("ucb1 1.25", Algorithm::ucb1_outside(1.25));
}

#[test]
fn lin_ucb_decides_alike() {
    check("lin-ucb 0.5 1", Algorithm::LinUcb { alpha: 0.5, ridge: 1.0 });
    check("lin-ucb 1 1", Algorithm::LinUcb { alpha: 1.0, ridge: 1.0 });
    check("lin-ucb 1.5 4", Algorithm::LinUcb { alpha: 1.5, ridge: 4.0 });
}

#[test]
fn thompson_sampling_chooses_as_often() {
    // MABWiser's draws follow numpy's normal tables, so frequencies are compared, not streams.
    let golden = golden().thompson;
    let algorithm = Algorithm::ThompsonBeta { successes: 1.0, failures: 1.0 };
    let config = BanditConfig { arms: golden.counts.len() as u32, algorithm, ..BanditConfig::default() };
    let bandit = Bandit::new(&config).expect("settings are valid");
    let pairs = golden.successes.iter().zip(&golden.failures);
    for (arm, (good, bad)) in pairs.enumerate() {
        let pull = Pull { arm: arm as u32, propensity: 1.0 };
        for i in 0..good + bad {
            let reward = f64::from(u8::from(i < *good));
            bandit.tell(&Context::default(), pull, reward).expect("it fits");
        }
    }
    let shares = bandit.probabilities(&Context::default()).expect("it fits");
    let n = f64::from(golden.draws);
    for (share, count) in shares.iter().zip(&golden.counts) {
        let off = (f64::from(*count) / n - share).abs();
        assert!(off < 4.0 * (share * (1.0 - share) / n).sqrt(), "{shares:?}, {:?}", golden.counts);
    }
}
