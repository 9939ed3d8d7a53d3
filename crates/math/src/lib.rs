//! Pure functions on slices: objectives, estimators, intervals, schedules.

pub mod balance;
pub mod bradley_terry;
pub mod calibration;
pub mod diversity;
pub mod estimate;
pub mod interval;
pub mod linear_gaussian;
pub mod multi_target;
pub mod objective;
pub mod order;
pub mod schedule;
pub mod select;
pub mod sft;
pub mod slate;
pub mod summary;

pub use objective::{Objective, Pull, Row, Scored};
