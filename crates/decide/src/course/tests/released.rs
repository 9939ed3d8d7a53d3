//! The released code on fixed streams (flowersteam/teachDeepRL @ 747cda2, through `golden/course/teachers.py`).

use super::*;
use autodidact_math::gmm::{Fit, Fitting, fit_from, lowest};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Coordinates are whole multiples of one over this.
const GRID: f64 = 1_048_576.0;

fn read<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).expect("the golden file is sound")
}

fn points(tasks: &[u32], dims: usize) -> Vec<Vec<f64>> {
    tasks.chunks_exact(dims).map(|task| task.iter().map(|&x| f64::from(x) / GRID).collect()).collect()
}

#[track_caller]
fn close(found: f64, expect: f64, relative: f64) {
    assert!((found - expect).abs() <= relative * (1.0 + expect.abs()), "{found} != {expect}");
}

#[derive(Deserialize)]
struct Fits {
    tasks: Vec<u32>,
    rewards: Vec<f64>,
    fits: Vec<Fitted>,
    #[serde(default)]
    alps: Vec<f64>,
}

#[derive(Deserialize)]
struct Fitted {
    labels: Vec<Vec<usize>>,
    aics: Vec<f64>,
    chosen: usize,
    worth: Vec<f64>,
}

/// Checks the fits over rows of `dims` numbers against the released ones.
fn check(golden: &Fits, rows: &[f64], dims: usize, worth: impl Fn(&autodidact_math::gmm::Gaussian) -> f64) {
    for (batch, expect) in rows.chunks_exact(250 * dims).zip(&golden.fits) {
        let fitted = |(i, labels): (usize, &Vec<usize>)| {
            fit_from(batch, dims, labels, i + 2, &Fitting::default()).expect("fits")
        };
        let fits: Vec<Fit> = expect.labels.iter().enumerate().map(fitted).collect();
        for (fit, aic) in fits.iter().zip(&expect.aics) {
            close(Criterion::Aic.of(fit.log_likelihood, fit.mixture.parameters(), 250), *aic, 1e-7);
        }
        let best = lowest(fits, Criterion::Aic, 250).expect("nine fits").mixture;
        assert_eq!(best.gaussians.len(), expect.chosen);
        for (gaussian, expect) in best.gaussians.iter().zip(&expect.worth) {
            close(worth(gaussian), *expect, 1e-7);
        }
    }
}

#[test]
fn progress_fits_and_the_choice_of_gaussians_are_those_of_alp_gmm() {
    let golden: Fits = read(include_str!("../../../../../golden/course/alp_gmm.json"));
    let mut alp = Alp::of(2, None);
    let mut rows = Vec::new();
    for ((point, &gain), &expect) in points(&golden.tasks, 2).iter().zip(&golden.rewards).zip(&golden.alps) {
        let found = alp.add(point, gain);
        close(found, expect, 1e-15);
        rows.extend_from_slice(point);
        rows.push(found);
    }
    assert_eq!(rows.len(), 3_000);
    check(&golden, &rows, 3, |gaussian| gaussian.mean[2]);
}

#[test]
fn fits_and_the_worth_of_gaussians_are_those_of_covar_gmm() {
    let golden: Fits = read(include_str!("../../../../../golden/course/covar_gmm.json"));
    let mut rows = Vec::new();
    for (i, (point, &gain)) in points(&golden.tasks, 2).iter().zip(&golden.rewards).enumerate() {
        rows.extend_from_slice(point);
        rows.extend([(i % 250) as f64 / 250.0, gain]);
    }
    check(&golden, &rows, 4, |gaussian| Progress::Rise.of(gaussian));
}

#[derive(Deserialize)]
struct Tree {
    tasks: Vec<u32>,
    rewards: Vec<f64>,
    drawn: Vec<(usize, f64)>,
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    low: Vec<f64>,
    high: Vec<f64>,
    alp: f64,
}

#[test]
fn from_the_same_thresholds_riac_grows_the_released_tree() {
    let golden: Tree = read(include_str!("../../../../../golden/course/riac.json"));
    let config = RiacConfig { rule: Rule::Released, ..RiacConfig::default() };
    let mut teacher = Riac::of(config, Space::unit(2), Seed::root(0));
    let mut drawn = golden.drawn.iter().copied();
    for (point, &gain) in points(&golden.tasks, 2).iter().zip(&golden.rewards) {
        teacher.add(point, gain, |_| drawn.next().expect("as many thresholds as in the released code"));
    }
    assert_eq!(drawn.next(), None);
    assert_eq!(teacher.regions().count(), golden.nodes.len());
    for ((space, progress), expect) in teacher.regions().zip(&golden.nodes) {
        assert_eq!((&space.low, &space.high), (&expect.low, &expect.high));
        close(progress, expect.alp, 1e-12);
    }
}

#[derive(Deserialize)]
struct Stream {
    dims: u32,
    cubes: u32,
    irrelevant: u32,
    tasks: Vec<u32>,
    competences: Vec<u32>,
    score: f64,
}

#[test]
fn the_cubes_open_and_return_as_in_the_released_world() {
    let golden: Vec<Stream> = read(include_str!("../../../../../golden/course/cubes.json"));
    for Stream { dims, cubes, irrelevant, tasks, competences, score } in golden {
        let world = Cubes { dims, cubes, irrelevant, closed_from: None };
        let mut student = Student::of(world).expect("sound");
        for (point, expect) in points(&tasks, world.space().dims()).into_iter().zip(competences) {
            let ask = Ask { query: Task { episode: 0, point }, knobs: (), tries: 1 };
            let answers =
                student.propose(std::slice::from_ref(&ask), &[Seed::root(0)]).expect("answers").answers;
            assert_eq!(answers[0][0].gain, f64::from(expect) / 100.0);
            student.learn(&[group((ask, answers[0].clone()))], Seed::root(0)).expect("learns");
        }
        close(student.mastered(), score, 1e-12);
    }
}

#[derive(Deserialize)]
struct Windows {
    rewards: Vec<f64>,
    windows: Vec<Vec<f64>>,
    range: Vec<f64>,
}

#[test]
fn the_window_moves_as_in_the_released_code() {
    let golden: Windows = read(include_str!("../../../../../golden/course/oracle.json"));
    let space = Space { low: vec![0.0; 2], high: vec![3.0, 6.0] };
    let config =
        OracleConfig { steps: vec![1.0 / 30.0, -1.0 / 30.0], above: 230.0, ..OracleConfig::default() };
    let mut oracle = Oracle::of(config, space);
    for (batch, expect) in golden.rewards.chunks_exact(50).zip(&golden.windows) {
        batch.iter().for_each(|&gain| oracle.update(&[0.0; 2], gain));
        // The released window is kept in single precision.
        oracle.corner().iter().zip(expect).for_each(|(found, expect)| close(*found, *expect, 1e-5));
    }
    golden.range.iter().enumerate().for_each(|(dim, &range)| close(oracle.width(dim), range, 1e-6));
}
