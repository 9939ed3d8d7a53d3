//! Everything that was practised so far, and how much it changed: absolute learning progress.

use super::state::{bytes_of, numbers_of};
use autodidact_core::{Error, Result, Snapshot};
use autodidact_math::nearest::Nearest;

/// Episodes of one stored file. Files that are full never change, so a ledger stores each of them once.
const FILE: usize = 4096;

/// No progress is seen while the history holds this many episodes or fewer.
const FEW: usize = 5;

/// Absolute learning progress: the difference of a return to the one of the nearest task practised before.
#[derive(Clone, Debug)]
pub struct Alp {
    near: Nearest,
    /// The returns, `gains[i]` of the point with number `first + i`.
    gains: Vec<f64>,
    first: usize,
}

impl Alp {
    /// An empty history over points of `dims` coordinates; only the newest `limit` episodes count.
    pub fn of(dims: usize, limit: Option<usize>) -> Alp {
        Alp { near: Nearest::of(dims, limit), gains: Vec::new(), first: 0 }
    }

    /// `|gain - gain of the nearest task before|`, in the unit of returns; 0 while five episodes or fewer
    /// are known. The episode is then added.
    pub fn add(&mut self, point: &[f64], gain: f64) -> f64 {
        let before = if self.near.len() > FEW { self.near.nearest(point) } else { None };
        let progress = before.map_or(0.0, |(number, _)| (gain - self.gains[number - self.first]).abs());
        self.push(point, gain);
        progress
    }

    fn push(&mut self, point: &[f64], gain: f64) {
        self.near.push(point);
        self.gains.push(gain);
        let surplus = self.near.oldest() - self.first;
        if surplus >= FILE {
            self.gains.drain(..surplus);
            self.first += surplus;
        }
    }

    /// The episodes that count, as files.
    pub(super) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let row = |number: usize, rows: &mut Vec<f64>| {
            rows.extend_from_slice(self.near.point(number).expect("it counts, so it is kept"));
            rows.push(self.gains[number - self.first]);
        };
        files(self.near.oldest(), self.near.added(), row)
    }

    /// The history of `added` episodes whose files are in the snapshot.
    pub(super) fn read(snapshot: &Snapshot, dims: usize, limit: Option<usize>, added: usize) -> Result<Alp> {
        let oldest = limit.map_or(0, |limit| added.saturating_sub(limit));
        let mut alp =
            Alp { near: Nearest::starting(dims, limit, oldest), first: oldest, ..Alp::of(dims, limit) };
        for row in read(snapshot, dims, oldest, added)?.chunks_exact(dims + 1) {
            alp.push(&row[..dims], row[dims]);
        }
        Ok(alp)
    }

    /// How many episodes were added.
    pub fn added(&self) -> usize {
        self.near.added()
    }
}

/// The episodes `oldest..end`, a row (point, return) each, as files `history/N` of 4,096 episodes.
pub(super) fn files(oldest: usize, end: usize, row: impl Fn(usize, &mut Vec<f64>)) -> Vec<(String, Vec<u8>)> {
    let one = |index: usize| {
        let mut rows = Vec::new();
        for number in (index * FILE).max(oldest)..((index + 1) * FILE).min(end) {
            row(number, &mut rows);
        }
        (name(index), bytes_of(&rows))
    };
    (oldest / FILE..end.div_ceil(FILE)).map(one).collect()
}

/// The rows that [`files`] wrote.
pub(super) fn read(snapshot: &Snapshot, dims: usize, oldest: usize, end: usize) -> Result<Vec<f64>> {
    let mut rows = Vec::with_capacity((end - oldest) * (dims + 1));
    for index in oldest / FILE..end.div_ceil(FILE) {
        let name = name(index);
        let missing = || Error::invalid(&name, "a file of the snapshot", "missing");
        rows.extend(numbers_of(&name, snapshot.file(&name).ok_or_else(missing)?)?);
    }
    if rows.len() != (end - oldest) * (dims + 1) {
        let rule = format!("{} episodes of {} numbers", end - oldest, dims + 1);
        return Err(Error::invalid("history", rule, format!("{} numbers", rows.len())));
    }
    Ok(rows)
}

fn name(index: usize) -> String {
    format!("history/{index:08}")
}
