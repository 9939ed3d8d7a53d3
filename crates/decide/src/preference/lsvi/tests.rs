//! Backups against exact value iteration, and what must not change what is learned.

use super::*;
use crate::handle::Handle;
use crate::mdp::{Chain, Mdp};
use crate::preference::{AskWhen, DuelWorld, Duels, Novice, Opponent, Taste};
use crate::visit::{Visit, Visits};
use autodidact_core::{Ask, Judge, Learn, Policy, Seed, Verdict};
use autodidact_core::{Explore, Group, Try};
use std::sync::Arc;

fn chain() -> Mdp {
    Chain::default().build().expect("sound")
}

/// An agent that knows the world as if every move had been seen a billion times.
fn knowing(world: &Mdp, config: LsviConfig) -> Lsvi {
    let space = &world.space;
    let mut agent = Lsvi::new(space.clone(), config, 4.0).expect("sound");
    agent.theta = world.reward.clone();
    for backup in &mut agent.backups {
        for at in 0..space.states * space.actions {
            let scale = 1e9f64;
            let x: Vec<f64> = space.features[at].iter().map(|x| x * scale.sqrt()).collect();
            backup.known.observe_features(&x);
            for next in 0..space.states {
                let chance = world.transition[at * space.states + next];
                for (i, x) in space.features[at].iter().enumerate() {
                    backup.arrivals[next * space.dim() + i] += scale * chance * x;
                }
            }
        }
    }
    agent
}

fn still() -> LsviConfig {
    LsviConfig { reward_noise: 0.0, value_noise: 0.0, ..LsviConfig::default() }
}

#[test]
fn without_noise_and_with_the_truth_it_is_value_iteration() {
    let world = chain();
    let plan = knowing(&world, still()).plan(&mut Seed::root(0).rng());
    assert!((world.value(&plan) - world.optimum().1[0][0]).abs() < 1e-12, "no regret");
}

#[test]
fn a_cut_that_never_cuts_changes_nothing_and_one_that_always_cuts_is_myopic() {
    let world = chain();
    let noisy = LsviConfig::default();
    let mut rng = Seed::root(3).rng();
    let (mut plain, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let mut twin = rng.clone();
        plain.push(knowing(&world, noisy).plan(&mut rng));
        let cut = Some(Cut { low: f64::INFINITY, high: f64::INFINITY });
        whole.push(knowing(&world, LsviConfig { cut, ..noisy }).plan(&mut twin));
    }
    assert_eq!(plain, whole);
    let cut = Some(Cut { low: 0.0, high: 0.0 });
    let plan = knowing(&world, LsviConfig { cut, ..still() }).plan(&mut rng);
    // Only the immediate reward counts: left at the left end, right at the right end, in every step.
    assert!(plan.iter().all(|row| row[0] == 0 && row[3] == 1), "{plan:?}");
    let half = Cut { low: 1.0, high: 2.0 };
    assert_eq!([0.5, 1.0, 1.25, 2.0, 3.0].map(|norm| half.weight(norm)), [1.0, 1.0, 0.75, 0.0, 0.0]);
}

/// Plays some rounds by hand and returns the agent with the duels.
fn played(world: &Arc<DuelWorld>, ask: AskWhen, config: LsviConfig, rounds: u64) -> (Lsvi, Vec<Duel>) {
    let agent = Handle::new(Lsvi::new(world.mdp.space.clone(), config, world.slope).expect("sound"));
    let policy = Opponent { agent: agent.clone(), world: Arc::clone(world), ask };
    let (judge, mut learner) = (Taste::of(world), Novice(agent.clone()));
    let mut visits = Visits::endless();
    let mut duels = Vec::new();
    for round in 0..rounds {
        let seed = Seed::root(9).at("round", round);
        let asks: Vec<Ask<Duels>> = visits.ask(1, &mut seed.rng()).expect("asks");
        let answers = policy.propose(&asks, &[seed]).expect("proposes").answers;
        let verdicts = judge.judge(&asks, &answers).expect("judges").verdicts;
        let pairs = asks.into_iter().zip(answers.into_iter().zip(verdicts));
        let groups: Vec<Group<Duels>> = pairs
            .map(|(ask, (answers, verdicts))| {
                duels.extend(answers.iter().cloned());
                let tries = answers.into_iter().zip(verdicts);
                Group { ask, tries: tries.map(|(answer, verdict)| Try { answer, verdict }).collect() }
            })
            .collect();
        learner.learn(&groups, seed).expect("learns");
    }
    let state = agent.lock().clone();
    (state, duels)
}

fn world(mdp: Mdp) -> Arc<DuelWorld> {
    Arc::new(DuelWorld::new(mdp, 4.0, Seed::root(1)).expect("sound"))
}

#[test]
fn a_constant_added_to_all_rewards_changes_nothing() {
    let mut raised = chain();
    // Sums of returns round differently in their last bits; no draw is that close.
    raised.reward.iter_mut().for_each(|reward| *reward += 4.0);
    let ask = AskWhen::Disagreement { above: 0.2 };
    let (plain, duels) = played(&world(chain()), ask, LsviConfig::default(), 60);
    let (other, others) = played(&world(raised), ask, LsviConfig::default(), 60);
    assert_eq!(duels, others);
    assert_eq!(plain.theta, other.theta);
    assert!(plain.comparisons.len() > 5);
}

#[test]
fn thresholds_at_their_ends_ask_always_or_never() {
    let world = world(chain());
    let (_, duels) =
        played(&world, AskWhen::Disagreement { above: f64::INFINITY }, LsviConfig::default(), 50);
    assert!(duels.iter().all(|duel| !duel.asked));
    let (_, duels) = played(&world, AskWhen::Disagreement { above: -1.0 }, LsviConfig::default(), 50);
    assert!(duels.iter().all(|duel| duel.asked == (duel.runs[0] != duel.runs[1])));
    let same = |duel: &Duel| duel.runs[0] == duel.runs[1];
    assert!(duels.iter().filter(|duel| same(duel)).all(|duel| duel.spread == 0.0));
}

#[test]
fn the_new_plan_meets_the_one_before() {
    let (_, duels) = played(&world(chain()), AskWhen::Disagreement { above: 0.1 }, LsviConfig::default(), 30);
    for pair in duels.windows(2) {
        assert_eq!(pair[1].plans[1], pair[0].plans[0]);
    }
}

#[test]
fn a_saved_agent_goes_on_with_the_same_bits() {
    let (agent, _) = played(&world(chain()), AskWhen::Disagreement { above: 0.1 }, LsviConfig::default(), 40);
    let handle = Handle::new(agent.clone());
    let saved = handle.save().expect("saves");
    let fresh = Lsvi::new(agent.space.clone(), agent.config, 4.0).expect("sound");
    let other = Handle::new(fresh);
    other.restore(&saved).expect("restores");
    assert_eq!(*other.lock(), agent);
    assert_eq!(other.version().expect("digests"), handle.version().expect("digests"));
}

#[test]
fn the_judge_counts_both_plans_and_faults_what_cannot_be() {
    let world = world(chain());
    let judge = Taste::of(&world);
    let left = world.mdp.space.first_plan();
    let (best, values) = world.mdp.optimum();
    let visit = Visit { round: 3 };
    let plans = [best, left];
    let runs = world.play(&plans, visit);
    let duel = Duel { plans, runs, spread: 0.0, asked: false };
    let asks = Ask::<Duels>::each(&[visit], 1, &());
    let judged = |duel: &Duel| -> Verdict {
        judge.judge(&asks, &[vec![duel.clone()]]).expect("judges").verdicts[0][0].clone()
    };
    let verdict = judged(&duel);
    assert_eq!(verdict.value(), None);
    // 2 V* - V* - 0.6.
    assert!((verdict.part("regret").expect("exact") - (values[0][0] - 0.6)).abs() < 1e-12);
    assert!(judged(&Duel { asked: true, ..duel.clone() }).value().is_some());
    let mut broken = duel;
    broken.runs[0].actions.pop();
    assert!(judged(&broken).is_error());
}
