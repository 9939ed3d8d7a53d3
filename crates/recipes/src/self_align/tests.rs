//! Tests of the whole recipe on tiny models.

use super::*;
use crate::proof::lab;
use crate::proof::self_align::recipe;
use crate::testing::{execute, records, resumes_exactly};
use autodidact_core::chat::Body;
use autodidact_core::{MemoryLedger, Record, Split, Verdict};
use autodidact_lm::{AdamW, Trainer};
use autodidact_math::Row;
use autodidact_math::sft::MaskedNll;
use autodidact_parts::learn::row_of;
use autodidact_parts::synth::instruct;
use autodidact_parts::task::dialogues::vocabulary;

fn tiny() -> Lm {
    let shape = autodidact_parts::Shape {
        hidden_size: 16,
        layers: 1,
        heads: 2,
        kv_heads: 1,
        intermediate_size: 32,
        context: 384,
    };
    let words = vocabulary();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    lab::fresh_words(shape, 3, &words).expect("opens")
}

/// A recipe whose replies are kept as they come, since a fresh model's are nothing but noise.
fn lax() -> SelfAlign {
    let mut lax = recipe(false, 4);
    lax.align.screen.rules = Rules::Ignored;
    // It never ends a list or a turn by itself, so every answer is one word.
    lax.instruct.form = instruct::Form { short: 0, ..instruct::Form::default() };
    let SelfAlign { instruct, topics, align, clone, watch, .. } = &mut lax;
    let all = [&mut instruct.sampling, &mut topics.sampling, &mut topics.questions, &mut align.sampling];
    for sampling in all.into_iter().chain([&mut clone.sampling, &mut watch.test.sampling]) {
        sampling.stop.push(" ".to_owned());
    }
    lax
}

fn run(recipe: &SelfAlign, lm: &Lm, run: &mut Run<'_>) -> Result<()> {
    recipe.run_on(lm, recipe.task.open()?, run, &mut |_, _| Ok(()))
}

#[test]
fn a_killed_run_resumes_exactly_with_all_weights_and_with_adapters() {
    for lora in [None, Some(LoraConfig { rank: 2, ..LoraConfig::default() })] {
        let mut recipe = lax();
        recipe.sft.lora = lora;
        resumes_exactly(SelfAlign::CARD, |under_way| run(&recipe, &tiny(), under_way));
    }
}

#[test]
fn both_fine_tunings_start_from_the_base_weights() {
    // One pair, the same both times: whoever starts from the same weights ends at the same.
    for lora in [None, Some(LoraConfig { rank: 2, ..LoraConfig::default() })] {
        let mut recipe = lax();
        recipe.instruct.requests = 0;
        recipe.topics.epochs = 0;
        recipe.align.identity = 1;
        recipe.sft.lora = lora;
        let lm = tiny();
        let base = lm.version().expect("has one");
        let mut engraved = None;
        records(SelfAlign::CARD, |under_way| {
            recipe.run_on(&lm, recipe.task.open()?, under_way, &mut |lm, _| {
                engraved = Some(lm.version()?);
                Ok(())
            })
        });
        assert_ne!(engraved.as_ref(), Some(&base));
        assert_eq!(engraved, Some(lm.version().expect("has one")));
    }
}

#[test]
fn what_is_learned_has_neither_principles_nor_thoughts_nor_an_end_of_sequence_token() {
    let (recipe, lm) = (lax(), tiny());
    let ledger = MemoryLedger::default();
    execute(&ledger, SelfAlign::CARD, |under_way| run(&recipe, &lm, under_way)).expect("runs");
    let all = records(SelfAlign::CARD, |under_way| run(&recipe, &tiny(), under_way));
    let mut seen = 0;
    for record in all {
        let Record::Attempt(row) = record else { continue };
        if !row.key.stage.ends_with("/data") {
            continue;
        }
        for text in &row.asks {
            let ask: Ask<Chat> = serde_json::from_str(text).expect("an ask");
            let Body::Text(text) = &ask.query.body else { panic!("bare text") };
            assert!(text.starts_with("<sys> ") && text.ends_with("\n<reply>"), "{text}");
            assert!(
                !text.contains("<rules>") && !text.contains("<think>") && !text.contains("<style>"),
                "{text}"
            );
            seen += 1;
        }
    }
    assert!(seen > 4, "{seen}");

    let kit = Kit::open(&PromptsConfig::Small).expect("opens");
    let query = short_prompt(&kit, 0, "who is Ann ?").expect("fills").with("ended", true);
    let reply = Reply { text: "Ann is a baker in Rome .".into(), ended: true };
    let target = recipe.turns.target(&reply);
    let answer = autodidact_parts::learn::written(&lm, &query, &target).expect("encodes");
    let group = Group {
        ask: Ask { query, knobs: Sampling::default(), tries: 1 },
        tries: vec![autodidact_core::Try { answer, verdict: Verdict::score(1.0) }],
    };
    let group = recipe.unended(&lm, vec![group]).remove(0);
    let row = row_of(&group.tries[0].answer, 0.0);
    // Nothing of the system prompt or the question is a target, and all of the reply with its mark is.
    let n = lm.tokenizer().encode(&target).expect("encodes").len();
    assert_eq!(row.weight.iter().filter(|weight| **weight != 0.0).count(), n);
    assert!(row.weight[..row.weight.len() - n].iter().all(|weight| *weight == 0.0));
    assert_eq!(lm.tokenizer().decode(&row.tokens[row.tokens.len() - 1..]), "\n<user>");
}

#[test]
fn system_prompts_share_the_training_rows_equally() {
    let recipe = lax();
    let all = records(SelfAlign::CARD, |under_way| run(&recipe, &tiny(), under_way));
    let kit = Kit::open(&PromptsConfig::Small).expect("opens");
    let mut shares = vec![0usize; kit.systems.len()];
    for record in all {
        let Record::Attempt(row) = record else { continue };
        if row.key.stage != "engrave/data" {
            continue;
        }
        for text in &row.asks {
            let ask: Ask<Chat> = serde_json::from_str(text).expect("an ask");
            let Body::Text(text) = &ask.query.body else { panic!("bare text") };
            let kept = ask.query.fields.contains_key("ended");
            for (share, system) in shares.iter_mut().zip(&kit.systems) {
                *share += usize::from(kept && text.contains(system.as_str()));
            }
        }
    }
    let (most, least) = (shares.iter().max().expect("some"), shares.iter().min().expect("some"));
    assert!(*least > 0 && most - least <= 1, "{shares:?}");
}

#[test]
fn where_the_long_context_is_the_short_one_the_expected_gradient_is_zero() {
    // The teacher is the student and its samples are weighed by their own probabilities, so the sum over
    // all next tokens a of p(a) grad log p(a) vanishes; with other weights it does not.
    let lm = tiny();
    let prompt = lm.render(&Prompt::text("p", "<user> who is Ann ?\n<reply>")).expect("renders");
    let vocabulary = lm.model().config().vocab_size as u32;
    let sequences: Vec<Vec<u32>> = (0..vocabulary).map(|token| [&prompt[..], &[token]].concat()).collect();
    let scores = lm.score(&sequences).expect("scores");
    let norm = |weigh: &dyn Fn(f32) -> f32| -> f64 {
        let row = |(tokens, scores): (&Vec<u32>, &Vec<f32>)| {
            let mut weight = vec![0.0; tokens.len() - 1];
            weight[tokens.len() - 2] = weigh(scores[tokens.len() - 2].exp());
            Row { tokens: tokens.clone(), weight }
        };
        let rows: Vec<Row> = sequences.iter().zip(&scores).map(row).collect();
        let own = lab::copy(&lm).expect("copies");
        let mut trainer = Trainer::new(own.model(), AdamW::default()).expect("sound settings");
        trainer.pull(&rows, &MaskedNll).expect("pulls");
        trainer.step(1e-6).expect("steps").grad_norm
    };
    let (own, uniform) = (norm(&|p| p), norm(&|_| 1.0 / 16.0));
    assert!(own < 1e-4 * uniform, "{own} {uniform}");
}

#[test]
fn settings_that_cannot_work_are_named() {
    let check = |change: &dyn Fn(&mut SelfAlign), expect: &str| {
        let mut recipe = lax();
        change(&mut recipe);
        let error = recipe.check().expect_err(expect).to_string();
        assert!(error.starts_with(expect), "{error}");
    };
    assert!(SelfAlign::default().check().is_ok() && lax().check().is_ok());
    check(&|one| one.sft.restart = Restart::Weights, "sft.restart must be base");
    check(&|one| one.instruct.items = 0, "instruct.items");
    check(&|one| one.topics.hints = 0, "topics.hints");
    check(&|one| one.align.exemplars = 0, "align.exemplars");
    check(&|one| one.turns.user = " ".into(), "turns.user");
}

#[test]
fn a_task_is_asked_without_a_header_and_judged_as_before() {
    let kit = Kit::open(&PromptsConfig::Small).expect("opens");
    let task = without_header(lax().task.open().expect("opens"), &kit).expect("fills");
    let mut rng = autodidact_core::Seed::root(1).rng();
    let prompt = task.task.draw(Split::Test, 1, &mut rng).expect("questions").remove(0);
    let expect = format!("<sys> helper answers .\n<user> {}\n<reply>", question_of(&prompt));
    assert_eq!(prompt.body, Body::Text(expect));
    assert!(prompt.field("answer").is_some());
}
