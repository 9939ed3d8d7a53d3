//! The four worlds, what is trained in them and which strategies are derived by hand.

use crate::learn_active::{OpenWorld, WorldConfig, informed};
use crate::proof::Scale;
use autodidact_core::Seed;
use autodidact_decide::inquiry::{
    AdversaryConfig, Answers, AttackConfig, Baseline, MapoConfig, NetworkConfig, Problem, Strategy, Table,
    TrainConfig, World,
};

pub(super) const MAPO: &str = "MAPO";
pub(super) const MINIMAX: &str = "hardest level only";
pub(super) const PRIOR: &str = "trained on the prior";
pub(super) const START: &str = "untrained";
pub(super) const UNIFORM: &str = "uniform";
pub(super) const UCB: &str = "UCB";
pub(super) const HALVING: &str = "successive halving";
pub(super) const GREEDY: &str = "greedy information, true table";
pub(super) const TOO_SURE: &str = "greedy information, log-odds doubled";
pub(super) const BISECTIONS: [&str; 3] =
    ["bisection, each point once", "bisection, each point 3 times", "bisection, each point 5 times"];

/// A world of the proof.
pub(super) struct Case {
    pub name: &'static str,
    pub world: WorldConfig,
    pub mapo: MapoConfig,
    /// What log-odds are multiplied by where answers are noisier than the table says.
    pub noisier: f64,
    /// Inquiries at each problem of an average.
    pub tries: u32,
    /// Problems of an average where the world has no table.
    plain: usize,
}

/// The cases in the order of the card.
pub(super) fn cases(scale: Scale) -> Vec<Case> {
    let quick = scale == Scale::Quick;
    let size = |full: u32, small: u32| if quick { small } else { full };
    let adversary = AdversaryConfig { particles: size(64, 8), ..AdversaryConfig::default() };
    let train = TrainConfig { rollouts: size(256, 16), adversary, ..TrainConfig::default() };
    let attack = AttackConfig {
        pool: size(96, 6),
        tries: size(64, 8),
        finalists: size(6, 2),
        steps: size(4, 1),
        final_tries: size(2048, 16),
        ..AttackConfig::default()
    };
    let hidden = if quick { vec![8] } else { vec![64, 64] };
    let arms = MapoConfig {
        levels: if quick { vec![20.0, 300.0] } else { vec![8.0, 20.0, 50.0, 120.0, 300.0] },
        network: NetworkConfig { hidden: hidden.clone(), ..NetworkConfig::default() },
        train,
        iterations: size(300, 4),
        blocks: 2,
        attack,
    };
    // On tables the policy starts near the best, and its losses are rare: smaller steps.
    let table = |full: u32| MapoConfig {
        network: informed(hidden.clone()),
        train: TrainConfig { rollouts: size(128, 16), lr: 3e-4, ..train },
        iterations: size(full, 4),
        attack: AttackConfig {
            pool: size(64, 6),
            tries: size(32, 8),
            steps: size(2, 1),
            final_tries: size(1024, 16),
            ..attack
        },
        ..arms.clone()
    };
    let case = |name, world, mapo| Case { name, world, mapo, noisier: 0.6, tries: size(64, 4), plain: 200 };
    let worlds = [
        ("best arm", WorldConfig::Arms { arms: 8, budget: 16, answers: Answers::Normal }, arms.clone()),
        ("thresholds", WorldConfig::Thresholds { points: 25, budget: 20, flip: 0.1, reach: 1.0 }, table(200)),
        (
            "twenty questions",
            WorldConfig::TwentyQuestions {
                objects: size(50, 8),
                questions: size(40, 8),
                budget: size(20, 4),
                reach: 0.5,
            },
            table(150),
        ),
        (
            "jokes",
            WorldConfig::Jokes { users: size(200, 12), jokes: size(30, 6), budget: size(12, 4), reach: 0.5 },
            table(150),
        ),
    ];
    worlds.into_iter().map(|(name, world, mapo)| case(name, world, mapo)).collect()
}

impl Case {
    /// The levels: the card's for arms; for tables the quarter, the half and all of the kinds, the last with
    /// room for an adversary that makes the hardest harder.
    pub fn levels(&self, open: &OpenWorld) -> Vec<f64> {
        let Some(table) = &open.table else { return self.mapo.levels.clone() };
        let mut all: Vec<f64> = kinds(table).iter().map(|kind| table.complexity(kind)).collect();
        all.sort_by(f64::total_cmp);
        let at = |share: f64| all[((all.len() - 1) as f64 * share) as usize];
        let low = at(0.25) * 1.01;
        let middle = (at(0.5) * 1.1).max(low * 1.2);
        vec![low, middle, (at(1.0) * 1.3).max(middle * 1.2)]
    }

    /// Problems to average over: each kind of a table as it is, draws of the prior otherwise.
    pub fn plain(&self, open: &OpenWorld, seed: Seed) -> Vec<Problem> {
        match &open.table {
            Some(table) => kinds(table),
            None => {
                let mut rng = seed.rng();
                (0..self.plain).map(|_| open.world.prior(&mut rng)).collect()
            }
        }
    }

    /// The strategies derived by hand that make sense here.
    pub fn baselines(&self, open: &OpenWorld) -> Vec<(&'static str, Box<dyn Strategy>)> {
        let mut all: Vec<(&'static str, Box<dyn Strategy>)> = vec![(UNIFORM, Box::new(Baseline::Uniform))];
        if matches!(self.world, WorldConfig::Arms { .. } | WorldConfig::Jokes { .. }) {
            all.push((UCB, Box::new(Baseline::Ucb)));
            all.push((HALVING, Box::new(Baseline::Halving)));
        }
        if matches!(self.world, WorldConfig::Thresholds { .. }) {
            for (name, repeats) in BISECTIONS.into_iter().zip([1, 3, 5]) {
                all.push((name, Box::new(Baseline::Bisection { repeats })));
            }
        }
        if let Some(table) = &open.table {
            let greedy = |table: Table| Box::new(Baseline::Greedy { table: Box::new(table) });
            all.push((GREEDY, greedy((**table).clone())));
            all.push((TOO_SURE, greedy(table.sharpened(2.0))));
        }
        all
    }
}

fn kinds(table: &Table) -> Vec<Problem> {
    (0..table.logits.len() as u32).map(|kind| table.kind(kind)).collect()
}
