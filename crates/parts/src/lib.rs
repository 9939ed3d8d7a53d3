//! Reusable policies, tasks, explorers, judges and learners.

pub mod check;
pub mod task;
