//! How fast a training step is, against the machine's own matrix-product peak.
//!
//! `cargo run --release -p autodidact-lm --example train_speed -- [nano|medium] [steps]`

use autodidact_core::Seed;
use autodidact_lm::{AdamW, Architecture, Config, Model, RopeScaling, Trainer, sgemm_peak};
use autodidact_math::{Row, sft};
use rand::Rng;
use std::time::{Duration, Instant};

fn main() {
    let mut args = std::env::args().skip(1);
    let shape = args.next().unwrap_or_else(|| "nano".to_owned());
    let steps: usize = args.next().and_then(|n| n.parse().ok()).unwrap_or(10);
    let (config, mut rows) = match shape.as_str() {
        "medium" => (config(256, 8, 8, 4, 688, 512), rows(32, 257..=257, 512)),
        _ => (config(128, 4, 4, 2, 512, 272), rows(32, 20..=110, 272)),
    };
    sft::normalise(&mut rows);
    let model = Model::random(config.clone(), Seed::root(0)).expect("a sound shape");
    let mut trainer = Trainer::new(&model, AdamW::default()).expect("sound settings");
    let positions: usize = rows.iter().map(|row| row.weight.len()).sum();
    let attention: usize = rows.iter().map(|row| row.weight.len().pow(2)).sum();
    let products = 6.0 * model.layout().len as f64 * positions as f64
        + 6.0 * (config.num_hidden_layers * config.attention_size() * attention) as f64;
    let (mut best, mut best_peak) = (f64::INFINITY, 0.0_f64);
    let (mut times, mut shares) = (Vec::new(), Vec::new());
    for _ in 0..steps {
        // Other work on the machine slows both alike: their ratio is what stays.
        let before = sgemm_peak(Duration::ZERO);
        let start = Instant::now();
        trainer.pull(&rows, &sft::MaskedNll).expect("sound rows");
        trainer.step(1e-3).expect("finite");
        let seconds = start.elapsed().as_secs_f64();
        let peak = (before + sgemm_peak(Duration::ZERO)) / 2.0;
        times.push(seconds);
        shares.push(products / seconds / 1e9 / peak);
        (best, best_peak) = (best.min(seconds), best_peak.max(peak));
    }
    times.sort_by(f64::total_cmp);
    shares.sort_by(f64::total_cmp);
    let (median, share) = (times[times.len() / 2], shares[shares.len() / 2]);
    println!(
        "{shape}: {positions} positions; median {:.1} ms, {:.0} tok/s; best {:.1} ms, {:.0} tok/s, \
         {:.0} GFLOP/s (best sgemm {best_peak:.0}); median share of sgemm {:.0} %; peak memory {} MB",
        median * 1e3,
        positions as f64 / median,
        best * 1e3,
        positions as f64 / best,
        products / best / 1e9,
        100.0 * share,
        peak_memory()
    );
}

fn config(d: usize, layers: usize, heads: usize, kv: usize, inner: usize, vocab: usize) -> Config {
    Config {
        architecture: Architecture::Llama,
        vocab_size: vocab,
        hidden_size: d,
        intermediate_size: inner,
        num_hidden_layers: layers,
        num_attention_heads: heads,
        num_key_value_heads: kv,
        head_dim: d / heads,
        rms_norm_eps: 1e-5,
        rope_theta: 10_000.0,
        rope_scaling: RopeScaling::None,
        max_position_embeddings: 512,
        tie_word_embeddings: true,
        attention_bias: false,
        bos_token_id: None,
        eos_token_ids: vec![],
        pad_token_id: None,
    }
}

fn rows(n: usize, lengths: std::ops::RangeInclusive<usize>, vocab: u32) -> Vec<Row> {
    let mut rng = Seed::root(0).at("rows", 0).rng();
    let mut row = || {
        let len = rng.random_range(lengths.clone());
        Row { tokens: (0..len).map(|_| rng.random_range(0..vocab)).collect(), weight: vec![1.0; len - 1] }
    };
    (0..n).map(|_| row()).collect()
}

/// The most memory this process ever held, in MB, where the system says so.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.map_or_else(|| "?".to_owned(), |kb| (kb / 1024).to_string())
}
