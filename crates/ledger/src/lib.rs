//! The ledger in SQLite with content-addressed blobs, its queries and exports.

mod query;

pub use query::*;
