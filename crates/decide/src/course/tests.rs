//! The exact checks of teachers, and their states in mid-stream.

mod released;
mod toy;

use super::cubes::{Cubes, Student};
use super::*;
use autodidact_core::{Ask, Error, Explore, Group, Learn, Policy, Result, Rng, Seed, Try, Verdict};
use autodidact_math::gmm::Criterion;
use rand::Rng as _;

fn rng(number: u64) -> Rng {
    Seed::root(number).rng()
}

/// Every teacher, with a history limit and another criterion among them.
fn teachers() -> Vec<TeacherConfig> {
    let limited = AlpGmmConfig {
        history: Some(300),
        mixing: Mixing { every: 100, criterion: Criterion::Bic, ..Mixing::default() },
    };
    vec![
        TeacherConfig::default(),
        TeacherConfig::AlpGmm(limited),
        TeacherConfig::CovarGmm(CovarGmmConfig::default()),
        TeacherConfig::CovarGmm(CovarGmmConfig { progress: Progress::Change, ..CovarGmmConfig::default() }),
        TeacherConfig::Riac(RiacConfig::default()),
        TeacherConfig::Riac(RiacConfig { rule: Rule::Released, ..RiacConfig::default() }),
        TeacherConfig::Oracle(OracleConfig::default()),
        TeacherConfig::Random {},
    ]
}

/// Lets the student practise the episodes of that range; returns the tasks.
fn practise(teaching: &mut Teaching, student: &mut Student, episodes: std::ops::Range<u64>) -> Vec<Vec<f64>> {
    let mut tasks = Vec::new();
    for episode in episodes {
        let seed = Seed::root(3).at("round", episode);
        let asks = teaching.ask(1, &mut seed.rng()).expect("asks");
        let answers = student.propose(&asks, &[seed]).expect("answers").answers;
        let groups: Vec<Group<Course>> = asks.into_iter().zip(answers).map(group).collect();
        teaching.tell(&groups).expect("is told");
        student.learn(&groups, seed).expect("learns");
        tasks.push(groups[0].ask.query.point.clone());
    }
    tasks
}

fn group((ask, episodes): (Ask<Course>, Vec<Episode>)) -> Group<Course> {
    let judged = |answer: Episode| Try { answer, verdict: Verdict::score(answer.gain) };
    Group { ask, tries: episodes.into_iter().map(judged).collect() }
}

#[test]
fn progress_is_measured_against_the_nearest_task_once_more_than_five_are_known() {
    let mut alp = Alp::of(1, None);
    let before = [(0.10, 0.2), (0.90, 0.6), (0.5, 0.9), (0.7, 0.1), (0.3, 0.8), (0.95, 0.4)];
    assert!(before.iter().all(|&(task, gain)| alp.add(&[task], gain) == 0.0));
    assert_eq!(alp.add(&[0.15], 0.5), 0.5 - 0.2);
    // The nearest to 0.14 is now 0.15 itself: |0.1 - 0.5|.
    assert_eq!(alp.add(&[0.14], 0.1), 0.4);
}

#[test]
fn gaussians_are_chosen_in_proportion_to_their_worth_and_evenly_when_none_is_worth_anything() {
    let found = shares(&[0.0, 0.1, 0.3]);
    assert!(found.iter().zip([0.0, 0.25, 0.75]).all(|(found, expect)| (found - expect).abs() < 1e-15));
    assert_eq!(shares(&[0.0; 4]), [0.25; 4]);
    assert_eq!(shares(&[-1.0, f64::NAN, 2.0]), [0.0, 0.0, 1.0]);
    let mut rng = rng(1);
    let drawn: Vec<usize> = (0..4_000).filter_map(|_| in_proportion(&[0.0, 0.1, 0.3], &mut rng)).collect();
    let third = drawn.iter().filter(|&&idx| idx == 2).count();
    assert!(!drawn.contains(&0) && (2_900..3_100).contains(&third), "{third}");
    assert_eq!(in_proportion(&[], &mut rng), None);
}

/// The tasks of a teacher whose every draw begins with one number for the choice of the mode.
fn as_random(config: &AlpGmmConfig, episodes: u64) {
    let world = Cubes::default();
    let seed = Seed::root(5);
    let mut teaching = Teaching::of(&TeacherConfig::AlpGmm(*config), &world.space(), seed).expect("sound");
    let mut student = Student::of(world).expect("sound");
    let tasks = practise(&mut teaching, &mut student, 0..episodes);
    for (episode, task) in tasks.into_iter().enumerate() {
        let mut rng = Seed::root(3).at("round", episode as u64).rng();
        let _: f64 = rng.random();
        assert_eq!(task, world.space().uniform(&mut rng));
    }
}

#[test]
fn alp_gmm_with_uniform_tasks_only_is_random() {
    as_random(&AlpGmmConfig { mixing: Mixing { uniform: 1.0, ..Mixing::default() }, history: None }, 600);
}

#[test]
fn alp_gmm_that_never_comes_to_a_fit_is_random() {
    as_random(&AlpGmmConfig { mixing: Mixing { every: 601, ..Mixing::default() }, history: None }, 600);
}

#[test]
fn the_covariance_of_time_and_returns_that_rise_linearly_is_slope_times_variance_of_time() {
    let mixing = Mixing { fewest: 1, most: 1, ..Mixing::default() };
    let mut teacher =
        CovarGmm::of(CovarGmmConfig { mixing, ..Default::default() }, Space::unit(1), Seed::root(1));
    let slope = 0.3;
    let mut rng = rng(2);
    for i in 0..250 {
        teacher.update(&[rng.random()], slope * f64::from(i) / 250.0);
    }
    let gaussian = &teacher.mixture().expect("fitted").gaussians[0];
    // Times 0, 1/250, ..., 249/250: their variance is (1 - 1/250^2) / 12, near 1/12 of the interval.
    let variance = (1.0 - 1.0 / 62_500.0) / 12.0;
    assert!((Progress::Rise.of(gaussian) - slope * variance).abs() < 1e-12);
    let falling = autodidact_math::gmm::Gaussian {
        covariance: gaussian.covariance.iter().map(|x| -x).collect(),
        ..gaussian.clone()
    };
    assert_eq!(Progress::Rise.of(&falling), 0.0);
    assert_eq!(Progress::Change.of(&falling), Progress::Change.of(gaussian));
}

#[test]
fn the_progress_of_a_region_is_the_difference_of_its_halves() {
    let halves = |older: f64, newer: f64| [vec![older; 100], vec![newer; 100]].concat();
    assert!((riac::progress(&halves(0.2, 0.5), 200) - 0.3).abs() < 1e-12);
    assert!((riac::progress(&halves(0.5, 0.2), 200) - 0.3).abs() < 1e-12);
    assert_eq!(riac::progress(&halves(0.4, 0.4), 200), 0.0);
    assert_eq!(riac::progress(&[0.0, 1.0], 200), 0.0);
    // Of three the older half has two: |mean(0, 0.5) - 1|.
    assert_eq!(riac::progress(&[0.0, 0.5, 1.0], 200), 0.75);
    // The window leaves out the 9.
    assert_eq!(riac::progress(&[9.0, 0.0, 0.5, 1.0], 3), 0.75);
}

#[test]
fn a_flat_region_is_never_chosen_for_its_progress() {
    let mut teacher = Riac::of(RiacConfig::default(), Space::unit(1), Seed::root(4));
    let mut rng = rng(6);
    for i in 0..1_500 {
        let point: f64 = rng.random();
        teacher.update(&[point], if point < 0.5 { f64::from(i) / 1_500.0 } else { 0.0 });
    }
    let progress: Vec<f64> = teacher.regions().map(|(_, progress)| progress).collect();
    let flat: Vec<usize> = (0..progress.len()).filter(|&i| progress[i] == 0.0).collect();
    assert!(!flat.is_empty() && flat.len() < progress.len());
    assert!(flat.iter().all(|&i| shares(&progress)[i] == 0.0));
    // The top tenth is reached by uniform tasks (0.2 of all) and through ancestors only.
    let tasks = (0..20_000).filter(|_| teacher.propose(&mut rng)[0] > 0.9).count();
    assert!((300..1_200).contains(&tasks), "{tasks}");
}

#[test]
fn the_oracles_window_is_a_sixth_wide_and_never_leaves_the_box() {
    let space = Space { low: vec![0.0, -3.0], high: vec![3.0, 3.0] };
    let config = OracleConfig { steps: vec![1.0 / 30.0, -1.0 / 30.0], ..OracleConfig::default() };
    let mut oracle = Oracle::of(config, space.clone());
    assert_eq!(oracle.corner(), [0.0, 2.0]);
    assert!((oracle.width(0) - 0.5).abs() < 1e-15 && (oracle.width(1) - 1.0).abs() < 1e-15);
    let mut rng = rng(8);
    for _ in 0..5_000 {
        let task = oracle.propose(&mut rng);
        assert!(space.contains(&task));
        oracle.update(&task, 1.0);
    }
    assert_eq!(oracle.corner(), [2.5, -3.0]);
    // Not above the bar: it stays.
    for _ in 0..500 {
        oracle.update(&[0.0, 0.0], 0.76);
    }
    assert_eq!(oracle.corner(), [2.5, -3.0]);
}

#[test]
fn a_degenerate_crowd_on_one_spot_never_stops_a_teacher() {
    let space = Space::unit(2);
    for config in teachers() {
        let mut teacher = config.open(&space, Seed::root(1)).expect("sound");
        let mut rng = rng(9);
        for _ in 0..700 {
            teacher.update(&[1.0, 0.0], 0.5);
            assert!(space.contains(&teacher.propose(&mut rng)), "{config:?}");
        }
    }
}

#[test]
fn a_teacher_saved_in_mid_stream_goes_on_with_the_same_bits() {
    let world = Cubes { irrelevant: 1, ..Cubes::default() };
    for config in teachers() {
        let open = || Teaching::of(&config, &world.space(), Seed::root(2)).expect("sound");
        let (mut whole, mut student) = (open(), Student::of(world).expect("sound"));
        practise(&mut whole, &mut student, 0..777);
        let (saved, known) = (whole.save().expect("saves"), student.save().expect("saves"));
        let expect = practise(&mut whole, &mut student, 777..1_300);

        let (mut again, mut other) = (open(), Student::of(world).expect("sound"));
        again.restore(&saved).expect("restores");
        other.restore(&known).expect("restores");
        assert_eq!(again.save().expect("saves"), saved, "{config:?}");
        assert_eq!(practise(&mut again, &mut other, 777..1_300), expect, "{config:?}");
        assert_eq!(again.save().expect("saves"), whole.save().expect("saves"), "{config:?}");
    }
}

#[test]
fn a_long_history_is_stored_in_files_that_never_change_once_full() {
    let world = Cubes::default();
    let mut teaching = Teaching::of(&TeacherConfig::default(), &world.space(), Seed::root(2)).expect("sound");
    let mut student = Student::of(world).expect("sound");
    practise(&mut teaching, &mut student, 0..4_500);
    let before = teaching.save().expect("saves");
    practise(&mut teaching, &mut student, 4_500..5_000);
    let after = teaching.save().expect("saves");
    let file = "history/00000000";
    assert_eq!(before.file(file).map(<[u8]>::len), Some(4_096 * 3 * 8));
    assert_eq!(before.file(file), after.file(file));
    assert_ne!(before.file("history/00000001"), after.file("history/00000001"));
}

#[test]
fn what_was_saved_elsewhere_is_refused_with_its_name() {
    let world = Cubes::default();
    for config in teachers().iter().filter(|&config| *config != TeacherConfig::Random {}) {
        let mut teaching = Teaching::of(config, &world.space(), Seed::root(2)).expect("sound");
        let mut saved = teaching.save().expect("saves");
        saved.files.retain(|(name, _)| name == "teaching.json");
        let error = teaching.restore(&saved).expect_err("a file is missing").to_string();
        assert!(error.contains(".json"), "{error}");
    }
}

#[test]
fn a_state_that_cannot_be_is_refused_and_changes_nothing() {
    let space = Space::unit(2);
    let refused = |config: TeacherConfig, name: &str, text: &str| {
        let mut teacher = config.open(&space, Seed::root(1)).expect("sound");
        let before = teacher.save().expect("saves");
        let damaged = autodidact_core::Snapshot { files: vec![(name.to_owned(), text.as_bytes().to_vec())] };
        teacher.restore(&damaged).expect_err(text);
        assert_eq!(teacher.save().expect("saves"), before);
    };
    let covar = TeacherConfig::CovarGmm(CovarGmmConfig::default());
    let empty =
        r#"{"episodes":250,"rows":[],"mixture":{"gaussians":[{"weight":1.0,"mean":[],"covariance":[]}]}}"#;
    refused(covar.clone(), "covar-gmm.json", empty);
    refused(covar, "covar-gmm.json", r#"{"episodes":1,"rows":[0.5],"mixture":null}"#);
    refused(TeacherConfig::default(), "alp-gmm.json", empty);
    refused(TeacherConfig::default(), "alp-gmm.json", r#"{"episodes":7,"rows":[],"mixture":null}"#);
    let oracle = TeacherConfig::Oracle(OracleConfig::default());
    refused(oracle, "oracle.json", r#"{"corner":[0.5],"sum":0.0,"count":0}"#);
    let circle = r#"{"episodes":0,"regions":[{"space":{"low":[0,0],"high":[1,1]},"episodes":[],"progress":0.0,"children":[0,0]}]}"#;
    refused(TeacherConfig::Riac(RiacConfig::default()), "riac.json", circle);
}

#[test]
fn late_told_and_unscored_episodes_are_passed_over_or_taken_as_they_come() {
    let space = Space::unit(1);
    let mut teaching = Teaching::of(&TeacherConfig::default(), &space, Seed::root(2)).expect("sound");
    let asks = teaching.ask(3, &mut rng(1)).expect("asks");
    assert_eq!(asks.iter().map(|ask| ask.query.episode).collect::<Vec<_>>(), [0, 1, 2]);
    let told = |verdict: Verdict| Group {
        ask: asks[1].clone(),
        tries: vec![Try { answer: Episode { gain: 0.0 }, verdict }],
    };
    let before = teaching.save().expect("saves");
    teaching
        .tell(&[told(Verdict::abstain("no return came")), told(Verdict::error("crash", 1.0))])
        .expect("told");
    assert_eq!(teaching.save().expect("saves"), before);
    teaching.tell(&[told(Verdict::score(0.5))]).expect("told");
    assert_ne!(teaching.save().expect("saves"), before);
    let mut outside = told(Verdict::score(0.5));
    outside.ask.query.point = vec![1.5];
    assert!(matches!(teaching.tell(&[outside]), Err(Error::Invalid { .. })));
}

#[test]
fn settings_that_cannot_work_are_refused_by_name() {
    let refused = |config: TeacherConfig, field: &str| {
        let error = config.check().expect_err("cannot work").to_string();
        assert!(error.starts_with(field), "{error}");
    };
    let mixed = |mixing| TeacherConfig::AlpGmm(AlpGmmConfig { mixing, history: None });
    refused(mixed(Mixing { every: 0, ..Mixing::default() }), "teacher.mixing.every");
    refused(mixed(Mixing { uniform: f64::NAN, ..Mixing::default() }), "teacher.mixing.uniform");
    refused(mixed(Mixing { fewest: 5, most: 4, ..Mixing::default() }), "teacher.mixing.fewest");
    refused(
        TeacherConfig::AlpGmm(AlpGmmConfig { history: Some(0), ..Default::default() }),
        "teacher.history",
    );
    refused(TeacherConfig::Riac(RiacConfig { window: 300, ..Default::default() }), "teacher.window");
    refused(TeacherConfig::Riac(RiacConfig { narrowest: 0.5, ..Default::default() }), "teacher.narrowest");
    refused(TeacherConfig::Oracle(OracleConfig { steps: vec![], ..Default::default() }), "teacher.steps");
    let flat = Space { low: vec![0.0], high: vec![0.0] };
    assert!(TeacherConfig::default().open(&flat, Seed::root(1)).is_err());
    let read: Result<TeacherConfig, _> =
        serde_json::from_str(r#"{"kind": "alp-gmm", "fit_rate": 3}"#).map_err(Error::part);
    assert!(read.is_err());
}
