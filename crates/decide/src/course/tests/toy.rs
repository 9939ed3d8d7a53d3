//! The world of cubes.

use super::*;
use crate::course::cubes::Returns;
use autodidact_core::Judge;
use proptest::prelude::*;

fn student(world: Cubes) -> Student {
    Student::of(world).expect("sound")
}

/// One episode there; its return.
fn visit(student: &mut Student, point: &[f64]) -> f64 {
    let asks = [Ask { query: Task { episode: 0, point: point.to_vec() }, knobs: (), tries: 1 }];
    let seed = Seed::root(0);
    let answers = student.propose(&asks, &[seed]).expect("answers").answers;
    let verdicts = Returns.judge(&asks, &answers).expect("judges").verdicts;
    let gain = verdicts[0][0].value().expect("a score");
    let [ask] = asks;
    student.learn(&[group((ask, answers[0].clone()))], seed).expect("learns");
    gain
}

#[test]
fn seventy_five_visits_open_the_neighbours_and_one_more_masters_the_cube() {
    let mut student = student(Cubes::default());
    let neighbours = [[0.15, 0.05], [0.05, 0.15], [0.15, 0.15]];
    for n in 1..=75 {
        assert_eq!(visit(&mut student, &[0.05, 0.05]), f64::from(n) / 100.0);
        if n < 75 {
            assert!(neighbours.iter().all(|point| visit(&mut student.clone(), point) == 0.0));
        }
    }
    assert_eq!(student.mastered(), 0.0);
    assert_eq!(neighbours.map(|point| visit(&mut student, &point)), [0.01; 3]);
    visit(&mut student, &[0.05, 0.05]);
    assert_eq!(student.mastered(), 1.0);
}

#[test]
fn the_return_of_the_thirtieth_visit_is_three_tenths_and_competence_ends_at_one() {
    let mut student = student(Cubes::default());
    let gains: Vec<f64> = (0..130).map(|_| visit(&mut student, &[0.0, 0.0999])).collect();
    assert_eq!((gains[29], gains[99], gains[129]), (0.30, 1.0, 1.0));
}

#[test]
fn a_closed_cube_returns_nothing_for_ever() {
    let mut student = student(Cubes::default());
    assert!((0..500).all(|_| visit(&mut student, &[1.0, 1.0]) == 0.0));
}

#[test]
fn closed_cubes_stay_closed_and_others_do_not_care() {
    let world = Cubes { cubes: 2, closed_from: Some(1), ..Cubes::default() };
    let mut student = student(world);
    for point in [[0.1, 0.1], [0.1, 0.9], [0.9, 0.1], [0.9, 0.9]] {
        for _ in 0..76 {
            visit(&mut student, &point);
        }
    }
    assert_eq!(student.mastered(), 50.0);
    assert!(world.is_dead(&[0.5, 0.0]) && !world.is_dead(&[0.49, 1.0]));
}

#[test]
fn irrelevant_coordinates_are_never_read() {
    let mut student = student(Cubes { irrelevant: 2, ..Cubes::default() });
    visit(&mut student, &[0.0, 0.0, 0.3, 0.9]);
    assert_eq!(visit(&mut student, &[0.05, 0.0, 1.0, 0.0]), 0.02);
    assert_eq!(Cubes { irrelevant: 2, ..Cubes::default() }.space().dims(), 4);
}

#[test]
fn a_perfect_teacher_masters_everything_in_76_visits_a_cube_and_nobody_sooner() {
    let mut student = student(Cubes::default());
    let mut episodes = 0;
    for row in 0..10 {
        for column in 0..10 {
            assert!(student.mastered() < 100.0);
            for _ in 0..76 {
                visit(&mut student, &[f64::from(row) / 10.0 + 0.05, f64::from(column) / 10.0 + 0.05]);
                episodes += 1;
            }
        }
    }
    assert_eq!((episodes, student.mastered()), (7_600, 100.0));
    assert!((student.competence() - 0.76).abs() < 1e-12);
}

#[test]
fn worlds_and_tasks_that_cannot_be_are_refused() {
    for world in [
        Cubes { dims: 0, ..Cubes::default() },
        Cubes { cubes: 0, ..Cubes::default() },
        Cubes { dims: 16, cubes: 100, ..Cubes::default() },
        Cubes { closed_from: Some(0), ..Cubes::default() },
    ] {
        assert!(matches!(Student::of(world), Err(Error::Invalid { .. })), "{world:?}");
    }
    let student = student(Cubes::default());
    for point in [vec![0.5], vec![0.5, 1.1], vec![f64::NAN, 0.0]] {
        let ask = Ask { query: Task { episode: 0, point }, knobs: (), tries: 1 };
        assert!(student.propose(&[ask], &[Seed::root(0)]).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn every_mastered_cube_cost_76_episodes(seed: u64, dims in 1u32..4, n in 1usize..2_000) {
        let world = Cubes { dims, cubes: 3, ..Cubes::default() };
        let mut student = student(world);
        let mut rng = rng(seed);
        for _ in 0..n {
            let point = world.space().uniform(&mut rng);
            visit(&mut student, &point);
        }
        let mastered = student.mastered() / 100.0 * world.count() as f64;
        prop_assert!(mastered * 76.0 <= n as f64 + 1e-9);
        prop_assert!(student.competence() * world.count() as f64 * 100.0 <= n as f64 + 1e-9);
    }
}
