//! Sampling, tokenizers and chat templates against transformers; `golden/lm-sample/make.py` made the
//! numbers.

use autodidact_core::chat::{Finish, Message, Prompt, Sampling};
use autodidact_core::{Ask, Policy, Seed};
use autodidact_lm::{Config, Job, Lm, Model, Picker, Sampler, Template, Then, Tokenizer};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::PathBuf;

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../golden").join(name)
}

fn read<T: DeserializeOwned>(name: &str) -> T {
    let text = std::fs::read_to_string(golden("lm-sample").join(name)).expect("the case is checked in");
    serde_json::from_str(&text).expect("the script wrote it")
}

#[derive(Deserialize)]
struct Tokens {
    text: String,
    ids: Vec<u32>,
    opening: Vec<u32>,
    decoded: String,
}

#[test]
fn texts_have_the_ids_that_transformers_gives_them() {
    let golden_tokens: BTreeMap<String, Vec<Tokens>> = read("tokens.json");
    assert_eq!(golden_tokens.len(), 2);
    for (name, rows) in golden_tokens {
        let tokenizer = Tokenizer::open(&golden("lm-sample").join(&name)).expect("opens");
        for row in rows {
            assert_eq!(tokenizer.encode(&row.text).expect("encodes"), row.ids, "{name}: {:?}", row.text);
            assert_eq!(tokenizer.opening(), row.opening, "{name}");
            assert_eq!(tokenizer.decode(&row.ids), row.decoded, "{name}: {:?}", row.text);
        }
    }
}

#[test]
fn the_bundled_tokenizer_is_the_one_that_transformers_read() {
    let files = Tokenizer::open(&golden("lm-sample/bytes")).expect("opens").files().clone();
    assert_eq!(Tokenizer::bytes().files(), &files);
}

#[derive(Deserialize)]
struct Rendered {
    messages: Vec<Message>,
    whole: String,
    prompt: String,
    ids: Option<Vec<u32>>,
    mask: Option<Vec<u8>>,
}

#[test]
fn conversations_render_as_in_transformers_with_the_same_assistant_masks() {
    let golden_templates: BTreeMap<String, Vec<Rendered>> = read("templates.json");
    assert_eq!(golden_templates.len(), 4);
    let tokenizer = Tokenizer::bytes();
    let config = r#"{"architectures": ["LlamaForCausalLM"], "vocab_size": 272, "hidden_size": 4,
        "intermediate_size": 4, "num_hidden_layers": 1, "num_attention_heads": 1}"#;
    let model =
        Model::random(Config::parse(config, None).expect("parses"), Seed::root(0)).expect("a sound shape");
    let lm = Lm::new(model, tokenizer.clone());
    let mut n_masks = 0;
    for (name, rows) in golden_templates {
        let path = golden("lm-sample/templates").join(format!("{name}.jinja"));
        let source = std::fs::read_to_string(path).expect("the case is checked in");
        let template = Template::new(&source, tokenizer.named()).expect("parses");
        for (index, row) in rows.iter().enumerate() {
            let render = |then| template.render(&row.messages, then).expect("renders");
            assert_eq!(render(Then::Nothing), row.whole, "{name}, conversation {index}");
            assert_eq!(render(Then::Answer), row.prompt, "{name}, conversation {index}");
            let (Some(ids), Some(mask)) = (&row.ids, &row.mask) else { continue };
            match lm.clone().with_template(template.clone()).conversation(&row.messages) {
                Ok(conversation) => {
                    assert_eq!(&conversation.tokens, ids);
                    let expect: Vec<bool> = mask.iter().map(|&own| own == 1).collect();
                    assert_eq!(conversation.assistant, expect, "{name}, conversation {index}");
                    n_masks += 1;
                }
                Err(error) => assert!(!mask.contains(&1), "{name}, conversation {index}: {error}"),
            }
        }
    }
    assert_eq!(n_masks, 4);
}

#[derive(Deserialize)]
struct Warped {
    settings: Sampling,
    logits: Vec<f32>,
    probabilities: Vec<f32>,
}

#[test]
fn truncated_distributions_are_those_of_transformers() {
    for case in read::<Vec<Warped>>("warpers.json") {
        let mut picker = Picker::default();
        let mut at = 0.0;
        for (id, &p) in case.probabilities.iter().enumerate() {
            if p > 1e-6 {
                let pick =
                    picker.pick(&case.logits, &case.settings, at + f64::from(p) / 2.0).expect("finite");
                assert_eq!(pick.token, id as u32, "{:?}", case.settings);
                assert!((pick.policy_logprob.exp() - p).abs() < 1e-5 * (1.0 + p), "{:?}", case.settings);
            }
            at += f64::from(p);
        }
    }
}

#[derive(Deserialize)]
struct Greedy {
    prompt: Vec<u32>,
    tokens: Vec<u32>,
    logprobs: Vec<f32>,
}

#[test]
fn greedy_answers_are_those_of_transformers_token_for_token() {
    let cases: BTreeMap<String, Vec<Greedy>> = read("greedy.json");
    assert_eq!(cases.len(), 5);
    for (name, rows) in cases {
        let model = Model::open(&golden("lm").join(&name)).expect("opens");
        let eos = model.config().eos_token_ids.clone();
        let sampler = Sampler::new(&model);
        let settings = Sampling { temperature: 0.0, ..Sampling::default() };
        let jobs: Vec<Job<'_>> = rows
            .iter()
            .map(|row| Job {
                prompt: &row.prompt,
                given: &[],
                settings: &settings,
                limit: 70,
                seed: Seed::root(0),
                tries: 1,
            })
            .collect();
        let drafts = sampler.sample(&jobs, &eos, &Tokenizer::bytes(), None).expect("finite logits");
        let sequences: Vec<Vec<u32>> =
            rows.iter().map(|row| [&row.prompt[..], &row.tokens[..]].concat()).collect();
        let scores = sampler.score(&sequences).expect("finite logits");
        for ((row, drafts), scores) in rows.iter().zip(&drafts).zip(&scores) {
            assert_eq!(drafts[0].tokens, row.tokens, "{name}");
            let ended = row.tokens.last().is_some_and(|last| eos.contains(last));
            assert_eq!(drafts[0].finish == Some(Finish::Stop), ended);
            for (ours, theirs) in scores.iter().zip(&row.logprobs) {
                assert!((ours - theirs).abs() < 1e-4 * (1.0 + theirs.abs()), "{name}: {ours} and {theirs}");
            }
        }
    }
}

#[derive(Deserialize)]
struct Answered {
    text: String,
    prompt: Vec<u32>,
    tokens: Vec<u32>,
    answer: String,
}

/// When the bundled model is made anew, so are these answers: `golden/lm-sample/make.py`.
#[test]
fn the_bundled_model_answers_greedily_as_it_does_in_transformers() {
    let lm = Lm::open(&golden("../models/nano")).expect("opens");
    for row in read::<Vec<Answered>>("nano.json") {
        let knobs = Sampling { temperature: 0.0, max_tokens: 100, ..Sampling::default() };
        let ask = Ask { query: Prompt::text("golden", &row.text), knobs, tries: 1 };
        let answers = lm.propose(&[ask], &[Seed::root(0)]).expect("proposes").answers;
        assert_eq!(answers[0][0].prompt, row.prompt, "{:?}", row.text);
        assert_eq!(answers[0][0].tokens, row.tokens, "{:?}", row.text);
        assert_eq!(answers[0][0].text, row.answer, "{:?}", row.text);
    }
}
