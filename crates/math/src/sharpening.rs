//! Sharpening: moving a policy's mass onto the responses that it finds most likely itself.
//!
//! What is exact about it, on policies that are written out as probabilities: the law of best-of-N and of
//! the tempered policy ([`law`]), how well a policy covers its own best responses and what that costs
//! ([`coverage`]), when enough was sampled ([`Patience`]), where greedy decoding fails ([`TokenTree`]),
//! and exploration on a softmax whose inner problem is solved to its end ([`Pairs`], [`Explore`]).
//!
//! Source: Huang et al. 2024, arXiv 2412.01951; XPO: Xie et al. 2024, arXiv 2405.21046.

mod auc;
pub mod coverage;
mod explore;
pub mod law;
mod pairs;
mod patience;
mod softmax;
mod token_tree;

pub use auc::auc;
pub use explore::{Data, Explore, Explored, one_in_thousands};
pub use pairs::{Pair, Pairs, Residual, Search};
pub use patience::Patience;
pub use softmax::GroupedSoftmax;
pub use token_tree::TokenTree;
