//! The bundled base model: about a million weights that every recipe can begin with.
//!
//! Its files are built into the program, so that the first run needs nothing but the binary. They
//! are those of `models/nano`, which says how they were made and what the model can do.

use autodidact_core::{Error, Result};
use autodidact_lm::Lm;

/// The model's files, by name, in the Hugging Face layout.
pub const FILES: &[(&str, &[u8])] = &[
    ("config.json", include_bytes!("../../../models/nano/config.json")),
    ("generation_config.json", include_bytes!("../../../models/nano/generation_config.json")),
    ("model.safetensors", include_bytes!("../../../models/nano/model.safetensors")),
    ("special_tokens_map.json", include_bytes!("../../../models/nano/special_tokens_map.json")),
    ("tokenizer.json", include_bytes!("../../../models/nano/tokenizer.json")),
    ("tokenizer_config.json", include_bytes!("../../../models/nano/tokenizer_config.json")),
];

/// Opens the bundled model. Each call gives its own weights.
pub fn open() -> Result<Lm> {
    let files: Vec<(String, Vec<u8>)> =
        FILES.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect();
    Lm::of_files(&files).map_err(Error::part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_model_opens_and_each_opening_has_its_own_weights() {
        let (one, other) = (open().expect("opens"), open().expect("opens"));
        assert_eq!(one.model().version(), other.model().version());
        one.model().update(|weights| weights[0] += 1.0);
        assert_ne!(one.model().version(), other.model().version());
    }
}
