//! Pure functions on slices: objectives, estimators, intervals, schedules.

pub mod balance;
pub mod ball_quadratic;
pub mod bandit;
pub mod box_least_squares;
pub mod bradley_terry;
pub mod calibration;
pub mod chebyshev;
pub mod confidence;
pub mod diversity;
pub mod estimate;
pub mod gmm;
pub mod interval;
pub mod linear_gaussian;
pub mod mixture;
pub mod multi_target;
pub mod nearest;
pub mod nnls;
pub mod numpy;
pub mod objective;
pub mod off_policy;
pub mod order;
pub mod preference;
pub mod regret;
pub mod regret_fit;
pub mod relax;
pub mod rethinking;
pub mod rouge;
pub mod schedule;
pub mod select;
pub mod sft;
pub mod sharpening;
pub mod slate;
pub mod summary;
pub mod welch;

pub use objective::{Objective, Pull, Row, Scored};
