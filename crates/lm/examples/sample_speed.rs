//! Times sampling on a checkpoint or on a model of a given shape with fresh weights.
//!
//! `cargo run --release -p autodidact-lm --example sample_speed -- nano|medium|DIR [CASE] [SAVE_DIR]`:
//! 64-token prompts with 128 new tokens each at batch 64, 16 and 1, then 256 prompts with 8 answers of 10 to
//! 60 tokens each; `CASE` (a batch size or `many`) keeps only that. `SAVE_DIR` receives the checkpoint, for
//! timing other engines on the same weights.

use autodidact_core::Seed;
use autodidact_core::chat::Sampling;
use autodidact_lm::{Architecture, Config, Dtype, Job, Lm, Model, RopeScaling, Sampler, Tokenizer};
use std::path::Path;
use std::time::Instant;

fn config(width: usize, layers: usize, heads: usize, kv_heads: usize, inner: usize, vocab: usize) -> Config {
    Config {
        architecture: Architecture::Llama,
        vocab_size: vocab,
        hidden_size: width,
        intermediate_size: inner,
        num_hidden_layers: layers,
        num_attention_heads: heads,
        num_key_value_heads: kv_heads,
        head_dim: width / heads,
        rms_norm_eps: 1e-5,
        rope_theta: 10_000.0,
        rope_scaling: RopeScaling::None,
        max_position_embeddings: 512,
        tie_word_embeddings: true,
        attention_bias: false,
        bos_token_id: Some(256),
        eos_token_ids: vec![257],
        pad_token_id: Some(258),
    }
}

fn main() -> autodidact_lm::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let name = arguments.first().map_or("nano", String::as_str);
    let lm = match name {
        "nano" => Lm::new(Model::random(config(128, 4, 4, 2, 512, 272), Seed::root(1))?, Tokenizer::bytes()),
        "medium" => {
            Lm::new(Model::random(config(256, 8, 8, 4, 688, 512), Seed::root(1))?, Tokenizer::bytes())
        }
        dir => Lm::open(Path::new(dir))?,
    };
    if let Some(dir) = arguments.get(2) {
        lm.save(Path::new(dir), Dtype::F32)?;
    }
    let case = arguments.get(1).map_or("all", String::as_str);
    let batches = case.parse().map_or(vec![64, 16, 1], |only| vec![only]);
    let sampler = Sampler::new(lm.model());
    for batch in batches.into_iter().filter(|_| case != "many") {
        let prompts: Vec<Vec<u32>> = (0..batch).map(|i| prompt(i, 64)).collect();
        report(name, &format!("batch {batch}"), || run(&sampler, &prompts, 1, |_| 128, batch * 128))?;
    }
    if ["all", "many"].contains(&case) {
        let prompts: Vec<Vec<u32>> = (0..256).map(|i| prompt(i, 12 + i * 7 % 30)).collect();
        report(name, "256 prompts x 8", || run(&sampler, &prompts, 8, |i| 10 + i * 31 % 51, 0))?;
    }
    Ok(())
}

fn prompt(index: usize, len: usize) -> Vec<u32> {
    (0..len).map(|t| ((t * 31 + index * 17) % 250) as u32).collect()
}

/// Samples without end tokens and returns how many tokens were drawn.
fn run(
    sampler: &Sampler,
    prompts: &[Vec<u32>],
    tries: u32,
    limit: impl Fn(usize) -> usize,
    expect: usize,
) -> autodidact_lm::Result<usize> {
    let settings = Sampling::default();
    let job = |(i, prompt)| Job {
        prompt,
        given: &[],
        settings: &settings,
        limit: limit(i),
        seed: Seed::root(i as u64),
        tries,
    };
    let jobs: Vec<Job<'_>> = prompts.iter().map(Vec::as_slice).enumerate().map(job).collect();
    let drafts = sampler.sample(&jobs, &[], &Tokenizer::bytes(), None)?;
    let drawn = drafts.iter().flatten().map(|draft| draft.tokens.len()).sum();
    assert!(expect == 0 || drawn == expect, "every draft is as long as asked");
    Ok(drawn)
}

/// Runs a few times after one warm-up and prints the median.
fn report(
    model: &str,
    what: &str,
    mut run: impl FnMut() -> autodidact_lm::Result<usize>,
) -> autodidact_lm::Result<()> {
    let tokens = run()?;
    let mut seconds = Vec::new();
    while seconds.len() < 5 || seconds.iter().sum::<f64>() < 1.0 && seconds.len() < 30 {
        let start = Instant::now();
        run()?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    let (least, median) = (seconds[0], seconds[seconds.len() / 2]);
    let rate = |seconds: f64| tokens as f64 / seconds;
    println!("{model}, {what}: median {:.0} tok/s, best {:.0} tok/s", rate(median), rate(least));
    Ok(())
}
