//! The recommenders that learn online: hand-computed updates, ties, and state that comes back.

use super::super::{Recommender, Rule, Shown, World, WorldConfig, verdict};
use super::*;
use autodidact_core::{Ask, Judge, Policy, Try};

fn impression(taste: &[f64], items: &[u32], click: Option<usize>) -> Group<Slate> {
    let query = Visit { taste: taste.to_vec(), ..Visit::default() };
    let tries = vec![Try { answer: Shown { items: items.to_vec() }, verdict: verdict(click) }];
    Group { ask: Ask { query, knobs: (), tries: 1 }, tries }
}

fn learned(config: OnlineConfig, groups: &[u32], lessons: &[Group<Slate>]) -> OnlineState {
    let shared = Shared::of(OnlineState::new(config, groups).expect("sound settings"));
    Online::of(&shared).learn(lessons, Seed::root(0)).expect("learns");
    shared.read(Clone::clone)
}

#[test]
fn one_impression_is_one_laplace_step() {
    // One dimension, spread 2 (precision 1/4), mean 0, taste 1.5, two entries of utility 0: p = 1/2.
    // P = 1/4 + 1/4 * 2.25 = 0.8125, and the mean moves by (1 - 1/2) * 1.5 / 0.8125 = 0.9230769.
    let config = OnlineConfig {
        dims: 1,
        prior: Prior::Flat,
        group_spread: 0.0,
        item_spread: 2.0,
        ..OnlineConfig::default()
    };
    let state = learned(config, &[0], &[impression(&[1.5], &[0], Some(0))]);
    assert!((state.mean(0)[0] - 0.75 / 0.8125).abs() < 1e-12);
    assert!((state.sd(0) - 0.8125f64.recip().sqrt()).abs() < 1e-12);
    // No click had p = 1/2 too: 0 - 1/2 over 1 + 1/4.
    assert!((state.no_click(1) + 0.4).abs() < 1e-12);
}

#[test]
fn the_hierarchical_posterior_is_that_of_the_joint_gaussian() {
    // One dimension, two items of one group. Prior covariance of (v_0, v_1): kappa^2 + s^2 on the
    // diagonal, kappa^2 beside it. Pseudo-likelihoods A and b of the items are read from the state.
    let config = OnlineConfig { dims: 1, ..OnlineConfig::default() };
    let lessons = [impression(&[1.0], &[0, 1], Some(1)), impression(&[-0.5], &[1], None)];
    let state = learned(config, &[0, 0], &lessons);
    let (a, b) = (&state.seen.precision, &state.seen.information);
    let (k, s) = (1.0, 0.25);
    let det = (k + s) * (k + s) - k * k;
    let precision =
        DMatrix::from_row_slice(2, 2, &[(k + s) / det + a[0], -k / det, -k / det, (k + s) / det + a[1]]);
    let covariance = precision.try_inverse().expect("positive");
    let mean = &covariance * DVector::from_row_slice(b);
    for item in 0..2 {
        assert!((state.mean(item)[0] - mean[item as usize]).abs() < 1e-12);
        assert!((state.sd(item) - covariance[(item as usize, item as usize)].sqrt()).abs() < 1e-12);
    }
}

#[test]
fn draws_have_the_posteriors_mean_and_spread() {
    let config = OnlineConfig { dims: 1, ..OnlineConfig::default() };
    let state = learned(config, &[0, 0, 1], &[impression(&[1.0], &[0, 2], Some(0))]);
    let visit = Visit { taste: vec![1.0], ..Visit::default() };
    let mut rng = Seed::root(5).rng();
    let n = 20_000;
    let draws: Vec<Vec<f64>> =
        (0..n).map(|_| state.scores(&visit, Draw::Posterior(&mut rng)).expect("sound")).collect();
    for item in 0..3 {
        let of_item: Vec<f64> = draws.iter().map(|scores| scores[item]).collect();
        let mean = of_item.iter().sum::<f64>() / n as f64;
        let sd = (of_item.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64).sqrt();
        let expect = state.sd(item as u32);
        // Four standard errors of a mean and of a standard deviation.
        assert!((mean - state.mean(item as u32)[0]).abs() < 4.0 * expect / (n as f64).sqrt());
        assert!((sd - expect).abs() < 4.0 * expect / (2.0 * n as f64).sqrt(), "{sd} against {expect}");
    }
}

#[test]
fn without_scatter_all_items_of_a_group_are_their_groups_mean() {
    let config = OnlineConfig { item_spread: 0.0, dims: 2, ..OnlineConfig::default() };
    let lessons = [impression(&[1.0, 0.3], &[0, 2], Some(1)), impression(&[0.2, -1.0], &[1, 3], Some(0))];
    let state = learned(config, &[0, 1, 0, 1], &lessons);
    let visit = Visit { taste: vec![0.4, 0.9], ..Visit::default() };
    let mut rng = Seed::root(1).rng();
    for draw in [Draw::Mean, Draw::Posterior(&mut rng)] {
        let scores = state.scores(&visit, draw).expect("sound");
        assert_eq!((scores[0], scores[1]), (scores[2], scores[3]));
        assert_ne!(scores[0], scores[1]);
    }
}

#[test]
fn the_posterior_narrows_and_comes_to_the_truth() {
    let world = World::open(&WorldConfig::default(), Seed::root(4)).expect("sound");
    let shared = Shared::of(OnlineState::new(OnlineConfig::default(), &world.groups()).expect("sound"));
    let (mut visitors, judge) = (world.visitors(), world.clicks());
    let policy = Recommender::of(&shared, Rule::Random, 6);
    let mut learner = Online::of(&shared);
    let mut sds = vec![shared.read(|state| state.sd(0))];
    for round in 0..100 {
        let asks = autodidact_core::Explore::ask(&mut visitors, 40, &mut Seed::root(0).rng()).expect("asks");
        let seeds: Vec<Seed> = (0..40).map(|i| Seed::root(1).at("ask", round * 40 + i)).collect();
        let answers = policy.propose(&asks, &seeds).expect("proposes").answers;
        let verdicts = judge.judge(&asks, &answers).expect("judges").verdicts;
        let groups: Vec<Group<Slate>> = asks
            .into_iter()
            .zip(answers.into_iter().zip(verdicts))
            .map(|(ask, (answers, verdicts))| Group {
                ask,
                tries: answers
                    .into_iter()
                    .zip(verdicts)
                    .map(|(answer, verdict)| Try { answer, verdict })
                    .collect(),
            })
            .collect();
        learner.learn(&groups, Seed::root(0)).expect("learns");
        sds.push(shared.read(|state| state.sd(0)));
    }
    assert!(sds.windows(2).all(|pair| pair[1] <= pair[0] + 1e-12), "it falls with every round");
    shared.read(|state| {
        let (mut inside, mut n) = (0, 0);
        for item in 0..60 {
            let sd = state.sd(item);
            for (found, truth) in state.mean(item).iter().zip(world.item(item)) {
                inside += u32::from((found - truth).abs() < 2.0 * sd);
                n += 1;
            }
        }
        // 95 % are expected; the Laplace steps are approximate.
        assert!(f64::from(inside) > 0.85 * f64::from(n), "{inside} of {n}");
        assert!((state.no_click(6) - 2.0).abs() < 0.3, "{}", state.no_click(6));
    });
}

#[test]
fn what_is_saved_goes_on_with_the_same_bits() {
    let lessons = [impression(&[1.0, 0.3, 0.1, 2.0], &[0, 2], Some(1))];
    let more = [impression(&[0.2, 0.3, -0.1, 1.0], &[1, 2], Some(0))];
    let make = || Shared::of(OnlineState::new(OnlineConfig::default(), &[0, 1, 0]).expect("sound"));
    let (a, b) = (make(), make());
    let mut first = Online::of(&a);
    first.learn(&lessons, Seed::root(0)).expect("learns");
    let mut second = Online::of(&b);
    second.restore(&first.save().expect("saves")).expect("restores");
    first.learn(&more, Seed::root(0)).expect("learns");
    second.learn(&more, Seed::root(0)).expect("learns");
    assert_eq!(a.read(Beliefs::bytes).expect("writes"), b.read(Beliefs::bytes).expect("writes"));
    let means = |shared: &Shared<OnlineState>| shared.read(|state| [0, 1, 2].map(|item| state.mean(item)));
    assert_eq!(means(&a), means(&b));
    let wrong = Shared::of(OnlineState::new(OnlineConfig::default(), &[0]).expect("sound"));
    let error =
        Online::of(&wrong).restore(&first.save().expect("saves")).expect_err("three items are not one");
    assert!(error.to_string().contains("posterior over 1 items"), "{error}");
}

#[test]
fn a_list_without_feedback_teaches_nothing() {
    let mut group = impression(&[1.0; 4], &[0], Some(0));
    group.tries[0].verdict = autodidact_core::Verdict::abstain("lost");
    let state = learned(OnlineConfig::default(), &[0], &[group]);
    assert_eq!((state.shown()[0], state.mean(0)), (0, vec![0.0; 4]));
}

#[test]
fn visits_from_another_world_are_refused() {
    let state = OnlineState::new(OnlineConfig::default(), &[0, 0]).expect("sound");
    let fails = |visit: Visit| state.scores(&visit, Draw::Mean).expect_err("refused").to_string();
    assert!(fails(Visit { taste: vec![1.0], ..Visit::default() }).starts_with("taste"));
    assert!(fails(Visit { clicked: vec![2], ..Visit::default() }).starts_with("item"));
    let shared = Shared::of(state);
    let visit = Visit { allowed: Some(vec![1, 0]), ..Visit::default() };
    let error = Recommender::of(&shared, Rule::Greedy, 1).recommend(&visit, &mut Seed::root(0).rng());
    assert!(error.expect_err("refused").to_string().starts_with("allowed"));
}
