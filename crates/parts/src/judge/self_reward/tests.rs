//! A model's own likelihood as a judge, against sums by hand.

use super::*;
use crate::{ModelConfig, Shape};
use autodidact_core::chat::{Finish, Prompt, Sampling};
use autodidact_core::{Policy, Seed};

fn answer(text: &str, logprobs: &[f32]) -> Completion {
    let tokens = (0..logprobs.len() as u32).collect();
    Completion { text: text.to_owned(), tokens, logprobs: logprobs.to_vec(), ..Completion::default() }
}

/// The text after `#` is the final answer.
fn last(_: &Prompt, answer: &Completion) -> Option<String> {
    answer.text.split_once('#').map(|(_, last)| last.to_owned())
}

fn judged(form: Likelihood, least_tokens: u32, answers: &[Completion]) -> Vec<Verdict> {
    let config = SelfRewardConfig { form, least_tokens };
    let asks = Ask::each(&[Prompt::text("q", "?")], answers.len() as u32, &Sampling::default());
    let mut judged = SelfReward::recorded(&config, &last).judge(&asks, &[answers.to_vec()]).expect("judges");
    judged.verdicts.remove(0)
}

#[track_caller]
fn check(form: Likelihood, answers: &[Completion], expect: &[Option<f64>]) {
    let found: Vec<Option<f64>> = judged(form, 0, answers).iter().map(Verdict::value).collect();
    for (found, expect) in found.iter().zip(expect) {
        let close = found.zip(*expect).is_some_and(|(found, expect)| (found - expect).abs() < 1e-9);
        assert!(close || (found.is_none() && expect.is_none()), "{form:?}: {found:?} != {expect:?}");
    }
}

#[test]
fn the_sum_prefers_the_short_answer_and_the_mean_the_long_one() {
    let answers = [answer("1#2", &[-1.0, -1.0]), answer("1+1=2#2", &[-0.5, -0.5, -0.5, -1.0])];
    check(Likelihood::Sum, &answers, &[Some(-2.0), Some(-2.5)]);
    check(Likelihood::Normalised, &answers, &[Some(-1.0), Some(-0.625)]);
    let verdict = &judged(Likelihood::Normalised, 0, &answers)[1];
    assert_eq!((verdict.part("log_prob"), verdict.part("length")), (Some(-2.5), Some(4.0)));
}

#[test]
fn the_majority_is_counted_or_weighed() {
    let half = 0.5f32.ln();
    let answers = [
        answer("a#2", &[half, half]),
        answer("a#2", &[half, half]),
        answer("b#2", &[half, half, half]),
        answer("c#3", &[half]),
        answer("no answer", &[half]),
    ];
    // Three of four votes and one of four.
    let (most, least) = (0.75f64.ln(), 0.25f64.ln());
    let count = Likelihood::Majority { mass: Mass::Count };
    check(count, &answers, &[Some(most), Some(most), Some(most), Some(least), None]);
    // Distinct answers for 2 weigh 1/4 + 1/8, the one for 3 weighs 1/2.
    let (low, high) = (0.375f64.ln(), 0.5f64.ln());
    let mass = Likelihood::Majority { mass: Mass::Probability };
    let close = |found: Option<f64>, expect: f64| (found.expect("a score") - expect).abs() < 1e-6;
    let found: Vec<Option<f64>> = judged(mass, 0, &answers).iter().map(Verdict::value).collect();
    assert!(close(found[0], low) && close(found[2], low) && close(found[3], high) && found[4].is_none());
}

#[test]
fn answers_that_are_cut_off_short_or_unscored_are_left_out() {
    let cut = Completion { finish: Finish::Length, ..answer("1#2", &[-0.1, -0.1]) };
    let verdicts = judged(
        Likelihood::Sum,
        2,
        &[cut, answer("#", &[-0.1]), answer("1#2", &[]), answer("1#2", &[-1.0, -1.0])],
    );
    let values: Vec<Option<f64>> = verdicts.iter().map(Verdict::value).collect();
    assert_eq!(values, [None, None, None, Some(-2.0)]);
    let errors: Vec<bool> = verdicts.iter().map(Verdict::is_error).collect();
    assert_eq!(errors, [false, false, true, false]);
}

#[test]
fn given_tokens_are_no_part_of_the_reward() {
    let answers = [Completion { given: 1, ..answer("1#2", &[-7.0, -1.0, -1.0]) }];
    check(Likelihood::Sum, &answers, &[Some(-2.0)]);
}

#[test]
fn a_constant_on_all_answers_changes_no_choice() {
    let answers = [answer("a#1", &[-1.0]), answer("b#2", &[-0.5]), answer("c#3", &[-2.0])];
    let moved: Vec<Completion> = answers
        .iter()
        .map(|one| Completion {
            logprobs: one.logprobs.iter().map(|logprob| logprob - 3.0).collect(),
            ..one.clone()
        })
        .collect();
    let best = |answers: &[Completion]| {
        let scores: Vec<f64> =
            judged(Likelihood::Sum, 0, answers).iter().filter_map(Verdict::value).collect();
        autodidact_math::select::best(&scores)
    };
    assert_eq!(best(&answers), Some(1));
    assert_eq!(best(&moved), Some(1));
}

#[test]
fn the_base_scores_its_own_answers_as_it_sampled_them_and_keeps_to_it_while_the_model_moves() {
    let shape = Shape { hidden_size: 16, heads: 2, kv_heads: 1, layers: 1, context: 32, ..Shape::default() };
    let lm = ModelConfig::Random { shape, seed: 1 }.open(|| unreachable!("it is random")).expect("opens");
    let asks = Ask::each(
        &[Prompt::text("q", "ab"), Prompt::text("r", "c")],
        3,
        &Sampling { max_tokens: 6, ..Sampling::default() },
    );
    let mut answers = lm.propose(&asks, &[Seed::root(1), Seed::root(2)]).expect("proposes").answers;
    answers.iter_mut().flatten().for_each(|one| one.finish = Finish::Stop);
    let config = SelfRewardConfig::default();
    let recorded = SelfReward::recorded(&config, &last).judge(&asks, &answers).expect("judges");
    let frozen = SelfReward::scored(&config, &lm, &last).expect("copies");
    let before = frozen.judge(&asks, &answers).expect("judges");
    assert_eq!(before.verdicts, recorded.verdicts);
    assert!(before.spend.scored_tokens > 0 && recorded.spend.scored_tokens == 0);
    lm.model().update(|weights| weights.iter_mut().for_each(|weight| *weight *= 1.5));
    assert_eq!(frozen.judge(&asks, &answers).expect("judges").verdicts, before.verdicts);
}
