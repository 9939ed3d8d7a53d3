//! The language-model engine: architectures, tokenizers, sampling, scoring, training, checkpoints.
