//! B-STaR's exact checks, and its ancestors to the bit.

use super::*;
use crate::testing::{Worth, letters, records, resumes_exactly, tuned, warm};
use autodidact_core::{Learn, Policy, Record, Seed};
use autodidact_lm::{Dtype, Trainer};
use autodidact_math::sft::MaskedNll;
use autodidact_parts::evaluate::Evaluation;
use autodidact_parts::learn::{plan, row_of};
use std::collections::BTreeSet;

fn small() -> BStar {
    BStar {
        rounds: 3,
        queries: 12,
        tries: 6,
        wanted: 24,
        probe: 6,
        temperatures: Grid { from: 0.5, to: 1.5, step: 0.5 },
        thresholds: Grid { from: -0.5, to: 0.5, step: 0.5 },
        sampling: Sampling { max_tokens: 12, ..Sampling::default() },
        sft: SftConfig { schedule: Schedule { shape: Shape::Linear, warmup: 2, floor: 0.1 }, ..tuned() },
        watch: WatchConfig {
            test: Evaluation { problems: 0, ..Evaluation::default() },
            ..WatchConfig::default()
        },
        ..BStar::default()
    }
}

fn noted(records: &[Record], name: &str) -> Vec<f64> {
    let value = |record: &Record| match record {
        Record::Note(note) if note.key.stage == name => Some(note.value),
        _ => None,
    };
    records.iter().filter_map(value).collect()
}

/// The weights after the recipe.
fn weights(recipe: &BStar) -> Vec<f32> {
    let lm = warm();
    records(BStar::CARD, |run| recipe.run_on(&lm, &letters(Worth::Two), run));
    lm.model().weights().clone()
}

/// The weights after an ancestor that is written out by hand: temperature 1, right answers, best first,
/// no duplicates, the smallest cap that reaches the wanted total; and for each round what it restarts.
fn by_hand(recipe: &BStar, ancestor: Ancestor) -> Vec<f32> {
    let (lm, task) = (warm(), letters(Worth::Two));
    let base = lm.model().weights().clone();
    let new = || Trainer::new(lm.model(), recipe.sft.optimizer.clone()).expect("sound settings");
    let mut trainer = new();
    let Amount::Steps { steps } = recipe.sft.amount else { panic!("the test trains for steps") };
    let mut step = 0;
    for round in 1..=u64::from(recipe.rounds) {
        let root = |label: &str| Seed::root(7).at(label, round);
        let queries =
            task.task.draw(Split::Train, recipe.queries as usize, &mut root("queries").rng()).expect("draws");
        let asks = Ask::each(&queries, recipe.tries, &recipe.sampling.at(1.0));
        let seeds: Vec<Seed> =
            (0..asks.len()).map(|i| root("pool").at("occurrence", 0).at("ask", i as u64)).collect();
        let answers = lm.propose(&asks, &seeds).expect("proposes").answers;
        let right = |query: usize, cap: usize| {
            let mut seen = BTreeSet::new();
            let all = answers[query].iter().filter(|one| one.text.matches('a').count() == 2);
            let whole = all.filter(|one| one.finish == autodidact_core::chat::Finish::Stop).take(cap);
            whole.filter(|one| seen.insert(one.text.trim())).collect::<Vec<_>>()
        };
        let total = |cap| (0..queries.len()).map(|query| right(query, cap).len()).sum::<usize>();
        let cap = (1..=64).find(|&cap| total(cap) >= recipe.wanted as usize).unwrap_or(64);
        let rows: Vec<_> = (0..queries.len())
            .flat_map(|query| right(query, cap).into_iter().map(|one| row_of(one, 0.0)))
            .collect();

        if ancestor == Ancestor::RestEm {
            lm.model().update(|weights| weights.copy_from_slice(&base));
        }
        if ancestor != Ancestor::OnlineRft {
            (trainer, step) = (new(), 0);
        }
        let span = if ancestor == Ancestor::OnlineRft { steps * u64::from(recipe.rounds) } else { steps };
        let lengths: Vec<usize> = rows.iter().map(|row| row.tokens.len()).collect();
        let seed = root("learn").at("occurrence", 0);
        for update in plan(&lengths, recipe.sft.amount, recipe.sft.batch, seed) {
            let mut batch: Vec<_> = update.iter().map(|&i| rows[i].clone()).collect();
            autodidact_math::sft::normalise(&mut batch);
            trainer.pull(&batch, &MaskedNll).expect("pulls");
            trainer.step(recipe.sft.schedule.rate(recipe.sft.lr, step, span)).expect("steps");
            step += 1;
        }
    }
    lm.model().weights().clone()
}

#[test]
fn a_grid_of_one_point_is_each_ancestor_to_the_bit() {
    let mut all = Vec::new();
    for ancestor in Ancestor::ALL {
        let recipe = ancestor.of(&small());
        let found = weights(&recipe);
        assert!(found == by_hand(&recipe, ancestor), "{}", ancestor.name());
        all.push(found);
    }
    assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2]);
}

#[test]
fn a_grid_of_one_point_is_not_probed() {
    let one = Ancestor::OnlineRft.of(&small());
    let records = records(BStar::CARD, |run| one.run_on(&warm(), &letters(Worth::Two), run));
    assert!(noted(&records, "probe/reward").is_empty());
    assert_eq!(noted(&records, "temperature"), [1.0; 3]);
    assert_eq!(noted(&records, "threshold"), [0.0; 3]);
}

#[test]
fn every_round_probes_each_temperature_and_reports_its_choice() {
    let records = records(BStar::CARD, |run| small().run_on(&warm(), &letters(Worth::Two), run));
    assert_eq!(noted(&records, "probe/reward").len(), 9);
    let chosen = noted(&records, "temperature");
    assert!(chosen.len() == 3 && chosen.iter().all(|t| [0.5, 1.0, 1.5].contains(t)));
    assert!(noted(&records, "balance").iter().all(|balance| (0.0..=1.0).contains(balance)));
    // Rewards are 0 or 1, so that thresholds in [0, 1) keep the same: ties take the highest.
    assert!(noted(&records, "threshold").iter().all(|&threshold| threshold == 0.5));
}

#[test]
fn the_threshold_may_be_chosen_again_on_the_pool() {
    let recipe = BStar { threshold_on: ThresholdOn::Pool, ..small() };
    let records = records(BStar::CARD, |run| recipe.run_on(&warm(), &letters(Worth::Two), run));
    assert!(noted(&records, "threshold").iter().all(|&threshold| threshold == 0.5));
}

#[test]
fn with_gold_no_query_is_left_without_an_answer() {
    let recipe = BStar { gold: Gold::Add, wanted: 12, ..small() };
    let records = records(BStar::CARD, |run| recipe.run_on(&warm(), &letters(Worth::Two), run));
    assert!(noted(&records, "kept").iter().all(|&kept| kept >= 12.0));
}

#[test]
fn the_monitor_reports_on_validation_problems() {
    let mut recipe = Ancestor::OnlineRft.of(&small());
    recipe.watch.validation.problems = 10;
    recipe.watch_s = 2;
    let records = records(BStar::CARD, |run| recipe.run_on(&warm(), &letters(Worth::Two), run));
    for name in ["pass@k-s", "reward@k-s", "diversity", "validation/pass@1"] {
        let values = noted(&records, name);
        assert_eq!(values.len(), 4, "{name}: {values:?}");
        assert!(values.iter().all(|value| (0.0..=1.0).contains(value)), "{name}: {values:?}");
    }
    let pass = noted(&records, "pass@k-s");
    assert!(pass.iter().zip(noted(&records, "validation/pass@k")).all(|(s, one)| *s <= one + 1e-12));
}

#[test]
fn the_best_round_is_delivered() {
    let mut recipe = small();
    recipe.watch = WatchConfig { deliver: crate::watch::Deliver::Best, ..recipe.watch };
    recipe.watch.validation.problems = 10;
    recipe.watch.test.problems = 10;
    let records = records(BStar::CARD, |run| recipe.run_on(&warm(), &letters(Worth::Two), run));
    let outputs: Vec<&str> = records
        .iter()
        .filter_map(|record| match record {
            Record::Output { key, .. } => Some(key.stage.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(outputs, ["last", "best"]);
    assert_eq!(noted(&records, "before/pass@1").len() + noted(&records, "after/pass@1").len(), 2);
}

#[test]
fn a_killed_run_resumes_to_the_same_records() {
    let mut recipe = BStar { rounds: 2, ..small() };
    recipe.watch.validation.problems = 4;
    resumes_exactly(BStar::CARD, |run| recipe.run_on(&warm(), &letters(Worth::Two), run));
}

#[test]
fn a_learner_goes_on_from_its_snapshot_as_if_nothing_had_happened() {
    let lm = warm();
    let groups = {
        let queries =
            letters(Worth::Two).task.draw(Split::Train, 6, &mut Seed::root(1).rng()).expect("draws");
        let asks = Ask::each(&queries, 4, &small().sampling);
        let seeds: Vec<Seed> = (0..6).map(|i| Seed::root(2).at("ask", i)).collect();
        let answers = lm.propose(&asks, &seeds).expect("proposes").answers;
        let verdict = || autodidact_core::Verdict::right(true);
        let judged = |answers: Vec<_>| answers.into_iter().map(|answer| Try { answer, verdict: verdict() });
        let groups = asks.into_iter().zip(answers);
        groups.map(|(ask, answers)| Group { ask, tries: judged(answers).collect() }).collect::<Vec<_>>()
    };
    let config = SftConfig { horizon: 18, ..small().sft };
    let mut one = Sft::around(&lm, &config, Keep::All).expect("sound");
    let lesson = one.learn(&groups, Seed::root(3)).expect("learns");
    assert!(lesson.metrics.get("logprob_gap_max").expect("compared") < 1e-4);
    let saved = one.save().expect("saves");
    one.learn(&groups, Seed::root(4)).expect("learns");

    let other_lm = warm();
    let mut other = Sft::around(&other_lm, &config, Keep::All).expect("sound");
    other.restore(&saved).expect("restores");
    other.learn(&groups, Seed::root(4)).expect("learns");
    assert_eq!(other.save().expect("saves"), one.save().expect("saves"));
    assert_eq!(lm.files(Dtype::F32), other_lm.files(Dtype::F32));
}

#[test]
fn settings_that_cannot_work_are_named() {
    let check = |recipe: BStar, expect: &str| {
        let error = recipe.check().expect_err(expect).to_string();
        assert!(error.starts_with(expect), "{error}");
    };
    check(BStar { wanted: 0, ..BStar::default() }, "wanted must be at least 1");
    let falling = Grid { from: 1.0, to: 0.5, step: 0.1 };
    check(BStar { temperatures: falling, ..BStar::default() }, "temperatures.to must be at least from = 1");
    let mut recipe = BStar::default();
    recipe.sft.lr = 0.0;
    check(recipe, "sft.lr must be above 0");
    assert!(BStar::default().check().is_ok());
}
