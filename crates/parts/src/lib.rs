//! Reusable policies, tasks, explorers, judges and learners.
