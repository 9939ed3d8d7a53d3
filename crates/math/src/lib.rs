//! Pure functions on slices: objectives, estimators, intervals, schedules.

pub mod objective;

pub use objective::{Objective, Pull, Row, Scored};
