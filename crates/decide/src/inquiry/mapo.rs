//! MAPO: specialists for each level of difficulty, then one policy that loses little against any of them.
//!
//! The first stages train a policy at one level each, from the easiest on, every one starting from the last;
//! a fresh attack says what it loses there. The last stage minimises the largest excess over these figures
//! at all levels together. Everything that training changes is in one snapshot, block after block.

use super::adversary::Adversary;
use super::network::{Network, NetworkConfig};
use super::rollout::play;
use super::{AttackConfig, Inquiry, Opponent, Problem, Rollout, TrainConfig, Trainer, World, attack};
use autodidact_core::{
    Ask, BlobId, Error, Explore, Group, Judge, Judged, Learn, Lesson, Metrics, Policy, Proposals, Result,
    Rng, Seed, Snapshot, Spend, Verdict, Version,
};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Settings of MAPO.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MapoConfig {
    /// Bounds on complexity (r_1 < ... < r_K).
    pub levels: Vec<f64>,
    /// The policy.
    pub network: NetworkConfig,
    /// How it is trained.
    pub train: TrainConfig,
    /// Iterations a stage.
    pub iterations: u32,
    /// Parts a stage, each recorded with the weights it led to.
    pub blocks: u32,
    /// How the loss of a level is found.
    pub attack: AttackConfig,
}

impl Default for MapoConfig {
    fn default() -> MapoConfig {
        MapoConfig {
            levels: vec![8.0, 20.0, 50.0, 120.0, 300.0],
            network: NetworkConfig::default(),
            train: TrainConfig::default(),
            iterations: 600,
            blocks: 4,
            attack: AttackConfig::default(),
        }
    }
}

impl MapoConfig {
    /// Fails on settings that cannot be.
    pub fn check(&self) -> Result<()> {
        let rising = self.levels.windows(2).all(|pair| pair[0] < pair[1]);
        if self.levels.is_empty() || !rising || !self.levels.iter().all(|r| *r > 0.0 && r.is_finite()) {
            return Err(Error::invalid(
                "levels",
                "positive numbers in rising order",
                format!("{:?}", self.levels),
            ));
        }
        if self.blocks == 0 || self.iterations < self.blocks {
            return Err(Error::invalid("blocks", "between 1 and the number of iterations", self.blocks));
        }
        self.network.check()?;
        self.train.check()?;
        self.attack.check()
    }

    /// How many blocks the whole of training has.
    pub fn total_blocks(&self) -> u32 {
        (self.levels.len() as u32 + 1) * self.blocks
    }
}

/// What training has come to.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    /// Stages `0..K` train specialists, stage `K` the robust policy; `K + 1` when all is done.
    stage: usize,
    block: u32,
    trainer: Trainer,
    /// What the specialists lose at their levels, running maxima.
    targets: Vec<f64>,
}

/// The learner; [`Player`] and [`Hunter`] share its state.
#[derive(Clone, Debug)]
pub struct Mapo {
    world: Arc<dyn World>,
    config: MapoConfig,
    /// Names the pools of all attacks.
    attacks: Seed,
    state: Arc<Mutex<State>>,
}

impl Mapo {
    /// Begins with a fresh policy. `attacks` names the problems that measure, the same for all strategies.
    pub fn new(world: Arc<dyn World>, config: &MapoConfig, seed: Seed, attacks: Seed) -> Result<Mapo> {
        config.check()?;
        let network = Network::new(&*world, &config.network, seed.at("network", 0));
        let opponent = specialist(&*world, config, 0, seed.at("particles", 0));
        let trainer = Trainer::new(network, opponent, &config.train);
        let state = State { stage: 0, block: 0, trainer, targets: Vec::new() };
        Ok(Mapo { world, config: config.clone(), attacks, state: Arc::new(Mutex::new(state)) })
    }

    /// The policy as it is now.
    pub fn network(&self) -> Network {
        self.lock().trainer.network.clone()
    }

    /// What the specialists that are done lose at their levels, never falling.
    pub fn targets(&self) -> Vec<f64> {
        self.lock().targets.clone()
    }

    /// How many stages are done; the last, robust one makes it the number of levels plus one.
    pub fn stage(&self) -> usize {
        self.lock().stage
    }

    /// The policy as a player.
    pub fn player(&self) -> Player {
        Player { world: self.world.clone(), state: self.state.clone() }
    }

    /// The adversary as an explorer.
    pub fn hunter(&self) -> Hunter {
        Hunter { state: self.state.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn specialist(world: &dyn World, config: &MapoConfig, level: usize, seed: Seed) -> Opponent {
    let levels = &config.levels[level..=level];
    let adversary = Adversary::new(world, levels, &config.train.adversary, &mut seed.rng());
    Opponent::Adversary { adversary: Box::new(adversary), targets: vec![0.0] }
}

impl Learn<Inquiry> for Mapo {
    /// Trains one block. The groups are inquiries of the policy before it, recorded for who reads the
    /// ledger; training plays many more of its own.
    fn learn(&mut self, _groups: &[Group<Inquiry>], seed: Seed) -> Result<Lesson> {
        let (world, config) = (&*self.world, &self.config);
        let mut state = lock(&self.state);
        let mut metrics = Metrics::default();
        let k = config.levels.len();
        if state.stage > k {
            return Ok(Lesson::default());
        }
        let at =
            |block: u32| (u64::from(config.iterations) * u64::from(block) / u64::from(config.blocks)) as u32;
        let span = (at(state.block), at(state.block + 1), config.iterations);
        let loss = state.trainer.iterate(world, span, seed);
        metrics.push("loss", loss);
        state.block += 1;
        if state.block == config.blocks {
            state.block = 0;
            state.stage += 1;
            let stage = state.stage;
            if stage <= k {
                let found = attack(
                    world,
                    &state.trainer.network,
                    config.levels[stage - 1],
                    &config.attack,
                    self.attacks,
                );
                let last = state.targets.last().copied().unwrap_or(0.0);
                state.targets.push(found.loss.max(last));
                metrics.push("worst_loss", found.loss);
            }
            let seed = seed.at("particles", 0);
            let opponent = if stage < k {
                Some(specialist(world, config, stage, seed))
            } else if stage == k {
                let adversary =
                    Adversary::new(world, &config.levels, &config.train.adversary, &mut seed.rng());
                Some(Opponent::Adversary { adversary: Box::new(adversary), targets: state.targets.clone() })
            } else {
                None
            };
            if let Some(opponent) = opponent {
                state.trainer = Trainer::new(state.trainer.network.clone(), opponent, &config.train);
            }
        }
        Ok(Lesson { metrics, spend: Spend::default() })
    }

    fn save(&self) -> Result<Snapshot> {
        let bytes = serde_json::to_vec(&*self.lock());
        let bytes = bytes.map_err(|source| Error::Recorded { what: "training state", source })?;
        Ok(Snapshot { files: vec![("training.json".to_owned(), bytes)] })
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        let bytes = snapshot.file("training.json");
        let bytes = bytes.ok_or_else(|| Error::unknown("file", "training.json", [""; 0]))?;
        let state = serde_json::from_slice(bytes);
        *self.lock() = state.map_err(|source| Error::Recorded { what: "training state", source })?;
        Ok(())
    }
}

/// The policy in training, as one that answers problems with whole inquiries.
#[derive(Clone, Debug)]
pub struct Player {
    world: Arc<dyn World>,
    state: Arc<Mutex<State>>,
}

impl Policy<Inquiry> for Player {
    fn propose(&self, asks: &[Ask<Inquiry>], seeds: &[Seed]) -> Result<Proposals<Inquiry>> {
        let network = lock(&self.state).trainer.network.clone();
        let one = |problem: &Problem, seed: Seed| {
            let (mut played, _) = play(&*self.world, &network, &[problem], seed, 0, &mut |_, _| {});
            played.pop().expect("one problem, one inquiry")
        };
        let answers = asks.iter().zip(seeds).map(|(ask, seed)| {
            (0..u64::from(ask.tries)).map(|t| one(&ask.query, seed.at("try", t))).collect::<Vec<Rollout>>()
        });
        Ok(Proposals { answers: answers.collect(), spend: Spend::default() })
    }

    fn version(&self) -> Result<Version> {
        let state = lock(&self.state);
        let bytes: Vec<u8> = state.trainer.network.parameters.iter().flat_map(|x| x.to_le_bytes()).collect();
        Ok(Version(BlobId::of(&bytes).0))
    }
}

/// The adversary in training, as one that sets problems.
#[derive(Clone, Debug)]
pub struct Hunter {
    state: Arc<Mutex<State>>,
}

impl Explore<Inquiry> for Hunter {
    fn ask(&mut self, n: usize, rng: &mut Rng) -> Result<Vec<Ask<Inquiry>>> {
        let state = lock(&self.state);
        let Opponent::Adversary { adversary, .. } = &state.trainer.opponent else { return Ok(Vec::new()) };
        let drawn = adversary.draw(n, rng);
        let ask = |i: usize| Ask { query: adversary.particles()[i].clone(), knobs: (), tries: 1 };
        Ok(drawn.into_iter().map(ask).collect())
    }

    fn tell(&mut self, _groups: &[Group<Inquiry>]) -> Result<()> {
        Ok(())
    }

    /// Nothing: the learner keeps the adversary.
    fn save(&self) -> Result<Snapshot> {
        Ok(Snapshot::default())
    }

    fn restore(&mut self, _snapshot: &Snapshot) -> Result<()> {
        Ok(())
    }
}

/// Scores an inquiry with its negative loss.
#[derive(Clone, Debug)]
pub struct Regret(pub Arc<dyn World>);

impl Judge<Inquiry> for Regret {
    fn judge(&self, asks: &[Ask<Inquiry>], answers: &[Vec<Rollout>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, one| {
            let parts = one.decision.iter().enumerate().filter(|(_, share)| **share > 0.0);
            Verdict::score(-parts.map(|(z, share)| share * self.0.loss(&ask.query, z)).sum::<f64>())
        }))
    }

    fn name(&self) -> String {
        "negative loss of the decision".to_owned()
    }
}
