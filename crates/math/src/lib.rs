//! Pure functions on slices: objectives, estimators, intervals, schedules.

pub mod balance;
pub mod estimate;
pub mod multi_target;
pub mod objective;
pub mod order;
pub mod select;

pub use objective::{Objective, Pull, Row, Scored};
