//! The words every part of autodidact speaks.
//!
//! One loop is at the heart of everything: a [`Policy`] proposes, a [`Judge`] scores, a learner
//! ([`Learn`]) updates, an explorer ([`Explore`]) decides what to ask next, and a [`Ledger`]
//! remembers every sample, score and step. A [`Recipe`] is a short program over these words. It is
//! given a [`Run`], which records each attempt and each learning step before it is used, and hands
//! back what is already recorded instead of computing it again: that is the whole of resuming.
//!
//! This crate does no input or output beyond the [`Ledger`] it is given, reads no environment and
//! owns no global; it knows nothing of tensors, tokenizers, files or terminals.

mod alarm;
mod ask;
mod budget;
pub mod chat;
mod config;
mod digest;
mod domain;
mod error;
mod explore;
mod frozen;
mod judge;
mod learn;
mod ledger;
mod memory;
mod metric;
mod policy;
mod recipe;
mod round;
mod run;
mod seed;
mod task;
mod verdict;
mod work;

pub use alarm::{Alarm, Alarms, Response};
pub use ask::{Ask, Group, Try};
pub use budget::{Caps, Spend};
pub use config::{Override, overlay, set};
pub use domain::{Answer, Domain, Item, Packed};
pub use error::{Error, Result};
pub use explore::Explore;
pub use frozen::Frozen;
pub use judge::{Judge, Judged};
pub use learn::{Learn, Lesson, Snapshot};
pub use ledger::{
    AttemptRow, BlobId, Key, LearnRow, Ledger, Note, Phase, Record, RunEnd, RunId, RunSpec, SampleRow,
};
pub use memory::MemoryLedger;
pub use metric::{METRICS, Metric, Metrics};
pub use policy::{Policy, Proposals, Version};
pub use recipe::{Card, DynRecipe, Recipe};
pub use round::Loop;
pub use run::{Event, Observer, Run, RunOptions, Silent, Stop};
pub use seed::{Rng, Seed};
pub use task::{Split, Task};
pub use verdict::{Outcome, Verdict};
pub use work::Work;
