//! What sampling promises: a draft depends on its own prompt, settings, seed and the weights alone,
//! bit for bit, and the scorer reads what the sampler wrote.

use autodidact_core::Seed;
use autodidact_core::chat::{Bias, Finish, NgramPenalty, Sampling};
use autodidact_lm::{Architecture, Config, Draft, Job, Model, RopeScaling, Sampler, Scorer, Tokenizer};
use autodidact_math::Row;
use std::sync::atomic::{AtomicU64, Ordering};

fn config(architecture: Architecture, heads: usize, kv_heads: usize, width: usize) -> Config {
    Config {
        architecture,
        vocab_size: 272,
        hidden_size: 48,
        intermediate_size: 80,
        num_hidden_layers: 3,
        num_attention_heads: heads,
        num_key_value_heads: kv_heads,
        head_dim: width,
        rms_norm_eps: 1e-5,
        rope_theta: 10_000.0,
        rope_scaling: RopeScaling::None,
        max_position_embeddings: 512,
        tie_word_embeddings: architecture != Architecture::Qwen3,
        attention_bias: architecture == Architecture::Qwen2,
        bos_token_id: Some(256),
        eos_token_ids: vec![257],
        pad_token_id: None,
    }
}

/// A model whose weights are large enough that its distributions are far from uniform.
fn model(config: Config) -> Model {
    let model = Model::random(config, Seed::root(3)).expect("a sound shape");
    let ranges: Vec<_> =
        model.layout().tensors.iter().filter(|tensor| tensor.role.is_matrix()).map(|t| t.range()).collect();
    model.update(|weights| {
        ranges.into_iter().for_each(|range| weights[range].iter_mut().for_each(|x| *x *= 6.0));
    });
    model
}

fn models() -> Vec<Model> {
    vec![
        model(config(Architecture::Llama, 4, 2, 16)),
        model(config(Architecture::Qwen2, 3, 1, 20)),
        model(config(Architecture::Qwen3, 2, 2, 32)),
    ]
}

struct Case {
    prompt: Vec<u32>,
    given: Vec<u32>,
    settings: Sampling,
    seed: Seed,
    tries: u32,
}

/// Prompts of 1 to 150 tokens with every kind of settings.
fn cases(n: usize) -> Vec<Case> {
    let case = |i: usize| Case {
        prompt: (0..1 + i * 37 % 150).map(|t| ((t * t * 7 + i * 13) % 250) as u32).collect(),
        given: (0..if i.is_multiple_of(5) { i % 7 } else { 0 }).map(|t| (t * 3 + i) as u32 % 250).collect(),
        settings: Sampling {
            temperature: [1.0, 0.7, 0.0, 1.3][i % 4],
            top_k: [0, 0, 20][i % 3],
            top_p: [1.0, 0.9][i / 2 % 2],
            min_p: [0.0, 0.0, 0.0, 0.0, 0.05][i % 5],
            max_tokens: 1 + (i as u32 * 29) % 70,
            stop: if i % 6 == 1 { vec!["ab".into(), "e".into()] } else { Vec::new() },
            penalties: if i % 7 == 3 { vec![NgramPenalty { n: 2, weight: 3.0 }] } else { Vec::new() },
            biases: if i % 9 == 2 { vec![Bias { text: "e".into(), amount: -2.0 }] } else { Vec::new() },
            endless: i % 8 == 6,
        },
        seed: Seed::root(9).at("ask", i as u64),
        tries: 1 + (i as u32 * 5) % 4,
    };
    (0..n).map(case).collect()
}

fn jobs(cases: &[Case]) -> Vec<Job<'_>> {
    cases
        .iter()
        .map(|case| Job {
            prompt: &case.prompt,
            given: &case.given,
            settings: &case.settings,
            limit: case.settings.max_tokens as usize,
            seed: case.seed,
            tries: case.tries,
        })
        .collect()
}

fn sample(sampler: &Sampler, jobs: &[Job<'_>]) -> Vec<Vec<Draft>> {
    sampler.sample(jobs, &[257], &Tokenizer::bytes(), None).expect("finite logits")
}

fn with_threads<T: Send>(threads: usize, run: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool").install(run)
}

#[test]
fn a_draft_is_the_same_alone_in_a_batch_in_any_order_and_with_any_number_of_threads() {
    for model in models() {
        let sampler = Sampler::new(&model);
        let cases = cases(40);
        let jobs = jobs(&cases);
        let together = with_threads(1, || sample(&sampler, &jobs));
        for (one, drafts) in jobs.iter().zip(&together) {
            assert_eq!(drafts.len(), one.tries as usize);
            assert_eq!(&sample(&sampler, std::slice::from_ref(one))[0], drafts, "alone");
        }
        for threads in [2, 3, 5] {
            assert_eq!(with_threads(threads, || sample(&sampler, &jobs)), together, "{threads} threads");
        }
        let reversed: Vec<Job<'_>> = jobs.iter().rev().copied().collect();
        let mut backwards = with_threads(2, || sample(&sampler, &reversed));
        backwards.reverse();
        assert_eq!(backwards, together, "in reverse");
        let more: Vec<Job<'_>> = jobs.iter().map(|job| Job { tries: job.tries + 3, ..*job }).collect();
        for (more, drafts) in sample(&sampler, &more).iter().zip(&together) {
            assert_eq!(&more[..drafts.len()], drafts, "the first tries of many");
        }
    }
}

#[test]
fn the_scorer_reads_to_the_bit_what_the_sampler_wrote_and_the_trainer_agrees_closely() {
    for model in models() {
        let sampler = Sampler::new(&model);
        let cases = cases(20);
        let drafts = sample(&sampler, &jobs(&cases));
        let mut sequences = Vec::new();
        let mut expect = Vec::new();
        for (case, drafts) in cases.iter().zip(&drafts) {
            for draft in drafts {
                sequences.push([&case.prompt[..], &draft.tokens[..]].concat());
                expect.push((case.prompt.len() - 1, &draft.logprobs));
            }
        }
        let scores = sampler.score(&sequences).expect("finite logits");
        assert_eq!(with_threads(3, || sampler.score(&sequences)).expect("finite logits"), scores);
        let rows: Vec<Row> = sequences
            .iter()
            .map(|tokens| Row { tokens: tokens.clone(), weight: vec![1.0; tokens.len() - 1] })
            .collect();
        let trained = Scorer::new(&model).score(&rows).expect("sound rows");
        for (((start, logprobs), scores), trained) in expect.into_iter().zip(&scores).zip(&trained) {
            assert_eq!(&scores[start..], &logprobs[..]);
            for (a, b) in scores.iter().zip(&trained.logprob) {
                assert!((a - b).abs() < 2e-4 * (1.0 + a.abs()), "{a} and {b}");
            }
        }
    }
}

#[test]
fn drafts_end_at_the_end_token_at_stop_texts_and_at_the_limit() {
    let sampler = Sampler::new(&models()[0]);
    let cases = cases(60);
    let drafts = sample(&sampler, &jobs(&cases));
    let mut ends = [0; 3];
    for (case, drafts) in cases.iter().zip(&drafts) {
        for draft in drafts {
            let drawn = &draft.tokens[case.given.len()..];
            assert_eq!(draft.tokens[..case.given.len()], case.given);
            assert_eq!(draft.logprobs.len(), draft.tokens.len());
            assert_eq!(draft.policy_logprobs.len(), draft.tokens.len());
            assert!(draft.policy_logprobs[..case.given.len()].iter().all(|&x| x == 0.0));
            let inside = &drawn[..drawn.len() - 1];
            assert!(!inside.contains(&257), "nothing follows the end token");
            let text = Tokenizer::bytes().decode(drawn);
            let stopped = case.settings.stop.iter().any(|stop| text.contains(stop));
            match draft.finish {
                Some(Finish::Length) => {
                    assert_eq!(drawn.len(), case.settings.max_tokens as usize);
                    assert!(!stopped);
                    ends[0] += 1;
                }
                Some(Finish::Stop) if drawn.last() == Some(&257) => ends[1] += 1,
                Some(Finish::Failed) => unreachable!("sampling has no requests that could fail"),
                Some(Finish::Stop) => {
                    assert!(stopped, "{text:?}");
                    ends[2] += 1;
                }
                None => panic!("every draft says why it ended"),
            }
            if case.settings.temperature == 1.0
                && case.settings.top_k == 0
                && case.settings.top_p == 1.0
                && case.settings.min_p == 0.0
            {
                assert_eq!(draft.logprobs[case.given.len()..], draft.policy_logprobs[case.given.len()..]);
            }
        }
    }
    assert!(ends.iter().all(|&n| n > 0), "all three ends are met: {ends:?}");
}

#[test]
fn the_sampler_follows_its_model_and_reports_progress() {
    let model = models().remove(0);
    let sampler = Sampler::new(&model);
    let cases = cases(10);
    let before = sample(&sampler, &jobs(&cases));
    model.update(|weights| weights.iter_mut().for_each(|x| *x *= 1.01));
    let counted = AtomicU64::new(0);
    let count = |n: u64| {
        counted.fetch_add(n, Ordering::Relaxed);
    };
    let tokenizer = Tokenizer::bytes();
    let after = sampler.sample(&jobs(&cases), &[257], &tokenizer, Some(&count)).expect("finite logits");
    assert_ne!(before, after);
    assert_eq!(after, sample(&Sampler::new(&model), &jobs(&cases)));
    let drawn: usize = cases
        .iter()
        .zip(&after)
        .flat_map(|(case, drafts)| drafts.iter().map(|draft| draft.tokens.len() - case.given.len()))
        .sum();
    assert_eq!(counted.into_inner(), drawn as u64);
}

#[test]
fn nothing_is_drawn_when_nothing_is_asked() {
    let sampler = Sampler::new(&models()[0]);
    assert!(sample(&sampler, &[]).is_empty());
    assert!(sampler.score(&[]).expect("nothing to fail").is_empty());
    assert_eq!(sampler.score(&[vec![1]]).expect("finite logits"), [Vec::<f32>::new()]);
    let settings = Sampling { max_tokens: 0, ..Sampling::default() };
    let job =
        Job { prompt: &[1], given: &[2, 3], settings: &settings, limit: 0, seed: Seed::root(0), tries: 2 };
    let drafts = sample(&sampler, &[job, Job { tries: 0, ..job }]);
    assert_eq!((drafts[0].len(), drafts[1].len()), (2, 0));
    assert_eq!(drafts[0][1].tokens, [2, 3]);
    assert_eq!(drafts[0][1].finish, Some(Finish::Length));
    assert_eq!(drafts[0][1].logprobs, sampler.score(&[vec![1, 2, 3]]).expect("finite logits")[0]);
}

#[test]
fn weights_that_are_not_finite_are_an_error() {
    let model = models().remove(0);
    model.update(|weights| weights[300] = f32::NAN);
    let cases = cases(3);
    let error = Sampler::new(&model).sample(&jobs(&cases), &[257], &Tokenizer::bytes(), None).unwrap_err();
    assert!(error.to_string().contains("logits"), "{error}");
}

#[test]
fn penalties_of_nothing_leave_every_bit_of_plain_sampling() {
    let model = model(config(Architecture::Llama, 4, 2, 16));
    let sampler = Sampler::new(&model);
    let plain = cases(12);
    let mut idle = cases(12);
    for (plain, idle) in plain.iter().zip(&mut idle) {
        idle.settings.penalties = plain.settings.penalties.clone();
        idle.settings.penalties.extend([3, 4].map(|n| NgramPenalty { n, weight: 0.0 }));
        idle.settings.biases.push(Bias { text: "a".into(), amount: 0.0 });
    }
    assert_eq!(sample(&sampler, &jobs(&plain)), sample(&sampler, &jobs(&idle)));
}

#[test]
fn an_endless_answer_ends_at_its_length_alone() {
    let model = model(config(Architecture::Llama, 4, 2, 16));
    let ends: Vec<u32> = (0..200).collect();
    let settings = Sampling { endless: true, max_tokens: 40, ..Sampling::default() };
    let job =
        Job { prompt: &[256, 97], given: &[], settings: &settings, limit: 40, seed: Seed::root(1), tries: 8 };
    let drafts =
        Sampler::new(&model).sample(&[job], &ends, &Tokenizer::bytes(), None).expect("finite logits");
    for draft in &drafts[0] {
        assert_eq!((draft.tokens.len(), draft.finish), (40, Some(Finish::Length)));
        assert!(draft.tokens.iter().all(|token| *token >= 200));
    }
}
