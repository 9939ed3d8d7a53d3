//! The simulated users: their clicks, their drift, and the log of them.

use super::*;
use autodidact_core::Try;

fn world(config: &WorldConfig) -> World {
    World::open(config, Seed::root(3)).expect("a sound world")
}

#[test]
fn clicks_have_the_probabilities_of_the_softmax() {
    let world = world(&WorldConfig::default());
    let shown = Shown { items: vec![5, 17, 40] };
    let expect = world.probabilities(&Visit::default(), &shown).expect("exists");
    let n = 20_000;
    let mut counts = [0.0; 4];
    for round in 0..n {
        let visit = Visit { round, ..Visit::default() };
        let click = world.click(&visit, &shown).expect("exists");
        counts[click.map_or(0, |place| place + 1)] += 1.0 / n as f64;
    }
    for (count, expect) in counts.iter().zip(&expect) {
        // Four standard errors of a share of 20,000 are at most 0.0142.
        assert!((count - expect).abs() < 0.0142, "{counts:?} against {expect:?}");
    }
}

#[test]
fn a_taste_follows_or_turns_with_what_is_clicked() {
    let config = WorldConfig { drift: Drift::Follow { keep: 0.25 }, dims: 2, ..WorldConfig::default() };
    let visit = |clicked: &[u32]| Visit { clicked: clicked.to_vec(), ..Visit::default() };
    let follows = world(&config);
    let start = follows.taste(&visit(&[])).expect("exists");
    let now = follows.taste(&visit(&[8])).expect("exists");
    let item = follows.item(8);
    for i in 0..2 {
        assert!((now[i] - (0.25 * start[i] + 0.75 * item[i])).abs() < 1e-15);
    }
    // A quarter turn takes (x, y) to (-y, x).
    let angle = std::f64::consts::FRAC_PI_2;
    let turns = world(&WorldConfig { drift: Drift::Turn { keep: 0.0, angle }, ..config });
    let now = turns.taste(&visit(&[3, 8])).expect("exists");
    let item = turns.item(8);
    assert!((now[0] + item[1]).abs() < 1e-12 && (now[1] - item[0]).abs() < 1e-12);
}

#[test]
fn lists_that_cannot_be_are_errors_of_the_verdict() {
    let world = world(&WorldConfig::default());
    let ask = Ask { query: Visit::default(), knobs: (), tries: 2 };
    let answers = [vec![Shown { items: vec![1, 1] }, Shown { items: vec![60] }]];
    let judged = world.clicks().judge(&[ask], &answers).expect("judges");
    assert!(judged.verdicts[0].iter().all(Verdict::is_error));
}

#[test]
fn a_session_ends_and_the_next_begins_without_clicks() {
    let world = world(&WorldConfig { users: 1, session: 2, ..WorldConfig::default() });
    let mut visitors = world.visitors();
    let mut rng = Seed::root(0).rng();
    let mut clicked = Vec::new();
    for _ in 0..3 {
        let ask = visitors.ask(1, &mut rng).expect("asks").remove(0);
        clicked.push((ask.query.step, ask.query.clicked.clone()));
        let tries = vec![Try { answer: Shown { items: vec![9, 4] }, verdict: verdict(Some(1)) }];
        visitors.tell(&[Group { ask, tries }]).expect("listens");
    }
    assert_eq!(clicked, [(0, vec![]), (1, vec![4]), (0, vec![])]);
    let mut again = world.visitors();
    again.restore(&visitors.save().expect("saves")).expect("restores");
    let next =
        |visitors: &mut Visitors| visitors.ask(2, &mut Seed::root(0).rng()).expect("asks")[1].query.clone();
    assert_eq!(next(&mut again), next(&mut visitors));
}

#[test]
fn what_is_known_of_a_taste_is_what_stands_still() {
    let first = |config: WorldConfig| {
        let asks = world(&config).visitors().ask(1, &mut Seed::root(0).rng()).expect("asks");
        asks[0].query.taste.len()
    };
    assert_eq!(first(WorldConfig::default()), 4);
    let drift = Drift::Follow { keep: 0.5 };
    assert_eq!(first(WorldConfig { drift, ..WorldConfig::default() }), 0);
    assert_eq!(first(WorldConfig { taste_known: false, ..WorldConfig::default() }), 0);
}

#[test]
fn settings_that_make_no_world_are_named() {
    let check = |config: WorldConfig, field: &str| {
        let error = World::open(&config, Seed::root(0)).expect_err("makes no world").to_string();
        assert!(error.starts_with(field), "{error}");
    };
    check(WorldConfig { items: 0, ..WorldConfig::default() }, "world.items");
    check(WorldConfig { dims: 0, ..WorldConfig::default() }, "world.dims");
    check(WorldConfig { item_spread: -1.0, ..WorldConfig::default() }, "world.item_spread");
    check(WorldConfig { drift: Drift::Follow { keep: 2.0 }, ..WorldConfig::default() }, "world.drift.keep");
}
