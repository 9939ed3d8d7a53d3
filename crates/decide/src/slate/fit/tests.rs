//! What a fit of clicks must keep, and what it finds in clicks it could have made.

use super::elbo::{Batch, against, loss};
use super::guide::Guide;
use super::history::{Part, parts};
use super::layout::Layout;
use super::sequence::{Model, Pulls};
use super::start::Start;
use super::*;
use crate::slate::{Beliefs, Draw, Prior, Recommender, Rule, Score, Shared, Visit, World, WorldConfig};
use autodidact_core::{Explore, Seed};
use rand::Rng as _;
use serde::Deserialize;

const USERS: [UserModel; 3] = [UserModel::Linear, UserModel::Markov, UserModel::Gru];

fn small() -> FitConfig {
    FitConfig {
        dims: 2,
        group_spread: 0.8,
        spread_spread: 0.6,
        weight_spread: 1.5,
        likelihood_temperature: 0.5,
        no_click_share: 1.0,
        particles: 2,
        ..FitConfig::default()
    }
}

fn draws(n: usize, seed: u64) -> Vec<f64> {
    let mut rng = Seed::root(seed).rng();
    (0..n).map(|_| rng.random_range(-1.0..1.0)).collect()
}

fn steps() -> Vec<Step> {
    let step = |shown: &[u32], click: Option<u32>| Step { shown: shown.to_vec(), click };
    vec![
        step(&[0, 1, 2], Some(1)),
        step(&[3], None),
        step(&[2, 0], Some(0)),
        step(&[1, 3], Some(1)),
        step(&[], None),
        step(&[0, 3], None),
    ]
}

/// Checks every derivative in `found` against the slope of `f`.
fn slopes(name: &str, at: &[f64], found: &[f64], f: &mut dyn FnMut(&[f64]) -> f64) {
    for i in 0..at.len() {
        let mut moved = at.to_vec();
        moved[i] += 1e-6;
        let up = f(&moved);
        moved[i] -= 2e-6;
        let slope = (up - f(&moved)) / 2e-6;
        let within = 1e-6 * (1.0 + slope.abs());
        assert!((slope - found[i]).abs() < within, "{name} {i}: {slope} against {}", found[i]);
    }
}

#[test]
fn the_priors_gradient_agrees_with_finite_differences() {
    for user in USERS {
        let layout = Layout::of(&small(), &[0, 1, 0, 1], 3);
        let at = draws(layout.len(), 1);
        let mut grad = vec![0.0; at.len()];
        layout.log_prior(&small(), user, &at, &mut grad);
        let mut value = |at: &[f64]| layout.log_prior(&small(), user, at, &mut vec![0.0; at.len()]);
        slopes("prior", &at, &grad, &mut value);
    }
}

#[test]
fn a_sequences_gradient_agrees_with_finite_differences() {
    let layout = Layout::of(&small(), &[0, 1, 0, 1], 3);
    let (at, start) = (draws(layout.len(), 2), draws(2, 3));
    let weights = [1.0, 1.0, 0.0, 0.5, 1.0, 1.0];
    for user in USERS {
        for score in [Score::Distance, Score::Dot] {
            let model = Model { layout: &layout, user, score };
            let (mut d_at, mut d_start) = (vec![0.0; at.len()], vec![0.0; 2]);
            let pulls = Pulls { at: &mut d_at, start: &mut d_start };
            let steps = steps();
            model.log_likelihood(&at, &start, (&steps, &steps), &weights, Some(pulls));
            let value =
                |at: &[f64], start: &[f64]| model.log_likelihood(at, start, (&steps, &steps), &weights, None);
            slopes(&format!("{user:?} {score:?}"), &at, &d_at, &mut |at| value(at, &start));
            slopes("start", &start, &d_start, &mut |start| value(&at, start));
        }
    }
}

#[test]
fn the_bounds_gradient_agrees_with_finite_differences() {
    let likelihoods = [Likelihood::Slate, Likelihood::AllItems { entries: 3 }];
    for (user, likelihood) in USERS.into_iter().flat_map(|user| likelihoods.map(|one| (user, one))) {
        let config = FitConfig { likelihood, ..small() };
        let layout = Layout::of(&config, &[0, 1, 0, 1], 3);
        let mut guide = Guide::new(&config, &layout, Seed::root(1)).expect("sound");
        guide.raw.iter_mut().zip(draws(2 * layout.len() + 1, 4)).for_each(|(raw, by)| *raw += by);
        let mut history = History::default();
        for (user, seen) in [steps(), vec![Step { shown: vec![1], click: None }]].into_iter().enumerate() {
            for (t, step) in seen.iter().enumerate() {
                history.push(user as u32, t as u32, &step.shown, step.click.map(|place| place as usize));
            }
        }
        let mut parts = parts(&config, &history, Seed::root(2));
        parts[0][3] = Part::Test;
        let batch = Batch { history: &history, parts: &parts, chosen: &[0, 1] };
        let value =
            |raw: &[f64]| loss(&config, &layout, user, &Guide { raw: raw.to_vec() }, batch, Seed::root(5));
        let (_, gradient) = value(&guide.raw);
        slopes(&format!("{user:?} {likelihood:?}"), &guide.raw.clone(), &gradient, &mut |raw| value(raw).0);
    }
}

#[derive(Deserialize)]
struct Golden {
    dims: usize,
    longest: usize,
    groups: Vec<u32>,
    group_spread: f64,
    spread_spread: f64,
    weight_spread: f64,
    users: Vec<Vec<Step>>,
    latent: Vec<f64>,
    starts: Vec<Vec<f64>>,
    cases: Vec<Case>,
    clicked: Vec<u32>,
    factor: f64,
    start_mean: Vec<f64>,
    start_sd: Vec<f64>,
}

#[derive(Deserialize)]
struct Case {
    user: UserModel,
    score: Score,
    log_likelihood: f64,
    log_prior: f64,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../../../../../golden/slate/likelihood.json")).expect("reads")
}

#[test]
fn likelihood_and_prior_are_those_of_the_papers_code() {
    let golden = golden();
    for case in &golden.cases {
        let config = FitConfig {
            dims: golden.dims,
            group_spread: golden.group_spread,
            spread_spread: golden.spread_spread,
            weight_spread: golden.weight_spread,
            ..FitConfig::default()
        };
        let layout = Layout::of(&config, &golden.groups, golden.longest);
        let model = Model { layout: &layout, user: case.user, score: case.score };
        let of = |(steps, start): (&Vec<Step>, &Vec<f64>)| {
            model.log_likelihood(&golden.latent, start, (steps, steps), &vec![1.0; steps.len()], None)
        };
        let found: f64 = golden.users.iter().zip(&golden.starts).map(of).sum();
        assert!((found - case.log_likelihood).abs() < 1e-9, "{found} against {}", case.log_likelihood);
        let prior = layout.log_prior(&config, case.user, &golden.latent, &mut vec![0.0; layout.len()]);
        assert!((prior - case.log_prior).abs() < 1e-9, "{prior} against {}", case.log_prior);
    }
}

#[test]
fn a_first_state_is_that_of_the_papers_code() {
    let golden = golden();
    let config = FitConfig { dims: golden.dims, ..FitConfig::default() };
    let vector = |item: &u32| &golden.latent[*item as usize * golden.dims..][..golden.dims];
    let clicked: Vec<&[f64]> = golden.clicked.iter().map(vector).collect();
    let start = Start::of(&config, &clicked, golden.factor);
    // Upstream adds 1e-5 to its normalisers.
    for (found, expect) in
        start.mean.iter().zip(&golden.start_mean).chain(start.sd.iter().zip(&golden.start_sd))
    {
        assert!((found - expect).abs() < 5e-5, "{found} against {expect}");
    }
    let nobody = Start::of(&config, &[], golden.factor);
    assert_eq!((nobody.mean, nobody.sd), (vec![0.0; 3], vec![0.5; 3]));
}

#[test]
fn no_click_leaves_the_state_and_gamma_says_how_far_a_click_moves_it() {
    let layout = Layout::of(&small(), &[0, 1], 2);
    let mut at = draws(layout.len(), 6);
    let start = [0.3, -0.7];
    let rows = |at: &[f64], user, clicked: &[Option<u32>]| {
        Model { layout: &layout, user, score: Score::Dot }.tastes(at, &start, clicked).rows
    };
    for user in USERS {
        let found = rows(&at, user, &[None, Some(1), None]);
        let bits = |row: usize| [0, 1].map(|i| found[row * 2 + i].to_bits());
        assert_eq!((bits(0), bits(2)), (bits(1), bits(3)), "{user:?}");
    }
    at[layout.keep] = 1.0;
    assert_eq!(rows(&at, UserModel::Linear, &[Some(0), Some(1)])[4..], start);
    at[layout.keep] = 0.0;
    let found = rows(&at, UserModel::Linear, &[Some(0), Some(1)]);
    assert_eq!((&found[2..4], &found[4..]), (&at[layout.item(0)], &at[layout.item(1)]));
    assert_eq!(found, rows(&at, UserModel::Markov, &[Some(0), Some(1)]));
}

#[test]
fn comparing_with_all_items_is_the_slate_likelihood_where_the_others_are_those_shown() {
    let layout = Layout::of(&small(), &[0, 1, 0, 1], 3);
    let (at, start) = (draws(layout.len(), 7), draws(2, 8));
    let steps = steps();
    let compared: Vec<Step> = steps
        .iter()
        .map(|step| {
            let mut others = step.shown.iter().filter(|item| step.clicked() != Some(**item)).copied();
            against(step, step.shown.len() as u32, || others.next().expect("as many as are missing"))
        })
        .collect();
    assert_ne!(steps, compared);
    let model = Model { layout: &layout, user: UserModel::Gru, score: Score::Distance };
    let weights = vec![1.0; steps.len()];
    let slate = model.log_likelihood(&at, &start, (&steps, &steps), &weights, None);
    let all = model.log_likelihood(&at, &start, (&steps, &compared), &weights, None);
    assert!((slate - all).abs() < 1e-12, "{slate} against {all}");
}

#[test]
fn temperature_and_weight_of_the_data_move_no_optimum_of_the_likelihood() {
    // Three clicks and one refusal of item 0, score x: the best no-click utility is x + ln(1/3).
    let layout = Layout::of(&small(), &[0], 1);
    let step = |click| Step { shown: vec![0], click };
    let steps = [step(Some(0)), step(None), step(Some(0)), step(Some(0))];
    let model = Model { layout: &layout, user: UserModel::Linear, score: Score::Dot };
    let optimum = |temperature: f64, weight: f64| {
        let mut at = vec![0.0; layout.len()];
        at[layout.items.start] = 0.6;
        at[layout.keep] = 1.0;
        let place = layout.no_click.start + 1;
        for _ in 0..4_000 {
            let mut grad = vec![0.0; at.len()];
            let pulls = Pulls { at: &mut grad, start: &mut [0.0; 2] };
            model.log_likelihood(&at, &[0.5, 0.0], (&steps, &steps), &[weight; 4], Some(pulls));
            at[place] += 0.5 * grad[place] / temperature;
        }
        at[place]
    };
    let expect = 0.3 + (1.0f64 / 3.0).ln();
    assert!((optimum(1.0, 1.0) - expect).abs() < 1e-9);
    assert!((optimum(2.0, 0.5) - expect).abs() < 1e-9);
}

/// A log of lists filled at random.
fn logged(world: &World, groups: &[u32], users: usize, steps: usize) -> History {
    let shared = Shared::of(Posterior::new(&small(), groups, 4, Seed::root(0)).expect("sound"));
    let policy = Recommender::of(&shared, Rule::Random, 4);
    let mut visitors = world.visitors();
    let mut history = History::default();
    for round in 0..steps {
        let asks = visitors.ask(users, &mut Seed::root(0).rng()).expect("asks");
        let seeds: Vec<Seed> =
            (0..users).map(|i| Seed::root(9).at("ask", (round * users + i) as u64)).collect();
        let answers = autodidact_core::Policy::propose(&policy, &asks, &seeds).expect("proposes").answers;
        let judge = world.clicks();
        let verdicts = autodidact_core::Judge::judge(&judge, &asks, &answers).expect("judges").verdicts;
        let groups: Vec<_> = asks
            .into_iter()
            .zip(answers.into_iter().zip(verdicts))
            .map(|(ask, (answers, verdicts))| autodidact_core::Group {
                ask,
                tries: answers
                    .into_iter()
                    .zip(verdicts)
                    .map(|(answer, verdict)| autodidact_core::Try { answer, verdict })
                    .collect(),
            })
            .collect();
        visitors.tell(&groups).expect("listens");
        history.extend(&groups);
    }
    history
}

#[test]
fn a_fit_learns_in_two_phases_and_repeats_bit_for_bit() {
    let config =
        WorldConfig { items: 12, groups: 3, users: 60, dims: 2, no_click: 0.0, ..WorldConfig::default() };
    let world = World::open(&config, Seed::root(1)).expect("sound");
    let history = logged(&world, &world.groups(), 60, 10);
    let config = FitConfig {
        likelihood_temperature: 1.0,
        score: Score::Dot,
        lr: 2e-2,
        batch: 20,
        passes: 40,
        patience: 8,
        held_out: 0.2,
        particles: 1,
        ..small()
    };
    let prior = Posterior::new(&config, &world.groups(), 4, Seed::root(2)).expect("sound");
    let run = |seed| fit(&prior, &history, Seed::root(3), Seed::root(seed)).expect("fits");
    let fitted = run(4);
    assert_eq!(fitted.posterior.user(), UserModel::Gru);
    assert!(
        fitted.passes.iter().any(|pass| pass.phase == 1) && fitted.passes.iter().any(|pass| pass.phase == 2)
    );
    let before = prior.log_likelihood(&history, 5).expect("there are later steps");
    let after = fitted.posterior.log_likelihood(&history, 5).expect("there are later steps");
    assert!(after > before + 0.05, "{after} against {before}");
    assert!(fitted.test.expect("users are held out") > -1.65, "below even odds of five entries");
    assert!(fitted.posterior.hit_rate(&history, 4, Seed::root(3)).expect("users are held out") > 0.0);
    assert_eq!(run(4).posterior.bytes().expect("writes"), fitted.posterior.bytes().expect("writes"));
    assert_ne!(run(5).posterior.bytes().expect("writes"), fitted.posterior.bytes().expect("writes"));

    let text = serde_json::to_string(&fitted.posterior).expect("writes");
    let read: Posterior = serde_json::from_str(&text).expect("reads");
    let visit = Visit { clicked: vec![3, 7], ..Visit::default() };
    let scores = |posterior: &Posterior| {
        posterior.scores(&visit, Draw::Posterior(&mut Seed::root(6).rng())).expect("sound")
    };
    assert_eq!(scores(&read), scores(&fitted.posterior));
}

#[test]
fn doubt_falls_where_items_are_shown() {
    let config =
        WorldConfig { items: 12, groups: 3, users: 60, dims: 2, no_click: 0.0, ..WorldConfig::default() };
    let world = World::open(&config, Seed::root(1)).expect("sound");
    let mut history = logged(&world, &world.groups(), 60, 10);
    for step in history.sequences.iter_mut().flat_map(|sequence| &mut sequence.steps) {
        let clicked = step.clicked();
        step.shown.retain(|item| *item < 6);
        step.click = step.shown.iter().position(|item| Some(*item) == clicked).map(|place| place as u32);
    }
    let config = FitConfig {
        user: UserModel::Linear,
        likelihood_temperature: 1.0,
        score: Score::Dot,
        first_sd: 0.5,
        lr: 2e-2,
        batch: 20,
        passes: 30,
        held_out: 0.0,
        ..small()
    };
    let prior = Posterior::new(&config, &world.groups(), 4, Seed::root(2)).expect("sound");
    let fitted = fit(&prior, &history, Seed::root(3), Seed::root(4)).expect("fits").posterior;
    let sd = |items: std::ops::Range<u32>| items.map(|item| fitted.sd(item)).sum::<f64>() / 6.0;
    assert!(sd(0..6) < 0.9 * sd(6..12), "{} against {}", sd(0..6), sd(6..12));
}

#[test]
fn the_parts_of_a_log_do_not_overlap_and_hold_what_was_asked_for() {
    let mut history = History::default();
    for user in 0..400 {
        for t in 0..8 {
            history.push(user, t, &[0, 1], (t % 2 == 0).then_some(0));
        }
    }
    let config = FitConfig { held_out: 0.25, no_click_share: 0.5, ..FitConfig::default() };
    let parts = parts(&config, &history, Seed::root(1));
    let users = |part| parts.iter().filter(|parts| parts.contains(&part)).count();
    // Four standard errors of a quarter of 400 users: 35.
    assert!(users(Part::Validation).abs_diff(100) < 35 && users(Part::Test).abs_diff(100) < 35);
    for parts in &parts {
        assert!(!(parts.contains(&Part::Validation) && parts.contains(&Part::Test)));
        assert!(parts[..5].iter().all(|part| matches!(part, Part::Train | Part::Unused)));
        assert!(parts.iter().step_by(2).all(|part| *part != Part::Unused), "clicks are never thinned out");
    }
    let thinned = parts.iter().flatten().filter(|part| **part == Part::Unused).count();
    // Half of 1,600 lists without a click; four standard errors: 80.
    assert!(thinned.abs_diff(800) < 80);
}

#[test]
fn a_flat_prior_is_one_group() {
    let flat = Layout::of(&FitConfig { prior: Prior::Flat, ..small() }, &[0, 1, 2, 1], 3);
    assert_eq!((flat.group, flat.means.len()), (vec![0; 4], 2));
}

#[test]
fn settings_and_logs_that_cannot_work_are_named() {
    let fails = |config: FitConfig, field: &str| {
        let error = Posterior::new(&config, &[0], 2, Seed::root(0)).expect_err("cannot work").to_string();
        assert!(error.starts_with(field), "{error}");
    };
    fails(FitConfig { dims: 0, ..small() }, "fit.dims");
    fails(FitConfig { likelihood_temperature: 0.0, ..small() }, "fit.likelihood_temperature");
    fails(FitConfig { betas: (0.1, 1.0), ..small() }, "fit.betas.1");
    fails(FitConfig { held_out: 0.6, ..small() }, "fit.held_out");
    let posterior = Posterior::new(&small(), &[0, 0], 2, Seed::root(0)).expect("sound");
    let check = |shown: &[u32], click| {
        let mut history = History::default();
        history.push(0, 0, shown, click);
        posterior.check(&history).is_ok()
    };
    assert!(check(&[1, 0], Some(1)));
    assert!(!check(&[2], None) && !check(&[1, 1], None) && !check(&[0], Some(1)));
}
