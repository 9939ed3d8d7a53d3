//! What training promises whatever the model: the same result for any number of threads and any
//! split of a batch, bit-exact optimiser state, errors before weights change.

use autodidact_core::Seed;
use autodidact_lm::{
    AdamW, Adapter, Alter, Architecture, Config, Dropout, Error, LoraConfig, Model, RopeScaling, Scorer,
    Steer, Trainer,
};
use autodidact_math::{Objective, Pull, Row, Scored, sft::MaskedNll};
use proptest::prelude::*;

fn config() -> Config {
    Config {
        architecture: Architecture::Llama,
        vocab_size: 40,
        hidden_size: 32,
        intermediate_size: 48,
        num_hidden_layers: 2,
        num_attention_heads: 4,
        num_key_value_heads: 2,
        head_dim: 8,
        rms_norm_eps: 1e-5,
        rope_theta: 10_000.0,
        rope_scaling: RopeScaling::None,
        max_position_embeddings: 256,
        tie_word_embeddings: true,
        attention_bias: false,
        bos_token_id: None,
        eos_token_ids: vec![0],
        pad_token_id: None,
    }
}

fn model() -> Model {
    Model::random(config(), Seed::root(1)).expect("a sound shape")
}

/// `n` rows of uneven length, the first third of each masked.
fn rows(n: usize) -> Vec<Row> {
    let row = |i: usize| {
        let len = 4 + i * 13 % 70;
        let weight = (0..len - 1).map(|t| if t < len / 3 { 0.0 } else { 1.0 / n as f32 }).collect();
        Row { tokens: (0..len).map(|t| ((i * 31 + t * t * 7) % 40) as u32).collect(), weight }
    };
    (0..n).map(row).collect()
}

fn train(threads: usize) -> (Vec<f32>, Vec<f64>) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
    pool.install(|| {
        let model = model();
        let mut trainer = Trainer::new(&model, AdamW::default()).expect("sound settings");
        let rows = rows(60);
        let mut numbers = Vec::new();
        for _ in 0..3 {
            numbers.push(trainer.pull(&rows, &MaskedNll).expect("sound rows").loss);
            numbers.push(trainer.step(1e-2).expect("finite").grad_norm);
        }
        let weights = model.weights().clone();
        (weights, numbers)
    })
}

#[test]
fn one_two_and_four_threads_give_the_same_weights_bit_for_bit() {
    let alone = train(1);
    assert_eq!(train(2), alone);
    assert_eq!(train(4), alone);
}

fn gradient(batches: &[Vec<Row>]) -> Vec<f32> {
    let model = model();
    let mut trainer = Trainer::new(&model, AdamW::default()).expect("sound settings");
    for batch in batches {
        trainer.pull(batch, &MaskedNll).expect("sound rows");
    }
    let tensors = &model.layout().tensors;
    tensors.iter().flat_map(|t| trainer.gradient(&t.name).expect("known").to_vec()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn any_split_of_a_batch_gives_the_same_gradient(cuts in prop::collection::btree_set(1usize..30, 0..6)) {
        let all = rows(30);
        let whole = gradient(std::slice::from_ref(&all));
        let edges: Vec<usize> = [0].into_iter().chain(cuts).chain([30]).collect();
        let split: Vec<Vec<Row>> = edges.windows(2).map(|w| all[w[0]..w[1]].to_vec()).collect();
        let parts = gradient(&split);
        let size = whole.iter().map(|x| x * x).sum::<f32>().sqrt();
        let gap = whole.iter().zip(&parts).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
        prop_assert!(gap < 1e-5 * size, "gap {gap} of {size}");
    }
}

/// The same loss, said to need the whole batch.
struct Whole;

impl Objective for Whole {
    fn separable(&self) -> bool {
        false
    }

    fn pull(&self, at: &[usize], rows: &[&Row], scored: &[Scored]) -> (f64, Vec<Pull>) {
        assert_eq!(at, (0..rows.len()).collect::<Vec<_>>());
        MaskedNll.pull(at, rows, scored)
    }
}

#[test]
fn an_objective_on_the_whole_batch_pulls_as_it_would_row_by_row() {
    let model = model();
    let mut trainer = Trainer::new(&model, AdamW::default()).expect("sound settings");
    let rows = rows(20);
    let apart = trainer.pull(&rows, &MaskedNll).expect("sound rows");
    let name = "model.layers.0.mlp.up_proj.weight";
    let expect = trainer.gradient(name).expect("known").to_vec();
    trainer.forget();
    let whole = trainer.pull(&rows, &Whole).expect("sound rows");
    assert_eq!(whole.scored, apart.scored);
    assert!((whole.loss - apart.loss).abs() < 1e-9);
    assert_eq!(trainer.gradient(name).expect("known"), expect);
}

#[test]
fn a_restored_optimizer_goes_on_bit_for_bit() {
    let rows = rows(10);
    let step = |trainer: &mut Trainer| {
        trainer.pull(&rows, &MaskedNll).expect("sound rows");
        trainer.step(1e-2).expect("finite");
    };
    let first = model();
    let mut trainer = Trainer::new(&first, AdamW::default()).expect("sound settings");
    step(&mut trainer);
    step(&mut trainer);
    let saved = (first.weights().clone(), trainer.save_optimizer());
    step(&mut trainer);

    let second = Model::new(config(), saved.0).expect("the same shape");
    let mut resumed = Trainer::new(&second, AdamW::default()).expect("sound settings");
    resumed.restore_optimizer(&saved.1).expect("what was saved");
    step(&mut resumed);
    assert_eq!(second.version(), first.version());
    assert_eq!(resumed.save_optimizer(), trainer.save_optimizer());
}

#[test]
fn damaged_optimizer_state_is_an_error_and_changes_nothing() {
    let model = model();
    let mut trainer = Trainer::new(&model, AdamW::default()).expect("sound settings");
    let saved = trainer.save_optimizer();
    for end in [0, 7, 100, saved.len() / 2, saved.len() - 1] {
        assert!(trainer.restore_optimizer(&saved[..end]).is_err());
    }
    assert_eq!(trainer.save_optimizer(), saved);
}

/// Pulls with a number that is not one.
struct Broken;

impl Objective for Broken {
    fn separable(&self) -> bool {
        true
    }

    fn pull(&self, _: &[usize], rows: &[&Row], _: &[Scored]) -> (f64, Vec<Pull>) {
        let pull = |row: &&Row| Pull { logprob: vec![f32::NAN; row.weight.len()], entropy: Vec::new() };
        (0.0, rows.iter().map(pull).collect())
    }
}

#[test]
fn a_pull_that_is_not_finite_is_an_error_and_leaves_no_trace() {
    let model = model();
    let before = model.version();
    let mut trainer = Trainer::new(&model, AdamW::default()).expect("sound settings");
    trainer.pull(&rows(5), &MaskedNll).expect("sound rows");
    assert!(matches!(trainer.pull(&rows(5), &Broken), Err(Error::NotFinite { .. })));
    assert!(trainer.step(1e-2).is_err(), "nothing has accumulated");
    assert_eq!(model.version(), before);
}

#[test]
fn diverged_weights_are_reported_before_they_spread() {
    let model = model();
    model.update(|weights| weights[3] = f32::INFINITY);
    let mut trainer = Trainer::new(&model, AdamW::default()).expect("sound settings");
    let rows = vec![Row { tokens: vec![0, 1, 2], weight: vec![1.0, 1.0] }];
    let outcome = trainer.pull(&rows, &MaskedNll).and_then(|_| trainer.step(1e-2));
    assert!(matches!(outcome, Err(Error::NotFinite { .. })), "{outcome:?}");
}

#[test]
fn rows_that_the_model_cannot_read_are_errors_that_name_the_place() {
    let mut trainer = Trainer::new(&model(), AdamW::default()).expect("sound settings");
    let sound = || Row { tokens: vec![1, 2, 3], weight: vec![1.0, 1.0] };
    let mut message = |row: Row| trainer.pull(&[sound(), row], &MaskedNll).expect_err("unsound").to_string();
    assert!(message(Row { tokens: vec![1, 40, 3], ..sound() }).contains("rows[1].tokens[1] must be below"));
    assert!(message(Row { weight: vec![1.0], ..sound() }).contains("rows[1].weight must be"));
    assert!(message(Row { weight: vec![1.0, f32::NAN], ..sound() }).contains("rows[1].weight[1]"));
    assert!(message(Row { tokens: vec![1; 300], weight: vec![1.0; 299] }).contains("max_position"));
}

#[test]
fn a_step_without_a_target_is_an_error() {
    let mut trainer = Trainer::new(&model(), AdamW::default()).expect("sound settings");
    let masked = Row { tokens: vec![1, 2, 3], weight: vec![0.0, 0.0] };
    let pulled = trainer.pull(&[masked], &MaskedNll).expect("a masked row is no error");
    assert_eq!((pulled.targets, pulled.tokens), (0, 3));
    assert!(trainer.step(1e-2).is_err());
}

#[test]
fn a_fresh_adapter_changes_nothing_and_a_restored_one_goes_on_bit_for_bit() {
    let rows = rows(10);
    let step = |trainer: &mut Trainer| {
        trainer.pull(&rows, &MaskedNll).expect("sound rows");
        trainer.step(1e-2).expect("finite");
    };
    let start = || {
        let model = model();
        let adapter = Adapter::new(&model, LoraConfig::default(), Seed::root(9)).expect("sound settings");
        let trainer = Trainer::adapted(&model, adapter, AdamW::default()).expect("sound settings");
        (model, trainer)
    };
    let (first, mut trainer) = start();
    assert_eq!(first.version(), model().version());
    step(&mut trainer);
    let adapter = trainer.adapter().expect("it trains one").save_files(None, autodidact_lm::Dtype::F32);
    let optimizer = trainer.save_optimizer();
    step(&mut trainer);

    let (second, mut resumed) = start();
    resumed.restore_adapter(&adapter[1].1).expect("what was saved");
    resumed.restore_optimizer(&optimizer).expect("what was saved");
    step(&mut resumed);
    assert_eq!(second.version(), first.version());
    assert_ne!(first.version(), model().version());
    let untouched = first.layout().tensor("model.embed_tokens.weight").expect("known").range();
    assert_eq!(first.weights()[untouched.clone()], model().weights()[untouched]);
}

#[test]
fn dropped_units_depend_on_the_seed_and_the_row_not_on_its_company() {
    let (model, rows) = (model(), rows(6));
    let score = |rows: &[Row], seed: u64, share: f64| {
        let alter = Alter { dropout: Some(Dropout { share, seed: Seed::root(seed) }), ..Alter::default() };
        let scored = Scorer::new(&model).altered(alter).expect("a sound share").score(rows);
        scored.expect("sound rows").into_iter().map(|scored| scored.logprob).collect::<Vec<_>>()
    };
    let plain = Scorer::new(&model).score(&rows).expect("sound rows");
    assert_eq!(score(&rows, 1, 0.0)[3], plain[3].logprob);
    assert_eq!(score(&rows, 1, 0.3), score(&rows, 1, 0.3));
    assert_ne!(score(&rows, 1, 0.3), score(&rows, 2, 0.3));
    let (alone, together) = (score(&rows[..1], 1, 0.3), score(&rows, 1, 0.3));
    for (a, b) in alone[0].iter().zip(&together[0]) {
        assert!((a - b).abs() < 1e-5);
    }
}

#[test]
fn alterations_that_the_model_does_not_have_are_errors() {
    let refuse = |alter: Alter| Scorer::new(&model()).altered(alter).err().expect("refused").to_string();
    let steer =
        |layer, width| Alter { steer: vec![Steer { layer, vector: vec![0.0; width] }], dropout: None };
    assert!(refuse(steer(3, 32)).contains("steer.layer must be at most"));
    assert!(refuse(steer(1, 31)).contains("steer.vector must be as long as"));
    let dropout = Some(Dropout { share: 1.0, seed: Seed::root(0) });
    assert!(refuse(Alter { dropout, steer: vec![] }).contains("dropout.share must be in [0, 1)"));
    assert!(Scorer::new(&model()).hidden(&[&[1, 2]], 3).is_err());
}

#[test]
fn a_vocabulary_too_large_for_one_block_of_logits_gives_the_same_gradient() {
    // 300,000 tokens: three rows of logits at a time.
    let config = Config { vocab_size: 300_000, hidden_size: 8, num_hidden_layers: 1, ..config() };
    let model = Model::random(config, Seed::root(2)).expect("a sound shape");
    let tokens: Vec<u32> = (0..11).map(|t| t * 27_000).collect();
    let row = |counted: std::ops::Range<usize>| {
        let weight = (0..10).map(|t| if counted.contains(&t) { 0.1 } else { 0.0 }).collect();
        Row { tokens: tokens.clone(), weight }
    };
    let gradient = |rows: &[Row]| {
        let mut trainer = Trainer::new(&model, AdamW::default()).expect("sound settings");
        let losses = rows
            .iter()
            .map(|row| trainer.pull(std::slice::from_ref(row), &MaskedNll).expect("a sound row").loss);
        let loss: f64 = losses.sum();
        let names = ["model.embed_tokens.weight", "model.layers.0.mlp.down_proj.weight"];
        (loss, names.map(|name| trainer.gradient(name).expect("known").to_vec()))
    };
    let (whole_loss, whole) = gradient(&[row(0..10)]);
    let (parts_loss, parts) = gradient(&[row(0..2), row(2..4), row(4..6), row(6..8), row(8..10)]);
    assert!((whole_loss - parts_loss).abs() < 1e-6 * whole_loss);
    for (a, b) in whole.iter().zip(&parts) {
        let size = a.iter().map(|x| x * x).sum::<f32>().sqrt();
        let gap = a.iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum::<f32>().sqrt();
        assert!(gap < 1e-5 * size, "gap {gap} of {size}");
    }
}
