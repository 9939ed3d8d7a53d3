//! How teachers and students write down their state.

use autodidact_core::{Error, Result, Snapshot};
use serde::{Serialize, de::DeserializeOwned};

/// A state as one JSON file; floats come back with the same bits.
pub(super) fn file(name: &str, state: &impl Serialize) -> Result<(String, Vec<u8>)> {
    let bytes = serde_json::to_vec(state).map_err(Error::part)?;
    Ok((name.to_owned(), bytes))
}

/// What [`file`] wrote under that name.
pub(super) fn read<T: DeserializeOwned>(snapshot: &Snapshot, name: &str) -> Result<T> {
    let bytes =
        snapshot.file(name).ok_or_else(|| Error::invalid(name, "a file of the snapshot", "missing"))?;
    serde_json::from_slice(bytes).map_err(|source| Error::Recorded { what: "state of a course", source })
}

/// The files as a snapshot, sorted by name.
pub(super) fn snapshot(mut files: Vec<(String, Vec<u8>)>) -> Snapshot {
    files.sort();
    Snapshot { files }
}

/// Rows of numbers, little-endian.
pub(super) fn bytes_of(numbers: &[f64]) -> Vec<u8> {
    numbers.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// What [`bytes_of`] wrote. Fails on numbers that are not finite or a last one that is cut off.
pub(super) fn numbers_of(name: &str, bytes: &[u8]) -> Result<Vec<f64>> {
    let numbers: Vec<f64> = bytes
        .chunks_exact(8)
        .map(|eight| f64::from_le_bytes(eight.try_into().expect("chunks of eight bytes")))
        .collect();
    if !bytes.len().is_multiple_of(8) || numbers.iter().any(|x| !x.is_finite()) {
        return Err(Error::invalid(name, "finite numbers of eight bytes each", bytes.len()));
    }
    Ok(numbers)
}
