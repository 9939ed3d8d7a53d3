//! The exact checks of self-prompt tuning.

use super::*;
use crate::testing::{records, resumes_exactly};
use autodidact_core::{Policy, Proposals, Record, Seed, Spend, Version};
use autodidact_lm::Scorer;
use autodidact_math::Row;
use autodidact_parts::Shape as ModelShape;
use autodidact_parts::evaluate::Evaluation;
use autodidact_parts::learn::written;
use autodidact_parts::task::operators::{Domain, Operators};

fn fresh() -> Lm {
    let words = Operators::vocabulary();
    let words: Vec<&str> = words.iter().map(String::as_str).chain(["[role]", "[/role]"]).collect();
    let shape =
        ModelShape { hidden_size: 32, layers: 1, heads: 2, kv_heads: 1, intermediate_size: 64, context: 48 };
    crate::proof::lab::fresh_words(shape, 3, &words).expect("opens")
}

/// A model that ends its answers, and writes no roles.
fn base() -> Lm {
    let lm = fresh();
    let options = crate::proof::ProofOptions {
        seeds: Vec::new(),
        scale: crate::proof::Scale::Quick,
        observer: &autodidact_core::Silent,
        stop: autodidact_core::Stop::default(),
    };
    let task = small().open_task().expect("opens").task;
    crate::proof::lab::train(&lm, 1e-2, 30, &options, |step| {
        let queries = task.draw(Split::Train, 16, &mut Seed::root(step).rng())?;
        let answer = |query: &Prompt| query.field("answer").unwrap_or_default().to_owned();
        let pairs: Vec<(String, String)> =
            queries.iter().map(|query| (question(query), answer(query))).collect();
        crate::proof::lab::rows_of_text(&lm, &pairs)
    })
    .expect("trains");
    lm
}

fn small() -> SelfPromptTuning {
    let test = Evaluation {
        problems: 20,
        tries: 0,
        sampling: Sampling { max_tokens: 20, ..Sampling::default() },
        ..Evaluation::default()
    };
    SelfPromptTuning {
        prompts: PromptsConfig::Small,
        task: TaskConfig::Operators(Operators {
            domains: vec![Domain::Label, Domain::Race],
            ..Operators::default()
        }),
        examples: 48,
        annotator: Annotator::Field { field: "role".to_owned(), noise: 0.05 },
        sft: SftConfig {
            lr: 5e-3,
            amount: Amount::Epochs { epochs: 80 },
            batch: Batch::Rows { rows: 16 },
            ..SelfPromptTuning::default().sft
        },
        watch: WatchConfig { test, ..WatchConfig::default() },
        ..SelfPromptTuning::default()
    }
}

fn noted(records: &[Record], name: &str) -> Vec<f64> {
    let value = |record: &Record| match record {
        Record::Note(note) if note.key.stage == name => Some(note.value),
        _ => None,
    };
    records.iter().filter_map(value).collect()
}

/// A model that writes roles.
fn tuned() -> Lm {
    let lm = base();
    records(SelfPromptTuning::CARD, |run| small().run_on(&lm, run));
    lm
}

/// The summed negative log-likelihood of a row, by weight.
fn nll(lm: &Lm, row: &Row) -> f64 {
    let scored = Scorer::new(lm.model()).score(std::slice::from_ref(row)).expect("scores").remove(0);
    let terms = row.weight.iter().zip(&scored.logprob);
    terms.map(|(weight, logprob)| -f64::from(*weight) * f64::from(*logprob)).sum()
}

/// The row of an output to a question under a mask.
fn row(lm: &Lm, (role, answer): (&str, &str), mask: (f32, f32, f32, f32)) -> Row {
    let layout = Segments::role_then_answer();
    let prompt = lm.render(&Prompt::text("q", "noon tick 7#5?")).expect("renders");
    let text = layout.join(&[role, answer]).expect("joins");
    let (role, answer, markers, end) = mask;
    let mask = Mask { parts: vec![role, answer], markers, end };
    mask.row(&layout, lm.tokenizer(), &prompt, &text, lm.eos().first().copied()).expect("splits")
}

#[test]
fn the_loss_of_an_output_is_that_of_its_role_its_answer_and_its_markers() {
    let lm = fresh();
    let parts = ("you keep clocks and add round ten", "2");
    let of = |mask| nll(&lm, &row(&lm, parts, mask));
    let whole = of((1.0, 1.0, 1.0, 1.0));
    let sum = of((1.0, 0.0, 0.0, 0.0)) + of((0.0, 1.0, 0.0, 1.0)) + of((0.0, 0.0, 1.0, 0.0));
    assert!((whole - sum).abs() < 1e-5, "{whole} != {sum}");
    assert!(of((1.0, 0.0, 0.0, 0.0)) > 0.0);
}

#[test]
fn an_empty_role_with_masked_markers_is_plain_fine_tuning() {
    let lm = fresh();
    // The plain row asks what the model has read by then: the question and two markers.
    let plain = written(&lm, &Prompt::text("q", "noon tick 7#5?[role][/role]"), "2").expect("encodes");
    let plain = autodidact_parts::learn::row_of(&plain, 0.0);
    let masked = row(&lm, ("", "2"), (1.0, 1.0, 0.0, 1.0));
    assert_eq!(masked, plain);
    assert_eq!(nll(&lm, &masked), nll(&lm, &plain));
}

#[test]
fn questions_are_never_targets_and_the_markers_are() {
    let lm = fresh();
    let question = lm.render(&Prompt::text("q", "noon tick 7#5?")).expect("renders").len();
    let whole = row(&lm, ("you keep clocks and add round ten", "2"), (1.0, 1.0, 1.0, 1.0));
    assert!(whole.weight[..question - 1].iter().all(|&weight| weight == 0.0));
    assert!(whole.weight[question - 1..].iter().all(|&weight| weight == 1.0));
    // The log-probability of the marker that ends a role rises by tuning.
    let marker = |lm: &Lm| {
        let mut row = row(lm, ("you judge races and take the larger", "7"), (0.0, 0.0, 1.0, 0.0));
        let first = row.weight.iter().position(|&weight| weight > 0.0).expect("two markers");
        row.weight[first] = 0.0;
        -nll(lm, &row)
    };
    let (before, after) = (marker(&lm), marker(&tuned()));
    assert!(after > before + 1.0, "{before} became {after}");
}

#[test]
fn two_passes_in_the_same_place_give_the_greedy_answer_of_one() {
    let (lm, recipe) = (tuned(), small());
    let (task, prompts) = (recipe.open_task().expect("opens"), recipe.open_prompts().expect("opens"));
    let queries = task.task.draw(Split::Test, 30, &mut Seed::root(1).rng()).expect("draws");
    let greedy = Sampling { temperature: 0.0, max_tokens: 20, ..Sampling::default() };
    let asks = Ask::each(&queries, 1, &greedy);
    let seeds: Vec<Seed> = (0..30).map(|i| Seed::root(2).at("ask", i)).collect();
    let texts = |passes| {
        let words = Words { prompts: &prompts, segments: &recipe.segments };
        let how = Inference { passes, roles: 1 };
        let speaker = SelfPrompted { inner: &lm, words, how, vote: &*task.vote };
        let answers = speaker.propose(&asks, &seeds).expect("proposes").answers;
        answers.into_iter().map(|mut tries| tries.remove(0).text).collect::<Vec<String>>()
    };
    let one = texts(Passes::One);
    assert!(one.iter().filter(|text| recipe.segments.split(text).is_ok()).count() > 20, "{one:?}");
    assert_eq!(one, texts(Passes::Two));
}

#[test]
fn several_roles_vote_and_the_first_of_the_winners_answers() {
    struct Says;
    impl Policy<Chat> for Says {
        fn propose(&self, asks: &[Ask<Chat>], _: &[Seed]) -> Result<Proposals<Chat>> {
            let texts = ["[role]a[/role]1", "[role]b[/role]2", "[role]c[/role]2"];
            let say = |text: &str| Completion { text: text.to_owned(), ..Completion::default() };
            let answers =
                asks.iter().map(|ask| (0..ask.tries as usize).map(|t| say(texts[t % 3])).collect()).collect();
            Ok(Proposals { answers, spend: Spend::default() })
        }

        fn version(&self) -> Result<Version> {
            Ok(Version("says".to_owned()))
        }
    }
    let recipe = small();
    let (task, prompts) = (recipe.open_task().expect("opens"), recipe.open_prompts().expect("opens"));
    let words = Words { prompts: &prompts, segments: &recipe.segments };
    let how = Inference { passes: Passes::One, roles: 3 };
    let speaker = SelfPrompted { inner: &Says, words, how, vote: &*task.vote };
    let asks = Ask::each(&[Prompt::text("q", "?")], 2, &Sampling::default());
    let answers = speaker.propose(&asks, &[Seed::root(0)]).expect("proposes").answers;
    let texts: Vec<&str> = answers[0].iter().map(|one| one.text.as_str()).collect();
    assert_eq!(texts, ["[role]b[/role]2"; 2]);
}

#[test]
fn what_is_tuned_on_has_roles_without_the_answer_and_what_is_dropped_says_why() {
    let recipe =
        SelfPromptTuning { fit: Fit { openings: vec!["you judge".to_owned()], ..Fit::default() }, ..small() };
    let records = records(SelfPromptTuning::CARD, |run| recipe.run_on(&base(), run));
    let data = records.iter().find_map(|record| match record {
        Record::Attempt(row) if row.key.stage == "data" => Some(row),
        _ => None,
    });
    let samples = &data.expect("the data are recorded").samples;
    let (mut kept, mut dropped) = (0, 0);
    for sample in samples {
        if sample.verdict.value() == Some(1.0) {
            let parts = recipe.segments.split(&sample.answer.text).expect("joined");
            assert_eq!(recipe.fit.objection(&parts[0], &parts[1]), None);
            kept += 1;
        } else {
            assert_eq!(sample.verdict.part("dropped/not_to_the_model"), Some(1.0));
            dropped += 1;
        }
    }
    assert!(kept > 10 && dropped > 10 && kept + dropped == 48, "{kept} kept, {dropped} dropped");
    assert_eq!(noted(&records, "not_to_the_model/dropped"), [f64::from(dropped)]);
    assert_eq!(noted(&records, "data/kept"), [f64::from(kept)]);
}

#[test]
fn a_tuned_model_writes_roles_and_its_books_are_kept() {
    let records = records(SelfPromptTuning::CARD, |run| small().run_on(&base(), run));
    let last = |name: &str| noted(&records, name).last().copied().unwrap_or(f64::NAN);
    assert!(last("after/split_failed") < 0.3, "{}", last("after/split_failed"));
    assert!(last("after/role_logprob") < 0.0 && last("after/role_entropy") >= 0.0);
    assert!(last("after/greedy") >= 0.0);
}

/// One further round after little tuning.
fn further() -> SelfPromptTuning {
    let sampling = Sampling { max_tokens: 20, ..Sampling::default() };
    SelfPromptTuning {
        rounds: 1,
        explore: Explore { questions: 12, tries: 4, sampling },
        sft: SftConfig { lr: 1e-4, amount: Amount::Epochs { epochs: 1 }, ..small().sft },
        ..small()
    }
}

#[test]
fn further_rounds_learn_from_its_own_right_answers() {
    let lm = tuned();
    let records = records(SelfPromptTuning::CARD, |run| further().run_on(&lm, run));
    let learned = noted(&records, "learn/num_rows");
    assert_eq!(learned.len(), 2);
    assert!(learned[1] > 0.0 && learned[1] < 48.0, "{learned:?}");
}

#[test]
fn a_killed_run_resumes_to_the_same_records() {
    let lm = tuned();
    let annotator = Annotator::Policy {
        policy: PolicyConfig::default(),
        sampling: Sampling { max_tokens: 12, ..Sampling::default() },
    };
    let fit = Fit { openings: Vec::new(), ..Fit::default() };
    let recipe = SelfPromptTuning { examples: 16, annotator, fit, ..further() };
    resumes_exactly(SelfPromptTuning::CARD, |run| recipe.run_on(&crate::proof::lab::copy(&lm)?, run));
}

#[test]
fn settings_that_cannot_work_are_named() {
    let check = |recipe: SelfPromptTuning, expect: &str| {
        let error = recipe.check().expect_err(expect).to_string();
        assert!(error.starts_with(expect), "{error}");
    };
    check(SelfPromptTuning { examples: 0, ..small() }, "examples must be at least 1");
    let three = Segments::of(&[("a", "<a>", "</a>"), ("b", "<b>", ""), ("c", "<c>", "")]);
    check(SelfPromptTuning { segments: three, ..small() }, "segments.parts must be two parts");
    let annotator = Annotator::Field { field: "role".to_owned(), noise: 2.0 };
    check(SelfPromptTuning { annotator, ..small() }, "annotator.noise must be");
    let inference = Inference { roles: 0, ..Inference::default() };
    check(SelfPromptTuning { inference, ..small() }, "inference.roles must be");
    assert!(SelfPromptTuning::default().check().is_ok());
}
