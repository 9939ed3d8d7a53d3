//! Pure functions on slices: objectives, estimators, intervals, schedules.

pub mod balance;
pub mod bandit;
pub mod box_least_squares;
pub mod calibration;
pub mod chebyshev;
pub mod diversity;
pub mod estimate;
pub mod interval;
pub mod mixture;
pub mod multi_target;
pub mod objective;
pub mod order;
pub mod relax;
pub mod schedule;
pub mod select;
pub mod sft;
pub mod summary;

pub use objective::{Objective, Pull, Row, Scored};
