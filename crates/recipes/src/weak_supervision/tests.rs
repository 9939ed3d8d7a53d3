//! The card's exact checks on pairs, and what a run leaves in its ledger.

use super::filter::Opinions;
use super::offers::Offer;
use super::*;
use crate::testing::{Worth, letters, records, resumes_exactly, tuned, warm};
use autodidact_core::{Policy, Record};
use autodidact_parts::dataset::{Preferred, dropped};
use autodidact_parts::evaluate::Evaluation;
use autodidact_parts::learn::{Amount, Batch};

fn small() -> WeakSupervision {
    let nothing = Evaluation { problems: 0, ..Evaluation::default() };
    WeakSupervision {
        prompts: PromptsConfig::Small,
        labelled: 8,
        unlabelled: 24,
        comparisons: 4,
        sampling: Sampling { max_tokens: 8, ..Sampling::default() },
        judging: Sampling { temperature: 0.0, max_tokens: 2, ..Sampling::default() },
        filter: Filter::AcceptAll,
        truth: Truth::Monitored,
        sft: SftConfig { restart: Restart::Weights, ..tuned() },
        prefer: PreferConfig {
            lr: 2e-3,
            amount: Amount::Steps { steps: 4 },
            batch: Batch::Rows { rows: 8 },
            ..PreferConfig::default()
        },
        watch: WatchConfig { test: nothing.clone(), validation: nothing, ..WatchConfig::default() },
        ..WeakSupervision::default()
    }
}

/// The records of a run and the version of its last weights.
fn recorded(recipe: &WeakSupervision) -> (Vec<Record>, String) {
    let lm = warm();
    let records = records(WeakSupervision::CARD, |run| recipe.run_on(&lm, &letters(Worth::Two), run));
    (records, lm.model().version())
}

fn attempts<'a>(records: &'a [Record], stage: &str) -> Vec<&'a autodidact_core::AttemptRow> {
    let attempt = |record: &'a Record| match record {
        Record::Attempt(row) => Some(row),
        _ => None,
    };
    records.iter().filter_map(attempt).filter(|row| row.key.stage == stage).collect()
}

fn noted(records: &[Record], name: &str) -> Vec<f64> {
    let note = |record: &Record| match record {
        Record::Note(note) if note.key.stage == name => Some(note.value),
        _ => None,
    };
    records.iter().filter_map(note).collect()
}

#[test]
fn independent_answers_are_told_apart_as_on_the_card() {
    let close = |(right, reversed): (f64, f64), expect: (f64, f64)| {
        assert!((right - expect.0).abs() < 1e-12 && (reversed - expect.1).abs() < 1e-12);
        right / reversed
    };
    assert!((close(informative(0.5, 0.1), (0.45, 0.05)) - 9.0).abs() < 1e-9);
    assert!((close(informative(0.5, 0.4), (0.30, 0.20)) - 1.5).abs() < 1e-9);
}

/// An offer and its pair.
fn offered(strong: bool, weak: bool, keep: bool) -> (Offer, Preferred) {
    let answer = |text: &str| Completion { text: text.to_owned(), ..Completion::default() };
    let offer = Offer {
        prompt: Prompt::text("q", "?"),
        strong: answer("strong"),
        weak: answer("weak"),
        truth: Some([strong, weak]),
    };
    let pair = Preferred {
        prompt: offer.prompt.clone(),
        chosen: offer.strong.clone(),
        rejected: offer.weak.clone(),
        verdict: if keep { Verdict::score(1.0) } else { dropped("worse") },
        parents: Vec::new(),
    };
    (offer, pair)
}

#[test]
fn a_filter_multiplies_the_ratio_of_pairs_by_that_of_its_rates() {
    // Of 100 pairs 30 are right and 20 reversed; 24 of the ones and 4 of the others are accepted.
    let mut all = Vec::new();
    all.extend((0..30).map(|i| offered(true, false, i < 24)));
    all.extend((0..20).map(|i| offered(false, true, i < 4)));
    all.extend((0..20).map(|i| offered(true, true, i < 10)));
    all.extend((0..30).map(|i| offered(false, false, i < 10)));
    let (offers, pairs): (Vec<_>, Vec<_>) = all.into_iter().unzip();
    let found = Statistics::of(&offers, &pairs, &Opinions::default());
    assert_eq!((found.strong_right, found.weak_right), (0.5, 0.4));
    assert_eq!((found.offered_right, found.offered_reversed), (0.3, 0.2));
    assert_eq!(found.kept_ratio, 0.48);
    let before = found.offered_right / found.offered_reversed;
    let after = found.kept_right / found.kept_reversed;
    assert!((after / before - (24.0 / 30.0) / (4.0 / 20.0)).abs() < 1e-9);
}

#[test]
fn accepting_all_keeps_every_pair_and_the_oracle_the_right_ones() {
    let (records, _) = recorded(&WeakSupervision { rounds: 1, ..small() });
    let pairs = attempts(&records, "pairs");
    let n = attempts(&records, "strong")[0].samples.len();
    let equal = pairs[0].samples.iter().filter(|one| one.verdict.part("dropped/equal").is_some()).count() / 2;
    let kept = pairs[0].samples.iter().filter(|one| one.verdict.value() == Some(1.0)).count();
    assert_eq!((pairs[0].asks.len(), kept), (n, n - equal));

    let oracle = WeakSupervision { rounds: 1, filter: Filter::Oracle, ..small() };
    let (records, _) = recorded(&oracle);
    let right = |stage: &str| -> Vec<bool> {
        attempts(&records, stage)[0].samples.iter().map(|one| one.verdict.value() == Some(1.0)).collect()
    };
    let only_strong =
        right("strong").iter().zip(right("weak")).filter(|(strong, weak)| **strong && !weak).count();
    let kept = attempts(&records, "pairs")[0].samples.iter();
    assert_eq!(kept.filter(|one| one.verdict.value() == Some(1.0)).count(), only_strong);
    assert!(only_strong > 0);
    assert_eq!(noted(&records, "kept_right"), [1.0]);
    assert_eq!(noted(&records, "kept_reversed"), [0.0]);
}

#[test]
fn the_weak_side_is_the_untouched_base_and_answers_once() {
    let base = warm().version().expect("has one").0;
    let (records, last) = recorded(&small());
    let weak = attempts(&records, "weak");
    assert_eq!(weak.len(), 1);
    assert_eq!(weak[0].policy, base);
    assert_ne!(last, base);
    let strong = attempts(&records, "strong");
    assert_eq!(strong.len(), 2);
    assert!(strong[0].policy != base && strong[0].policy != strong[1].policy);
}

#[test]
fn the_previous_model_can_be_the_weak_side_and_the_first_round_is_the_same() {
    let chosen = |weak: Weak| {
        let (records, _) = recorded(&WeakSupervision { weak, ..small() });
        let texts = |round: usize| -> Vec<String> {
            attempts(&records, "pairs")[round].samples.iter().map(|one| one.answer.text.clone()).collect()
        };
        let strong: Vec<String> =
            attempts(&records, "strong")[0].samples.iter().map(|one| one.answer.text.clone()).collect();
        (texts(0), texts(1), strong)
    };
    let (base, previous) = (chosen(Weak::Base), chosen(Weak::Previous));
    assert_eq!(base.0, previous.0);
    let rejected: Vec<String> = previous.1.iter().skip(1).step_by(2).cloned().collect();
    assert_eq!(rejected, previous.2);
    assert_ne!(base.1, previous.1);
}

#[test]
fn hidden_answers_change_nothing_that_is_learned() {
    for filter in [Filter::AcceptAll, Filter::Likelihood, Filter::Random] {
        let (_, seen) = recorded(&WeakSupervision { filter, ..small() });
        let (records, hidden) = recorded(&WeakSupervision { filter, truth: Truth::Hidden, ..small() });
        assert_eq!(seen, hidden, "{filter:?}");
        for stage in ["strong", "weak"] {
            let attempt = attempts(&records, stage)[0];
            assert!(attempt.asks.iter().all(|ask| !ask.contains("\"answer\"")), "{stage}");
            assert!(attempt.samples.iter().all(|one| one.verdict.value().is_none()));
        }
        assert_eq!(noted(&records, "kept_right").len(), 0);
    }
}

#[test]
fn random_sides_are_exchanged_in_half_of_the_pairs() {
    let (records, _) =
        recorded(&WeakSupervision { filter: Filter::Random, rounds: 1, unlabelled: 60, ..small() });
    let strong = &attempts(&records, "strong")[0].samples;
    let pairs = attempts(&records, "pairs");
    let chosen: Vec<&str> = pairs[0].samples.iter().step_by(2).map(|one| one.answer.text.as_str()).collect();
    let same = chosen.iter().zip(strong).filter(|(chosen, strong)| **chosen == strong.answer.text).count();
    assert!((20..=45).contains(&same), "{same} of {}", chosen.len());
}

#[test]
fn a_model_that_cannot_compare_keeps_nothing_and_the_run_ends() {
    let recipe = WeakSupervision { filter: Filter::Pairwise, comparisons: 0, ..small() };
    let (records, _) = recorded(&recipe);
    assert_eq!(noted(&records, "kept_ratio"), [0.0]);
    assert_eq!(attempts(&records, "strong").len(), 1);
    assert!(attempts(&records, "pairs").is_empty());
    let judged = attempts(&records, "judge")[0];
    assert_eq!(judged.asks.len() % 2, 0);
    assert!(judged.asks[0].contains("/12") && judged.asks[1].contains("/21"));
}

#[test]
fn comparisons_are_learned_in_both_orders_from_labelled_questions() {
    let (records, _) = recorded(&small());
    let seed = attempts(&records, "seed")[0];
    let compared = seed.asks.iter().zip(&seed.samples).filter(|(ask, _)| ask.contains("parents"));
    let said: Vec<&str> = compared.map(|(_, one)| one.answer.text.as_str()).collect();
    assert!(!said.is_empty() && said.len().is_multiple_of(2));
    assert!(said.chunks(2).all(|both| both == ["1", "2"]));
    assert_eq!(seed.asks.len() - said.len(), 8);
}

#[test]
fn a_killed_run_resumes_exactly() {
    for filter in [Filter::Likelihood, Filter::Random] {
        let recipe = WeakSupervision { filter, weak: Weak::Previous, ..small() };
        resumes_exactly(WeakSupervision::CARD, |run| recipe.run_on(&warm(), &letters(Worth::Two), run));
    }
}

#[test]
fn questions_are_asked_in_the_words_of_the_prompt() {
    let recipe = WeakSupervision { prompts: PromptsConfig::Small, ..WeakSupervision::default() };
    let task = recipe.open_task().expect("opens");
    let mut rng = autodidact_core::Seed::root(1).rng();
    let prompt = task.task.draw(Split::Train, 1, &mut rng).expect("draws").remove(0);
    let autodidact_core::chat::Body::Text(text) = &prompt.body else { panic!("it is bare text") };
    assert_eq!(*text, format!("{}>", prompt.field("text").expect("a question")));
    assert_eq!(question(&prompt), prompt.field("text").expect("a question"));
    let chat = WeakSupervision::default().open_task().expect("opens");
    let prompt = chat.task.draw(Split::Train, 1, &mut rng).expect("draws").remove(0);
    let autodidact_core::chat::Body::Messages(messages) = &prompt.body else { panic!("it has turns") };
    assert_eq!(messages.last().map(|one| one.content.as_str()), prompt.field("text"));
}

#[test]
fn settings_that_cannot_work_are_named() {
    let refused = |recipe: WeakSupervision| recipe.check().expect_err("refused").to_string();
    let default = WeakSupervision::default;
    assert!(default().check().is_ok());
    assert!(refused(WeakSupervision { labelled: 0, ..default() }).starts_with("labelled must be"));
    assert!(refused(WeakSupervision { comparisons: 301, ..default() }).starts_with("comparisons must be"));
    assert!(refused(WeakSupervision { least_kept: 1.5, ..default() }).starts_with("least_kept must be"));
    let oracle = WeakSupervision { filter: Filter::Oracle, ..default() };
    assert_eq!(refused(oracle), "truth must be monitored where filter is oracle, but is hidden");
    let pairs = PreferConfig { pairs: Pairs::InOrder, ..PreferConfig::default() };
    assert!(refused(WeakSupervision { prefer: pairs, ..default() }).starts_with("prefer.pairs.kind must be"));
}
