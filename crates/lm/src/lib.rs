//! The language-model engine: architectures, tokenizers, sampling, scoring, training, checkpoints.
//!
//! Everything is computed in f32 on the CPU with explicit forward and backward passes. A
//! [`Model`] is a handle on weights in one flat vector; its [`Layout`] says where each lies.

mod checkpoint;
mod config;
mod error;
mod kernels;
mod layout;
mod lora;
mod model;
mod optim;
mod peak;
mod policy;
mod sample;
mod template;
mod tokenizer;
mod train;

pub use checkpoint::Dtype;
pub use config::{Architecture, Config, RopeScaling};
pub use error::{Error, Result};
pub use layout::{LayerLayout, Layout, Role, Tensor};
pub use lora::{Adapter, LoraConfig};
pub use model::Model;
pub use optim::{AdamW, Decay, StepReport};
pub use peak::sgemm_peak;
pub use policy::{Conversation, Lm};
pub use sample::check as check_sampling;
pub use sample::{Draft, Job, Pick, Picker, Progress, Sampler};
pub use template::{Date, Template, Then};
pub use tokenizer::{ByteSpecial, Tokenizer};
pub use train::{Alter, Dropout, Pulled, Scorer, Steer, Trainer};
