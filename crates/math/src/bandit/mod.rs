//! Bandits on slices: how likely each arm should be drawn, from what is known of all of them.

pub mod inverse_gap;
pub mod tsallis;
