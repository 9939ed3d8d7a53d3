//! The ledger in SQLite with content-addressed blobs, its queries and exports.
//!
//! A [`Store`] is a directory with one SQLite file (`ledger.sqlite`) and a folder of blobs. It keeps
//! what [`autodidact_core::Ledger`] promises: records are written all or none and are durable once
//! accepted; they read back bit for bit. Beside that it answers what people ask about runs: which
//! there are, how each went, what each answer was, how methods compare at equal budget.
//!
//! `SCHEMA.md` documents every table and column; any SQLite tool may read the file.

mod append;
mod blobs;
mod checksum;
mod claim;
mod decisions;
mod export;
mod fault;
mod landing;
mod number;
mod query;
mod recall;
mod schema;
mod store;

pub use claim::Claim;
pub use decisions::{Checkpoint, Choosing, Decision, Feedback, ProcessLine, ProcessSpec, Turn};
pub use export::{Export, Format, Pairs, Shape, Tokens, Written};
pub use landing::{folder_of, landing};
pub use query::*;
pub use store::Store;
