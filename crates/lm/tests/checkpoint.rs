//! What checkpoints promise: every type and layout of file reads, and a damaged one is an error
//! that names the file and the tensor.

use autodidact_core::Seed;
use autodidact_lm::{Architecture, Config, Dtype, Model, RopeScaling};
use proptest::prelude::*;
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use std::path::Path;

fn config(tied: bool) -> Config {
    Config {
        architecture: Architecture::Qwen2,
        vocab_size: 12,
        hidden_size: 8,
        intermediate_size: 10,
        num_hidden_layers: 2,
        num_attention_heads: 2,
        num_key_value_heads: 1,
        head_dim: 4,
        rms_norm_eps: 1e-6,
        rope_theta: 10_000.0,
        rope_scaling: RopeScaling::None,
        max_position_embeddings: 64,
        tie_word_embeddings: tied,
        attention_bias: true,
        bos_token_id: Some(1),
        eos_token_ids: vec![2, 3],
        pad_token_id: None,
    }
}

fn model(tied: bool) -> Model {
    Model::random(config(tied), Seed::root(3)).expect("a sound shape")
}

fn weights_file(model: &Model, dtype: Dtype) -> Vec<u8> {
    let files = model.save_files(dtype);
    files.into_iter().find(|(name, _)| name == "model.safetensors").expect("it is saved").1
}

#[test]
fn sixteen_bit_weights_read_back_rounded_and_save_again_unchanged() {
    for (dtype, precision) in [(Dtype::F16, 1e-3), (Dtype::Bf16, 8e-3)] {
        let first = model(true);
        let bytes = weights_file(&first, dtype);
        let second = model(true);
        second.update(|weights| weights.fill(0.0));
        second.load_weights(&bytes).expect("what was saved loads");
        for (a, b) in first.weights().iter().zip(second.weights().iter()) {
            assert!((a - b).abs() <= precision * a.abs() + 1e-7, "{a} {b}");
        }
        assert_eq!(weights_file(&second, dtype), bytes);
    }
}

#[test]
fn the_version_follows_the_weights_and_nothing_else() {
    let (a, b) = (model(true), model(true));
    assert_eq!(a.version(), b.version());
    b.update(|weights| weights[0] += 1.0);
    assert_ne!(a.version(), b.version());
    b.update(|weights| weights[0] = a.weights()[0]);
    assert_eq!(a.version(), b.version());
    assert_eq!(b.generation(), 2);
}

/// Writes a checkpoint whose tensors are spread over two shards.
fn save_sharded(model: &Model, dir: &Path) {
    let bytes = weights_file(model, Dtype::F32);
    let file = SafeTensors::deserialize(&bytes).expect("just written");
    let mut map = serde_json::Map::new();
    let mut shards: [Vec<(String, TensorView<'_>)>; 2] = [Vec::new(), Vec::new()];
    for (i, (name, view)) in file.tensors().into_iter().enumerate() {
        map.insert(name.clone(), format!("model-{}.safetensors", i % 2).into());
        shards[i % 2].push((name, view));
    }
    for (i, shard) in shards.into_iter().enumerate() {
        let bytes = safetensors::serialize(shard, None).expect("sound views");
        std::fs::write(dir.join(format!("model-{i}.safetensors")), bytes).expect("writes");
    }
    let index = serde_json::json!({ "weight_map": map }).to_string();
    std::fs::write(dir.join("model.safetensors.index.json"), index).expect("writes");
    let config = model.config().to_json("float32").to_string();
    std::fs::write(dir.join("config.json"), config).expect("writes");
}

#[test]
fn shards_read_as_the_single_file_does() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let model = model(false);
    save_sharded(&model, dir.path());
    assert_eq!(Model::open(dir.path()).expect("loads").version(), model.version());

    std::fs::remove_file(dir.path().join("model-1.safetensors")).expect("removes");
    let message = Model::open(dir.path()).expect_err("a shard is gone").to_string();
    assert!(message.contains("model-1.safetensors"), "{message}");
}

#[test]
fn an_index_that_points_outside_its_directory_is_refused() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    save_sharded(&model(true), dir.path());
    let index = r#"{"weight_map": {"model.norm.weight": "../elsewhere.safetensors"}}"#;
    std::fs::write(dir.path().join("model.safetensors.index.json"), index).expect("writes");
    let message = Model::open(dir.path()).expect_err("it leaves the directory").to_string();
    assert!(message.contains("model.norm.weight"), "{message}");
}

/// Loads the weights file after its tensors went through `change`; returns the error's message.
fn refused(change: impl Fn(&mut Vec<(String, Vec<usize>, Vec<u8>)>)) -> String {
    let model = model(false);
    let bytes = weights_file(&model, Dtype::F32);
    let file = SafeTensors::deserialize(&bytes).expect("just written");
    let mut tensors: Vec<_> =
        file.tensors().into_iter().map(|(name, v)| (name, v.shape().to_vec(), v.data().to_vec())).collect();
    change(&mut tensors);
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(safetensors::Dtype::F32, shape.clone(), bytes).expect("sizes agree");
        (name.as_str(), view)
    });
    let bytes = safetensors::serialize(views, None).expect("sound views");
    model.load_weights(&bytes).expect_err("it was changed").to_string()
}

#[test]
fn a_missing_misshapen_or_unknown_tensor_is_an_error_that_names_file_and_tensor() {
    let norm = "model.norm.weight";
    let message = refused(|tensors| tensors.retain(|(name, ..)| name != norm));
    assert!(message.contains("model.safetensors") && message.contains(norm), "{message}");

    let message = refused(|tensors| {
        let tensor = tensors.iter_mut().find(|(name, ..)| name == norm).expect("it is there");
        tensor.1 = vec![2, 4];
    });
    assert!(message.contains("model.norm.weight must have shape [8], but it has [2, 4]"), "{message}");

    let message = refused(|tensors| tensors.push(("model.extra.weight".into(), vec![1], vec![0; 4])));
    assert!(message.contains("it holds model.extra.weight"), "{message}");

    let message = refused(|tensors| {
        let tensor = tensors.iter_mut().find(|(name, ..)| name == norm).expect("it is there");
        tensor.2[..4].copy_from_slice(&f32::NAN.to_le_bytes());
    });
    assert!(message.contains("model.norm.weight must be finite"), "{message}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_truncated_file_is_an_error(share in 0.0..1.0_f64) {
        let model = model(true);
        let bytes = weights_file(&model, Dtype::Bf16);
        let end = (share * bytes.len() as f64) as usize;
        prop_assert!(model.load_weights(&bytes[..end]).is_err());
        prop_assert_eq!(model.generation(), 0);
    }

    #[test]
    fn a_flipped_bit_never_makes_the_reader_panic(at in 0..4000_usize, bit in 0..8_u32) {
        let model = model(true);
        let mut bytes = weights_file(&model, Dtype::Bf16);
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let _ = model.load_weights(&bytes);
    }

    #[test]
    fn arbitrary_bytes_are_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(model(true).load_weights(&bytes).is_err());
    }
}
