//! Reusable policies, tasks, explorers, judges and learners.

pub mod ask;
pub mod check;
mod critic;
pub mod dataset;
pub mod evaluate;
pub mod filter;
pub mod judge;
pub mod learn;
mod model;
pub mod monitor;
pub mod policy;
pub mod problems;
pub mod rows;
pub mod segments;
pub mod synth;
pub mod task;
mod task_config;
pub mod web;
pub mod wording;

pub use critic::CriticConfig;
pub use model::{ModelConfig, Shape};
pub use task_config::{OpenTask, TaskConfig};
