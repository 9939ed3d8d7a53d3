//! Worlds pay what they say, to everyone the same.

use super::*;
use std::io::Write;

fn pull(arm: u32) -> Pull {
    Pull { arm, propensity: 1.0 }
}

fn open(config: &WorldConfig, seed: u64) -> World {
    config.open(Seed::root(seed)).expect("opens")
}

fn made() -> Vec<WorldConfig> {
    vec![
        WorldConfig::Bench(Bench::default()),
        WorldConfig::Bernoulli(Bernoulli::hard(20)),
        WorldConfig::Gaussian(Gaussian::easy(5)),
        WorldConfig::LowRank(LowRank { population: 220, ..LowRank::default() }),
        WorldConfig::Switching(Switching::default()),
        WorldConfig::Drifting(Drifting::default()),
    ]
}

#[test]
fn rewards_average_to_the_mean_that_the_world_says() {
    for config in made() {
        let world = open(&config, 3);
        let context = world.context(7);
        let means = world.means(&context).expect("known");
        assert_eq!(means.len(), world.arms());
        let n = 4000;
        for (arm, mean) in means.iter().enumerate() {
            let reward = |t| world.verdict(&context, pull(arm as u32), t).value().expect("scored");
            let found = (0..n).map(reward).sum::<f64>() / n as f64;
            // Five standard errors of a deviation of at most 1.
            assert!((found - mean).abs() < 5.0 / (n as f64).sqrt(), "{}: {found} {mean}", world.name());
        }
    }
}

#[test]
fn a_verdict_is_a_function_of_the_round_and_the_arm() {
    for config in made() {
        let (one, other) = (open(&config, 5), open(&config, 5));
        let context = one.context(11);
        assert_eq!(context, other.context(11));
        let first = one.verdict(&context, pull(1), 0);
        other.verdict(&other.context(0), pull(0), 0);
        assert_eq!(first, other.verdict(&context, pull(1), 0));
        assert_eq!(
            first.part("regret").expect("known"),
            one.means(&context).expect("known").iter().copied().fold(f64::MIN, f64::max)
                - first.part("mean").expect("known")
        );
    }
}

#[test]
fn an_arm_that_is_not_there_is_no_score() {
    let world = open(&WorldConfig::default(), 0);
    assert_eq!(world.verdict(&world.context(0), pull(5), 0).value(), None);
    let context = Context { allowed: Some(vec![1, 3]), ..world.context(0) };
    assert_eq!(world.verdict(&context, pull(2), 0).value(), None);
    let verdict = world.verdict(&context, pull(3), 0);
    let means = world.means(&context).expect("known");
    // The best arm of those that were offered is what counts.
    assert_eq!(verdict.part("regret"), Some(means[1].max(means[3]) - means[3]));
}

#[test]
fn rounds_end_at_the_horizon_and_go_on_where_they_were_saved() {
    let world = open(&WorldConfig::Bernoulli(Bernoulli { horizon: 5, ..Bernoulli::default() }), 0);
    let mut rng = Seed::root(0).rng();
    let mut rounds = world.explore();
    assert_eq!(rounds.ask(3, &mut rng).expect("asks").len(), 3);
    let saved = rounds.save().expect("saves");
    let next: Vec<u64> = rounds.ask(3, &mut rng).expect("asks").iter().map(|ask| ask.query.round).collect();
    assert_eq!(next, [3, 4]);
    assert!(rounds.ask(1, &mut rng).expect("asks").is_empty());
    let mut other = world.explore();
    other.restore(&saved).expect("restores");
    assert_eq!(other.ask(9, &mut rng).expect("asks").len(), 2);
    assert!(other.restore(&Snapshot::default()).is_err());
}

#[test]
fn the_seed_decides_which_arm_is_best() {
    let best = |seed| {
        let world = open(&WorldConfig::default(), seed);
        let means = world.means(&world.context(0)).expect("known");
        assert_eq!(means.iter().filter(|mean| **mean == 0.75).count(), 1);
        assert_eq!(means.iter().filter(|mean| **mean == 0.25).count(), 4);
        means.iter().position(|mean| *mean == 0.75)
    };
    let found: std::collections::BTreeSet<_> = (0..40).map(best).collect();
    assert_eq!(found.len(), 5);
}

#[test]
fn switches_come_on_time_and_change_the_best_arm() {
    let config = Switching { every: 10, horizon: 35, ..Switching::default() };
    let world = open(&WorldConfig::Switching(config), 1);
    let best = |round| {
        let means = world.means(&world.context(round)).expect("known");
        means.iter().position(|mean| *mean == 0.75)
    };
    for round in 0..34 {
        assert_eq!(best(round) == best(round + 1), (round + 1) % 10 != 0, "round {round}");
    }
}

#[test]
fn drift_stays_within_its_ends() {
    let world = open(&WorldConfig::Drifting(Drifting { step: 0.2, ..Drifting::default() }), 1);
    let all: Vec<f64> =
        (0..1000).flat_map(|round| world.means(&world.context(round)).expect("known")).collect();
    assert!(all.iter().all(|mean| (0.05..=0.95).contains(mean)));
    let (low, high) = all.iter().fold((1.0f64, 0.0f64), |(low, high), x| (low.min(*x), high.max(*x)));
    assert!(low < 0.1 && high > 0.9);
}

#[test]
fn ratings_are_low_rank_and_their_users_come_from_the_right_group() {
    // Forty films, all of them rated: no two users are alike.
    let config = LowRank { arms: 40, rank: 3, seen: 1.0, ..LowRank::default() };
    let train = open(&WorldConfig::LowRank(config.clone()), 2);
    let eval = open(&WorldConfig::LowRank(LowRank { users: Users::Eval, ..config }), 2);
    assert_eq!((train.features(), train.arms()), (3, 40));
    let contexts: Vec<Vec<f64>> = (0..200).map(|round| train.context(round).features).collect();
    assert!((0..200).all(|round| !contexts.contains(&eval.context(round).features)));
    // The middle of the scale is 3.5.
    let mean: f64 =
        (0..200).flat_map(|round| train.means(&train.context(round)).expect("known")).sum::<f64>() / 8000.0;
    assert!((3.0..4.0).contains(&mean), "{mean}");
    let verdict = train.verdict(&train.context(4), pull(7), 0);
    assert_eq!(verdict.value(), verdict.part("mean"));
}

#[test]
fn a_table_with_labels_is_a_world_with_one_right_arm() {
    let mut file = tempfile::Builder::new().suffix(".csv").tempfile().expect("made");
    writeln!(file, "x,note,class\n1,\"a, b\",dog\n2,c,cat\n3,d,dog").expect("written");
    let config = Logged {
        path: file.path().into(),
        features: vec!["x".into()],
        feedback: Feedback::Label { column: "class".into() },
        order: Order::AsLogged,
        horizon: 0,
    };
    let world = open(&WorldConfig::Logged(config.clone()), 0);
    assert_eq!((world.arms(), world.horizon(), world.features()), (2, 3, 1));
    assert_eq!(world.context(1).features, [2.0]);
    // Arms are sorted: cat 0, dog 1.
    let reward = |round, arm| world.verdict(&world.context(round), pull(arm), 0).value();
    assert_eq!((reward(0, 0), reward(0, 1), reward(1, 0)), (Some(0.0), Some(1.0), Some(1.0)));
    let missing = Logged { features: vec!["y".into()], ..config };
    let error = WorldConfig::Logged(missing).open(Seed::root(0)).expect_err("no such column").to_string();
    assert!(error.contains("every row has a column \"y\", but line 2 has x, note, class"), "{error}");
}

#[test]
fn a_log_answers_only_where_its_own_arm_is_chosen() {
    let mut file = tempfile::Builder::new().suffix(".jsonl").tempfile().expect("made");
    writeln!(
        file,
        "{{\"x\": [0.5, 1], \"arm\": 1, \"click\": true}}\n\n{{\"x\": [0, 2], \"arm\": 0, \"click\": 0}}"
    )
    .expect("written");
    let config = Logged {
        path: file.path().into(),
        features: vec!["x".into()],
        feedback: Feedback::Replay { arm: "arm".into(), reward: "click".into(), arms: 3 },
        order: Order::AsLogged,
        horizon: 0,
    };
    let world = open(&WorldConfig::Logged(config.clone()), 0);
    let verdict = |round, arm| world.verdict(&world.context(round), pull(arm), 0);
    assert_eq!((verdict(0, 1).value(), verdict(0, 0).value()), (Some(1.0), None));
    assert!(!verdict(0, 0).is_error() && verdict(0, 1).part("regret").is_none());
    assert_eq!(verdict(1, 0).value(), Some(0.0));
    let narrow = Feedback::Replay { arm: "arm".into(), reward: "click".into(), arms: 1 };
    assert!(WorldConfig::Logged(Logged { feedback: narrow, ..config }).open(Seed::root(0)).is_err());
}

#[test]
fn the_full_set_has_16_instances_with_names_that_open() {
    let cells = Bench::full();
    assert_eq!(cells.len(), 16);
    let names: std::collections::BTreeSet<String> = cells.iter().map(|cell| cell.name.clone()).collect();
    assert_eq!(names.len(), 16);
    for cell in cells.iter().chain(&Bench::films()) {
        let world = open(&WorldConfig::Bench(Bench { name: cell.name.clone() }), 0);
        let horizon = match &cell.name {
            name if name.starts_with("films") => 200,
            name if name.ends_with("easy") => 300,
            _ => 1000,
        };
        assert_eq!(world.horizon(), horizon, "{}", cell.name);
    }
    let error =
        WorldConfig::Bench(Bench { name: "bernoulli".into() }).open(Seed::root(0)).expect_err("unknown");
    assert!(error.to_string().contains("bernoulli-20-clothes-hard"), "{error}");
}

#[test]
fn settings_that_cannot_be_are_named() {
    let complaint = |config: WorldConfig| config.check("world").expect_err("refused").to_string();
    let gap = Bernoulli { gap: 0.0, ..Bernoulli::default() };
    assert_eq!(complaint(WorldConfig::Bernoulli(gap)), "world.gap must be above 0 and at most 1, but is 0");
    let arms = Switching { arms: 1, ..Switching::default() };
    assert_eq!(complaint(WorldConfig::Switching(arms)), "world.arms must be between 2 and 100000, but is 1");
    assert!(complaint(WorldConfig::Logged(Logged::default())).starts_with("world.path"));
}
