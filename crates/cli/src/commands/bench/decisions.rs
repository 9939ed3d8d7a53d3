//! Decisions without a language model: rounds a second of a bandit, alone and recorded.

use crate::decide::{Process, ProcessConfig, Situation};
use crate::error::{CommandError, Kind, Result};
use autodidact_core::{Alarms, Caps, Loop, Run, RunOptions, RunSpec, Seed, Silent, Stop};
use autodidact_decide::bandit::{Algorithm, Bandit, BanditConfig, Memory};
use autodidact_decide::choice::{Choice, Context, Pull};
use autodidact_decide::world::{Bernoulli, WorldConfig};
use autodidact_ledger::Store;
use autodidact_math::numpy::Generator;
use std::time::Instant;

/// Arms of the measured bandits.
const ARMS: usize = 10;

/// Features of the contextual ones.
const FEATURES: usize = 20;

/// Rounds that both sides play in a turn.
const ROUNDS: usize = 300;

/// Rounds that are recorded.
const RECORDED: u64 = 40_000;

/// A bandit and the rounds that it plays.
pub struct Game {
    /// The algorithm's name, here and for the peer.
    pub name: &'static str,
    config: BanditConfig,
    /// `(ARMS + ROUNDS, features)`.
    pub contexts: Vec<Vec<f64>>,
    /// The reward of every arm in every round, `(ARMS + ROUNDS, ARMS)`.
    pub rewards: Vec<Vec<f64>>,
}

impl Game {
    /// The measured bandits: ten arms, and twenty features where there is a context.
    pub fn all() -> Vec<Game> {
        let game = |features: usize, algorithm: Algorithm| {
            let mut rng = Generator::of(7);
            let rounds = ARMS + ROUNDS;
            let mut row = |n: usize, of: &dyn Fn(usize, f64) -> f64| -> Vec<f64> {
                (0..n).map(|i| of(i, rng.random())).collect()
            };
            Game {
                name: algorithm.name(),
                contexts: (0..rounds).map(|_| row(features, &|_, x| 2.0 * x - 1.0)).collect(),
                rewards: (0..rounds)
                    .map(|_| row(ARMS, &|arm, luck| f64::from(u8::from(luck < 0.3 + 0.05 * arm as f64))))
                    .collect(),
                config: BanditConfig {
                    arms: ARMS as u32,
                    features: features as u32,
                    algorithm,
                    memory: Memory::All,
                },
            }
        };
        vec![
            game(0, Algorithm::ucb1_outside(1.0)),
            game(0, Algorithm::ThompsonBeta { successes: 1.0, failures: 1.0 }),
            game(FEATURES, Algorithm::LinUcb { alpha: 1.0, ridge: 1.0 }),
        ]
    }

    /// Whether both sides decide alike: rules without chance do.
    pub fn is_certain(&self) -> bool {
        !self.config.algorithm.draws()
    }

    /// How many rounds are played.
    pub fn rounds(&self) -> usize {
        ROUNDS
    }

    /// Plays all rounds once, each arm once beforehand; the seconds and the arms chosen.
    pub fn play(&self) -> Result<(f64, Vec<u32>)> {
        let bandit = Bandit::new(&self.config)?;
        let contexts: Vec<Context> = (0u64..)
            .zip(&self.contexts)
            .map(|(round, features)| Context { round, features: features.clone(), allowed: None })
            .collect();
        for (arm, context) in contexts[..ARMS].iter().enumerate() {
            let pull = Pull { arm: arm as u32, propensity: 1.0 };
            bandit.tell(context, pull, self.rewards[arm][arm])?;
        }
        let mut rng = Seed::root(1).rng();
        let mut chosen = Vec::with_capacity(ROUNDS);
        let started = Instant::now();
        for (context, rewards) in contexts.iter().zip(&self.rewards).skip(ARMS) {
            let pull = bandit.choose(context, &mut rng)?;
            bandit.tell(context, pull, rewards[pull.arm as usize])?;
            chosen.push(pull.arm);
        }
        Ok((started.elapsed().as_secs_f64(), chosen))
    }
}

/// Rounds of UCB1 a second with every round in a stored ledger when it ends.
pub fn recorded() -> Result<f64> {
    let directory = tempfile::tempdir()
        .map_err(|source| CommandError::io(&std::env::temp_dir(), "making a directory", source))?;
    let world = WorldConfig::Bernoulli(Bernoulli { arms: ARMS as u32, gap: 0.2, horizon: RECORDED });
    let world = world.open(Seed::root(1))?;
    let bandit = Bandit::new(&BanditConfig { arms: ARMS as u32, ..BanditConfig::default() })?;
    let mut parts = Loop::<Choice> {
        explore: Box::new(world.explore()),
        policy: Box::new(bandit.clone()),
        judge: Box::new(world.judge()),
        learn: Box::new(bandit),
    };
    let store = Store::open(directory.path())?;
    let id = store.begin(&RunSpec { recipe: "bench".to_owned(), ..RunSpec::default() })?;
    let mut run = Run::new(RunOptions {
        ledger: &store,
        id,
        seed: 1,
        caps: Caps::default(),
        alarms: Alarms::default(),
        observer: &Silent,
        stop: Stop::default(),
        complete: false,
    })?;
    let started = Instant::now();
    let groups = run.play("play", &mut parts, RECORDED, 1)?;
    let seconds = started.elapsed().as_secs_f64();
    if groups.len() as u64 == RECORDED {
        return Ok(RECORDED as f64 / seconds);
    }
    let found = format!("{} rounds came back instead of {RECORDED}", groups.len());
    Err(CommandError::new(Kind::Failed, found))
}

/// Asks and tells of a decision process in a stored ledger, each durable when it returns: the seconds of
/// each pair.
pub fn asked_and_told() -> Result<Vec<f64>> {
    const PAIRS: u64 = 300;
    let directory = tempfile::tempdir()
        .map_err(|source| CommandError::io(&std::env::temp_dir(), "making a directory", source))?;
    let store = Store::open(directory.path())?;
    let names = |n: usize| (0..n).map(|i| format!("x{i}")).collect::<Vec<String>>();
    let config = ProcessConfig::new(names(ARMS), names(FEATURES), "lin-ucb", Memory::All, &[])?;
    let mut process = Process::begin(&store, "bench", config, 1)?;
    let mut rng = Generator::of(7);
    let mut seconds = Vec::new();
    for _ in 0..PAIRS {
        let features = (0..FEATURES).map(|_| rng.random()).collect();
        let situation = Situation::parse(features, None, process.config())?;
        let started = Instant::now();
        let asked = process.ask(&[situation])?;
        process.tell(&[(asked[0].decision, 0.5)]).map_err(|untold| untold.error)?;
        seconds.push(started.elapsed().as_secs_f64());
    }
    Ok(seconds)
}
