//! Reusable policies, tasks, explorers, judges and learners.

pub mod check;
pub mod problems;
pub mod task;
