//! Pure functions on slices: objectives, estimators, intervals, schedules.

pub mod balance;
pub mod calibration;
pub mod diversity;
pub mod estimate;
pub mod gmm;
pub mod interval;
pub mod multi_target;
pub mod nearest;
pub mod objective;
pub mod off_policy;
pub mod order;
pub mod schedule;
pub mod select;
pub mod sft;
pub mod summary;

pub use objective::{Objective, Pull, Row, Scored};
