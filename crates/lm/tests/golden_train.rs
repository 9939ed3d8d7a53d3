//! The training half against transformers and PyTorch on tiny checkpoints of each architecture;
//! `golden/lm/make.py` made the numbers.

use autodidact_lm::{AdamW, Dtype, Model, Scorer, Trainer};
use autodidact_math::{Objective, Pull, Row, Scored, sft::MaskedNll};
use safetensors::SafeTensors;
use serde::Deserialize;
use std::path::PathBuf;

#[derive(Deserialize)]
struct Golden {
    entropy_share: f32,
    loss: f64,
    rows: Vec<GoldenRow>,
    adamw: GoldenAdamW,
    losses: Vec<f64>,
    grad_norms: Vec<f64>,
}

#[derive(Deserialize)]
struct GoldenRow {
    tokens: Vec<u32>,
    weight: Vec<f32>,
    logprob: Vec<f32>,
    entropy: Vec<f32>,
}

#[derive(Deserialize)]
struct GoldenAdamW {
    lr: f64,
    beta1: f64,
    beta2: f64,
    eps: f64,
    weight_decay: f64,
    max_grad_norm: f64,
}

/// The golden loss: weighted negative log-likelihood less a share of the weighted entropy.
struct WithEntropy(f32);

impl Objective for WithEntropy {
    fn separable(&self) -> bool {
        true
    }

    fn pull(&self, at: &[usize], rows: &[&Row], scored: &[Scored]) -> (f64, Vec<Pull>) {
        let (mut loss, mut pulls) = MaskedNll.pull(at, rows, scored);
        for ((row, scored), pull) in rows.iter().zip(scored).zip(&mut pulls) {
            pull.entropy = row.weight.iter().map(|w| -self.0 * w).collect();
            loss += pull.entropy.iter().zip(&scored.entropy).map(|(p, e)| (p * e) as f64).sum::<f64>();
        }
        (loss, pulls)
    }
}

struct Case {
    dir: PathBuf,
    golden: Golden,
    bytes: Vec<u8>,
}

impl Case {
    fn open(name: &str) -> Case {
        let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../golden/lm").join(name);
        let text = std::fs::read_to_string(dir.join("golden.json")).expect("the case is checked in");
        let golden = serde_json::from_str(&text).expect("the script wrote it");
        let bytes = std::fs::read(dir.join("golden.safetensors")).expect("the case is checked in");
        Case { dir, golden, bytes }
    }

    fn model(&self) -> Model {
        Model::open(&self.dir).expect("what transformers saves loads here")
    }

    fn rows(&self) -> Vec<Row> {
        let row = |row: &GoldenRow| Row { tokens: row.tokens.clone(), weight: row.weight.clone() };
        self.golden.rows.iter().map(row).collect()
    }

    fn tensor(&self, name: &str) -> Vec<f32> {
        let file = SafeTensors::deserialize(&self.bytes).expect("the script wrote it");
        let view = file.tensor(name).expect("the script wrote it");
        view.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().expect("four bytes"))).collect()
    }
}

/// Asserts that two vectors differ by at most `tolerance` of the larger one's length.
fn assert_close(what: &str, ours: &[f32], theirs: &[f32], tolerance: f64) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    let norm = |it: &mut dyn Iterator<Item = f64>| it.map(|x| x * x).sum::<f64>().sqrt();
    let gap = norm(&mut ours.iter().zip(theirs).map(|(a, b)| (a - b) as f64));
    let size = norm(&mut theirs.iter().map(|&x| x as f64));
    assert!(gap <= tolerance * size, "{what}: gap {gap:e} of {size:e}");
}

fn check(name: &str) {
    let case = Case::open(name);
    let (model, rows) = (case.model(), case.rows());
    let mut scorer = Scorer::new(&model);
    for (i, row) in rows.iter().enumerate() {
        let logits = scorer.logits(&row.tokens).expect("a sound sequence");
        assert_close(&format!("{name} logits.{i}"), &logits, &case.tensor(&format!("logits.{i}")), 1e-5);
    }
    let scored = scorer.score(&rows).expect("sound rows");
    for (row, scored) in case.golden.rows.iter().zip(&scored) {
        for t in (0..row.weight.len()).filter(|&t| row.weight[t] != 0.0) {
            assert!((row.logprob[t] - scored.logprob[t]).abs() < 1e-4, "{name}");
            assert!((row.entropy[t] - scored.entropy[t]).abs() < 1e-4, "{name}");
        }
    }

    let mut trainer = Trainer::new(&model, settings(&case)).expect("sound settings");
    let objective = WithEntropy(case.golden.entropy_share);
    let pulled = trainer.pull(&rows, &objective).expect("sound rows");
    assert!((pulled.loss - case.golden.loss).abs() < 1e-5 * case.golden.loss, "{name}");
    for tensor in &model.layout().tensors {
        let ours = trainer.gradient(&tensor.name).expect("a tensor of the layout");
        let theirs = case.tensor(&format!("grad.{}", tensor.name));
        assert_close(&format!("{name} grad.{}", tensor.name), ours, &theirs, 2e-5);
    }

    trainer.forget();
    for (step, (loss, norm)) in case.golden.losses.iter().zip(&case.golden.grad_norms).enumerate() {
        let pulled = trainer.pull(&rows, &MaskedNll).expect("sound rows");
        let report = trainer.step(case.golden.adamw.lr).expect("a finite gradient");
        assert!((pulled.loss - loss).abs() < 1e-4 * loss, "{name} step {step}: {} {loss}", pulled.loss);
        assert!((report.grad_norm - norm).abs() < 1e-3 * norm, "{name} step {step}");
        assert_eq!(report.clipped, *norm > case.golden.adamw.max_grad_norm);
    }
}

fn settings(case: &Case) -> AdamW {
    let a = &case.golden.adamw;
    AdamW {
        beta1: a.beta1,
        beta2: a.beta2,
        eps: a.eps,
        weight_decay: a.weight_decay,
        max_grad_norm: a.max_grad_norm,
        ..AdamW::default()
    }
}

#[test]
fn llama_with_grouped_queries_and_a_tied_head_matches_transformers() {
    check("llama-tied");
}

#[test]
fn llama_with_stretched_rope_and_its_own_head_matches_transformers() {
    check("llama-untied-rope3");
}

#[test]
fn mistral_with_wide_heads_matches_transformers() {
    check("mistral");
}

#[test]
fn qwen2_with_biases_matches_transformers() {
    check("qwen2");
}

#[test]
fn qwen3_with_head_norms_matches_transformers() {
    check("qwen3");
}

#[test]
fn a_saved_checkpoint_reads_back_bit_for_bit_and_keeps_its_configuration() {
    for name in ["llama-tied", "llama-untied-rope3", "mistral", "qwen2", "qwen3"] {
        let model = Case::open(name).model();
        let dir = tempfile::tempdir().expect("a temporary directory");
        model.save(dir.path(), Dtype::F32).expect("saves");
        let again = Model::open(dir.path()).expect("loads");
        assert_eq!(again.config(), model.config());
        assert_eq!(again.version(), model.version());
    }
}
