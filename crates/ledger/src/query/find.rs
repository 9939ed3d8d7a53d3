//! Finding a run by the beginning of its name.

use crate::Store;
use crate::append::names;
use crate::fault::{Fault, Inner};
use autodidact_core::{Error, Result, RunId};
use rusqlite::Connection;

impl Store {
    /// The run of that name, or the only one whose name begins so. Fails, listing the runs there
    /// are, when there is none or more than one.
    pub fn find(&self, name: &str) -> Result<RunId> {
        self.read(|tx| find(tx, name))
    }

    /// The names of all runs, sorted.
    pub fn run_names(&self) -> Result<Vec<String>> {
        self.read(names)
    }
}

fn find(tx: &Connection, name: &str) -> Inner<RunId> {
    let known = names(tx)?;
    if known.iter().any(|one| one == name) {
        return Ok(RunId(name.to_owned()));
    }
    let fitting: Vec<&String> = known.iter().filter(|one| one.starts_with(name)).collect();
    match fitting[..] {
        [one] => Ok(RunId(one.clone())),
        [] => Err(Fault::Caller(Error::unknown("run", name, known))),
        _ => Err(Fault::Caller(Error::invalid(
            "run",
            format!("the beginning of one run's name only; these begin so: {}", join(&fitting)),
            format!("{name:?}"),
        ))),
    }
}

fn join(names: &[&String]) -> String {
    names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
}
