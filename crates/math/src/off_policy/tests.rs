//! Hand sums, and what holds in every world whose decisions can be enumerated.

use super::*;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

fn logged(reward: f64, propensity: f64, target: f64) -> Logged {
    Logged { reward, propensity: Some(propensity), target }
}

#[track_caller]
fn close(found: f64, expect: f64) {
    assert!((found - expect).abs() < 1e-9 * (1.0 + expect.abs()), "{found} != {expect}");
}

/// A world of a few contexts and actions: probabilities of contexts, both policies and mean rewards a
/// context.
#[derive(Clone, Debug)]
struct World {
    contexts: Vec<f64>,
    logging: Vec<Vec<f64>>,
    target: Vec<Vec<f64>>,
    rewards: Vec<Vec<f64>>,
}

/// Shares of at least about a hundredth.
fn shares(raw: Vec<f64>) -> Vec<f64> {
    let sum: f64 = raw.iter().sum();
    raw.into_iter().map(|x| x / sum).collect()
}

fn worlds() -> impl Strategy<Value = World> {
    let table = |low: f64, high: f64| prop::collection::vec(prop::collection::vec(low..high, 3), 2);
    let policy = || table(0.05, 1.0).prop_map(|rows| rows.into_iter().map(shares).collect::<Vec<_>>());
    (prop::collection::vec(0.1f64..1.0, 2).prop_map(shares), policy(), policy(), table(-2.0, 3.0))
        .prop_map(|(contexts, logging, target, rewards)| World { contexts, logging, target, rewards })
}

impl World {
    fn value(&self) -> f64 {
        (0..2).map(|x| self.contexts[x] * expected(&self.target[x], &self.rewards[x]).expect("sound")).sum()
    }

    /// Every decision: its probability under the logging policy, its row, and its context and action.
    fn decisions(&self) -> Vec<(f64, Logged, (usize, usize))> {
        let mut all = Vec::new();
        for x in 0..2 {
            for a in 0..3 {
                let (p, q) = (self.logging[x][a], self.target[x][a]);
                all.push((self.contexts[x] * p, logged(self.rewards[x][a], p, q), (x, a)));
            }
        }
        all
    }
}

#[test]
fn a_log_of_three_decisions_has_these_estimates() {
    // Weights 2, 0.5, 0; rewards 1, 2, 5.
    let log = [logged(1.0, 0.25, 0.5), logged(2.0, 0.5, 0.25), logged(5.0, 0.5, 0.0)];
    let found = ips(&log, Clip::Never).expect("sound");
    assert_eq!((found.value, &found.terms[..]), (1.0, &[2.0, 1.0, 0.0][..])); // (2 + 1 + 0) / 3
    close(snips(&log, Clip::Never).expect("sound").value, 3.0 / 2.5);
    close(ips(&log, Clip::At { weight: 1.0 }).expect("sound").value, 2.0 / 3.0); // (1 + 1 + 0) / 3
    // Model 0.5, 1, 1 of the actions, 2, 2, 2 of the policy: 2 + 2 * 0.5, 2 + 0.5 * 1, 2.
    let model = [0.5, 1.0, 1.0].map(|logged| Modelled { logged, target: 2.0 });
    close(doubly_robust(&log, &model, Clip::Never).expect("sound").value, 7.5 / 3.0);
    assert_eq!(direct(&model), Some(2.0));
    // (2 + 0.5)^2 / (4 + 0.25), 2 / 2.5, 2.5 / 3.
    close(found.health.effective, 6.25 / 4.25);
    close(found.health.largest_share, 0.8);
    close(found.health.mean_weight, 2.5 / 3.0);
    close(ips(&log, Clip::At { weight: 1.0 }).expect("sound").health.clipped, 1.0 / 3.0);
}

#[test]
fn a_policy_judged_by_its_own_log_has_the_mean_reward_and_all_decisions_count() {
    let log: Vec<Logged> = (0..100).map(|i| logged(f64::from(i % 5), 0.3, 0.3)).collect();
    for found in [ips(&log, Clip::Never), snips(&log, Clip::Never)] {
        let found = found.expect("sound");
        close(found.value, 2.0);
        close(found.health.effective, 100.0);
        assert_eq!(found.health.flaws(&Limits::default()), []);
    }
}

#[test]
fn a_log_without_propensities_gives_no_estimate() {
    let fine = logged(1.0, 0.5, 0.5);
    let first = |bad: Logged| ips(&[fine, bad], Clip::Never).expect_err("flawed");
    assert_eq!(first(Logged { propensity: None, ..fine }), Flaw::Missing { row: 1 });
    assert_eq!(first(logged(1.0, 0.0, 0.5)), Flaw::Impossible { row: 1 });
    for bad in [
        logged(1.0, -0.1, 0.5),
        logged(1.0, 1.1, 0.5),
        logged(1.0, f64::NAN, 0.5),
        logged(1.0, 0.5, 1.5),
        logged(1.0, 0.5, f64::NAN),
        logged(f64::INFINITY, 0.5, 0.5),
        logged(1.0, 5e-324, 1.0),
    ] {
        assert!(matches!(first(bad), Flaw::Value { row: 1, .. }), "{bad:?}");
    }
    assert_eq!(ips(&[], Clip::Never), Err(Flaw::Empty));
    assert_eq!(ips(&[fine], Clip::At { weight: 0.0 }), Err(Flaw::Clip));
    assert_eq!(snips(&[logged(1.0, 0.5, 0.0)], Clip::Never), Err(Flaw::NoOverlap));
    assert_eq!(doubly_robust(&[fine], &[], Clip::Never), Err(Flaw::Lengths { log: 1, model: 0 }));
    assert_eq!(ips(&[logged(1e308, 1e-3, 1.0)], Clip::Never), Err(Flaw::Overflow));
    let nothing = Modelled { logged: f64::NAN, target: 0.0 };
    assert!(matches!(doubly_robust(&[fine], &[nothing], Clip::Never), Err(Flaw::Value { row: 0, .. })));
    assert_eq!(Flaw::Missing { row: 1 }.to_string(), "decision 1 has no propensity");
}

#[test]
fn an_estimate_that_rests_on_one_decision_rings() {
    // One weight of 1000 among 999 of 0.001: all but the mean weight is bad, and that is bad without it.
    let mut log = vec![logged(0.0, 1.0, 0.001); 999];
    log.push(logged(1.0, 0.001, 1.0));
    let flaws = ips(&log, Clip::Never).expect("sound").health.flaws(&Limits::default());
    assert!(matches!(flaws[..], [Flaw::FewEffective { .. }, Flaw::OneRules { .. }]), "{flaws:?}");
    log.pop();
    let flaws = ips(&log, Clip::Never).expect("sound").health.flaws(&Limits::default());
    assert!(matches!(flaws[..], [Flaw::Unbalanced { .. }]), "{flaws:?}");
    let nothing = vec![logged(1.0, 0.5, 0.0); 50];
    let flaws = ips(&nothing, Clip::Never).expect("sound").health.flaws(&Limits::default());
    assert!(matches!(flaws[..], [Flaw::FewEffective { .. }, Flaw::Unbalanced { .. }]), "{flaws:?}");
}

#[test]
fn wrong_propensities_show_in_the_mean_weight() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut log = Vec::new();
    for _ in 0..4_000 {
        // The logging policy takes action 0 with 0.8; the other with 0.5.
        let first = rng.random::<f64>() < 0.8;
        log.push(if first { logged(1.0, 0.8, 0.5) } else { logged(0.0, 0.2, 0.5) });
    }
    let found = ips(&log, Clip::Never).expect("sound");
    assert_eq!(found.health.flaws(&Limits::default()), []);
    assert!(found.normal(0.999).expect("many terms").contains(0.5), "{found:?}");
    // Written down as if it had drawn evenly.
    log.iter_mut().for_each(|one| one.propensity = Some(0.7));
    let flaws = ips(&log, Clip::Never).expect("sound").health.flaws(&Limits::default());
    assert!(matches!(flaws[..], [Flaw::Unbalanced { .. }]), "{flaws:?}");
}

#[test]
fn the_bernstein_interval_has_its_hand_sum_and_holds_the_truth() {
    // n = 4, variance 1/3, ln(4 / 0.05) = 4.382027: sqrt(2/3 * 4.382 / 4) + 7 * 4.382 / 9 is far above 1.
    assert_eq!(
        bernstein(&[0.0, 1.0, 0.0, 1.0], 0.0, 1.0, 0.95),
        Some(Interval { value: 0.5, low: 0.0, high: 1.0 })
    );
    let many: Vec<f64> = (0..10_000).map(|i| f64::from(i % 2)).collect();
    let found = bernstein(&many, 0.0, 1.0, 0.95).expect("sound");
    let log = 80f64.ln();
    close(found.high - 0.5, (2.0 * 2_500.0 / 9_999.0 * log / 10_000.0).sqrt() + 7.0 * log / 29_997.0);
    assert_eq!(bernstein(&[0.0, 2.0], 0.0, 1.0, 0.95), None);
    assert_eq!(bernstein(&[0.0], 0.0, 1.0, 0.95), None);
    assert_eq!(bernstein(&[0.0, 1.0], 1.0, 1.0, 0.95), None);
    assert_eq!(bernstein(&[0.0, 1.0], 0.0, 1.0, 1.0), None);
    let mut rng = StdRng::seed_from_u64(4);
    let held = (0..1_000).filter(|_| {
        let values: Vec<f64> = (0..200).map(|_| if rng.random::<f64>() < 0.1 { 4.0 } else { 0.0 }).collect();
        bernstein(&values, 0.0, 4.0, 0.95).expect("sound").contains(0.4)
    });
    assert!(held.count() >= 950);
}

#[test]
fn a_policys_expected_reward_needs_probabilities() {
    assert_eq!(expected(&[0.25, 0.75], &[4.0, 0.0]), Some(1.0));
    assert_eq!(expected(&[0.25, 0.5], &[4.0, 0.0]), None);
    assert_eq!(expected(&[0.5, 0.5], &[4.0]), None);
    assert_eq!(expected(&[], &[]), None);
    assert_eq!(expected(&[1.0], &[f64::NAN]), None);
}

proptest! {
    #[test]
    fn inverse_propensities_are_unbiased_over_all_logs_of_two_decisions(world in worlds()) {
        let all = world.decisions();
        let mut mean = 0.0;
        for (p, first, _) in &all {
            for (q, second, _) in &all {
                mean += p * q * ips(&[*first, *second], Clip::Never).expect("sound").value;
            }
        }
        prop_assert!((mean - world.value()).abs() < 1e-9);
    }

    #[test]
    fn the_doubly_robust_estimate_is_unbiased_when_either_side_is_right(
        world in worlds(), wrong in prop::collection::vec(-5.0f64..5.0, 3), warp in 0.3f64..0.9,
    ) {
        let (mut by_model, mut by_propensity) = (0.0, 0.0);
        for (p, row, (x, a)) in world.decisions() {
            let model = |rewards: &[f64]| Modelled {
                logged: rewards[a],
                target: expected(&world.target[x], rewards).expect("sound"),
            };
            // Right propensities, any model.
            by_propensity += p * doubly_robust(&[row], &[model(&wrong)], Clip::Never).expect("sound").value;
            // The right model, any propensities.
            let warped = Logged { propensity: row.propensity.map(|p| p * warp), ..row };
            by_model += p * doubly_robust(&[warped], &[model(&world.rewards[x])], Clip::Never).expect("sound").value;
        }
        prop_assert!((by_propensity - world.value()).abs() < 1e-9);
        prop_assert!((by_model - world.value()).abs() < 1e-9);
    }

    #[test]
    fn an_exact_model_makes_it_the_direct_method_and_an_empty_one_inverse_propensities(
        rows in prop::collection::vec((-3.0f64..3.0, 0.01f64..1.0, 0.0f64..1.0, -3.0f64..3.0), 1..30),
    ) {
        let log: Vec<Logged> = rows.iter().map(|&(r, p, q, _)| logged(r, p, q)).collect();
        let exact: Vec<Modelled> =
            rows.iter().map(|&(r, _, _, target)| Modelled { logged: r, target }).collect();
        let found = doubly_robust(&log, &exact, Clip::Never).expect("sound").value;
        prop_assert!((found - direct(&exact).expect("some")).abs() < 1e-9);
        let empty = vec![Modelled { logged: 0.0, target: 0.0 }; log.len()];
        for clip in [Clip::Never, Clip::At { weight: 2.0 }] {
            prop_assert_eq!(doubly_robust(&log, &empty, clip), ips(&log, clip));
        }
    }

    #[test]
    fn self_normalised_weights_follow_a_shift_of_all_rewards_and_stay_in_their_range(
        rows in prop::collection::vec((-3.0f64..3.0, 0.01f64..1.0, 0.01f64..1.0), 2..30), shift in -100.0f64..100.0,
    ) {
        let log: Vec<Logged> = rows.iter().map(|&(r, p, q)| logged(r, p, q)).collect();
        let moved: Vec<Logged> = log.iter().map(|one| Logged { reward: one.reward + shift, ..*one }).collect();
        let (found, after) =
            (snips(&log, Clip::Never).expect("sound"), snips(&moved, Clip::Never).expect("sound"));
        prop_assert!((after.value - found.value - shift).abs() < 1e-9);
        let low = rows.iter().map(|row| row.0).fold(f64::INFINITY, f64::min);
        let high = rows.iter().map(|row| row.0).fold(f64::NEG_INFINITY, f64::max);
        prop_assert!(found.value >= low - 1e-9 && found.value <= high + 1e-9);
        // The terms are those of the value, and the interval holds it.
        let mean = found.terms.iter().sum::<f64>() / found.terms.len() as f64;
        prop_assert!((mean - found.value).abs() < 1e-8 * (1.0 + found.health.mean_weight));
        prop_assert!(found.normal(0.95).expect("two terms").contains(found.value));
    }

    #[test]
    fn clipping_bounds_every_weight_and_a_high_clip_changes_nothing(
        rows in prop::collection::vec((0.0f64..3.0, 0.01f64..1.0, 0.0f64..1.0), 1..30), weight in 0.1f64..5.0,
    ) {
        let log: Vec<Logged> = rows.iter().map(|&(r, p, q)| logged(r, p, q)).collect();
        let plain = ips(&log, Clip::Never).expect("sound");
        prop_assert_eq!(&ips(&log, Clip::At { weight: 1e6 }).expect("sound"), &plain);
        let clipped = ips(&log, Clip::At { weight }).expect("sound");
        prop_assert!(clipped.value <= plain.value + 1e-12);
        prop_assert!(clipped.terms.iter().all(|term| *term <= 3.0 * weight));
        prop_assert!(clipped.health.effective >= plain.health.effective - 1e-9);
        let n = log.len() as f64;
        for health in [plain.health, clipped.health] {
            let empty = health.largest_share == 0.0;
            prop_assert!(empty || (health.effective >= 1.0 - 1e-9 && health.effective <= n + 1e-9));
            prop_assert!(empty || (health.largest_share >= 1.0 / n - 1e-12 && health.largest_share <= 1.0 + 1e-12));
        }
    }
}
