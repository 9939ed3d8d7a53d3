//! RAFT's exact checks.

use super::*;
use crate::testing::{Worth, execute, letters, records, resumes_exactly, tuned, warm};
use autodidact_core::{MemoryLedger, Record};
use autodidact_parts::evaluate::Evaluation;

fn small() -> Raft {
    Raft {
        rounds: 3,
        prompts: 12,
        tries: 4,
        sampling: Sampling { max_tokens: 12, ..Sampling::default() },
        sft: SftConfig { amount: Amount::Epochs { epochs: 2 }, restart: Restart::Weights, ..tuned() },
        watch: WatchConfig {
            test: Evaluation { problems: 0, ..Evaluation::default() },
            ..WatchConfig::default()
        },
        ..Raft::default()
    }
}

fn recorded(recipe: &Raft, worth: Worth) -> Vec<Record> {
    records(Raft::CARD, |run| recipe.run_on(&warm(), &letters(worth), run))
}

/// The values of a metric, round by round.
fn noted(records: &[Record], name: &str) -> Vec<f64> {
    let value = |record: &Record| match record {
        Record::Note(note) if note.key.stage == name => Some(note.value),
        _ => None,
    };
    records.iter().filter_map(value).collect()
}

#[test]
fn the_reward_rises_and_what_is_kept_is_better_than_the_rest() {
    let records = recorded(&Raft { rounds: 4, prompts: 24, ..small() }, Worth::Count);
    let (all, kept) = (noted(&records, "pool/reward"), noted(&records, "kept_reward"));
    assert_eq!((all.len(), kept.len()), (4, 4));
    assert!(all.iter().zip(&kept).all(|(all, kept)| all < kept));
    assert!(all[3] > all[0] + 0.5, "{all:?}");
}

#[test]
fn at_most_one_answer_a_prompt_is_learned_from() {
    for (ranking, most) in [(Ranking::Local, 12.0), (Ranking::Global, 3.0)] {
        let records = recorded(&Raft { ranking, ..small() }, Worth::Count);
        // Two passes over the kept rows.
        assert!(noted(&records, "learn/num_rows").iter().all(|&rows| rows <= 2.0 * most && rows > 0.0));
    }
}

#[test]
fn a_constant_reward_keeps_the_first_answer_to_each_prompt() {
    let recipe = small();
    let ledger = MemoryLedger::default();
    execute(&ledger, Raft::CARD, |run| {
        let (lm, task) = (warm(), letters(Worth::Nothing));
        let judge = recipe.judge(&lm, &task)?;
        let asks = Source::of(&recipe, &task, run)?.asks(&recipe, &lm, &task, run)?;
        let groups = run.attempt("pool", &lm, &*judge, asks)?;
        for (group, one) in recipe.keep().of(&groups) {
            let clean = |one: &autodidact_core::Try<Chat>| one.verdict.part("clean") == Some(1.0);
            assert_eq!(groups[group].tries.iter().position(clean), Some(one));
        }
        Ok(())
    })
    .expect("runs");
}

#[test]
fn before_the_first_lesson_no_weight_of_the_divergence_changes_the_choice() {
    let ledger = MemoryLedger::default();
    let recipe = Raft { compare: Compare::Always, ..small() };
    execute(&ledger, Raft::CARD, |run| {
        let (lm, task) = (warm(), letters(Worth::Count));
        let judge = recipe.judge(&lm, &task)?;
        let asks = Source::of(&recipe, &task, run)?.asks(&recipe, &lm, &task, run)?;
        let groups = run.attempt("pool", &lm, &*judge, asks)?;
        let ratios = groups.iter().flat_map(|group| &group.tries).map(|one| one.verdict.part("log_ratio"));
        assert!(ratios.into_iter().all(|ratio| ratio == Some(0.0)));
        let kept = |kl| Raft { kl, ..recipe.clone() }.keep().of(&groups);
        assert_eq!(kept(0.0), kept(0.1));
        assert_eq!(kept(0.0), kept(100.0));
        Ok(())
    })
    .expect("runs");
}

#[test]
fn the_divergence_is_reported_and_grows_from_zero() {
    let records = recorded(&Raft { compare: Compare::Always, ..small() }, Worth::Count);
    let kl = noted(&records, "kl");
    assert_eq!(kl[0], 0.0);
    assert!(kl[2] > 0.0);
}

#[test]
fn answers_that_fail_the_hygiene_test_are_never_learned_from() {
    let forbid = vec!["a".to_owned(), "b".to_owned()];
    let hygiene = HygieneRules { forbid, ..HygieneRules::default() };
    let recipe = Raft { rounds: 1, hygiene, ..small() };
    let ledger = MemoryLedger::default();
    let end = execute(&ledger, Raft::CARD, |run| recipe.run_on(&warm(), &letters(Worth::Count), run));
    // Every answer is discarded, so there is nothing to learn from: that is an alarm, not a NaN.
    let error = end.expect_err("nothing is left").to_string();
    assert!(error.contains("alarm empty_mask"), "{error}");
}

#[test]
fn a_set_is_used_up_once_and_ends_the_run() {
    let records = recorded(&Raft { reuse: Prompts::Once { set: 20 }, rounds: 9, ..small() }, Worth::Count);
    assert_eq!(noted(&records, "pool/reward").len(), 2);
}

#[test]
fn a_settled_reward_ends_the_run() {
    assert!(settled(&[1.0, 2.0, 2.1, 2.05], 0.15));
    assert!(!settled(&[1.0, 2.0, 2.1, 2.05], 0.01));
    assert!(!settled(&[2.0, 2.0], 1.0));
    assert!(!settled(&[2.0, 2.0, 2.0], 0.0));
}

#[test]
fn a_killed_run_resumes_to_the_same_records() {
    let recipe = Raft {
        rounds: 2,
        compare: Compare::Always,
        kl: 0.01,
        length: AnswerLength::Uniform { from: 6, to: 12 },
        ..small()
    };
    resumes_exactly(Raft::CARD, |run| recipe.run_on(&warm(), &letters(Worth::Count), run));
}

#[test]
fn settings_that_cannot_work_are_named() {
    let check = |recipe: Raft, expect: &str| {
        let error = recipe.check().expect_err(expect).to_string();
        assert!(error.starts_with(expect), "{error}");
    };
    check(Raft { tries: 0, ..Raft::default() }, "tries must be at least 1");
    check(Raft { kl: -0.1, ..Raft::default() }, "keep.kl must be at least 0");
    check(Raft { settle: f64::NAN, ..Raft::default() }, "settle must be");
    check(Raft { length: AnswerLength::Uniform { from: 9, to: 9 }, ..Raft::default() }, "length.to must be");
    assert!(Raft::default().check().is_ok());
}
