//! The training half against transformers and PyTorch on tiny checkpoints of each architecture;
//! `golden/lm/make.py` made the numbers.

use autodidact_lm::{AdamW, Adapter, Alter, Dtype, Model, Scorer, Steer, Trainer};
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
    let model = case.model();
    let trainer = Trainer::new(&model, settings(&case)).expect("sound settings");
    let names = model.layout().tensors.iter().map(|tensor| tensor.name.clone()).collect();
    check_training(name, &case, trainer, names);
    check_probes(name, &case, &case.model());
}

/// Logits, log-probabilities, entropies, gradients and ten steps.
fn check_training(name: &str, case: &Case, mut trainer: Trainer, trained: Vec<String>) {
    let rows = case.rows();
    let mut scorer = Scorer::new(trainer.model());
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

    let objective = WithEntropy(case.golden.entropy_share);
    let pulled = trainer.pull(&rows, &objective).expect("sound rows");
    assert!((pulled.loss - case.golden.loss).abs() < 1e-5 * case.golden.loss, "{name}");
    for tensor in trained {
        let ours = trainer.gradient(&tensor).expect("a tensor of the layout");
        let theirs = case.tensor(&format!("grad.{tensor}"));
        assert_close(&format!("{name} grad.{tensor}"), ours, &theirs, 2e-5);
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

/// The residual stream, and what a vector added to it changes.
fn check_probes(name: &str, case: &Case, model: &Model) {
    let tokens: &[u32] = &case.golden.rows[0].tokens;
    let other: &[u32] = &case.golden.rows[2].tokens;
    let hidden = Scorer::new(model).hidden(&[other, tokens], 1).expect("sound sequences");
    assert_close(&format!("{name} hidden"), &hidden[1], &case.tensor("hidden.1"), 1e-5);
    let steer = vec![Steer { layer: 1, vector: case.tensor("vector") }];
    let alter = Alter { steer, ..Alter::default() };
    let logits = Scorer::new(model).altered(alter).expect("a sound vector").logits(tokens).expect("sound");
    assert_close(&format!("{name} steered"), &logits, &case.tensor("steered"), 1e-5);
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
fn an_adapter_saved_by_peft_matches_it_and_saves_again_unchanged() {
    let case = Case::open("lora");
    let model = Case::open("llama-tied").model();
    let adapter = Adapter::open(&model, &case.dir).expect("what peft saves loads here");
    let saved = adapter.save_files(None, Dtype::F32);
    let dir = tempfile::tempdir().expect("a temporary directory");
    for (name, bytes) in &saved {
        std::fs::write(dir.path().join(name), bytes).expect("writes");
    }
    let again = Adapter::open(&model, dir.path()).expect("what is saved here loads here");
    assert_eq!((again.config(), again.weights()), (adapter.config(), adapter.weights()));

    let names = adapter.tensors().iter().map(|tensor| tensor.name.clone()).collect();
    let trainer = Trainer::adapted(&model, adapter, settings(&case)).expect("sound settings");
    check_training("lora", &case, trainer, names);
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
