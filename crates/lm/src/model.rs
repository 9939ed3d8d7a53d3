//! A language model's weights behind a handle that learners and policies share.

use crate::checkpoint::{self, Dtype, WEIGHTS_FILE};
use crate::layout::Role;
use crate::{Config, Error, Layout, Result};
use autodidact_core::Seed;
use rand_distr::{Distribution, StandardNormal};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

/// A handle on one set of weights; clones share them.
///
/// Readers take [`Model::weights`]; every change goes through [`Model::update`], which bumps
/// [`Model::generation`]. Whoever keeps a packed copy compares generations to know it is stale.
#[derive(Clone)]
pub struct Model(Arc<Inner>);

struct Inner {
    config: Config,
    layout: Layout,
    weights: RwLock<Vec<f32>>,
    generation: AtomicU64,
    version: Mutex<Option<(u64, String)>>,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("config", self.config()).finish_non_exhaustive()
    }
}

impl Model {
    /// A model of these weights, laid out as [`Layout::of`] says.
    pub fn new(config: Config, weights: Vec<f32>) -> Result<Model> {
        config.check()?;
        let layout = Layout::of(&config);
        if weights.len() != layout.len {
            return Err(Error::invalid("number of weights", layout.len.to_string(), weights.len()));
        }
        Ok(Model(Arc::new(Inner {
            config,
            layout,
            weights: RwLock::new(weights),
            generation: AtomicU64::new(0),
            version: Mutex::new(None),
        })))
    }

    /// A model with fresh weights: norms one, biases zero, everything else normal with deviation
    /// 0.02, divided by `sqrt(2 layers)` where a projection writes to the residual stream.
    pub fn random(config: Config, seed: Seed) -> Result<Model> {
        config.check()?;
        let layout = Layout::of(&config);
        let mut weights = vec![0.0; layout.len];
        let depth = (2.0 * config.num_hidden_layers as f32).sqrt();
        for (i, tensor) in layout.tensors.iter().enumerate() {
            let out = &mut weights[tensor.range()];
            let deviation = match tensor.role {
                Role::Norm => {
                    out.fill(1.0);
                    continue;
                }
                Role::Bias => continue,
                Role::Embedding | Role::Matrix => 0.02,
                Role::Output => 0.02 / depth,
            };
            let mut rng = seed.at("tensor", i as u64).rng();
            for x in out {
                let normal: f32 = StandardNormal.sample(&mut rng);
                *x = normal * deviation;
            }
        }
        Model::new(config, weights)
    }

    /// Reads a checkpoint directory: `config.json` and the safetensors beside it.
    pub fn open(dir: &Path) -> Result<Model> {
        let config = Config::open(dir)?;
        let weights = checkpoint::read_dir(dir, &Layout::of(&config))?;
        Model::new(config, weights)
    }

    /// The shape.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Where each weight lies.
    pub fn layout(&self) -> &Layout {
        &self.0.layout
    }

    /// The weights, locked for reading; changes wait while the guard lives.
    pub fn weights(&self) -> RwLockReadGuard<'_, Vec<f32>> {
        self.0.weights.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the weights under their lock and bumps the generation.
    pub fn update<T>(&self, change: impl FnOnce(&mut [f32]) -> T) -> T {
        let mut weights = self.0.weights.write().unwrap_or_else(PoisonError::into_inner);
        let out = change(&mut weights);
        self.0.generation.fetch_add(1, Ordering::Release);
        out
    }

    /// How many times the weights changed since this handle's model was made. Read it under the
    /// guard of [`Model::weights`] to know which weights it belongs to.
    pub fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::Acquire)
    }

    /// A digest of the weights, in hexadecimal; equal weights have equal versions.
    pub fn version(&self) -> String {
        let weights = self.weights();
        let generation = self.generation();
        let mut cached = self.0.version.lock().unwrap_or_else(PoisonError::into_inner);
        match &*cached {
            Some((known, version)) if *known == generation => version.clone(),
            _ => {
                let version = digest(&weights);
                *cached = Some((generation, version.clone()));
                version
            }
        }
    }

    /// Whether both handles share the same weights.
    pub fn is(&self, other: &Model) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The checkpoint as named files: `config.json`, `generation_config.json` and
    /// `model.safetensors`, sorted by name.
    pub fn save_files(&self, dtype: Dtype) -> Vec<(String, Vec<u8>)> {
        let text = |value: serde_json::Value| {
            let mut text = serde_json::to_string_pretty(&value).expect("a JSON value prints");
            text.push('\n');
            text.into_bytes()
        };
        let weights = checkpoint::to_bytes(&self.weights(), &self.layout().tensors, dtype);
        vec![
            ("config.json".to_owned(), text(self.config().to_json(dtype.name()))),
            ("generation_config.json".to_owned(), text(self.config().generation_json())),
            (WEIGHTS_FILE.to_owned(), weights),
        ]
    }

    /// Writes [`Model::save_files`] into a directory, each file whole or not at all.
    pub fn save(&self, dir: &Path, dtype: Dtype) -> Result<()> {
        checkpoint::write_files(dir, &self.save_files(dtype))
    }

    /// Replaces the weights by those of a safetensors file's bytes.
    pub fn load_weights(&self, bytes: &[u8]) -> Result<()> {
        let fresh = checkpoint::read_bytes(Path::new(WEIGHTS_FILE), bytes, self.layout())?;
        self.update(|weights| weights.copy_from_slice(&fresh));
        Ok(())
    }
}

fn digest(weights: &[f32]) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = Vec::with_capacity(4 << 14);
    for chunk in weights.chunks(1 << 14) {
        buffer.clear();
        buffer.extend(chunk.iter().flat_map(|x| x.to_le_bytes()));
        hasher.update(&buffer);
    }
    hasher.finalize().to_hex().to_string()
}
