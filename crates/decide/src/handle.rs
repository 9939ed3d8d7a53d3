//! A state that a policy reads and a learner changes, shared by handle.

use autodidact_core::{BlobId, Error, Result, Snapshot, Version};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The file of a snapshot that holds the state.
const FILE: &str = "state.json";

/// One state with several owners. It is written as JSON, in which floats survive bit for bit.
#[derive(Debug)]
pub struct Handle<S>(Arc<Mutex<S>>);

impl<S> Clone for Handle<S> {
    fn clone(&self) -> Self {
        Handle(Arc::clone(&self.0))
    }
}

impl<S: Serialize + DeserializeOwned> Handle<S> {
    /// The first handle of `state`.
    pub fn new(state: S) -> Handle<S> {
        Handle(Arc::new(Mutex::new(state)))
    }

    /// The state, for as long as the guard lives.
    pub fn lock(&self) -> MutexGuard<'_, S> {
        // Learners change the state between proposals, in one piece; a panic leaves the run anyway.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state as the one file of a snapshot.
    pub fn save(&self) -> Result<Snapshot> {
        let bytes = serde_json::to_vec(&*self.lock());
        let bytes = bytes.map_err(|source| Error::Recorded { what: "state", source })?;
        Ok(Snapshot { files: vec![(FILE.to_owned(), bytes)] })
    }

    /// Puts back what [`Handle::save`] gave, for all owners.
    pub fn restore(&self, snapshot: &Snapshot) -> Result<()> {
        let bytes = snapshot.file(FILE).unwrap_or_default();
        let state = serde_json::from_slice(bytes);
        *self.lock() = state.map_err(|source| Error::Recorded { what: "state", source })?;
        Ok(())
    }

    /// A digest of the state.
    pub fn version(&self) -> Result<Version> {
        Ok(Version(BlobId::of(&self.save()?.files[0].1).0))
    }
}
