//! Weights as safetensors bytes in the Hugging Face layout, read and written.
//!
//! Every tensor of the layout must be present with its shape, and nothing else may be there that
//! would change what the model computes. Headers are checked against the layout before anything of
//! the model's size is allocated, so that a damaged file costs an error and no more.

use crate::{Error, Layout, Result, Tensor};
use half::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype as FileType, SafeTensors};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// The number type of saved weights. Computation is always in f32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dtype {
    /// 32 bits: what is saved is exactly what was trained.
    #[default]
    F32,
    /// IEEE half precision.
    F16,
    /// The upper half of an f32.
    Bf16,
}

impl Dtype {
    /// The name in `config.json`.
    pub fn name(self) -> &'static str {
        match self {
            Dtype::F32 => "float32",
            Dtype::F16 => "float16",
            Dtype::Bf16 => "bfloat16",
        }
    }

    fn file_type(self) -> FileType {
        match self {
            Dtype::F32 => FileType::F32,
            Dtype::F16 => FileType::F16,
            Dtype::Bf16 => FileType::BF16,
        }
    }

    fn encode(self, values: &[f32]) -> Vec<u8> {
        match self {
            Dtype::F32 => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Dtype::F16 => values.iter().flat_map(|&x| f16::from_f32(x).to_le_bytes()).collect(),
            Dtype::Bf16 => values.iter().flat_map(|&x| bf16::from_f32(x).to_le_bytes()).collect(),
        }
    }
}

/// The name of the single-file checkpoint.
pub const WEIGHTS_FILE: &str = "model.safetensors";
const INDEX_FILE: &str = "model.safetensors.index.json";

/// Reads the weights of a directory: `model.safetensors`, or the shards that
/// `model.safetensors.index.json` names.
pub fn read_dir(dir: &Path, layout: &Layout) -> Result<Vec<f32>> {
    let single = dir.join(WEIGHTS_FILE);
    let index = dir.join(INDEX_FILE);
    if single.exists() || !index.exists() {
        return read_bytes(&single, &read(&single)?, layout);
    }
    let files = shard_names(&index)?;
    let mut fill = Fill::new(&layout.tensors, layout.len);
    for file in files {
        let path = dir.join(file);
        fill.take(&path, &read(&path)?)?;
    }
    fill.finish(&index)
}

/// Reads the weights from the bytes of one safetensors file; `path` is only named in errors.
pub fn read_bytes(path: &Path, bytes: &[u8], layout: &Layout) -> Result<Vec<f32>> {
    read_tensors(path, bytes, &layout.tensors, layout.len)
}

/// Reads exactly these tensors from the bytes of a safetensors file into a flat vector of `len`.
pub fn read_tensors(path: &Path, bytes: &[u8], tensors: &[Tensor], len: usize) -> Result<Vec<f32>> {
    let mut fill = Fill::new(tensors, len);
    fill.take(path, bytes)?;
    fill.finish(path)
}

/// The tensors of a flat vector as one safetensors file.
pub fn to_bytes(weights: &[f32], tensors: &[Tensor], dtype: Dtype) -> Vec<u8> {
    let data: Vec<Vec<u8>> = tensors.iter().map(|tensor| dtype.encode(&weights[tensor.range()])).collect();
    let views = tensors.iter().zip(&data).map(|(tensor, bytes)| {
        let view = TensorView::new(dtype.file_type(), tensor.shape.clone(), bytes)
            .expect("the bytes were encoded from the tensor's own numbers");
        (tensor.name.as_str(), view)
    });
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    safetensors::serialize(views, Some(metadata)).expect("views made here are well formed")
}

/// Writes files into a directory so that no reader ever sees half of one: each is written beside
/// its place, flushed to disk and renamed.
pub fn write_files(dir: &Path, files: &[(String, Vec<u8>)]) -> Result<()> {
    std::fs::create_dir_all(dir).map_err(|source| Error::io(dir, "creating", source))?;
    for (name, bytes) in files {
        let (temporary, path) = (dir.join(format!(".{name}.partial")), dir.join(name));
        let write = || -> std::io::Result<()> {
            let mut file = std::fs::File::create(&temporary)?;
            std::io::Write::write_all(&mut file, bytes)?;
            file.sync_all()?;
            std::fs::rename(&temporary, &path)
        };
        write().map_err(|source| Error::io(&path, "writing", source))?;
    }
    // The new names are in the directory, which only Unix lets one open.
    if cfg!(unix) {
        let flushed = std::fs::File::open(dir).and_then(|dir| dir.sync_all());
        flushed.map_err(|source| Error::io(dir, "flushing", source))?;
    }
    Ok(())
}

/// Decodes one tensor of an f32, f16 or bf16 file.
pub fn decode(path: &Path, name: &str, view: &TensorView<'_>, out: &mut [f32]) -> Result<()> {
    let bytes = view.data();
    match view.dtype() {
        FileType::F32 => {
            for (x, b) in out.iter_mut().zip(bytes.chunks_exact(4)) {
                *x = f32::from_le_bytes(b.try_into().expect("chunks have four bytes"));
            }
        }
        FileType::F16 => {
            for (x, b) in out.iter_mut().zip(bytes.chunks_exact(2)) {
                *x = f16::from_le_bytes(b.try_into().expect("chunks have two bytes")).to_f32();
            }
        }
        FileType::BF16 => {
            for (x, b) in out.iter_mut().zip(bytes.chunks_exact(2)) {
                *x = bf16::from_le_bytes(b.try_into().expect("chunks have two bytes")).to_f32();
            }
        }
        other => {
            let rule = format!("tensor {name} must be F32, F16 or BF16");
            return Err(Error::data(path, rule, format!("it is {other:?}")));
        }
    }
    match out.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(place) => {
            let rule = format!("tensor {name} must be finite");
            Err(Error::data(path, rule, format!("number {place} is {}", out[place])))
        }
    }
}

/// Parses a safetensors file; the error names the file.
pub fn parse<'a>(path: &Path, bytes: &'a [u8]) -> Result<SafeTensors<'a>> {
    SafeTensors::deserialize(bytes)
        .map_err(|error| Error::data(path, "a whole safetensors file is expected", error))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|source| Error::io(path, "reading", source))
}

/// The distinct shard files of an index, sorted; each must be a plain name in the same directory.
fn shard_names(index: &Path) -> Result<Vec<String>> {
    let bytes = read(index)?;
    let json: serde_json::Value = serde_json::from_slice(&bytes)
        .map_err(|error| Error::data(index, "a JSON object with a weight_map is expected", error))?;
    let map = json.get("weight_map").and_then(serde_json::Value::as_object).ok_or_else(|| {
        Error::data(index, "a JSON object with a weight_map is expected", "it has no weight_map")
    })?;
    let mut files = BTreeMap::new();
    for (name, file) in map {
        match file.as_str() {
            Some(file) if Path::new(file).file_name().is_some_and(|plain| plain == file) => {
                files.insert(file.to_owned(), ());
            }
            _ => {
                let rule = format!("weight_map must give {name} a file in the same directory");
                return Err(Error::data(index, rule, format!("it gives {file}")));
            }
        }
    }
    Ok(files.into_keys().collect())
}

/// The flat vector while it is being filled; allocated once the first file is found sound.
struct Fill<'a> {
    tensors: &'a [Tensor],
    len: usize,
    by_name: HashMap<&'a str, usize>,
    weights: Vec<f32>,
    filled: Vec<bool>,
}

impl<'a> Fill<'a> {
    fn new(tensors: &'a [Tensor], len: usize) -> Fill<'a> {
        let by_name = tensors.iter().enumerate().map(|(i, t)| (t.name.as_str(), i)).collect();
        Fill { tensors, len, by_name, weights: Vec::new(), filled: vec![false; tensors.len()] }
    }

    fn take(&mut self, path: &Path, bytes: &[u8]) -> Result<()> {
        let file = parse(path, bytes)?;
        let mut views = file.tensors();
        views.sort_by(|a, b| a.0.cmp(&b.0));
        let mut known = Vec::new();
        for (name, view) in &views {
            let Some(&at) = self.by_name.get(name.as_str()) else {
                if is_derived(name) {
                    continue;
                }
                let rule = "only tensors of the architecture in config.json are expected";
                return Err(Error::data(path, rule, format!("it holds {name}")));
            };
            let tensor = &self.tensors[at];
            if view.shape() != tensor.shape {
                let rule = format!("tensor {name} must have shape {:?}", tensor.shape);
                return Err(Error::data(path, rule, format!("it has {:?}", view.shape())));
            }
            known.push((at, view));
        }
        if self.weights.is_empty() {
            self.weights = zeros(path, self.len)?;
        }
        for (at, view) in known {
            let tensor = &self.tensors[at];
            decode(path, &tensor.name, view, &mut self.weights[tensor.range()])?;
            self.filled[at] = true;
        }
        Ok(())
    }

    fn finish(self, path: &Path) -> Result<Vec<f32>> {
        match self.filled.iter().position(|filled| !filled) {
            None => Ok(self.weights),
            Some(at) => {
                let tensor = &self.tensors[at];
                let rule = format!("tensor {} of shape {:?} is expected", tensor.name, tensor.shape);
                Err(Error::data(path, rule, "it is missing"))
            }
        }
    }
}

/// A zeroed vector, or an error when the machine has no room for it.
fn zeros(path: &Path, len: usize) -> Result<Vec<f32>> {
    let mut out = Vec::new();
    if out.try_reserve_exact(len).is_err() {
        let rule = "a model that fits into memory is expected";
        return Err(Error::data(path, rule, format!("it has {len} weights")));
    }
    out.resize(len, 0.0);
    Ok(out)
}

/// Whether a tensor repeats what the engine derives by itself: rotary tables, a tied head.
fn is_derived(name: &str) -> bool {
    name.ends_with("rotary_emb.inv_freq") || name == "lm_head.weight"
}
