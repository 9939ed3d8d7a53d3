use super::*;

fn all() -> Vec<BanditConfig> {
    let with = |features: u32, algorithm: Algorithm, memory: Memory| BanditConfig {
        arms: 4,
        features,
        algorithm,
        memory,
    };
    let plain = [
        Algorithm::Random,
        Algorithm::Greedy,
        Algorithm::EpsilonGreedy { epsilon: 0.2 },
        Algorithm::Ucb1 { alpha: 0.5 },
        Algorithm::UcbV { zeta: 1.2, c: 1.0 },
        Algorithm::KlUcb { c: 0.0 },
        Algorithm::Moss { horizon: 300 },
        Algorithm::ThompsonBeta { successes: 1.0, failures: 1.0 },
        Algorithm::ThompsonGaussian { mean: 0.0, variance: 1.0, noise: 0.25 },
        Algorithm::Exp3 { gamma: 0.1 },
    ];
    let contextual = [
        Algorithm::LinUcb { alpha: 0.5, ridge: 1.0 },
        Algorithm::LinThompson { scale: 0.5, ridge: 1.0 },
        Algorithm::GlmUcb { alpha: 0.5, ridge: 1.0 },
    ];
    let mut configs = Vec::new();
    for algorithm in plain {
        if algorithm.forgets() {
            configs.push(with(0, algorithm.clone(), Memory::Discount { gamma: 0.95 }));
            configs.push(with(0, algorithm.clone(), Memory::Window { rounds: 40 }));
        }
        configs.push(with(0, algorithm, Memory::All));
    }
    configs.extend(contextual.map(|algorithm| with(3, algorithm, Memory::All)));
    configs
}

fn context(config: &BanditConfig, round: u64) -> Context {
    let mut rng = Seed::root(5).at("context", round).rng();
    Context { round, features: (0..config.features).map(|_| rng.random()).collect(), allowed: None }
}

/// A reward of 0 or 1, better for higher arms.
fn reward(round: u64, arm: u32) -> f64 {
    let luck: f64 = Seed::root(6).at("reward", round).rng().random();
    f64::from(u8::from(luck < 0.2 + 0.2 * f64::from(arm)))
}

fn play(bandit: &Bandit, rounds: std::ops::Range<u64>) -> Vec<Pull> {
    let mut pulls = Vec::new();
    for round in rounds {
        let context = context(bandit.config(), round);
        let pull = bandit.choose(&context, &mut Seed::root(7).at("choose", round).rng()).expect("it fits");
        bandit.tell(&context, pull, reward(round, pull.arm)).expect("it fits");
        pulls.push(pull);
    }
    pulls
}

#[test]
fn a_bandit_that_is_stopped_and_resumed_goes_on_with_the_same_bits() {
    for config in all() {
        let whole = Bandit::new(&config).expect("settings are valid");
        let expected = play(&whole, 0..300);
        let first = Bandit::new(&config).expect("settings are valid");
        let mut found = play(&first, 0..137);
        let second = Bandit::new(&config).expect("settings are valid");
        second.restore(&first.save().expect("it saves")).expect("it restores");
        found.extend(play(&second, 137..300));
        assert_eq!(found, expected, "{config:?}");
        assert_eq!(second.save().expect("it saves"), whole.save().expect("it saves"), "{config:?}");
    }
}
