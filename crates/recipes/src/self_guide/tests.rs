//! The card's exact checks of self-guide, and whole runs of it.

use super::labels::plain;
use super::*;
use crate::testing::{records, resumes_exactly};
use autodidact_core::chat::{Body, Completion, Prompt};
use autodidact_core::{Ask, Error, Policy, Proposals, Record, Seed, Spend, Version};
use autodidact_math::sft::MaskedNll;
use autodidact_math::{Objective, Scored};
use autodidact_parts::learn::{row_of, written};
use autodidact_parts::{Shape as ModelShape, filter::reason};

fn small() -> SelfGuide {
    SelfGuide {
        prompts: PromptsConfig::Small,
        task: Guide::Instruction { instruction: Instruction::Ends, examples: 3 },
        inputs: Inputs {
            epochs: 3,
            prompts: 4,
            sampling: Sampling { max_tokens: 5, ..Sampling::default() },
            ..Inputs::default()
        },
        outputs: Outputs {
            tries: 4,
            least_share: 0.0,
            sampling: Sampling { temperature: 1.0, max_tokens: 4, ..Sampling::default() },
        },
        balance: Balance::Off,
        sft: SftConfig { lr: 1e-2, ..SelfGuide::default().sft },
        watch: WatchConfig {
            test: Evaluation {
                problems: 4,
                tries: 4,
                k: 1,
                sampling: Sampling { max_tokens: 60, ..Sampling::default() },
                greedy: false,
                ..Evaluation::default()
            },
            ..WatchConfig::default()
        },
        filters: Filters {
            input_length: ByKind { classification: Switch::Off, generation: Switch::Off },
            ..Filters::default()
        },
        ..SelfGuide::default()
    }
}

fn lm() -> Lm {
    let shape =
        ModelShape { hidden_size: 16, layers: 1, heads: 2, kv_heads: 1, intermediate_size: 32, context: 160 };
    crate::proof::lab::fresh_words(shape, 3, &Instruction::words()).expect("opens")
}

/// A user's task on which an answer is one of two labels.
fn described() -> Guide {
    Guide::Described {
        instruction: "Say whether it is day or night.".into(),
        examples: vec![Pair { input: "The sun is up.".into(), output: "day".into() }],
        examples_text: "[input]=\"The \"moon\"\nis up.\"\n[output]=\"night\"\n".into(),
        labels: vec!["day".into(), "night".into()],
        held_out: Vec::new(),
    }
}

/// Answers prompts for inputs with ever new ones and prompts for outputs with a label, in text alone.
struct Scripted;

impl Policy<Chat> for Scripted {
    fn propose(&self, asks: &[Ask<Chat>], _seeds: &[Seed]) -> Result<Proposals<Chat>> {
        let answers = asks.iter().enumerate().map(|(place, ask)| {
            let answer = |try_idx: u32| {
                let text = match ask.query.id.split_once('/') {
                    Some(("input", id)) if id.ends_with("/1") => "[input]=\"Always the same.\"".to_owned(),
                    Some(("input", id)) => format!("\"What of {id}?\""),
                    _ if try_idx == 0 => "I'm sorry".to_owned(),
                    _ if place % 3 == 0 => "It is night.".to_owned(),
                    _ => "day".to_owned(),
                };
                Completion { text, ..Completion::default() }
            };
            (0..ask.tries).map(answer).collect()
        });
        Ok(Proposals { answers: answers.collect(), spend: Spend::default() })
    }

    fn version(&self) -> Result<Version> {
        Ok(Version("scripted".into()))
    }
}

fn synthesised(recipe: &SelfGuide, run: &mut Run<'_>) -> Result<Vec<Group<Chat>>> {
    let task = recipe.task.open(Wordings::open(&recipe.prompts)?, run)?;
    let lm = crate::nano::open()?;
    let pool = inputs::made(recipe, &task, &lm, &Scripted, run)?;
    let learned = recipe.task.open(Wordings::open(&PromptsConfig::Small)?, run)?;
    let examples = outputs::labelled(recipe, (&task, &learned), &pool, &lm, &Scripted, run)?;
    dataset::record(run, "data", &lm, examples)
}

#[test]
fn a_run_that_dies_is_resumed_to_the_same_records() {
    // A task without labels: an untrained model seldom hits one.
    let task = Guide::Instruction { instruction: Instruction::Reverse, examples: 3 };
    let recipe = SelfGuide { task, ..small() };
    recipe.check().expect("sound settings");
    resumes_exactly(SelfGuide::CARD, |run| recipe.run_on(&lm(), run).map(drop));
}

#[test]
fn a_task_in_words_becomes_pairs_by_a_policy_of_text_alone() {
    let recipe = SelfGuide {
        prompts: PromptsConfig::Chat,
        policy: PolicyConfig::Endpoint(Box::default()),
        task: described(),
        filters: SelfGuide::default().filters,
        ..small()
    };
    let mut notes = Vec::new();
    let records = records(SelfGuide::CARD, |run| {
        let data = synthesised(&recipe, run)?;
        let kept: Vec<_> = data.iter().filter(|group| group.tries[0].verdict.value() == Some(1.0)).collect();
        assert!(kept.iter().all(|group| !group.tries[0].answer.tokens.is_empty()));
        let labels: Vec<&str> = kept.iter().map(|group| group.tries[0].answer.text.as_str()).collect();
        assert!(labels.contains(&"day") && labels.contains(&"night"), "{labels:?}");
        assert!(kept[0].ask.query.fields["parents"].as_array().is_some_and(|ids| ids.len() >= 3));
        Ok(())
    });
    for record in &records {
        if let Record::Note(note) = record {
            notes.push((note.key.stage.clone(), note.value));
        }
    }
    let noted = |name: &str| notes.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
    // Twelve inputs: of the three prompts 1 two say what the first said.
    assert_eq!(noted("inputs/candidates"), Some(12.0));
    assert_eq!(noted("inputs-duplicate/dropped"), Some(2.0));
    let dropped: f64 =
        notes.iter().filter(|(name, _)| name.starts_with("inputs-")).map(|(_, value)| value).sum();
    assert_eq!(noted("inputs/kept").map(|kept| kept + dropped), Some(12.0));
    assert_eq!((noted("label_accuracy"), noted("sample_accuracy")), (None, None));
}

#[test]
fn the_pool_holds_each_surviving_input_once() {
    let recipe = SelfGuide { task: described(), filters: SelfGuide::default().filters, ..small() };
    records(SelfGuide::CARD, |run| {
        let task = recipe.task.open(Wordings::open(&recipe.prompts)?, run)?;
        let pool = inputs::made(&recipe, &task, &crate::nano::open()?, &Scripted, run)?;
        let distinct: std::collections::BTreeSet<&str> = pool.iter().map(|one| one.input.as_str()).collect();
        assert_eq!(distinct.len(), pool.len());
        assert!(distinct.contains("Always the same."));
        Ok(())
    });
}

#[test]
fn a_strict_mapping_drops_what_is_not_exactly_a_label() {
    for (mapping, nights) in [(Mapping::Contained, true), (Mapping::Strict, false)] {
        let recipe =
            SelfGuide { task: described(), mapping, filters: SelfGuide::default().filters, ..small() };
        records(SelfGuide::CARD, |run| {
            let data = synthesised(&recipe, run)?;
            let night = data.iter().any(|group| group.tries[0].answer.text == "night");
            let dropped = data.iter().any(|group| reason(&group.tries[0].verdict) == Some("no_label"));
            assert_eq!((night, dropped), (nights, !nights));
            Ok(())
        });
    }
}

#[test]
fn a_balanced_set_has_each_label_equally_often() {
    let recipe = SelfGuide {
        task: described(),
        balance: Balance::Rarest,
        filters: SelfGuide::default().filters,
        ..small()
    };
    records(SelfGuide::CARD, |run| {
        let data = synthesised(&recipe, run)?;
        let count = |label: &str| data.iter().filter(|group| group.tries[0].answer.text == label).count();
        assert!(count("day") > 0);
        assert_eq!(count("day"), count("night"));
        assert!(data.iter().any(|group| reason(&group.tries[0].verdict) == Some("unbalanced")));
        Ok(())
    });
}

#[test]
fn prompt_tokens_get_no_gradient_and_other_examples_change_the_text() {
    let lm = lm();
    let wordings = Wordings::open(&PromptsConfig::Small).expect("opens");
    let pair = |input: &str, output: &str| Pair { input: input.into(), output: output.into() };
    let prompt = |examples: &[Pair]| wordings.answer("p", "ends", examples, "abca").expect("fills");
    let one = prompt(&[pair("aba", "yes"), pair("abc", "no")]);
    let other = prompt(&[pair("aba", "yes"), pair("abd", "no")]);
    assert_eq!(one.body, Body::Text("ends:aba>yes;abc>no;abca>".into()));
    assert_ne!(one.body, other.body);

    let row = row_of(&written(&lm, &one, "yes").expect("encodes"), 0.0);
    let n = row.weight.len();
    let scored = Scored { logprob: vec![-1.0; n], entropy: vec![1.0; n] };
    let (_, pulls) = MaskedNll.pull(&[0], &[&row], std::slice::from_ref(&scored));
    let gradient: &Vec<f32> = &pulls[0].logprob;
    let prompt_targets = n - 2;
    assert!(gradient[..prompt_targets].iter().all(|&pull| pull == 0.0));
    assert!(gradient[prompt_targets..].iter().all(|&pull| pull != 0.0));
}

#[test]
fn examples_are_read_from_a_text_of_pairs() {
    let text = "[input]=\"one\"\n[output]=\"1\"\n\n[input]=\"two \"quoted\"\nlines\"\n[output]=\"2\"";
    let expect = [("one", "1"), ("two \"quoted\"\nlines", "2")]
        .map(|(input, output)| Pair { input: input.into(), output: output.into() });
    assert_eq!(pairs(text), expect);
    assert_eq!(pairs("[input]=\"one\""), []);
    assert_eq!(pairs(""), []);
}

#[test]
fn exact_match_takes_the_last_label_and_free_outputs_are_compared_by_rouge() {
    let guide = |labels: &[&str]| Guide::Described {
        instruction: "x".into(),
        examples: vec![Pair { input: "a".into(), output: "b".into() }],
        examples_text: String::new(),
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        held_out: vec![Pair { input: "q".into(), output: "neutral".into() }],
    };
    records(SelfGuide::CARD, |run| {
        let wordings = Wordings::open(&PromptsConfig::Small)?;
        let nli = guide(&["entails", "neutral"]).open(wordings.clone(), run)?;
        assert_eq!(nli.verdict("not entails, so neutral", "neutral").value(), Some(1.0));
        assert_eq!(nli.verdict("neutral? no: entails", "neutral").value(), Some(0.0));
        let free = guide(&[]).open(wordings, run)?;
        let verdict = free.verdict("The cat sat.", "the black cat ran");
        assert_eq!((verdict.value(), verdict.part("right")), (verdict.part("rouge_l"), Some(0.0)));
        assert!(verdict.value().is_some_and(|overlap| (overlap - 4.0 / 7.0).abs() < 1e-15));
        assert_eq!(plain("It's  HERE!"), "its here");
        Ok(())
    });
}

#[test]
fn the_chat_prompts_are_conversations_with_every_example_as_a_turn() {
    let wordings = Wordings::open(&PromptsConfig::Chat).expect("opens");
    let example = Pair { input: "{sun}".into(), output: "day".into() };
    let prompt = wordings.answer("p", "Day or night?", &[example], "moon").expect("fills");
    let Body::Messages(messages) = prompt.body else { panic!("a conversation") };
    let roles: Vec<&str> = messages.iter().map(|message| message.role.as_str()).collect();
    assert_eq!(roles, ["system", "user", "assistant", "user", "assistant", "user"]);
    assert_eq!((messages[3].content.as_str(), messages[5].content.as_str()), ("{sun}", "moon"));
    let Prompt { body, .. } =
        wordings.input("p", "Day or night?", (&["a", "b"], &[]), Some("day")).expect("fills");
    let Body::Messages(messages) = body else { panic!("a conversation") };
    assert!(messages[1].content.contains("[input]=\"a\"\n[input]=\"b\"\n----"), "{}", messages[1].content);
    assert_eq!(messages[1].content.matches("\"day\"").count(), 2);
}

#[test]
fn impossible_settings_are_refused_by_name() {
    let said = |recipe: SelfGuide| recipe.check().expect_err("refused").to_string();
    assert!(said(SelfGuide { epochs: 0, ..small() }).starts_with("epochs must be at least 1"));
    let task = Guide::Described {
        instruction: " ".into(),
        examples: Vec::new(),
        examples_text: String::new(),
        labels: Vec::new(),
        held_out: Vec::new(),
    };
    assert!(said(SelfGuide { task, ..small() }).starts_with("task.instruction must be"));
    let outputs = Outputs { least_share: 2.0, ..small().outputs };
    assert!(matches!(SelfGuide { outputs, ..small() }.check(), Err(Error::Invalid { .. })));
}
