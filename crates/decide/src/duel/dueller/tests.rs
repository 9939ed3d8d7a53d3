//! The duelling rule's exact checks, and the released code's choice.

use super::super::{Human, PoolConfig};
use super::*;

fn pool(n: usize) -> Arc<Vec<Vec<f64>>> {
    let config = PoolConfig { items: n as u32, dim: 4, ..PoolConfig::default() };
    config.open(Seed::root(9)).expect("opens").embeddings
}

fn quick(rule: Rule) -> DuellerConfig {
    let fit = FitConfig { steps: 60, lr: 1e-2, ..FitConfig::default() };
    DuellerConfig { rule, hidden: vec![8], init: Init::Normal { sd: 0.5 }, fit, ..DuellerConfig::default() }
}

fn told(rule: Rule, n: u64) -> Dueller {
    let world = PoolConfig { items: 30, dim: 4, ..PoolConfig::default() }.open(Seed::root(9)).expect("opens");
    let human = Human::new(world.worths, Seed::root(2));
    let mut dueller = Dueller::new(world.embeddings, &quick(rule), Seed::root(1)).expect("sound");
    for round in 0..n {
        let pair = dueller.ask();
        dueller.tell(pair, human.prefers_first(pair, round).expect("of the pool")).expect("of the pool");
    }
    dueller
}

const NEURAL: Rule = Rule::Optimistic { nu: 1.0, width: Width::Diagonal };

#[test]
fn fit_and_choice_are_those_of_the_released_code() {
    #[derive(Deserialize)]
    struct Case {
        pool: Vec<Vec<f64>>,
        pairs: Vec<(u32, u32)>,
        answers: Vec<u8>,
        start: Vec<f64>,
        steps: u32,
        worths: Vec<f64>,
        first: u32,
        second: u32,
        best: u32,
        parameters_head: Vec<f64>,
    }
    let case: Case =
        serde_json::from_str(include_str!("../../../../../golden/apohf/duel.json")).expect("golden values");
    let config = DuellerConfig {
        fit: FitConfig { steps: case.steps, ..FitConfig::default() },
        ..DuellerConfig::default()
    };
    let dueller = Dueller::new(Arc::new(case.pool), &config, Seed::root(0)).expect("sound");
    let mut dueller = dueller.starting_at(case.start).expect("as many parameters");
    let answers: Vec<Answered> = case
        .pairs
        .iter()
        .zip(&case.answers)
        .map(|(&(first, second), &won)| Answered { pair: Pair { first, second }, first_won: won == 1 })
        .collect();
    dueller.restore(&serde_json::to_vec(&answers).expect("writes")).expect("reads");
    let close = |found: &[f64], expect: &[f64]| {
        found.iter().zip(expect).for_each(|(a, b)| assert!((a - b).abs() < 1e-9, "{a} {b}"));
    };
    close(&dueller.worths().expect("one model"), &case.worths);
    let Model::One(parameters) = &dueller.model else { panic!("one model") };
    close(parameters, &case.parameters_head);
    assert_eq!(dueller.ask(), Pair { first: case.first, second: case.second });
    assert_eq!(dueller.best(None), Some(case.best));
}

#[test]
fn without_credit_for_uncertainty_the_pair_is_the_best_and_the_second_best() {
    let dueller = told(Rule::Optimistic { nu: 0.0, width: Width::Diagonal }, 8);
    let worths = dueller.worths().expect("one model");
    let mut order: Vec<u32> = (0..30).collect();
    order.sort_by(|a, b| worths[*b as usize].total_cmp(&worths[*a as usize]));
    assert_eq!(dueller.ask(), Pair { first: order[0], second: order[1] });
}

#[test]
fn a_candidate_is_never_shown_beside_itself() {
    for rule in [NEURAL, Rule::Thompson { members: 2, retries: 0 }, Rule::Random] {
        let dueller = told(rule, 9);
        assert!(dueller.answers().iter().all(|one| one.pair.first != one.pair.second), "{rule:?}");
        let first = dueller.ask().first;
        if let Some(widths) = dueller.widths_from(first, &[first], 1.0, Width::Diagonal) {
            assert_eq!(widths, [0.0]);
        }
    }
}

#[test]
fn the_output_bias_has_no_part_in_any_width() {
    let dueller = told(NEURAL, 7);
    let Model::One(parameters) = &dueller.model else { panic!("one model") };
    let all: Vec<u32> = (0..30).collect();
    let gradients = dueller.net.gradients(parameters, &dueller.rows(&all), 0);
    // The derivative by it is 1 for every candidate, so its differences are 0 and its precision is lambda.
    assert!(gradients.chunks_exact(dueller.net.len()).all(|row| row.last() == Some(&1.0)));
}

#[test]
fn what_wins_against_all_others_is_reported() {
    let embeddings = pool(8);
    let mut dueller = Dueller::new(embeddings, &quick(NEURAL), Seed::root(1)).expect("sound");
    dueller.config.fit.steps = 400;
    for other in (0..8).filter(|other| *other != 3) {
        let flipped = other % 2 == 0;
        let pair = if flipped { Pair { first: other, second: 3 } } else { Pair { first: 3, second: other } };
        dueller.tell(pair, !flipped).expect("of the pool");
    }
    assert_eq!(dueller.best(None), Some(3));
}

#[test]
fn the_reported_candidate_was_shown_and_is_allowed() {
    for rule in [NEURAL, Rule::Thompson { members: 3, retries: 5 }, Rule::Random] {
        let mut dueller = told(rule, 0);
        assert_eq!(dueller.best(None), None);
        for round in 0..9 {
            let pair = dueller.ask();
            dueller.tell(pair, round % 3 == 0).expect("of the pool");
            let best = dueller.best(None).expect("some were shown");
            assert!(dueller.answers().iter().any(|one| one.pair.first == best || one.pair.second == best));
        }
        let allowed = [dueller.answers()[0].pair.second.min(29), 29];
        assert!(dueller.best(Some(&allowed[..1])).is_some_and(|best| best == allowed[0]), "{rule:?}");
    }
}

#[test]
fn a_dueller_that_is_told_the_same_answers_is_the_same() {
    for rule in [NEURAL, Rule::Thompson { members: 3, retries: 5 }, Rule::Random] {
        let dueller = told(rule, 9);
        let mut copy = told(rule, 0);
        copy.restore(&dueller.save().expect("writes")).expect("reads");
        assert_eq!(copy.worths(), dueller.worths());
        assert_eq!((copy.ask(), copy.best(None)), (dueller.ask(), dueller.best(None)), "{rule:?}");
    }
}

#[test]
fn pools_that_cannot_be_and_pairs_that_are_none_are_refused() {
    let refused = |pool: Vec<Vec<f64>>| {
        let config = DuellerConfig::default();
        Dueller::new(Arc::new(pool), &config, Seed::root(0)).expect_err("refused").to_string()
    };
    assert!(refused(vec![vec![1.0]]).contains("two"));
    assert!(refused(vec![vec![1.0], vec![1.0]]).contains("differ"));
    assert!(refused(vec![vec![1.0], vec![f64::NAN]]).contains("finite"));
    let mut dueller = told(NEURAL, 0);
    assert!(dueller.tell(Pair { first: 1, second: 1 }, true).is_err());
    assert!(dueller.tell(Pair { first: 1, second: 30 }, true).is_err());
    let members = Rule::Thompson { members: 1, retries: 0 };
    assert!(DuellerConfig { rule: members, ..DuellerConfig::default() }.check().is_err());
}
