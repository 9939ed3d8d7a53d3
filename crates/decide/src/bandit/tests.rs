//! What every rule must keep, and the sums of some by hand.

use super::*;
use autodidact_core::Verdict;
use rand::Rng as _;

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
        Algorithm::TsallisInf,
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

#[test]
fn choices_do_not_depend_on_what_else_is_asked() {
    for config in all() {
        let bandit = Bandit::new(&config).expect("settings are valid");
        play(&bandit, 0..50);
        let asks: Vec<Ask<Choice>> =
            (50..70).map(|round| Ask { query: context(&config, round), knobs: (), tries: 3 }).collect();
        let seeds: Vec<Seed> = (0..20).map(|i| Seed::root(9).at("ask", i)).collect();
        let together = bandit.propose(&asks, &seeds).expect("it proposes").answers;
        for (i, ask) in asks.iter().enumerate() {
            let alone =
                bandit.propose(std::slice::from_ref(ask), &seeds[i..=i]).expect("it proposes").answers;
            assert_eq!(alone[0], together[i], "{config:?}");
        }
    }
}

#[test]
fn learning_in_one_batch_equals_learning_one_by_one() {
    for config in all() {
        let group = |round: u64| {
            let arm = (round % 4) as u32;
            let answer = Pull { arm, propensity: 0.25 };
            let tries = vec![autodidact_core::Try { answer, verdict: Verdict::score(reward(round, arm)) }];
            Group { ask: Ask { query: context(&config, round), knobs: (), tries: 1 }, tries }
        };
        let groups: Vec<Group<Choice>> = (0..120).map(group).collect();
        let mut whole = Bandit::new(&config).expect("settings are valid");
        whole.learn(&groups, Seed::root(0)).expect("it learns");
        let mut parts = Bandit::new(&config).expect("settings are valid");
        for chunk in groups.chunks(7) {
            parts.learn(chunk, Seed::root(1)).expect("it learns");
        }
        assert_eq!(whole.version().expect("it has one"), parts.version().expect("it has one"), "{config:?}");
    }
}

#[test]
fn rewards_may_come_late_out_of_order_or_never() {
    for config in all() {
        let bandit = Bandit::new(&config).expect("settings are valid");
        let mut waiting = Vec::new();
        let mut good = 0;
        for round in 0..2000u64 {
            let context = context(&config, round);
            let pull =
                bandit.choose(&context, &mut Seed::root(7).at("choose", round).rng()).expect("it fits");
            good += u32::from(round >= 1500 && pull.arm == 3);
            // One in five never comes; the others come in batches of 20, the latest first.
            if round % 5 != 4 {
                waiting.push((context, pull, reward(round, pull.arm)));
            }
            if waiting.len() == 20 {
                for (context, pull, reward) in waiting.drain(..).rev() {
                    bandit.tell(&context, pull, reward).expect("it fits");
                }
            }
        }
        assert_eq!(bandit.told(), 1600);
        // What forgets keeps exploring; UCB-V and EXP3 learn more slowly than this test lasts.
        let slow =
            matches!(config.algorithm, Algorithm::Random | Algorithm::UcbV { .. } | Algorithm::Exp3 { .. });
        if !slow && config.memory == Memory::All {
            assert!(good > 250, "{config:?}: the best arm in {good} of the last 500 rounds");
        }
    }
}

#[test]
fn an_abstention_is_not_learned_from() {
    let mut bandit = Bandit::new(&BanditConfig::default()).expect("settings are valid");
    let tries = vec![autodidact_core::Try {
        answer: Pull { arm: 1, propensity: 1.0 },
        verdict: Verdict::abstain("no feedback came"),
    }];
    let ask = Ask { query: Context::default(), knobs: (), tries: 1 };
    bandit.learn(&[Group { ask, tries }], Seed::root(0)).expect("it learns nothing");
    assert_eq!(bandit.told(), 0);
}

#[test]
fn the_first_pulls_go_through_the_arms_even_when_rewards_are_late() {
    for algorithm in [Algorithm::Greedy, Algorithm::Ucb1 { alpha: 0.5 }, Algorithm::KlUcb { c: 0.0 }] {
        let config = BanditConfig { arms: 5, algorithm, ..BanditConfig::default() };
        let prompt = Bandit::new(&config).expect("settings are valid");
        let late = Bandit::new(&config).expect("settings are valid");
        let mut rng = Seed::root(1).rng();
        for round in 0..5 {
            let context = Context { round, ..Context::default() };
            let pull = prompt.choose(&context, &mut rng).expect("it fits");
            assert_eq!(pull, Pull { arm: round as u32, propensity: 1.0 });
            prompt.tell(&context, pull, 0.0).expect("it fits");
            assert_eq!(late.choose(&context, &mut rng).expect("it fits").arm, round as u32);
        }
    }
}

#[test]
fn ucb1_scores_arms_as_evolve_and_mabwiser_do() {
    // N = (4, 3, 3), means (0.5, 1, 0): indices 1.03649, 1 + sqrt(0.5 ln 10 / 3) = 1.61949, 0.61949.
    let config =
        BanditConfig { arms: 3, algorithm: Algorithm::Ucb1 { alpha: 0.5 }, ..BanditConfig::default() };
    let bandit = Bandit::new(&config).expect("settings are valid");
    for (arm, reward) in [(0, 1.0), (0, 1.0), (0, 0.0), (0, 0.0), (1, 1.0), (1, 1.0), (1, 1.0)] {
        bandit.tell(&Context::default(), Pull { arm, propensity: 1.0 }, reward).expect("it fits");
    }
    for _ in 0..3 {
        bandit.tell(&Context::default(), Pull { arm: 2, propensity: 1.0 }, 0.0).expect("it fits");
    }
    assert_eq!(bandit.probabilities(&Context::default()).expect("it fits"), [0.0, 1.0, 0.0]);
    // MABWiser's mean + 0.5 sqrt(2 ln t / n) is alpha = 2 * 0.25.
    assert_eq!(Algorithm::ucb1_outside(0.5), config.algorithm);
}

#[test]
fn lin_ucb_without_data_explores_by_the_length_of_the_context() {
    // A = I: theta' x = 0 and alpha sqrt(x' x) = 0.5 * 5.
    let forecast = Ridge::new(2, 1.0).forecast(&[3.0, 4.0]);
    assert_eq!((forecast.mean, 0.5 * forecast.variance.sqrt()), (0.0, 2.5));
}

#[test]
fn probabilities_sum_to_one_and_are_the_frequencies_of_choice() {
    for config in all() {
        let bandit = Bandit::new(&config).expect("settings are valid");
        play(&bandit, 0..60);
        let context = Context { allowed: Some(vec![0, 2, 3]), ..context(&config, 60) };
        let shares = bandit.probabilities(&context).expect("it fits");
        assert!(
            (shares.iter().sum::<f64>() - 1.0).abs() < 1e-12 && shares[1] == 0.0,
            "{config:?}: {shares:?}"
        );
        let mut counts = [0u32; 4];
        let mut rng = Seed::root(11).rng();
        for _ in 0..20_000 {
            let pull = bandit.choose(&context, &mut rng).expect("it fits");
            counts[pull.arm as usize] += 1;
            let share = shares[pull.arm as usize];
            assert!(pull.propensity == 0.0 || (pull.propensity - share).abs() < 1e-12, "{config:?}");
        }
        for (count, share) in counts.iter().zip(&shares) {
            // Five standard deviations and a little.
            let off = (f64::from(*count) / 20_000.0 - share).abs();
            assert!(off < 5.0 * (share * (1.0 - share) / 20_000.0).sqrt() + 1e-9, "{config:?}: {off}");
        }
    }
}

#[test]
fn a_window_holds_only_the_last_rewards_and_a_discount_counts_old_ones_less() {
    let feed = |memory| {
        let mut tally = Tally::new(2);
        for reward in [1.0, 1.0, 0.0, 1.0] {
            tally.tell(0, reward, memory);
        }
        tally.tell(1, 1.0, memory);
        tally
    };
    let window = feed(Memory::Window { rounds: 3 });
    assert_eq!((&window.n[..], &window.sum[..], window.t), (&[2.0, 1.0][..], &[1.0, 1.0][..], 3.0));
    // 0.5^4 + 0.5^3 + 0.5^2 + 0.5 = 0.9375 of arm 0, of which 0.25 brought nothing.
    let discount = feed(Memory::Discount { gamma: 0.5 });
    assert_eq!(
        (&discount.n[..], &discount.sum[..], discount.t),
        (&[0.9375, 1.0][..], &[0.6875, 1.0][..], 1.9375)
    );
}

#[test]
fn a_bandit_that_forgets_leaves_an_arm_that_gets_worse() {
    let arm_now = |memory| {
        let algorithm = Algorithm::Ucb1 { alpha: 0.5 };
        let bandit = Bandit::new(&BanditConfig { arms: 2, memory, algorithm, ..BanditConfig::default() });
        let bandit = bandit.expect("settings are valid");
        let mut right = 0;
        for round in 0..8000u64 {
            let context = Context { round, ..Context::default() };
            let pull = bandit.choose(&context, &mut Seed::root(0).rng()).expect("it fits");
            right += u32::from(round >= 6000 && pull.arm == 1);
            // Arm 0 was the better one long enough that its mean takes 6,000 more rounds to fall.
            let chance = [if round < 6000 { 0.9 } else { 0.1 }, 0.5][pull.arm as usize];
            let luck: f64 = Seed::root(2).at("reward", round).rng().random();
            bandit.tell(&context, pull, f64::from(u8::from(luck < chance))).expect("it fits");
        }
        right
    };
    let (all, discount, window) = (
        arm_now(Memory::All),
        arm_now(Memory::Discount { gamma: 0.99 }),
        arm_now(Memory::Window { rounds: 200 }),
    );
    assert!(discount.min(window) > 1500 && all < 100, "{all}, {discount}, {window}");
}

#[test]
fn exp3_moves_its_weights_by_hand() {
    // gamma = 0.2, two arms: p = (0.5, 0.5); a reward of 1 on arm 0 gives ln w += 0.2 * 2 / 2 = 0.2,
    // p_0 = 0.8 e^0.2 / (e^0.2 + 1) + 0.1 = 0.539867.
    let config = BanditConfig { algorithm: Algorithm::Exp3 { gamma: 0.2 }, ..BanditConfig::default() };
    let bandit = Bandit::new(&config).expect("settings are valid");
    bandit.tell(&Context::default(), Pull { arm: 0, propensity: 0.5 }, 1.0).expect("it fits");
    let shares = bandit.probabilities(&Context::default()).expect("it fits");
    assert!((shares[0] - 0.539_867).abs() < 1e-6, "{shares:?}");
}

#[track_caller]
fn says(result: Result<impl std::fmt::Debug>, words: &[&str]) {
    let message = result.expect_err("it must fail").to_string();
    for word in words {
        assert!(message.contains(word), "{message:?} lacks {word:?}");
    }
}

#[test]
fn wrong_input_is_named_and_changes_nothing() {
    let config = BanditConfig {
        arms: 3,
        features: 2,
        algorithm: Algorithm::LinUcb { alpha: 1.0, ridge: 1.0 },
        memory: Memory::All,
    };
    let bandit = Bandit::new(&config).expect("settings are valid");
    let before = bandit.version().expect("it has one");
    let mut rng = Seed::root(0).rng();
    let of = |features: &[f64], allowed: Option<&[u32]>| Context {
        round: 0,
        features: features.to_vec(),
        allowed: allowed.map(<[u32]>::to_vec),
    };
    says(bandit.choose(&of(&[1.0], None), &mut rng), &["features", "2 in number", "is 1"]);
    says(bandit.choose(&of(&[1.0, f64::NAN], None), &mut rng), &["features[1]", "NaN"]);
    says(bandit.choose(&of(&[1.0, 1.0], Some(&[])), &mut rng), &["allowed", "empty"]);
    says(bandit.choose(&of(&[1.0, 1.0], Some(&[1, 3])), &mut rng), &["allowed", "below 3", "is 3"]);
    says(bandit.choose(&of(&[1.0, 1.0], Some(&[2, 1])), &mut rng), &["allowed", "rising", "2 before 1"]);
    let fine = of(&[1.0, 1.0], None);
    let pull = |arm| Pull { arm, propensity: 1.0 };
    says(bandit.tell(&fine, pull(3), 1.0), &["arm", "below 3", "is 3"]);
    says(bandit.tell(&fine, pull(1), f64::NAN), &["reward of arm 1", "finite", "NaN"]);
    says(bandit.tell(&of(&[], None), pull(1), 1.0), &["features", "2 in number", "is 0"]);
    assert_eq!(bandit.version().expect("it has one"), before);

    let with = |algorithm, memory| {
        Bandit::new(&BanditConfig { arms: 2, features: 0, algorithm, memory }).map(|_| ())
    };
    says(with(Algorithm::LinUcb { alpha: 1.0, ridge: 1.0 }, Memory::All), &["features", "lin-ucb"]);
    says(
        with(Algorithm::UcbV { zeta: 1.0, c: 1.0 }, Memory::Window { rounds: 5 }),
        &["memory", "ucb-v", "window"],
    );
    says(with(Algorithm::Greedy, Memory::Discount { gamma: 1.0 }), &["memory.gamma", "is 1"]);
    says(with(Algorithm::EpsilonGreedy { epsilon: 1.5 }, Memory::All), &["algorithm.epsilon", "is 1.5"]);
    says(
        Bandit::new(&BanditConfig { arms: 0, ..BanditConfig::default() }).map(|_| ()),
        &["arms", "at least 1"],
    );

    let exp3 =
        Bandit::new(&BanditConfig { algorithm: Algorithm::Exp3 { gamma: 0.1 }, ..BanditConfig::default() });
    let exp3 = exp3.expect("settings are valid");
    says(
        exp3.tell(&Context::default(), Pull { arm: 1, propensity: 0.0 }, 1.0),
        &["propensity of arm 1", "exp3"],
    );
    says(exp3.tell(&Context::default(), pull(1), 1.5), &["reward of arm 1", "exp3", "1.5"]);
    says(exp3.restore(&bandit.save().expect("it saves")), &["snapshot", "same settings"]);
    says(exp3.restore(&Snapshot::default()), &["bandit.json"]);
}

#[test]
fn settings_are_read_by_the_names_in_the_book() {
    for config in all() {
        let text = serde_json::to_string(&config).expect("settings are plain");
        assert!(text.contains(&format!("\"kind\":\"{}\"", config.algorithm.name())), "{text}");
        assert_eq!(serde_json::from_str::<BanditConfig>(&text).expect("it reads back"), config);
    }
    let read = |text: &str| serde_json::from_str::<BanditConfig>(text);
    let config = read(r#"{"arms": 10, "algorithm": {"kind": "lin-ucb"}, "features": 20}"#).expect("it reads");
    assert_eq!(config.algorithm, Algorithm::LinUcb { alpha: 1.0, ridge: 1.0 });
    assert!(read(r#"{"algorithm": {"kind": "ucb1", "beta": 1}}"#).is_err());
}

mod chance {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_stream_of_rewards_makes_a_bandit_panic_or_leave_its_arms(
            which in 0usize..24,
            told in prop::collection::vec((0u32..4, 0.0..=1.0f64), 0..80),
            mask in 1u32..16,
        ) {
            let configs = all();
            let config = &configs[which % configs.len()];
            let bandit = Bandit::new(config).expect("settings are valid");
            let list: Vec<u32> = (0..4).filter(|arm| mask >> arm & 1 == 1).collect();
            for (round, (arm, reward)) in told.iter().enumerate() {
                let context = Context { allowed: Some(list.clone()), ..context(config, round as u64) };
                let pull = bandit.choose(&context, &mut Seed::root(round as u64).rng()).expect("it fits");
                prop_assert!(list.contains(&pull.arm) && (0.0..=1.0).contains(&pull.propensity));
                let shares = bandit.probabilities(&context).expect("it fits");
                prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
                prop_assert!(shares[pull.arm as usize] > 0.0);
                bandit.tell(&context, Pull { arm: *arm, propensity: 0.25 }, *reward).expect("it fits");
            }
        }
    }
}
