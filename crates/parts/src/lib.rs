//! Reusable policies, tasks, explorers, judges and learners.

pub mod check;
mod critic;
pub mod dataset;
pub mod evaluate;
pub mod judge;
pub mod learn;
mod model;
pub mod monitor;
pub mod policy;
pub mod problems;
pub mod rows;
pub mod task;
mod task_config;
pub mod web;
pub mod wording;

pub use critic::CriticConfig;
pub use model::{ModelConfig, Shape};
pub use task_config::{OpenTask, TaskConfig};
