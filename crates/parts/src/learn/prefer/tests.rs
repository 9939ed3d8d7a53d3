//! The learner on a tiny model: where it starts, which way it goes, and that it goes there again.

use super::*;
use crate::{ModelConfig, Shape};
use autodidact_core::chat::{Completion, Prompt, Sampling};
use autodidact_core::{Ask, Try, Verdict};

fn lm() -> Lm {
    let shape =
        Shape { hidden_size: 16, layers: 1, heads: 2, kv_heads: 1, intermediate_size: 32, context: 64 };
    ModelConfig::Random { shape, seed: 3 }.open(|| unreachable!("it is random")).expect("opens")
}

/// One question with these answers and scores.
fn group(question: &str, answers: &[(&str, f64)]) -> Group<Chat> {
    let query = Prompt::text(question, question);
    let tries = answers.iter().map(|&(text, score)| Try {
        answer: Completion { text: text.to_owned(), ..Completion::default() },
        verdict: Verdict::score(score),
    });
    Group {
        ask: Ask { query, knobs: Sampling::default(), tries: answers.len() as u32 },
        tries: tries.collect(),
    }
}

fn pairs() -> Vec<Group<Chat>> {
    ["1?", "2?", "3?", "4?"].iter().map(|question| group(question, &[("ab", 1.0), ("ba", 0.0)])).collect()
}

fn config(steps: u64) -> PreferConfig {
    PreferConfig {
        lr: 1e-2,
        amount: Amount::Steps { steps },
        batch: Batch::Rows { rows: 3 },
        restart: Restart::Inherit,
        ..PreferConfig::default()
    }
}

fn lesson(learner: &mut Prefer, groups: &[Group<Chat>], seed: u64) -> Lesson {
    learner.learn(groups, Seed::root(seed)).expect("learns")
}

#[track_caller]
fn metric(lesson: &Lesson, name: &str) -> f64 {
    lesson.metrics.get(name).expect("is reported")
}

#[test]
fn the_first_step_costs_ln_2_and_later_ones_separate_the_answers() {
    let lm = lm();
    let mut learner = Prefer::around(&lm, &config(1)).expect("sound settings");
    let first = lesson(&mut learner, &pairs(), 1);
    assert_eq!(metric(&first, "loss"), std::f64::consts::LN_2);
    assert_eq!(metric(&first, "rewards/margins"), 0.0);
    assert_eq!(metric(&first, "num_pairs"), 4.0);
    let mut learner = Prefer::around(&lm, &config(30)).expect("sound settings");
    let more = lesson(&mut learner, &pairs(), 2);
    assert!(metric(&more, "loss") < std::f64::consts::LN_2);
    assert!(metric(&more, "rewards/margins") > 0.0);
    assert!(metric(&more, "rewards/accuracies") > 0.9);
    let difference = metric(&more, "rewards/chosen") - metric(&more, "rewards/rejected");
    assert!((difference - metric(&more, "rewards/margins")).abs() < 1e-12);
    // 4 pairs of a prompt of 3 tokens and an answer of 3, scored once.
    assert_eq!(more.spend.scored_tokens, 4 * 2 * 6);
}

#[test]
fn answers_that_are_equal_or_no_answers_teach_nothing() {
    let lm = lm();
    let before = lm.model().version();
    let mut learner = Prefer::around(&lm, &config(3)).expect("sound settings");
    let mut failed = group("3?", &[("ab", 1.0), ("", 0.0)]);
    failed.tries[1].answer = Completion::failed("refused");
    failed.tries[1].verdict = Verdict::error("refused", 0.0);
    let empty = group("4?", &[("ab", 1.0), ("", 0.0)]);
    let groups = [group("1?", &[("ab", 1.0), ("ab", 0.0)]), group("2?", &[("ab", 1.0)]), failed, empty];
    let lesson = lesson(&mut learner, &groups, 1);
    assert_eq!(metric(&lesson, "num_pairs"), 0.0);
    assert_eq!(lesson.metrics.get("rewards/margins"), None);
    assert_eq!(lm.model().version(), before);
}

#[test]
fn the_reference_is_the_lessons_start_or_the_learners() {
    let second = |reference| {
        let mut learner =
            Prefer::around(&lm(), &PreferConfig { reference, ..config(1) }).expect("sound settings");
        lesson(&mut learner, &pairs(), 1);
        metric(&lesson(&mut learner, &pairs(), 2), "loss")
    };
    assert_eq!(second(Reference::Lesson), std::f64::consts::LN_2);
    assert!(second(Reference::Base) < std::f64::consts::LN_2);
}

#[test]
fn a_square_reaches_its_margin() {
    let groups: Vec<Group<Chat>> =
        ["1?", "2?"].iter().map(|question| group(question, &[("ab", 0.2), ("ba", 0.5)])).collect();
    let config = PreferConfig {
        pairs: Pairs::InOrder,
        loss: PairLoss::Squared { beta: 0.5 },
        reference: Reference::Base,
        batch: Batch::Rows { rows: 2 },
        ..config(200)
    };
    let mut learner = Prefer::around(&lm(), &config).expect("sound settings");
    lesson(&mut learner, &groups, 1);
    let last = Prefer { config: PreferConfig { amount: Amount::Steps { steps: 1 }, ..config }, ..learner }
        .learn(&groups, Seed::root(2))
        .expect("learns");
    assert!((metric(&last, "rewards/margins") + 0.3).abs() < 0.03, "{:?}", last.metrics);
    assert!(metric(&last, "loss") < 1e-3);
}

#[test]
fn tokens_and_text_of_the_same_answer_are_the_same_lesson() {
    let learned = |groups: &[Group<Chat>]| {
        let lm = lm();
        let mut learner = Prefer::around(&lm, &config(5)).expect("sound settings");
        lesson(&mut learner, groups, 1);
        lm.model().version()
    };
    let mut groups = pairs();
    let text = learned(&groups);
    let lm = lm();
    for group in &mut groups {
        for one in &mut group.tries {
            one.answer = in_tokens(&lm, &group.ask.query, &one.answer).expect("encodes").into_owned();
        }
    }
    assert_eq!(learned(&groups), text);
}

#[test]
fn a_restored_learner_goes_on_to_the_bit() {
    for restart in [Restart::Inherit, Restart::Weights, Restart::Base] {
        for reference in [Reference::Lesson, Reference::Base] {
            let config = PreferConfig { restart, reference, ..config(4) };
            let whole = lm();
            let mut learner = Prefer::around(&whole, &config).expect("sound settings");
            lesson(&mut learner, &pairs(), 1);
            let saved = learner.save().expect("saves");
            let expect = lesson(&mut learner, &pairs()[1..], 2);

            let again = lm();
            let mut other = Prefer::around(&again, &config).expect("sound settings");
            other.restore(&saved).expect("restores");
            assert_eq!(lesson(&mut other, &pairs()[1..], 2).metrics, expect.metrics, "{restart:?}");
            assert_eq!(again.model().version(), whole.model().version());
            assert_eq!(other.save().expect("saves"), learner.save().expect("saves"));
        }
    }
}

#[test]
fn settings_that_cannot_work_are_named() {
    let refused = |config: PreferConfig| config.check().expect_err("refused").to_string();
    let loss = PairLoss::LogSigmoid { beta: 0.0, smoothing: 0.0 };
    assert!(refused(PreferConfig { loss, ..config(1) }).starts_with("prefer.loss must be a beta above 0"));
    assert!(refused(PreferConfig { sft: -1.0, ..config(1) }).starts_with("prefer.sft must be at least 0"));
    assert!(refused(PreferConfig { lr: 0.0, ..config(1) }).starts_with("prefer.lr must be above 0"));
    assert!(refused(config(0)).starts_with("prefer.amount.steps must be at least 1"));
    let pairs = Pairs::All { least: f64::NAN };
    assert!(refused(PreferConfig { pairs, ..config(1) }).starts_with("prefer.pairs.least must be"));
}
