//! The exact checks of learning to actively learn.

use super::choose::largest;
use super::*;
use autodidact_core::{Rng, Seed};

fn two_coins() -> Table {
    let logits = vec![vec![1.0, -0.5], vec![-0.7, 0.9]];
    Table::new(logits, vec![vec![0.0, 1.0], vec![0.6, 0.0]], 2, true)
}

fn small(world: &dyn World) -> Network {
    let config = NetworkConfig { hidden: vec![5], gain: 1.0, sharpness: 1.0, plug_in: false };
    Network::new(world, &config, Seed::root(3))
}

/// The expected loss, every question and answer enumerated.
fn exact_loss(world: &Table, network: &Network, problem: &Problem, memory: &Memory) -> f64 {
    let memories = std::slice::from_ref(memory);
    let views = world.views(memories);
    let scene = Scene { world, memories, views: &views };
    if memory.history.len() == world.budget() {
        let decision = network.decide(&scene);
        return decision.iter().enumerate().map(|(z, p)| p * world.loss(problem, z)).sum();
    }
    let asked = network.questions(&scene);
    let mut loss = 0.0;
    for (query, p) in asked.iter().enumerate() {
        let yes = 1.0 / (1.0 + (-problem.theta[query]).exp());
        for (answer, chance) in [(1.0, yes), (0.0, 1.0 - yes)] {
            let mut next = memory.clone();
            next.note(query as u32, answer);
            loss += p * chance * exact_loss(world, network, problem, &next);
        }
    }
    loss
}

#[test]
fn the_policy_gradient_is_the_derivative_of_the_exact_expected_loss() {
    let world = two_coins();
    let problem = Problem { theta: vec![0.4, -1.2], kind: 0 };
    let network = small(&world);
    let n = 40_000;
    let mut mean = vec![0.0; network.parameters.len()];
    for lane in 0..n / 64 {
        let problems = vec![&problem; 64];
        let at = (Seed::root(5), lane * 64);
        let found = network.lane_gradient(&world, &problems, at, &|_, _, outlook| Some(outlook), 0.0);
        mean.iter_mut().zip(&found.gradient).for_each(|(sum, part)| *sum += part / n as f64);
    }
    for i in
        (0..network.parameters.len()).step_by(7).chain(network.parameters.len() - 2..network.parameters.len())
    {
        let at = |step: f64| {
            let mut moved = network.clone();
            moved.parameters[i] += step;
            exact_loss(&world, &moved, &problem, &Memory::new(2))
        };
        let expect = (at(1e-5) - at(-1e-5)) / 2e-5;
        // Four standard errors of 40,000 inquiries whose terms are at most about 1/2.
        assert!((mean[i] - expect).abs() < 0.01 * (0.5 + expect.abs()), "{i}: {} {expect}", mean[i]);
    }
}

#[test]
fn one_pull_each_of_two_coins_finds_the_better_one_as_often_as_the_sum_says() {
    let world = Arms { arms: 2, budget: 2, answers: Answers::Bernoulli };
    let (p, q): (f64, f64) = (0.8, 0.4);
    let problem = Problem { theta: vec![2.0 * p - 1.0, 2.0 * q - 1.0], kind: 0 };
    let problems = vec![&problem; 20_000];
    let played = rollouts(&world, &Baseline::Uniform, &problems, Seed::root(1));
    let right = played.iter().filter(|one| one.decision[0] == 1.0).count() as f64 / 20_000.0;
    // 0.8 * 0.6 + (0.8 * 0.4 + 0.2 * 0.6) / 2 = 0.7; three standard errors are 0.0097.
    let expect = p * (1.0 - q) + 0.5 * (p * q + (1.0 - p) * (1.0 - q));
    assert!((right - expect).abs() < 0.0097, "{right} {expect}");
}

#[test]
fn two_arms_are_told_apart_best_by_an_even_design_and_the_proxy_is_within_two_of_it() {
    // (1 / l + 1 / (1 - l)) / gap^2 is least at l = 1/2, where it is 4 / gap^2.
    let gap = 0.5;
    let design = |i: u32| {
        let share = f64::from(i) / 1000.0;
        (1.0 / share + 1.0 / (1.0 - share)) / (gap * gap)
    };
    let costs: Vec<f64> = (1..1000).map(|i| -design(i)).collect();
    assert_eq!(largest(&costs) + 1, 500);
    assert!((design(500) - 4.0 / (gap * gap)).abs() < 1e-9);
    let proxy = Arms { arms: 2, ..Arms::default() }.complexity(&Problem { theta: vec![gap, 0.0], kind: 0 });
    assert!((design(500) / proxy - 2.0).abs() < 1e-9);
}

#[test]
fn a_constant_loss_moves_neither_weights_nor_policy() {
    let world = Arms { arms: 3, budget: 3, ..Arms::default() };
    let config = AdversaryConfig { particles: 6, ..AdversaryConfig::default() };
    let adversary = Adversary::new(&world, &[20.0], &config, &mut Seed::root(1).rng());
    let gradient = adversary.weight_gradient(&[0, 3, 3, 5], &[0.25; 4], &[true; 6]);
    assert!(gradient.iter().all(|g| *g == 0.0), "{gradient:?}");
    let network = Network::new(&world, &NetworkConfig::default(), Seed::root(2));
    let problem = world.draw(20.0, &mut Seed::root(3).rng());
    // A baseline that equals the loss leaves no pull.
    let problems = [&problem];
    let at = (Seed::root(4), 0);
    let loss = network.lane_gradient(&world, &problems, at, &|_, _, _| None, 0.0).played[0].loss;
    let found = network.lane_gradient(&world, &problems, at, &|_, _, _| Some(loss), 0.0);
    assert!(found.gradient.iter().all(|g| *g == 0.0));
}

#[test]
fn the_order_of_interchangeable_arms_does_not_matter_on_average() {
    let world = Arms { arms: 4, budget: 6, ..Arms::default() };
    let network =
        Network::new(&world, &NetworkConfig { gain: 0.0, ..NetworkConfig::default() }, Seed::root(1));
    let loss =
        |theta: Vec<f64>| mean_loss(&world, &network, &[Problem { theta, kind: 0 }], 8000, Seed::root(2));
    let (one, other) = (loss(vec![0.5, 0.0, -0.3, 0.1]), loss(vec![-0.3, 0.5, 0.1, 0.0]));
    // The loss's standard deviation is below 0.3: three standard errors of the difference are 0.0143.
    assert!((one - other).abs() < 0.0143, "{one} {other}");
}

#[test]
fn without_questions_a_threshold_is_guessed_no_better_than_minimax_and_as_well_as_the_best_sure_guess() {
    // A guess between the ends loses |z - z*| / n; an even mix of both middle thresholds loses 1/2 at most.
    let world = thresholds(5, 0, 0.1);
    let middle = |shares: &[f64]| {
        let worst = |truth: u32| {
            let problem = world.kind(truth);
            shares.iter().enumerate().map(|(z, share)| share * world.loss(&problem, z)).sum::<f64>()
        };
        (0..6).map(worst).fold(0.0, f64::max)
    };
    assert!((middle(&[0.0, 0.0, 0.5, 0.5, 0.0, 0.0]) - 0.5).abs() < 1e-12);
    assert!((middle(&[0.0, 0.0, 1.0, 0.0, 0.0, 0.0]) - 0.6).abs() < 1e-12);
    let network = NetworkConfig { hidden: vec![8], gain: 0.0, sharpness: 0.0, plug_in: false };
    let adversary = AdversaryConfig { particles: 24, renew: 0, ..AdversaryConfig::default() };
    let config = TrainConfig { rollouts: 128, lr: 1e-2, adversary, ..TrainConfig::default() };
    let level = 1e9;
    let adversary = Adversary::new(&world, &[level], &adversary, &mut Seed::root(1).rng());
    let opponent = Opponent::Adversary { adversary: Box::new(adversary), targets: vec![0.0] };
    let mut trainer = Trainer::new(Network::new(&world, &network, Seed::root(2)), opponent, &config);
    trainer.iterate(&world, (0, 400, 400), Seed::root(3));
    let attacks = AttackConfig { pool: 40, tries: 1, finalists: 3, steps: 0, reach: 0.05, final_tries: 1 };
    let found = attack(&world, &trainer.network, level, &attacks, Seed::root(4));
    // The last step of descent and ascent circles around the even mix; it does not leave both guesses.
    assert!((0.5 - 1e-9..0.605).contains(&found.loss), "{}", found.loss);
}

#[test]
fn with_many_questions_every_threshold_is_found() {
    let world = thresholds(8, 400, 0.1);
    let greedy = Baseline::Greedy { table: Box::new(world.clone()) };
    let kinds: Vec<Problem> = (0..9).map(|kind| world.kind(kind)).collect();
    assert_eq!(mean_loss(&world, &greedy, &kinds, 20, Seed::root(1)), 0.0);
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let world = Arms { arms: 3, budget: 4, ..Arms::default() };
    let trained = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| {
            let config = MapoConfig {
                levels: vec![8.0, 50.0],
                iterations: 4,
                blocks: 1,
                attack: AttackConfig {
                    pool: 8,
                    tries: 80,
                    finalists: 2,
                    steps: 1,
                    ..AttackConfig::default()
                },
                ..MapoConfig::default()
            };
            let mut mapo =
                Mapo::new(std::sync::Arc::new(world), &config, Seed::root(1), Seed::root(2)).expect("sound");
            for block in 0..config.total_blocks() {
                let seed = Seed::root(3).at("block", u64::from(block));
                autodidact_core::Learn::learn(&mut mapo, &[], seed).expect("learns");
            }
            (mapo.network(), mapo.targets())
        })
    };
    let (one, three) = (trained(1), trained(3));
    assert_eq!(one, three);
    // The specialists' losses never fall with the level.
    assert!(one.1.is_sorted());
}

#[test]
fn hand_made_strategies_ask_as_their_rules_say() {
    let world = Arms { arms: 4, budget: 8, ..Arms::default() };
    let problem = Problem { theta: vec![1.0, -1.0, 0.5, -0.5], kind: 0 };
    let asked = |strategy: &Baseline| -> Vec<u32> {
        let mut memory = Memory::new(4);
        let mut rngs: Vec<Rng> = vec![Seed::root(1).rng()];
        for _ in 0..8 {
            let memories = std::slice::from_ref(&memory);
            let views = world.views(memories);
            let query = strategy.ask(&Scene { world: &world, memories, views: &views }, &mut rngs)[0];
            memory.note(query, problem.theta[query as usize]);
        }
        memory.history.iter().map(|(query, _)| *query).collect()
    };
    assert_eq!(asked(&Baseline::Uniform), [0, 1, 2, 3, 0, 1, 2, 3]);
    // All once, then the two best, in the order of their means, twice each.
    assert_eq!(asked(&Baseline::Halving), [0, 1, 2, 3, 0, 2, 0, 2]);
    assert_eq!(asked(&Baseline::Ucb)[..4], [0, 1, 2, 3]);
    let line = thresholds(7, 9, 0.1);
    let mut memory = Memory::new(7);
    let mut rngs: Vec<Rng> = vec![Seed::root(1).rng()];
    for _ in 0..9 {
        let memories = std::slice::from_ref(&memory);
        let views = line.views(memories);
        let scene = Scene { world: &line, memories, views: &views };
        let query = Baseline::Bisection { repeats: 3 }.ask(&scene, &mut rngs)[0];
        // The threshold is 5: points from 5 on say yes.
        memory.note(query, f64::from(u8::from(query >= 5)));
    }
    let points: Vec<u32> = memory.history.iter().map(|(query, _)| *query).collect();
    assert_eq!(points, [3, 3, 3, 5, 5, 5, 4, 4, 4]);
    let memories = std::slice::from_ref(&memory);
    let views = line.views(memories);
    let decided = Baseline::Bisection { repeats: 3 }.decide(&Scene { world: &line, memories, views: &views });
    assert_eq!(largest(&decided), 5);
}
