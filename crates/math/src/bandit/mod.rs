//! Bandits on slices: how likely each arm should be drawn, from what is known of all of them.

pub mod exp2;
pub mod inverse_gap;
pub mod one_sided;
pub mod tsallis;
